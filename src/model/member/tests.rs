//! Rows in every stage of a failover, and what is wrong with them.

use std::time::Duration;

use super::super::cluster::Cluster;
use super::super::container::{ContainerAction, ContainerKind};
use super::super::dcs::PatroniRole;
use super::super::fixture::{HEAD, LEADER, REPLICA, World, stop_receiver};
use super::super::link::{Cause, SourceId};
use super::super::name::MemberName;
use super::super::postgres::{Privileged, TimelineSource};
use super::super::wal::{Lsn, Timeline};
use super::{Condition, Lag, Member, MemberRole, members};

fn row(world: &World, name: &str) -> Member {
    let rows = members(&world.cluster, world.now);
    rows.into_iter().find(|row| row.name.as_str() == name).unwrap()
}

#[test]
fn a_healthy_cluster_is_two_rows() {
    let world = World::healthy();
    let rows = members(&world.cluster, world.now);
    assert_eq!(rows.len(), 2);
    let (leader, replica) = (&rows[0], &rows[1]);
    assert_eq!(
        (leader.name.as_str(), leader.role, leader.state.as_str()),
        (LEADER, MemberRole::Leader, "running")
    );
    assert_eq!((leader.receive_lag, leader.time_lag), (Lag::NotApplicable, None));
    assert_eq!(leader.container.as_ref().unwrap().as_str(), "pg-master");
    assert_eq!(
        (replica.role, replica.state.as_str()),
        (MemberRole::Replica, "streaming")
    );
    assert_eq!(
        (replica.receive_lag, replica.replay_lag),
        (Lag::Bytes(0), Lag::Bytes(0))
    );
    assert_eq!(
        (replica.time_lag, replica.timeline),
        (Some(Duration::ZERO), Some(Timeline(1)))
    );
    assert!(replica.usage.is_some() && replica.up_since.is_some() && replica.freshness.is_fresh());
    assert!(
        rows.iter()
            .all(|row| row.problems.is_empty() && row.condition == Condition::Well),
        "{rows:?}"
    );
}

#[test]
fn a_failover_row_by_row() {
    let mut world = World::healthy();
    world.kill(LEADER);
    let dead = row(&world, LEADER);
    assert_eq!(
        (dead.role, dead.state.as_str(), dead.condition),
        (MemberRole::Leader, "exited 137", Condition::Down)
    );
    assert_eq!(
        dead.problems,
        ["container exited 137 (SIGKILL), and ZooKeeper still holds its lock"]
    );
    assert_eq!((dead.usage, dead.up_since), (None, None));
    let waiting = row(&world, REPLICA);
    assert_eq!(
        (waiting.role, waiting.state.as_str()),
        (MemberRole::Replica, "not streaming")
    );
    assert_eq!(waiting.timeline, Some(Timeline(1)));
    assert!(waiting.lag_estimated);

    world.expire(LEADER);
    let gone = row(&world, LEADER);
    assert_eq!(
        (gone.role, gone.state.as_str()),
        (MemberRole::FormerLeader, "exited 137")
    );
    world.take_lock(REPLICA);
    let next = row(&world, REPLICA);
    assert_eq!((next.role, next.state.as_str()), (MemberRole::Leader, "promoting"));
    world.promote(REPLICA, 2);
    let new = row(&world, REPLICA);
    assert_eq!(
        (new.role, new.state.as_str(), new.timeline),
        (MemberRole::Leader, "running", Some(Timeline(2)))
    );
    assert_eq!(row(&world, LEADER).role, MemberRole::FormerLeader);
    world.come_back(LEADER, 2);
    let back = row(&world, LEADER);
    assert_eq!((back.role, back.state.as_str()), (MemberRole::Replica, "streaming"));
    assert!(back.problems.is_empty(), "{:?}", back.problems);
}

#[test]
fn a_ghost_after_a_clean_stop_is_called_one() {
    let mut world = World::healthy();
    world.docker("pg-slave", ContainerAction::Died { code: 0 });
    world.silence(REPLICA, &Cause::Refused);
    let entry = world.entry(REPLICA);
    "stopped".clone_into(&mut entry.state);
    world.pass(500);
    let ghost = row(&world, REPLICA);
    assert_eq!(ghost.state, "exited 0");
    assert_eq!(
        ghost.problems,
        ["container exited 0, a ghost in ZooKeeper until its session expires"]
    );
}

