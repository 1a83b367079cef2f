//! What the program was asked to show, and how.

use serde::{Deserialize, Serialize};

use crate::app::command::Keymap;
use crate::model::topology::Overrides;

/// What the program was asked to show, and how.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Which of several clusters: compose project or network, a scope, or both with a slash.
    pub selector: Option<String>,
    /// Addresses that are given, not found.
    pub overrides: Overrides,
    /// Refuse everything that changes the cluster.
    pub read_only: bool,
    /// What may be done to the cluster.
    pub mark: Mark,
    /// Memory for log lines in MB, if not [`crate::app::logs::LIMIT_MB`].
    pub log_memory: Option<u32>,
    /// Keys, where they are not those of the table.
    pub keymap: Keymap,
}

/// How a cluster is marked in the configuration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// Not at all: faults need the name typed, unless it is a lab of ours.
    #[default]
    None,
    /// It is there for faults.
    Test,
    /// No faults at all, operations only.
    Protected,
}

impl Mark {
    /// Each with its name.
    pub const ALL: [(&'static str, Self); 3] = [
        ("none", Self::None),
        ("test", Self::Test),
        ("protected", Self::Protected),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        let known = Self::ALL.iter().find(|(_, mark)| *mark == self);
        known.map_or("", |(name, _)| name)
    }
}
