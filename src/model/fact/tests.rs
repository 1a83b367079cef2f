//! What a failover reads like, and what is not worth a line.

use std::time::Duration;

use super::super::container::{ContainerAction, ContainerState};
use super::super::dcs::{FailoverRequest, SessionId};
use super::super::fixture::{LEADER, REPLICA, World, server, stop_receiver};
use super::super::link::{Cause, SourceId};
use super::super::name::MemberName;
use super::super::proxy::ServerStatus;
use super::super::time::Timestamp;
use super::{Fact, FactKind, Severity, SourceKind, exit_text};

fn read(facts: &[Fact]) -> Vec<String> {
    facts
        .iter()
        .map(|fact| {
            let subject = fact.subject.as_deref().unwrap_or("-");
            format!("{} {subject}: {}", fact.source.name(), fact.describe())
        })
        .collect()
}

#[test]
fn the_first_look_tells_only_who_leads_since_when() {
    let mut world = World::healthy();
    let since = world.dcs.leader.as_ref().unwrap().since;
    world.cluster = super::super::cluster::Cluster::default();
    let facts = world.pass(500);
    assert_eq!(read(&facts), ["ZooKeeper postgresql0: holds the lock"]);
    assert_eq!(facts[0].at, since);
    assert!(world.pass(500).is_empty());
}

#[test]
fn a_failover_from_kill_to_redundancy() {
    let mut world = World::healthy();
    assert_eq!(
        read(&world.kill(LEADER)),
        [
            "Docker pg-master: SIGKILL sent",
            "Docker pg-master: exited 137 (SIGKILL)",
            "PostgreSQL postgresql0: connection refused",
            "PostgreSQL postgresql1: streaming stopped",
            "Patroni postgresql0: connection refused",
        ]
    );
    world.pass(20_000);
    assert_eq!(
        read(&world.expire(LEADER)),
        ["ZooKeeper postgresql0: lost the lock: it is free"]
    );
    let taken = world.now;
    let facts = world.take_lock(REPLICA);
    assert_eq!(
        read(&facts),
        ["ZooKeeper postgresql1: took the lock, postgresql0 had it"]
    );
    assert_eq!(facts[0].at, taken, "ZooKeeper's own time");
    let mut facts = read(&world.promote(REPLICA, 2));
    facts.sort();
    assert_eq!(
        facts,
        [
            "HAProxy pg-master: postgres: UP → DOWN (L7STS/503)",
            "HAProxy pg-slave: postgres: DOWN → UP (L7OK/200)",
            "Patroni postgresql1: role replica → primary",
            "PostgreSQL postgresql1: promoted: timeline 1 → 2",
            "ZooKeeper postgresql1: history: timeline 1 → 2",
            "ZooKeeper postgresql1: role replica → primary",
            "ZooKeeper postgresql1: state streaming → running",
        ]
    );
    let gone = world.pass(2_000);
    assert_eq!(read(&gone), ["ZooKeeper postgresql0: member gone from ZooKeeper"]);
    assert!(gone[0].at < gone[0].seen, "told later than it happened");
    let mut facts = read(&world.come_back(LEADER, 2));
    facts.sort();
    assert_eq!(
        facts,
        [
            "Docker pg-master: started",
            "Patroni postgresql0: answers again after 24.8 s",
            "Patroni postgresql0: role primary → replica",
            "PostgreSQL postgresql0: PostgreSQL started anew",
            "PostgreSQL postgresql0: answers again after 24.8 s",
            "PostgreSQL postgresql0: demoted: in recovery",
            "PostgreSQL postgresql0: streams from pg-slave",
            "ZooKeeper postgresql0: member appeared: streaming",
        ]
    );
    assert!(world.pass(500).is_empty());
}

#[test]
fn a_member_znode_written_anew_in_place_is_not_gone() {
    let mut world = World::healthy();
    let entry = world.entry(REPLICA).clone();
    world.dcs.members.retain(|entry| entry.name.as_str() != REPLICA);
    assert!(world.pass(100).is_empty());
    world.dcs.members.push(entry.clone());
    assert!(world.pass(100).is_empty());
    assert!(world.pass(5_000).is_empty());

    // From a new session it is a reconnect: the ghost that a clean stop leaves.
    world.dcs.members.retain(|entry| entry.name.as_str() != REPLICA);
    world.pass(100);
    let ghost = super::super::dcs::DcsMember {
        session: Some(SessionId(0x99)),
        state: "stopped".to_owned(),
        replication_state: None,
        ..entry
    };
    world.dcs.members.push(ghost);
    assert_eq!(
        read(&world.pass(100)),
        ["ZooKeeper postgresql1: Patroni has a new session: stopped"]
    );
}

