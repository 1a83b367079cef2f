//! The reference cluster as a small world for tests: change something, let it report, look at what follows.
//!
//! `postgresql0` in `pg-master` leads, `postgresql1` in `pg-slave` streams, behind `postgres_entrypoint`, with `zoo`.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use super::cluster::Cluster;
use super::container::{
    Compose, Container, ContainerAction, ContainerEvent, ContainerKind, ContainerState, Network, Port, Usage,
};
use super::dcs::{DcsMember, DcsSnapshot, DynamicConfig, LeaderLock, PatroniRole, SessionId, Tags, TimelineSwitch};
use super::discovery::clusters;
use super::fact::Fact;
use super::link::{Cause, LinkState, SourceId};
use super::name::{ContainerName, MemberName, ProxyName};
use super::patroni::RestStatus;
use super::postgres::{Privileged, SqlRole, SqlStatus, Standby, TimelineSource, WalReceiver, WalSender};
use super::proxy::{Backend, Pool, ProxyServer, ProxySnapshot, ServerStatus};
use super::signal::{Report, Signal};
use super::store::{StoreHealth, StoreServer};
use super::time::Timestamp;
use super::topology::{Overrides, targets};
use super::wal::{Lsn, Timeline};

/// When the world begins: 2026-11-22 20:00:00 UTC.
pub const BEGIN: Timestamp = Timestamp::from_millis(1_795_377_600_000);

/// Where the log stands there.
pub const HEAD: Lsn = Lsn(0x0300_0060);

/// Its system identifier.
pub const SYSTEM_ID: &str = "7447122583266881560";

/// The leader at the beginning.
pub const LEADER: &str = "postgresql0";

/// The replica at the beginning.
pub const REPLICA: &str = "postgresql1";

/// What each source would say, and the cluster as it was read.
#[derive(Clone, Debug)]
pub struct World {
    /// What was read.
    pub cluster: Cluster,
    /// The clock.
    pub now: Timestamp,
    /// What Docker lists.
    pub containers: Vec<Container>,
    /// What ZooKeeper holds.
    pub dcs: DcsSnapshot,
    /// What each PostgreSQL says.
    pub sql: BTreeMap<MemberName, SqlStatus>,
    /// What each Patroni says.
    pub rest: BTreeMap<MemberName, RestStatus>,
    /// What HAProxy says.
    pub proxy: ProxySnapshot,
    /// What ZooKeeper's servers say.
    pub store: StoreHealth,
    /// Sources that do not answer.
    pub down: BTreeMap<SourceId, Cause>,
    next_zxid: i64,
}

