//! What changed: one [`Fact`] for each change that an operator would want to know of, from every source.
//!
//! Pure: a fact follows from two snapshots of one source, or from one event. The files below compare; here is what
//! can come out, and how it reads.

mod container;
mod dcs;
mod link;
mod memory;
mod postgres;
mod primaries;
mod proxy;
mod severity;
mod standstill;
mod text;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::act::Act;
use super::clock::Step;
use super::container::ContainerAction;
use super::dcs::FailoverRequest;
use super::link::{Cause, SourceId};
use super::name::MemberName;
use super::probe::Class;
use super::proxy::ServerStatus;
use super::time::Timestamp;
use super::wal::Timeline;

pub(super) use link::says_disk_full;
pub use memory::Memory;
pub(super) use postgres::rest;
pub(super) use proxy::compare as proxy;
pub use standstill::Standstill;
pub use text::{exit_text, signal_name};

/// One change.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// When it happened: by the source's own clock where it gives one, else when the answer arrived.
    pub at: Timestamp,
    /// When it was noticed here.
    pub seen: Timestamp,
    /// When a source that is asked last said otherwise: it happened between this and `at`. `None` for one that tells by
    /// itself or gives a stamp of its own.
    pub after: Option<Timestamp>,
    /// Who says so.
    pub source: SourceKind,
    /// Which member, container or server it is about.
    pub subject: Option<String>,
    /// What changed.
    pub kind: FactKind,
}

/// The part of the cluster that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SourceKind {
    /// The Docker daemon.
    Docker,
    /// ZooKeeper, which is Patroni's view.
    ZooKeeper,
    /// A PostgreSQL server.
    Postgres,
    /// A Patroni's REST API.
    Patroni,
    /// An HAProxy.
    HAProxy,
    /// Our own reads and writes.
    Probe,
    /// We ourselves.
    Pgherd,
}

impl SourceKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Docker => "Docker",
            Self::ZooKeeper => "ZooKeeper",
            Self::Postgres => "PostgreSQL",
            Self::Patroni => "Patroni",
            Self::HAProxy => "HAProxy",
            Self::Probe => "probe",
            Self::Pgherd => "pgherd",
        }
    }
}

impl From<&SourceId> for SourceKind {
    fn from(source: &SourceId) -> Self {
        match source {
            SourceId::Docker => Self::Docker,
            SourceId::ZooKeeper => Self::ZooKeeper,
            SourceId::Postgres(_) => Self::Postgres,
            SourceId::Patroni(_) => Self::Patroni,
            SourceId::Proxy(_) => Self::HAProxy,
            SourceId::Probe => Self::Probe,
        }
    }
}

/// How much a fact matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Something is well again.
    Good,
    /// Worth a line.
    Info,
    /// A step of a failover, or something to look at.
    Notable,
    /// Something is lost.
    Bad,
}

/// How a process came to its end, as far as Docker tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// Only its exit code is known.
    Plain,
    /// Docker sent SIGTERM, waited this long in vain, and sent SIGKILL.
    GraceOver(Duration),
    /// The kernel killed it for memory.
    OutOfMemory,
}

