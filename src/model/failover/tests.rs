//! Episodes of the reference cluster, acted out.

mod felt;
mod measured;

use std::time::Duration;

use super::super::act::ContainerAct;
use super::super::container::ContainerAction;
use super::super::dcs::FailoverRequest;
use super::super::explanation;
use super::super::fixture::{LEADER, REPLICA, World, pool, primary_sql, server, standby_sql};
use super::super::link::{Cause, SourceId};
use super::super::proxy::ServerStatus;
use super::*;

/// A world whose facts go into a chronicle.
struct Stage {
    world: World,
    chronicle: Chronicle,
}

impl Stage {
    fn healthy() -> Self {
        let mut stage = Self {
            world: World::healthy(),
            chronicle: Chronicle::default(),
        };
        stage.wait(5);
        stage
    }

    fn take(&mut self, facts: &[Fact]) {
        let cast = Cast::of(&self.world.cluster, self.world.now);
        self.chronicle.take(facts, &cast, self.world.now);
    }

    fn wait(&mut self, seconds: u64) {
        for _ in 0..seconds {
            let facts = self.world.pass(1_000);
            self.take(&facts);
        }
    }

    fn act(&mut self, act: impl FnOnce(&mut World) -> Vec<Fact>) {
        let facts = act(&mut self.world);
        self.take(&facts);
    }

    fn only(&self) -> &Episode {
        assert_eq!(self.chronicle.episodes().len(), 1);
        self.chronicle.last().unwrap()
    }

    fn verdict(&self) -> Option<Verdict> {
        self.only().verdict(self.world.now)
    }

    fn text(&self) -> String {
        explanation::explain(self.only(), self.world.now).join("\n")
    }

    fn kinds(&self) -> Vec<(PhaseKind, bool)> {
        let episode = self.only();
        let phases = episode.timeline(self.world.now).phases(episode);
        phases.iter().map(|phase| (phase.kind, phase.to.is_some())).collect()
    }
}

#[test]
fn nothing_happens_in_a_healthy_cluster() {
    let mut stage = Stage::healthy();
    stage.wait(30);
    assert_eq!(stage.chronicle.episodes().len(), 0);
}

#[test]
fn a_kill_from_fault_to_redundancy() {
    let mut stage = Stage::healthy();
    let began = stage.world.now;
    let asked = Fact {
        kind: FactKind::Asked(ContainerAct::Kill.into()),
        ..Fact::ours(began, Some("pg-master".to_owned()), String::new())
    };
    stage.take(&[asked]);
    assert_eq!(stage.chronicle.episodes().len(), 0, "nothing happened yet");
    stage.act(|world| world.kill(LEADER));
    assert_eq!((stage.verdict(), stage.only().fault()), (None, Fault::Killed));
    stage.wait(29);
    assert_eq!(
        stage.kinds(),
        [
            (PhaseKind::Detection, false),
            (PhaseKind::Draining, false),
            (PhaseKind::Redundancy, false)
        ]
    );
    stage.act(|world| world.expire(LEADER));
    assert_eq!(stage.verdict(), None, "a free lock is no failover");
    stage.wait(2);
    stage.act(|world| world.take_lock(REPLICA));
    stage.act(|world| world.promote(REPLICA, 2));
    let failover = Verdict::Failover {
        from: Some(LEADER.into()),
        to: REPLICA.into(),
    };
    assert_eq!(stage.verdict(), Some(failover.clone()));
    let line = stage.only().timeline(stage.world.now);
    assert_eq!(line.fault.at, began);
    let (from, to) = line.outage(stage.only()).unwrap();
    assert!(
        (31.0..32.5).contains(&to.since(&from).1.as_secs_f64()),
        "{from:?} {to:?}"
    );
    assert_eq!(line.stable, None);
    stage.wait(12);
    assert!(stage.only().timeline(stage.world.now).stable.is_some());
    assert_eq!(stage.only().closed, None, "no standby yet");
    stage.act(|world| world.come_back(LEADER, 2));
    stage.wait(12);
    assert!(stage.only().closed.is_some());
    assert_eq!(stage.verdict(), Some(failover));
    let text = stage.text();
    for part in [
        "postgresql0, the leader, was killed from here (SIGKILL)",
        "Docker: exited 137 (SIGKILL) at +0.0 s",
        "postgresql1 took over: a failover, 31.4 s without writes",
        "detect 29.2 s of 31.",
        "ZooKeeper session timeout 30 s (ttl)",
        "That is as predicted (28–39 s; HAProxy inter 2 s fall 3 rise 2 assumed)",
    ] {
        assert!(text.contains(part), "{part:?} in {text}");
    }
}

