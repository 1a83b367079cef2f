//! What a source says to the rest of the program.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::clock::Step;
use super::container::{Container, ContainerEvent, Usage};
use super::dcs::DcsSnapshot;
use super::link::{LinkState, SourceId};
use super::log::LogLine;
use super::name::ContainerName;
use super::patroni::RestStatus;
use super::postgres::SqlStatus;
use super::probe::News;
use super::proxy::ProxySnapshot;
use super::store::StoreHealth;
use super::time::Timestamp;

/// A message from a source. Reports are whole snapshots; events and log lines are appended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signal {
    /// A new snapshot; it also says that the link is up.
    Report {
        /// Who says so.
        source: SourceId,
        /// When the answer arrived.
        at: Timestamp,
        /// What it says.
        report: Report,
    },
    /// The link changed, or a call failed.
    Link {
        /// Whose.
        source: SourceId,
        /// Its state now.
        state: LinkState,
    },
    /// Something happened to a container.
    Container(ContainerEvent),
    /// What the probe tells.
    Probe(News),
    /// Time broke: what is measured across that does not count.
    ClockStepped(Step),
    /// New log lines, oldest first within a container.
    Logs(Vec<LogLine>),
    /// Log lines that are older than all that came of a container: the newest of them at first, each part in order.
    OlderLogs {
        /// Whose.
        container: ContainerName,
        /// Oldest first; maybe none.
        lines: Vec<LogLine>,
        /// Docker has no older ones; else there are some that were not asked for.
        complete: bool,
    },
    /// Log lines that cannot be had, or not any more, and why.
    LogGap {
        /// Whose.
        container: ContainerName,
        /// When it was noticed.
        at: Timestamp,
        /// Why, for people.
        why: String,
    },
}

/// A snapshot of one source.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Report {
    /// Every container on the daemon.
    Containers(Vec<Container>),
    /// What running containers use; sent about once a second.
    Usage(BTreeMap<ContainerName, Usage>),
    /// Scopes that exist below the namespace, while none was chosen; if there is none, what looks like a scope elsewhere,
    /// with a leading slash. Each may be the scope of a [`super::topology::StoreTarget`].
    Scopes(Vec<String>),
    /// Everything below the scope.
    Dcs(Box<DcsSnapshot>),
    /// The ZooKeeper servers.
    Store(StoreHealth),
    /// The member of the source id, over SQL.
    Sql(Box<SqlStatus>),
    /// The member of the source id, over REST.
    Rest(Box<RestStatus>),
    /// The HAProxy of the source id.
    Proxy(ProxySnapshot),
}
