//! Docker's answers into containers. Pure; environment variables are looked at and never kept, since they hold
//! passwords.

mod ports;

use std::collections::HashMap;
use std::net::IpAddr;

use bollard::models::{
    ContainerInspectResponse, ContainerState as DockerState, ContainerSummary, EndpointSettings, HealthStatusEnum,
};

use self::ports::{address_or_any, ports, sort};
use super::recognise::{Making, recognise};
use crate::model::container::{Compose, Container, ContainerState, Network, Port};
use crate::model::name::ContainerName;
use crate::model::secret::mask_words;
use crate::model::text::clean_line;
use crate::model::time::Timestamp;

/// Docker's default between SIGTERM and SIGKILL.
const DEFAULT_GRACE_S: u32 = 10;

/// A container from the answer to `inspect`; `None` without id or name.
pub(super) fn container(answer: &ContainerInspectResponse) -> Option<Container> {
    let config = answer.config.clone().unwrap_or_default();
    let labels = config.labels.unwrap_or_default();
    let mut command: Vec<String> = answer.path.iter().cloned().collect();
    command.extend(answer.args.iter().flatten().cloned());
    let image = config.image.unwrap_or_default();
    let state = answer.state.clone().unwrap_or_default();
    let runs = state.running == Some(true);
    let ports = ports(answer, config.exposed_ports.as_deref().unwrap_or_default(), runs);
    let kind = recognise(Making {
        image: &image,
        command: &command,
        env: config.env.as_deref().unwrap_or_default(),
        ports: &ports.iter().map(|port| port.private).collect::<Vec<_>>(),
        labels: &labels,
    });
    let networks = answer
        .network_settings
        .as_ref()
        .and_then(|settings| settings.networks.as_ref());
    Some(Container {
        id: answer.id.as_deref().map(clean_line)?,
        name: answer.name.as_deref().and_then(name)?,
        image: clean_line(&image),
        command: mask_words(command.iter().map(|word| clean_line(word))),
        state: running_state(&state),
        oom_killed: state.oom_killed == Some(true),
        health: health(&state),
        started: state.started_at.as_deref().and_then(time),
        finished: state.finished_at.as_deref().and_then(time).filter(|_| !runs),
        stop_grace_s: config
            .stop_timeout
            .map_or(DEFAULT_GRACE_S, |grace| u32::try_from(grace).unwrap_or(u32::MAX)),
        ports,
        networks: networks_of(networks),
        hostname: config.hostname.as_deref().map(clean_line).unwrap_or_default(),
        compose: compose(&labels),
        lab_profile: lab_profile(&labels),
        kind,
        tty: config.tty == Some(true),
    })
}

/// A container from its row in the list, for one whose `inspect` does not answer: what the row does not tell is empty.
pub(super) fn container_of_row(row: &ContainerSummary) -> Option<Container> {
    let labels = row.labels.clone().unwrap_or_default();
    let command: Vec<String> = row
        .command
        .iter()
        .flat_map(|line| line.split_whitespace())
        .map(str::to_owned)
        .collect();
    let image = row.image.clone().unwrap_or_default();
    let mut ports: Vec<Port> = row
        .ports
        .iter()
        .flatten()
        .map(|port| Port {
            private: port.private_port,
            protocol: port.typ.as_ref().map_or_else(|| "tcp".to_owned(), ToString::to_string),
            published: port
                .public_port
                .map(|public| (address_or_any(port.ip.as_deref()), public)),
        })
        .collect();
    sort(&mut ports);
    let kind = recognise(Making {
        image: &image,
        command: &command,
        env: &[],
        ports: &ports.iter().map(|port| port.private).collect::<Vec<_>>(),
        labels: &labels,
    });
    let networks = row
        .network_settings
        .as_ref()
        .and_then(|settings| settings.networks.as_ref());
    Some(Container {
        id: row.id.as_deref().map(clean_line)?,
        name: row.names.iter().flatten().find_map(|raw| name(raw))?,
        image: clean_line(&image),
        command: mask_words(command.iter().map(|word| clean_line(word))),
        state: row_state(row),
        oom_killed: false,
        health: None,
        started: None,
        finished: None,
        stop_grace_s: DEFAULT_GRACE_S,
        ports,
        networks: networks_of(networks),
        hostname: String::new(),
        compose: compose(&labels),
        lab_profile: lab_profile(&labels),
        kind,
        tty: false,
    })
}

/// The state that a row tells: `exited` with the code from `Exited (137) 2 minutes ago`.
pub(super) fn row_state(row: &ContainerSummary) -> ContainerState {
    let code = || {
        let status = row.status.as_deref().unwrap_or_default();
        status.split_once('(')?.1.split_once(')')?.0.parse().ok()
    };
    let word = row.state.as_ref().map(ToString::to_string).unwrap_or_default();
    match (word.as_str(), code()) {
        ("created", _) => ContainerState::Created,
        ("running", _) => ContainerState::Running,
        ("paused", _) => ContainerState::Paused,
        ("restarting", _) => ContainerState::Restarting,
        ("exited", Some(code)) => ContainerState::Exited { code },
        _ => ContainerState::Other(word),
    }
}

