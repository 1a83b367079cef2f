//! From what the driver says to what became of an attempt. Pure.

use std::error::Error as _;
use std::io;

use tokio_postgres::Error;
use tokio_postgres::error::{DbError, Severity};

use crate::model::link::Cause;
use crate::model::probe::{Class, Outcome, Server};
use crate::model::text::clean_line;
use crate::model::wal::Timeline;

/// No TCP connection.
pub(super) fn of_connect(error: &io::Error) -> Class {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Class::Refused,
        io::ErrorKind::TimedOut => Class::ConnectTimeout,
        io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted | io::ErrorKind::BrokenPipe => Class::Closed,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => Class::Garbled,
        _ => Class::Unreachable,
    }
}

/// The handshake or a statement failed.
pub(super) fn class(error: &Error) -> Class {
    if let Some(server) = error.as_db_error() {
        return Class::Sql(clean_line(server.code().code()));
    }
    let io = error.source().and_then(|source| source.downcast_ref::<io::Error>());
    match io.map(io::Error::kind) {
        Some(io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput) => Class::Garbled,
        Some(io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) => Class::Unreachable,
        Some(_) => Class::Closed,
        None if error.is_closed() => Class::Closed,
        None => Class::Garbled,
    }
}

/// What became of a write that was sent: an ERROR is the server's word that it did not happen; a connection that ended,
/// by its word or without, leaves it open.
pub(super) fn of_write(error: &Error) -> Outcome {
    let refused = error
        .as_db_error()
        .and_then(DbError::parsed_severity)
        .is_some_and(|severity| severity == Severity::Error);
    if refused {
        Outcome::Failed(class(error))
    } else {
        Outcome::Unknown(class(error))
    }
}

/// From `recovery, address, timeline` as text, and a number behind it.
pub(super) fn answer(row: &[Option<String>]) -> Option<(Server, Option<i64>)> {
    let [recovery, address, timeline, seq] = row else {
        return None;
    };
    let server = Server {
        address: address.clone().unwrap_or_default(),
        timeline: timeline
            .as_deref()
            .and_then(|hex| u32::from_str_radix(hex, 16).ok())
            .map(Timeline),
        standby: recovery.as_deref()? == "t",
    };
    let seq = match seq {
        Some(seq) => Some(seq.parse().ok()?),
        None => None,
    };
    Some((server, seq))
}

/// Why the probe cannot begin.
pub(super) fn cause(class: &Class) -> Cause {
    match class {
        Class::Refused => Cause::Refused,
        Class::ConnectTimeout => Cause::Timeout("connect".into()),
        Class::LoginTimeout => Cause::Timeout("handshake".into()),
        Class::ReplyTimeout => Cause::Timeout("query".into()),
        Class::Closed => Cause::Closed,
        Class::Sql(code) if code.starts_with("28") => Cause::Rejected(format!("login refused ({code})")),
        other => Cause::Other(other.to_string()),
    }
}
