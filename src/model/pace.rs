//! How often polled sources are asked: seldom while nothing happens, often while a change is to be measured. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The pace of PostgreSQL, Patroni's REST and HAProxy; ZooKeeper and Docker tell by themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pace {
    /// Nothing happens.
    #[default]
    Calm,
    /// Something happens, or is about to: its instants are to be known well.
    Close,
}

impl Pace {
    /// From the beginning of one question to the beginning of the next.
    pub const fn period(self) -> Duration {
        match self {
            Self::Calm => Duration::from_secs(1),
            Self::Close => Duration::from_millis(150),
        }
    }
}
