//! Every rule once.

use super::super::container::ContainerAction;
use super::super::dcs::{FailoverRequest, SyncState};
use super::super::fixture::{HEAD, LEADER, REPLICA, World, stop_receiver};
use super::super::link::{Cause, SourceId};
use super::super::name::MemberName;
use super::super::wal::{Lsn, Timeline};
use super::{candidates, redundancy, size};

fn told(world: &World) -> Vec<String> {
    let candidates = candidates(&world.cluster, world.now);
    let one = candidates
        .iter()
        .find(|candidate| candidate.member.as_str() == REPLICA)
        .unwrap();
    match &one.verdict {
        Ok(()) => Vec::new(),
        Err(obstacles) => obstacles.iter().map(ToString::to_string).collect(),
    }
}

#[test]
fn a_streaming_replica_can_take_over_also_after_the_leader_died() {
    let mut world = World::healthy();
    assert_eq!(redundancy(&world.cluster, world.now), 1);
    assert_eq!(candidates(&world.cluster, world.now).len(), 1, "the leader is none");
    world.kill(LEADER);
    assert_eq!(told(&world), [""; 0], "nobody streams from a dead leader");
    world.expire(LEADER);
    let all = candidates(&world.cluster, world.now);
    assert_eq!(all.len(), 2);
    assert_eq!(redundancy(&world.cluster, world.now), 1);
    world.take_lock(REPLICA);
    world.promote(REPLICA, 2);
    assert_eq!(redundancy(&world.cluster, world.now), 0);
    world.come_back(LEADER, 2);
    assert_eq!(redundancy(&world.cluster, world.now), 1);
}

#[test]
fn every_obstacle_has_its_text() {
    type Change = fn(&mut World);
    let cases: [(Change, &[&str]); 17] = [
        (
            |world| {
                world.docker("pg-slave", ContainerAction::Died { code: 137 });
            },
            &["exited 137"],
        ),
        (
            |world| {
                let patroni = SourceId::Patroni(MemberName::from(REPLICA));
                world.down.insert(patroni, Cause::Refused);
            },
            &["its Patroni does not answer"],
        ),
        (
            |world| {
                let config = world.dcs.config.as_mut().unwrap();
                (config.synchronous_mode, config.quorum_commit) = (true, true);
                world.dcs.sync = Some(SyncState {
                    leader: Some(MemberName::from(LEADER)),
                    standbys: vec![MemberName::from("postgresql7")],
                    quorum: Some(0),
                });
            },
            &["0 of 1 votes of /sync"],
        ),
        (
            |world| world.silence(REPLICA, &Cause::Timeout("connect".into())),
            &["no answer"],
        ),
        (|world| world.silence(REPLICA, &Cause::Starting), &["starting"]),
        (|world| world.entry(REPLICA).tags.nofailover = true, &["tag nofailover"]),
        (
            |world| world.entry(REPLICA).tags.failover_priority = Some(0),
            &["failover_priority 0"],
        ),
        (
            |world| {
                world.dcs.optime = Some(Lsn(HEAD.0 + 12 * 1024 * 1024));
            },
            &["12 MB behind, 1 MB allowed"],
        ),
        (|world| stop_receiver(world.sql_of(REPLICA)), &["does not stream"]),
        (
            |world| world.dcs.config.as_mut().unwrap().pause = true,
            &["cluster is paused"],
        ),
        (
            |world| {
                world.dcs.config.as_mut().unwrap().synchronous_mode = true;
                world.dcs.sync = Some(SyncState {
                    leader: Some(MemberName::from(LEADER)),
                    standbys: Vec::new(),
                    quorum: None,
                });
            },
            &["not in /sync"],
        ),
        (
            |world| {
                world.down.insert(SourceId::ZooKeeper, Cause::Refused);
            },
            &["ZooKeeper does not answer"],
        ),
        (
            |world| world.sql_of(REPLICA).timeline.as_mut().unwrap().0 = Timeline(5),
            &["diverged: timeline 5, cluster on 1"],
        ),
        (
            |world| world.sql_of(LEADER).timeline.as_mut().unwrap().0 = Timeline(4),
            &["timeline 1, cluster on 4"],
        ),
        (
            |world| world.sql_of(REPLICA).system_id = "1".to_owned(),
            &["data of another cluster"],
        ),
        (
            |world| world.dcs.members.retain(|entry| entry.name.as_str() == LEADER),
            &["not in ZooKeeper"],
        ),
        (
            |world| {
                world.dcs.failover = Some(FailoverRequest {
                    leader: None,
                    candidate: Some(MemberName::from("postgresql7")),
                    scheduled_at: None,
                });
            },
            &["postgresql7 is requested"],
        ),
    ];
    for (change, expected) in cases {
        let mut world = World::healthy();
        change(&mut world);
        world.pass(500);
        assert_eq!(told(&world), expected);
        assert_eq!(redundancy(&world.cluster, world.now), 0);
    }
}

