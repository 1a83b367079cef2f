//! Signs of a fault: which facts begin something, and what. Pure.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::container::ContainerAction;
use super::super::fact::{Ending, Fact, FactKind, SourceKind};
use super::super::link::Cause;
use super::super::name::MemberName;
use super::cast::{Cast, Part};

/// What a fault hit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Hit {
    /// The leader, or its lock.
    Leader,
    /// Another member.
    Replica(MemberName),
    /// ZooKeeper.
    Store,
    /// HAProxy.
    Proxy,
    /// Nothing that is seen, and yet clients cannot write.
    Clients,
}

/// What happened first, as far as it is known. Ordered: a later one says more about the cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Found in progress: the monitor was not there when it began.
    Found,
    /// Clients cannot write and nothing says why.
    Unexplained,
    /// The lock was lost and nothing says why.
    LockLost,
    /// It does not answer: frozen, cut off or overloaded.
    Silent,
    /// PostgreSQL is gone, its container is not known to be.
    Gone,
    /// The process ended by itself.
    Died,
    /// Killed by the kernel for memory.
    OutOfMemory,
    /// Cut off from its network.
    CutOff,
    /// Frozen.
    Paused,
    /// SIGKILL.
    Killed,
    /// SIGTERM.
    Stopped,
    /// Asked for through Patroni.
    Requested,
}

impl Fault {
    /// What happened, where that was to `hit`.
    pub(super) fn of(self, hit: &Hit) -> &'static str {
        match (self, hit) {
            (Self::Found, _) => "found in progress",
            (Self::Unexplained, _) => "writes fail",
            (Self::LockLost, _) => "lock lost",
            (Self::Silent, _) => "no answer",
            (Self::Gone, Hit::Store | Hit::Proxy) => "no connection",
            (Self::Gone, _) => "PostgreSQL gone",
            (Self::Died, _) => "exited",
            (Self::OutOfMemory, _) => "out of memory",
            (Self::CutOff, _) => "cut off",
            (Self::Paused, _) => "frozen",
            (Self::Killed, _) => "SIGKILL",
            // Its clean stop is another signal.
            (Self::Stopped, Hit::Proxy) => "asked to stop",
            (Self::Stopped, _) => "SIGTERM",
            (Self::Requested, _) => "requested",
        }
    }
}

/// What happened longer ago than this when it was noticed is history and no sign.
const STALE: Duration = Duration::from_secs(30);

/// What a fact is a sign of; `silent` are members that do not answer anyway.
pub(super) fn sign(
    fact: &Fact,
    leader: Option<&MemberName>,
    silent: &BTreeSet<MemberName>,
    cast: &Cast,
) -> Option<(Hit, Fault)> {
    if fact.seen.since(fact.at) > STALE {
        return None;
    }
    let member = |member: &MemberName| match leader {
        Some(leader) if leader == member => Some(Hit::Leader),
        Some(_) if cast.answered.contains(member) => Some(Hit::Replica(member.clone())),
        _ => None,
    };
    let hit = match cast.part(fact.subject.as_deref()) {
        Some(Part::Member(name)) => member(&name),
        Some(Part::Store) => Some(Hit::Store),
        Some(Part::Proxy) => Some(Hit::Proxy),
        None => None,
    };
    match (&fact.kind, fact.source) {
        (FactKind::Container(action), _) => {
            let hit = hit?;
            let fault = by_action(action, &hit)?;
            Some((hit, fault))
        }
        (FactKind::ContainerDied { ending, .. }, _) => {
            let fault = match ending {
                Ending::Plain => Fault::Died,
                Ending::GraceOver(_) => Fault::Stopped,
                Ending::OutOfMemory => Fault::OutOfMemory,
            };
            Some((hit?, fault))
        }
        (FactKind::Unreachable(cause), SourceKind::Postgres) => {
            let name = MemberName::from(fact.subject.as_deref()?);
            let known = !silent.contains(&name);
            Some((member(&name).filter(|_| known)?, by_cause(cause)?))
        }
        (FactKind::Unreachable(cause), SourceKind::ZooKeeper) if cast.store_known => {
            Some((Hit::Store, by_cause(cause)?))
        }
        (FactKind::Unreachable(cause), SourceKind::HAProxy) if !cast.pools.is_empty() => {
            Some((Hit::Proxy, by_cause(cause)?))
        }
        (FactKind::PoolEmpty { pool }, _) if cast.pools.contains(pool) => Some((Hit::Proxy, Fault::Gone)),
        (FactKind::FailoverRequested(request), _) if request.scheduled_at.is_none() => {
            Some((Hit::Leader, Fault::Requested))
        }
        (FactKind::LockFreed(Some(_)), _) => Some((Hit::Leader, Fault::LockLost)),
        (FactKind::LockFreed(None), _) => leader.map(|_| (Hit::Leader, Fault::Found)),
        (FactKind::LockTaken { from: Some(_), .. } | FactKind::LockRetaken(_), _) => {
            Some((Hit::Leader, Fault::LockLost))
        }
        (FactKind::Demoted | FactKind::Restarted, _) => (hit? == Hit::Leader).then_some((Hit::Leader, Fault::Gone)),
        _ => None,
    }
}

fn by_action(action: &ContainerAction, hit: &Hit) -> Option<Fault> {
    /// SIGUSR1: HAProxy's clean stop.
    const USR1: i32 = 10;
    Some(match action {
        ContainerAction::Killed { signal: USR1 } if *hit == Hit::Proxy => Fault::Stopped,
        ContainerAction::Killed { signal: 9 } => Fault::Killed,
        ContainerAction::Killed { signal: 2 | 3 | 15 } => Fault::Stopped,
        ContainerAction::Paused => Fault::Paused,
        ContainerAction::Disconnected(_) => Fault::CutOff,
        ContainerAction::OutOfMemory => Fault::OutOfMemory,
        ContainerAction::Stopped | ContainerAction::Restarted | ContainerAction::Removed => Fault::Died,
        _ => return None,
    })
}

/// `None` for an answer, even one that we do not like.
fn by_cause(cause: &Cause) -> Option<Fault> {
    match cause {
        Cause::Refused | Cause::Closed | Cause::ShuttingDown | Cause::Starting => Some(Fault::Gone),
        Cause::Timeout(_) | Cause::Unreachable(_) | Cause::Other(_) => Some(Fault::Silent),
        Cause::Rejected(_) | Cause::Garbled(_) => None,
    }
}
