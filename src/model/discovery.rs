//! Which clusters run on this Docker daemon, found from its containers.
//!
//! Pure. What a container is was recognised when it was decoded ([`ContainerKind`]); here they are put together: by
//! compose project, else by the network that they share.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::container::{Container, ContainerKind};
use super::name::ContainerName;

/// Networks that say nothing about who belongs together.
const SHARED_BY_ALL: [&str; 3] = ["bridge", "host", "none"];

/// A cluster: at least one PostgreSQL under Patroni.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Found {
    /// Compose project, else network.
    pub id: String,
    /// Its ZooKeeper servers.
    pub zookeeper: Vec<ContainerName>,
    /// Its Patroni containers.
    pub patroni: Vec<ContainerName>,
    /// Its HAProxy containers.
    pub proxies: Vec<ContainerName>,
    /// The rest of the same project or network.
    pub others: Vec<ContainerName>,
    /// Scopes that its containers name, sorted.
    pub scopes: Vec<String>,
    /// Why each part is counted to it, for people.
    pub because: Vec<String>,
    /// Profile, if it is a lab of ours.
    pub lab_profile: Option<String>,
}

impl Found {
    /// Every container of it.
    pub fn containers(&self) -> impl Iterator<Item = &ContainerName> {
        let parts = [&self.zookeeper, &self.patroni, &self.proxies, &self.others];
        parts.into_iter().flatten()
    }
}

/// Which of the clusters was meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice<'a> {
    /// This one.
    One {
        /// The cluster.
        found: &'a Found,
        /// The scope, if the selector or the only one of its containers names it.
        scope: Option<String>,
    },
    /// These fit: ask.
    Several(Vec<&'a Found>),
    /// There is none at all.
    None,
    /// None fits the selector.
    NoSuch,
}

/// All clusters among these containers, by id.
pub fn clusters(containers: &[Container]) -> Vec<Found> {
    let mut groups: BTreeMap<String, Vec<&Container>> = BTreeMap::new();
    for container in containers {
        groups.entry(group_of(container)).or_default().push(container);
    }
    adopt(&mut groups);
    let found = groups.into_iter().map(|(id, containers)| found(id, &containers));
    found.filter(|found| !found.patroni.is_empty()).collect()
}

/// `selector` is an id, a scope or `id/scope`.
pub fn choose<'a>(found: &'a [Found], selector: Option<&str>) -> Choice<'a> {
    let fits: Vec<(&Found, Option<String>)> = match selector {
        None => found.iter().map(|found| (found, None)).collect(),
        Some(selector) => found.iter().filter_map(|found| fit(found, selector)).collect(),
    };
    match fits.as_slice() {
        [] if found.is_empty() => Choice::None,
        [] => Choice::NoSuch,
        [(found, scope)] => Choice::One {
            found,
            scope: scope.clone().or_else(|| only(&found.scopes)),
        },
        _ => Choice::Several(fits.into_iter().map(|(found, _)| found).collect()),
    }
}

/// `None` if it does not fit, else it and the scope that the selector names.
fn fit<'a>(found: &'a Found, selector: &str) -> Option<(&'a Found, Option<String>)> {
    let has = |scope: &str| found.scopes.iter().any(|other| other == scope);
    if found.id == selector {
        return Some((found, None));
    }
    if has(selector) {
        return Some((found, Some(selector.to_owned())));
    }
    let (id, scope) = selector.split_once('/')?;
    // A scope that no environment names may stand in a configuration file: ZooKeeper will tell.
    (found.id == id && (has(scope) || found.scopes.is_empty())).then(|| (found, Some(scope.to_owned())))
}

fn only(scopes: &[String]) -> Option<String> {
    match scopes {
        [scope] => Some(scope.clone()),
        _ => None,
    }
}

fn networks(container: &Container) -> impl Iterator<Item = &str> {
    let names = container.networks.iter().map(|network| network.name.as_str());
    names.filter(|name| !SHARED_BY_ALL.contains(name))
}

fn group_of(container: &Container) -> String {
    match (&container.compose, networks(container).next()) {
        (Some(compose), _) => compose.project.clone(),
        (None, Some(network)) => network.to_owned(),
        (None, None) => container
            .networks
            .first()
            .map_or("bridge", |network| &network.name)
            .to_owned(),
    }
}

/// A group without what makes a cluster whole joins those of its networks that lack it: an ensemble of its own project,
/// an HAProxy that was started by hand.
fn adopt(groups: &mut BTreeMap<String, Vec<&Container>>) {
    let of = |containers: &[&Container]| -> BTreeSet<String> {
        let names = containers.iter().flat_map(|container| networks(container));
        names.map(str::to_owned).collect()
    };
    let (homes, strays): (Vec<_>, Vec<_>) = groups
        .iter()
        .map(|(id, containers)| (id.clone(), containers.clone()))
        .partition(|(_, containers)| containers.iter().any(|container| container.is_patroni()));
    for (id, containers) in homes {
        let reach = of(&containers);
        for (_, stray) in &strays {
            let useful = |kind: fn(&ContainerKind) -> bool| {
                !containers.iter().any(|container| kind(&container.kind))
                    || !stray.iter().any(|other| other.compose.is_some())
            };
            let joins = stray.iter().filter(|other| {
                let near = networks(other).any(|network| reach.contains(network));
                near && match other.kind {
                    ContainerKind::ZooKeeper { .. } => useful(|kind| matches!(kind, ContainerKind::ZooKeeper { .. })),
                    ContainerKind::Proxy { .. } => useful(|kind| matches!(kind, ContainerKind::Proxy { .. })),
                    ContainerKind::Patroni { .. } | ContainerKind::Other => false,
                }
            });
            let joins: Vec<&Container> = joins.copied().collect();
            groups.entry(id.clone()).or_default().extend(joins);
        }
    }
}

fn found(id: String, containers: &[&Container]) -> Found {
    let mut found = Found { id, ..Found::default() };
    let mut scopes = BTreeSet::new();
    for container in containers {
        let name = container.name.clone();
        match &container.kind {
            ContainerKind::Patroni { scope, because, .. } => {
                found.because.push(format!("{name}: Patroni, {because}"));
                scopes.extend(scope.clone());
                found.patroni.push(name);
            }
            ContainerKind::ZooKeeper { because } => {
                found.because.push(format!("{name}: ZooKeeper, {because}"));
                found.zookeeper.push(name);
            }
            ContainerKind::Proxy { because } => {
                found.because.push(format!("{name}: HAProxy, {because}"));
                found.proxies.push(name);
            }
            ContainerKind::Other => found.others.push(name),
        }
        if found.lab_profile.is_none() {
            found.lab_profile.clone_from(&container.lab_profile);
        }
    }
    found.scopes = scopes.into_iter().collect();
    for part in [
        &mut found.zookeeper,
        &mut found.patroni,
        &mut found.proxies,
        &mut found.others,
    ] {
        part.sort();
    }
    found
}

#[cfg(test)]
mod tests;
