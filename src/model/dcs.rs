//! What Patroni keeps in ZooKeeper below `/<namespace>/<scope>`, raw and read.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::name::MemberName;
use super::time::Timestamp;
use super::wal::{Lsn, Timeline};

/// A ZooKeeper session: who owns an ephemeral znode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SessionId(pub i64);

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

/// What ZooKeeper says about a znode beside its value. Times are of ZooKeeper's clock, in whole milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZnodeStat {
    /// Transaction that created it.
    pub czxid: i64,
    /// Transaction that last changed its value: the true order of changes.
    pub mzxid: i64,
    /// When it was created.
    pub created: Timestamp,
    /// When its value was last written.
    pub modified: Timestamp,
    /// Number of writes since its creation.
    pub version: i32,
    /// The session that keeps it alive, if it is ephemeral.
    pub owner: Option<SessionId>,
}

/// One znode as it is, for the browser.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Znode {
    /// Path below the root of the scope without a leading slash: `leader`, `members/postgresql0`; empty for the root.
    pub path: String,
    /// Value as clean text.
    pub value: String,
    /// The rest.
    pub stat: ZnodeStat,
}

/// The `leader` znode: the lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaderLock {
    /// Who holds it.
    pub holder: MemberName,
    /// The session that keeps it alive.
    pub session: Option<SessionId>,
    /// When this leadership began.
    pub since: Timestamp,
    /// Transaction that created it.
    pub czxid: i64,
}

/// A role as Patroni writes it; `master` (before 4.0) and `primary` are one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PatroniRole {
    /// `primary` or `master`.
    Primary,
    /// `replica`.
    Replica,
    /// `standby_leader`: leader of a standby cluster.
    StandbyLeader,
    /// `promoted`: promotion issued, not finished.
    Promoted,
    /// `demoted`.
    Demoted,
    /// `uninitialized`.
    Uninitialized,
    /// Not known to us, or absent (empty).
    Other(String),
}

impl PatroniRole {
    /// Reads Patroni's word, already cleaned.
    pub fn from_word(word: &str) -> Self {
        match word {
            "primary" | "master" => Self::Primary,
            "replica" => Self::Replica,
            "standby_leader" => Self::StandbyLeader,
            "promoted" => Self::Promoted,
            "demoted" => Self::Demoted,
            "uninitialized" => Self::Uninitialized,
            other => Self::Other(other.to_owned()),
        }
    }

    /// The word of Patroni 4.
    pub fn word(&self) -> &str {
        match self {
            Self::Primary => "primary",
            Self::Replica => "replica",
            Self::StandbyLeader => "standby_leader",
            Self::Promoted => "promoted",
            Self::Demoted => "demoted",
            Self::Uninitialized => "uninitialized",
            Self::Other(word) => word,
        }
    }
}

/// The tags that decide who may take over; all others stay in `other`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tags {
    /// Never becomes leader by itself.
    pub nofailover: bool,
    /// Patroni 3.2 on: 0 is like `nofailover`.
    pub failover_priority: Option<i64>,
    /// Never a synchronous standby.
    pub nosync: bool,
    /// Not a target of `/replica`.
    pub noloadbalance: bool,
    /// Everything else that is set, as `name: value`.
    pub other: Vec<String>,
}

/// `members/<name>`: what a member's Patroni last wrote about itself. As old as `modified`; no heartbeat.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DcsMember {
    /// The member.
    pub name: MemberName,
    /// The session of its Patroni.
    pub session: Option<SessionId>,
    /// When it appeared.
    pub created: Timestamp,
    /// When it last changed.
    pub modified: Timestamp,
    /// Host and port of `conn_url`, as the members reach each other (`pg-master`, 5432).
    pub connect: Option<(String, u16)>,
    /// `api_url`, ends in `/patroni`.
    pub api_url: Option<String>,
    /// State of its PostgreSQL in Patroni's words (`running`, `stopped`, …); unknown words stay.
    pub state: String,
    /// Its role in its own eyes.
    pub role: PatroniRole,
    /// Patroni's version, which decides how the rest is read.
    pub version: Option<String>,
    /// Leader: current position. Replica: the greater of received and replayed.
    pub xlog_location: Option<Lsn>,
    /// Replica, Patroni 4.1 on.
    pub receive_lsn: Option<Lsn>,
    /// Replica, Patroni 4.1 on.
    pub replay_lsn: Option<Lsn>,
    /// Its timeline.
    pub timeline: Option<Timeline>,
    /// Replica, Patroni 3.0.4 on: `streaming`, `in archive recovery`; absent there means not streaming.
    pub replication_state: Option<String>,
    /// Sees the cluster paused.
    pub pause: bool,
    /// Waits for a restart to take new settings.
    pub pending_restart: bool,
    /// When a restart is due that was asked for, as written.
    #[serde(default)]
    pub scheduled_restart: Option<String>,
    /// A new leader whose post-promotion checkpoint is not done: nobody may rewind from it yet.
    pub checkpoint_pending: bool,
    /// Its tags.
    pub tags: Tags,
}

