//! The log of one container, followed across restarts of the container and of the daemon: every line exactly once.

mod ask;
mod batch;
mod lines;
mod older;
mod recent;
mod resume;
mod stamp;

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bollard::Docker;
use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout};

use self::ask::{End, lane_of};
use self::batch::{Batch, LINES, Ready};
use self::lines::{Lane, LineJoiner, RawLine};
use self::resume::{Admission, First, Resume};
use super::LogPlan;
use super::list::{Standing, Table};
use crate::model::log::{LogLine, Styled, level, tidy};
use crate::model::log_start::LogStart;
use crate::model::name::ContainerName;
use crate::model::signal::Signal;
use crate::model::time::Timestamp;
use crate::source::{Context, RETRY};

pub(super) use self::older::{Turns, follow as follow_older};
#[doc(hidden)]
pub use self::resume::{Joined, joined};

/// A line waits so long at least, and twice that at most, for an older one of the container's other output.
const BATCH_TIME: Duration = Duration::from_millis(50);
/// A log that gives no line for so long gives none of what it has.
const SILENCE: Duration = Duration::from_millis(500);
/// A stopped container's log is read again this often, should its start have been missed.
const SAFETY_NET: Duration = Duration::from_secs(10);
/// The daemon's answer to what its oldest line is.
const OLDEST_DEADLINE: Duration = Duration::from_secs(2);
/// A log that is read once is given up after so many attempts without a new line.
const TRIES: u32 = 5;

/// How much of a log was read: what the readers of new and of older lines both know.
#[derive(Default)]
pub(super) struct Extent {
    /// Where it begins; `None` before the first line.
    first: Option<First>,
    /// Lines from there on.
    lines: u64,
}

pub(super) type SharedExtent = Arc<Mutex<Extent>>;

fn locked<T>(extent: &SharedExtent, use_it: impl FnOnce(&mut Extent) -> T) -> T {
    use_it(&mut extent.lock().unwrap_or_else(PoisonError::into_inner))
}

/// Reads the log of the container called `name`; never ends if it is followed.
pub(super) async fn follow(
    context: Context,
    docker: Docker,
    name: ContainerName,
    mut plan: LogPlan,
    extent: SharedExtent,
    mut table: watch::Receiver<Table>,
    mut epoch: watch::Receiver<u64>,
) {
    let start = *plan.start.borrow_and_update();
    let mut log = Log {
        lines: (plan.outlet)(&name),
        start,
        context,
        docker,
        name: name.clone(),
        plan,
        extent,
        id: None,
        resume: Resume::default(),
        batch: Batch::default(),
        oldest: None,
        silent: false,
        lost: None,
        gap: None,
    };
    let mut failures = 0;
    loop {
        let Some(standing) = present(&mut table, &name).await else {
            return;
        };
        epoch.mark_unchanged();
        let end = log.read(&standing, &mut epoch).await;
        if !log.plan.follow {
            match end {
                End::Closed => return,
                End::Failed(_) | End::Renewed if failures < TRIES => failures += 1,
                End::Failed(why) | End::Unreadable(why) => return log.tell_gap(no_more(&why)).await,
                End::Renewed => return log.tell_gap(no_more("Docker does not answer")).await,
            }
            sleep(RETRY).await;
            continue;
        }
        // Its start and end lie on both sides of what was known when the stream was opened.
        let patience = match end {
            End::Closed if standing.runs => RETRY,
            End::Closed => SAFETY_NET,
            End::Renewed => Duration::ZERO,
            End::Failed(_) => {
                sleep(RETRY).await;
                Duration::ZERO
            }
            End::Unreadable(why) => {
                log.tell_gap(no_more(&why)).await;
                Duration::MAX // for good, unless the container changes
            }
        };
        let changed = table.wait_for(|table| table.get(&name) != Some(&standing));
        drop(timeout(patience, changed).await);
        if table.borrow().get(&name).is_none() {
            log.tell_gap(no_more("the container was removed")).await;
        }
    }
}

async fn present(table: &mut watch::Receiver<Table>, name: &ContainerName) -> Option<Standing> {
    let table = table.wait_for(|table| table.contains_key(name)).await;
    table.ok()?.get(name).cloned()
}

fn no_more(why: &str) -> String {
    format!("no more lines: {why}")
}

struct Log {
    context: Context,
    docker: Docker,
    name: ContainerName,
    plan: LogPlan,
    lines: mpsc::Sender<Signal>,
    extent: SharedExtent,
    /// Where to begin as long as nothing was read.
    start: LogStart,
    /// The container that was read; another one may get its name.
    id: Option<String>,
    resume: Resume,
    batch: Batch,
    /// The stamp of the oldest line that Docker has, until it is told whether that was read.
    oldest: Option<i64>,
    /// It was told already that it was not, since no line came.
    silent: bool,
    /// When the line was written before which some may be lost, until that is told.
    lost: Option<Timestamp>,
    /// The gap that was told last.
    gap: Option<String>,
}

