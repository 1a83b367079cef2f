//! Lines of container logs.

use serde::{Deserialize, Serialize};

use super::name::ContainerName;
use super::time::Timestamp;

/// How serious a line says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Debug and finer.
    Debug,
    /// Everything normal, and lines without a level.
    Info,
    /// Warnings.
    Warning,
    /// Errors.
    Error,
    /// FATAL, PANIC, CRITICAL, ALERT.
    Fatal,
}

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
}

impl LogLine {
    /// The text without the stamp that the program itself put before it (`2026-11-22 19:17:51,025 `, with `.` or `,`,
    /// and PostgreSQL's zone): [`LogLine::at`] says the same. All of it where there is no such stamp.
    pub fn message(&self) -> &str {
        without_stamp(&self.text).unwrap_or(&self.text)
    }
}

fn without_stamp(text: &str) -> Option<&str> {
    const SHAPE: &[u8] = b"0000-00-00 00:00:00,000 ";
    let fits = |(byte, shape): (u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        b',' => matches!(byte, b',' | b'.'),
        b' ' => matches!(byte, b' ' | b'T'),
        other => byte == *other,
    };
    let stamped = text.len() >= SHAPE.len() && text.bytes().zip(SHAPE).all(fits);
    let rest = stamped.then(|| text.get(SHAPE.len()..)).flatten()?;
    Some(rest.strip_prefix("UTC ").unwrap_or(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_of_its_own_is_not_said_twice() {
        let cases = [
            ("2026-11-22 19:17:51,025 INFO: no action.", "INFO: no action."),
            ("2026-11-22 19:17:51.026 UTC [19] LOG:  ready", "[19] LOG:  ready"),
            ("2026-11-22 19:17:51,025", "2026-11-22 19:17:51,025"),
            ("server promoting", "server promoting"),
            ("2026-11-22 é9:17:51,025 x", "2026-11-22 é9:17:51,025 x"),
            ("", ""),
        ];
        for (text, message) in cases {
            assert_eq!(without_stamp(text).unwrap_or(text), message);
        }
    }
}
