//! The cluster as it was at one instant, as small plain data: what tables before, during and after an episode need. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::authority::write_pool;
use super::super::cluster::Cluster;
use super::super::container::ContainerState;
use super::super::dcs::DynamicConfig;
use super::super::member::{Lag, Member, MemberRole};
use super::super::name::{ContainerName, MemberName};
use super::super::time::Timestamp;
use super::super::wal;
use super::timeline::Timeline;

/// Pictures kept while nothing happens: what was one of them when a fault comes was the cluster before it.
const RECENT: usize = 8;

/// Until then the picture of a fault is taken anew.
const SHOWS: Duration = Duration::from_millis(1_500);

/// The cluster at one instant.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Picture {
    /// When.
    pub at: Timestamp,
    /// Patroni's scope.
    pub scope: Option<String>,
    /// The cluster's system identifier.
    pub system_id: Option<String>,
    /// Patroni's dynamic configuration; `None` if it was never read.
    pub config: Option<DynamicConfig>,
    /// Versions of ZooKeeper that its servers told.
    pub store_versions: Vec<String>,
    /// The members in the order of their names.
    pub members: Vec<MemberSeen>,
    /// The cluster's containers in Docker's order.
    pub containers: Vec<ContainerSeen>,
    /// Servers of the pools that take writes, in HAProxy's order.
    pub servers: Vec<ServerSeen>,
}

/// A member in a picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemberSeen {
    /// Its name.
    pub name: MemberName,
    /// Where its PostgreSQL is, as the members reach each other (`pg-master:5432`); else its container.
    pub host: Option<String>,
    /// Its role.
    pub role: MemberRole,
    /// Its state in few words.
    pub state: String,
    /// Its timeline.
    pub timeline: Option<wal::Timeline>,
    /// What it had not received.
    pub receive_lag: Lag,
    /// What it had not replayed.
    pub replay_lag: Lag,
    /// The lags are as old as Patroni's last round.
    pub lag_estimated: bool,
    /// `server_version_num` of its PostgreSQL, if that ever answered.
    pub postgres: Option<u32>,
    /// Its Patroni's version.
    pub patroni: Option<String>,
}

/// A container in a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerSeen {
    /// Its name.
    pub name: ContainerName,
    /// Its compose service.
    pub service: Option<String>,
    /// Its command.
    pub command: String,
    /// Its image.
    pub image: String,
    /// Its state.
    pub state: ContainerState,
    /// The same as text, with the signal that ended it.
    pub state_text: String,
    /// Health, with a health check.
    pub health: Option<String>,
    /// Its ports as text.
    pub ports: String,
}

/// A server of HAProxy in a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSeen {
    /// The pool.
    pub pool: String,
    /// The server.
    pub name: String,
    /// `UP`, `DOWN 1/2`, …
    pub status: String,
    /// Its last check: `L7STS/503`.
    pub check: Option<String>,
}

impl Picture {
    /// There is nothing on it.
    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.containers.is_empty()
    }

    /// As the cluster is known now; `members` are those of [`members`](super::super::member::members).
    pub fn of(cluster: &Cluster, members: &[Member], now: Timestamp) -> Self {
        let dcs = cluster.snapshot();
        let store = cluster.store.iter().flat_map(|store| &store.value.servers);
        let pools = cluster.proxies.values().filter_map(|proxy| write_pool(&proxy.value));
        Self {
            at: now,
            scope: cluster.scope.clone(),
            system_id: dcs.and_then(|dcs| dcs.initialize.clone()).filter(|id| !id.is_empty()),
            config: dcs.and_then(|dcs| dcs.config.clone()),
            store_versions: store.filter_map(|server| server.version.clone()).collect(),
            members: members.iter().map(|member| MemberSeen::of(cluster, member)).collect(),
            containers: cluster
                .ours()
                .map(|container| ContainerSeen {
                    name: container.name.clone(),
                    service: container.compose.as_ref().map(|compose| compose.service.clone()),
                    command: container.command_text(),
                    image: container.image.clone(),
                    state: container.state.clone(),
                    state_text: container.state_text(),
                    health: container.health.clone(),
                    ports: container.ports_text(),
                })
                .collect(),
            servers: pools
                .flat_map(|pool| pool.servers.iter().map(|server| (&pool.name, server)))
                .map(|(pool, server)| ServerSeen {
                    pool: pool.clone(),
                    name: server.name.clone(),
                    status: server.status.to_string(),
                    check: server.check.as_ref().map(|check| match server.check_code {
                        Some(code) => format!("{check}/{code}"),
                        None => check.clone(),
                    }),
                })
                .collect(),
        }
    }
}

