//! When a key is not enough: before what a name has to be typed, which one, and why. One rule for faults and operations, on
//! the screen and on the command line. Pure.

use super::cluster::Cluster;
use super::member::{Condition, Member};
use super::name::ContainerName;
use super::operation::{Operation, ServerState};

/// What is true where something is about to be done.
#[derive(Clone, Copy, Debug)]
pub struct Caution<'a> {
    /// The cluster is there for faults: a lab, or marked as test.
    pub for_tests: bool,
    /// The members as they are now.
    pub members: &'a [Member],
    /// A fault of ours is active in it.
    pub fault_active: bool,
    /// Another fault waits to be done at the same moment.
    pub fault_with_it: bool,
}

impl Caution<'_> {
    /// Why a name has to be typed before a fault: in the member or container of that name, or in what is no member.
    pub fn of_fault(&self, target: Option<&str>) -> Option<String> {
        if !self.for_tests {
            return Some("this cluster is marked neither as a lab nor as test".to_owned());
        }
        let well = |member: &&Member| member.condition == Condition::Well;
        let is_target = |member: &&Member| {
            let container = member.container.as_ref().map(ContainerName::as_str);
            target.is_some_and(|target| member.name.as_str() == target || container == Some(target))
        };
        let others = || self.members.iter().filter(|member| !is_target(member));
        if target.is_some() && !others().any(|member| well(&member)) {
            return Some("no other member works".to_owned());
        }
        if self.fault_active {
            return Some("a fault of ours is still active".to_owned());
        }
        if self.fault_with_it {
            return Some("another fault is done at the same moment".to_owned());
        }
        let ill = others().find(|member| !well(member));
        ill.map(|member| format!("redundancy is not whole: {} is {}", member.name, member.state))
    }

    /// Why a name has to be typed before an operation. On a cluster that is there for faults only what takes a server from
    /// its clients weighs as much as a fault.
    pub fn of_operation(&self, operation: &Operation) -> Option<String> {
        match taken(operation) {
            None if self.for_tests => None,
            target => self.of_fault(target),
        }
    }
}

/// The member or server that the operation takes from its clients.
fn taken(operation: &Operation) -> Option<&str> {
    match operation {
        Operation::Switchover { leader: member, .. }
        | Operation::RollingRestart { leader: member, .. }
        | Operation::Failover { candidate: member }
        | Operation::Restart { member, .. }
        | Operation::Reinitialise { member } => Some(member.as_str()),
        Operation::SetServer { server, state, .. } => (*state != ServerState::Ready).then_some(server.as_str()),
        Operation::Reload { .. }
        | Operation::Pause
        | Operation::Resume
        | Operation::FlushSwitchover
        | Operation::FlushRestart { .. }
        | Operation::EditConfig { .. } => None,
    }
}

/// What has to be typed: the member's or server's name, or where it is of the whole cluster, that of the cluster.
pub fn name_of(operation: &Operation, cluster: &Cluster) -> String {
    match operation {
        Operation::Switchover { leader, .. } => leader.to_string(),
        Operation::SetServer { server, .. } => server.clone(),
        _ => operation
            .member()
            .map(ToString::to_string)
            .or_else(|| cluster.scope.clone())
            .unwrap_or_else(|| operation.word().to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{LEADER, REPLICA, World};
    use crate::model::member::members;
    use crate::model::name::{MemberName, ProxyName};

    fn every_operation() -> Vec<(Operation, &'static str, bool)> {
        let member = MemberName::from(REPLICA);
        let set = |state| Operation::SetServer {
            proxy: ProxyName::from("haproxy"),
            pool: "primary".to_owned(),
            server: "pg-slave".to_owned(),
            state,
        };
        let switchover = Operation::Switchover {
            leader: LEADER.into(),
            candidate: Some(member.clone()),
            at: None,
        };
        let restart = Operation::Restart {
            member: member.clone(),
            only_pending: false,
            at: None,
        };
        let edit = Operation::EditConfig {
            version: None,
            changes: Vec::new(),
        };
        let rolling = Operation::RollingRestart {
            leader: LEADER.into(),
            replicas: vec![member.clone()],
        };
        let candidate = member.clone();
        vec![
            (switchover, LEADER, true),
            (Operation::Failover { candidate }, REPLICA, true),
            (restart, REPLICA, true),
            (Operation::Reinitialise { member: member.clone() }, REPLICA, true),
            (set(ServerState::Drain), "pg-slave", true),
            (set(ServerState::Maint), "pg-slave", true),
            (set(ServerState::Ready), "pg-slave", false),
            (Operation::Reload { member: member.clone() }, REPLICA, false),
            (Operation::FlushRestart { member }, REPLICA, false),
            (Operation::Pause, "the scope", false),
            (Operation::Resume, "the scope", false),
            (Operation::FlushSwitchover, "the scope", false),
            (edit, "the scope", false),
            (rolling, "the scope", true),
        ]
    }

    #[test]
    fn outside_a_lab_every_operation_wants_a_name_and_in_one_those_that_weigh_as_a_fault() {
        let world = World::healthy();
        let members = members(&world.cluster, world.now);
        let whole = Caution {
            for_tests: true,
            members: &members,
            fault_active: false,
            fault_with_it: false,
        };
        let unmarked = Caution {
            for_tests: false,
            ..whole
        };
        let faulty = Caution {
            fault_active: true,
            ..whole
        };
        let scope = world.cluster.scope.as_deref().unwrap();
        for (operation, name, weighs) in every_operation() {
            assert_eq!(whole.of_operation(&operation), None, "{operation}");
            assert!(unmarked.of_operation(&operation).is_some(), "{operation}");
            assert_eq!(faulty.of_operation(&operation).is_some(), weighs, "{operation}");
            let wanted = if name == "the scope" { scope } else { name };
            assert_eq!(name_of(&operation, &world.cluster), wanted, "{operation}");
        }
    }

    #[test]
    fn the_last_one_that_works_wants_its_name_also_under_that_of_its_container() {
        let mut world = World::healthy();
        world.kill(REPLICA);
        world.pass(1_000);
        let members = members(&world.cluster, world.now);
        let caution = Caution {
            for_tests: true,
            members: &members,
            fault_active: false,
            fault_with_it: false,
        };
        for name in [LEADER, "pg-master"] {
            assert_eq!(
                caution.of_fault(Some(name)).as_deref(),
                Some("no other member works"),
                "{name}"
            );
        }
        let other = caution.of_fault(None).unwrap();
        assert!(other.starts_with("redundancy is not whole"), "{other}");
    }
}
