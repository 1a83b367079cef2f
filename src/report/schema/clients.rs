//! What clients saw, in the form in which JSON has it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Instant;

/// What clients saw.
#[derive(Clone, Debug, Serialize)]
pub struct Clients {
    /// A probe tried to write and to read meanwhile.
    pub probed: bool,
    /// What it found, or why nothing is known, by sentences.
    pub text: Vec<String>,
    /// What it tried, by the way it went.
    pub lanes: Vec<Lane>,
    /// Which acknowledged writes are there still; `null` before they were read back, and without a probe.
    pub ledger: Option<Ledger>,
}

/// Attempts of one kind: `writes`, `session` (writes on a kept one) and `reads` by the entry point, or a member's name.
#[derive(Clone, Debug, Serialize)]
pub struct Lane {
    /// Which.
    pub lane: String,
    /// Attempts that succeeded.
    pub acknowledged: u32,
    /// Attempts that failed, by the class of their error.
    pub failed: BTreeMap<String, u32>,
    /// Attempts whose outcome nobody told, likewise.
    pub unknown: BTreeMap<String, u32>,
    /// Slots without an attempt.
    pub skipped: u32,
    /// Longest time without a success, seconds; `null` if there was none.
    pub longest_outage_s: Option<f64>,
    /// Every time without a success, oldest first.
    pub outages: Vec<LaneOutage>,
}

/// A time without a success.
#[derive(Clone, Debug, Serialize)]
pub struct LaneOutage {
    /// The last success before it, else the first failure.
    pub from: Instant,
    /// The next success; `null` if there was none.
    pub until: Option<Instant>,
    /// Attempts that failed, or may have.
    pub failed: u32,
}

/// Acknowledged writes against the rows that are there.
#[derive(Clone, Debug, Serialize)]
pub struct Ledger {
    /// When the rows were read.
    pub at: Instant,
    /// Acknowledged writes that were looked for.
    pub acknowledged: usize,
    /// Sequence numbers of those that are not there.
    pub lost: Vec<i64>,
    /// Acknowledged writes of which nothing can be said.
    pub untold: usize,
    /// Writes of unknown outcome that are there.
    pub recovered: usize,
    /// Writes of unknown outcome that are not there.
    pub absent: usize,
    /// Rows that should not be there.
    pub unexpected: usize,
    /// A lost write is older than one of the same server that is there: two servers took writes.
    pub two_primaries: bool,
    /// Who was read.
    pub readings: Vec<Reading>,
}

/// A server whose rows were read.
#[derive(Clone, Debug, Serialize)]
pub struct Reading {
    /// Which.
    pub server: String,
    /// Acknowledged writes that it has not.
    pub lacks: usize,
}
