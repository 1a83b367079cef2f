//! Whether a source can be read, since when, and why not.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::{MemberName, ProxyName};
use super::time::Timestamp;

/// One thing that is read. Each has its own task, deadline and [`LinkState`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceId {
    /// The Docker daemon.
    Docker,
    /// The ZooKeeper ensemble: Patroni's znodes.
    ZooKeeper,
    /// One member's PostgreSQL, asked directly.
    Postgres(MemberName),
    /// One member's Patroni REST API.
    Patroni(MemberName),
    /// One HAProxy's statistics.
    Proxy(ProxyName),
    /// Our own reads and writes, as any client would make them.
    Probe,
}

impl fmt::Display for SourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Docker => f.pad("Docker"),
            Self::ZooKeeper => f.pad("ZooKeeper"),
            Self::Postgres(member) => write!(f, "PostgreSQL {member}"),
            Self::Patroni(member) => write!(f, "Patroni {member}"),
            Self::Proxy(proxy) => write!(f, "HAProxy {proxy}"),
            Self::Probe => f.pad("probe"),
        }
    }
}

/// Why a source gives no answer. The kinds differ because they mean different things to an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// Nothing listens there: the process is gone.
    Refused,
    /// Connected or tried to, and no answer in time: frozen, cut off or overloaded. The text names the step.
    Timeout(Cow<'static, str>),
    /// No route, or the name does not resolve.
    Unreachable(String),
    /// PostgreSQL is starting up or in crash recovery (57P03).
    Starting,
    /// PostgreSQL is shutting down (57P01, 57P03).
    ShuttingDown,
    /// The server does not accept us: password, role, `pg_hba.conf`, HTTP 401 or 403.
    Rejected(String),
    /// The connection ended.
    Closed,
    /// It answered, and not in the form that it should.
    Garbled(String),
    /// Anything else, in the server's or the system's words.
    Other(String),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("connection refused"),
            Self::Timeout(step) => write!(f, "no answer ({step})"),
            Self::Unreachable(text) => write!(f, "unreachable: {text}"),
            Self::Starting => f.write_str("starting up"),
            Self::ShuttingDown => f.write_str("shutting down"),
            Self::Rejected(text) => write!(f, "rejected: {text}"),
            Self::Closed => f.write_str("connection closed"),
            Self::Garbled(text) => write!(f, "unreadable answer: {text}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

/// The state of the way to a source.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// First attempt under way.
    Connecting,
    /// The last call was answered.
    Up {
        /// First answer after the last failure.
        since: Timestamp,
    },
    /// The last call failed; it is tried again at least once a second.
    Down {
        /// First failure after the last answer.
        since: Timestamp,
        /// Of the last failure.
        cause: Cause,
    },
}

impl LinkState {
    /// True if the last call was answered.
    pub fn is_up(&self) -> bool {
        matches!(self, Self::Up { .. })
    }

    /// The cause of the last failure, if it was one.
    pub fn cause(&self) -> Option<&Cause> {
        match self {
            Self::Down { cause, .. } => Some(cause),
            Self::Connecting | Self::Up { .. } => None,
        }
    }

    /// The state after one more call ended at `now`: keeps `since` as long as the outcome stays the same.
    #[must_use]
    pub fn after(&self, outcome: Result<(), Cause>, now: Timestamp) -> Self {
        match (outcome, self) {
            (Ok(()), Self::Up { since }) => Self::Up { since: *since },
            (Ok(()), _) => Self::Up { since: now },
            (Err(cause), Self::Down { since, .. }) => Self::Down { since: *since, cause },
            (Err(cause), _) => Self::Down { since: now, cause },
        }
    }
}

/// The last value that a source gave, and when.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Known<T> {
    /// The value.
    pub value: T,
    /// When the answer arrived here.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_remembers_when_its_state_began() {
        let at = Timestamp::from_millis;
        let down = LinkState::Connecting.after(Err(Cause::Refused), at(1));
        let still = down.after(Err(Cause::Timeout("connect".into())), at(2));
        assert_eq!(
            still,
            LinkState::Down {
                since: at(1),
                cause: Cause::Timeout("connect".into())
            }
        );
        let up = still.after(Ok(()), at(3));
        assert_eq!(up.after(Ok(()), at(4)), LinkState::Up { since: at(3) });
    }
}
