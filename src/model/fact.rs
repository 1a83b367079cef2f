//! What changed: one [`Fact`] for each change that an operator would want to know of, from every source.
//!
//! Pure: a fact follows from two snapshots of one source, or from one event. The files below compare; here is what
//! can come out, and how it reads.

mod container;
mod dcs;
mod link;
mod memory;
mod postgres;
mod proxy;

use std::time::Duration;

use super::container::ContainerAction;
use super::dcs::FailoverRequest;
use super::link::{Cause, SourceId};
use super::name::MemberName;
use super::proxy::ServerStatus;
use super::time::Timestamp;
use super::wal::Timeline;

pub use memory::Memory;
pub(super) use postgres::rest;
pub(super) use proxy::compare as proxy;

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// When it happened: by the source's own clock where it gives one, else when the answer arrived.
    pub at: Timestamp,
    /// When it was noticed here.
    pub seen: Timestamp,
    /// Who says so.
    pub source: SourceKind,
    /// Which member, container or server it is about.
    pub subject: Option<String>,
    /// What changed.
    pub kind: FactKind,
}

/// The part of the cluster that says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Only its exit code is known.
    Plain,
    /// Docker sent SIGTERM, waited this long in vain, and sent SIGKILL.
    GraceOver(Duration),
    /// The kernel killed it for memory.
    OutOfMemory,
}

/// What changed.
#[derive(Clone, Debug, PartialEq)]
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
    /// What we did.
    Ours(String),
}

impl Fact {
    /// A fact about something that we did ourselves.
    pub fn ours(at: Timestamp, subject: Option<String>, text: String) -> Self {
        Self {
            at,
            seen: at,
            source: SourceKind::Pgherd,
            subject,
            kind: FactKind::Ours(text),
        }
    }

    /// What changed, in few words and without the subject.
    pub fn describe(&self) -> String {
        describe(&self.kind, self.seen)
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        severity(&self.kind)
    }
}

fn describe(kind: &FactKind, seen: Timestamp) -> String {
    use FactKind as K;
    match kind {
        K::LockHeld(member) => format!("{member} holds the lock"),
        K::LockFreed(Some(member)) => format!("lock of {member} is free"),
        K::LockFreed(None) => "lock is free".to_owned(),
        K::LockTaken { by, from: Some(from) } => format!("lock taken by {by}, was {from}"),
        K::LockTaken { by, from: None } => format!("lock taken by {by}"),
        K::LockRetaken(member) => format!("lock taken again by {member}, new session"),
        K::MemberAppeared { state } => format!("member appeared: {}", word(state)),
        K::MemberGone => "member gone from ZooKeeper".to_owned(),
        K::MemberReconnected { state } => format!("Patroni has a new session: {}", word(state)),
        K::MemberState { from, to } | K::RestState { from, to } => format!("state {} → {}", word(from), word(to)),
        K::MemberRole { from, to } | K::RestRole { from, to } => format!("role {} → {}", word(from), word(to)),
        K::TimelineSwitched { from, to } => format!("history: timeline {from} → {to}"),
        K::FailoverRequested(request) => describe_request(request),
        K::FailoverCleared => "request cleared".to_owned(),
        K::Paused(true) => "cluster paused: no failover by itself".to_owned(),
        K::Paused(false) => "cluster resumed".to_owned(),
        K::Configured(changes) => format!("configuration: {}", changes.join(", ")),
        K::SyncStandbys(standbys) if standbys.is_empty() => "no synchronous standby".to_owned(),
        K::SyncStandbys(standbys) => {
            let names: Vec<_> = standbys.iter().map(MemberName::as_str).collect();
            format!("synchronous standby: {}", names.join(", "))
        }
        K::Initialized { to: None, .. } => "initialize key gone".to_owned(),
        K::Initialized { to: Some(id), .. } if id.is_empty() => "bootstrap began".to_owned(),
        K::Initialized { to: Some(id), .. } => format!("system identifier {id}"),
        K::Reachable { down_since } => format!("answers again after {}", seconds(seen.since(*down_since))),
        K::Unreachable(cause) => cause.to_string(),
        K::Promoted { from, to } => describe_promotion(*from, *to),
        K::Demoted => "demoted: in recovery".to_owned(),
        K::TimelineChanged { from, to } => format!("timeline {from} → {to}"),
        K::Restarted => "PostgreSQL started anew".to_owned(),
        K::ReplicationStarted { from: Some(host) } => format!("streams from {host}"),
        K::ReplicationStarted { from: None } => "streams".to_owned(),
        K::ReplicationStopped => "streaming stopped".to_owned(),
        K::ReplicationMoved { to: Some(host), .. } => format!("streams from {host} now"),
        K::ReplicationMoved { to: None, .. } => "streams from another host".to_owned(),
        K::Failsafe(true) => "failsafe mode keeps the leader".to_owned(),
        K::Failsafe(false) => "failsafe mode ended".to_owned(),
        K::ServerStatus { pool, from, to, check } => {
            let check = check.as_ref().map(|check| format!(" ({check})")).unwrap_or_default();
            format!("{pool}: {from} → {to}{check}")
        }
        K::PoolEmpty { pool } => format!("{pool}: no server available"),
        K::PoolServed { pool } => format!("{pool}: has a server again"),
        K::ContainerDied { code, ending } => describe_ending(*code, *ending),
        K::Container(action) => container::describe(action),
        K::Ours(text) => text.clone(),
    }
}

