//! A question before an act: what it would do, bound to what was true when it was asked.

mod consequence;
mod preflight;
mod sense;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::act::{Act, ActTarget};
use crate::model::cluster::Cluster;
use crate::model::container::{Container, ContainerKind, ContainerState};
use crate::model::member::{self, Member, MemberRole};
use crate::model::name::{ContainerName, MemberName};
use crate::model::quorum::Quorum;
use crate::model::takeover;
use crate::model::time::Timestamp;

/// An act that waits for a yes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What would be done.
    pub act: Act,
    /// To which container; its id binds the act to what was confirmed.
    pub target: ActTarget,
    /// What was true when it was asked, or asked again.
    pub situation: Situation,
    /// What changed since, while the operator was looking: the next yes only accepts that.
    pub changed: Option<String>,
    /// How long clients are expected to lose writes, in a sentence.
    pub prediction: Option<String>,
    /// When it is done.
    #[serde(default)]
    pub when: When,
    /// How long it lasts, if it lasts.
    #[serde(default)]
    pub lasts: Lasting,
    /// What speaks against it now.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// The name that has to be typed, and why; what was typed so far.
    #[serde(default)]
    pub typed: Option<Typed>,
    /// Whether it can be done where it is meant to be done.
    #[serde(default)]
    pub means: Means,
}

/// Whether the means for an act are there: a drill asks the host and the container, and changes nothing by that.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Means {
    /// Nobody asked yet.
    #[default]
    Unknown,
    /// Asked, no answer yet.
    Asked,
    /// All is there.
    There,
    /// Not here, and why.
    Missing(String),
}

/// A name that has to be typed before yes counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    /// The name.
    pub wanted: String,
    /// Why a key is not enough.
    pub because: String,
    /// So far.
    pub text: String,
}

/// When an act is done after the yes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// At once.
    #[default]
    Now,
    /// After so long.
    After(Duration),
    /// At a moment of Patroni's loop that nobody chose.
    AnyMoment,
    /// At the same moment as the next one that is confirmed.
    WithNext,
}

/// How long a fault lasts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lasting {
    /// Until somebody heals it.
    #[default]
    UntilHealed,
    /// So long.
    For(Duration),
}

/// What a key steps through.
const WHENS: [When; 7] = [
    When::Now,
    When::After(Duration::from_secs(5)),
    When::After(Duration::from_secs(15)),
    When::After(Duration::from_secs(30)),
    When::After(Duration::from_secs(60)),
    When::AnyMoment,
    When::WithNext,
];
const LASTINGS: [Lasting; 6] = [
    Lasting::UntilHealed,
    Lasting::For(Duration::from_secs(5)),
    Lasting::For(Duration::from_secs(15)),
    Lasting::For(Duration::from_secs(30)),
    Lasting::For(Duration::from_secs(60)),
    Lasting::For(Duration::from_secs(300)),
];

impl When {
    /// The next one of a menu, or the one before.
    #[must_use]
    pub fn stepped(self, back: bool) -> Self {
        stepped(&WHENS, self, back)
    }

    /// For a sentence.
    pub fn words(self) -> String {
        match self {
            Self::Now => "at once".to_owned(),
            Self::After(delay) => format!("in {} s", delay.as_secs()),
            Self::AnyMoment => "at any moment of Patroni's loop".to_owned(),
            Self::WithNext => "together with the next one".to_owned(),
        }
    }
}

impl Lasting {
    /// The next one of a menu, or the one before.
    #[must_use]
    pub fn stepped(self, back: bool) -> Self {
        stepped(&LASTINGS, self, back)
    }

    /// For a sentence.
    pub fn words(self) -> String {
        match self {
            Self::UntilHealed => "until it is healed".to_owned(),
            Self::For(span) => format!("for {} s, then healed", span.as_secs()),
        }
    }

    /// The span, if it has one.
    pub const fn span(self) -> Option<Duration> {
        match self {
            Self::UntilHealed => None,
            Self::For(span) => Some(span),
        }
    }
}

fn stepped<T: Copy + PartialEq>(all: &[T], from: T, back: bool) -> T {
    let at = all.iter().position(|one| *one == from).unwrap_or(0);
    let to = if back { at + all.len() - 1 } else { at + 1 };
    all.get(to % all.len()).copied().unwrap_or(from)
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
    /// The ensemble, if it is one of its servers.
    #[serde(default)]
    pub quorum: Option<Quorum>,
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
        act: impl Into<Act>,
        container: &ContainerName,
        cluster: &Cluster,
        now: Timestamp,
    ) -> Result<Self, String> {
        let act = act.into();
        let found = find(cluster, container).ok_or_else(|| format!("container {container} is gone"))?;
        match act {
            Act::Container(verb) => sense::applies(verb, found),
            Act::Drill(drill) => sense::fits(drill, found),
        }?;
        let target = ActTarget {
            id: found.id.clone(),
            name: found.name.clone(),
        };
        let situation = situation(cluster, found, now);
        Ok(Self {
            act,
            target,
            prediction: consequence::expectation(act, &situation, cluster, now),
            situation,
            changed: None,
            when: When::Now,
            lasts: Lasting::UntilHealed,
            warnings: Vec::new(),
            typed: None,
            means: Means::Unknown,
        })
    }

    /// Compares with what is true now: what differs is said, and the next yes accepts only that.
    pub fn refresh(&mut self, cluster: &Cluster, now: Timestamp) {
        let Some(found) = find(cluster, &self.target.name) else {
            self.changed = Some(format!("container {} is gone", self.target.name));
            return;
        };
        let current = situation(cluster, found, now);
        self.prediction = consequence::expectation(self.act, &current, cluster, now);
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

    /// Yes counts: nothing has to be typed, or it is.
    pub fn may_be_answered(&self) -> bool {
        let missing = matches!(self.means, Means::Missing(_));
        !missing && self.typed.as_ref().is_none_or(|typed| typed.text == typed.wanted)
    }

    /// `stop pg-master`: for a line that tells of it.
    pub fn order_words(&self) -> String {
        match self.act {
            Act::Container(act) => format!("{} {}", act.word(), self.target.name),
            Act::Drill(drill) => format!("{drill} on {}", self.target.name),
        }
    }

    /// `Stop postgresql0 (pg-master), the leader?`
    pub fn title(&self) -> String {
        let container = &self.target.name;
        let word = match self.act {
            Act::Container(act) => capitalised(act.word()),
            Act::Drill(drill) => format!("{} on", capitalised(drill.name())),
        };
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
        quorum: Quorum::of(cluster).filter(|_| part == Part::Store),
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
    if let Some(quorum) = now.quorum.filter(|_| before.quorum != now.quorum) {
        return Some(format!("ZooKeeper is not as it was: {quorum}"));
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
