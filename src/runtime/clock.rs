//! The one clock: a wall-clock reading at the start, carried on by the monotonic clock.

use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::model::time::Timestamp;

/// A clock that never steps back, in the time zone of nobody. Steps of the wall clock after the start do not show.
pub(crate) fn start() -> Arc<dyn Fn() -> Timestamp + Send + Sync> {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let wall = Timestamp::from_micros(i64::try_from(wall.as_micros()).unwrap_or(i64::MAX));
    let begun = Instant::now();
    Arc::new(move || wall.plus(begun.elapsed()))
}