#[test]
fn the_same_leader_again_is_no_failover() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.kill(LEADER));
    stage.wait(5);
    stage.act(|world| {
        let facts = world.come_back(LEADER, 1);
        world.sql.insert(LEADER.into(), primary_sql(2));
        world.entry(LEADER).role = super::super::dcs::PatroniRole::Primary;
        facts
    });
    stage.act(|world| world.take_lock(LEADER));
    stage.wait(15);
    assert_eq!(stage.verdict(), Some(Verdict::Repromotion(LEADER.into())));
    assert!(stage.text().contains("no failover"), "{}", stage.text());
}

#[test]
fn a_postgres_that_is_started_again_needs_no_failover() {
    let mut stage = Stage::healthy();
    let postgres = SourceId::Postgres(LEADER.into());
    stage.act(|world| {
        world.down.insert(postgres.clone(), Cause::Refused);
        world.pass(100)
    });
    stage.wait(4);
    assert_eq!(stage.only().fault(), Fault::Gone);
    stage.act(|world| {
        world.down.remove(&postgres);
        world.sql_of(LEADER).started = Some(world.now);
        world.pass(500)
    });
    stage.wait(14);
    assert_eq!(stage.verdict(), Some(Verdict::Restart(LEADER.into())));
    assert!(stage.only().closed.is_some());
    assert!(
        stage
            .text()
            .contains("restarted in place, timeline unchanged: no failover was needed"),
        "{}",
        stage.text()
    );
    assert_eq!(stage.kinds().first(), Some(&(PhaseKind::Recovery, true)));
}

#[test]
fn a_switchover_was_asked_for() {
    let mut stage = Stage::healthy();
    stage.act(|world| {
        world.dcs.failover = Some(FailoverRequest {
            leader: Some(LEADER.into()),
            candidate: Some(REPLICA.into()),
            scheduled_at: None,
        });
        world.pass(100)
    });
    stage.act(|world| {
        world
            .down
            .insert(SourceId::Postgres(LEADER.into()), Cause::ShuttingDown);
        world.pass(100)
    });
    stage.act(|world| {
        world.dcs.leader = None;
        world.pass(1_000)
    });
    stage.act(|world| world.take_lock(REPLICA));
    stage.act(|world| {
        world.dcs.failover = None;
        world.promote(REPLICA, 2)
    });
    let switchover = Verdict::Switchover {
        from: Some(LEADER.into()),
        to: REPLICA.into(),
    };
    assert_eq!(stage.verdict(), Some(switchover));
    assert_eq!(stage.only().fault(), Fault::Requested);
}

#[test]
fn a_paused_cluster_does_not_fail_over_and_says_why() {
    let mut stage = Stage::healthy();
    stage.world.dcs.config.as_mut().unwrap().pause = true;
    stage.wait(1);
    stage.act(|world| world.kill(LEADER));
    stage.wait(31);
    stage.act(|world| world.expire(LEADER));
    stage.wait(600);
    assert_eq!(stage.verdict(), Some(Verdict::NoSuccessor));
    assert!(
        stage.text().contains("No failover: the cluster is paused."),
        "{}",
        stage.text()
    );
}

#[test]
fn a_replica_behind_is_named_with_its_lag() {
    let mut stage = Stage::healthy();
    stage.world.dcs.optime = Some(super::super::wal::Lsn(0x0300_0060 + 12 * 1024 * 1024));
    stage.act(|world| world.kill(LEADER));
    stage.act(|world| world.expire(LEADER));
    stage.wait(3);
    let text = stage.text();
    assert!(
        text.contains("postgresql1 could not take over: 12 MB behind, 1 MB allowed"),
        "{text}"
    );
}

#[test]
fn losing_a_replica_or_the_way_to_it_is_no_failover() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.kill(REPLICA));
    stage.wait(20);
    assert_eq!(stage.verdict(), Some(Verdict::ReplicaLoss(REPLICA.into())));
    assert!(stage.text().contains("The leader went on"), "{}", stage.text());
    stage.act(|world| world.come_back(REPLICA, 1));
    stage.wait(15);
    assert!(stage.only().closed.is_some());
}

