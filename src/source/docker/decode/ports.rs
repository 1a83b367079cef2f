//! Ports of a container: published, merely exposed, or configured for when it runs again.

use std::net::{IpAddr, Ipv4Addr};

use bollard::models::{ContainerInspectResponse, PortMap};

use crate::model::container::Port;
use crate::model::text::clean_line;

/// While a container runs, what is published; else what it is configured to publish at fixed ports, so that the way to
/// a stopped member stays the same and says "refused".
pub(super) fn ports(answer: &ContainerInspectResponse, exposed: &[String], runs: bool) -> Vec<Port> {
    let live = answer
        .network_settings
        .as_ref()
        .and_then(|settings| settings.ports.as_ref());
    let configured = answer
        .host_config
        .as_ref()
        .and_then(|config| config.port_bindings.as_ref());
    let mut ports = published(if runs { live } else { configured });
    for key in exposed {
        let known = |port: &Port| port_key(key) == Some((port.private, port.protocol.clone()));
        if !ports.iter().any(known)
            && let Some((private, protocol)) = port_key(key)
        {
            ports.push(Port {
                private,
                protocol,
                published: None,
            });
        }
    }
    sort(&mut ports);
    ports
}

fn published(map: Option<&PortMap>) -> Vec<Port> {
    let mut ports = Vec::new();
    for (key, bindings) in map.into_iter().flatten() {
        let Some((private, protocol)) = port_key(key) else {
            continue;
        };
        let mut hosts: Vec<_> = bindings
            .iter()
            .flatten()
            .filter_map(|binding| {
                let port = binding
                    .host_port
                    .as_deref()?
                    .parse::<u16>()
                    .ok()
                    .filter(|port| *port != 0)?;
                Some(Some((address_or_any(binding.host_ip.as_deref()), port)))
            })
            .collect();
        if hosts.is_empty() {
            hosts.push(None);
        }
        ports.extend(hosts.into_iter().map(|published| Port {
            private,
            protocol: protocol.clone(),
            published,
        }));
    }
    ports
}

/// `5432/tcp`.
fn port_key(key: &str) -> Option<(u16, String)> {
    let (port, protocol) = key.split_once('/').unwrap_or((key, "tcp"));
    Some((port.parse().ok()?, clean_line(protocol)))
}

pub(super) fn address_or_any(text: Option<&str>) -> IpAddr {
    text.and_then(|text| text.parse().ok())
        .unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED))
}

pub(super) fn sort(ports: &mut [Port]) {
    ports.sort_by(|a, b| (a.private, &a.protocol, a.published).cmp(&(b.private, &b.protocol, b.published)));
}
