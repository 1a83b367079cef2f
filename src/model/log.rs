//! Lines of container logs, and what can be known from a line alone.
//!
//! One container's output mixes several programs, each with its own form; [`Head`] tells them apart. Nothing here keeps
//! state, and nothing fails: a line of unknown form is a line of [`Program::Other`] whose message is all of it.

mod continuation;
mod head;
mod json;
mod level;
mod meaning;
mod noise;
mod repeat;
mod stamp;

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

pub use self::continuation::continues;
pub use self::head::{Head, Program};
pub use self::level::{Level, level};
pub use self::meaning::{Kind, Meaning, meaning};
pub use self::noise::is_noise;
pub use self::repeat::{may_repeat, repeat_key, shape};
pub use self::stamp::Stamp;
use super::name::ContainerName;
use super::secret::mask;
use super::text::columns::all_plain;
pub use super::text::{Color, Span, Style, Styled};
use super::text::{LONGEST, styled_bytes};
use super::time::Timestamp;

/// One whole line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// Docker's stamp: the order.
    pub at: Timestamp,
    /// Where it came from.
    pub container: ContainerName,
    /// Written to stderr.
    pub stderr: bool,
    /// Guessed from its text.
    pub level: Level,
    /// Clean text without line break.
    pub text: String,
    /// How its writer coloured it: places in [`LogLine::text`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spans: Vec<Span>,
}

impl LogLine {
    /// The text without the stamp that the program itself put before it (`2026-11-22 19:17:51,025 `, with `.` or `,`,
    /// and PostgreSQL's zone): [`LogLine::at`] says the same. All of it where there is no such stamp. Always the end of
    /// [`LogLine::text`], so a span lies in it that many bytes earlier.
    pub fn message(&self) -> &str {
        message(&self.text)
    }
}

/// As [`LogLine::message`], of its text.
pub fn message(text: &str) -> &str {
    stamp::split(text).map_or(text, |(_, message)| message)
}

/// A line's bytes, without its line break, as a terminal would leave them: what a carriage return overwrote is gone, the
/// end is trimmed, leading spaces stay. Passwords are hidden; a line that held one is plain.
pub fn tidy(bytes: &[u8]) -> Styled {
    if bytes.len() <= LONGEST && all_plain(bytes) {
        let text = str::from_utf8(bytes).unwrap_or_default().trim_end_matches(' ');
        return Styled {
            text: mask(text).into_owned(),
            spans: Vec::new(),
        };
    }
    let end = bytes.iter().rposition(|byte| *byte != b'\r').map_or(0, |last| last + 1);
    let line = bytes.get(..end).unwrap_or_default();
    let visible = line.rsplit(|byte| *byte == b'\r').next().unwrap_or_default();
    let mut line = styled_bytes(visible);
    if line.text.contains('\n') {
        line.text = line.text.replace('\n', " ");
    }
    line.text.truncate(line.text.trim_end().len());
    let end = u32::try_from(line.text.len()).unwrap_or(u32::MAX);
    line.spans.retain_mut(|span| {
        span.end = span.end.min(end);
        span.start < span.end
    });
    if let Cow::Owned(masked) = mask(&line.text) {
        line = Styled {
            text: masked,
            spans: Vec::new(),
        };
    }
    line
}

#[cfg(test)]
mod tests;
