//! A line of a journal.

use serde::{Deserialize, Serialize};

use crate::model::act::fault::{Fault, FaultId};
use crate::model::time::Timestamp;

/// Lines of a later one may mean what this program does not know.
pub(super) const VERSION: u32 = 1;

/// Who runs the program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Who {
    /// Name of the user.
    pub user: String,
    /// Name of the machine.
    pub host: String,
    /// Terminal, and where an SSH session came from; empty without one.
    pub terminal: String,
    /// Process number.
    pub process: u32,
}

/// Something that was done and needs no healing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deed {
    /// What was asked for.
    pub what: String,
    /// On what: a container, a member, a cluster.
    pub target: String,
    /// Why it failed, if it did.
    pub failed: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Line {
    Begun {
        version: u32,
        run: String,
        at: Timestamp,
        who: Who,
    },
    Planned(Fault),
    Caused {
        number: u32,
        at: Timestamp,
        failed: Option<String>,
    },
    Over {
        id: FaultId,
        at: Timestamp,
        how: String,
    },
    Did {
        at: Timestamp,
        deed: Deed,
    },
}
