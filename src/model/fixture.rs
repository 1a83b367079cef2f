//! The reference cluster as a small world for tests: change something, let it report, look at what follows.
//!
//! `postgresql0` in `pg-master` leads, `postgresql1` in `pg-slave` streams, behind `postgres_entrypoint`, with `zoo`.

mod parts;

use std::collections::BTreeMap;
use std::time::Duration;

use super::clock::{Step, StepKind};
use super::cluster::Cluster;
use super::container::{Container, ContainerAction, ContainerEvent, ContainerState, Usage};
use super::dcs::{DcsMember, DcsSnapshot, LeaderLock, PatroniRole, TimelineSwitch};
use super::discovery::clusters;
use super::fact::Fact;
use super::link::{Cause, LinkState, SourceId};
use super::name::{ContainerName, MemberName, ProxyName};
use super::patroni::RestStatus;
use super::postgres::{SqlRole, SqlStatus, Standby};
use super::proxy::ProxySnapshot;
use super::signal::{Report, Signal};
use super::store::{StoreHealth, StoreServer};
use super::time::Timestamp;
use super::topology::{Overrides, targets};
use super::wal::{Lsn, Timeline};

use parts::{dcs_member, znodes};
pub(crate) use parts::{
    haproxy, patroni, pool, primary_rest, primary_sql, server, standby_rest, standby_sql, statistics, stop_receiver,
    zookeeper,
};

/// When the world begins: 2026-11-22 20:00:00 UTC.
pub(crate) const BEGIN: Timestamp = Timestamp::from_millis(1_795_377_600_000);

/// Where the log stands there.
pub(crate) const HEAD: Lsn = Lsn(0x0300_0060);

/// Its system identifier.
pub(crate) const SYSTEM_ID: &str = "7447122583266881560";

/// The leader at the beginning.
pub(crate) const LEADER: &str = "postgresql0";

/// The replica at the beginning.
pub(crate) const REPLICA: &str = "postgresql1";

/// What each source would say, and the cluster as it was read.
#[derive(Clone, Debug)]
pub(crate) struct World {
    /// What was read.
    pub(crate) cluster: Cluster,
    /// The clock.
    pub(crate) now: Timestamp,
    /// What Docker lists.
    pub(crate) containers: Vec<Container>,
    /// What ZooKeeper holds.
    pub(crate) dcs: DcsSnapshot,
    /// What each PostgreSQL says.
    pub(crate) sql: BTreeMap<MemberName, SqlStatus>,
    /// What each Patroni says.
    pub(crate) rest: BTreeMap<MemberName, RestStatus>,
    /// What HAProxy says.
    pub(crate) proxy: ProxySnapshot,
    /// What ZooKeeper's servers say.
    pub(crate) store: StoreHealth,
    /// Containers that use up their CPU limit, and in which share of the time.
    pub(crate) throttled: BTreeMap<ContainerName, f64>,
    /// Sources that do not answer.
    pub(crate) down: BTreeMap<SourceId, Cause>,
    next_zxid: i64,
}

impl World {
    /// ZooKeeper consists of servers that say so of themselves; one without a mode does not answer. To be read with the next
    /// [`World::pass`].
    pub(crate) fn ensemble(&mut self, modes: &[Option<&str>]) {
        let server = |mode: Option<&str>| StoreServer {
            answered: mode.is_some(),
            mode: mode.map(str::to_owned),
            ..StoreServer::default()
        };
        self.store.servers = modes.iter().copied().map(server).collect();
    }

    /// Everything runs and was read once.
    pub(crate) fn healthy() -> Self {
        let (leader, replica) = (MemberName::from(LEADER), MemberName::from(REPLICA));
        let mut world = Self {
            cluster: Cluster::default(),
            now: BEGIN,
            containers: vec![
                patroni("pg-master", LEADER, 2, 5433),
                patroni("pg-slave", REPLICA, 3, 5434),
                zookeeper(),
                haproxy(),
            ],
            dcs: znodes(),
            sql: BTreeMap::from([
                (leader.clone(), primary_sql(1)),
                (replica.clone(), standby_sql(1, "pg-master")),
            ]),
            rest: BTreeMap::from([(leader, primary_rest(1)), (replica, standby_rest(1))]),
            proxy: statistics("pg-master", "pg-slave"),
            store: StoreHealth {
                servers: vec![StoreServer {
                    address: "127.0.0.1:2181".to_owned(),
                    answered: true,
                    mode: Some("standalone".to_owned()),
                    ..StoreServer::default()
                }],
                session_timeout_bounds: Some((Duration::from_secs(4), Duration::from_secs(40))),
                tick: Some(Duration::from_secs(2)),
                session_timeouts: BTreeMap::new(),
            },
            throttled: BTreeMap::new(),
            down: BTreeMap::new(),
            next_zxid: 100,
        };
        world.read();
        world.aim();
        world.read();
        world
    }

