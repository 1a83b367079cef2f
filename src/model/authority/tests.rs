//! A failover in stages, and the ways in which the four can disagree.

use super::super::cluster::Cluster;
use super::super::container::ContainerAction;
use super::super::fixture::{LEADER, REPLICA, World, pool, primary_sql, server, statistics};
use super::super::link::{Cause, SourceId};
use super::super::name::{MemberName, ProxyName};
use super::super::proxy::{ProxySnapshot, ServerStatus};
use super::{Authorities, Says, Verdict, authorities, member_behind, write_pool};

fn ask(world: &World) -> Authorities {
    authorities(&world.cluster, world.now)
}

fn leader(name: &str) -> Says {
    Says::Leader(MemberName::from(name))
}

fn disagree(text: &str) -> Verdict {
    assert!(text.chars().count() <= 60 || text.starts_with("lock held by"), "{text}");
    Verdict::Disagree(text.to_owned())
}

#[test]
fn all_four_agree_on_a_healthy_cluster() {
    let asked = ask(&World::healthy());
    for opinion in [&asked.store, &asked.patroni, &asked.sql, &asked.proxy] {
        assert_eq!(
            (&opinion.says, opinion.stale, opinion.as_of),
            (&leader(LEADER), false, None)
        );
    }
    assert_eq!(asked.verdict, Verdict::Agree(MemberName::from(LEADER)));
}

#[test]
fn a_killed_leader_is_told_stage_by_stage() {
    let mut world = World::healthy();
    world.kill(LEADER);
    let killed = ask(&world);
    assert_eq!(killed.store.says, leader(LEADER));
    assert!(!killed.store.stale);
    assert_eq!(killed.sql.says, Says::Nobody);
    assert_eq!(killed.patroni.says, Says::Nobody);
    assert_eq!(
        killed.verdict,
        disagree("lock held by postgresql0, which is down (exited 137)")
    );

    world.expire(LEADER);
    let free = ask(&world);
    assert_eq!((free.store.says, free.verdict), (Says::Nobody, Verdict::NoLeader));

    world.take_lock(REPLICA);
    assert_eq!(
        ask(&world).verdict,
        disagree("postgresql1 has the lock and is not promoted yet")
    );
    let now = world.now;
    world.sql_of(REPLICA).started = Some(now);
    world.pass(100);
    assert_eq!(
        ask(&world).verdict,
        disagree("postgresql1 has the lock and restarted as a standby")
    );

    let proxy = world.proxy.clone();
    world.promote(REPLICA, 2);
    world.proxy = ProxySnapshot {
        pools: vec![pool(
            "postgres",
            vec![server("pg-slave", ServerStatus::Rising { done: 1, of: 2 }, 200)],
        )],
    };
    world.pass(500);
    assert_eq!(
        ask(&world).verdict,
        disagree("postgresql1 leads, HAProxy has no server for writes")
    );
    world.proxy = proxy;
    world.pass(500);
    assert_eq!(
        ask(&world).verdict,
        disagree("postgresql1 leads, HAProxy sends writes to postgresql0")
    );
    world.proxy = statistics("pg-slave", "pg-master");
    world.pass(500);
    assert_eq!(ask(&world).verdict, Verdict::Agree(MemberName::from(REPLICA)));

    world.come_back(LEADER, 2);
    assert_eq!(ask(&world).verdict, Verdict::Agree(MemberName::from(REPLICA)));
}

#[test]
fn a_paused_leader_is_two_primaries_when_it_wakes() {
    let mut world = World::healthy();
    world.docker("pg-master", ContainerAction::Paused);
    world.silence(LEADER, &Cause::Timeout("answer".into()));
    world.pass(1_000);
    assert_eq!(
        ask(&world).verdict,
        disagree("lock held by postgresql0, which is paused")
    );
    world.expire(LEADER);
    world.take_lock(REPLICA);
    world.promote(REPLICA, 2);
    world.docker("pg-master", ContainerAction::Unpaused);
    world.wake(LEADER);
    world.pass(500);
    let woken = ask(&world);
    assert_eq!(
        woken.sql.says,
        Says::Several(vec![MemberName::from(LEADER), MemberName::from(REPLICA)])
    );
    assert_eq!(
        woken.verdict,
        disagree("TWO PRIMARIES accept writes: postgresql0, postgresql1")
    );
}

#[test]
fn what_is_stale_is_marked_and_makes_no_agreement() {
    let mut world = World::healthy();
    world.down.insert(SourceId::ZooKeeper, Cause::Refused);
    world.pass(1_000);
    let since = world.now;
    world.pass(1_000);
    let asked = ask(&world);
    assert_eq!(
        (&asked.store.says, asked.store.stale, asked.store.as_of),
        (&leader(LEADER), true, Some(since))
    );
    assert_eq!(
        asked.verdict,
        Verdict::Unknown("ZooKeeper: connection refused; postgresql0 accepts writes".to_owned())
    );

    let mut world = World::healthy();
    let proxy = SourceId::Proxy(ProxyName::from("postgres_entrypoint"));
    world.down.insert(proxy, Cause::Timeout("connect".into()));
    world.pass(1_000);
    assert!(ask(&world).proxy.stale);
    assert_eq!(
        ask(&world).verdict,
        Verdict::Unknown("HAProxy postgres_entrypoint: no answer (connect)".to_owned())
    );

    // A source that hangs without any error is stale as well.
    let mut world = World::healthy();
    world.now = world.now.plus(std::time::Duration::from_secs(4));
    let asked = ask(&world);
    assert!(asked.sql.stale && asked.proxy.stale && asked.patroni.stale && !asked.store.stale);
    assert!(matches!(asked.verdict, Verdict::Unknown(_)), "{:?}", asked.verdict);
}

