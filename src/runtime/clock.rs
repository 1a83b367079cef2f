//! The one clock: a wall-clock reading at the start, carried on by a clock that never steps back; and whether the wall
//! clock still agrees with it.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, MissedTickBehavior, interval};

use rustix::time::{ClockId, clock_gettime};

use crate::model::clock::{Step, StepKind};
use crate::model::signal::Signal;
use crate::model::time::Timestamp;
use crate::source::Context;

/// Between two looks at the clocks.
const LOOKS: Duration = Duration::from_secs(1);
/// Clocks that go apart by more between two looks were set, or the machine slept. NTP that slews changes all of them alike.
const APART: Duration = Duration::from_millis(50);

/// A clock that never steps back, in the time zone of nobody. Steps of the wall clock after the start do not show.
pub(crate) fn start() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    let wall = wall();
    let begun = running();
    Arc::new(move || wall.plus(running().saturating_sub(begun)))
}

/// The wall clock as it is: steps show.
pub(crate) fn wall() -> Timestamp {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX))
}

/// Time since the machine started, sleep included: tokio's and the standard library's monotonic clocks stand still while a
/// laptop sleeps, and a lock's age would be wrong by that for ever after.
fn running() -> Duration {
    clock_gettime(ClockId::Boottime).try_into().unwrap_or_default()
}

/// Tells when the wall clock is set or the machine stands still, for as long as it is polled; `wall` is the wall clock.
pub(crate) async fn watch(context: Context, wall: impl Fn() -> Timestamp) {
    let mut looks = interval(LOOKS);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut before = Clocks::read(&context, &wall);
    loop {
        looks.tick().await;
        let now = Clocks::read(&context, &wall);
        if let Some((kind, by)) = now.apart_since(&before) {
            let step = Step { at: now.own, kind, by };
            log::warn!("{step}");
            context.send(Signal::ClockStepped(step)).await;
        }
        before = now;
    }
}

/// Three clocks at one moment: ours, the wall's, and the one that stands still while the machine sleeps.
struct Clocks {
    own: Timestamp,
    wall: Timestamp,
    awake: Instant,
    /// How long the reading took: they are no closer together than that.
    took: Duration,
}

impl Clocks {
    fn read(context: &Context, wall: impl Fn() -> Timestamp) -> Self {
        let awake = Instant::now();
        let (own, wall) = (context.now(), wall());
        Self {
            own,
            wall,
            awake,
            took: awake.elapsed(),
        }
    }

    /// How they went apart, if by more than [`APART`].
    fn apart_since(&self, before: &Self) -> Option<(StepKind, Duration)> {
        let own = self.own.micros() - before.own.micros();
        let wall = self.wall.micros() - before.wall.micros();
        let set = Duration::from_micros(wall.abs_diff(own));
        let awake = self.awake.duration_since(before.awake);
        let slept = self.own.since(before.own).abs_diff(awake);
        let told = |by: Duration| by > APART + self.took + before.took;
        match (told(set), told(slept)) {
            (true, _) if wall > own => Some((StepKind::SetForward, set)),
            (true, _) => Some((StepKind::SetBack, set)),
            (false, true) => Some((StepKind::StoodStill, slept)),
            (false, false) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use tokio::sync::mpsc;
    use tokio_util::sync::CancellationToken;

    use super::*;

    /// Milliseconds by which a clock is ahead of tokio's.
    type Ahead = Arc<AtomicI64>;

    fn clock(ahead: &Ahead) -> impl Fn() -> Timestamp + Send + Sync + 'static {
        let (begun, ahead) = (Instant::now(), Arc::clone(ahead));
        move || {
            let passed = i64::try_from(begun.elapsed().as_millis()).unwrap();
            Timestamp::from_millis(1_795_377_600_000 + passed + ahead.load(Ordering::Relaxed))
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_clock_that_is_set_is_told_of_once_and_one_that_drifts_is_not() {
        let (own, wall) = (Ahead::default(), Ahead::default());
        let (signals, mut inbox) = mpsc::channel(16);
        let context = Context {
            signals,
            clock: Arc::new(clock(&own)),
            pace: Context::calm(),
            stop: CancellationToken::new(),
        };
        let watching = tokio::spawn(watch(context, clock(&wall)));
        let mut told = async |clocks: &[&Ahead], millis: i64| {
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            assert!(inbox.try_recv().is_err(), "told of nothing");
            for clock in clocks {
                clock.fetch_add(millis, Ordering::Relaxed);
            }
            tokio::time::sleep(Duration::from_millis(2_500)).await;
            match inbox.try_recv() {
                Ok(Signal::ClockStepped(step)) => Some(step.to_string()),
                Ok(other) => panic!("{other:?}"),
                Err(_) => None,
            }
        };
        assert_eq!(told(&[&wall], 20).await, None);
        assert_eq!(told(&[&wall], 3_000).await.unwrap(), "clock set forward by 3.0 s");
        assert_eq!(told(&[&wall], -90_000).await.unwrap(), "clock set back by 90.0 s");
        let slept = told(&[&own, &wall], 8_000).await;
        assert_eq!(slept.unwrap(), "this machine stood still for 8.0 s");
        watching.abort();
    }
}
