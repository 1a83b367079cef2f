//! A question before an act: what it would do, bound to what was true when it was asked.

use serde::{Deserialize, Serialize};

use crate::model::act::{ActTarget, ContainerAct};
use crate::model::cluster::Cluster;
use crate::model::container::{Container, ContainerKind, ContainerState};
use crate::model::failover::{Fault, Hit};
use crate::model::member::{self, Member, MemberRole};
use crate::model::name::{ContainerName, MemberName};
use crate::model::prediction::{self, Timing, predict};
use crate::model::takeover;
use crate::model::time::Timestamp;

/// An act that waits for a yes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What would be done.
    pub act: ContainerAct,
    /// To which container; its id binds the act to what was confirmed.
    pub target: ActTarget,
    /// What was true when it was asked, or asked again.
    pub situation: Situation,
    /// What changed since, while the operator was looking: the next yes only accepts that.
    pub changed: Option<String>,
    /// How long clients are expected to lose writes, in a sentence.
    pub prediction: Option<String>,
}

/// What matters for the consequence of an act.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Situation {
    /// What the container runs.
    pub part: Part,
    /// Its state.
    pub state: ContainerState,
    /// Those who could take over from it, if it leads.
    pub successors: Vec<MemberName>,
}

/// What part of the cluster a container is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A member and its role.
    Member(MemberName, MemberRole),
    /// ZooKeeper.
    Store,
    /// HAProxy.
    Proxy,
    /// None that we know.
    Other,
}

impl Question {
    /// The question for `act` on `container`.
    ///
    /// # Errors
    /// Why it makes no sense now, for the operator.
    pub fn ask(
        act: ContainerAct,
        container: &ContainerName,
        cluster: &Cluster,
        now: Timestamp,
    ) -> Result<Self, String> {
        let found = find(cluster, container).ok_or_else(|| format!("container {container} is gone"))?;
        let refuse = |why: &str| Err(format!("{container} {why}: nothing to {}", act.word()));
        match (act, &found.state) {
            (ContainerAct::Start, ContainerState::Running) => return refuse("runs already"),
            (ContainerAct::Start, ContainerState::Paused) => return refuse("is paused (unpause it)"),
            (ContainerAct::Pause, ContainerState::Paused) => return refuse("is paused already"),
            (ContainerAct::Unpause, state) if *state != ContainerState::Paused => return refuse("is not paused"),
            (
                ContainerAct::Stop | ContainerAct::Kill | ContainerAct::Pause,
                ContainerState::Exited { .. } | ContainerState::Created,
            ) => {
                return refuse("does not run");
            }
            _ => {}
        }
        let target = ActTarget {
            id: found.id.clone(),
            name: found.name.clone(),
        };
        let situation = situation(cluster, found, now);
        Ok(Self {
            act,
            target,
            prediction: expectation(act, &situation, cluster, now),
            situation,
            changed: None,
        })
    }

    /// Compares with what is true now: what differs is said, and the next yes accepts only that.
    pub fn refresh(&mut self, cluster: &Cluster, now: Timestamp) {
        let Some(found) = find(cluster, &self.target.name) else {
            self.changed = Some(format!("container {} is gone", self.target.name));
            return;
        };
        let current = situation(cluster, found, now);
        self.prediction = expectation(self.act, &current, cluster, now);
        let target = ActTarget {
            id: found.id.clone(),
            name: found.name.clone(),
        };
        let differs = if target.id == self.target.id {
            difference(&self.situation, &current)
        } else {
            Some(format!("{} was made anew", target.name))
        };
        if let Some(differs) = differs {
            self.changed = Some(match self.changed.take() {
                Some(before) => format!("{before}; {differs}"),
                None => differs,
            });
            self.situation = current;
            self.target = target;
        }
    }

    /// `Stop postgresql0 (pg-master), the leader?`
    pub fn title(&self) -> String {
        let container = &self.target.name;
        let word = capitalised(self.act.word());
        match &self.situation.part {
            Part::Member(member, role) if member.as_str() == container.as_str() => {
                format!("{word} {member}, {}?", role_words(*role))
            }
            Part::Member(member, role) => format!("{word} {member} (container {container}), {}?", role_words(*role)),
            Part::Store => format!("{word} ZooKeeper (container {container})?"),
            Part::Proxy => format!("{word} HAProxy (container {container})?"),
            Part::Other => format!("{word} container {container}?"),
        }
    }

