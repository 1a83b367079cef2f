//! How much facts matter.

use super::super::container::ContainerAction;
use super::super::link::Cause;
use super::super::proxy::ServerStatus;
use super::{FactKind, Severity};

/// One word for each kind: what is lost is bad, the steps of a failover are notable, what comes back is good.
pub(super) fn severity(kind: &FactKind) -> Severity {
    use ContainerAction as A;
    use FactKind as K;
    match kind {
        K::Unreachable(cause) => match cause {
            Cause::Starting | Cause::ShuttingDown => Severity::Notable,
            _ => Severity::Bad,
        },
        K::ContainerDied { code, .. } if *code != 0 => Severity::Bad,
        K::LockFreed(_)
        | K::Primaries(_)
        | K::MemberGone
        | K::PoolEmpty { .. }
        | K::ReplicationStopped
        | K::ClientsFail(_)
        | K::ClockStepped(_)
        | K::Counted { bad: true, .. } => Severity::Bad,
        K::OnePrimary { .. }
        | K::Reachable { .. }
        | K::ReplicationStarted { .. }
        | K::PoolServed { .. }
        | K::ClientsServed { .. }
        | K::ClientsSteady { .. }
        | K::Counted { bad: false, .. } => Severity::Good,
        K::LockTaken { .. }
        | K::LockRetaken(_)
        | K::Promoted { .. }
        | K::Demoted
        | K::TimelineChanged { .. }
        | K::TimelineSwitched { .. }
        | K::FailoverRequested(_)
        | K::Paused(_)
        | K::MemberReconnected { .. }
        | K::Failsafe(_)
        | K::Initialized { .. }
        | K::Restarted
        | K::ContainerDied { .. }
        | K::Asked(_)
        | K::Ours(_)
        | K::Noted(_) => Severity::Notable,
        K::ServerStatus { to, .. } => match to {
            ServerStatus::Up => Severity::Good,
            ServerStatus::Down => Severity::Bad,
            ServerStatus::Failing { .. } | ServerStatus::Maintenance | ServerStatus::Draining => Severity::Notable,
            ServerStatus::Rising { .. } | ServerStatus::Unchecked | ServerStatus::Other(_) => Severity::Info,
        },
        K::MemberState { to, .. } | K::RestState { to, .. } => match to.as_str() {
            "running" | "streaming" => Severity::Good,
            "crashed" => Severity::Bad,
            failed if failed.contains("failed") => Severity::Bad,
            _ => Severity::Info,
        },
        K::Container(action) => match action {
            A::OutOfMemory | A::Removed => Severity::Bad,
            A::Killed { .. } | A::Died { .. } | A::Paused | A::Stopped | A::Restarted | A::Disconnected(_) => {
                Severity::Notable
            }
            A::Started | A::Unpaused | A::Connected(_) => Severity::Good,
            A::Health(health) if health == "unhealthy" => Severity::Bad,
            A::Health(health) if health == "healthy" => Severity::Good,
            A::Health(_) | A::Created => Severity::Info,
        },
        K::SyncStandbys(standbys) if standbys.is_empty() => Severity::Notable,
        K::LockHeld(_)
        | K::MemberAppeared { .. }
        | K::MemberRole { .. }
        | K::RestRole { .. }
        | K::FailoverCleared
        | K::Configured(_)
        | K::SyncStandbys(_)
        | K::ReplicationMoved { .. } => Severity::Info,
    }
}