/// What changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// First sight of the lock: this member holds it since `at`.
    LockHeld(MemberName),
    /// The lock was released or expired; `None` at first sight.
    LockFreed(Option<MemberName>),
    /// A member took the lock.
    LockTaken {
        /// Who holds it now.
        by: MemberName,
        /// Who held it before, if that is known.
        from: Option<MemberName>,
    },
    /// The same member holds a new lock: it restarted, or its session expired in between.
    LockRetaken(MemberName),
    /// A member's znode is there.
    MemberAppeared {
        /// Its state in Patroni's words.
        state: String,
    },
    /// A member's znode is gone, and did not come back at once.
    MemberGone,
    /// A member's znode belongs to a new session: its Patroni connected anew.
    MemberReconnected {
        /// Its state in Patroni's words.
        state: String,
    },
    /// A member's state in ZooKeeper changed.
    MemberState {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// A member's own role in ZooKeeper changed.
    MemberRole {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// Patroni's history has a new promotion.
    TimelineSwitched {
        /// Timeline that ended.
        from: Timeline,
        /// Timeline that began.
        to: Timeline,
    },
    /// A switchover or failover was asked for.
    FailoverRequested(FailoverRequest),
    /// That request is gone: done or withdrawn.
    FailoverCleared,
    /// Maintenance mode switched on (true) or off.
    Paused(bool),
    /// The dynamic configuration changed: `ttl 30 s → 20 s`.
    Configured(Vec<String>),
    /// The synchronous standbys changed.
    SyncStandbys(Vec<MemberName>),
    /// The system identifier in ZooKeeper changed.
    Initialized {
        /// Before.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// A source answers again, or for the first time after a failure.
    Reachable {
        /// Since when it did not answer.
        down_since: Timestamp,
    },
    /// A source does not answer, or answers otherwise than before.
    Unreachable(Cause),
    /// A standby became primary.
    Promoted {
        /// Its timeline as a standby.
        from: Option<Timeline>,
        /// Its timeline now.
        to: Option<Timeline>,
    },
    /// A primary became standby.
    Demoted,
    /// These answer as primary at once.
    Primaries(Vec<MemberName>),
    /// One of them does not any more.
    OnePrimary {
        /// For so long it is known that they both did.
        least: Duration,
        /// For so long they may have.
        most: Duration,
    },
    /// A server's timeline changed without a change of role.
    TimelineChanged {
        /// Before.
        from: Timeline,
        /// Now.
        to: Timeline,
    },
    /// PostgreSQL has a new start time.
    Restarted,
    /// A standby streams.
    ReplicationStarted {
        /// From this host.
        from: Option<String>,
    },
    /// A standby streams no more.
    ReplicationStopped,
    /// A standby streams from another host.
    ReplicationMoved {
        /// Before.
        from: Option<String>,
        /// Now.
        to: Option<String>,
    },
    /// A Patroni's role changed over REST.
    RestRole {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// The state of its PostgreSQL changed over REST.
    RestState {
        /// Before.
        from: String,
        /// Now.
        to: String,
    },
    /// A Patroni began (true) or stopped to keep its leader by failsafe mode.
    Failsafe(bool),
    /// HAProxy changed its mind about a server.
    ServerStatus {
        /// In which pool.
        pool: String,
        /// Before.
        from: ServerStatus,
        /// Now.
        to: ServerStatus,
        /// Its last check (`L7STS/503`).
        check: Option<String>,
    },
    /// A pool has no server: clients are sent away.
    PoolEmpty {
        /// Which.
        pool: String,
    },
    /// A pool has a server again.
    PoolServed {
        /// Which.
        pool: String,
    },
    /// A container ended.
    ContainerDied {
        /// Exit code.
        code: i64,
        /// How.
        ending: Ending,
    },
    /// Anything else that happened to a container.
    Container(ContainerAction),
    /// What clients try through the entry point fails, and how.
    ClientsFail(Class),
    /// It succeeds again.
    ClientsServed {
        /// So long after the last success before.
        after: Duration,
    },
    /// It does not fail any more, after some did though others succeeded.
    ClientsSteady {
        /// So many of them.
        failed: u32,
        /// Within this.
        took: Duration,
    },
    /// Acknowledged writes were looked for.
    Counted {
        /// What came of it, for people.
        text: String,
        /// Some are lost.
        bad: bool,
    },
    /// Time broke for us.
    ClockStepped(Step),
    /// We were told to do this.
    Asked(Act),
    /// What we did.
    Ours(String),
    /// What the operator noted.
    Noted(String),
}

impl Fact {
    /// A fact about something that we did ourselves.
    pub fn ours(at: Timestamp, subject: Option<String>, text: String) -> Self {
        Self {
            at,
            seen: at,
            after: None,
            source: SourceKind::Pgherd,
            subject,
            kind: FactKind::Ours(text),
        }
    }

    /// What changed, in few words and without the subject.
    pub fn describe(&self) -> String {
        text::describe(&self.kind, self.seen)
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        severity::severity(&self.kind)
    }
}

#[cfg(test)]
mod tests;
