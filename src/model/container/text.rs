//! How containers read: the words of `docker-compose ps`. Pure.

use std::fmt;
use std::net::IpAddr;

use super::super::fact::exit_text;
use super::{Container, ContainerState, Port};

impl fmt::Display for ContainerState {
    /// `running`, `paused`, `exited 137`, …
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created => f.pad("created"),
            Self::Running => f.pad("running"),
            Self::Paused => f.pad("paused"),
            Self::Restarting => f.pad("restarting"),
            Self::Exited { code } => f.pad(&format!("exited {code}")),
            Self::Other(word) => f.pad(word),
        }
    }
}

impl Container {
    /// The command without the folders of its first word: `docker-entrypoint.sh patroni /postgres0.yml`.
    pub fn command_text(&self) -> String {
        let mut words = self.command.iter().map(String::as_str);
        let first = words.next().unwrap_or_default();
        let first = first.rsplit('/').next().unwrap_or(first);
        std::iter::once(first).chain(words).collect::<Vec<_>>().join(" ")
    }

    /// `running`, `exited 137 (SIGKILL)`, `exited 137 (out of memory)`.
    pub fn state_text(&self) -> String {
        match &self.state {
            ContainerState::Exited { code } if self.oom_killed => format!("exited {code} (out of memory)"),
            ContainerState::Exited { code } => exit_text(*code),
            other => other.to_string(),
        }
    }

    /// `0.0.0.0:5433->5432/tcp, 8008/tcp`: published, then merely exposed. The same port on IPv4 and IPv6 stands once.
    pub fn ports_text(&self) -> String {
        ports(&self.ports)
    }
}

fn ports(ports: &[Port]) -> String {
    let doubled = |port: &Port, host: IpAddr, public: u16| {
        host.is_ipv6()
            && ports.iter().any(|other| {
                other.private == port.private
                    && other
                        .published
                        .is_some_and(|(host, other)| host.is_ipv4() && other == public)
            })
    };
    let mut texts: Vec<(bool, u16, String)> = ports
        .iter()
        .filter_map(|port| match port.published {
            Some((host, public)) if doubled(port, host, public) => None,
            Some((host @ IpAddr::V6(_), public)) => Some((
                false,
                public,
                format!("[{host}]:{public}->{}/{}", port.private, port.protocol),
            )),
            Some((host, public)) => Some((
                false,
                public,
                format!("{host}:{public}->{}/{}", port.private, port.protocol),
            )),
            None => Some((true, port.private, format!("{}/{}", port.private, port.protocol))),
        })
        .collect();
    texts.sort();
    texts.dedup();
    texts
        .into_iter()
        .map(|(_, _, text)| text)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_published_ports_from_exposed_ones() {
        let port = |private, published: Option<(&str, u16)>| Port {
            private,
            protocol: "tcp".to_owned(),
            published: published.map(|(host, port)| (host.parse().unwrap(), port)),
        };
        let both = [
            port(8008, None),
            port(5432, Some(("0.0.0.0", 5433))),
            port(5432, Some(("::", 5433))),
        ];
        assert_eq!(ports(&both), "0.0.0.0:5433->5432/tcp, 8008/tcp");
        assert_eq!(ports(&[port(5432, Some(("::1", 5433)))]), "[::1]:5433->5432/tcp");
        assert_eq!(ports(&[]), "");
    }
}
