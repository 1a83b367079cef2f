//! Lines that are older than those that were read, when somebody wants them after all.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use bollard::Docker;
use futures_util::StreamExt;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::{sleep, timeout};

use super::ask::{self, End, lane_of};
use super::lines::{LineJoiner, RawLine};
use super::resume::First;
use super::{OLDEST_DEADLINE, SharedExtent, TRIES, locked, log_line};
use crate::model::log::LogLine;
use crate::model::log_start::LogStart;
use crate::model::name::ContainerName;
use crate::model::signal::Signal;
use crate::source::RETRY;
use crate::source::docker::LogPlan;
use crate::source::docker::list::Table;

/// Older lines are read of one container at a time: they all are in memory until the last of them came.
pub(in crate::source::docker) type Turns = Arc<Semaphore>;

/// Older lines that are kept, in bytes; of more, the newest.
const KEPT: usize = 8 << 20;
/// What a line costs beside its text.
const OVERHEAD: usize = size_of::<(i64, LogLine)>();
/// Lines that go together.
const LINES: usize = 256;

/// Waits for another beginning and reads what lies between it and what was read; never ends.
pub(in crate::source::docker) async fn follow(
    docker: Docker,
    name: ContainerName,
    mut plan: LogPlan,
    extent: SharedExtent,
    table: watch::Receiver<Table>,
    turns: Turns,
) {
    let lines = (plan.outlet)(&name);
    plan.start.mark_unchanged();
    while plan.start.changed().await.is_ok() {
        let start = *plan.start.borrow_and_update();
        let Ok(_turn) = turns.acquire().await else { return };
        for _ in 0..TRIES {
            // While nothing was read, the reader itself begins elsewhere.
            let Some((first, known)) = locked(&extent, |extent| Some((extent.first.clone()?, extent.lines))) else {
                break;
            };
            let standing = table.borrow().get(&name).cloned();
            let Some(standing) = standing else { break };
            let docker = Docker::clone(&docker);
            let start = match start {
                LogStart::Tail(more) => LogStart::Tail(u32::try_from(known).unwrap_or(u32::MAX).saturating_add(more)),
                other => other,
            };
            let mut older = Older::new(name.clone(), start, first);
            if older.read(&docker, &standing.id, standing.tty).await.is_err() {
                sleep(RETRY).await;
                continue;
            }
            let complete = older.is_complete(&docker, &standing.id).await;
            if !older.tell(&lines, &extent, complete).await {
                return;
            }
            break;
        }
    }
}

struct Older {
    name: ContainerName,
    start: LogStart,
    /// The lines before this one are wanted.
    first: First,
    /// With Docker's stamps, which are finer.
    lines: VecDeque<(i64, LogLine)>,
    bytes: usize,
    /// The first of all.
    begin: Option<First>,
    /// There were more than can be kept.
    cut: bool,
    /// The line was reached, or one that is newer.
    reached: bool,
}

impl Older {
    fn new(name: ContainerName, start: LogStart, first: First) -> Self {
        Self {
            name,
            start,
            first,
            lines: VecDeque::new(),
            bytes: 0,
            begin: None,
            cut: false,
            reached: false,
        }
    }

    async fn read(&mut self, docker: &Docker, id: &str, tty: bool) -> Result<(), End> {
        let mut pieces = pin!(docker.logs(id, Some(ask::options(self.start, false))));
        let mut joiner = LineJoiner::default();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| ask::ended_by(&error))?;
            let lane = lane_of(&piece, tty)?;
            joiner.push(lane, piece.as_ref(), &mut |line| self.take(&line));
            if self.reached {
                break;
            }
        }
        Ok(())
    }

    fn take(&mut self, line: &RawLine<'_>) {
        self.reached |= self.first.is_reached_by(line);
        let too_old = matches!(self.start, LogStart::Since(from) if line.nanos / 1_000 < from.micros());
        if self.reached || too_old {
            return;
        }
        self.begin.get_or_insert_with(|| First::of(line));
        let kept = log_line(&self.name, line);
        self.bytes += kept.text.len() + OVERHEAD;
        self.lines.push_back((line.nanos, kept));
        while self.bytes > KEPT {
            let Some((_, dropped)) = self.lines.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(dropped.text.len() + OVERHEAD);
            self.cut = true;
        }
    }

    /// The oldest line that is kept.
    fn first(&self) -> Option<First> {
        if !self.cut {
            return self.begin.clone();
        }
        let (nanos, line) = self.lines.front()?;
        Some(First::at(*nanos, line.stderr))
    }

    /// Whether Docker has nothing that is older still.
    async fn is_complete(&self, docker: &Docker, id: &str) -> bool {
        if self.cut || self.start == LogStart::All {
            return !self.cut;
        }
        let begin = self.begin.as_ref().unwrap_or(&self.first).nanos;
        let oldest = timeout(OLDEST_DEADLINE, ask::oldest(docker, id)).await;
        matches!(oldest, Ok(Ok(Some(oldest))) if begin <= oldest)
    }

    /// Sends them, the newest at first, each batch in order; false if nobody wants them.
    async fn tell(mut self, lines: &mpsc::Sender<Signal>, extent: &SharedExtent, complete: bool) -> bool {
        let (first, count) = (self.first(), self.lines.len() as u64);
        locked(extent, |extent| {
            extent.first = first.or(extent.first.take());
            extent.lines += count;
        });
        loop {
            let from = self.lines.len().saturating_sub(LINES);
            let batch = self.lines.split_off(from);
            let last = self.lines.is_empty();
            let signal = Signal::OlderLogs {
                container: self.name.clone(),
                lines: batch.into_iter().map(|(_, line)| line).collect(),
                complete: last && complete,
            };
            if lines.send(signal).await.is_err() {
                return false;
            }
            if last {
                return true;
            }
        }
    }
}