    /// Works out the targets anew, as the application does after a report.
    pub(crate) fn aim(&mut self) {
        let found = clusters(&self.containers);
        let targets = targets(&self.cluster, found.first(), &Overrides::default());
        self.cluster.forget(&targets);
    }

    /// Time passes, and every source that answers reports once.
    pub(crate) fn pass(&mut self, millis: u64) -> Vec<Fact> {
        self.now = self.now.plus(Duration::from_millis(millis));
        let facts = self.read();
        self.aim();
        facts
    }

    fn read(&mut self) -> Vec<Fact> {
        if !self.down.contains_key(&SourceId::ZooKeeper) {
            let now = self.now;
            self.rest.values_mut().for_each(|rest| rest.dcs_last_seen = Some(now));
        }
        let mut reports = vec![
            (SourceId::Docker, Report::Containers(self.containers.clone())),
            (SourceId::Docker, Report::Usage(self.usage())),
            (SourceId::ZooKeeper, Report::Dcs(Box::new(self.dcs.clone()))),
            (SourceId::ZooKeeper, Report::Store(self.store.clone())),
        ];
        let sql = self.sql.iter();
        reports.extend(sql.map(|(name, sql)| (SourceId::Postgres(name.clone()), Report::Sql(Box::new(sql.clone())))));
        let rest = self.rest.iter();
        reports
            .extend(rest.map(|(name, rest)| (SourceId::Patroni(name.clone()), Report::Rest(Box::new(rest.clone())))));
        let proxy = ProxyName::from("postgres_entrypoint");
        reports.push((SourceId::Proxy(proxy), Report::Proxy(self.proxy.clone())));
        let mut facts = Vec::new();
        for (source, report) in reports {
            let link = self
                .cluster
                .links
                .get(&source)
                .cloned()
                .unwrap_or(LinkState::Connecting);
            let outcome = self.down.get(&source).map_or(Ok(()), |cause| Err(cause.clone()));
            let answers = outcome.is_ok();
            let state = link.after(outcome, self.now);
            facts.extend(self.tell(Signal::Link {
                source: source.clone(),
                state,
            }));
            if answers {
                let at = self.now;
                facts.extend(self.tell(Signal::Report { source, at, report }));
            }
        }
        facts
    }

    /// One signal.
    pub(crate) fn tell(&mut self, signal: Signal) -> Vec<Fact> {
        self.cluster.apply(signal, self.now)
    }

    /// Time breaks, by an hour.
    pub(crate) fn step(&mut self, kind: StepKind) -> Vec<Fact> {
        let by = Duration::from_secs(3_600);
        self.tell(Signal::ClockStepped(Step { at: self.now, kind, by }))
    }

    /// Something happens to a container, now.
    pub(crate) fn docker(&mut self, name: &str, action: ContainerAction) -> Vec<Fact> {
        let at = self.now;
        let container = self.container(name);
        match &action {
            ContainerAction::Died { code } => {
                container.state = ContainerState::Exited { code: *code };
                container.finished = Some(at);
                container.networks.iter_mut().for_each(|network| network.address = None);
                container.ports.clear();
            }
            ContainerAction::Paused => container.state = ContainerState::Paused,
            ContainerAction::Unpaused => container.state = ContainerState::Running,
            _ => {}
        }
        let event = ContainerEvent {
            at,
            id: container.id.clone(),
            name: container.name.clone(),
            action,
        };
        self.tell(Signal::Container(event))
    }

    /// `docker kill` of a member: Docker and its connections know at once, ZooKeeper does not.
    pub(crate) fn kill(&mut self, member: &str) -> Vec<Fact> {
        let host = host_of(member);
        let mut facts = self.docker(host, ContainerAction::Killed { signal: 9 });
        facts.extend(self.docker(host, ContainerAction::Died { code: 137 }));
        self.silence(member, &Cause::Refused);
        for (name, sql) in &mut self.sql {
            if name.as_str() != member {
                stop_receiver(sql);
            }
        }
        facts.extend(self.pass(100));
        facts
    }

    /// A member's PostgreSQL and Patroni do not answer any more.
    pub(crate) fn silence(&mut self, member: &str, cause: &Cause) {
        let name = MemberName::from(member);
        self.down.insert(SourceId::Postgres(name.clone()), cause.clone());
        self.down.insert(SourceId::Patroni(name), cause.clone());
    }

    /// They answer again.
    pub(crate) fn wake(&mut self, member: &str) {
        let name = MemberName::from(member);
        self.down.remove(&SourceId::Postgres(name.clone()));
        self.down.remove(&SourceId::Patroni(name));
    }

