//! The ZooKeeper server itself: what `srvr`, `conf` and `cons` say where they are allowed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::dcs::SessionId;

/// One server of the ensemble. What its four-letter-word whitelist hides is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreServer {
    /// As configured: `127.0.0.1:2181`.
    pub address: String,
    /// Answered to `srvr` at all.
    pub answered: bool,
    /// `standalone`, `leader`, `follower`, `observer`.
    pub mode: Option<String>,
    /// ZooKeeper's version.
    pub version: Option<String>,
    /// Last transaction it knows, as it writes it (`0x1a`).
    pub zxid: Option<String>,
    /// Open connections, ours included.
    pub connections: Option<u64>,
    /// Requests that wait.
    pub outstanding: Option<u64>,
    /// Average request latency, microseconds.
    pub latency_us: Option<u64>,
    /// Number of znodes.
    pub znodes: Option<u64>,
}

/// What is known of the ensemble beside its znodes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct StoreHealth {
    /// One entry a configured server.
    pub servers: Vec<StoreServer>,
    /// Bounds that the server puts on every session timeout (`conf`).
    pub session_timeout_bounds: Option<(Duration, Duration)>,
    /// `tickTime` (`conf`): expiry is rounded up to it.
    pub tick: Option<Duration>,
    /// Timeout that was negotiated with each session that owns a znode (`cons`); kept while it owns one, also after its
    /// connection is gone.
    pub session_timeouts: BTreeMap<SessionId, Duration>,
}