impl MemberSeen {
    fn of(cluster: &Cluster, member: &Member) -> Self {
        let entry = cluster.snapshot().and_then(|dcs| dcs.member(&member.name));
        let rest = cluster.rest.get(&member.name).map(|known| &known.value);
        let connect = entry.and_then(|entry| entry.connect.as_ref());
        Self {
            name: member.name.clone(),
            host: connect
                .map(|(host, port)| format!("{host}:{port}"))
                .or_else(|| member.container.as_ref().map(ToString::to_string)),
            role: member.role,
            state: member.state.clone(),
            timeline: member.timeline,
            receive_lag: member.receive_lag,
            replay_lag: member.replay_lag,
            lag_estimated: member.lag_estimated,
            postgres: cluster.sql.get(&member.name).map(|known| known.value.version),
            patroni: entry
                .and_then(|entry| entry.version.clone())
                .or_else(|| rest.and_then(|rest| rest.version.clone())),
        }
    }
}

/// What a picture of an episode was taken at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// Before the fault.
    Before,
    /// The first sign of it.
    Struck,
    /// The lock was free.
    LockFree,
    /// The lock was taken.
    LockTaken,
    /// Clients could write again.
    Writable,
    /// The end of the episode.
    Over,
}

/// The pictures of an episode: one a [`Moment`] at most, in their order.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Album(Vec<(Moment, Picture)>);

impl Album {
    pub(super) fn pictures(&self) -> &[(Moment, Picture)] {
        &self.0
    }

    pub(super) fn add(&mut self, moment: Moment, picture: &Picture) {
        if picture.is_empty() {
            return;
        }
        if let Err(place) = self.0.binary_search_by_key(&moment, |(taken, _)| *taken) {
            self.0.insert(place, (moment, picture.clone()));
        }
    }

    /// Takes a picture of each moment that has come.
    pub(super) fn look(&mut self, timeline: &Timeline, picture: &Picture) {
        // A fault shows within moments, not at its first sign.
        if picture.at.since(timeline.fault.at) <= SHOWS {
            self.0.retain(|(moment, _)| *moment != Moment::Struck);
        }
        self.add(Moment::Struck, picture);
        // A lock that is taken at once is never seen free.
        if timeline.freed.is_some() && timeline.taken.is_none() {
            self.add(Moment::LockFree, picture);
        }
        if timeline.taken.is_some() {
            self.add(Moment::LockTaken, picture);
        }
        if timeline
            .writable
            .is_some_and(|writable| writable.at >= timeline.fault.at)
        {
            self.add(Moment::Writable, picture);
        }
    }
}

/// The pictures of the last seconds, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Recent(VecDeque<Picture>);

impl Recent {
    pub(super) fn add(&mut self, picture: Picture) {
        if picture.is_empty() {
            return;
        }
        self.0.push_back(picture);
        if self.0.len() > RECENT {
            self.0.pop_front();
        }
    }

    /// The newest of those taken before `at`.
    pub(super) fn before(&self, at: Timestamp) -> Option<&Picture> {
        self.0.iter().rev().find(|picture| picture.at < at)
    }
}
