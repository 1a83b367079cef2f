//! The one clock: a wall-clock reading at the start, carried on by a clock that never steps back.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

use crate::model::time::Timestamp;

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
