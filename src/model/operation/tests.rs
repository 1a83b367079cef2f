//! What forbids an operation and what it will do, on the reference cluster.

use super::*;
use crate::model::dcs::FailoverRequest;
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::link::{Cause, SourceId};
use crate::model::wal::Lsn;

fn name(text: &str) -> MemberName {
    MemberName::from(text)
}

fn switchover(leader: &str, candidate: Option<&str>) -> Operation {
    Operation::Switchover {
        leader: name(leader),
        candidate: candidate.map(name),
        at: None,
    }
}

fn restart(member: &str, only_pending: bool, at: Option<Timestamp>) -> Operation {
    Operation::Restart {
        member: name(member),
        only_pending,
        at,
    }
}

fn every(world: &World) -> Vec<Operation> {
    let later = Some(world.now.plus(Duration::from_secs(3_600)));
    vec![
        switchover(LEADER, None),
        switchover(LEADER, Some(REPLICA)),
        Operation::Switchover {
            leader: name(LEADER),
            candidate: None,
            at: later,
        },
        Operation::Failover {
            candidate: name(REPLICA),
        },
        restart(LEADER, false, None),
        restart(REPLICA, false, later),
        Operation::Reload { member: name(LEADER) },
        Operation::Reinitialise { member: name(REPLICA) },
        Operation::Pause,
        Operation::EditConfig {
            version: Some(1),
            changes: vec![Change {
                path: vec!["ttl".to_owned()],
                from: Some("30".to_owned()),
                to: Some("20".to_owned()),
            }],
        },
    ]
}

#[track_caller]
fn forbidden(world: &World, operation: &Operation, expected: &[&str]) {
    assert_eq!(operation.obstacles(&world.cluster, world.now), expected, "{operation}");
}

#[test]
fn on_a_healthy_cluster_nothing_forbids_what_makes_sense() {
    let world = World::healthy();
    for operation in every(&world) {
        forbidden(&world, &operation, &[]);
        assert!(
            !operation.consequences(&world.cluster, world.now).is_empty(),
            "{operation}"
        );
    }
    let text = switchover(LEADER, None)
        .consequences(&world.cluster, world.now)
        .join("\n");
    assert!(
        text.contains("Patroni chooses among postgresql1.") && text.contains("no writes for"),
        "{text}"
    );
    let text = Operation::Reinitialise { member: name(REPLICA) };
    let text = text.consequences(&world.cluster, world.now).join("\n");
    assert!(text.contains("Meanwhile nobody can take over."), "{text}");
}

#[test]
fn what_makes_no_sense_says_why() {
    let world = World::healthy();
    forbidden(
        &world,
        &switchover(REPLICA, Some(LEADER)),
        &["postgresql0 leads, not postgresql1", "no member is called postgresql0"],
    );
    forbidden(
        &world,
        &switchover(LEADER, Some(LEADER)),
        &["postgresql0 leads already"],
    );
    forbidden(&world, &switchover(LEADER, Some("pg9")), &["no member is called pg9"]);
    forbidden(
        &world,
        &Operation::Failover {
            candidate: name(LEADER),
        },
        &["postgresql0 leads already"],
    );
    forbidden(&world, &restart("pg9", false, None), &["no member is called pg9"]);
    forbidden(
        &world,
        &restart(REPLICA, true, None),
        &["no setting of postgresql1 waits for a restart"],
    );
    forbidden(
        &world,
        &restart(REPLICA, false, Some(world.now)),
        &["that time is past"],
    );
    forbidden(
        &world,
        &Operation::Reinitialise { member: name(LEADER) },
        &["postgresql0 is the leader: it cannot be made anew"],
    );
    forbidden(&world, &Operation::Resume, &["the cluster is not paused"]);
    forbidden(&world, &Operation::FlushSwitchover, &["no switchover is asked for"]);
    forbidden(
        &world,
        &Operation::FlushRestart { member: name(REPLICA) },
        &["no restart of postgresql1 is scheduled"],
    );
    let nothing = Operation::EditConfig {
        version: None,
        changes: Vec::new(),
    };
    forbidden(&world, &nothing, &["nothing is changed"]);
    let server = Operation::SetServer {
        proxy: ProxyName::from("postgres_entrypoint"),
        pool: "postgres".to_owned(),
        server: "pg-master".to_owned(),
        state: ServerState::Drain,
    };
    forbidden(
        &world,
        &server,
        &["no admin socket of postgres_entrypoint is configured: [[proxy]] admin = \"unix:/path\""],
    );
    let mut world = world;
    for proxy in &mut world.cluster.targets.proxies {
        proxy.admin = Some(AdminSocket::Unix("/run/x".to_owned()));
    }
    forbidden(&world, &server, &[]);
    assert!(Plan::of(&world.cluster, server).admin.is_some());
}

#[test]
fn a_pause_forbids_what_patroni_then_refuses() {
    let mut world = World::healthy();
    world.dcs.config.as_mut().unwrap().pause = true;
    world.pass(100);
    forbidden(&world, &Operation::Pause, &["the cluster is paused already"]);
    forbidden(&world, &Operation::Resume, &[]);
    forbidden(&world, &switchover(LEADER, Some(REPLICA)), &[]);
    forbidden(
        &world,
        &switchover(LEADER, None),
        &["the cluster is paused: name the candidate"],
    );
    let later = Some(world.now.plus(Duration::from_secs(60)));
    forbidden(
        &world,
        &restart(REPLICA, false, later),
        &["the cluster is paused: Patroni schedules nothing then"],
    );
}

