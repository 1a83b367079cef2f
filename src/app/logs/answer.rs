//! What the store answers: lines, rows, places and numbers of them.

use serde::{Deserialize, Serialize};

use crate::model::log::{self, Level, Span};
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;

/// Where a line stands in the one order over all containers: by stamp, then by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    pub(super) at: Timestamp,
    pub(super) arrival: i64,
}

/// A line that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Docker's stamp.
    pub at: Timestamp,
    /// Where it came from.
    pub container: &'a ContainerName,
    /// Written to stderr.
    pub stderr: bool,
    /// How serious it is.
    pub level: Level,
    /// Clean text without line break.
    pub text: &'a str,
    /// How its writer coloured it, as [`crate::model::log::LogLine::spans`].
    pub spans: &'a [Span],
}

impl Line<'_> {
    /// As [`crate::model::log::LogLine::message`].
    pub fn message(&self) -> &str {
        log::message(self.text)
    }
}

/// A row: a line, or several that repeat one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Its place, by which it is named.
    pub position: Position,
    /// The line; the last one of several.
    pub line: Line<'a>,
    /// How many it stands for; 1 is only itself.
    pub repeats: u32,
    /// One of them is what the lens looks for; false is context.
    pub is_match: bool,
}

/// How many lines there are, of the containers of a lens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Kept.
    pub kept: usize,
    /// Dropped for space.
    pub dropped: u64,
    /// Matches, of a lens that sifts.
    pub matches: Option<Tally>,
}

/// How many lines were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// So many.
    pub lines: usize,
    /// How many of them are not after the place that was asked for.
    pub until: usize,
    /// All lines were gone through; else there may be more.
    pub complete: bool,
}

/// What came of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The row that shows the next match.
    At(Position),
    /// There is no more in this direction.
    Nowhere,
    /// Not known before more lines are gone through.
    NotYet,
}