#[test]
fn the_same_holder_again_is_no_change_of_leader() {
    let mut world = World::healthy();
    world.dcs.leader = None;
    world.pass(100);
    assert_eq!(
        read(&world.take_lock(LEADER)),
        ["ZooKeeper postgresql0: took the lock again, new session"]
    );
    // Also when the free lock was never seen.
    world.dcs.leader.as_mut().unwrap().czxid += 7;
    assert!(matches!(world.pass(100)[0].kind, FactKind::LockRetaken(_)));
}

#[test]
fn an_outage_of_a_source_is_one_line_at_each_end() {
    let mut world = World::healthy();
    world.down.insert(SourceId::ZooKeeper, Cause::Closed);
    let began = world.now.plus(Duration::from_millis(500));
    let facts = world.pass(500);
    assert_eq!(read(&facts), ["ZooKeeper -: connection closed"]);
    assert_eq!((facts[0].at, facts[0].severity()), (began, Severity::Bad));
    world.down.insert(SourceId::ZooKeeper, Cause::Refused);
    assert!(world.pass(500).is_empty(), "gone in another way is still gone");
    world.down.clear();
    world.dcs.leader.as_mut().unwrap().czxid = 50;
    let facts = world.pass(9_000);
    assert_eq!(
        [facts[0].severity(), facts[1].severity()],
        [Severity::Good, Severity::Notable]
    );
    let mut facts = read(&facts);
    facts.sort();
    assert_eq!(
        facts,
        [
            "ZooKeeper -: answers again after 9.5 s",
            "ZooKeeper postgresql0: took the lock again, new session"
        ]
    );
}

#[test]
fn a_start_is_told_in_its_steps() {
    let mut world = World::healthy();
    let postgres = SourceId::Postgres(MemberName::from(REPLICA));
    let mut steps = Vec::new();
    for cause in [Cause::ShuttingDown, Cause::Refused, Cause::Closed, Cause::Starting] {
        world.down.insert(postgres.clone(), cause);
        steps.extend(read(&world.pass(1_000)));
    }
    assert_eq!(
        steps,
        [
            "PostgreSQL postgresql1: shutting down",
            "PostgreSQL postgresql1: connection refused",
            "PostgreSQL postgresql1: starting up"
        ]
    );
}

#[test]
fn docker_stop_that_ends_in_a_kill_is_explained() {
    let mut world = World::healthy();
    world.docker("zoo", ContainerAction::Killed { signal: 15 });
    world.now = world.now.plus(Duration::from_secs(10));
    world.docker("zoo", ContainerAction::Killed { signal: 9 });
    let died = world.docker("zoo", ContainerAction::Died { code: 137 });
    assert_eq!(
        read(&died),
        ["Docker zoo: exited 137 (SIGKILL after 10.0 s of SIGTERM)"]
    );
    assert!(
        world
            .docker("zoo", ContainerAction::Disconnected("n".to_owned()))
            .is_empty()
    );
    assert!(world.docker("zoo", ContainerAction::Stopped).is_empty());

    world.docker("pg-slave", ContainerAction::OutOfMemory);
    let died = world.docker("pg-slave", ContainerAction::Died { code: 137 });
    assert_eq!(read(&died), ["Docker pg-slave: exited 137 (out of memory)"]);
}

#[test]
fn a_container_is_cut_off_if_it_goes_on_without_its_network() {
    let left = || ContainerAction::Disconnected("n".to_owned());
    let mut world = World::healthy();
    let at = world.now;
    assert!(world.docker("pg-master", left()).is_empty());
    assert!(world.pass(400).is_empty(), "it may be about to end");
    let cut = world.pass(100);
    assert_eq!(read(&cut), ["Docker pg-master: cut off from network n"]);
    assert_eq!((cut[0].at, cut[0].seen), (at, world.now));
    assert!(world.pass(1_000).is_empty(), "told once");

    // Docker 28 says so just before it says that the container has ended.
    assert!(world.docker("pg-slave", left()).is_empty());
    let died = world.docker("pg-slave", ContainerAction::Died { code: 1 });
    assert_eq!(read(&died), ["Docker pg-slave: exited 1"]);
    let later = world.pass(1_000);
    assert!(!read(&later).iter().any(|fact| fact.contains("cut off")), "{later:?}");
}