/// `config`: the dynamic configuration. `None` is "not set there": Patroni's default then applies.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DynamicConfig {
    /// Lifetime of the leader lock.
    pub ttl: Option<Duration>,
    /// Pause between two rounds of Patroni's loop.
    pub loop_wait: Option<Duration>,
    /// How long Patroni retries ZooKeeper and PostgreSQL before it demotes.
    pub retry_timeout: Option<Duration>,
    /// A replica further behind than this many bytes may not take over.
    pub maximum_lag_on_failover: Option<u64>,
    /// Maintenance mode: no failover by itself.
    pub pause: bool,
    /// `synchronous_mode` (true, or `quorum`).
    pub synchronous_mode: bool,
    /// `synchronous_mode: quorum` (Patroni 4.0 on).
    pub quorum_commit: bool,
    /// Writes wait even when there is no standby.
    pub synchronous_mode_strict: bool,
    /// Keeps the leader without ZooKeeper while all members answer.
    pub failsafe_mode: bool,
    /// Nobody on an older timeline than the cluster's takes over.
    pub check_timeline: bool,
}

/// An entry of `history`: one promotion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineSwitch {
    /// The timeline that ended.
    pub old: Timeline,
    /// Where it ended.
    pub at_lsn: Option<Lsn>,
    /// PostgreSQL's reason.
    pub reason: String,
    /// When the new leader was promoted, of its clock.
    pub promoted: Option<Timestamp>,
    /// Who was promoted (Patroni 2.1.1 on).
    pub leader: Option<MemberName>,
}

/// `failover`: somebody asked for a switchover or failover.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailoverRequest {
    /// Present for a switchover.
    pub leader: Option<MemberName>,
    /// The candidate, if one was named.
    pub candidate: Option<MemberName>,
    /// When it is due, as written, if it is scheduled.
    pub scheduled_at: Option<String>,
}

/// `sync`: who may win a failover in synchronous mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SyncState {
    /// The last node that ran as synchronous primary.
    pub leader: Option<MemberName>,
    /// The synchronous standbys.
    pub standbys: Vec<MemberName>,
    /// Patroni 4.0 on.
    pub quorum: Option<u32>,
}

/// Everything below the scope at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DcsSnapshot {
    /// Where it was read: `/service/my_cluster`.
    pub root: String,
    /// All znodes below and with the root, sorted by path.
    pub nodes: Vec<Znode>,
    /// The cluster's system identifier; `Some("")` while a node bootstraps it.
    pub initialize: Option<String>,
    /// The lock; `None` is a free lock.
    pub leader: Option<LeaderLock>,
    /// Sorted by name.
    pub members: Vec<DcsMember>,
    /// The dynamic configuration.
    pub config: Option<DynamicConfig>,
    /// Oldest first.
    pub history: Vec<TimelineSwitch>,
    /// A pending request.
    pub failover: Option<FailoverRequest>,
    /// Present in synchronous mode.
    pub sync: Option<SyncState>,
    /// Whom the leader has to reach to stay without ZooKeeper; present in failsafe mode (Patroni 3.0 on).
    #[serde(default)]
    pub failsafe: Option<Vec<MemberName>>,
    /// The leader's position when it last wrote `status`.
    pub optime: Option<Lsn>,
    /// Positions of the members' slots in `status` (Patroni 4.0 on).
    pub slots: Vec<(MemberName, Lsn)>,
    /// What could not be read, as `path: why`.
    pub problems: Vec<String>,
}

impl DcsSnapshot {
    /// The member of that name.
    pub fn member(&self, name: &MemberName) -> Option<&DcsMember> {
        self.members.iter().find(|member| member.name == *name)
    }

    /// The znode at that path below the root.
    pub fn node(&self, path: &str) -> Option<&Znode> {
        self.nodes.iter().find(|node| node.path == path)
    }

    /// The cluster's timeline by `history`: one more than the last that ended; 1 if there was no promotion.
    pub fn timeline(&self) -> Timeline {
        Timeline(self.history.last().map_or(1, |last| last.old.0.saturating_add(1)))
    }
}
