//! What an episode was. Pure.

use super::super::fact::FactKind;
use super::super::name::MemberName;
use super::episode::Episode;
use super::fault::Hit;
use super::timeline::Timeline;

/// What an episode was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Another member took over, and nobody asked for it.
    Failover {
        /// Who led before.
        from: Option<MemberName>,
        /// Who leads.
        to: MemberName,
    },
    /// Another member took over because somebody asked for it.
    Switchover {
        /// Who led before.
        from: Option<MemberName>,
        /// Who leads.
        to: MemberName,
    },
    /// The same member leads, on a new timeline.
    Repromotion(MemberName),
    /// The same member leads, on the same timeline, started anew.
    Restart(MemberName),
    /// ZooKeeper did not answer.
    StoreOutage {
        /// The leader was demoted because of it.
        demoted: bool,
    },
    /// A standby was lost; the leader went on.
    ReplicaLoss(MemberName),
    /// The way to the databases was lost; they went on.
    ProxyOutage,
    /// Clients could not write, and nothing else was seen.
    Unexplained,
    /// The leader is lost and nobody took over.
    NoSuccessor,
    /// Nothing came of it.
    Nothing,
}

impl Verdict {
    /// One word or two.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Failover { .. } => "failover",
            Self::Switchover { .. } => "switchover",
            Self::Repromotion(_) => "re-promotion of the same leader",
            Self::Restart(_) => "restart in place",
            Self::StoreOutage { demoted: true } => "ZooKeeper outage with demotion",
            Self::StoreOutage { demoted: false } => "ZooKeeper outage",
            Self::ReplicaLoss(_) => "loss of a replica",
            Self::ProxyOutage => "HAProxy outage",
            Self::Unexplained => "write outage",
            Self::NoSuccessor => "no failover",
            Self::Nothing => "no change",
        }
    }
}

/// `None` while it may still become one thing or another.
pub(super) fn verdict(episode: &Episode, line: &Timeline) -> Option<Verdict> {
    let from = episode.leader.clone();
    if let Some((to, _)) = line.taken.clone().filter(|(by, _)| Some(by) != from.as_ref()) {
        let asked = |entry: &super::Entry| matches!(&entry.fact.kind, FactKind::FailoverRequested(request) if request.leader.is_some());
        return Some(if episode.entries.iter().any(asked) {
            Verdict::Switchover { from, to }
        } else {
            Verdict::Failover { from, to }
        });
    }
    match &episode.hit {
        Hit::Replica(member) => return Some(Verdict::ReplicaLoss(member.clone())),
        Hit::Proxy => return Some(Verdict::ProxyOutage),
        Hit::Clients => return Some(Verdict::Unexplained),
        Hit::Store => {
            let demoted = line.demoted || line.new_timeline || line.lost.is_some();
            return Some(Verdict::StoreOutage { demoted });
        }
        Hit::Leader => {}
    }
    let over = episode.closed.is_some();
    match (from, line.promoted.is_some()) {
        (Some(leader), true) if line.new_timeline => Some(Verdict::Repromotion(leader)),
        (Some(leader), true) if line.restarted || line.taken.is_some() => Some(Verdict::Restart(leader)),
        (_, true) => over.then_some(Verdict::Nothing),
        (_, false) if line.untouched(episode) => over.then_some(Verdict::Nothing),
        (_, false) => over.then_some(Verdict::NoSuccessor),
    }
}