/// HAProxy's answer may come before the news of the lock: then nothing tells of a change of the new leader's server.
#[test]
fn a_server_that_is_up_before_the_lock_is_told_serves_since_the_lock() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.docker("pg-master", ContainerAction::Killed { signal: 15 }));
    stage.wait(1);
    stage.act(|world| world.expire(LEADER));
    stage.act(|world| {
        let both = ["pg-master", "pg-slave"].map(|name| server(name, ServerStatus::Up, 200));
        world.proxy.pools = vec![pool("postgres", both.to_vec())];
        world.pass(100)
    });
    stage.act(|world| world.take_lock(REPLICA));
    stage.act(|world| world.promote(REPLICA, 2));
    stage.wait(1);
    let line = stage.only().timeline(stage.world.now);
    let (taken, routed) = (line.taken.unwrap().1, line.routed.unwrap());
    assert!(routed.at >= taken.at, "{routed:?} before {taken:?}");
}

#[test]
fn a_dead_haproxy_is_an_outage_of_the_way() {
    let mut stage = Stage::healthy();
    let proxy = SourceId::Proxy("postgres_entrypoint".into());
    stage.act(|world| world.docker("postgres_entrypoint", ContainerAction::Killed { signal: 9 }));
    stage.world.down.insert(proxy.clone(), Cause::Refused);
    stage.wait(5);
    assert_eq!(stage.verdict(), Some(Verdict::ProxyOutage));
    stage.world.down.remove(&proxy);
    stage.wait(15);
    assert!(stage.only().closed.is_some());
}

#[test]
fn zookeeper_away_for_long_demotes_the_leader() {
    let mut stage = Stage::healthy();
    stage.world.down.insert(SourceId::ZooKeeper, Cause::Refused);
    stage.wait(10);
    assert_eq!(stage.verdict(), Some(Verdict::StoreOutage { demoted: false }));
    stage.world.sql.insert(LEADER.into(), standby_sql(1, ""));
    stage.wait(20);
    assert_eq!(stage.verdict(), Some(Verdict::StoreOutage { demoted: true }));
    stage.world.down.remove(&SourceId::ZooKeeper);
    stage.world.sql.insert(LEADER.into(), primary_sql(2));
    stage.world.sql.insert(REPLICA.into(), standby_sql(2, "pg-master"));
    stage.wait(15);
    assert_eq!(stage.verdict(), Some(Verdict::StoreOutage { demoted: true }));
    assert!(stage.only().closed.is_some());
    assert!(stage.text().contains("read-only: no failover"), "{}", stage.text());
}

#[test]
fn a_short_silence_leaves_no_trace() {
    let mut stage = Stage::healthy();
    stage.world.silence(LEADER, &Cause::Timeout("statement".into()));
    stage.wait(2);
    assert_eq!(stage.chronicle.episodes().len(), 1);
    stage.world.wake(LEADER);
    stage.wait(20);
    assert_eq!(stage.chronicle.episodes().len(), 0);
}

#[test]
fn a_pause_within_the_session_is_no_failover() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.docker("pg-master", ContainerAction::Paused));
    stage.world.silence(LEADER, &Cause::Timeout("connect".into()));
    stage.wait(8);
    assert_eq!(stage.only().fault(), Fault::Paused);
    stage.world.wake(LEADER);
    stage.act(|world| world.docker("pg-master", ContainerAction::Unpaused));
    stage.wait(15);
    assert_eq!(stage.verdict(), Some(Verdict::Nothing));
}

#[test]
fn a_monitor_that_comes_late_says_so() {
    let mut before = Stage::healthy();
    before.act(|world| world.promote(LEADER, 2));
    before.act(|world| world.kill(LEADER));
    before.act(|world| world.expire(LEADER));
    let mut stage = Stage {
        world: before.world,
        chronicle: Chronicle::default(),
    };
    stage.world.cluster = super::super::cluster::Cluster::default();
    stage.world.aim();
    stage.wait(1);
    stage.world.aim();
    stage.wait(1);
    assert_eq!(
        (stage.only().leader.clone(), stage.verdict()),
        (Some(LEADER.into()), None)
    );
    stage.act(|world| world.take_lock(REPLICA));
    stage.act(|world| world.promote(REPLICA, 3));
    assert!(matches!(stage.verdict(), Some(Verdict::Failover { .. })));
}

#[test]
fn the_new_leader_killed_in_turn_is_another_failover() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.kill(LEADER));
    stage.act(|world| world.expire(LEADER));
    stage.act(|world| world.take_lock(REPLICA));
    stage.act(|world| world.promote(REPLICA, 2));
    stage.wait(3);
    stage.act(|world| world.kill(REPLICA));
    let numbers: Vec<_> = stage
        .chronicle
        .episodes()
        .map(|episode| (episode.number, episode.closed.is_some()))
        .collect();
    assert_eq!(numbers, [(1, true), (2, false)]);
    assert_eq!(stage.chronicle.last().unwrap().leader, Some(REPLICA.into()));
}
