//! Flight records: everything that went into [`App::update`](crate::app::App::update), with its time, in a file; and
//! back out of it. Since that transition is pure, the same entries give the same state, and the same screens.
//!
//! May name `model` and `app` only. Writing has its own thread; what is read is outside text and made harmless.
//!
//! # The file
//! Members of gzip one after the other, so that `zcat` shows it: lines of JSON. The first member holds the [`Header`],
//! the second the state with which the record begins, every other one some seconds of entries:
//! ```text
//! {"format":"pgherd-record","version":1,"program":"0.1.0","began":1763842671000000}
//! {"at":1763842671000000,"state":{…}}
//! {"at":1763842671012345,"event":{"signal":{"report":{…}}}}
//! {"at":1763842731012345,"end":"…"}
//! ```
//! `at` is in microseconds since the epoch. A member is believed if its checksum is right; the last one, which a crash
//! cut off, up to its last whole line. A state may come again: it takes the place of the one so far.
//!
//! An older record is read as long as what was added since has a default; what is renamed or taken away raises
//! [`VERSION`].

mod line;
mod player;
mod read;
mod write;

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::model::time::Timestamp;

pub use player::{Goal, Kind, Player};
pub use write::{Recorder, create, create_in};

/// What the first line says of its format.
const FORMAT: &str = "pgherd-record";
/// The version that is written, and the newest that is read.
pub const VERSION: u32 = 1;
/// Longest line, and longest member, in bytes: enough for a state with all its log lines.
const LONGEST: usize = 32 << 20;
/// The end of the name of a file.
pub const EXTENSION: &str = "pgherd";

/// The first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// [`FORMAT`].
    format: String,
    /// Version of the format.
    pub version: u32,
    /// Version of the program that wrote it.
    pub program: String,
    /// When the record began.
    pub began: Timestamp,
}

/// Why there is nothing to play.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file cannot be read.
    #[error("cannot read it: {0}")]
    Unreadable(#[from] std::io::Error),
    /// Nothing is in it.
    #[error("the file is empty: its record never began")]
    Empty,
    /// It is something else.
    #[error("this is no record of pgherd: --record FILE or a key makes one")]
    Foreign,
    /// It is from a later version of this program.
    #[error(
        "the record was written by pgherd {program} in version {version} of the format; this one reads {VERSION}: play it with that one"
    )]
    Newer {
        /// Version of the format.
        version: u32,
        /// Version of the program.
        program: String,
    },
    /// The state with which it begins is not understood.
    #[error(
        "the record was written by pgherd {0}, whose state this version does not understand: play it with that one"
    )]
    Strange(String),
    /// Not even its beginning is whole.
    #[error("the record ends before its first entry")]
    Headless,
}
