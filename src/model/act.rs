//! What an operator can do to the cluster. Bound to what was confirmed: id and name, never a row of the screen.

pub mod drill;
pub mod fault;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::ContainerName;

/// Something that Docker can be asked to do to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerAct {
    /// SIGTERM (or the image's stop signal), SIGKILL after the container's own grace period.
    Stop,
    /// SIGKILL at once.
    Kill,
    /// Start it again.
    Start,
    /// Stop, then start.
    Restart,
    /// Freeze its processes.
    Pause,
    /// Thaw them.
    Unpause,
}

impl ContainerAct {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 6] = [
        Self::Stop,
        Self::Kill,
        Self::Start,
        Self::Restart,
        Self::Pause,
        Self::Unpause,
    ];

    /// Docker's own word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
        }
    }
}

/// The container that was confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActTarget {
    /// Full id: a container that was made anew under the same name is another one.
    pub id: String,
    /// The name that the operator read.
    pub name: ContainerName,
}

/// Docker did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActDone {
    /// From the request to the daemon's answer.
    pub took: Duration,
}

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActOutcome {
    /// What was asked for.
    pub act: ContainerAct,
    /// On what.
    pub target: ActTarget,
    /// Done, or why not: the daemon's words, cleaned.
    pub result: Result<ActDone, String>,
}
