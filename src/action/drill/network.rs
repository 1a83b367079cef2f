//! Partitions: which networks to take a container off, and the way back onto each.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bollard::Docker;
use bollard::models::{
    ContainerInspectResponse, EndpointIpamConfig, EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest,
};
use tokio::time::timeout;

use super::super::container::{SHORT, in_words};
use super::ask;
use crate::model::act::drill::Drill;
use crate::model::act::fault::Undo;
use crate::model::act::{ActTarget, Surroundings};
use crate::model::name::ContainerName;

/// How to put a container back onto each network that `drill` takes it off.
pub(super) async fn ways_back(
    docker: &Docker,
    drill: Drill,
    found: &ContainerInspectResponse,
    around: &Surroundings,
) -> Result<Vec<Undo>, String> {
    let own = networks(found);
    let names: BTreeSet<String> = own.keys().cloned().collect();
    let store = of_all(docker, &around.store).await?;
    let peers = of_all(docker, &around.peers).await?;
    let chosen = choose(drill, &names, &store, &peers)?;
    let id = found.id.as_deref().unwrap_or_default();
    Ok(chosen
        .into_iter()
        .map(|network| {
            let settings = own.get(&network);
            Undo::Connect {
                aliases: settings.map(|settings| aliases(settings, id)).unwrap_or_default(),
                addresses: settings.map(chosen_addresses).unwrap_or_default(),
                network,
            }
        })
        .collect())
}

/// The networks to take it off, of those that it has and those that the others have.
fn choose(
    drill: Drill,
    own: &BTreeSet<String>,
    store: &BTreeSet<String>,
    peers: &BTreeSet<String>,
) -> Result<BTreeSet<String>, String> {
    if own.is_empty() {
        return Err("it is on no network".to_owned());
    }
    let with_store: BTreeSet<String> = own & store;
    let without: BTreeSet<String> = own - store;
    match drill {
        Drill::CutOffStore if with_store.is_empty() => {
            Err("it shares no network with a ZooKeeper container".to_owned())
        }
        Drill::CutOffStore if !peers.is_empty() && without.is_disjoint(peers) => Err(one_network(&with_store)),
        Drill::CutOffStore => Ok(with_store),
        Drill::CutOffPeers => match &without & peers {
            none if none.is_empty() && !own.is_disjoint(peers) => Err(one_network(&with_store)),
            none if none.is_empty() => Err("it shares no network with another member".to_owned()),
            only_peers => Ok(only_peers),
        },
        _ => Ok(own.clone()),
    }
}

fn one_network(names: &BTreeSet<String>) -> String {
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    format!(
        "it reaches ZooKeeper and the other members over one network ({}): only all of it can be cut, by cut-off",
        names.join(", ")
    )
}

async fn of_all(docker: &Docker, containers: &[ContainerName]) -> Result<BTreeSet<String>, String> {
    let mut all = BTreeSet::new();
    for name in containers {
        let found = timeout(SHORT, docker.inspect_container(name.as_str(), None))
            .await
            .map_err(|_| "Docker does not answer".to_owned())?;
        // One that was removed meanwhile is on no network.
        all.extend(found.iter().flat_map(networks).map(|(name, _)| name));
    }
    Ok(all)
}

fn networks(found: &ContainerInspectResponse) -> BTreeMap<String, EndpointSettings> {
    let settings = found.network_settings.as_ref();
    let networks = settings.and_then(|settings| settings.networks.clone());
    networks.unwrap_or_default().into_iter().collect()
}

/// True if it is on that network.
pub(super) fn is_on(found: &ContainerInspectResponse, network: &str) -> bool {
    networks(found).contains_key(network)
}

/// Its names there, but for the one that Docker gives by itself: the beginning of its id.
fn aliases(settings: &EndpointSettings, id: &str) -> Vec<String> {
    let given = settings.aliases.clone().unwrap_or_default();
    given
        .into_iter()
        .filter(|alias| !id.starts_with(alias.as_str()))
        .collect()
}

