//! What an act will do to the cluster, in sentences.

use super::{Part, Question, Situation, names};
use crate::model::act::drill::Drill;
use crate::model::act::{Act, ContainerAct};
use crate::model::cluster::Cluster;
use crate::model::container::ContainerState;
use crate::model::failover::{Fault, Hit};
use crate::model::member::MemberRole;
use crate::model::prediction::{self, Timing, predict};
use crate::model::quorum::Quorum;
use crate::model::time::Timestamp;

impl Question {
    /// What will happen, in sentences.
    pub fn consequences(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let harms = self.act.is_fault();
        match (&self.situation.part, harms) {
            (Part::Member(name, MemberRole::Leader), true) => {
                let what = match self.act {
                    Act::Container(_) => "clients lose writes until a failover",
                    Act::Drill(_) => "clients may lose writes",
                };
                lines.push(format!("{name} is the leader: {what}."));
                lines.push(match self.situation.successors.as_slice() {
                    [] => "No standby can take over: the cluster stays without a leader.".to_owned(),
                    [one] => format!("1 standby can take over: {one}."),
                    many => format!("{} standbys can take over: {}.", many.len(), names(many)),
                });
            }
            (Part::Member(name, MemberRole::FormerLeader), true) => {
                lines.push(format!("{name} led until it stopped answering."));
            }
            (Part::Member(name, MemberRole::Unknown), true) => {
                lines.push(format!("The role of {name} is not known: it may be the leader."));
            }
            (Part::Member(name, MemberRole::PrimaryWithoutLock), true) => {
                lines.push(format!(
                    "{name} is a primary without the lock: what was written to it may be lost."
                ));
            }
            (Part::Member(name, _), true) => lines.push(format!(
                "{name} is a standby: the leader goes on, with less redundancy."
            )),
            (Part::Member(name, _), false) => lines.push(format!(
                "{name} joins again, as Patroni decides: as a replica if another leads."
            )),
            (Part::Store, true) if self.situation.keeps_quorum() => {
                lines.push("ZooKeeper goes on without it: Patroni finds another server.".to_owned());
            }
            (Part::Store, true) if matches!(self.act, Act::Drill(_)) => {
                lines.push("Patroni may lose its store, and then demotes the leader.".to_owned());
            }
            (Part::Store, true) => {
                lines.push("Without ZooKeeper Patroni demotes the leader after retry_timeout,".to_owned());
                lines.push("unless failsafe_mode is on: the cluster becomes read-only.".to_owned());
            }
            (Part::Store, false) => {
                lines.push("Patroni finds its store again and promotes a leader if there is none.".to_owned());
            }
            (Part::Proxy, true) => lines.push("Clients lose the entry point; the databases go on.".to_owned()),
            (Part::Proxy, false) => lines.push("Clients reach the leader again once its checks succeed.".to_owned()),
            (Part::Other, _) => lines.push("It is not known as a part of the cluster.".to_owned()),
        }
        if harms && let Some(quorum) = self.situation.without_it() {
            lines.push(format!("Without it {quorum}."));
        }
        lines.extend(self.prediction.clone());
        match self.act {
            Act::Container(act) => lines.push(how(act).to_owned()),
            Act::Drill(drill) => {
                let card = drill.card();
                lines.extend([card.expect, card.does].map(str::to_owned));
            }
        }
        if self.act == Act::Container(ContainerAct::Kill)
            && matches!(self.situation.part, Part::Member(_, MemberRole::Leader))
        {
            lines.push("The leader lock stays until its session expires.".to_owned());
        }
        lines
    }
}

impl Situation {
    /// ZooKeeper, when this server is gone.
    fn without_it(&self) -> Option<Quorum> {
        let quorum = self.quorum.filter(|quorum| quorum.servers > 1)?;
        let serves = matches!(self.state, ContainerState::Running);
        Some(if serves { quorum.less_one() } else { quorum })
    }

    /// An ensemble cannot do without it. Of a single server that is said as a consequence.
    pub(super) fn loses_quorum(&self) -> bool {
        self.without_it().is_some_and(|quorum| !quorum.holds())
    }

    fn keeps_quorum(&self) -> bool {
        self.without_it().is_some_and(Quorum::holds)
    }
}

fn how(act: ContainerAct) -> &'static str {
    match act {
        ContainerAct::Stop => "SIGTERM, then SIGKILL after the container's grace period.",
        ContainerAct::Kill => "SIGKILL: no clean shutdown.",
        ContainerAct::Start => "docker start.",
        ContainerAct::Restart => "SIGTERM, SIGKILL after the grace period, then start.",
        ContainerAct::Pause => "All its processes freeze; connections stay open and nothing answers.",
        ContainerAct::Unpause => "Its processes go on where they stood.",
    }
}

/// What the settings let expect of it.
pub(super) fn expectation(act: Act, situation: &Situation, cluster: &Cluster, now: Timestamp) -> Option<String> {
    let fault = match act {
        Act::Container(ContainerAct::Stop | ContainerAct::Restart) => Fault::Stopped,
        Act::Container(ContainerAct::Kill) => Fault::Killed,
        Act::Container(ContainerAct::Pause) => Fault::Paused,
        Act::Drill(Drill::CutOff) => Fault::CutOff,
        Act::Drill(Drill::KillPostgres) => Fault::Gone,
        // What the others cost depends on more than on settings.
        Act::Container(ContainerAct::Start | ContainerAct::Unpause) | Act::Drill(_) => return None,
    };
    let timing = Timing::of(cluster, now);
    match situation.part {
        Part::Member(_, MemberRole::Leader) if !situation.successors.is_empty() => {
            let predicted = predict(&Hit::Leader, fault, &timing)?;
            let assumed = if predicted.assumed.is_empty() {
                String::new()
            } else {
                format!(" ({})", predicted.assumed.join(", "))
            };
            Some(format!("Predicted: no writes for {}{assumed}.", predicted.total.text()))
        }
        Part::Store if fault != Fault::Gone && !situation.keeps_quorum() => Some(format!(
            "Predicted: the leader is demoted {} later.",
            prediction::demotion(&timing).text()
        )),
        _ => None,
    }
}
