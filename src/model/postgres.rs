//! What a member's PostgreSQL says about itself over SQL.

use std::borrow::Cow;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::MemberName;
use super::time::Timestamp;
use super::wal::{Lsn, Timeline};

/// Something that PostgreSQL shows only to roles with enough privilege.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privileged<T> {
    /// Our role sees it.
    Seen(T),
    /// It is there and our role does not see it; the text says which grant is missing.
    Denied(Cow<'static, str>),
}

impl<T> Privileged<T> {
    /// The value, if our role sees it.
    pub fn seen(&self) -> Option<&T> {
        match self {
            Self::Seen(value) => Some(value),
            Self::Denied(_) => None,
        }
    }
}

/// A statement without an answer, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The server's SQLSTATE; `None` if it was not the server that said no.
    pub code: Option<String>,
    /// In its words, or in those of what failed.
    pub text: String,
}

/// One answer of the role-safe round of queries.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SqlStatus {
    /// Time from sending the queries to the whole answer.
    pub round_trip: Duration,
    /// `server_version_num`: 170006 is 17.6.
    pub version: u32,
    /// `system_identifier`.
    pub system_id: String,
    /// When the postmaster started, of the server's clock.
    pub started: Option<Timestamp>,
    /// The timeline, and where it came from.
    pub timeline: Option<(Timeline, TimelineSource)>,
    /// Primary or standby, with what only that one has.
    pub role: SqlRole,
    /// Rows of `pg_stat_replication`: those who stream from here.
    pub walsenders: Privileged<Vec<WalSender>>,
    /// Rows of `pg_replication_slots`.
    pub slots: Vec<Slot>,
    /// `synchronous_standby_names`.
    pub synchronous_standby_names: String,
    /// `default_transaction_read_only` is on: writes fail although it is a primary.
    pub read_only_default: bool,
    /// Settings that matter for a failover, `(name, value with unit)`.
    pub settings: Vec<(String, String)>,
    /// Connections in use and `max_connections`.
    pub connections: Option<(u32, u32)>,
}

impl SqlStatus {
    /// True for a primary that accepts writes by default.
    pub fn is_writable(&self) -> bool {
        matches!(self.role, SqlRole::Primary { .. }) && !self.read_only_default
    }

    /// A primary's current position.
    pub fn current(&self) -> Option<Lsn> {
        match self.role {
            SqlRole::Primary { current } => Some(current),
            SqlRole::Standby(_) => None,
        }
    }

    /// What only a standby has.
    pub fn standby(&self) -> Option<&Standby> {
        match &self.role {
            SqlRole::Standby(standby) => Some(standby),
            SqlRole::Primary { .. } => None,
        }
    }

    /// Where it is in the log: a primary's current position, what a standby has replayed.
    pub fn position(&self) -> Option<Lsn> {
        self.current().or_else(|| self.standby()?.replayed)
    }
}

/// Which source gave the timeline. See the facts on timelines: they differ in how late they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimelineSource {
    /// Name of the current WAL file: exact, primaries only.
    WalFile,
    /// `pg_stat_wal_receiver.received_tli`: exact while streaming.
    Receiver,
    /// `pg_control_recovery().min_recovery_end_timeline` or the last checkpoint's: may be old.
    ControlFile,
}

/// What `pg_is_in_recovery()` says, with the values that exist only there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SqlRole {
    /// Not in recovery.
    Primary {
        /// `pg_current_wal_lsn()`.
        current: Lsn,
    },
    /// In recovery.
    Standby(Standby),
}

/// A standby's side of replication.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standby {
    /// `pg_last_wal_receive_lsn()`; `None` if it never streamed since its start.
    pub received: Option<Lsn>,
    /// `pg_last_wal_replay_lsn()`.
    pub replayed: Option<Lsn>,
    /// Commit time of the last replayed transaction. Its age is a lag only while received ≠ replayed.
    pub replayed_commit: Option<Timestamp>,
    /// `pg_get_wal_replay_pause_state()` is not `not paused`.
    pub replay_paused: bool,
    /// `pg_stat_wal_receiver`: `Seen(None)` is no walreceiver process.
    pub receiver: Option<Privileged<Option<WalReceiver>>>,
}

/// `pg_stat_wal_receiver`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalReceiver {
    /// `streaming`, `waiting`, `starting`, …
    pub status: String,
    /// Whom it streams from.
    pub sender_host: Option<String>,
    /// The slot it uses there.
    pub slot: Option<String>,
    /// When the last message from the sender arrived, of the standby's clock.
    pub last_message: Option<Timestamp>,
}

/// A row of `pg_stat_replication`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WalSender {
    /// `application_name`: Patroni sets it to the member's name.
    pub name: MemberName,
    /// Address of the standby.
    pub client: Option<String>,
    /// `streaming`, `catchup`, `startup`, `backup`, `stopping`.
    pub state: String,
    /// `async`, `sync`, `potential`, `quorum`.
    pub sync_state: String,
    /// `sent_lsn`.
    pub sent: Option<Lsn>,
    /// `write_lsn`.
    pub written: Option<Lsn>,
    /// `flush_lsn`.
    pub flushed: Option<Lsn>,
    /// `replay_lsn`.
    pub replayed: Option<Lsn>,
    /// `replay_lag`; `None` while caught up and idle.
    pub replay_lag: Option<Duration>,
}

/// A row of `pg_replication_slots`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Its name.
    pub name: String,
    /// `physical` or `logical`.
    pub kind: String,
    /// Somebody streams from it.
    pub active: bool,
    /// Oldest position it keeps.
    pub restart: Option<Lsn>,
    /// `reserved`, `extended`, `unreserved`, `lost` (13 on).
    pub wal_status: Option<String>,
}
