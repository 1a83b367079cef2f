//! Which of the daemon's containers are this cluster's, and which of them runs which member.

use super::super::container::{Container, ContainerKind, ContainerState};
use super::super::dcs::DcsMember;
use super::super::name::{ContainerName, MemberName};
use super::Cluster;

impl Cluster {
    /// This cluster's containers: those of [`Targets::containers`](super::super::topology::Targets::containers).
    pub fn ours(&self) -> impl Iterator<Item = &Container> {
        self.containers
            .iter()
            .flat_map(|known| &known.value)
            .filter(|container| self.is_ours(&container.name))
    }

    /// The container of that name, if it is one of ours.
    pub fn container(&self, name: &ContainerName) -> Option<&Container> {
        self.ours().find(|container| container.name == *name)
    }

    /// The container that runs a member: by the host it is known under, else by what the container says itself.
    pub fn container_of(&self, member: &MemberName) -> Option<&Container> {
        let by_host = self
            .snapshot()
            .and_then(|dcs| dcs.member(member))
            .and_then(DcsMember::host)
            .and_then(|host| self.ours().find(|container| container.answers_to(host)));
        by_host
            .or_else(|| self.memory.home(member).and_then(|name| self.container(name)))
            .or_else(|| self.ours().find(|container| container.member() == Some(member)))
            .or_else(|| {
                self.ours()
                    .find(|container| container.is_patroni() && container.answers_to(member.as_str()))
            })
    }

    /// This cluster's containers that run PostgreSQL under Patroni, and not for another scope.
    pub fn patroni_containers(&self) -> impl Iterator<Item = &Container> {
        self.ours().filter(|container| match &container.kind {
            ContainerKind::Patroni { scope, .. } => scope.is_none() || self.scope.is_none() || *scope == self.scope,
            _ => false,
        })
    }

    /// The member that a Patroni container runs: as ZooKeeper or its Patroni said, as its environment says; else its
    /// own name serves.
    pub fn member_in(&self, container: &Container) -> MemberName {
        let by_home = self.memory.homes().find(|(_, home)| **home == container.name);
        let own = MemberName::from(container.name.as_str());
        by_home
            .map(|(member, _)| member)
            .or_else(|| container.member())
            .cloned()
            .unwrap_or(own)
    }
}

impl Container {
    /// True if it was recognised as PostgreSQL under Patroni.
    pub fn is_patroni(&self) -> bool {
        matches!(self.kind, ContainerKind::Patroni { .. })
    }

    /// The member name in its environment.
    pub fn member(&self) -> Option<&MemberName> {
        match &self.kind {
            ContainerKind::Patroni { member, .. } => member.as_ref(),
            _ => None,
        }
    }

    /// Its processes run now.
    pub fn is_running(&self) -> bool {
        self.state == ContainerState::Running
    }

    /// Its processes are frozen.
    pub fn is_paused(&self) -> bool {
        self.state == ContainerState::Paused
    }
}