#[test]
fn a_lag_within_the_limit_is_no_obstacle() {
    let mut world = World::healthy();
    world.dcs.optime = Some(Lsn(HEAD.0 + 1024 * 1024));
    world.pass(500);
    assert!(told(&world).is_empty());
    world.dcs.config.as_mut().unwrap().maximum_lag_on_failover = None;
    world.dcs.optime = Some(Lsn(HEAD.0 + 1024 * 1024 + 1));
    world.pass(500);
    assert_eq!(told(&world), ["1.0 MB behind, 1 MB allowed"]);
}

#[test]
fn sizes_are_short() {
    let cases = [
        (12, "12 B"),
        (2048, "2 kB"),
        (1 << 20, "1 MB"),
        (3 << 19, "1.5 MB"),
        (25 << 20, "25 MB"),
    ];
    for (bytes, text) in cases {
        assert_eq!(size(bytes), text);
    }
}

#[test]
fn what_patroni_refuses_differs_from_what_it_does_at_a_loss() {
    let of = |change: fn(&mut World)| {
        let mut world = World::healthy();
        change(&mut world);
        world.pass(500);
        let mut all = candidates(&world.cluster, world.now);
        let one = all.remove(all.iter().position(|one| one.member.as_str() == REPLICA).unwrap());
        (one.verdict.is_ok(), one.at_a_loss())
    };
    let behind = |world: &mut World| world.sql_of(LEADER).timeline.as_mut().unwrap().0 = Timeline(4);
    assert_eq!(of(|_| {}), (true, false));
    assert_eq!(of(|world| stop_receiver(world.sql_of(REPLICA))), (false, true));
    assert_eq!(of(behind), (false, true));
    assert_eq!(
        of(|world| {
            world.sql_of(LEADER).timeline.as_mut().unwrap().0 = Timeline(4);
            world.dcs.config.as_mut().unwrap().check_timeline = true;
        }),
        (false, false)
    );
    assert_eq!(
        of(|world| {
            stop_receiver(world.sql_of(REPLICA));
            world.entry(REPLICA).tags.nofailover = true;
        }),
        (false, false)
    );
    // Patroni 3.1 does not know the tag.
    let unheeded = |world: &mut World| {
        let entry = world.entry(REPLICA);
        entry.tags.failover_priority = Some(0);
        entry.version = Some("3.1.2".to_owned());
    };
    assert_eq!(of(unheeded), (true, false));
}

#[test]
fn quorum_commit_counts_votes() {
    let told_with = |leader: &str, standbys: &[&str], quorum| {
        let mut world = World::healthy();
        let config = world.dcs.config.as_mut().unwrap();
        (config.synchronous_mode, config.quorum_commit) = (true, true);
        world.dcs.sync = Some(SyncState {
            leader: Some(leader.into()),
            standbys: standbys.iter().map(|name| MemberName::from(*name)).collect(),
            quorum: Some(quorum),
        });
        world.pass(500);
        told(&world)
    };
    assert_eq!(told_with(LEADER, &[REPLICA], 0), [""; 0]);
    assert_eq!(told_with(LEADER, &[REPLICA, "c"], 1), ["0 of 1 votes of /sync"]);
    assert_eq!(
        told_with(LEADER, &["c"], 0),
        ["0 of 1 votes of /sync"],
        "it is no voter"
    );
}

#[test]
fn a_primary_that_goes_on_keeps_the_others_from_a_free_lock() {
    let mut world = World::healthy();
    world.dcs.leader = None;
    world.pass(500);
    assert_eq!(told(&world), ["postgresql0 is still a primary"]);
    assert_eq!(redundancy(&world.cluster, world.now), 1, "it may take the lock again");
    world.silence(LEADER, &Cause::Refused);
    world.pass(500);
    assert_eq!(told(&world), [""; 0]);
}

#[test]
fn without_the_watchdog_that_it_needs_nobody_takes_over() {
    let mut world = World::healthy();
    world.rest.get_mut(&MemberName::from(REPLICA)).unwrap().watchdog_failed = true;
    world.pass(500);
    assert_eq!(told(&world), ["its watchdog cannot be used"]);
    world.kill(REPLICA);
    assert!(
        !told(&world).contains(&"its watchdog cannot be used".to_owned()),
        "what it said before is old"
    );
}
