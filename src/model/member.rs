//! Members as rows: what ZooKeeper, Docker, PostgreSQL and Patroni say about each, joined.
//!
//! Pure. Liveness is believed in this order: Docker, SQL, REST, ZooKeeper; ZooKeeper calls a dead leader `running` until
//! its session expires.

mod lag;
mod problem;
mod state;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cluster::{Cluster, Freshness};
use super::container::{Container, ContainerState, Usage};
use super::dcs::{DcsMember, PatroniRole, Tags};
use super::link::SourceId;
use super::name::{ContainerName, MemberName};
use super::patroni::RestStatus;
use super::postgres::{SqlRole, SqlStatus, TimelineSource};
use super::time::Timestamp;
use super::wal::Timeline;

/// One member, or one Patroni container that is no member yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// Its name; that of its container while Patroni has not told its own.
    pub name: MemberName,
    /// Its container.
    pub container: Option<ContainerName>,
    /// What Docker says of that.
    pub container_state: Option<ContainerState>,
    /// Its role.
    pub role: MemberRole,
    /// Its state in few words: `streaming`, `running`, `exited 137`, `no answer`.
    pub state: String,
    /// The same in a form to colour by.
    pub condition: Condition,
    /// Its timeline by the best source.
    pub timeline: Option<Timeline>,
    /// What the leader has written and this standby has not received.
    pub receive_lag: Lag,
    /// What the leader has written and this standby has not replayed.
    pub replay_lag: Lag,
    /// The lags come from ZooKeeper on one side at least: as old as Patroni's last round.
    pub lag_estimated: bool,
    /// Age of the last replayed transaction while there are more to replay; zero while there are none.
    pub time_lag: Option<Duration>,
    /// What its container uses.
    pub usage: Option<Usage>,
    /// When its container, or else its PostgreSQL, started; `None` while it is down.
    pub up_since: Option<Timestamp>,
    /// When it last answered us itself, over SQL or REST.
    pub seen: Option<Timestamp>,
    /// Whether it answers us itself now.
    pub freshness: Freshness,
    /// Its tags.
    pub tags: Tags,
    /// Sees the cluster paused.
    pub pause: bool,
    /// Waits for a restart to take new settings.
    pub pending_restart: bool,
    /// What is wrong with it, one sentence each; empty is well.
    pub problems: Vec<String>,
}

/// A member's role. The lock decides who leads; PostgreSQL decides who is a primary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Holds the lock.
    Leader,
    /// Holds the lock of a cluster that follows another one.
    StandbyLeader,
    /// Follows.
    Replica,
    /// Follows, and commits wait for it.
    SyncStandby,
    /// Follows, and is one of those of which commits wait for some.
    QuorumStandby,
    /// Is a primary and does not hold the lock: the danger.
    PrimaryWithoutLock,
    /// Held the lock last and does not answer.
    FormerLeader,
    /// Nobody says.
    Unknown,
}

impl MemberRole {
    /// As patronictl writes it, where it knows the role.
    pub fn name(self) -> &'static str {
        match self {
            Self::Leader => "Leader",
            Self::StandbyLeader => "Standby Leader",
            Self::Replica => "Replica",
            Self::SyncStandby => "Sync Standby",
            Self::QuorumStandby => "Quorum Standby",
            Self::PrimaryWithoutLock => "Primary, no lock",
            Self::FormerLeader => "was Leader",
            Self::Unknown => "–",
        }
    }

    /// Holds the lock.
    pub fn leads(self) -> bool {
        matches!(self, Self::Leader | Self::StandbyLeader)
    }
}

/// A member's state in classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Condition {
    /// Does what its role asks for.
    Well,
    /// On its way to another state.
    Changing,
    /// Runs, and does not do what its role asks for.
    Impaired,
    /// Does not run or does not answer.
    Down,
    /// Nobody says.
    Unknown,
}

/// Distance to the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lag {
    /// It leads.
    NotApplicable,
    /// A position is missing, or the timelines differ so that the difference means nothing.
    Unknown,
    /// In bytes of write-ahead log.
    Bytes(u64),
}

/// Everything that is said about one member, collected once for all that is worked out of it.
struct Sight<'a> {
    cluster: &'a Cluster,
    now: Timestamp,
    name: &'a MemberName,
    container: Option<&'a Container>,
    dcs: Option<&'a DcsMember>,
    sql: Option<&'a SqlStatus>,
    rest: Option<&'a RestStatus>,
}

impl<'a> Sight<'a> {
    fn new(cluster: &'a Cluster, name: &'a MemberName, now: Timestamp) -> Self {
        Self {
            cluster,
            now,
            name,
            container: cluster.container_of(name),
            dcs: cluster.snapshot().and_then(|dcs| dcs.member(name)),
            sql: cluster.fresh_sql(name, now),
            rest: cluster.fresh_rest(name, now),
        }
    }

