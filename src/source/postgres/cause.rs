//! From an error of the connection to the cause that an operator is shown. Pure.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;

use crate::model::link::Cause;
use crate::model::text::clean_line;

/// The TCP connection was not made.
pub(super) fn of_connect(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Cause::Refused,
        io::ErrorKind::TimedOut => Cause::Timeout("connect".into()),
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted => Cause::Closed,
        _ => Cause::Unreachable(clean_line(&error.to_string())),
    }
}

/// The handshake or a query failed.
pub(super) fn of(error: &Error) -> Cause {
    if let Some(server) = error.as_db_error() {
        return of_server(server.code().code(), server.message(), server.detail());
    }
    if error.is_closed() {
        return Cause::Closed;
    }
    let source = error.source();
    if let Some(io) = source.and_then(|source| source.downcast_ref::<io::Error>()) {
        return of_stream(io);
    }
    let text = source.map_or_else(|| error.to_string(), ToString::to_string);
    match (error.to_string().as_str(), text.as_str()) {
        // The crate has no kinds to match on; these two texts are its own and are tested below and in `tests`.
        ("invalid configuration", "password missing") => Cause::Rejected(
            "the server asks for a password and none is configured: see PGPASSWORD, ~/.pgpass, postgres.password_command"
                .to_owned(),
        ),
        ("authentication error", _) => Cause::Rejected(clean_line(&text)),
        _ => Cause::Garbled(clean_line(&text)),
    }
}

fn of_stream(error: &io::Error) -> Cause {
    match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Cause::Garbled(clean_line(&error.to_string())),
        io::ErrorKind::TimedOut => Cause::Timeout("query".into()),
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            Cause::Unreachable(clean_line(&error.to_string()))
        }
        _ => Cause::Closed,
    }
}

/// What the server said: SQLSTATE, message and detail. The message may be in the server's language, the code is not.
fn of_server(code: &str, message: &str, detail: Option<&str>) -> Cause {
    let words = clean_line(&detail.map_or_else(|| message.to_owned(), |detail| format!("{message}: {detail}")));
    match code {
        "57P01" => Cause::ShuttingDown,
        // One code for four states; the server in another language keeps its own words.
        "57P03" if message.contains("shutting down") => Cause::ShuttingDown,
        "57P03"
            if ["starting up", "recovery mode", "not yet accepting"]
                .iter()
                .any(|part| message.contains(part)) =>
        {
            Cause::Starting
        }
        "57014" => Cause::Timeout("query".into()),
        "53300" => Cause::Other(format!("no free connection: {words}")),
        // Login, missing database, missing privilege.
        _ if code.starts_with("28") || matches!(code, "3D000" | "42501") => Cause::Rejected(words),
        _ => Cause::Other(words),
    }
}

/// The role changed between two expressions of a statement (55000); asking again gives an answer.
pub(super) fn is_change_of_role(error: &Error) -> bool {
    error.code() == Some(&tokio_postgres::error::SqlState::OBJECT_NOT_IN_PREREQUISITE_STATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn server_errors_become_different_states() {
        let text = |text: &str| text.to_owned();
        let cases = [
            ("57P03", "the database system is starting up", None, Cause::Starting),
            (
                "57P03",
                "the database system is in recovery mode",
                None,
                Cause::Starting,
            ),
            (
                "57P03",
                "the database system is not yet accepting connections",
                Some("Consistent recovery state has not been yet reached."),
                Cause::Starting,
            ),
            (
                "57P03",
                "the database system is shutting down",
                None,
                Cause::ShuttingDown,
            ),
            (
                "57P03",
                "the database system is not accepting connections",
                Some("Hot standby mode is disabled."),
                Cause::Other(text(
                    "the database system is not accepting connections: Hot standby mode is disabled.",
                )),
            ),
            (
                "57P03",
                "das Datenbanksystem startet",
                None,
                Cause::Other(text("das Datenbanksystem startet")),
            ),
            (
                "57P01",
                "terminating connection due to administrator command",
                None,
                Cause::ShuttingDown,
            ),
            (
                "28P01",
                "password authentication failed for user \"x\"",
                None,
                Cause::Rejected(text("password authentication failed for user \"x\"")),
            ),
            (
                "28000",
                "no pg_hba.conf entry\u{1b}[2J",
                None,
                Cause::Rejected(text("no pg_hba.conf entry")),
            ),
            (
                "3D000",
                "database \"x\" does not exist",
                None,
                Cause::Rejected(text("database \"x\" does not exist")),
            ),
            (
                "53300",
                "sorry, too many clients already",
                None,
                Cause::Other(text("no free connection: sorry, too many clients already")),
            ),
            (
                "57014",
                "canceling statement due to statement timeout",
                None,
                Cause::Timeout("query".into()),
            ),
            ("XX000", "a\nb", None, Cause::Other(text("a b"))),
        ];
        for (code, message, detail, expected) in cases {
            assert_eq!(of_server(code, message, detail), expected, "{code} {message}");
        }
    }
}
