//! Who could take over now, by Patroni's own rules, and why the others could not.
//!
//! Pure. Patroni asks (`is_healthiest_node` in `ha.py`): does it run, may it (watchdog, tags, `/sync` or its quorum, pause, a request
//! for another), is it close enough (the leader's last written position less its own against `maximum_lag_on_failover`),
//! is the old primary gone; with `check_timeline` also, is it on the cluster's timeline. It does not ask whether a member
//! streams, or is on a timeline that the cluster does not have: such a member it would promote, at a loss. See
//! [`Obstacle::forbids`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::cluster::Cluster;
use super::dcs::{DcsMember, DcsSnapshot, PatroniRole};
use super::link::{LinkState, SourceId};
use super::member::{Condition, Member, members};
use super::name::MemberName;
use super::postgres::{SqlRole, SqlStatus};
use super::prediction::is_before;
use super::text::shortened;
use super::time::Timestamp;
use super::wal::{Lsn, Timeline};

/// Patroni's `maximum_lag_on_failover` where the configuration does not set it.
pub const DEFAULT_MAXIMUM_LAG: u64 = 1024 * 1024;

/// A member that does not lead.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Candidate {
    /// Which.
    pub member: MemberName,
    /// Whether it could take over now, and all that stands against it.
    pub verdict: Result<(), Vec<Obstacle>>,
}

/// What keeps a member from taking over. Displayed in few words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obstacle {
    /// It does not run or answer: its state.
    Down(String),
    /// It is on its way to another state: which it is in.
    NotReady(String),
    /// Its Patroni does not answer: nobody would promote it.
    PatroniDown,
    /// It is not in ZooKeeper.
    NotAMember,
    /// ZooKeeper does not answer: no lock can be taken.
    StoreDown,
    /// The cluster is paused.
    Paused,
    /// Its tag `nofailover`.
    NoFailover,
    /// Its tag `failover_priority: 0`.
    PriorityZero,
    /// Too far behind.
    Lag {
        /// Bytes behind what the leader last wrote to ZooKeeper.
        behind: u64,
        /// Bytes allowed.
        allowed: u64,
    },
    /// Its position is not known.
    PositionUnknown,
    /// The leader runs, and it does not stream from it.
    NotStreaming,
    /// On an older timeline than the cluster.
    TimelineBehind {
        /// Its own.
        own: Timeline,
        /// The cluster's.
        cluster: Timeline,
        /// `check_timeline` is on.
        checked: bool,
    },
    /// On a timeline that the cluster does not have.
    Diverged {
        /// Its own.
        own: Timeline,
        /// The cluster's.
        cluster: Timeline,
    },
    /// Synchronous mode, and `/sync` does not list it.
    NotSynchronous,
    /// Quorum commit, and too few of those in `/sync` could confirm it.
    Votes {
        /// Those who could.
        have: u32,
        /// So many have to.
        need: u32,
    },
    /// The lock is free, and this one still says that it is a primary.
    PrimaryAlive(MemberName),
    /// Its data is of another cluster.
    OtherCluster,
    /// A request names this other member.
    Requested(MemberName),
    /// Its watchdog is required and cannot be used.
    WatchdogFailed,
}

impl Obstacle {
    /// Patroni refuses it for this. If not, it promotes the member all the same, and something is lost.
    pub fn forbids(&self) -> bool {
        match self {
            Self::NotStreaming | Self::Diverged { .. } => false,
            Self::TimelineBehind { checked, .. } => *checked,
            _ => true,
        }
    }
}

impl Candidate {
    /// Patroni would promote it, although something stands against it.
    pub fn at_a_loss(&self) -> bool {
        let obstacles = self.verdict.as_ref().err();
        obstacles.is_some_and(|obstacles| !obstacles.iter().any(Obstacle::forbids))
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Anything may stand in a znode.
            Self::Down(state) | Self::NotReady(state) => f.write_str(&shortened(state, 40)),
            Self::PatroniDown => f.write_str("its Patroni does not answer"),
            Self::NotAMember => f.write_str("not in ZooKeeper"),
            Self::StoreDown => f.write_str("ZooKeeper does not answer"),
            Self::Paused => f.write_str("cluster is paused"),
            Self::NoFailover => f.write_str("tag nofailover"),
            Self::PriorityZero => f.write_str("failover_priority 0"),
            Self::Lag { behind, allowed } => write!(f, "{} behind, {} allowed", size(*behind), size(*allowed)),
            Self::PositionUnknown => f.write_str("position unknown"),
            Self::NotStreaming => f.write_str("does not stream"),
            Self::TimelineBehind { own, cluster, .. } => write!(f, "timeline {own}, cluster on {cluster}"),
            Self::Diverged { own, cluster } => write!(f, "diverged: timeline {own}, cluster on {cluster}"),
            Self::NotSynchronous => f.write_str("not in /sync"),
            Self::Votes { have, need } => write!(f, "{have} of {need} votes of /sync"),
            Self::PrimaryAlive(other) => write!(f, "{other} is still a primary"),
            Self::OtherCluster => f.write_str("data of another cluster"),
            Self::Requested(other) => write!(f, "{other} is requested"),
            Self::WatchdogFailed => f.write_str("its watchdog cannot be used"),
        }
    }
}

