//! Containers as Docker describes them.

mod text;

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::name::{ContainerName, MemberName};
use super::time::Timestamp;

/// One container, running or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Full id; changes when the container is made anew.
    pub id: String,
    /// Name without the slash.
    pub name: ContainerName,
    /// Image as it was asked for.
    pub image: String,
    /// What it runs: entry point and arguments.
    pub command: Vec<String>,
    /// Its state.
    pub state: ContainerState,
    /// Killed by the kernel for memory.
    pub oom_killed: bool,
    /// `healthy`, `unhealthy`, `starting`; `None` without a health check.
    pub health: Option<String>,
    /// When its present or last run began.
    pub started: Option<Timestamp>,
    /// When its last run ended, unless it runs.
    pub finished: Option<Timestamp>,
    /// Seconds that Docker waits after SIGTERM before it sends SIGKILL.
    pub stop_grace_s: u32,
    /// Its ports.
    pub ports: Vec<Port>,
    /// Its networks.
    pub networks: Vec<Network>,
    /// Host name inside.
    pub hostname: String,
    /// Compose project and service.
    pub compose: Option<Compose>,
    /// Set by our own lab: its profile.
    pub lab_profile: Option<String>,
    /// What it was recognised as.
    pub kind: ContainerKind,
    /// Output is a terminal: one raw stream.
    pub tty: bool,
}

impl Container {
    /// True for every name that other containers or an operator may use for it.
    pub fn answers_to(&self, name: &str) -> bool {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        same(self.name.as_str())
            || same(&self.hostname)
            || self.compose.as_ref().is_some_and(|compose| same(&compose.service))
            || self.networks.iter().any(|network| {
                network.address.is_some_and(|address| same(&address.to_string()))
                    || network.aliases.iter().any(|alias| same(alias))
            })
    }

    /// Where `private` can be reached on the host, if it is published: prefers IPv4.
    pub fn published(&self, private: u16) -> Option<(IpAddr, u16)> {
        let mut published = self
            .ports
            .iter()
            .filter(|port| port.private == private)
            .filter_map(|port| port.published);
        let first = published.next()?;
        Some(
            std::iter::once(first)
                .chain(published)
                .find(|(host, _)| host.is_ipv4())
                .unwrap_or(first),
        )
    }

    /// Its own address in a network that has one.
    pub fn address(&self) -> Option<IpAddr> {
        self.networks.iter().find_map(|network| network.address)
    }
}

/// What a container does now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerState {
    /// Made and never started.
    Created,
    /// Runs.
    Running,
    /// Frozen by `docker pause`.
    Paused,
    /// Being restarted by its policy.
    Restarting,
    /// Ended.
    Exited {
        /// Exit code; 128+n is signal n.
        code: i64,
    },
    /// Any other of Docker's words (`removing`, `dead`).
    Other(String),
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Port {
    /// Inside the container.
    pub private: u16,
    /// `tcp`, `udp`.
    pub protocol: String,
    /// On the host; `None` is merely exposed.
    pub published: Option<(IpAddr, u16)>,
}

/// A network that a container is part of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Network name.
    pub name: String,
    /// Its address there, while it runs.
    pub address: Option<IpAddr>,
    /// Names that resolve to it there.
    pub aliases: Vec<String>,
}

/// Labels that compose sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compose {
    /// `com.docker.compose.project`.
    pub project: String,
    /// `com.docker.compose.service`.
    pub service: String,
}

/// What a container was recognised as, and by what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerKind {
    /// PostgreSQL under Patroni.
    Patroni {
        /// `PATRONI_SCOPE` or `SCOPE`, if it is in the environment.
        scope: Option<String>,
        /// `PATRONI_NAME`, if it is in the environment.
        member: Option<MemberName>,
        /// What gave it away, for people.
        because: String,
    },
    /// A ZooKeeper server.
    ZooKeeper {
        /// What gave it away, for people.
        because: String,
    },
    /// An HAProxy.
    Proxy {
        /// What gave it away, for people.
        because: String,
    },
    /// None of the cluster's parts.
    Other,
}

/// What a running container uses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Percent of one core.
    pub cpu_percent: f64,
    /// Bytes, page cache that can be dropped not counted, as `docker stats` shows it.
    pub memory: u64,
    /// Share of its periods in which it had used up its CPU limit, 0 to 1; 0 without a limit.
    #[serde(default)]
    pub throttled: f64,
}

/// Something happened to a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContainerEvent {
    /// Docker's own time.
    pub at: Timestamp,
    /// Container id.
    pub id: String,
    /// Container name.
    pub name: ContainerName,
    /// What happened.
    pub action: ContainerAction,
}

/// What happened to a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerAction {
    /// A signal was sent through Docker.
    Killed {
        /// Its number.
        signal: i32,
    },
    /// Its process ended.
    Died {
        /// Exit code.
        code: i64,
    },
    /// `docker stop` is done.
    Stopped,
    /// Started.
    Started,
    /// Restarted through Docker.
    Restarted,
    /// Frozen.
    Paused,
    /// Thawed.
    Unpaused,
    /// Out of memory.
    OutOfMemory,
    /// Health check changed to this.
    Health(String),
    /// Connected to a network.
    Connected(String),
    /// Disconnected from a network.
    Disconnected(String),
    /// Made.
    Created,
    /// Removed.
    Removed,
}
