//! From what is known to what is read: names inside the cluster become addresses that are reachable from here.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::super::cluster::Cluster;
use super::super::container::{Container, ContainerKind};
use super::super::dcs::DcsMember;
use super::super::discovery::Found;
use super::super::name::{ContainerName, MemberName, ProxyName};
use super::{Address, NodeTarget, Overrides, ProxyTarget, StoreTarget, Targets};

const ZOOKEEPER: u16 = 2181;
const POSTGRES: u16 = 5432;
const REST: u16 = 8008;

/// Where an HAProxy takes clients to the leader: the reference cluster, and Patroni's own example.
const ENTRY: [u16; 2] = [POSTGRES, 5000];

/// Where statistics usually are: the reference cluster, HAProxy's own example, its old default, and two habits.
const STATISTICS: [u16; 5] = [7000, 8404, 1936, 9000, 8080];

/// Inside the ensemble: peers, elections, the admin server. No client port.
const NOT_FOR_CLIENTS: [u16; 3] = [2888, 3888, 8080];

/// Patroni's `namespace` where it is not configured.
pub const DEFAULT_NAMESPACE: &str = "/service";

/// What should be read now. Overrides win; a container that is down keeps the address that it had, so that its row and
/// its source stay.
pub fn targets(cluster: &Cluster, found: Option<&Found>, overrides: &Overrides) -> Targets {
    let reach = Reach {
        cluster,
        found,
        before: &cluster.targets,
    };
    Targets {
        store: reach.store(overrides),
        nodes: reach.nodes(overrides),
        proxies: reach.proxies(overrides),
        entry: reach.entry(),
        containers: found.into_iter().flat_map(Found::containers).cloned().collect(),
        lab: found.is_some_and(|found| found.lab_profile.is_some()),
    }
}

struct Reach<'a> {
    cluster: &'a Cluster,
    found: Option<&'a Found>,
    before: &'a Targets,
}