/// The row without what changes as time goes by: of `Up 2 minutes (healthy)` only `(healthy)` stays.
pub(super) fn steady(mut row: ContainerSummary) -> ContainerSummary {
    row.status = row
        .status
        .as_deref()
        .and_then(|status| status.find('(').and_then(|at| status.get(at..)))
        .map(|rest| rest.split_inclusive(')').next().unwrap_or(rest).to_owned());
    if let Some(ports) = &mut row.ports {
        ports.sort_by(|a, b| (a.private_port, a.public_port, &a.ip).cmp(&(b.private_port, b.public_port, &b.ip)));
    }
    row
}

fn running_state(state: &DockerState) -> ContainerState {
    let word = state.status.as_ref().map(ToString::to_string).unwrap_or_default();
    match word.as_str() {
        "created" => ContainerState::Created,
        "running" => ContainerState::Running,
        "paused" => ContainerState::Paused,
        "restarting" => ContainerState::Restarting,
        "exited" => ContainerState::Exited {
            code: state.exit_code.unwrap_or_default(),
        },
        _ => ContainerState::Other(clean_line(&word)),
    }
}

fn health(state: &DockerState) -> Option<String> {
    match state.health.as_ref()?.status? {
        HealthStatusEnum::EMPTY | HealthStatusEnum::NONE => None,
        status => Some(status.to_string()),
    }
}

/// `/pg-master`; names with a second slash are those of links.
fn name(raw: &str) -> Option<ContainerName> {
    let name = raw.strip_prefix('/').unwrap_or(raw);
    (!name.is_empty() && !name.contains('/')).then(|| ContainerName::from(name))
}

/// RFC 3339; Docker's zero time (year 1) is none.
pub(super) fn time(raw: &str) -> Option<Timestamp> {
    let micros = raw.parse::<jiff::Timestamp>().ok()?.as_microsecond();
    (micros > 0).then(|| Timestamp::from_micros(micros))
}

fn compose(labels: &HashMap<String, String>) -> Option<Compose> {
    let label = |name: &str| labels.get(name).map(|value| clean_line(value));
    Some(Compose {
        project: label("com.docker.compose.project")?,
        service: label("com.docker.compose.service")?,
    })
}

fn lab_profile(labels: &HashMap<String, String>) -> Option<String> {
    labels.get("io.pgherd.lab.profile").map(|value| clean_line(value))
}