impl World {
    /// Everything runs and was read once.
    pub fn healthy() -> Self {
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
            down: BTreeMap::new(),
            next_zxid: 100,
        };
        world.read();
        world.aim();
        world.read();
        world
    }

    /// Works out the targets anew, as the application does after a report.
    pub fn aim(&mut self) {
        let found = clusters(&self.containers);
        let targets = targets(&self.cluster, found.first(), &Overrides::default());
        self.cluster.forget(&targets);
    }

    /// Time passes, and every source that answers reports once.
    pub fn pass(&mut self, millis: u64) -> Vec<Fact> {
        self.now = self.now.plus(Duration::from_millis(millis));
        let facts = self.read();
        self.aim();
        facts
    }

    fn read(&mut self) -> Vec<Fact> {
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
    pub fn tell(&mut self, signal: Signal) -> Vec<Fact> {
        self.cluster.apply(signal, self.now)
    }

    /// Something happens to a container, now.
    pub fn docker(&mut self, name: &str, action: ContainerAction) -> Vec<Fact> {
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
    pub fn kill(&mut self, member: &str) -> Vec<Fact> {
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
    pub fn silence(&mut self, member: &str, cause: &Cause) {
        let name = MemberName::from(member);
        self.down.insert(SourceId::Postgres(name.clone()), cause.clone());
        self.down.insert(SourceId::Patroni(name), cause.clone());
    }

    /// They answer again.
    pub fn wake(&mut self, member: &str) {
        let name = MemberName::from(member);
        self.down.remove(&SourceId::Postgres(name.clone()));
        self.down.remove(&SourceId::Patroni(name));
    }

    /// A member's ZooKeeper session ends: its znode and its lock go.
    pub fn expire(&mut self, member: &str) -> Vec<Fact> {
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
    pub fn take_lock(&mut self, member: &str) -> Vec<Fact> {
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
    pub fn promote(&mut self, member: &str, timeline: u32) -> Vec<Fact> {
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
    pub fn come_back(&mut self, member: &str, timeline: u32) -> Vec<Fact> {
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
    pub fn container(&mut self, name: &str) -> &mut Container {
        self.containers
            .iter_mut()
            .find(|container| container.name.as_str() == name)
            .unwrap()
    }

    /// One of the members in ZooKeeper.
    pub fn entry(&mut self, member: &str) -> &mut DcsMember {
        self.dcs
            .members
            .iter_mut()
            .find(|entry| entry.name.as_str() == member)
            .unwrap()
    }

    /// What a member's PostgreSQL says.
    pub fn sql_of(&mut self, member: &str) -> &mut SqlStatus {
        self.sql.get_mut(&MemberName::from(member)).unwrap()
    }

    /// What a member's PostgreSQL says as a standby.
    pub fn standby(&mut self, member: &str) -> &mut Standby {
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
        };
        running.map(|container| (container.name.clone(), usage)).collect()
    }
}

/// The container host of a member.
pub fn host_of(member: &str) -> &'static str {
    if member == LEADER { "pg-master" } else { "pg-slave" }
}

fn container(name: &str, kind: ContainerKind, last: u8, ports: &[(u16, Option<u16>)]) -> Container {
    let any = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    Container {
        id: format!("{last:064x}"),
        name: ContainerName::from(name),
        image: "reference".to_owned(),
        command: Vec::new(),
        state: ContainerState::Running,
        oom_killed: false,
        health: None,
        started: Some(BEGIN.minus(Duration::from_secs(600))),
        finished: None,
        stop_grace_s: 10,
        ports: ports
            .iter()
            .map(|(private, published)| Port {
                private: *private,
                protocol: "tcp".to_owned(),
                published: published.map(|port| (any, port)),
            })
            .collect(),
        networks: vec![Network {
            name: "reference_default".to_owned(),
            address: Some(IpAddr::V4(Ipv4Addr::new(172, 18, 0, last))),
            aliases: vec![name.to_owned()],
        }],
        hostname: name.to_owned(),
        compose: Some(Compose {
            project: "reference".to_owned(),
            service: name.to_owned(),
        }),
        lab_profile: None,
        kind,
        tty: false,
    }
}

/// A Patroni container.
pub fn patroni(name: &str, member: &str, last: u8, published: u16) -> Container {
    let kind = ContainerKind::Patroni {
        scope: Some("my_cluster".to_owned()),
        member: Some(MemberName::from(member)),
        because: "its command runs patroni".to_owned(),
    };
    container(name, kind, last, &[(5432, Some(published)), (8008, None)])
}

/// The ZooKeeper container.
pub fn zookeeper() -> Container {
    let kind = ContainerKind::ZooKeeper {
        because: "its command runs QuorumPeerMain".to_owned(),
    };
    container("zoo", kind, 4, &[(2181, Some(2181)), (2888, None), (3888, None)])
}

/// The HAProxy container.
pub fn haproxy() -> Container {
    let kind = ContainerKind::Proxy {
        because: "its command runs haproxy".to_owned(),
    };
    container(
        "postgres_entrypoint",
        kind,
        5,
        &[(5432, Some(5432)), (7000, Some(7000))],
    )
}

fn dcs_member(name: &str, host: &str, role: PatroniRole, timeline: u32, session: i64) -> DcsMember {
    let replica = role == PatroniRole::Replica;
    DcsMember {
        name: MemberName::from(name),
        session: Some(SessionId(session)),
        created: BEGIN.minus(Duration::from_secs(500)),
        modified: BEGIN.minus(Duration::from_secs(10)),
        connect: Some((host.to_owned(), 5432)),
        api_url: Some(format!("http://{host}:8008/patroni")),
        state: "running".to_owned(),
        role,
        version: Some("4.1.4".to_owned()),
        xlog_location: Some(HEAD),
        receive_lsn: replica.then_some(HEAD),
        replay_lsn: replica.then_some(HEAD),
        timeline: Some(Timeline(timeline)),
        replication_state: replica.then(|| "streaming".to_owned()),
        pause: false,
        pending_restart: false,
        checkpoint_pending: false,
        tags: Tags::default(),
    }
}

fn znodes() -> DcsSnapshot {
    DcsSnapshot {
        root: "/service/my_cluster".to_owned(),
        nodes: Vec::new(),
        initialize: Some(SYSTEM_ID.to_owned()),
        leader: Some(LeaderLock {
            holder: MemberName::from(LEADER),
            session: Some(SessionId(0x10)),
            since: BEGIN.minus(Duration::from_secs(480)),
            czxid: 15,
        }),
        members: vec![
            dcs_member(LEADER, "pg-master", PatroniRole::Primary, 1, 0x10),
            dcs_member(REPLICA, "pg-slave", PatroniRole::Replica, 1, 0x11),
        ],
        config: Some(DynamicConfig {
            ttl: Some(Duration::from_secs(30)),
            loop_wait: Some(Duration::from_secs(10)),
            retry_timeout: Some(Duration::from_secs(10)),
            maximum_lag_on_failover: Some(1024 * 1024),
            ..DynamicConfig::default()
        }),
        history: Vec::new(),
        failover: None,
        sync: None,
        optime: Some(HEAD),
        slots: Vec::new(),
        problems: Vec::new(),
    }
}

/// A primary on that timeline, with the other one streaming from it.
pub fn primary_sql(timeline: u32) -> SqlStatus {
    let sender = WalSender {
        name: MemberName::from(REPLICA),
        client: None,
        state: "streaming".to_owned(),
        sync_state: "async".to_owned(),
        sent: Some(HEAD),
        written: Some(HEAD),
        flushed: Some(HEAD),
        replayed: Some(HEAD),
        replay_lag: None,
    };
    SqlStatus {
        role: SqlRole::Primary { current: HEAD },
        timeline: Some((Timeline(timeline), TimelineSource::WalFile)),
        walsenders: Privileged::Seen(if timeline == 1 { vec![sender] } else { Vec::new() }),
        ..standby_sql(timeline, "")
    }
}

/// A standby on that timeline, streaming from that host, with nothing left to replay.
pub fn standby_sql(timeline: u32, from: &str) -> SqlStatus {
    SqlStatus {
        round_trip: Duration::from_millis(1),
        version: 170_006,
        system_id: SYSTEM_ID.to_owned(),
        started: Some(BEGIN.minus(Duration::from_secs(550))),
        timeline: Some((Timeline(timeline), TimelineSource::Receiver)),
        role: SqlRole::Standby(Standby {
            received: Some(HEAD),
            replayed: Some(HEAD),
            replayed_commit: Some(BEGIN.minus(Duration::from_secs(90))),
            replay_paused: false,
            receiver: Some(Privileged::Seen(Some(WalReceiver {
                status: "streaming".to_owned(),
                sender_host: Some(from.to_owned()),
                slot: None,
                last_message: None,
            }))),
        }),
        walsenders: Privileged::Seen(Vec::new()),
        slots: Vec::new(),
        synchronous_standby_names: String::new(),
        read_only_default: false,
        settings: Vec::new(),
        connections: Some((4, 100)),
    }
}

/// Its walreceiver is gone: the first thing that a standby notices. Its timeline is then of the control file.
pub fn stop_receiver(sql: &mut SqlStatus) {
    if let SqlRole::Standby(standby) = &mut sql.role {
        standby.receiver = Some(Privileged::Seen(None));
        sql.timeline = sql
            .timeline
            .map(|(timeline, _)| (timeline, TimelineSource::ControlFile));
    }
}

/// A Patroni that leads.
pub fn primary_rest(timeline: u32) -> RestStatus {
    RestStatus {
        has_lock: true,
        role: PatroniRole::Primary,
        replayed: None,
        replication_state: None,
        ..standby_rest(timeline)
    }
}

/// A Patroni that follows.
pub fn standby_rest(timeline: u32) -> RestStatus {
    RestStatus {
        has_lock: false,
        state: "running".to_owned(),
        role: PatroniRole::Replica,
        timeline: Some(Timeline(timeline)),
        location: Some(HEAD),
        replayed: Some(HEAD),
        replication_state: Some("streaming".to_owned()),
        cluster_unlocked: false,
        dcs_last_seen: Some(BEGIN),
        pause: false,
        pending_restart: false,
        failsafe_active: false,
        system_id: Some(SYSTEM_ID.to_owned()),
        version: Some("4.1.4".to_owned()),
        scope: Some("my_cluster".to_owned()),
        name: None,
    }
}

/// Statistics with one server up and one down in the pool `postgres`, as the reference cluster has it.
pub fn statistics(up: &str, down: &str) -> ProxySnapshot {
    let mut servers = vec![server(up, ServerStatus::Up, 200), server(down, ServerStatus::Down, 503)];
    servers.sort_by(|a, b| a.name.cmp(&b.name));
    let stats = Pool {
        name: "stats".to_owned(),
        frontend: Some("OPEN".to_owned()),
        backend: None,
        servers: Vec::new(),
    };
    ProxySnapshot {
        pools: vec![stats, pool("postgres", servers)],
    }
}

/// A pool of these servers.
pub fn pool(name: &str, servers: Vec<ProxyServer>) -> Pool {
    let served = servers.iter().any(|server| server.status.takes_connections());
    Pool {
        name: name.to_owned(),
        frontend: Some("OPEN".to_owned()),
        backend: Some(Backend {
            status: if served { ServerStatus::Up } else { ServerStatus::Down },
            sessions: 3,
            queued: 0,
            total_sessions: 40,
            errors: 0,
            since_change: Some(Duration::from_secs(480)),
        }),
        servers,
    }
}

/// A server row.
pub fn server(name: &str, status: ServerStatus, code: u16) -> ProxyServer {
    ProxyServer {
        name: name.to_owned(),
        check: Some(if code == 200 { "L7OK" } else { "L7STS" }.to_owned()),
        status,
        check_code: Some(code),
        check_text: None,
        check_duration: Some(Duration::from_millis(2)),
        sessions: 3,
        total_sessions: 40,
        errors: 0,
        failed_checks: 0,
        since_change: Some(Duration::from_secs(480)),
        address: None,
    }
}
