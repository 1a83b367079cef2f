//! The rounds of a source that asks: at the pace of its context, which may change between two of them.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::Context;
use crate::model::pace::Pace;

/// When the next round begins.
pub(super) struct Rounds {
    pace: watch::Receiver<Pace>,
    begun: Instant,
    due: Instant,
}

impl Rounds {
    /// The first is due at once.
    pub(super) fn of(context: &Context) -> Self {
        let now = Instant::now();
        Self {
            pace: context.pace.clone(),
            begun: now,
            due: now,
        }
    }

    /// Waits for the next: a period after the last one began, at once where that took longer. May be dropped half-way.
    pub(super) async fn next(&mut self) {
        loop {
            tokio::select! {
                biased;
                () = sleep_until(self.due) => break,
                Ok(()) = self.pace.changed() => self.due = self.begun + self.period(),
            }
        }
        self.begun = Instant::now();
        self.due = self.begun + self.period();
    }

    /// The next one comes this much later than now, or sooner if it is due before.
    pub(super) fn hurry(&mut self, soon: Duration) {
        self.due = self.due.min(Instant::now() + soon);
    }

    fn period(&mut self) -> Duration {
        self.pace.borrow_and_update().period()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    use super::*;
    use crate::model::time::Timestamp;

    #[tokio::test(start_paused = true)]
    async fn a_new_pace_counts_at_once_and_a_slow_round_delays_the_next() {
        let (signals, _inbox) = mpsc::channel(1);
        let (pace, following) = watch::channel(Pace::Calm);
        let mut rounds = Rounds::of(&Context {
            signals,
            clock: Arc::new(|| Timestamp::from_millis(0)),
            pace: following,
            stop: CancellationToken::new(),
        });
        let began = Instant::now();
        let millis = || began.elapsed().as_millis();
        rounds.next().await;
        assert_eq!(millis(), 0);
        rounds.next().await;
        assert_eq!(millis(), 1_000);
        tokio::time::sleep(Duration::from_millis(400)).await;
        pace.send(Pace::Close).unwrap();
        rounds.next().await;
        assert_eq!(millis(), 1_400, "it is overdue by the new pace");
        rounds.next().await;
        assert_eq!(millis(), 1_550);
        tokio::time::sleep(Duration::from_millis(900)).await;
        rounds.next().await;
        rounds.next().await;
        assert_eq!(millis(), 2_600);
        pace.send(Pace::Calm).unwrap();
        rounds.next().await;
        assert_eq!(millis(), 3_600);
        rounds.hurry(Duration::from_millis(100));
        rounds.next().await;
        assert_eq!(millis(), 3_700);
        drop(pace);
        rounds.next().await;
        assert_eq!(millis(), 4_700);
    }
}
