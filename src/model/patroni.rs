//! What a member's Patroni says over its REST API (`GET /patroni`, with the code of `GET /primary`).

use serde::{Deserialize, Serialize};

use super::dcs::PatroniRole;
use super::name::MemberName;
use super::time::Timestamp;
use super::wal::{Lsn, Timeline};

/// One status document. Its `role` is `pg_is_in_recovery()` of that moment, so it changes before the member znode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestStatus {
    /// Holds the leader lock and runs as primary: `GET /primary` gave 200.
    pub has_lock: bool,
    /// State of its PostgreSQL.
    pub state: String,
    /// Its role.
    pub role: PatroniRole,
    /// Its timeline.
    pub timeline: Option<Timeline>,
    /// Primary: current position. Standby: received.
    pub location: Option<Lsn>,
    /// Standby: replayed position.
    pub replayed: Option<Lsn>,
    /// Patroni 3.0.4 on.
    pub replication_state: Option<String>,
    /// No leader, or ZooKeeper not readable for this Patroni.
    pub cluster_unlocked: bool,
    /// When this Patroni last reached ZooKeeper, of its clock, whole seconds.
    pub dcs_last_seen: Option<Timestamp>,
    /// Cluster is paused.
    pub pause: bool,
    /// Waits for a restart.
    pub pending_restart: bool,
    /// When its PostgreSQL was started, as written: another one after a restart.
    #[serde(default)]
    pub started: Option<String>,
    /// Keeps the leader by failsafe mode.
    pub failsafe_active: bool,
    /// Its watchdog is required and cannot be used: it neither leads nor takes over.
    #[serde(default)]
    pub watchdog_failed: bool,
    /// The cluster's system identifier.
    pub system_id: Option<String>,
    /// Patroni's version.
    pub version: Option<String>,
    /// Scope it belongs to.
    pub scope: Option<String>,
    /// Its member name (Patroni 3.2 on).
    pub name: Option<MemberName>,
}