impl Log {
    async fn read(&mut self, standing: &Standing, epoch: &mut watch::Receiver<u64>) -> End {
        self.meet(&standing.id).await;
        let start = match self.resume.since() {
            Some(seconds) => LogStart::Since(Timestamp::from_millis(i64::from(seconds) * 1_000)),
            None => self.start,
        };
        self.resume.reopen();
        let docker = self.docker.clone();
        let mut pieces = pin!(docker.logs(&standing.id, Some(ask::options(start, self.plan.follow))));
        let mut joiner = LineJoiner::default();
        let mut pause = pin!(sleep(SILENCE));
        let end = loop {
            // A log that is read once ends: till then its lines wait for each other.
            let waits = self.plan.follow && !self.batch.is_empty();
            let piece = tokio::select! {
                biased;
                piece = pieces.next() => piece,
                () = &mut pause, if waits || (self.oldest.is_some() && !self.silent) => {
                    self.flush(Ready::Ripe).await;
                    pause.as_mut().reset(Instant::now() + BATCH_TIME);
                    continue;
                }
                Ok(()) = epoch.changed() => break End::Renewed,
                Ok(()) = self.plan.start.changed(), if self.resume.since().is_none() => break self.begin_elsewhere(),
            };
            let piece = match piece {
                None => break End::Closed,
                Some(Err(error)) => break ask::ended_by(&error),
                Some(Ok(piece)) => piece,
            };
            let lane = match lane_of(&piece, standing.tty) {
                Ok(lane) => lane,
                Err(end) => break end,
            };
            joiner.push(lane, piece.as_ref(), &mut |line| self.admit(&line));
            if self.batch.is_full() {
                self.flush(Ready::Early).await;
            } else if self.plan.follow && !waits {
                pause.as_mut().reset(Instant::now() + BATCH_TIME);
            }
        };
        if matches!(end, End::Closed) {
            if !standing.runs || !self.plan.follow {
                // All that a stopped container wrote. Of one that runs, the rest of a line may come with the next stream.
                joiner.finish(&mut |line| self.admit(&line));
            }
            if self.resume.since().is_none() && self.oldest.is_none() {
                self.start = LogStart::All; // it was empty: whatever comes is new
            }
        }
        self.flush(Ready::All).await;
        end
    }

    /// Before a stream is opened. Whoever reads less than everything learns at first whether there is more.
    async fn meet(&mut self, id: &str) {
        if self.id.as_deref() == Some(id) {
            return;
        }
        if self.id.replace(id.to_owned()).is_some() {
            // Made anew under the old name: whatever is in its log is new.
            self.resume = Resume::default();
            self.start = LogStart::All;
            locked(&self.extent, |extent| *extent = Extent::default());
        }
        if self.start == LogStart::All {
            self.tell_depth(true).await;
            return;
        }
        match timeout(OLDEST_DEADLINE, ask::oldest(&self.docker, id)).await {
            Ok(Ok(None)) => {
                self.start = LogStart::All;
                self.tell_depth(true).await;
            }
            Ok(Ok(oldest)) => self.oldest = oldest,
            // Not known, and so not told.
            Ok(Err(_)) | Err(_) => {}
        }
    }

    /// Another beginning was chosen before anything was read.
    fn begin_elsewhere(&mut self) -> End {
        self.start = *self.plan.start.borrow_and_update();
        self.id = None;
        End::Renewed
    }

    fn admit(&mut self, line: &RawLine<'_>) {
        let too_old = |from: Timestamp| line.nanos / 1_000 < from.micros();
        if matches!(self.start, LogStart::Since(from) if too_old(from)) {
            return;
        }
        match self.resume.admit(line) {
            Admission::Repeated => return,
            Admission::AfterGap => self.lost = Some(Timestamp::from_micros(line.nanos / 1_000)),
            Admission::New => {}
        }
        locked(&self.extent, |extent| {
            extent.first.get_or_insert_with(|| First::of(line));
            extent.lines += 1;
        });
        self.batch.push(log_line(&self.name, line));
    }

    async fn flush(&mut self, ready: Ready) {
        if let Some(oldest) = self.oldest {
            let first = locked(&self.extent, |extent| extent.first.as_ref().map(|first| first.nanos));
            if first.is_some() {
                self.oldest = None;
            }
            if first.is_some() || !std::mem::replace(&mut self.silent, true) {
                self.tell_depth(first.is_some_and(|first| first <= oldest)).await;
            }
        }
        if let Some(at) = self.lost.take() {
            let why = "lines may be missing: Docker threw the older ones away before they could be read";
            self.send_gap(at, why.to_owned()).await;
        }
        if !self.batch.is_empty() {
            self.gap = None;
            let mut lines = self.batch.take(ready);
            while !lines.is_empty() {
                let rest = lines.split_off(lines.len().min(LINES));
                self.send(Signal::Logs(lines)).await;
                lines = rest;
            }
        }
    }

    /// Tells whether everything was read that Docker has.
    async fn tell_depth(&self, complete: bool) {
        let container = self.name.clone();
        self.send(Signal::OlderLogs {
            container,
            lines: Vec::new(),
            complete,
        })
        .await;
    }

    async fn tell_gap(&mut self, why: String) {
        if self.gap.as_ref() != Some(&why) {
            self.gap = Some(why.clone());
            self.send_gap(self.context.now(), why).await;
        }
    }

    async fn send_gap(&self, at: Timestamp, why: String) {
        let container = self.name.clone();
        self.send(Signal::LogGap { container, at, why }).await;
    }

    /// A receiver that is gone means that nobody wants lines any more, so that is no error.
    async fn send(&self, signal: Signal) {
        let _ = self.lines.send(signal).await;
    }
}

fn log_line(container: &ContainerName, line: &RawLine<'_>) -> LogLine {
    let Styled { text, spans } = tidy(&line.bytes);
    LogLine {
        at: Timestamp::from_micros(line.nanos / 1_000),
        container: container.clone(),
        stderr: line.lane == Lane::Err,
        level: level(&text),
        text,
        spans,
    }
}