/// `12 MB`, `1.5 MB`, `800 kB`, in steps of 1024.
pub fn size(bytes: u64) -> String {
    const MB: u64 = 1024 * 1024;
    match bytes {
        0..1024 => format!("{bytes} B"),
        1024..MB => format!("{} kB", bytes / 1024),
        _ if bytes.is_multiple_of(MB) || bytes >= 10 * MB => format!("{} MB", bytes / MB),
        _ => format!("{}.{} MB", bytes / MB, bytes % MB * 10 / MB),
    }
}

/// Everyone but the holder of the lock; everyone while it is free.
pub fn candidates(cluster: &Cluster, now: Timestamp) -> Vec<Candidate> {
    let everyone = members(cluster, now);
    everyone
        .iter()
        .filter(|member| cluster.lock_holder() != Some(&member.name))
        .map(|member| {
            let obstacles = obstacles(cluster, &everyone, member, now);
            Candidate {
                member: member.name.clone(),
                verdict: if obstacles.is_empty() { Ok(()) } else { Err(obstacles) },
            }
        })
        .collect()
}

/// How many could take over now.
pub fn redundancy(cluster: &Cluster, now: Timestamp) -> usize {
    candidates(cluster, now)
        .iter()
        .filter(|candidate| candidate.verdict.is_ok())
        .count()
}

fn obstacles(cluster: &Cluster, everyone: &[Member], member: &Member, now: Timestamp) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    match member.condition {
        Condition::Down | Condition::Unknown => obstacles.push(Obstacle::Down(member.state.clone())),
        Condition::Changing => obstacles.push(Obstacle::NotReady(member.state.clone())),
        Condition::Well | Condition::Impaired => {}
    }
    if !cluster.freshness(&SourceId::ZooKeeper, now).is_fresh() {
        obstacles.push(Obstacle::StoreDown);
    }
    let silent = matches!(
        cluster.links.get(&SourceId::Patroni(member.name.clone())),
        Some(LinkState::Down { .. })
    );
    if silent && obstacles.is_empty() {
        obstacles.push(Obstacle::PatroniDown);
    }
    let rest = cluster.fresh_rest(&member.name, now);
    if rest.is_some_and(|rest| rest.watchdog_failed) {
        obstacles.push(Obstacle::WatchdogFailed);
    }
    let Some(dcs) = cluster.snapshot() else {
        return obstacles;
    };
    let Some(entry) = dcs.member(&member.name) else {
        obstacles.push(Obstacle::NotAMember);
        return obstacles;
    };
    obstacles.extend(by_rule(dcs, entry));
    obstacles.extend(by_sync(dcs, everyone, &member.name));
    obstacles.extend(by_others(cluster, member, now));
    let down = member.condition == Condition::Down;
    if !down {
        obstacles.extend(by_place(cluster, timeline(dcs, everyone), member, now));
    }
    obstacles
}

/// What the configuration, the tags and a request say.
fn by_rule(dcs: &DcsSnapshot, member: &DcsMember) -> Vec<Obstacle> {
    let config = dcs.config.as_ref();
    let mut obstacles = Vec::new();
    if config.is_some_and(|config| config.pause) {
        obstacles.push(Obstacle::Paused);
    }
    if member.tags.nofailover {
        obstacles.push(Obstacle::NoFailover);
    } else if member.tags.failover_priority.is_some_and(|priority| priority <= 0) && !ignores_priority(member) {
        obstacles.push(Obstacle::PriorityZero);
    }
    let requested = dcs.failover.as_ref().and_then(|request| request.candidate.as_ref());
    if let Some(other) = requested.filter(|other| **other != member.name) {
        obstacles.push(Obstacle::Requested(other.clone()));
    }
    obstacles
}

/// Patroni before 3.2 knows no `failover_priority`.
fn ignores_priority(member: &DcsMember) -> bool {
    member
        .version
        .as_deref()
        .is_some_and(|version| is_before(version, (3, 2)))
}

