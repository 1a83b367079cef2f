//! The end of the lock of a dead leader.

use std::time::Duration;

use super::super::container::ContainerAction;
use super::super::dcs::SessionId;
use super::super::fixture::{LEADER, REPLICA, World};
use super::super::link::{Cause, SourceId};
use super::{LockOutlook, SessionTimeout, lock_outlook};

fn look(world: &World) -> LockOutlook {
    lock_outlook(&world.cluster, world.now).unwrap()
}

#[test]
fn a_living_leader_keeps_its_lock() {
    let lock = look(&World::healthy());
    assert_eq!((lock.holder.as_str(), lock.session), (LEADER, Some(SessionId(0x10))));
    assert_eq!(
        (lock.holder_alive, lock.last_sign_of_life, lock.expires_by),
        (Some(true), None, None)
    );
}

#[test]
fn a_dead_one_keeps_it_for_its_session_timeout_and_a_tick() {
    let mut world = World::healthy();
    let death = world.now;
    world.kill(LEADER);
    let lock = look(&world);
    assert_eq!((lock.holder_alive, lock.last_sign_of_life), (Some(false), Some(death)));
    assert_eq!(lock.expires_by, Some(death.plus(Duration::from_secs(32))));
    world.expire(LEADER);
    assert_eq!(lock_outlook(&world.cluster, world.now), None);
    world.take_lock(REPLICA);
    assert_eq!(look(&world).holder_alive, Some(true));
}

#[test]
fn a_paused_one_counts_from_its_pause() {
    let mut world = World::healthy();
    let paused = world.now;
    world.docker("pg-master", ContainerAction::Paused);
    world.silence(LEADER, &Cause::Timeout("answer".into()));
    world.pass(5_000);
    assert_eq!(look(&world).expires_by, Some(paused.plus(Duration::from_secs(32))));
    world.docker("pg-master", ContainerAction::Unpaused);
    world.pass(1_000);
    assert_eq!((look(&world).holder_alive, look(&world).expires_by), (None, None));
}

#[test]
fn no_session_expires_while_zookeeper_is_down_and_all_begin_anew_after() {
    let mut world = World::healthy();
    world.kill(LEADER);
    world.down.insert(SourceId::ZooKeeper, Cause::Refused);
    world.pass(1_000);
    assert_eq!(look(&world).expires_by, None);
    world.down.clear();
    world.silence(LEADER, &Cause::Refused);
    world.pass(9_000);
    let back = world.now;
    world.pass(1_000);
    assert_eq!(look(&world).expires_by, Some(back.plus(Duration::from_secs(32))));
}

#[test]
fn the_timeout_says_how_it_is_known() {
    let secs = Duration::from_secs;
    let mut world = World::healthy();
    assert_eq!(look(&world).session_timeout, SessionTimeout::Negotiated(secs(30)));
    // A tick of 1 s: the server grants no more than 20 s.
    world.store.tick = Some(secs(1));
    world.store.session_timeout_bounds = Some((secs(2), secs(20)));
    world.pass(500);
    assert_eq!(look(&world).session_timeout, SessionTimeout::Negotiated(secs(20)));
    world.store.session_timeouts.insert(SessionId(0x10), secs(18));
    world.pass(500);
    assert_eq!(look(&world).session_timeout, SessionTimeout::Measured(secs(18)));
    world.store = super::super::store::StoreHealth::default();
    world.pass(500);
    assert_eq!(look(&world).session_timeout, SessionTimeout::Assumed(secs(30)));
    world.dcs.config = None;
    world.pass(500);
    assert_eq!(look(&world).session_timeout.value(), secs(30));
}