    /// What will happen, in sentences.
    pub fn consequences(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let harms = !matches!(self.act, ContainerAct::Start | ContainerAct::Unpause);
        match (&self.situation.part, harms) {
            (Part::Member(name, MemberRole::Leader), true) => {
                lines.push(format!("{name} is the leader: clients lose writes until a failover."));
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
        lines.extend(self.prediction.clone());
        lines.push(how(self.act).to_owned());
        if self.act == ContainerAct::Kill && matches!(self.situation.part, Part::Member(_, MemberRole::Leader)) {
            lines.push("The leader lock stays until its session expires.".to_owned());
        }
        lines
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
fn expectation(act: ContainerAct, situation: &Situation, cluster: &Cluster, now: Timestamp) -> Option<String> {
    let fault = match act {
        ContainerAct::Stop | ContainerAct::Restart => Fault::Stopped,
        ContainerAct::Kill => Fault::Killed,
        ContainerAct::Pause => Fault::Paused,
        ContainerAct::Start | ContainerAct::Unpause => return None,
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
        Part::Store => Some(format!(
            "Predicted: the leader is demoted {} later.",
            prediction::demotion(&timing).text()
        )),
        _ => None,
    }
}

fn find<'a>(cluster: &'a Cluster, name: &ContainerName) -> Option<&'a Container> {
    cluster
        .containers
        .as_ref()?
        .value
        .iter()
        .find(|container| container.name == *name)
}

fn situation(cluster: &Cluster, container: &Container, now: Timestamp) -> Situation {
    let members = member::members(cluster, now);
    let part = match (
        members.iter().find(|member| lives_in(member, &container.name)),
        &container.kind,
    ) {
        (Some(member), _) => Part::Member(member.name.clone(), member.role),
        (None, ContainerKind::ZooKeeper { .. }) => Part::Store,
        (None, ContainerKind::Proxy { .. }) => Part::Proxy,
        (None, ContainerKind::Patroni { .. }) => Part::Member(container.name.as_str().into(), MemberRole::Unknown),
        (None, ContainerKind::Other) => Part::Other,
    };
    let leads = matches!(part, Part::Member(_, MemberRole::Leader));
    let able = takeover::candidates(cluster, now)
        .into_iter()
        .filter(|candidate| leads && candidate.verdict.is_ok());
    Situation {
        part,
        state: container.state.clone(),
        successors: able.map(|candidate| candidate.member).collect(),
    }
}

fn lives_in(member: &Member, container: &ContainerName) -> bool {
    member.container.as_ref() == Some(container)
}

fn difference(before: &Situation, now: &Situation) -> Option<String> {
    match (&before.part, &now.part) {
        (Part::Member(_, old), Part::Member(name, new)) if old != new => {
            return Some(format!(
                "{name} was {}, and is {} now",
                role_words(*old),
                role_words(*new)
            ));
        }
        (old, new) if old != new => return Some("it is another part of the cluster now".to_owned()),
        _ => {}
    }
    if before.state != now.state {
        return Some(format!("the container is {} now", now.state));
    }
    (before.successors != now.successors).then(|| match now.successors.as_slice() {
        [] => "no standby can take over any more".to_owned(),
        some => format!("able to take over now: {}", names(some)),
    })
}

/// `the leader`, `a replica`, … for a sentence.
pub fn role_words(role: MemberRole) -> &'static str {
    match role {
        MemberRole::Leader => "the leader",
        MemberRole::StandbyLeader => "the standby leader",
        MemberRole::SyncStandby => "a synchronous standby",
        MemberRole::QuorumStandby => "a quorum standby",
        MemberRole::Replica => "a replica",
        MemberRole::PrimaryWithoutLock => "a primary without the lock",
        MemberRole::FormerLeader => "the former leader",
        MemberRole::Unknown => "of unknown role",
    }
}

fn names(names: &[MemberName]) -> String {
    names.iter().map(MemberName::as_str).collect::<Vec<_>>().join(", ")
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
