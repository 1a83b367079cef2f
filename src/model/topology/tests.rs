//! Names inside the cluster and where they are reachable from here.

use std::net::IpAddr;

use super::super::cluster::Cluster;
use super::super::container::{ContainerAction, Port};
use super::super::discovery::clusters;
use super::super::fixture::{LEADER, REPLICA, World};
use super::super::link::{Cause, Known};
use super::super::name::{MemberName, ProxyName};
use super::{Address, NodeTarget, Overrides, ProxyTarget, Targets, targets};

fn aim(world: &World) -> Targets {
    let found = clusters(&world.containers);
    targets(&world.cluster, found.first(), &Overrides::default())
}

fn at(host: &str, port: u16) -> Address {
    let host = host.to_owned();
    Address { host, port }
}

fn node<'a>(targets: &'a Targets, name: &str) -> &'a NodeTarget {
    targets.nodes.iter().find(|node| node.member.as_str() == name).unwrap()
}

#[test]
fn published_ports_and_container_addresses() {
    let world = World::healthy();
    let targets = aim(&world);
    let store = targets.store.as_ref().unwrap();
    assert_eq!(store.servers, [at("127.0.0.1", 2181)]);
    assert_eq!(
        (store.namespace.as_str(), store.scope.as_deref()),
        ("/service", Some("my_cluster"))
    );
    assert_eq!(node(&targets, LEADER).postgres, Some(at("127.0.0.1", 5433)));
    assert_eq!(node(&targets, REPLICA).postgres, Some(at("127.0.0.1", 5434)));
    assert_eq!(node(&targets, LEADER).rest.as_deref(), Some("http://172.18.0.2:8008"));
    let urls = &targets.proxies[0].urls;
    assert_eq!(urls[0], "http://127.0.0.1:7000");
    assert_eq!(urls[1], "http://172.18.0.5:7000");
    assert!(!urls.contains(&"http://127.0.0.1:5432".to_owned()));
    assert_eq!(targets.containers.len(), 4);
}

#[test]
fn before_zookeeper_is_read_containers_are_read_by_what_they_say() {
    let world = World::healthy();
    let mut cluster = Cluster {
        containers: Some(Known {
            value: world.containers.clone(),
            at: world.now,
        }),
        ..Cluster::default()
    };
    let found = clusters(&world.containers);
    let first = targets(&cluster, found.first(), &Overrides::default());
    assert_eq!(first.nodes, aim(&world).nodes);
    assert_eq!(first.store, aim(&world).store, "the scope is in the environment");
    cluster.forget(&first);
    assert_eq!(targets(&cluster, found.first(), &Overrides::default()), first);
}

#[test]
fn a_container_that_ends_or_expires_keeps_its_targets() {
    let mut world = World::healthy();
    let before = aim(&world);
    world.kill(LEADER);
    assert_eq!(aim(&world), before);
    world.expire(LEADER);
    assert_eq!(aim(&world), before);
    for name in ["zoo", "postgres_entrypoint"] {
        world.docker(name, ContainerAction::Died { code: 137 });
        world.pass(500);
    }
    let after = aim(&world);
    assert_eq!(after, before);
    // A new address of its own after a start is taken over.
    world.come_back(LEADER, 2);
    world.container("pg-master").networks[0].address = "172.18.0.9".parse::<IpAddr>().ok();
    world.pass(500);
    assert_eq!(
        node(&aim(&world), LEADER).rest.as_deref(),
        Some("http://172.18.0.9:8008")
    );
    assert_eq!(node(&aim(&world), LEADER).postgres, Some(at("127.0.0.1", 5433)));
}

#[test]
fn a_container_that_was_removed_keeps_the_source_of_its_member() {
    let mut world = World::healthy();
    let before = aim(&world);
    world
        .containers
        .retain(|container| container.name.as_str() != "pg-slave");
    world.silence(REPLICA, &Cause::Refused);
    world.pass(500);
    assert_eq!(aim(&world).nodes, before.nodes);
}

#[test]
fn where_a_port_is_bound_decides_the_address() {
    let cases = [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "::1"),
        ("10.1.2.3", "10.1.2.3"),
        ("127.0.0.1", "127.0.0.1"),
    ];
    for (bound, reached) in cases {
        let mut world = World::healthy();
        world.container("pg-master").ports[0].published = Some((bound.parse().unwrap(), 5433));
        world.pass(500);
        assert_eq!(node(&aim(&world), LEADER).postgres, Some(at(reached, 5433)), "{bound}");
    }
}

