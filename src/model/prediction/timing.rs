//! The settings that decide how long a failover takes, and how each is known. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::cluster::Cluster;
use super::super::lock::{self, SessionTimeout};
use super::super::time::Timestamp;

/// Patroni's `loop_wait` where the configuration does not set it.
pub const DEFAULT_LOOP_WAIT: Duration = Duration::from_secs(10);
/// Patroni's `retry_timeout` where the configuration does not set it.
pub const DEFAULT_RETRY: Duration = Duration::from_secs(10);
/// HAProxy's `inter` where its configuration does not set it.
pub const DEFAULT_INTER: Duration = Duration::from_secs(2);

/// How a value is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// It was read.
    Read,
    /// Not set: the program's own default.
    Default,
    /// It follows from the profile of our lab.
    Lab,
    /// It cannot be read.
    #[default]
    Assumed,
}

/// A span and how it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Setting {
    /// How long.
    pub value: Duration,
    /// How that is known.
    pub basis: Basis,
}

/// HAProxy's checks of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checks {
    /// Between two checks.
    pub inter: Duration,
    /// Between two checks while a server changes its state.
    pub fastinter: Duration,
    /// Failures until it is down.
    pub fall: u32,
    /// Successes until it is up.
    pub rise: u32,
    /// `timeout check`: how long a check waits for the answer of a server that took its connection.
    #[serde(default = "check_timeout")]
    pub timeout: Duration,
    /// How all that is known.
    pub basis: Basis,
}

/// As in the sample configuration of Patroni, from which most others come.
const fn check_timeout() -> Duration {
    Duration::from_secs(5)
}

impl Default for Checks {
    fn default() -> Self {
        Self {
            inter: DEFAULT_INTER,
            fastinter: DEFAULT_INTER,
            fall: 3,
            rise: 2,
            timeout: check_timeout(),
            basis: Basis::Assumed,
        }
    }
}

/// All of them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timing {
    /// Patroni's `ttl`.
    pub ttl: Setting,
    /// Patroni's `loop_wait`.
    pub loop_wait: Setting,
    /// Patroni's `retry_timeout`.
    pub retry_timeout: Setting,
    /// How long the leader's ZooKeeper session may be silent.
    pub session: Setting,
    /// ZooKeeper's `tickTime`.
    pub tick: Setting,
    /// HAProxy's checks; `None` without an HAProxy.
    pub checks: Option<Checks>,
    /// A Patroni before 3.2 may sleep through the release of the lock until its next round.
    pub sleeps: bool,
}

impl Timing {
    /// As the cluster says now.
    pub fn of(cluster: &Cluster, now: Timestamp) -> Self {
        let dcs = cluster.snapshot();
        let config = dcs.and_then(|dcs| dcs.config.as_ref());
        let read = |value: Option<Duration>, default: Duration| match value {
            Some(value) => Setting {
                value,
                basis: Basis::Read,
            },
            None if config.is_some() => Setting {
                value: default,
                basis: Basis::Default,
            },
            None => Setting {
                value: default,
                basis: Basis::Assumed,
            },
        };
        let tick = cluster.store.as_ref().and_then(|store| store.value.tick);
        let outlook = lock::lock_outlook(cluster, now).map(|outlook| outlook.session_timeout);
        let session = outlook.unwrap_or_else(|| lock::session_timeout(cluster, None));
        let versions = dcs
            .into_iter()
            .flat_map(|dcs| &dcs.members)
            .filter_map(|member| member.version.as_deref());
        Self {
            ttl: read(config.and_then(|config| config.ttl), lock::DEFAULT_TTL),
            loop_wait: read(config.and_then(|config| config.loop_wait), DEFAULT_LOOP_WAIT),
            retry_timeout: read(config.and_then(|config| config.retry_timeout), DEFAULT_RETRY),
            session: Setting {
                value: session.value(),
                basis: match session {
                    SessionTimeout::Measured(_) | SessionTimeout::Negotiated(_) => Basis::Read,
                    SessionTimeout::Assumed(_) => Basis::Assumed,
                },
            },
            tick: tick.map_or(
                Setting {
                    value: lock::DEFAULT_TICK,
                    basis: Basis::Assumed,
                },
                |value| Setting {
                    value,
                    basis: Basis::Read,
                },
            ),
            checks: (!cluster.proxies.is_empty()).then(|| checks(cluster)),
            sleeps: versions.into_iter().any(|version| is_before(version, (3, 2))),
        }
    }
}

/// HAProxy's statistics do not tell how often it checks. That of our lab is known by its profile.
fn checks(cluster: &Cluster) -> Checks {
    let seconds = Duration::from_secs;
    match cluster.ours().find_map(|container| container.lab_profile.as_deref()) {
        Some("default") => Checks {
            inter: seconds(3),
            fastinter: seconds(3),
            fall: 3,
            rise: 2,
            timeout: check_timeout(),
            basis: Basis::Lab,
        },
        Some("fast") => Checks {
            inter: seconds(1),
            fastinter: Duration::from_millis(500),
            fall: 2,
            rise: 1,
            timeout: check_timeout(),
            basis: Basis::Lab,
        },
        _ => Checks::default(),
    }
}

/// A Patroni of that version is older; false where its version says nothing.
pub fn is_before(version: &str, than: (u32, u32)) -> bool {
    let mut numbers = version.split('.').map(|part| part.parse::<u32>().ok());
    let (major, minor) = (numbers.next().flatten(), numbers.next().flatten());
    major.zip(minor).is_some_and(|version| version < than)
}