impl Reach<'_> {
    /// A container of the chosen cluster; [`Cluster::container`] knows only those that were chosen before.
    fn container(&self, name: &ContainerName) -> Option<&Container> {
        let all = &self.cluster.containers.as_ref()?.value;
        all.iter().find(|container| container.name == *name)
    }

    fn store(&self, overrides: &Overrides) -> Option<StoreTarget> {
        let names = self.found.into_iter().flat_map(|found| &found.zookeeper);
        let servers = if overrides.zookeeper.is_empty() {
            let containers: Vec<_> = names.filter_map(|name| self.container(name)).collect();
            let reachable: Vec<Address> = containers
                .iter()
                .filter_map(|container| address(container, client_port(container)))
                .collect();
            match &self.before.store {
                // One that is down has no address: an ensemble that was whole before stays so.
                Some(before) if reachable.len() < containers.len() && reachable.len() < before.servers.len() => {
                    before.servers.clone()
                }
                _ => reachable,
            }
        } else {
            overrides.zookeeper.clone()
        };
        if servers.is_empty() {
            return None;
        }
        let scopes = self.found.map(|found| found.scopes.as_slice()).unwrap_or_default();
        let only = match scopes {
            [scope] => Some(scope.clone()),
            _ => None,
        };
        Some(StoreTarget {
            servers,
            namespace: namespace(overrides.namespace.as_deref()),
            scope: overrides.scope.clone().or_else(|| self.cluster.scope.clone()).or(only),
        })
    }

    fn nodes(&self, overrides: &Overrides) -> Vec<NodeTarget> {
        let mut nodes: BTreeMap<MemberName, NodeTarget> = BTreeMap::new();
        let mut lived_in: Vec<&ContainerName> = Vec::new();
        let dcs = self.cluster.snapshot();
        for member in dcs.into_iter().flat_map(|dcs| &dcs.members) {
            let container = self.container_of(member);
            lived_in.extend(container.map(|container| &container.name));
            nodes.insert(member.name.clone(), self.of_member(member, container));
        }
        let patroni = self.found.into_iter().flat_map(|found| &found.patroni);
        for container in patroni.filter_map(|name| self.container(name)) {
            if self.is_other_scope(container, overrides) || lived_in.contains(&&container.name) {
                continue;
            }
            let name = self.cluster.member_in(container);
            let before = self.before(&name);
            nodes.entry(name.clone()).or_insert_with(|| NodeTarget {
                member: name.clone(),
                postgres: address(container, POSTGRES).or_else(|| before.and_then(|node| node.postgres.clone())),
                rest: rest_url(container, "http", REST).or_else(|| before.and_then(|node| node.rest.clone())),
            });
        }
        if self.found.is_none() {
            // Without Docker nothing else remembers a member whose key has expired.
            for node in &self.before.nodes {
                nodes.entry(node.member.clone()).or_insert_with(|| node.clone());
            }
        }
        for wanted in &overrides.members {
            let node = nodes.entry(wanted.member.clone()).or_insert_with(|| wanted.clone());
            node.postgres = wanted.postgres.clone().or_else(|| node.postgres.take());
            node.rest = wanted.rest.clone().or_else(|| node.rest.take());
        }
        nodes.into_values().collect()
    }

    fn before(&self, member: &MemberName) -> Option<&NodeTarget> {
        self.before.nodes.iter().find(|node| node.member == *member)
    }

    fn container_of(&self, member: &DcsMember) -> Option<&Container> {
        let all = || {
            let found = self.found.into_iter().flat_map(Found::containers);
            found.filter_map(|name| self.container(name))
        };
        let by_host = member
            .host()
            .and_then(|host| all().find(|container| container.answers_to(host)));
        by_host.or_else(|| all().find(|container| container.member() == Some(&member.name)))
    }

    fn of_member(&self, member: &DcsMember, container: Option<&Container>) -> NodeTarget {
        let before = self.before(&member.name);
        let written = member.connect.clone().map(|(host, port)| Address { host, port });
        let api = member.api_url.as_deref().and_then(split_url);
        let (postgres, rest) = match container {
            Some(container) => {
                let port = written.as_ref().map_or(POSTGRES, |address| address.port);
                let (scheme, rest) = api.as_ref().map_or(("http", REST), |(scheme, at)| (*scheme, at.port));
                (address(container, port), rest_url(container, scheme, rest))
            }
            // Its container is gone: the name does not resolve any more either.
            None if before.is_some() => (None, None),
            None => (written, api.map(|(scheme, at)| format!("{scheme}://{at}"))),
        };
        NodeTarget {
            member: member.name.clone(),
            postgres: postgres.or_else(|| before.and_then(|node| node.postgres.clone())),
            rest: rest.or_else(|| before.and_then(|node| node.rest.clone())),
        }
    }

    fn is_other_scope(&self, container: &Container, overrides: &Overrides) -> bool {
        let chosen = overrides.scope.as_ref().or(self.cluster.scope.as_ref());
        match (&container.kind, chosen) {
            (ContainerKind::Patroni { scope: Some(scope), .. }, Some(chosen)) => scope != chosen,
            _ => false,
        }
    }

    fn proxies(&self, overrides: &Overrides) -> Vec<ProxyTarget> {
        if !overrides.proxies.is_empty() {
            return overrides.proxies.clone();
        }
        let names = self.found.into_iter().flat_map(|found| &found.proxies);
        names
            .filter_map(|name| self.container(name))
            .map(|container| {
                let name = ProxyName::from(container.name.as_str());
                let before = self.before.proxies.iter().find(|proxy| proxy.name == name);
                let urls = statistics_urls(container);
                // A container that is down has none of its own: what it had counts.
                let lasting = before.filter(|before| before.urls.len() > urls.len() && !container.is_running());
                ProxyTarget {
                    urls: lasting.map_or(urls, |before| before.urls.clone()),
                    admin: None,
                    name,
                }
            })
            .collect()
    }

    /// The entry point of the first HAProxy that has one; while it is down, the one that it had.
    fn entry(&self) -> Option<Address> {
        let proxies = self
            .found
            .map(|found| &found.proxies)
            .filter(|proxies| !proxies.is_empty())?;
        let mut containers = proxies.iter().filter_map(|name| self.container(name));
        containers.find_map(entry).or_else(|| self.before.entry.clone())
    }
}