#[test]
fn every_contradiction_has_its_text() {
    type Change = fn(&mut World);
    let cases: [(Change, &str); 8] = [
        (
            |world| world.dcs.leader = None,
            "lock is free, postgresql0 still runs as primary",
        ),
        (
            |world| world.dcs.leader.as_mut().unwrap().holder = MemberName::from(REPLICA),
            "lock held by postgresql1, but postgresql0 accepts writes",
        ),
        (
            |world| world.sql_of(LEADER).read_only_default = true,
            "postgresql0 has the lock and is read-only",
        ),
        (
            |world| {
                world
                    .down
                    .insert(SourceId::Postgres(MemberName::from(LEADER)), Cause::Starting);
            },
            "lock held by postgresql0, which is starting up",
        ),
        (
            |world| {
                world
                    .down
                    .insert(SourceId::Postgres(MemberName::from(LEADER)), Cause::Refused);
            },
            "lock held by postgresql0, which does not answer (connection refused)",
        ),
        (
            |world| world.rest.get_mut(&MemberName::from(REPLICA)).unwrap().has_lock = true,
            "Patroni says it leads on postgresql0, postgresql1",
        ),
        (
            |world| {
                let both = vec![
                    server("pg-master", ServerStatus::Up, 200),
                    server("pg-slave", ServerStatus::Up, 200),
                ];
                world.proxy.pools = vec![pool("postgres", both)];
            },
            "HAProxy sends writes to postgresql0, postgresql1",
        ),
        (
            |world| {
                world.sql.insert(MemberName::from(REPLICA), primary_sql(2));
            },
            "TWO PRIMARIES accept writes: postgresql0, postgresql1",
        ),
    ];
    for (change, text) in cases {
        let mut world = World::healthy();
        change(&mut world);
        world.pass(500);
        assert_eq!(ask(&world).verdict, disagree(text));
    }
}

#[test]
fn a_source_that_was_never_there_does_not_disturb() {
    let mut world = World::healthy();
    world.cluster.proxies.clear();
    world.cluster.targets.proxies.clear();
    world.cluster.rest.clear();
    let asked = ask(&world);
    assert_eq!(asked.proxy.says, Says::Unknown("no HAProxy".to_owned()));
    assert_eq!(asked.patroni.says, Says::Unknown("REST not reachable".to_owned()));
    assert_eq!(asked.verdict, Verdict::Agree(MemberName::from(LEADER)));
    world.cluster.sql.clear();
    assert_eq!(
        ask(&world).verdict,
        Verdict::Unknown("only ZooKeeper answers: lock held by postgresql0".to_owned())
    );
    let mut world = World::healthy();
    world
        .down
        .insert(SourceId::Patroni(MemberName::from(LEADER)), Cause::Refused);
    world.pass(500);
    assert_eq!(
        ask(&world).verdict,
        Verdict::Agree(MemberName::from(LEADER)),
        "its REST alone is not readable"
    );
    world.cluster = Cluster::default();
    assert_eq!(
        ask(&world).verdict,
        Verdict::Unknown("ZooKeeper: not read yet".to_owned())
    );
}

#[test]
fn a_leader_that_fell_silent_long_ago_does_not_make_two() {
    let mut world = World::healthy();
    world.silence(LEADER, &Cause::Refused);
    world.expire(LEADER);
    world.pass(5_000);
    world.take_lock(REPLICA);
    world.promote(REPLICA, 2);
    world.silence(REPLICA, &Cause::Refused);
    world.pass(10_000);
    let asked = ask(&world);
    assert!(asked.sql.stale && asked.patroni.stale);
    assert_eq!((asked.sql.says, asked.patroni.says), (leader(REPLICA), leader(REPLICA)));
}

#[test]
fn the_pool_for_writes_is_found_by_its_name() {
    let cases: [(&[&str], Option<&str>); 9] = [
        (&["stats", "postgres"], Some("postgres")),
        (&["replicas", "primary"], Some("primary")),
        (&["postgres_ro", "postgres_rw"], Some("postgres_rw")),
        (&["production"], Some("production")),
        (&["standby", "read-only", "stats"], None),
        (&["pg-readwrite", "pg-readonly"], Some("pg-readwrite")),
        (&["my_cluster", "my_cluster_replica"], Some("my_cluster")),
        (&["batman", "postgres_write"], Some("postgres_write")),
        (&[], None),
    ];
    for (names, expected) in cases {
        let one = || vec![server("a", ServerStatus::Up, 200)];
        let pools = names.iter().map(|name| pool(name, one())).collect();
        let snapshot = ProxySnapshot { pools };
        assert_eq!(
            write_pool(&snapshot).map(|pool| pool.name.as_str()),
            expected,
            "{names:?}"
        );
    }
}

#[test]
fn a_server_is_a_member_by_name_host_or_address() {
    let world = World::healthy();
    let cases = [
        ("postgresql1", None, REPLICA),
        ("pg-slave", None, REPLICA),
        ("postgresql_pg-master_5432", None, LEADER),
        ("s1", Some("172.18.0.3:5432"), REPLICA),
        ("s2", Some("[2001:db8::1]:5432"), "s2"),
    ];
    for (name, address, expected) in cases {
        let mut row = server(name, ServerStatus::Up, 200);
        row.address = address.map(str::to_owned);
        assert_eq!(member_behind(&world.cluster, &row).as_str(), expected, "{name}");
    }
}