#[test]
fn a_primary_without_the_lock_is_told() {
    let mut world = World::healthy();
    world.dcs.leader.as_mut().unwrap().holder = MemberName::from(REPLICA);
    world.pass(500);
    let rogue = row(&world, LEADER);
    assert_eq!(
        (rogue.role, rogue.condition),
        (MemberRole::PrimaryWithoutLock, Condition::Impaired)
    );
    assert_eq!(
        rogue.problems,
        ["is a primary without the lock: it belongs to postgresql1"]
    );
}

#[test]
fn lag_is_of_both_sides_asked_directly() {
    let mut world = World::healthy();
    world.standby(REPLICA).received = Some(Lsn(HEAD.0 - 100));
    world.standby(REPLICA).replayed = Some(Lsn(HEAD.0 - 5_000));
    world.standby(REPLICA).replayed_commit = Some(world.now.minus(Duration::from_secs(7)));
    world.pass(0);
    let behind = row(&world, REPLICA);
    assert_eq!(
        (behind.receive_lag, behind.replay_lag),
        (Lag::Bytes(100), Lag::Bytes(5_000))
    );
    assert_eq!(
        (behind.time_lag, behind.lag_estimated),
        (Some(Duration::from_secs(7)), false)
    );

    // Without SQL and REST on the standby, ZooKeeper's figures remain and are marked.
    world.silence(REPLICA, &Cause::Rejected("no password".to_owned()));
    world.entry(REPLICA).receive_lsn = Some(Lsn(HEAD.0 - 300));
    world.entry(REPLICA).replay_lsn = None;
    world.pass(500);
    let blind = row(&world, REPLICA);
    assert_eq!((blind.receive_lag, blind.replay_lag), (Lag::Bytes(300), Lag::Unknown));
    assert!(blind.lag_estimated);
}

#[test]
fn a_higher_timeline_than_the_leaders_is_diverged_and_has_no_lag() {
    let mut world = World::healthy();
    stop_receiver(world.sql_of(REPLICA));
    world.rest.get_mut(&MemberName::from(REPLICA)).unwrap().timeline = Some(Timeline(3));
    world.pass(500);
    let diverged = row(&world, REPLICA);
    assert_eq!(
        (diverged.receive_lag, diverged.replay_lag),
        (Lag::Unknown, Lag::Unknown)
    );
    assert_eq!(
        diverged.problems,
        [
            "diverged: on timeline 3, leader on 1; does not replicate",
            "does not stream from postgresql0"
        ]
    );
}

#[test]
fn a_late_timeline_of_the_control_file_is_not_believed() {
    let mut world = World::healthy();
    world.sql_of(REPLICA).timeline = Some((Timeline(0), TimelineSource::ControlFile));
    world.pass(500);
    assert_eq!(row(&world, REPLICA).timeline, Some(Timeline(1)));
}

#[test]
fn states_come_from_the_truest_source() {
    type Change = fn(&mut World);
    let cases: [(Change, &str, Condition); 7] = [
        (
            |world| {
                world.docker("pg-slave", ContainerAction::Paused);
            },
            "paused",
            Condition::Down,
        ),
        (
            |world| world.silence(REPLICA, &Cause::Timeout("connect".into())),
            "no answer",
            Condition::Down,
        ),
        (
            |world| world.silence(REPLICA, &Cause::Refused),
            "refused",
            Condition::Down,
        ),
        (
            |world| world.silence(REPLICA, &Cause::Starting),
            "starting",
            Condition::Changing,
        ),
        (
            |world| stop_receiver(world.sql_of(REPLICA)),
            "not streaming",
            Condition::Impaired,
        ),
        (
            |world| world.standby(REPLICA).receiver = Some(Privileged::Denied("GRANT pg_monitor".into())),
            "streaming",
            Condition::Well,
        ),
        (
            |world| {
                world.silence(REPLICA, &Cause::Refused);
                world.wake(REPLICA);
                world.rest.get_mut(&MemberName::from(REPLICA)).unwrap().state = "crashed".to_owned();
                world
                    .rest
                    .get_mut(&MemberName::from(REPLICA))
                    .unwrap()
                    .replication_state = None;
                world
                    .down
                    .insert(SourceId::Postgres(MemberName::from(REPLICA)), Cause::Refused);
            },
            "crashed",
            Condition::Down,
        ),
    ];
    for (change, state, condition) in cases {
        let mut world = World::healthy();
        change(&mut world);
        world.pass(500);
        let row = row(&world, REPLICA);
        assert_eq!((row.state.as_str(), row.condition), (state, condition));
    }
    let mut world = World::healthy();
    world.cluster.sql.clear();
    world.cluster.rest.clear();
    world
        .cluster
        .links
        .remove(&SourceId::Postgres(MemberName::from(REPLICA)));
    assert_eq!(row(&world, REPLICA).state, "streaming");
}