#[test]
fn without_docker_addresses_are_as_written() {
    let mut world = World::healthy();
    world.cluster.containers = None;
    world.cluster.targets = Targets::default();
    world.entry(REPLICA).connect = Some(("db2.example".to_owned(), 6432));
    world.entry(REPLICA).api_url = Some("https://[2001:db8::2]:8009/patroni".to_owned());
    world.cluster.dcs.as_mut().unwrap().value = world.dcs.clone();
    let overrides = Overrides {
        zookeeper: vec![at("zk1", 2181), at("zk2", 2181)],
        namespace: Some("db//prod/".to_owned()),
        scope: Some("other".to_owned()),
        members: vec![NodeTarget {
            member: MemberName::from(LEADER),
            postgres: Some(at("db1.example", 5432)),
            rest: None,
        }],
        proxies: vec![ProxyTarget {
            name: ProxyName::from("lb"),
            urls: vec!["http://lb:8404/stats".to_owned()],
            admin: None,
        }],
    };
    let targets = targets(&world.cluster, None, &overrides);
    let store = targets.store.as_ref().unwrap();
    assert_eq!((store.servers.len(), store.namespace.as_str()), (2, "/db/prod"));
    assert_eq!(store.scope.as_deref(), Some("other"));
    assert_eq!(node(&targets, REPLICA).postgres, Some(at("db2.example", 6432)));
    assert_eq!(
        node(&targets, REPLICA).rest.as_deref(),
        Some("https://[2001:db8::2]:8009")
    );
    assert_eq!(node(&targets, LEADER).postgres, Some(at("db1.example", 5432)));
    assert_eq!(node(&targets, LEADER).rest.as_deref(), Some("http://pg-master:8008"));
    assert_eq!(targets.proxies, overrides.proxies);
    // A member whose key expired stays: nothing else would bring it back.
    world.cluster.forget(&targets);
    world.cluster.dcs.as_mut().unwrap().value.members.clear();
    assert_eq!(super::targets(&world.cluster, None, &overrides).nodes, targets.nodes);
}

#[test]
fn containers_of_another_scope_are_not_members() {
    let mut world = World::healthy();
    let super::super::container::ContainerKind::Patroni { scope, .. } = &mut world.container("pg-slave").kind else {
        panic!()
    };
    *scope = Some("second".to_owned());
    world.dcs.members.retain(|entry| entry.name.as_str() == LEADER);
    world.pass(500);
    assert_eq!(aim(&world).nodes.len(), 1);
}

#[test]
fn the_entry_point_is_where_haproxy_takes_clients() {
    // Ports of the container, and as what they are published.
    let cases = [
        (vec![(7000, Some(7000)), (5432, Some(15432))], "127.0.0.1:15432"),
        (vec![(5432, None)], "172.18.0.5:5432"),
        (vec![(5432, None), (5000, Some(5000))], "127.0.0.1:5000"),
        (vec![(5000, None)], "172.18.0.5:5000"),
        (vec![(7000, Some(7000))], "172.18.0.5:5432"),
        (vec![], "172.18.0.5:5432"),
    ];
    for (ports, expected) in cases {
        let mut world = World::healthy();
        let port = |&(private, published): &(u16, Option<u16>)| Port {
            private,
            protocol: "tcp".to_owned(),
            published: published.map(|port| (IpAddr::from([0, 0, 0, 0]), port)),
        };
        world.container("postgres_entrypoint").ports = ports.iter().map(port).collect();
        world.cluster.targets = Targets::default();
        let found = clusters(&world.containers);
        world.cluster.containers = Some(Known {
            value: world.containers.clone(),
            at: world.now,
        });
        let entry = targets(&world.cluster, found.first(), &Overrides::default()).entry;
        assert_eq!(entry.unwrap().to_string(), expected, "{ports:?}");
    }
}

#[test]
fn the_entry_point_stays_while_haproxy_is_down_and_goes_with_it() {
    let mut world = World::healthy();
    assert_eq!(aim(&world).entry, Some(at("127.0.0.1", 5432)));
    let haproxy = world.container("postgres_entrypoint");
    haproxy.ports.clear();
    haproxy.networks.clear();
    world.pass(500);
    assert_eq!(aim(&world).entry, Some(at("127.0.0.1", 5432)));
    world
        .containers
        .retain(|container| container.name.as_str() != "postgres_entrypoint");
    world.pass(500);
    assert_eq!(aim(&world).entry, None);
}