    /// What Docker says if it answers and the container does not run.
    fn not_running(&self) -> Option<&'a Container> {
        self.container.filter(|container| !container.is_running())
    }

    fn holds_lock(&self) -> bool {
        self.cluster.lock_holder() == Some(self.name)
    }

    fn is_primary(&self) -> bool {
        self.sql.is_some_and(|sql| matches!(sql.role, SqlRole::Primary { .. }))
    }

    fn store_fresh(&self) -> bool {
        self.cluster.freshness(&SourceId::ZooKeeper, self.now).is_fresh()
    }

    fn role(&self) -> MemberRole {
        let standby = || {
            let sync = self.cluster.snapshot().and_then(|dcs| dcs.sync.as_ref());
            let listed = |sync: &&super::dcs::SyncState| sync.lists(self.name);
            match sync.filter(listed) {
                Some(sync) if sync.quorum.is_some_and(|quorum| quorum > 0) => MemberRole::QuorumStandby,
                Some(_) => MemberRole::SyncStandby,
                None => MemberRole::Replica,
            }
        };
        let in_recovery = self.sql.is_some() && !self.is_primary();
        if self.holds_lock() && (self.store_fresh() || !in_recovery) {
            return match self.dcs.map(|member| &member.role) {
                Some(PatroniRole::StandbyLeader) => MemberRole::StandbyLeader,
                _ => MemberRole::Leader,
            };
        }
        let answer = self.sql.map(|_| self.is_primary()).or_else(|| {
            let role = &self.rest?.role;
            match role {
                PatroniRole::Primary | PatroniRole::Promoted => Some(true),
                PatroniRole::Replica => Some(false),
                _ => None,
            }
        });
        match answer {
            Some(true) => MemberRole::PrimaryWithoutLock,
            Some(false) => standby(),
            None if self.cluster.memory.last_holder() == Some(self.name) => MemberRole::FormerLeader,
            None => match (self.dcs.map(|member| &member.role), self.last_known_primary()) {
                (Some(PatroniRole::Replica), _) => standby(),
                (Some(PatroniRole::Primary | PatroniRole::Promoted | PatroniRole::Demoted), _) => {
                    MemberRole::FormerLeader
                }
                (_, Some(true)) => MemberRole::FormerLeader,
                (_, Some(false)) => standby(),
                (_, None) => MemberRole::Unknown,
            },
        }
    }

    /// What its PostgreSQL was when it last answered.
    fn last_known_primary(&self) -> Option<bool> {
        let known = self.cluster.sql.get(self.name)?;
        Some(matches!(known.value.role, SqlRole::Primary { .. }))
    }

    fn timeline(&self) -> Option<Timeline> {
        let sql = self.sql.and_then(|sql| sql.timeline);
        let exact = sql.filter(|(_, source)| *source != TimelineSource::ControlFile);
        let stale = || self.cluster.sql.get(self.name).and_then(|known| known.value.timeline);
        exact
            .map(|(timeline, _)| timeline)
            .or_else(|| self.rest.and_then(|rest| rest.timeline))
            .or_else(|| self.dcs.and_then(|member| member.timeline))
            .or_else(|| sql.or_else(stale).map(|(timeline, _)| timeline))
    }

    fn up_since(&self) -> Option<Timestamp> {
        match self.container {
            Some(container) => container
                .started
                .filter(|_| self.not_running().is_none_or(Container::is_paused)),
            None => self.sql.and_then(|sql| sql.started),
        }
    }
}

/// All members in order of their names: those in ZooKeeper, those that are read, and Patroni containers without one.
pub fn members(cluster: &Cluster, now: Timestamp) -> Vec<Member> {
    let in_dcs = cluster.snapshot().into_iter().flat_map(|dcs| &dcs.members);
    let mut names: BTreeSet<MemberName> = in_dcs.map(|member| member.name.clone()).collect();
    names.extend(cluster.targets.nodes.iter().map(|node| node.member.clone()));
    names.extend(cluster.sql.keys().chain(cluster.rest.keys()).cloned());
    let homes: BTreeSet<_> = names
        .iter()
        .filter_map(|name| cluster.container_of(name))
        .map(|container| container.name.clone())
        .collect();
    for container in cluster.patroni_containers() {
        if !homes.contains(&container.name) {
            names.insert(cluster.member_in(container));
        }
    }
    names.iter().map(|name| member(cluster, name, now)).collect()
}

fn member(cluster: &Cluster, name: &MemberName, now: Timestamp) -> Member {
    let sight = Sight::new(cluster, name, now);
    let role = sight.role();
    let (state, condition) = sight.state(role);
    let lags = sight.lags(role);
    let answers = [
        cluster.sql.get(name).map(|known| known.at),
        cluster.rest.get(name).map(|known| known.at),
    ];
    let seen = answers.into_iter().flatten().max();
    let freshness = match seen {
        None => Freshness::Never,
        Some(_) if sight.sql.is_some() || sight.rest.is_some() => Freshness::Fresh,
        Some(since) => Freshness::Stale { since },
    };
    let usage = sight.container.and_then(|container| cluster.usage.get(&container.name));
    Member {
        name: name.clone(),
        container: sight.container.map(|container| container.name.clone()),
        container_state: sight.container.map(|container| container.state.clone()),
        role,
        state,
        condition,
        timeline: sight.timeline(),
        receive_lag: lags.receive,
        replay_lag: lags.replay,
        lag_estimated: lags.estimated,
        time_lag: lags.time,
        usage: usage.filter(|_| sight.not_running().is_none()).map(|known| known.value),
        up_since: sight.up_since(),
        seen,
        freshness,
        tags: sight.dcs.map(|member| member.tags.clone()).unwrap_or_default(),
        pause: sight.dcs.is_some_and(|member| member.pause) || sight.rest.is_some_and(|rest| rest.pause),
        pending_restart: sight.dcs.is_some_and(|member| member.pending_restart)
            || sight.rest.is_some_and(|rest| rest.pending_restart),
        problems: sight.problems(role),
    }
}

#[cfg(test)]
mod tests;
