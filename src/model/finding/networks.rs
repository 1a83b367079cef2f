//! Containers that run and are off a network that they need: what Docker says of their cables.

use std::collections::BTreeSet;

use super::super::container::{Container, ContainerKind};
use super::super::member::Member;
use super::{Finding, Kind, View, Weight};

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    if !view.docker_answers() {
        return Vec::new();
    }
    view.members.iter().filter_map(|member| cut_off(view, member)).collect()
}

fn cut_off(view: &View<'_>, member: &Member) -> Option<Finding> {
    let container = view.cluster.container(member.container.as_ref()?)?;
    if !container.is_running() {
        return None;
    }
    let (what, cause) = if container.networks.is_empty() {
        let what = format!("{} is on no network", container.name);
        (what, "Docker took it off all of them; its processes go on.".to_owned())
    } else if let Some(networks) = without_store(view, container) {
        let what = format!("{} shares no network with ZooKeeper", container.name);
        (
            what,
            format!("ZooKeeper is on {networks}; its Patroni cannot renew what it holds there."),
        )
    } else {
        let host = unknown_host(view, member, container)?;
        let what = format!(
            "the others cannot find {}: {host} is on no network of its container",
            member.name
        );
        (what, "Replication, and HAProxy's way to it, use that name.".to_owned())
    };
    let leads = view.holder() == Some(&member.name);
    Some(Finding {
        kind: Kind::CutOff,
        weight: if leads { Weight::Alarm } else { Weight::Warning },
        what,
        cause,
        advice: "Put it back under the names that it had: pgherd heal, if pgherd did it; else docker network connect \
                 with its aliases, or make the container anew."
            .to_owned(),
        since: None,
    })
}

/// The networks of the ZooKeeper containers, if the container is on none of them and another member's is: elsewhere members
/// may reach it through the host.
fn without_store(view: &View<'_>, container: &Container) -> Option<String> {
    let servers = view.cluster.ours().filter(|other| other.is_running());
    let servers = servers.filter(|other| matches!(other.kind, ContainerKind::ZooKeeper { .. }));
    let theirs: BTreeSet<&str> = servers.flat_map(names).collect();
    let apart = |container: &Container| names(container).all(|name| !theirs.contains(name));
    let mut others = view.cluster.patroni_containers().filter(|other| other.is_running());
    let usual = others.any(|other| !apart(other));
    (usual && apart(container)).then(|| theirs.into_iter().collect::<Vec<_>>().join(", "))
}

fn names(container: &Container) -> impl Iterator<Item = &str> {
    container.networks.iter().map(|network| network.name.as_str())
}

/// The host under which it is written in ZooKeeper, if that was a name of this container and is none any more.
fn unknown_host<'a>(view: &'a View<'_>, member: &Member, container: &Container) -> Option<&'a str> {
    let host = view.dcs?.member(&member.name)?.host()?;
    let lived_here = view.cluster.memory.home(&member.name) == Some(&container.name);
    (lived_here && !container.answers_to(host)).then_some(host)
}