#[test]
fn a_request_that_is_there_already_comes_first() {
    let mut world = World::healthy();
    world.dcs.failover = Some(FailoverRequest {
        leader: Some(name(LEADER)),
        candidate: None,
        scheduled_at: Some("2026-11-22T21:00:00+00:00".to_owned()),
    });
    world.pass(100);
    let already = "the switchover from postgresql0 at 2026-11-22T21:00:00+00:00 is asked for already: flush that first";
    forbidden(&world, &switchover(LEADER, Some(REPLICA)), &[already]);
    forbidden(
        &world,
        &Operation::Failover {
            candidate: name(REPLICA),
        },
        &[already],
    );
    forbidden(&world, &Operation::FlushSwitchover, &[]);
}

#[test]
fn a_candidate_that_lags_forbids_a_switchover_and_not_a_failover() {
    let mut world = World::healthy();
    world.dcs.optime = Some(Lsn(0x0900_0000));
    world.pass(100);
    let why = Operation::obstacles(&switchover(LEADER, Some(REPLICA)), &world.cluster, world.now);
    assert!(
        why[0].starts_with("postgresql1 cannot take over: ") && why[0].contains("behind"),
        "{why:?}"
    );
    forbidden(&world, &switchover(LEADER, None), &["no standby can take over"]);
    let failover = Operation::Failover {
        candidate: name(REPLICA),
    };
    forbidden(&world, &failover, &[]);
    let text = failover.consequences(&world.cluster, world.now).join("\n");
    assert!(
        text.contains("behind") && text.contains("Writes may be lost."),
        "{text}"
    );
}

#[test]
fn a_member_that_does_not_answer_forbids_what_only_it_can_do() {
    let mut world = World::healthy();
    world.silence(REPLICA, &Cause::Refused);
    world.pass(100);
    let why = "Patroni of postgresql1 does not answer: connection refused";
    forbidden(&world, &Operation::Reload { member: name(REPLICA) }, &[why]);
    forbidden(&world, &Operation::Reinitialise { member: name(REPLICA) }, &[why]);
    forbidden(&world, &Operation::Pause, &[]);
    // Where nothing of ZooKeeper is known, nothing is done.
    let nothing = Cluster::default();
    for operation in every(&world) {
        assert!(!operation.obstacles(&nothing, world.now).is_empty(), "{operation}");
        assert!(Plan::of(&nothing, operation).store.is_none());
    }
}

#[test]
fn from_outside_where_no_patroni_is_reached_a_silent_one_says_nothing() {
    let mut world = World::healthy();
    world.down.insert(SourceId::Patroni(name(REPLICA)), Cause::Refused);
    world.pass(100);
    let why = "postgresql1 cannot take over: its Patroni does not answer";
    forbidden(&world, &switchover(LEADER, Some(REPLICA)), &[why]);
    world.down.insert(SourceId::Patroni(name(LEADER)), Cause::Refused);
    world.pass(100);
    for operation in [switchover(LEADER, Some(REPLICA)), switchover(LEADER, None)] {
        forbidden(&world, &operation, &[]);
        let text = operation.consequences(&world.cluster, world.now).join("\n");
        assert!(!text.contains("Against"), "{text}");
    }
}

#[test]
fn a_plan_is_another_one_when_the_leader_or_the_container_is() {
    let mut world = World::healthy();
    let reload = Operation::Reload { member: name(REPLICA) };
    let before = Plan::of(&world.cluster, reload.clone());
    assert_eq!(before.leader, Some(name(LEADER)));
    assert_eq!(
        before.store.as_ref().unwrap().scope.as_deref(),
        Some("/service/my_cluster")
    );
    assert_eq!(before.api_url.as_deref(), Some("http://pg-slave:8008/patroni"));
    assert!(before.rest_of(&name(LEADER)).is_some() && before.rest_of(&name("pg9")).is_none());
    world.pass(1_000);
    assert_eq!(Plan::of(&world.cluster, reload.clone()), before);
    world.container("pg-slave").id = "f".repeat(64);
    world.pass(100);
    assert_ne!(Plan::of(&world.cluster, reload.clone()), before);
    world.take_lock(REPLICA);
    assert_eq!(Plan::of(&world.cluster, reload).leader, Some(name(REPLICA)));
}

#[test]
fn another_ttl_costs_the_leader_its_lock_and_that_is_said() {
    let world = World::healthy();
    let edit = |key: &str| Operation::EditConfig {
        version: Some(1),
        changes: vec![Change {
            path: vec![key.to_owned()],
            from: Some("30".to_owned()),
            to: Some("20".to_owned()),
        }],
    };
    let warned = |key: &str| {
        let lines = edit(key).consequences(&world.cluster, world.now);
        lines.iter().any(|line| line.contains("another member may take over"))
    };
    assert!(warned("ttl") && !warned("loop_wait"));
}