/// What synchronous mode says, while it is in force: `/sync` names its leader.
fn by_sync(dcs: &DcsSnapshot, everyone: &[Member], name: &MemberName) -> Option<Obstacle> {
    let config = dcs.config.as_ref().filter(|config| config.synchronous_mode)?;
    let sync = dcs.sync.as_ref()?;
    let leader = sync.leader.as_ref()?;
    let is = |one: &MemberName, other: &MemberName| one.as_str().eq_ignore_ascii_case(other.as_str());
    let listed = is(leader, name) || sync.lists(name);
    if !config.quorum_commit {
        return (!listed).then_some(Obstacle::NotSynchronous);
    }
    // Its own vote counts if it is one of the voters; those of the others if they run. The leader is lost by then.
    let lost = dcs.leader.as_ref().map(|lock| &lock.holder);
    let runs = |voter: &&MemberName| {
        let mut members = everyone.iter().filter(|member| is(&member.name, voter));
        members.any(|member| matches!(member.condition, Condition::Well | Condition::Impaired))
    };
    let voters = std::iter::once(leader).chain(&sync.standbys);
    let others = voters.filter(|voter| !is(voter, name) && Some(*voter) != lost);
    let have = u32::try_from(others.filter(runs).count()).unwrap_or(u32::MAX);
    let need = sync.quorum.unwrap_or(0) + u32::from(!listed);
    (have < need).then_some(Obstacle::Votes { have, need })
}

/// While the lock is free, a member that still is a primary keeps everyone else from it.
fn by_others(cluster: &Cluster, member: &Member, now: Timestamp) -> Option<Obstacle> {
    if cluster.lock_holder().is_some() {
        return None;
    }
    let others = cluster.rest.keys().filter(|name| **name != member.name);
    let primary = |name: &&MemberName| {
        let rest = cluster.fresh_rest(name, now);
        rest.is_some_and(|rest| rest.role == PatroniRole::Primary && rest.state == "running")
    };
    others.into_iter().find(primary).cloned().map(Obstacle::PrimaryAlive)
}

/// Where it is in the log.
fn by_place(cluster: &Cluster, of_cluster: Option<Timeline>, member: &Member, now: Timestamp) -> Vec<Obstacle> {
    let mut obstacles = Vec::new();
    let Some(dcs) = cluster.snapshot() else {
        return obstacles;
    };
    let sql = cluster.fresh_sql(&member.name, now);
    let rest = cluster.fresh_rest(&member.name, now);
    let id = sql
        .map(|sql| sql.system_id.as_str())
        .or_else(|| rest.and_then(|rest| rest.system_id.as_deref()));
    let own_cluster = dcs.initialize.as_deref().filter(|id| !id.is_empty());
    if let (Some(id), Some(own)) = (id.filter(|id| !id.is_empty()), own_cluster)
        && id != own
    {
        obstacles.push(Obstacle::OtherCluster);
    }
    let position: Option<Lsn> = match sql.map(|sql| &sql.role) {
        Some(SqlRole::Standby(standby)) => standby.received.max(standby.replayed),
        Some(SqlRole::Primary { current }) => Some(*current),
        None => None,
    };
    let position = position
        .or_else(|| rest.and_then(|rest| rest.location.max(rest.replayed)))
        .or_else(|| dcs.member(&member.name)?.xlog_location);
    let allowed = dcs.config.as_ref().and_then(|config| config.maximum_lag_on_failover);
    let allowed = allowed.unwrap_or(DEFAULT_MAXIMUM_LAG);
    match (dcs.optime, position) {
        (Some(optime), Some(position)) if optime.bytes_since(position) > allowed => obstacles.push(Obstacle::Lag {
            behind: optime.bytes_since(position),
            allowed,
        }),
        (_, None) => obstacles.push(Obstacle::PositionUnknown),
        _ => {}
    }
    let holder = cluster.lock_holder();
    let leader_runs = holder
        .and_then(|holder| cluster.fresh_sql(holder, now))
        .is_some_and(SqlStatus::is_writable);
    match (member.timeline, of_cluster) {
        (Some(own), Some(cluster)) if own > cluster => obstacles.push(Obstacle::Diverged { own, cluster }),
        (Some(own), Some(cluster)) if own < cluster => obstacles.push(Obstacle::TimelineBehind {
            own,
            cluster,
            checked: dcs.config.as_ref().is_some_and(|config| config.check_timeline),
        }),
        _ if leader_runs && member.condition == Condition::Impaired => obstacles.push(Obstacle::NotStreaming),
        _ => {}
    }
    obstacles
}

/// The cluster's timeline: the leader's own, which is a second ahead of `history` after a promotion; `history` where
/// nobody leads; unknown where there is neither.
pub fn timeline(dcs: &DcsSnapshot, everyone: &[Member]) -> Option<Timeline> {
    let leader = everyone.iter().find(|member| member.role.leads());
    let written = (!dcs.history.is_empty()).then(|| dcs.timeline());
    leader.and_then(|leader| leader.timeline).max(written)
}

#[cfg(test)]
mod tests;
