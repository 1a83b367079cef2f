//! The log of one container, followed across restarts of the container and of the daemon: every line exactly once.

mod lines;

use std::pin::pin;
use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{LogsOptions, LogsOptionsBuilder};
use futures_util::StreamExt;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until, timeout};

#[doc(hidden)]
pub use self::lines::joined;
use self::lines::{Lane, LineJoiner, RawLine, Resume};
use super::LogStart;
use super::connect::cause;
use super::list::{Standing, Table};
use crate::model::log::{LogLine, Styled, level, tidy};
use crate::model::name::ContainerName;
use crate::model::signal::Signal;
use crate::model::text::clean_bytes;
use crate::model::time::Timestamp;
use crate::source::{Context, RETRY};

/// Lines go to the screen together, at most this many…
const BATCH: usize = 500;
/// …or what came within this time.
const BATCH_TIME: Duration = Duration::from_millis(50);
/// A stopped container's log is read again this often, should its start have been missed.
const SAFETY_NET: Duration = Duration::from_secs(10);

/// How a stream of a log ended.
enum End {
    /// Docker closed it: the container stopped, or the daemon ends.
    Closed,
    /// The daemon came back after an outage; the stream may be deaf.
    Renewed,
    /// A call failed; tried again.
    Failed,
    /// Docker has no lines to give.
    Unreadable(String),
}

/// Follows the log of the container called `name`; never ends.
pub(super) async fn follow(
    context: Context,
    docker: Docker,
    name: ContainerName,
    start: LogStart,
    mut table: watch::Receiver<Table>,
    mut epoch: watch::Receiver<u64>,
) {
    let mut log = Log {
        context,
        docker,
        name: name.clone(),
        start,
        resume: Resume::default(),
        gap: None,
    };
    loop {
        let Some(standing) = present(&mut table, &name).await else {
            return;
        };
        epoch.mark_unchanged();
        let end = log.read(&standing, &mut epoch).await;
        // Its start and end lie on both sides of what was known when the stream was opened.
        let patience = match end {
            End::Closed if standing.runs => RETRY,
            End::Closed => SAFETY_NET,
            End::Renewed => Duration::ZERO,
            End::Failed => {
                sleep(RETRY).await;
                Duration::ZERO
            }
            End::Unreadable(why) => {
                log.tell_gap(why).await;
                Duration::MAX // for good, unless the container changes
            }
        };
        let changed = table.wait_for(|table| table.get(&name) != Some(&standing));
        drop(timeout(patience, changed).await);
        if table.borrow().get(&name).is_none() {
            log.tell_gap("the container was removed".to_owned()).await;
        }
    }
}

async fn present(table: &mut watch::Receiver<Table>, name: &ContainerName) -> Option<Standing> {
    let table = table.wait_for(|table| table.contains_key(name)).await;
    table.ok()?.get(name).cloned()
}

struct Log {
    context: Context,
    docker: Docker,
    name: ContainerName,
    start: LogStart,
    resume: Resume,
    /// The gap that was told last.
    gap: Option<String>,
}

impl Log {
    async fn read(&mut self, standing: &Standing, epoch: &mut watch::Receiver<u64>) -> End {
        let options = self.options();
        self.resume.reopen();
        let docker = self.docker.clone();
        let mut pieces = pin!(docker.logs(&standing.id, Some(options)));
        let mut joiner = LineJoiner::default();
        let mut whole = Vec::new();
        let mut batch = Vec::new();
        let mut flush_at = Instant::now();
        let end = loop {
            let piece = tokio::select! {
                piece = pieces.next() => piece,
                () = sleep_until(flush_at), if !batch.is_empty() => {
                    self.flush(&mut batch).await;
                    continue;
                }
                Ok(()) = epoch.changed() => break End::Renewed,
            };
            match piece {
                None => break End::Closed,
                Some(Err(error)) => break ended_by(&error),
                Some(Ok(LogOutput::Console { message })) if !standing.tty && message.first() == Some(&3) => {
                    // A frame of the daemon itself, which bollard does not decode: eight bytes, then its text.
                    let text = clean_bytes(message.get(8..).unwrap_or_default());
                    break End::Unreadable(format!("Docker: {}", text.trim()));
                }
                Some(Ok(output)) => {
                    let lane = if matches!(output, LogOutput::StdErr { .. }) {
                        Lane::Err
                    } else {
                        Lane::Out
                    };
                    joiner.push(lane, output.as_ref(), &mut whole);
                }
            }
            if batch.is_empty() {
                flush_at = Instant::now() + BATCH_TIME;
            }
            self.admit(&mut whole, &mut batch);
            if batch.len() >= BATCH {
                self.flush(&mut batch).await;
            }
        };
        if matches!(end, End::Closed) {
            if !standing.runs {
                // All that a stopped container wrote. Of one that runs, the rest of a line may come with the next stream.
                joiner.finish(&mut whole);
                self.admit(&mut whole, &mut batch);
            }
            if self.resume.since().is_none() {
                self.start = LogStart::All; // it was empty: whatever comes is new
            }
        }
        self.flush(&mut batch).await;
        end
    }

    fn options(&self) -> LogsOptions {
        let options = LogsOptionsBuilder::default()
            .follow(true)
            .stdout(true)
            .stderr(true)
            .timestamps(true);
        match (self.resume.since(), self.start) {
            (Some(since), _) => options.since(since),
            (None, LogStart::Tail(lines)) => options.tail(&lines.to_string()),
            (None, LogStart::Since(at)) => {
                let seconds = i32::try_from(at.micros() / 1_000_000).unwrap_or(i32::MAX);
                options.since(seconds.max(0))
            }
            (None, LogStart::All) => options,
        }
        .build()
    }

    fn admit(&mut self, whole: &mut Vec<RawLine>, batch: &mut Vec<LogLine>) {
        for line in whole.drain(..) {
            if !self.resume.admit(&line) {
                continue;
            }
            let Styled { text, spans } = tidy(&line.bytes);
            batch.push(LogLine {
                at: Timestamp::from_micros(line.nanos / 1_000),
                container: self.name.clone(),
                stderr: line.lane == Lane::Err,
                level: level(&text),
                text,
                spans,
            });
        }
    }

    async fn flush(&mut self, batch: &mut Vec<LogLine>) {
        if !batch.is_empty() {
            self.gap = None;
            self.context.send(Signal::Logs(std::mem::take(batch))).await;
        }
    }

    async fn tell_gap(&mut self, why: String) {
        if self.gap.as_ref() == Some(&why) {
            return;
        }
        self.gap = Some(why.clone());
        let at = self.context.now();
        let container = self.name.clone();
        self.context.send(Signal::LogGap { container, at, why }).await;
    }
}

fn ended_by(error: &Error) -> End {
    match error {
        Error::DockerResponseServerError { status_code: 404, .. } => {
            End::Unreadable("the container was removed".to_owned())
        }
        Error::DockerResponseServerError { status_code, message }
            if *status_code == 501 || message.contains("does not support reading") =>
        {
            End::Unreadable("its log driver keeps no lines that Docker could give".to_owned())
        }
        other => {
            log::debug!("log stream: {}", cause(other));
            End::Failed
        }
    }
}