/// Its addresses there that somebody chose, and Docker did not.
fn chosen_addresses(settings: &EndpointSettings) -> Vec<IpAddr> {
    let chosen = settings.ipam_config.as_ref();
    let texts = chosen.map(|chosen| [chosen.ipv4_address.as_deref(), chosen.ipv6_address.as_deref()]);
    let texts = texts.into_iter().flatten().flatten();
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// Takes a container off a network, as if its cable were pulled.
pub(super) async fn disconnect(docker: &Docker, network: &str, target: &ActTarget) -> Result<(), String> {
    let request = NetworkDisconnectRequest {
        container: target.id.clone(),
        force: Some(true),
    };
    ask(docker.disconnect_network(network, request)).await
}

/// Puts it back under its names and chosen addresses, unless it is there, and makes sure that it has them.
pub(super) async fn connect(
    docker: &Docker,
    network: &str,
    names: &[String],
    addresses: &[IpAddr],
    found: &ContainerInspectResponse,
    target: &ActTarget,
) -> Result<(), String> {
    if is_on(found, network) {
        return Ok(());
    }
    let of = |wanted: fn(&IpAddr) -> bool| addresses.iter().find(|address| wanted(address)).map(IpAddr::to_string);
    let chosen = EndpointIpamConfig {
        ipv4_address: of(IpAddr::is_ipv4),
        ipv6_address: of(IpAddr::is_ipv6),
        ..EndpointIpamConfig::default()
    };
    let request = NetworkConnectRequest {
        container: target.id.clone(),
        endpoint_config: Some(EndpointSettings {
            aliases: Some(names.to_vec()),
            ipam_config: (!addresses.is_empty()).then_some(chosen),
            ..EndpointSettings::default()
        }),
    };
    ask(docker.connect_network(network, request)).await?;
    let after = timeout(SHORT, docker.inspect_container(&target.id, None))
        .await
        .map_err(|_| "Docker does not answer".to_owned())?
        .map_err(|error| in_words(&error))?;
    match networks(&after).get(network) {
        None => Err(format!("Docker connected it to {network}, and it is not there")),
        Some(settings) => is_whole(settings, names).map_err(|name| format!("on {network} it is not known as {name}")),
    }
}

/// Each of its names is there again; else the first that is missing.
fn is_whole<'a>(settings: &EndpointSettings, names: &'a [String]) -> Result<(), &'a str> {
    let there = settings.aliases.as_deref().unwrap_or_default();
    match names.iter().find(|name| !there.contains(name)) {
        Some(name) => Err(name),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(names: &[&str]) -> BTreeSet<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn takes_off_what_is_meant_and_nothing_else() {
        let (own, store, peers) = (set(&["data", "store"]), set(&["store"]), set(&["data", "store"]));
        assert_eq!(choose(Drill::CutOff, &own, &store, &peers), Ok(own.clone()));
        assert_eq!(choose(Drill::CutOffStore, &own, &store, &peers), Ok(set(&["store"])));
        assert_eq!(choose(Drill::CutOffPeers, &own, &store, &peers), Ok(set(&["data"])));
    }

    #[test]
    fn one_network_for_everything_can_only_be_cut_as_a_whole() {
        let one = set(&["default"]);
        assert_eq!(choose(Drill::CutOff, &one, &one, &one), Ok(one.clone()));
        for drill in [Drill::CutOffStore, Drill::CutOffPeers] {
            let why = choose(drill, &one, &one, &one).unwrap_err();
            assert!(why.contains("(default)") && why.contains("cut-off"), "{why}");
        }
        assert!(choose(Drill::CutOff, &set(&[]), &one, &one).is_err());
        assert!(choose(Drill::CutOffStore, &one, &set(&["elsewhere"]), &one).is_err());
        assert!(choose(Drill::CutOffPeers, &one, &one, &set(&[])).is_err());
    }

    #[test]
    fn what_somebody_chose_comes_back() {
        let settings = EndpointSettings {
            aliases: Some(vec!["pg-master.data".to_owned(), "0123456789ab".to_owned()]),
            ipam_config: Some(EndpointIpamConfig {
                ipv4_address: Some("172.30.0.5".to_owned()),
                ..EndpointIpamConfig::default()
            }),
            ip_address: Some("172.30.0.5".to_owned()),
            ..EndpointSettings::default()
        };
        assert_eq!(aliases(&settings, "0123456789abcdef"), ["pg-master.data"]);
        assert_eq!(chosen_addresses(&settings), ["172.30.0.5".parse::<IpAddr>().unwrap()]);
        assert!(chosen_addresses(&EndpointSettings::default()).is_empty());
        let names = ["pg-master".to_owned(), "pg-master.data".to_owned()];
        assert_eq!(is_whole(&settings, &names), Err("pg-master"));
        assert_eq!(is_whole(&settings, &names[1..]), Ok(()));
    }

    #[test]
    fn a_single_member_is_cut_off_from_its_store() {
        let one = set(&["default"]);
        assert_eq!(choose(Drill::CutOffStore, &one, &one, &set(&[])), Ok(one.clone()));
    }
}
