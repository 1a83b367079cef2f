//! Many logs become one, in the order of time.
//!
//! The oldest line of all goes when every log has said what it has next. A log that ended says nothing more. One that
//! has nothing to say is not waited for: of one whose last line was fresh, an older line would have come within
//! [`WINDOW`]; any other one has so much time from when it was last heard as a daemon needs to find its lines.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::model::log::LogLine;
use crate::model::name::ContainerName;
use crate::model::signal::Signal;
use crate::model::time::Timestamp;

/// Longer than the source keeps lines together (twice 50 ms at most), with room for a busy machine. Pairs that come less
/// than this apart are put in order; what comes later than that is printed when it comes.
const WINDOW: Duration = Duration::from_millis(200);
/// A log that gives nothing for so long has nothing.
const SILENCE: Duration = Duration::from_secs(1);

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item {
    Line(LogLine),
    /// Lines that cannot be had.
    Gap {
        container: ContainerName,
        at: Timestamp,
        why: String,
    },
}

pub(super) type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The logs on their way into one.
pub(super) struct Merge {
    logs: Vec<Log>,
    /// Logs that are still to begin.
    expected: usize,
    clock: Clock,
    /// When the last log began, or the first is waited for.
    began: Timestamp,
    /// How far the daemon's clock is ahead of ours at least.
    ahead: Duration,
}

struct Log {
    source: mpsc::Receiver<Signal>,
    waiting: VecDeque<Item>,
    heard: Timestamp,
    /// Its last line had just been written when it came.
    fresh: bool,
    ended: bool,
}

impl Merge {
    /// Of so many logs, and of more later.
    pub(super) fn new(expected: usize, clock: Clock) -> Self {
        Self {
            logs: Vec::new(),
            expected,
            began: clock(),
            clock,
            ahead: Duration::ZERO,
        }
    }

    pub(super) fn open(&mut self, source: mpsc::Receiver<Signal>) {
        self.expected = self.expected.saturating_sub(1);
        self.began = (self.clock)();
        self.logs.push(Log {
            source,
            waiting: VecDeque::new(),
            heard: self.began,
            fresh: false,
            ended: false,
        });
    }

    /// Takes what comes next from the logs that have nothing waiting; false once all have ended.
    pub(super) async fn receive(&mut self) -> bool {
        let (logs, clock, ahead) = (&mut self.logs, &self.clock, &mut self.ahead);
        let all_began = self.expected == 0;
        poll_fn(|context| {
            let mut heard = false;
            let mut all_ended = true;
            for log in logs.iter_mut() {
                // What waits is enough to know its turn: the log itself holds the rest back.
                while !log.ended && log.waiting.is_empty() {
                    match log.source.poll_recv(context) {
                        Poll::Ready(Some(signal)) => log.take(signal, clock(), ahead),
                        Poll::Ready(None) => log.ended = true,
                        Poll::Pending => break,
                    }
                    heard = true;
                }
                all_ended &= log.ended && log.waiting.is_empty();
            }
            if heard {
                Poll::Ready(true)
            } else if all_ended && all_began {
                Poll::Ready(false)
            } else {
                Poll::Pending
            }
        })
        .await
    }

    /// The next one, if it is certain by now which that is.
    pub(super) fn next(&mut self) -> Option<Item> {
        let certain = self.expected == 0 && !self.logs.iter().any(Log::is_open);
        if !certain && self.due()? > (self.clock)() {
            return None;
        }
        let oldest = self.logs.iter_mut().filter(|log| !log.waiting.is_empty());
        oldest.min_by_key(|log| log.next_at())?.waiting.pop_front()
    }

    /// When the next one is certain, should nothing come before.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let at = self.logs.iter().filter_map(Log::next_at).min()?;
        let by_age = at.minus(self.ahead).plus(WINDOW);
        let silent = |log: &Log| if log.fresh { by_age } else { log.heard.plus(SILENCE) };
        let waited_for = self.logs.iter().filter(|log| log.is_open()).map(silent);
        let to_begin = (self.expected > 0).then(|| self.began.plus(SILENCE));
        Some(waited_for.chain(to_begin).max().unwrap_or(at.min(self.began)))
    }
}