fn networks_of(networks: Option<&HashMap<String, EndpointSettings>>) -> Vec<Network> {
    let address = |text: &Option<String>| text.as_deref().and_then(|text| text.parse::<IpAddr>().ok());
    let mut networks: Vec<Network> = networks
        .into_iter()
        .flatten()
        .map(|(name, endpoint)| Network {
            name: clean_line(name),
            address: address(&endpoint.ip_address).or_else(|| address(&endpoint.global_ipv6_address)),
            aliases: endpoint
                .aliases
                .iter()
                .chain(&endpoint.dns_names)
                .flatten()
                .map(|alias| clean_line(alias))
                .collect(),
        })
        .collect();
    for network in &mut networks {
        network.aliases.sort();
        network.aliases.dedup();
    }
    networks.sort_by(|a, b| a.name.cmp(&b.name));
    networks
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::model::container::ContainerKind;
    use crate::model::name::MemberName;

    fn sample(json: &str) -> Container {
        container(&serde_json::from_str(json).unwrap()).unwrap()
    }

    #[test]
    fn a_running_member_is_read_whole() {
        let found = sample(include_str!("../../../tests/samples/docker/inspect_master.json"));
        assert_eq!(found.name.as_str(), "pgherd-x-master");
        assert_eq!(found.id.len(), 64);
        assert_eq!(found.image, "pgherd-lab-base:trixie");
        assert_eq!(found.command, ["patroni", "/etc/patroni/postgres0.yml"]);
        assert_eq!(found.state, ContainerState::Running);
        assert_eq!(found.health.as_deref(), Some("healthy"));
        assert_eq!(found.started, time("2026-11-22T21:02:32.38076331Z"));
        assert_eq!(found.finished, None);
        assert_eq!(found.stop_grace_s, 30);
        assert_eq!(found.hostname, "pg-master");
        assert_eq!(found.lab_profile.as_deref(), Some("fast"));
        let compose = found.compose.as_ref().unwrap();
        assert_eq!(
            (compose.project.as_str(), compose.service.as_str()),
            ("pgherd-lab", "pg-master")
        );
        assert_eq!(found.address(), Some("172.19.0.2".parse().unwrap()));
        assert!(found.answers_to("pg-master") && found.answers_to("172.19.0.2"));
        assert_eq!(found.published(5432), Some((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 35434)));
        assert_eq!(found.ports.iter().filter(|port| port.private == 5432).count(), 3);
        let exposed = found.ports.iter().find(|port| port.private == 8008).unwrap();
        assert_eq!(exposed.published, None);
        let ContainerKind::Patroni { scope, member, .. } = &found.kind else {
            panic!("{:?}", found.kind)
        };
        assert_eq!(scope.as_deref(), Some("my_cluster"));
        assert_eq!(member, &Some(MemberName::from("postgresql0")));
        assert!(!format!("{found:?}").contains("not-a-secret"));
    }

    #[test]
    fn states_are_told_apart() {
        let killed = sample(include_str!("../../../tests/samples/docker/inspect_killed.json"));
        assert_eq!(killed.state, ContainerState::Exited { code: 137 });
        assert!(killed.finished > killed.started && killed.started.is_some());
        assert_eq!((killed.kind.clone(), killed.address()), (ContainerKind::Other, None));
        let paused = sample(include_str!("../../../tests/samples/docker/inspect_paused.json"));
        assert_eq!(paused.state, ContainerState::Paused);
        assert!(paused.tty);
        let created = sample(include_str!("../../../tests/samples/docker/inspect_created.json"));
        assert_eq!(created.state, ContainerState::Created);
        assert_eq!((created.started, created.finished), (None, None));
        assert!(matches!(created.kind, ContainerKind::Proxy { .. }));
    }

    #[test]
    fn recorded_states_decode() {
        let lines = include_str!("../../../tests/samples/docker/docker_inspect_state.txt").lines();
        let states: Vec<_> = lines
            .map(|line| {
                let json = line.split_once(' ').unwrap().1;
                let state: DockerState = serde_json::from_str(json).unwrap();
                (running_state(&state), health(&state))
            })
            .collect();
        let killed = (ContainerState::Exited { code: 137 }, None);
        assert_eq!(
            states,
            [
                killed.clone(),
                killed,
                (ContainerState::Running, Some("starting".to_owned()))
            ]
        );
    }

    #[test]
    fn a_stopped_container_keeps_the_ports_that_it_will_have() {
        let json = include_str!("../../../tests/samples/docker/inspect_master.json");
        let mut answer: ContainerInspectResponse = serde_json::from_str(json).unwrap();
        answer.state.as_mut().unwrap().running = Some(false);
        answer.network_settings.as_mut().unwrap().ports = None;
        let found = container(&answer).unwrap();
        assert_eq!(found.published(5432), Some((IpAddr::V4(Ipv4Addr::UNSPECIFIED), 35434)));
        assert_eq!(found.published(8008), None);
    }

    #[test]
    fn a_row_stands_in_for_an_inspect_that_hangs() {
        let rows: Vec<ContainerSummary> =
            serde_json::from_str(include_str!("../../../tests/samples/docker/list.json")).unwrap();
        let found = |name: &str| {
            let containers = rows.iter().filter_map(container_of_row);
            containers
                .into_iter()
                .find(|container| container.name.as_str() == name)
                .unwrap()
        };
        let whole = sample(include_str!("../../../tests/samples/docker/inspect_master.json"));
        let master = found("pgherd-x-master");
        assert_eq!(
            (&master.id, &master.ports, &master.compose),
            (&whole.id, &whole.ports, &whole.compose)
        );
        assert!(matches!(master.kind, ContainerKind::Patroni { .. }));
        assert_eq!(found("pgherd-x-killed").state, ContainerState::Exited { code: 137 });
        assert_eq!(found("pgherd-x-paused").state, ContainerState::Paused);
    }

    #[test]
    fn only_what_matters_changes_a_row() {
        let row = |status: &str| {
            steady(ContainerSummary {
                status: Some(status.to_owned()),
                ..Default::default()
            })
        };
        assert_eq!(row("Up 2 minutes (healthy)"), row("Up 3 minutes (healthy)"));
        assert_ne!(row("Up 2 minutes (unhealthy)"), row("Up 2 minutes (healthy)"));
        assert_eq!(row("Exited (0) 2 minutes ago"), row("Exited (0) 5 hours ago"));
        assert_ne!(row("Exited (1) 2 minutes ago"), row("Exited (0) 2 minutes ago"));
        assert_ne!(row("Up 2 minutes (Paused)"), row("Up 2 minutes"));
    }

    #[test]
    fn an_empty_answer_is_no_container() {
        assert_eq!(container(&ContainerInspectResponse::default()), None);
        assert_eq!(container_of_row(&ContainerSummary::default()), None);
    }
}
