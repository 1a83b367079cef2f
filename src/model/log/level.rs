//! How serious a line says it is: the forms of Patroni, PostgreSQL, HAProxy and ZooKeeper.

use serde::{Deserialize, Serialize};

use super::head::Head;

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

/// A level stands among the first words; behind them is the message.
const WORDS: usize = 9;

/// Guesses from the text; a line without a level is [`Level::Info`].
pub fn level(text: &str) -> Level {
    Head::of(text).level.unwrap_or(Level::Info)
}

/// The level of a line of unknown form: a word among the first that stands where levels do.
pub(super) fn guess(text: &str) -> Option<Level> {
    let mut before = "";
    for (at, word) in text.split_ascii_whitespace().take(WORDS).enumerate() {
        let level = level_of(word, before, at);
        if level.is_some() {
            return level;
        }
        before = word;
    }
    None
}

fn level_of(word: &str, before: &str, at: usize) -> Option<Level> {
    // PostgreSQL `FATAL:`, Patroni `WARNING:`
    if let Some(word) = word.strip_suffix(':') {
        // `pg_rewind: error: …`: lower case only behind the program's name
        let program = at == 1 && before.ends_with(':');
        return named(word).or_else(|| if program { lower(word) } else { None });
    }
    // HAProxy `[ALERT]`
    if let Some(word) = word.strip_prefix('[').and_then(|word| word.split(']').next()) {
        return named(word);
    }
    // ZooKeeper `[myid:1] - WARN  [main]`, log4j `2026-11-22 19:17:51,026 INFO`
    let level = named(word)?;
    let is_time = || before.contains(':') && before.starts_with(|c: char| c.is_ascii_digit());
    (before == "-" || before.ends_with(']') || is_time()).then_some(level)
}

/// The same in lower case.
fn lower(word: &str) -> Option<Level> {
    Some(match word {
        "debug" => Level::Debug,
        "info" | "notice" | "hint" | "detail" => Level::Info,
        "warning" => Level::Warning,
        "error" => Level::Error,
        "fatal" | "panic" => Level::Fatal,
        _ => return None,
    })
}

/// The level of that name.
pub(super) fn named(word: &str) -> Option<Level> {
    if !word.starts_with(|c: char| c.is_ascii_uppercase()) {
        return None; // most words, without comparing
    }
    Some(match word {
        "TRACE" | "DEBUG" | "DEBUG1" | "DEBUG2" | "DEBUG3" | "DEBUG4" | "DEBUG5" => Level::Debug,
        "INFO" | "LOG" | "NOTICE" | "HINT" | "DETAIL" | "STATEMENT" | "CONTEXT" | "QUERY" => Level::Info,
        "WARN" | "WARNING" => Level::Warning,
        "ERROR" => Level::Error,
        "FATAL" | "PANIC" | "CRITICAL" | "ALERT" | "EMERG" => Level::Fatal,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_the_four_programs() {
        let cases = [
            (
                "2026-11-22 19:17:51,025 INFO: no action. I am (pg1), the leader with the lock",
                Level::Info,
            ),
            (
                "2026-11-22 19:17:51,025 WARNING: Request failed to pg2: GET http://x (ERROR: y)",
                Level::Warning,
            ),
            ("2026-11-22 19:17:51,025 ERROR: get_cluster", Level::Error),
            ("2026-11-22 19:17:51,025 CRITICAL: system ID mismatch", Level::Fatal),
            (
                "2026-11-22 19:17:51.026 UTC [19] LOG:  received promote request",
                Level::Info,
            ),
            (
                "2026-11-22 19:17:51.026 UTC [19] FATAL:  the database system is starting up",
                Level::Fatal,
            ),
            (
                "2026-11-22 19:17:51.026 UTC [19] app ERROR:  cannot execute INSERT",
                Level::Error,
            ),
            ("2026-11-22 19:17:51.026 UTC [19] PANIC:  could not write", Level::Fatal),
            (
                "2026-11-22 19:17:51.026 UTC [19] DETAIL:  End of WAL reached: FATAL: x",
                Level::Info,
            ),
            ("pg_rewind: fatal: could not connect", Level::Fatal),
            ("pg_basebackup: error: connection failed", Level::Error),
            (
                "[ALERT]    (8) : backend 'primary' has no server available!",
                Level::Fatal,
            ),
            (
                "[WARNING]  (8) : Server primary/pg1 is DOWN, reason: Layer4 timeout",
                Level::Warning,
            ),
            ("[NOTICE]   (1) : haproxy version is 3.0.11", Level::Info),
            (
                "Server primary/pg1 is DOWN, reason: Layer4 timeout, check duration: 3001ms.",
                Level::Warning,
            ),
            ("Server primary/pg2 is UP, reason: Layer7 check passed", Level::Info),
            ("proxy primary has no server available!", Level::Fatal),
            (
                "2026-11-22 19:17:51,026 [myid:1] - WARN  [main:QuorumPeerConfig@1] - x",
                Level::Warning,
            ),
            (
                "2026-11-22 19:17:51,026 [myid:] - ERROR [NIOWorkerThread-2:x@1] - y",
                Level::Error,
            ),
            (
                "[2026-11-22 19:17:51,026] WARN x (org.apache.zookeeper)",
                Level::Warning,
            ),
            ("2026-11-22 19:17:51,026 INFO x", Level::Info),
            ("localhost:5432 - rejecting connections", Level::Info),
            ("Traceback (most recent call last):", Level::Info),
            ("error: lower case at the start is no level", Level::Info),
            ("the word ERROR in a message", Level::Info),
            ("", Level::Info),
        ];
        for (text, expected) in cases {
            assert_eq!(level(text), expected, "{text}");
        }
    }
}