#[test]
fn a_node_of_another_cluster_is_told() {
    let mut world = World::healthy();
    world.sql_of(REPLICA).system_id = "7711076637864206358".to_owned();
    world.pass(500);
    let problems = row(&world, REPLICA).problems;
    assert_eq!(
        problems,
        ["belongs to another cluster: system identifier 7711076637864206358, here 7447122583266881560"]
    );
}

#[test]
fn a_patroni_container_without_a_member_is_a_row() {
    let mut world = World::healthy();
    world.dcs.members.retain(|entry| entry.name.as_str() != REPLICA);
    world.pass(500);
    let row = row(&world, REPLICA);
    assert_eq!(row.container.unwrap().as_str(), "pg-slave");
    assert_eq!(row.problems, ["not in ZooKeeper"]);
}

#[test]
fn a_name_that_only_rest_tells_is_kept() {
    let mut world = World::healthy();
    let own = MemberName::from("pg-slave");
    // Neither ZooKeeper nor the environment names it: it is read under its container's name.
    world.dcs.members.retain(|entry| entry.name.as_str() != REPLICA);
    let rest = world.rest.remove(&MemberName::from(REPLICA)).unwrap();
    let sql = world.sql.remove(&MemberName::from(REPLICA)).unwrap();
    let unnamed = ContainerKind::Patroni {
        scope: None,
        member: None,
        because: String::new(),
    };
    world.container("pg-slave").kind = unnamed;
    world.cluster = Cluster::default();
    world.pass(500);
    assert_eq!(row(&world, "pg-slave").problems, ["not in ZooKeeper"]);
    let name = Some(MemberName::from("third"));
    world
        .rest
        .insert(own.clone(), super::RestStatus { name, ..rest.clone() });
    world.sql.insert(own.clone(), sql);
    world.pass(500);
    // The application aims anew, and the sources run under the true name from then on.
    world.rest.clear();
    world.sql.remove(&own);
    for _ in 0..3 {
        world.pass(500);
        let names: Vec<_> = members(&world.cluster, world.now)
            .into_iter()
            .map(|row| row.name)
            .collect();
        assert_eq!(names, [MemberName::from(LEADER), MemberName::from("third")]);
    }
}

#[test]
fn with_zookeeper_down_postgres_decides() {
    let mut world = World::healthy();
    world.down.insert(SourceId::ZooKeeper, Cause::Refused);
    world.pass(500);
    assert_eq!(row(&world, LEADER).role, MemberRole::Leader);
    // Patroni demotes a leader that cannot reach ZooKeeper.
    let standby = world.sql.get(&MemberName::from(REPLICA)).cloned().unwrap();
    world.sql.insert(MemberName::from(LEADER), standby);
    world.pass(500);
    assert_eq!(row(&world, LEADER).role, MemberRole::Replica);
}

#[test]
fn synchronous_standbys_are_named_so() {
    let mut world = World::healthy();
    let sync = |quorum| super::super::dcs::SyncState {
        leader: Some(MemberName::from(LEADER)),
        standbys: vec![MemberName::from("PostgreSQL1")],
        quorum,
    };
    world.dcs.sync = Some(sync(None));
    world.pass(500);
    assert_eq!(row(&world, REPLICA).role, MemberRole::SyncStandby);
    world.dcs.sync = Some(sync(Some(1)));
    world.pass(500);
    assert_eq!(row(&world, REPLICA).role, MemberRole::QuorumStandby);
    world.entry(LEADER).role = PatroniRole::StandbyLeader;
    world.pass(500);
    assert_eq!(row(&world, LEADER).role, MemberRole::StandbyLeader);
}
