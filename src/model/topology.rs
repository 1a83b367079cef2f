//! Which addresses to read, worked out from what is known.

mod reach;

use std::collections::BTreeSet;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::name::{ContainerName, MemberName, ProxyName};

pub use reach::{DEFAULT_NAMESPACE, targets};

/// A TCP address as text: host name or IP, and port.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Address {
    /// Host name, IPv4, or IPv6 without brackets.
    pub host: String,
    /// Port.
    pub port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Everything that should be read now. Compared with the last one: only what differs is started anew.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Targets {
    /// The coordination store.
    pub store: Option<StoreTarget>,
    /// The members.
    pub nodes: Vec<NodeTarget>,
    /// The proxies.
    pub proxies: Vec<ProxyTarget>,
    /// Where clients reach the leader's PostgreSQL: HAProxy, as reachable from here.
    pub entry: Option<Address>,
    /// Containers whose logs and usage are followed.
    pub containers: BTreeSet<ContainerName>,
    /// The cluster is a lab of ours, whose logins are known.
    pub lab: bool,
}

/// Where ZooKeeper is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreTarget {
    /// The servers of the ensemble.
    pub servers: Vec<Address>,
    /// Patroni's namespace, with a leading and without a trailing slash (`/service`).
    pub namespace: String,
    /// The scope below the namespace, a Citus group as `scope/0`; with a leading slash a path anywhere. `None` lists the
    /// scopes instead.
    pub scope: Option<String>,
}

/// Where a member is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeTarget {
    /// Its name.
    pub member: MemberName,
    /// Its PostgreSQL as reachable from here.
    pub postgres: Option<Address>,
    /// Its Patroni REST API as reachable from here: `http://172.18.0.3:8008`.
    pub rest: Option<String>,
}

/// Where a proxy is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProxyTarget {
    /// Its name.
    pub name: ProxyName,
    /// Addresses to try for its statistics, best first, without path or with the path of a configured URL.
    pub urls: Vec<String>,
    /// Where it takes commands, if that is configured.
    #[serde(default)]
    pub admin: Option<AdminSocket>,
}

/// HAProxy's `stats socket` with `level admin`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdminSocket {
    /// `unix:/run/haproxy/admin.sock`
    Unix(String),
    /// `tcp:127.0.0.1:9999`
    Tcp(Address),
}

impl fmt::Display for AdminSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{path}"),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// What configuration says; it wins over what was found. Empty and `None` say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Overrides {
    /// ZooKeeper servers.
    pub zookeeper: Vec<Address>,
    /// Patroni's namespace; slashes at its ends do not matter.
    pub namespace: Option<String>,
    /// The scope.
    pub scope: Option<String>,
    /// Members: each part that is `None` stays as found.
    pub members: Vec<NodeTarget>,
    /// Proxies: if there are any, none is looked for.
    pub proxies: Vec<ProxyTarget>,
}

#[cfg(test)]
mod tests;