fn severity(kind: &FactKind) -> Severity {
    use FactKind as K;
    match kind {
        K::LockFreed(_)
        | K::MemberGone
        | K::PoolEmpty { .. }
        | K::ReplicationStopped
        | K::Container(ContainerAction::OutOfMemory | ContainerAction::Removed) => Severity::Bad,
        K::Unreachable(Cause::Starting | Cause::ShuttingDown) => Severity::Notable,
        K::Unreachable(_) => Severity::Bad,
        K::ContainerDied { code, .. } if *code == 0 => Severity::Notable,
        K::ContainerDied { .. } => Severity::Bad,
        K::LockTaken { .. }
        | K::LockRetaken(_)
        | K::Promoted { .. }
        | K::Demoted
        | K::TimelineChanged { .. }
        | K::TimelineSwitched { .. }
        | K::FailoverRequested(_)
        | K::Paused(_)
        | K::MemberReconnected { .. }
        | K::Failsafe(_)
        | K::Initialized { .. }
        | K::Restarted
        | K::Ours(_)
        | K::Container(
            ContainerAction::Killed { .. }
            | ContainerAction::Paused
            | ContainerAction::Stopped
            | ContainerAction::Restarted
            | ContainerAction::Disconnected(_),
        ) => Severity::Notable,
        K::Container(ContainerAction::Health(health)) if health == "unhealthy" => Severity::Bad,
        K::Container(ContainerAction::Health(health)) if health == "healthy" => Severity::Good,
        K::Reachable { .. }
        | K::ReplicationStarted { .. }
        | K::PoolServed { .. }
        | K::Container(ContainerAction::Started | ContainerAction::Unpaused) => Severity::Good,
        K::ServerStatus { to, .. } => match to {
            ServerStatus::Up => Severity::Good,
            ServerStatus::Down => Severity::Bad,
            ServerStatus::Failing { .. } | ServerStatus::Maintenance | ServerStatus::Draining => Severity::Notable,
            ServerStatus::Rising { .. } | ServerStatus::Unchecked | ServerStatus::Other(_) => Severity::Info,
        },
        K::SyncStandbys(standbys) if standbys.is_empty() => Severity::Notable,
        K::MemberState { to, .. } | K::RestState { to, .. } => match to.as_str() {
            "running" | "streaming" => Severity::Good,
            "crashed" | "start failed" | "stop failed" | "initdb failed" | "custom bootstrap failed" => Severity::Bad,
            _ => Severity::Info,
        },
        K::LockHeld(_)
        | K::MemberAppeared { .. }
        | K::MemberRole { .. }
        | K::RestRole { .. }
        | K::FailoverCleared
        | K::Configured(_)
        | K::SyncStandbys(_)
        | K::ReplicationMoved { .. }
        | K::Container(_) => Severity::Info,
    }
}

/// How a process ended, from its exit code: `exited 137 (SIGKILL)`.
pub fn exit_text(code: i64) -> String {
    match code.checked_sub(128).and_then(|signal| i32::try_from(signal).ok()) {
        Some(signal @ 1..=64) => format!("exited {code} ({})", signal_name(signal)),
        _ => format!("exited {code}"),
    }
}

/// `SIGKILL` for 9; the number where it has no name that is worth one.
pub fn signal_name(signal: i32) -> String {
    match signal {
        1 => "SIGHUP".to_owned(),
        2 => "SIGINT".to_owned(),
        3 => "SIGQUIT".to_owned(),
        6 => "SIGABRT".to_owned(),
        9 => "SIGKILL".to_owned(),
        10 => "SIGUSR1".to_owned(),
        11 => "SIGSEGV".to_owned(),
        12 => "SIGUSR2".to_owned(),
        15 => "SIGTERM".to_owned(),
        other => format!("signal {other}"),
    }
}

fn describe_ending(code: i64, ending: Ending) -> String {
    match ending {
        Ending::Plain => exit_text(code),
        Ending::GraceOver(grace) => format!("exited {code} (SIGKILL after {} of SIGTERM)", seconds(grace)),
        Ending::OutOfMemory => format!("exited {code} (out of memory)"),
    }
}

fn describe_promotion(from: Option<Timeline>, to: Option<Timeline>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("promoted: timeline {from} → {to}"),
        (None, Some(to)) => format!("promoted: timeline {to}"),
        (_, None) => "promoted".to_owned(),
    }
}

fn describe_request(request: &FailoverRequest) -> String {
    let what = if request.leader.is_some() {
        "switchover"
    } else {
        "failover"
    };
    let to = request
        .candidate
        .as_ref()
        .map(|name| format!(" to {name}"))
        .unwrap_or_default();
    let when = request
        .scheduled_at
        .as_ref()
        .map(|at| format!(" at {at}"))
        .unwrap_or_default();
    format!("{what}{to} requested{when}")
}

/// `0.4 s`, `31.2 s`; from a hundred seconds on without the fraction.
fn seconds(span: Duration) -> String {
    let decimals = usize::from(span < Duration::from_secs(100));
    format!("{:.decimals$} s", span.as_secs_f64())
}

/// Patroni's word, or a mark where it wrote none.
fn word(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}