#[test]
fn what_happened_while_docker_was_away_is_found_in_its_list() {
    let mut world = World::healthy();
    world.down.insert(SourceId::Docker, Cause::Closed);
    world.pass(1_000);
    let died = Timestamp::from_micros(world.now.micros() + 1);
    let zoo = world.container("zoo");
    (zoo.state, zoo.finished) = (ContainerState::Exited { code: 143 }, Some(died));
    world.down.clear();
    let facts = world.pass(5_000);
    assert_eq!(
        read(&facts),
        [
            "Docker zoo: exited 143 (SIGTERM)",
            "Docker -: answers again after 5.0 s"
        ]
        .iter()
        .rev()
        .copied()
        .collect::<Vec<_>>()
    );
    assert!(world.pass(5_000).is_empty());
}

#[test]
fn containers_of_others_are_not_our_business() {
    let mut world = World::healthy();
    let mut other = super::super::fixture::zookeeper();
    other.name = "elsewhere".into();
    world.cluster.containers.as_mut().unwrap().value.push(other.clone());
    world.containers.push(other);
    world.cluster.targets.containers.remove(&"elsewhere".into());
    assert!(world.docker("elsewhere", ContainerAction::Died { code: 1 }).is_empty());
}

#[test]
fn haproxy_is_told_by_changes_of_kind() {
    let mut world = World::healthy();
    let mut set = |status: ServerStatus| {
        world.proxy.pools[1].servers[0] = server("pg-master", status, 503);
        read(&world.pass(500))
    };
    let failing = |left| ServerStatus::Failing { left, of: 3 };
    assert_eq!(
        set(failing(2)),
        ["HAProxy pg-master: postgres: UP → UP 2/3 (L7STS/503)"]
    );
    assert!(set(failing(1)).is_empty());
    assert_eq!(
        set(ServerStatus::Down),
        [
            "HAProxy pg-master: postgres: UP 1/3 → DOWN (L7STS/503)",
            "HAProxy postgres_entrypoint: postgres: no server available"
        ]
    );
    assert_eq!(
        set(ServerStatus::Up),
        [
            "HAProxy pg-master: postgres: DOWN → UP (L7STS/503)",
            "HAProxy postgres_entrypoint: postgres: has a server again"
        ]
    );
}

#[test]
fn requests_pause_and_configuration_are_told() {
    let mut world = World::healthy();
    world.dcs.failover = Some(FailoverRequest {
        leader: Some(MemberName::from(LEADER)),
        candidate: Some(MemberName::from(REPLICA)),
        scheduled_at: None,
    });
    assert_eq!(
        read(&world.pass(500)),
        ["ZooKeeper -: switchover to postgresql1 requested"]
    );
    world.dcs.failover = None;
    let config = world.dcs.config.as_mut().unwrap();
    (config.pause, config.ttl) = (true, Some(Duration::from_secs(20)));
    assert_eq!(
        read(&world.pass(500)),
        [
            "ZooKeeper -: request cleared",
            "ZooKeeper -: cluster paused: no failover by itself",
            "ZooKeeper -: configuration: ttl 30 s → 20 s"
        ]
    );
}

#[test]
fn a_late_control_file_is_no_change_of_timeline() {
    let mut world = World::healthy();
    stop_receiver(world.sql_of(REPLICA));
    world.sql_of(REPLICA).timeline.as_mut().unwrap().0 = super::super::wal::Timeline(0);
    assert_eq!(read(&world.pass(500)), ["PostgreSQL postgresql1: streaming stopped"]);
}

#[test]
fn exit_codes_are_explained() {
    let cases = [
        (0, "exited 0"),
        (1, "exited 1"),
        (137, "exited 137 (SIGKILL)"),
        (143, "exited 143 (SIGTERM)"),
        (150, "exited 150 (signal 22)"),
        (255, "exited 255"),
        (-1, "exited -1"),
    ];
    for (code, text) in cases {
        assert_eq!(exit_text(code), text);
    }
    let ours = Fact::ours(Timestamp::default(), None, "kill pg-master".to_owned());
    assert_eq!(
        (ours.source, ours.describe().as_str()),
        (SourceKind::Pgherd, "kill pg-master")
    );
}
