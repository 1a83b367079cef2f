//! How far back the log of a container is read.

use serde::{Deserialize, Serialize};

use super::time::Timestamp;

/// Which of the lines that Docker has are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogStart {
    /// This many of the last ones.
    Tail(u32),
    /// Those from this time on.
    Since(Timestamp),
    /// All that Docker still has.
    All,
}
