//! ZooKeeper's majority: how many of its servers answer, and what remains without some of them. Pure.

use serde::{Deserialize, Serialize};

use super::cluster::Cluster;
use super::container::ContainerKind;

/// The servers of an ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quorum {
    /// All of them.
    pub servers: usize,
    /// Those that answer; where they cannot be asked, whose containers run.
    pub answering: usize,
}

impl Quorum {
    /// From what the servers said last and from their containers; `None` if the size of the ensemble is not known.
    pub fn of(cluster: &Cluster) -> Option<Self> {
        let asked = cluster.store.as_ref().map_or(&[][..], |known| &known.value.servers);
        let containers = || {
            cluster
                .ours()
                .filter(|container| matches!(container.kind, ContainerKind::ZooKeeper { .. }))
        };
        let running = containers().filter(|container| container.is_running()).count();
        let of_several = |mode: &str| matches!(mode, "leader" | "follower" | "observer");
        if asked.len() >= containers().count() && !asked.is_empty() {
            let is_one_of_more = |mode: Option<&str>| asked.len() == 1 && mode.is_some_and(of_several);
            if asked.iter().any(|server| is_one_of_more(server.mode.as_deref())) {
                return None;
            }
            // An observer has no vote.
            let voters = || asked.iter().filter(|server| server.mode.as_deref() != Some("observer"));
            return Some(Self {
                servers: voters().count(),
                answering: voters().filter(|server| server.answered).count(),
            });
        }
        let servers = containers().count();
        (servers > 0).then_some(Self {
            servers,
            answering: running,
        })
    }

    /// Servers without which nothing is written.
    pub fn needed(self) -> usize {
        self.servers / 2 + 1
    }

    /// ZooKeeper works.
    pub fn holds(self) -> bool {
        self.answering >= self.needed()
    }

    /// The same when one that answers is gone.
    #[must_use]
    pub fn less_one(self) -> Self {
        Self {
            answering: self.answering.saturating_sub(1),
            ..self
        }
    }
}

impl std::fmt::Display for Quorum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (answering, servers, needed) = (self.answering, self.servers, self.needed());
        if self.holds() {
            write!(f, "{answering} of {servers} answer, {needed} are needed")
        } else {
            write!(f, "{answering} of {servers} answer, no quorum: {needed} are needed")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fixture::World;

    fn ensemble(modes: &[Option<&str>]) -> Option<Quorum> {
        let mut world = World::healthy();
        world.ensemble(modes);
        world.pass(1_000);
        Quorum::of(&world.cluster)
    }

    #[test]
    fn a_majority_is_needed() {
        let three = ensemble(&[Some("leader"), Some("follower"), Some("follower")]).unwrap();
        assert_eq!((three.servers, three.answering, three.needed()), (3, 3, 2));
        assert!(three.holds() && three.less_one().holds() && !three.less_one().less_one().holds());
        let two = ensemble(&[Some("leader"), None, Some("follower")]).unwrap();
        assert_eq!(two, three.less_one());
        assert_eq!(two.to_string(), "2 of 3 answer, 2 are needed");
        assert_eq!(two.less_one().to_string(), "1 of 3 answer, no quorum: 2 are needed");
        let watched = ensemble(&[Some("leader"), Some("follower"), Some("follower"), Some("observer")]);
        assert_eq!(watched, Some(three), "an observer has no vote");
        let one = ensemble(&[Some("standalone")]).unwrap();
        assert!(one.holds() && !one.less_one().holds());
    }

    #[test]
    fn the_size_of_an_ensemble_of_which_one_is_known_is_not_known() {
        assert_eq!(ensemble(&[Some("follower")]), None);
    }

    #[test]
    fn containers_count_where_no_server_can_be_asked() {
        let of_containers = ensemble(&[]).unwrap();
        assert_eq!((of_containers.servers, of_containers.answering), (1, 1));
    }
}