impl Log {
    fn take(&mut self, signal: Signal, now: Timestamp, ahead: &mut Duration) {
        match signal {
            Signal::Logs(lines) => {
                if let Some(last) = lines.last() {
                    *ahead = last.at.since(now).max(*ahead);
                    self.fresh = now.since(last.at) < SILENCE;
                }
                self.heard = now;
                self.waiting.extend(lines.into_iter().map(Item::Line));
            }
            Signal::LogGap { container, at, why } => self.waiting.push_back(Item::Gap { container, at, why }),
            // How much was left out is what was asked for.
            _ => {}
        }
    }

    fn next_at(&self) -> Option<Timestamp> {
        self.waiting.front().map(|next| match next {
            Item::Line(line) => line.at,
            Item::Gap { at, .. } => *at,
        })
    }

    /// More may come, and what is not known.
    fn is_open(&self) -> bool {
        !self.ended && self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use proptest::prelude::*;

    use super::*;
    use crate::model::log::Level;

    fn line(container: &str, millis: i64) -> LogLine {
        LogLine {
            at: Timestamp::from_millis(millis),
            container: container.into(),
            stderr: false,
            level: Level::Info,
            text: millis.to_string(),
            spans: Vec::new(),
        }
    }

    /// A clock that is set by hand, in milliseconds.
    fn clock(start: i64) -> (Arc<AtomicI64>, Clock) {
        let millis = Arc::new(AtomicI64::new(start));
        let hand = Arc::clone(&millis);
        (
            hand,
            Arc::new(move || Timestamp::from_millis(millis.load(Ordering::SeqCst))),
        )
    }

    fn drain(merge: &mut Merge) -> Vec<String> {
        std::iter::from_fn(|| merge.next())
            .map(|item| match item {
                Item::Line(line) => format!("{}{}", line.container, line.text),
                Item::Gap { why, .. } => why,
            })
            .collect()
    }

    #[tokio::test]
    async fn a_silent_log_is_not_waited_for_longer_than_needed() {
        let (hand, clock) = clock(10_000);
        let (to_a, from_a) = mpsc::channel(9);
        let (to_b, from_b) = mpsc::channel(9);
        let mut merge = Merge::new(2, clock);
        merge.open(from_a);
        to_a.send(Signal::Logs(vec![line("a", 100), line("a", 9_990)]))
            .await
            .unwrap();
        merge.receive().await;
        assert!(drain(&mut merge).is_empty(), "the second log did not begin");
        merge.open(from_b);
        assert!(drain(&mut merge).is_empty(), "it may have older lines");
        hand.store(11_000, Ordering::SeqCst);
        assert_eq!(drain(&mut merge), ["a100", "a9990"], "it has none");

        to_b.send(Signal::Logs(vec![line("b", 10_990)])).await.unwrap();
        merge.receive().await;
        to_a.send(Signal::Logs(vec![line("a", 10_995)])).await.unwrap();
        merge.receive().await;
        assert_eq!(drain(&mut merge), ["b10990"]);
        hand.store(11_100, Ordering::SeqCst);
        assert!(
            drain(&mut merge).is_empty(),
            "b is fresh: a line of its may be on its way"
        );
        to_b.send(Signal::Logs(vec![line("b", 10_993)])).await.unwrap();
        merge.receive().await;
        assert_eq!(drain(&mut merge), ["b10993"]);
        hand.store(11_195, Ordering::SeqCst);
        assert_eq!(drain(&mut merge), ["a10995"]);
    }

    proptest! {
        /// What ends is in order whatever comes first, and nothing is lost.
        #[test]
        fn histories_become_one(stamps in prop::collection::vec(prop::collection::vec(0_i64..1_000, 0..30), 1..5)) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            // Long after the lines: none is fresh.
            let (_, clock) = clock(10_000);
            let mut wanted: Vec<i64> = stamps.iter().flatten().copied().collect();
            wanted.sort_unstable();
            let merged = runtime.block_on(async {
                let mut merge = Merge::new(stamps.len(), clock);
                for mut stamps in stamps {
                    stamps.sort_unstable();
                    let (sender, source) = mpsc::channel(1);
                    merge.open(source);
                    tokio::spawn(async move {
                        for part in stamps.chunks(7) {
                            let lines = part.iter().map(|at| line("", *at)).collect();
                            sender.send(Signal::Logs(lines)).await.unwrap();
                        }
                    });
                }
                let mut merged = Vec::new();
                while merge.receive().await {
                    merged.extend(drain(&mut merge));
                }
                merged
            });
            let merged: Vec<i64> = merged.iter().map(|text| text.parse().unwrap()).collect();
            prop_assert_eq!(merged, wanted);
        }
    }
}
