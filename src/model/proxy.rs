//! What HAProxy's statistics say.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// All proxies (`listen`, `backend`, `frontend` sections) of one HAProxy at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProxySnapshot {
    /// In HAProxy's order. Sections of statistics only are among them.
    pub pools: Vec<Pool>,
}

/// One section of the configuration, by its `pxname`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// `pxname`.
    pub name: String,
    /// Its FRONTEND row, if it has one.
    #[serde(default)]
    pub entry: Option<Entry>,
    /// Its BACKEND row, if it has one.
    pub backend: Option<Backend>,
    /// Its servers.
    pub servers: Vec<ProxyServer>,
}

/// The FRONTEND row: where clients come in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// `OPEN`, `FULL`, `STOP`, as written.
    pub status: String,
    /// Current sessions.
    pub sessions: u64,
    /// Most sessions that it takes, `maxconn`; more clients wait to be let in.
    pub limit: Option<u64>,
}

impl Entry {
    /// Nobody is let in before somebody leaves.
    pub fn is_full(&self) -> bool {
        self.limit.is_some_and(|limit| limit > 0 && self.sessions >= limit)
    }
}

/// The BACKEND row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// `UP`, or `DOWN`: no server available, clients get an immediate close.
    pub status: ServerStatus,
    /// Current sessions.
    pub sessions: u64,
    /// Requests in the queue.
    pub queued: u64,
    /// Sessions since HAProxy's start.
    pub total_sessions: u64,
    /// Errors to connect and to answer since HAProxy's start.
    pub errors: u64,
    /// Time since the last UP/DOWN change, whole seconds.
    pub since_change: Option<Duration>,
}

/// A server row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyServer {
    /// `svname`.
    pub name: String,
    /// Its state.
    pub status: ServerStatus,
    /// `check_status` without the `* ` of a running check: `L7OK`, `L4TOUT`, …
    pub check: Option<String>,
    /// `check_code`: HTTP status of the last check.
    pub check_code: Option<u16>,
    /// `last_chk`: HAProxy's own words.
    pub check_text: Option<String>,
    /// How long the last check took.
    pub check_duration: Option<Duration>,
    /// Current sessions.
    pub sessions: u64,
    /// Sessions since HAProxy's start.
    pub total_sessions: u64,
    /// Errors to connect and to answer since HAProxy's start.
    pub errors: u64,
    /// Checks that failed while it was up.
    pub failed_checks: u64,
    /// Time since the last UP/DOWN change, whole seconds.
    pub since_change: Option<Duration>,
    /// `addr`, if HAProxy shows it.
    pub address: Option<String>,
}

/// `status` of a server or backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerStatus {
    /// In use.
    Up,
    /// `UP n/m`: in use, and its checks began to fail.
    Failing {
        /// Checks that it may still fail, plus one.
        left: u32,
        /// `fall`.
        of: u32,
    },
    /// Not in use.
    Down,
    /// `DOWN n/m`: not in use, and its checks began to succeed.
    Rising {
        /// Checks that succeeded.
        done: u32,
        /// `rise`.
        of: u32,
    },
    /// `MAINT…`.
    Maintenance,
    /// `DRAIN…`, `NOLB…`: finishes its sessions, takes no new one.
    Draining,
    /// `no check`.
    Unchecked,
    /// Anything else, as written.
    Other(String),
}

impl ServerStatus {
    /// New connections may go there.
    pub fn takes_connections(&self) -> bool {
        matches!(self, Self::Up | Self::Failing { .. } | Self::Unchecked)
    }
}

impl std::fmt::Display for ServerStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Up => f.pad("UP"),
            Self::Failing { left, of } => f.pad(&format!("UP {left}/{of}")),
            Self::Down => f.pad("DOWN"),
            Self::Rising { done, of } => f.pad(&format!("DOWN {done}/{of}")),
            Self::Maintenance => f.pad("MAINT"),
            Self::Draining => f.pad("DRAIN"),
            Self::Unchecked => f.pad("no check"),
            Self::Other(word) => f.pad(word),
        }
    }
}
