//! A fault that we caused and can heal: what was done, to what, and how it is undone. As the journal keeps it.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{Act, ActTarget};
use crate::model::time::Timestamp;

/// One step that takes a fault back. Each may be done twice without harm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    /// Start the container.
    Start,
    /// Thaw it.
    Unpause,
    /// Put it back on a network, under the names that it had there.
    Connect {
        /// The network's name.
        network: String,
        /// Names and links of the container there.
        aliases: Vec<String>,
        /// Addresses there that somebody chose; Docker may give another one for any that it chose itself.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        addresses: Vec<IpAddr>,
    },
    /// SIGCONT to what was frozen inside.
    Continue(Frozen),
    /// Its share of the processors, as Docker states it.
    Cpu {
        /// Billionths of a processor; 0 is unset.
        nano_cpus: i64,
        /// Microseconds in each period; 0 and less are without limit.
        quota: i64,
        /// Microseconds; 0 is Docker's default.
        period: i64,
    },
    /// Remove what fills or loads its disk.
    ClearDisk {
        /// The data directory, as it is called inside.
        folder: String,
    },
}

/// Processes inside a container, found anew each time: numbers change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frozen {
    /// The postmaster and its children.
    Postgres,
    /// Patroni.
    Patroni,
    /// The WAL receiver.
    Receiver,
    /// The process that replays WAL.
    Startup,
}

impl Frozen {
    /// For a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Patroni => "Patroni",
            Self::Receiver => "the WAL receiver",
            Self::Startup => "the startup process",
        }
    }
}

/// Names one fault over all journals: the run that caused it, and its number there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FaultId {
    /// The journal's name.
    pub run: String,
    /// Counted from 1.
    pub number: u32,
}

impl fmt::Display for FaultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.run, self.number)
    }
}

/// A fault that lasts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// Its name.
    pub id: FaultId,
    /// When it was asked for.
    pub at: Timestamp,
    /// What was done.
    pub act: Act,
    /// To which container.
    pub target: ActTarget,
    /// How it is undone, in this order. Empty for what does not last.
    pub undo: Vec<Undo>,
    /// It is healed by itself then.
    pub until: Option<Timestamp>,
}

impl Fault {
    /// `cut-off of pg-master`.
    pub fn title(&self) -> String {
        format!("{} of {}", self.act.name(), self.target.name)
    }
}
