//! What was done to clusters from this machine, by whom, and what became of it: the journals of all runs, in words.
//!
//! It cannot be serialised: a recording of one run, which may be handed on, tells nothing of the others.

use super::time::Timestamp;

/// The list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Audit {
    /// In the order of time.
    pub acts: Vec<Audited>,
    /// Journals that could not be read, each with the reason.
    pub unread: Vec<String>,
}

/// One act. All text is clean.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audited {
    /// When.
    pub at: Timestamp,
    /// `root@vm pts/1 [4711]`: user, machine, terminal, process.
    pub who: String,
    /// What, and on what.
    pub what: String,
    /// What became of it.
    pub result: String,
    /// It failed.
    pub failed: bool,
}
