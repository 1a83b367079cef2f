//! What would make compose fail half-way, found before anything is started: names and ports that are taken.
//! Chooses the ports that were left to be chosen.

use super::daemon::Container;
use super::error::LabError;
use super::holder;
use super::settings::Settings;

/// The networks of the compose file.
const NETWORKS: [&str; 3] = ["data", "store", "outside"];

/// Checks names and ports against all containers and the sockets of this host; fills in free ports where asked for.
pub(super) fn check(containers: &[Container], settings: &mut Settings) -> Result<(), LabError> {
    names(containers, settings)?;
    let own: Vec<u16> = published(containers, |container| is_own(container, settings))
        .map(|(_, port)| port)
        .collect();
    for port in settings.ports() {
        if settings.port(port) == 0 {
            let taken: Vec<u16> = settings.ports().map(|other| settings.port(other)).collect();
            let free = (0..50).find_map(|_| holder::free_port(settings.bind).filter(|free| !taken.contains(free)));
            settings.choose(port, free.unwrap_or_default());
        }
        let number = settings.port(port);
        let twice = settings
            .ports()
            .find(|other| *other < port && settings.port(*other) == number);
        let holder = if let Some(other) = twice {
            Some(format!("this lab itself ({})", other.flag()))
        } else if own.contains(&number) {
            None
        } else {
            let other =
                published(containers, |container| !is_own(container, settings)).find(|(_, taken)| *taken == number);
            other
                .map(|(name, _)| format!("container {name}"))
                .or_else(|| socket(settings, number))
        };
        if let Some(holder) = holder {
            return Err(LabError::PortInUse {
                port: number,
                bind: settings.bind.to_string(),
                holder,
                flag: port.flag(),
            });
        }
    }
    Ok(())
}

/// Checks that nothing of others keeps the lab's network: compose would remove the containers and then fail. One that does
/// not run holds no network.
pub(super) fn check_removal(containers: &[Container], settings: &Settings) -> Result<(), LabError> {
    for network in NETWORKS.map(|network| format!("{}_{network}", settings.project)) {
        let foreign = containers.iter().filter(|container| {
            !is_own(container, settings)
                && container.networks.contains(&network)
                && ["running", "paused", "restarting"].contains(&container.state.as_str())
        });
        let containers: Vec<String> = foreign.map(|container| container.name.clone()).collect();
        if !containers.is_empty() {
            return Err(LabError::NetworkInUse { network, containers });
        }
    }
    Ok(())
}

fn is_own(container: &Container, settings: &Settings) -> bool {
    container.project.as_ref() == Some(&settings.project)
}

/// Who listens on this host, if the daemon is on this host at all.
fn socket(settings: &Settings, port: u16) -> Option<String> {
    let local = std::env::var("DOCKER_HOST").map_or(true, |host| host.is_empty() || host.starts_with("unix:"));
    (local && !holder::is_free(settings.bind, port)).then(|| {
        holder::process_on(port).unwrap_or_else(|| "a process this user may not see (try: sudo ss -ltnp)".to_owned())
    })
}

fn published<'a>(
    containers: &'a [Container],
    which: impl Fn(&Container) -> bool + 'a,
) -> impl Iterator<Item = (&'a str, u16)> + 'a {
    containers
        .iter()
        .filter(move |container| which(container))
        .flat_map(|container| container.ports.iter().map(|(host, _)| (container.name.as_str(), *host)))
}

fn names(containers: &[Container], settings: &Settings) -> Result<(), LabError> {
    let wanted: Vec<String> = settings
        .services()
        .map(|service| format!("{}{service}", settings.prefix()))
        .collect();
    let foreign = containers
        .iter()
        .find(|container| wanted.contains(&container.name) && !is_own(container, settings));
    foreign.map_or(Ok(()), |container| {
        let owner = container
            .project
            .as_ref()
            .map_or("started without compose".to_owned(), |name| {
                format!("compose project {name}")
            });
        Err(LabError::NameTaken {
            name: container.name.clone(),
            owner,
        })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::config::lab::LabOptions;
    use crate::lab::port::Port;
    use std::net::TcpListener;

    fn settings(entry: u16) -> Settings {
        let zero = Some(0);
        let options = LabOptions {
            project: "x".into(),
            entry_port: Some(entry),
            stats_port: zero,
            pg0_port: zero,
            pg1_port: zero,
            zookeeper_port: zero,
            ..LabOptions::default()
        };
        Settings::resolve(&options, &BTreeMap::default())
    }

    fn container(name: &str, project: Option<&str>, port: u16) -> Container {
        Container {
            id: name.into(),
            name: name.into(),
            project: project.map(Into::into),
            service: None,
            state: "running".into(),
            status: "Up".into(),
            address: None,
            networks: vec!["x_store".into()],
            ports: vec![(port, 5432)],
        }
    }

    #[test]
    fn free_ports_are_chosen_and_differ() {
        let mut settings = settings(0);
        check(&[], &mut settings).unwrap();
        let mut ports: Vec<u16> = settings.ports().map(|port| settings.port(port)).collect();
        ports.sort_unstable();
        assert!(
            ports[0] > 0 && ports.windows(2).all(|pair| pair[0] != pair[1]),
            "{ports:?}"
        );
    }

    #[test]
    fn a_container_of_others_on_the_network_is_named() {
        let own = container("x-zoo", Some("x"), 2181);
        let mut other = container("probe", None, 1);
        let settings = settings(0);
        check_removal(std::slice::from_ref(&own), &settings).unwrap();
        let text = check_removal(&[own.clone(), other.clone()], &settings)
            .unwrap_err()
            .to_string();
        assert_eq!(
            text,
            "container probe is on the lab's network x_store, so that it cannot be removed; nothing was changed\n  \
             detach first: docker network disconnect x_store probe"
        );
        other.state = "exited".into();
        check_removal(&[own, other], &settings).unwrap();
    }

    #[test]
    fn holder_is_named() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let text = check(&[], &mut settings(port)).unwrap_err().to_string();
        assert!(
            text.contains(&format!("port {port} on 127.0.0.1 is in use by ")) && text.contains("pid"),
            "{text}"
        );
        assert!(text.contains("--entry-port"), "{text}");
        let text = check(&[container("other-db", Some("other"), port)], &mut settings(port))
            .unwrap_err()
            .to_string();
        assert!(text.contains("container other-db"), "{text}");
        // Its own containers hold it: that is as it should be.
        check(
            &[container("x-postgres_entrypoint", Some("x"), port)],
            &mut settings(port),
        )
        .unwrap();
    }

    #[test]
    fn one_port_twice_is_refused() {
        let mut settings = settings(0);
        settings.choose(Port::Entry, 40404);
        settings.choose(Port::Stats, 40404);
        let text = check(&[], &mut settings).unwrap_err().to_string();
        assert!(
            text.contains("this lab itself (--entry-port)") && text.contains("--stats-port"),
            "{text}"
        );
    }

    #[test]
    fn foreign_names_are_refused() {
        let error = check(&[container("x-zoo", None, 1)], &mut settings(0)).unwrap_err();
        assert!(matches!(error, LabError::NameTaken { name, .. } if name == "x-zoo"));
    }
}
