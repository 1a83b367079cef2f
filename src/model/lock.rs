//! The lock's future: until when a dead holder can keep it.
//!
//! Pure. ZooKeeper drops a session that sent nothing for its timeout, at the next tick. The timeout is the client's `ttl`
//! within the server's bounds, 2 to 20 ticks unless configured: with a tick of 1 s a ttl of 30 s is 20 s.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cluster::Cluster;
use super::container::ContainerState;
use super::dcs::{LeaderLock, SessionId};
use super::link::SourceId;
use super::name::MemberName;
use super::time::Timestamp;

/// Patroni's `ttl` where the configuration does not set it.
pub const DEFAULT_TTL: Duration = Duration::from_secs(30);

/// ZooKeeper's `tickTime` in its sample configuration and in Debian's.
pub const DEFAULT_TICK: Duration = Duration::from_secs(2);

/// What is known of the lock and its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LockOutlook {
    /// Who holds it.
    pub holder: MemberName,
    /// The session that keeps it alive.
    pub session: Option<SessionId>,
    /// Whether that session's process lives; `None` if nothing tells.
    pub holder_alive: Option<bool>,
    /// When its container ended or was paused, if it did: no packet of its session can be later.
    pub last_sign_of_life: Option<Timestamp>,
    /// How long the session may be silent.
    pub session_timeout: SessionTimeout,
    /// When the lock is free at the latest, if its holder stays as it is; `None` while the holder is not known to be
    /// dead, and while ZooKeeper does not answer: then no session expires.
    pub expires_by: Option<Timestamp>,
}

/// A session timeout and how it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SessionTimeout {
    /// ZooKeeper's own `cons` says so.
    Measured(Duration),
    /// From Patroni's ttl and the server's bounds.
    Negotiated(Duration),
    /// The ttl or the bounds are not readable and taken to be the usual ones.
    Assumed(Duration),
}

impl SessionTimeout {
    /// The timeout.
    pub fn value(self) -> Duration {
        match self {
            Self::Measured(value) | Self::Negotiated(value) | Self::Assumed(value) => value,
        }
    }
}

/// What becomes of the lock; `None` while it is free or was never read.
pub fn lock_outlook(cluster: &Cluster, now: Timestamp) -> Option<LockOutlook> {
    let lock = cluster.snapshot()?.leader.as_ref()?;
    let container = cluster.container_of(&lock.holder);
    let death = container.and_then(|container| match container.state {
        ContainerState::Exited { .. } => container.finished,
        ContainerState::Paused => cluster.memory.paused_since(&container.name),
        _ => None,
    });
    let answers = cluster.fresh_rest(&lock.holder, now).is_some() || cluster.fresh_sql(&lock.holder, now).is_some();
    let holder_alive = match container.map(|container| &container.state) {
        Some(ContainerState::Exited { .. } | ContainerState::Paused | ContainerState::Created) => Some(false),
        _ if answers => Some(true),
        _ => None,
    };
    let session_timeout = session_timeout(cluster, Some(lock));
    let tick = cluster
        .store
        .as_ref()
        .and_then(|store| store.value.tick)
        .unwrap_or(DEFAULT_TICK);
    let answering = cluster.freshness(&SourceId::ZooKeeper, now).is_fresh();
    // A server that starts anew gives every session its whole timeout again.
    let silent_since = death.map(|death| cluster.memory.store_back().map_or(death, |back| death.max(back)));
    Some(LockOutlook {
        holder: lock.holder.clone(),
        session: lock.session,
        holder_alive,
        last_sign_of_life: death,
        session_timeout,
        expires_by: silent_since
            .filter(|_| answering)
            .map(|since| since.plus(session_timeout.value()).plus(tick)),
    })
}

/// The timeout of the session that holds this lock, or would hold it.
pub(super) fn session_timeout(cluster: &Cluster, lock: Option<&LeaderLock>) -> SessionTimeout {
    let store = cluster.store.as_ref().map(|known| &known.value);
    let measured = store.and_then(|store| store.session_timeouts.get(&lock?.session?));
    if let Some(measured) = measured {
        return SessionTimeout::Measured(*measured);
    }
    let ttl = cluster.snapshot().and_then(|dcs| dcs.config.as_ref()?.ttl);
    let bounds = store.and_then(|store| store.session_timeout_bounds);
    match (ttl, bounds) {
        (Some(ttl), Some((least, most))) => SessionTimeout::Negotiated(ttl.max(least).min(most)),
        (ttl, bounds) => {
            let tick = store.and_then(|store| store.tick).unwrap_or(DEFAULT_TICK);
            let (least, most) = bounds.unwrap_or((tick * 2, tick * 20));
            SessionTimeout::Assumed(ttl.unwrap_or(DEFAULT_TTL).max(least).min(most))
        }
    }
}

#[cfg(test)]
mod tests;
