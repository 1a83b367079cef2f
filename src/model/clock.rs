//! What happened to the clock while a run went on. Pure.
//!
//! Our own clock goes on evenly from its start, whatever happens to the wall clock. Stamps of others follow the wall clock:
//! once that was set, the two do not fit each other any more, until pgherd starts again.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// A break in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When it was noticed, by our own clock: about a second after it at most.
    pub at: Timestamp,
    /// What happened.
    pub kind: StepKind,
    /// By how much.
    pub by: Duration,
}

/// What happened to the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StepKind {
    /// The wall clock was set to a later time.
    SetForward,
    /// The wall clock was set to an earlier time.
    SetBack,
    /// The machine slept or stood still; its clocks agree again after that.
    StoodStill,
}

impl Step {
    /// The wall clock was set: from then on stamps of others are off, not only across the step.
    pub fn lasts(&self) -> bool {
        self.kind != StepKind::StoodStill
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            StepKind::SetForward => "clock set forward by",
            StepKind::SetBack => "clock set back by",
            StepKind::StoodStill => "this machine stood still for",
        };
        write!(f, "{what} {:.1} s", self.by.as_secs_f64())
    }
}
