//! A rolling restart before it begins: of whom, what it will do, and what stands against it. Pure.

use super::Operation;
use super::preflight::{expected, reachable, switchover};
use crate::model::cluster::Cluster;
use crate::model::name::MemberName;
use crate::model::time::Timestamp;

impl Operation {
    /// A rolling restart of the cluster as it is known now, if somebody leads.
    pub fn rolling_restart(cluster: &Cluster) -> Option<Self> {
        let dcs = cluster.snapshot()?;
        let leader = cluster.lock_holder()?.clone();
        let others = dcs.members.iter().map(|member| member.name.clone());
        Some(Self::RollingRestart {
            replicas: others.filter(|member| *member != leader).collect(),
            leader,
        })
    }
}

/// What will happen, in sentences.
pub(super) fn consequences(
    cluster: &Cluster,
    leader: &MemberName,
    replicas: &[MemberName],
    now: Timestamp,
) -> Vec<String> {
    let names: Vec<&str> = replicas.iter().map(MemberName::as_str).collect();
    let mut lines = vec![
        format!(
            "First, one after the other, {}: sessions on it end, and it has to stream again before the next one.",
            names.join(", ")
        ),
        format!("Then {leader} hands over, without loss, and starts anew as a standby. The first that fails ends it."),
    ];
    lines.extend(expected(cluster, now));
    lines
}

/// What forbids it now.
pub(super) fn obstacles(
    cluster: &Cluster,
    leader: &MemberName,
    replicas: &[MemberName],
    now: Timestamp,
) -> Vec<String> {
    let mut found = switchover(cluster, leader, None, false, now);
    if replicas.is_empty() {
        found.push("there is no replica: it would be a restart of the leader".to_owned());
    }
    let all = replicas.iter().chain([leader]);
    found.extend(all.filter_map(|member| reachable(cluster, member)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::{LEADER, REPLICA, World};
    use crate::model::link::Cause;

    fn of(world: &World) -> (Operation, Vec<String>) {
        let operation = Operation::rolling_restart(&world.cluster).unwrap();
        let obstacles = operation.obstacles(&world.cluster, world.now);
        (operation, obstacles)
    }

    #[test]
    fn replicas_come_first_and_all_must_be_reached() {
        let mut world = World::healthy();
        let (operation, obstacles) = of(&world);
        let replicas = vec![REPLICA.into()];
        let leader = LEADER.into();
        assert_eq!(operation, Operation::RollingRestart { leader, replicas });
        assert_eq!(obstacles, Vec::<String>::new());
        let lines = operation.consequences(&world.cluster, world.now).join(" ");
        assert!(
            lines.contains(REPLICA) && lines.contains("hands over") && lines.contains("Predicted"),
            "{lines}"
        );
        world.silence(REPLICA, &Cause::Refused);
        world.pass(100);
        let (_, obstacles) = of(&world);
        assert!(obstacles.join("; ").contains("does not answer"), "{obstacles:?}");
    }

    #[test]
    fn without_a_replica_or_a_leader_there_is_none() {
        let mut world = World::healthy();
        world.dcs.members.retain(|member| member.name.as_str() == LEADER);
        world.pass(1_000);
        let (_, obstacles) = of(&world);
        assert!(obstacles.join("; ").contains("there is no replica"), "{obstacles:?}");
        world.dcs.leader = None;
        world.pass(1_000);
        assert_eq!(Operation::rolling_restart(&world.cluster), None);
    }
}