/// Where an HAProxy takes clients to the leader: a usual port that is published, else one that it exposes, else the
/// first of them at its own address.
fn entry(container: &Container) -> Option<Address> {
    let has = |port: &u16| container.ports.iter().any(|other| other.private == *port);
    let usual = || ENTRY.into_iter();
    let port = usual()
        .find(|port| container.published(*port).is_some())
        .or_else(|| usual().find(has));
    address(container, port.unwrap_or(POSTGRES))
}

/// Where a port of a container is reachable from this host: published, else at the container's own address.
fn address(container: &Container, private: u16) -> Option<Address> {
    let published = container.published(private).map(|(host, port)| Address {
        host: dialable(host).to_string(),
        port,
    });
    published.or_else(|| {
        Some(Address {
            host: container.address()?.to_string(),
            port: private,
        })
    })
}

/// An address that listens on every interface is reached on the loopback.
fn dialable(host: IpAddr) -> IpAddr {
    match host {
        IpAddr::V4(host) if host.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        // Docker publishes both; one that only has IPv6 answers there.
        IpAddr::V6(host) if host.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        host => host,
    }
}

fn rest_url(container: &Container, scheme: &str, private: u16) -> Option<String> {
    address(container, private).map(|address| format!("{scheme}://{address}"))
}

fn client_port(container: &Container) -> u16 {
    let tcp = || {
        container
            .ports
            .iter()
            .filter(|port| port.protocol == "tcp")
            .map(|port| port.private)
    };
    if tcp().any(|port| port == ZOOKEEPER) {
        return ZOOKEEPER;
    }
    tcp().find(|port| !NOT_FOR_CLIENTS.contains(port)).unwrap_or(ZOOKEEPER)
}

fn statistics_urls(container: &Container) -> Vec<String> {
    let url = |address: Address| format!("http://{address}");
    let published = |private| container.published(private).and_then(|_| address(container, private));
    let usual = STATISTICS.into_iter().filter_map(published);
    let tcp = container.ports.iter().filter(|port| port.protocol == "tcp");
    let unusual = tcp
        .map(|port| port.private)
        .filter(|port| !STATISTICS.contains(port) && !matches!(port, 5432 | 5433))
        .filter_map(published);
    let own = container.address().into_iter().flat_map(|host| {
        STATISTICS.into_iter().map(move |port| Address {
            host: host.to_string(),
            port,
        })
    });
    let mut urls: Vec<String> = Vec::new();
    for found in usual.chain(unusual).chain(own).map(url) {
        if !urls.contains(&found) {
            urls.push(found);
        }
    }
    urls
}

/// With a leading and without a trailing slash.
fn namespace(configured: Option<&str>) -> String {
    let parts = configured
        .unwrap_or(DEFAULT_NAMESPACE)
        .split('/')
        .filter(|part| !part.is_empty());
    parts.fold(String::new(), |path, part| path + "/" + part)
}

/// Scheme and address of `http://pg-master:8008/patroni`, also with an IPv6 address in brackets.
fn split_url(url: &str) -> Option<(&str, Address)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()?),
        _ => (authority, if scheme == "https" { 443 } else { 80 }),
    };
    let host = host.trim_matches(['[', ']']);
    (!host.is_empty()).then(|| {
        let host = host.to_owned();
        (scheme, Address { host, port })
    })
}
