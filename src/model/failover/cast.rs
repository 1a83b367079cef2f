//! Who is who while facts come: what a fact's subject is, and how the cluster is set up. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::super::authority::{Verdict, authorities, member_behind, write_pool};
use super::super::clock::Step;
use super::super::cluster::Cluster;
use super::super::container::ContainerKind;
use super::super::fact::{Fact, FactKind};
use super::super::finding::commits_wait;
use super::super::link::SourceId;
use super::super::member::members;
use super::super::name::MemberName;
use super::super::prediction::Timing;
use super::super::takeover::{Candidate, candidates};
use super::super::time::Timestamp;
use super::measured;
use super::picture::Picture;

/// What a name belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A member, its container, or its server in HAProxy.
    Member(MemberName),
    /// ZooKeeper.
    Store,
    /// HAProxy.
    Proxy,
}

/// What facts leave open, as it is after them.
#[derive(Clone, Debug, Default)]
pub struct Cast {
    /// Who holds the lock, or held it last.
    pub leader: Option<MemberName>,
    /// What containers, members and proxies are, by name.
    pub parts: BTreeMap<String, Part>,
    /// Members that HAProxy's servers stand for, by server name.
    pub servers: BTreeMap<String, MemberName>,
    /// The pools that take writes.
    pub pools: BTreeSet<String>,
    /// Members that the pools for writes send connections to now.
    pub served: BTreeSet<MemberName>,
    /// Members whose PostgreSQL ever answered.
    pub answered: BTreeSet<MemberName>,
    /// ZooKeeper's znodes were ever read.
    pub store_known: bool,
    /// Who could take over now, and why not.
    pub candidates: Vec<Candidate>,
    /// The cluster is paused.
    pub paused: bool,
    /// What the phases depend on.
    pub timing: Timing,
    /// Whether all that can know name one leader; `None` where too little is known.
    pub agreed: Option<bool>,
    /// Commits wait for a synchronous standby that is not there.
    pub stalled: bool,
    /// A break in time that spoils what begins now.
    pub stepped: Option<Step>,
    /// Every fresh answer of a source that is asked is at least this new.
    pub confirmed: Timestamp,
    /// What it looks like.
    pub picture: Picture,
}

/// What begins now is measured from a little before on; and what was set stays so.
fn spoils(step: &Step, now: Timestamp) -> bool {
    step.lasts() || step.at >= measured::window(now)
}

impl Cast {
    /// As the cluster is known now.
    pub fn of(cluster: &Cluster, now: Timestamp) -> Self {
        let mut parts = BTreeMap::new();
        for container in cluster.ours() {
            let part = match container.kind {
                ContainerKind::Patroni { .. } => Part::Member(cluster.member_in(container)),
                ContainerKind::ZooKeeper { .. } => Part::Store,
                ContainerKind::Proxy { .. } => Part::Proxy,
                ContainerKind::Other => continue,
            };
            parts.insert(container.name.to_string(), part);
        }
        parts.extend(cluster.proxies.keys().map(|proxy| (proxy.to_string(), Part::Proxy)));
        let members = members(cluster, now);
        for member in &members {
            parts.insert(member.name.to_string(), Part::Member(member.name.clone()));
        }
        let mut cast = Self {
            leader: cluster.lock_holder().or_else(|| cluster.memory.last_holder()).cloned(),
            parts,
            answered: cluster.sql.keys().cloned().collect(),
            store_known: cluster.dcs.is_some(),
            candidates: candidates(cluster, now),
            paused: cluster
                .snapshot()
                .and_then(|dcs| dcs.config.as_ref())
                .is_some_and(|config| config.pause),
            timing: Timing::of(cluster, now),
            agreed: match authorities(cluster, now).verdict {
                Verdict::Agree(_) => Some(true),
                Verdict::Disagree(_) | Verdict::NoLeader => Some(false),
                Verdict::Unknown(_) => None,
            },
            stalled: commits_wait(cluster, now),
            stepped: cluster.steps.iter().rfind(|step| spoils(step, now)).copied(),
            confirmed: confirmed(cluster, now),
            picture: Picture::of(cluster, &members, now),
            ..Self::default()
        };
        for pool in cluster.proxies.values().filter_map(|proxy| write_pool(&proxy.value)) {
            cast.pools.insert(pool.name.clone());
            for server in &pool.servers {
                let member = member_behind(cluster, server);
                if server.status.takes_connections() {
                    cast.served.insert(member.clone());
                }
                cast.servers.insert(server.name.clone(), member);
            }
        }
        cast
    }

    /// What a subject is.
    pub fn part(&self, subject: Option<&str>) -> Option<Part> {
        self.parts.get(subject?).cloned()
    }

    /// For a fact about a server that takes writes: its member, and whether it takes connections now.
    pub fn routes(&self, fact: &Fact) -> Option<(MemberName, bool)> {
        let FactKind::ServerStatus { pool, to, .. } = &fact.kind else {
            return None;
        };
        let member = self.servers.get(fact.subject.as_deref()?)?;
        self.pools
            .contains(pool)
            .then(|| (member.clone(), to.takes_connections()))
    }

    /// Somebody could take over now.
    pub fn is_redundant(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.verdict.is_ok())
    }
}

/// The oldest of the fresh answers; `now` without any.
fn confirmed(cluster: &Cluster, now: Timestamp) -> Timestamp {
    let sql = cluster
        .sql
        .iter()
        .map(|(member, known)| (SourceId::Postgres(member.clone()), known.at));
    let rest = cluster
        .rest
        .iter()
        .map(|(member, known)| (SourceId::Patroni(member.clone()), known.at));
    let proxies = cluster
        .proxies
        .iter()
        .map(|(proxy, known)| (SourceId::Proxy(proxy.clone()), known.at));
    let answers = sql.chain(rest).chain(proxies);
    let fresh = answers.filter(|(source, _)| cluster.freshness(source, now).is_fresh());
    fresh.map(|(_, at)| at).min().unwrap_or(now)
}