    /// A member's ZooKeeper session ends: its znode and its lock go.
    pub(crate) fn expire(&mut self, member: &str) -> Vec<Fact> {
        self.dcs.members.retain(|entry| entry.name.as_str() != member);
        if self
            .dcs
            .leader
            .as_ref()
            .is_some_and(|lock| lock.holder.as_str() == member)
        {
            self.dcs.leader = None;
        }
        self.rest.values_mut().for_each(|rest| rest.cluster_unlocked = true);
        self.pass(100)
    }

    /// A member takes the lock; its PostgreSQL is still a standby.
    pub(crate) fn take_lock(&mut self, member: &str) -> Vec<Fact> {
        self.next_zxid += 1;
        let session = self.dcs.members.iter().find(|entry| entry.name.as_str() == member);
        self.dcs.leader = Some(LeaderLock {
            holder: MemberName::from(member),
            session: session.and_then(|entry| entry.session),
            since: self.now,
            czxid: self.next_zxid,
        });
        self.pass(100)
    }

    /// A member is promoted to that timeline, and HAProxy has seen it.
    pub(crate) fn promote(&mut self, member: &str, timeline: u32) -> Vec<Fact> {
        let (name, now) = (MemberName::from(member), self.now);
        self.sql.insert(name.clone(), primary_sql(timeline));
        self.rest.insert(name.clone(), primary_rest(timeline));
        if let Some(entry) = self.dcs.members.iter_mut().find(|entry| entry.name == name) {
            entry.role = PatroniRole::Primary;
            entry.timeline = Some(Timeline(timeline));
            entry.replication_state = None;
            entry.modified = now;
        }
        self.dcs.history.push(TimelineSwitch {
            old: Timeline(timeline - 1),
            at_lsn: Some(HEAD),
            reason: "no recovery target specified".to_owned(),
            promoted: Some(now),
            leader: Some(name),
        });
        let (up, down) = match host_of(member) {
            "pg-master" => ("pg-master", "pg-slave"),
            _ => ("pg-slave", "pg-master"),
        };
        self.proxy = statistics(up, down);
        self.pass(100)
    }

    /// A member that was down is back as a streaming replica of the other.
    pub(crate) fn come_back(&mut self, member: &str, timeline: u32) -> Vec<Fact> {
        let host = host_of(member);
        let other = if host == "pg-master" { "pg-slave" } else { "pg-master" };
        let started = self.now;
        let mut fresh = if host == "pg-master" {
            patroni(host, member, 2, 5433)
        } else {
            patroni(host, member, 3, 5434)
        };
        fresh.started = Some(started);
        *self.container(host) = fresh;
        let mut facts = self.docker(host, ContainerAction::Started);
        let name = MemberName::from(member);
        let mut sql = standby_sql(timeline, other);
        sql.started = Some(started);
        self.sql.insert(name.clone(), sql);
        self.rest.insert(name.clone(), standby_rest(timeline));
        self.dcs.members.retain(|entry| entry.name != name);
        let mut entry = dcs_member(member, host, PatroniRole::Replica, timeline, 0x40);
        (entry.created, entry.modified) = (started, started);
        self.dcs.members.push(entry);
        self.dcs.members.sort_by(|a, b| a.name.cmp(&b.name));
        self.wake(member);
        facts.extend(self.pass(2_500));
        facts
    }

    /// One of its containers.
    pub(crate) fn container(&mut self, name: &str) -> &mut Container {
        self.containers
            .iter_mut()
            .find(|container| container.name.as_str() == name)
            .unwrap()
    }

    /// One of the members in ZooKeeper.
    pub(crate) fn entry(&mut self, member: &str) -> &mut DcsMember {
        self.dcs
            .members
            .iter_mut()
            .find(|entry| entry.name.as_str() == member)
            .unwrap()
    }

    /// What a member's PostgreSQL says.
    pub(crate) fn sql_of(&mut self, member: &str) -> &mut SqlStatus {
        self.sql.get_mut(&MemberName::from(member)).unwrap()
    }

    /// What a member's PostgreSQL says as a standby.
    pub(crate) fn standby(&mut self, member: &str) -> &mut Standby {
        match &mut self.sql_of(member).role {
            SqlRole::Standby(standby) => standby,
            SqlRole::Primary { .. } => panic!("{member} is a primary"),
        }
    }

    fn usage(&self) -> BTreeMap<ContainerName, Usage> {
        let running = self.containers.iter().filter(|container| container.is_running());
        let usage = Usage {
            cpu_percent: 1.5,
            memory: 66 * 1024 * 1024,
            throttled: 0.0,
        };
        let throttled = |container: &Container| Usage {
            throttled: self.throttled.get(&container.name).copied().unwrap_or(0.0),
            ..usage
        };
        running
            .map(|container| (container.name.clone(), throttled(container)))
            .collect()
    }
}

/// The container host of a member.
pub(crate) fn host_of(member: &str) -> &'static str {
    if member == LEADER { "pg-master" } else { "pg-slave" }
}
