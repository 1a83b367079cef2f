//! One fault and everything that was told while the cluster dealt with it. Pure.

use serde::{Deserialize, Serialize};

use super::super::clock::Step;
use super::super::fact::{Fact, FactKind};
use super::super::name::MemberName;
use super::super::prediction::{Prediction, Timing, predict};
use super::super::probe::Clients;
use super::super::takeover::Candidate;
use super::super::time::Timestamp;
use super::cast::{Cast, Part};
use super::fault::{Fault, Hit};
use super::picture::{Album, Moment, Picture};
use super::timeline::{Mark, Timeline};
use super::verdict::{self, Verdict};

/// Facts kept: an episode that goes on for long has told what matters.
const FACTS: usize = 500;
/// Stretches of disagreement kept.
const DISCORDS: usize = 50;

/// A fact, and what was known of its subject when it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The fact.
    pub fact: Fact,
    /// What it is about.
    pub about: Option<Part>,
    /// The fault that it is a sign of.
    pub sign: Option<Fault>,
    /// For a server of a pool for writes: its member, and whether it takes connections now.
    pub routes: Option<(MemberName, bool)>,
}

/// A fault and what followed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Episode {
    /// Counted from 1 in this run.
    pub number: u32,
    /// What was hit.
    pub hit: Hit,
    /// Who led when it began.
    pub leader: Option<MemberName>,
    /// In the order in which they came: a place in here is evidence.
    pub entries: Vec<Entry>,
    /// What the phases depend on, as it was at the beginning.
    pub timing: Timing,
    /// Who could take over, and why not: as it was last known before somebody did.
    pub candidates: Vec<Candidate>,
    /// The cluster was paused.
    pub paused: bool,
    /// When it was over.
    pub closed: Option<Timestamp>,
    /// What clients saw of it, where somebody tried.
    pub clients: Option<Clients>,
    /// Time broke during it, or the clock had been set before: none of its times is valid.
    #[serde(default)]
    pub stepped: Option<Step>,
    /// Commits waited for a synchronous standby that was lost.
    pub stalled: bool,
    /// Stretches in which those that know did not name one leader.
    pub discords: Vec<Stretch>,
    /// Whose server serves writes as the leader's, and since when: it may take no part in any change.
    pub(super) served: Option<(MemberName, Mark)>,
    /// The server of the former leader still takes connections.
    pub(super) old_served: bool,
    /// Since when somebody could take over again, by the rules of takeover.
    pub(super) able: Option<Mark>,
    /// HAProxy decides where writes go.
    pub(super) proxied: bool,
    /// What was seen at the last look was true then, or later.
    looked: Timestamp,
    /// The same of the last look at which it was known whether all agree.
    weighed: Timestamp,
    /// What the cluster looked like.
    pub(super) album: Album,
}

/// Something that held for a while.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stretch {
    /// From then.
    pub from: Mark,
    /// Until then; `None` while it lasts.
    pub to: Option<Mark>,
}

impl Episode {
    pub(super) fn new(number: u32, hit: Hit, leader: Option<MemberName>, cast: &Cast) -> Self {
        Self {
            number,
            hit,
            leader,
            entries: Vec::new(),
            timing: cast.timing.clone(),
            candidates: cast.candidates.clone(),
            paused: cast.paused,
            closed: None,
            clients: None,
            stepped: cast.stepped,
            stalled: cast.stalled,
            discords: Vec::new(),
            served: None,
            old_served: false,
            able: None,
            proxied: !cast.pools.is_empty(),
            looked: cast.confirmed,
            weighed: cast.confirmed,
            album: Album::default(),
        }
    }

    pub(super) fn push(&mut self, entry: Entry) {
        if self.entries.len() < FACTS {
            self.entries.push(entry);
        }
    }

    /// Notes what no fact tells.
    pub(super) fn look(&mut self, cast: &Cast, now: Timestamp) {
        let before = std::mem::replace(&mut self.looked, cast.confirmed);
        self.weigh(cast, now);
        self.stalled |= cast.stalled;
        let timeline = self.timeline(now);
        self.album.look(&timeline, &cast.picture);
        let holder = timeline.holder(self).cloned();
        let old = self.leader.as_ref();
        self.old_served = holder.as_ref() != old && old.is_some_and(|old| cast.served.contains(old));
        match holder.filter(|holder| cast.served.contains(holder)) {
            None => self.served = None,
            Some(holder) if self.served.as_ref().is_some_and(|(member, _)| *member == holder) => {}
            Some(holder) => self.served = Some((holder, Mark::noticed(before, now))),
        }
        if timeline.taken.is_none() {
            self.candidates.clone_from(&cast.candidates);
            self.paused = cast.paused;
        }
        let recovers = match &self.hit {
            Hit::Replica(member) => cast
                .candidates
                .iter()
                .any(|candidate| candidate.member == *member && candidate.verdict.is_ok()),
            // Nothing of that takes a standby away.
            Hit::Proxy | Hit::Clients => false,
            Hit::Store if timeline.lost.is_none() => false,
            Hit::Leader | Hit::Store => timeline.writable.is_some() && cast.is_redundant(),
        };
        if !recovers {
            self.able = None;
        } else if self.able.is_none() {
            self.able = Some(Mark::noticed(before, now));
        }
    }

    /// Whether all agree on a leader.
    fn weigh(&mut self, cast: &Cast, now: Timestamp) {
        let Some(agreed) = cast.agreed else { return };
        let mark = Mark::noticed(std::mem::replace(&mut self.weighed, cast.confirmed), now);
        let room = self.discords.len() < DISCORDS;
        match self.discords.last_mut().filter(|last| last.to.is_none()) {
            Some(last) if agreed => last.to = Some(mark),
            None if !agreed && room => {
                self.discords.push(Stretch { from: mark, to: None });
            }
            _ => {}
        }
    }

    /// What happened first: the sign that says most of those within the first seconds.
    pub fn fault(&self) -> Fault {
        const TOGETHER: std::time::Duration = std::time::Duration::from_secs(3);
        let signs = || self.entries.iter().filter_map(|entry| Some((entry.sign?, entry)));
        let first = signs().map(|(_, entry)| entry.fact.at).min();
        let early = signs().filter(|(_, entry)| first.is_some_and(|first| entry.fact.at.since(first) <= TOGETHER));
        early
            .filter(|(_, entry)| self.is_hit(entry))
            .map(|(fault, _)| fault)
            .max()
            .unwrap_or(Fault::Found)
    }

    /// The same in a word or two.
    pub fn fault_text(&self) -> &'static str {
        self.fault().of(&self.hit)
    }

    /// What clients felt, and nothing explained so far, has its reason in the fault that `hit` something.
    pub(super) fn explain_by(&mut self, hit: &Hit, leader: Option<&MemberName>, now: Timestamp) {
        let began = self.entries.first().map_or(now, |entry| entry.fact.at);
        if self.hit == Hit::Clients && now.since(began) <= super::CONSEQUENCE {
            self.hit.clone_from(hit);
            self.leader = self.leader.take().or_else(|| leader.cloned());
            let unexplained = |entry: &&mut Entry| entry.sign == Some(Fault::Unexplained);
            self.entries
                .iter_mut()
                .filter(unexplained)
                .for_each(|entry| entry.sign = None);
        }
    }

    /// From when on what clients saw may belong to it.
    pub(super) fn felt_from(&self, now: Timestamp) -> Timestamp {
        let failed = self
            .entries
            .iter()
            .filter(|entry| matches!(entry.fact.kind, FactKind::ClientsFail(_)));
        let first = failed.map(|entry| entry.fact.at).min();
        let fault = self.timeline(now).fault.at;
        super::measured::window(first.map_or(fault, |first| first.min(fault)))
    }

    /// The fact is about what was hit.
    pub(super) fn is_hit(&self, entry: &Entry) -> bool {
        match (&self.hit, &entry.about) {
            (Hit::Replica(name), Some(Part::Member(member))) => name == member,
            (Hit::Leader, Some(Part::Member(member))) => {
                self.leader.as_ref() == Some(member) || matches!(entry.fact.kind, FactKind::LockTaken { .. })
            }
            (Hit::Leader, None)
            | (Hit::Store, None | Some(Part::Store))
            | (Hit::Proxy, Some(Part::Proxy))
            | (Hit::Clients, _) => true,
            _ => false,
        }
    }

    /// The cluster at each moment of it that was seen, in their order.
    pub fn pictures(&self) -> &[(Moment, Picture)] {
        self.album.pictures()
    }

    /// We did it ourselves.
    pub fn is_ours(&self) -> bool {
        self.entries
            .iter()
            .any(|entry| matches!(entry.fact.kind, FactKind::Asked(_)))
    }

    /// Nothing but that somebody did not answer for a while.
    pub(super) fn is_mere_silence(&self) -> bool {
        let signs = self.entries.iter().filter_map(|entry| entry.sign);
        signs.into_iter().all(|sign| sign == Fault::Silent)
    }

    /// Another fault begins that is not part of this one.
    pub(super) fn is_overtaken_by(&self, hit: &Hit, leader: Option<&MemberName>, now: Timestamp) -> bool {
        match (&self.hit, hit) {
            (Hit::Replica(_) | Hit::Proxy, Hit::Leader | Hit::Store) | (Hit::Clients, _) => true,
            (Hit::Replica(one), Hit::Replica(other)) => one != other,
            (Hit::Leader, Hit::Leader) => {
                // The new leader is hit, after it came into office.
                let timeline = self.timeline(now);
                let other = leader.is_some() && leader != self.leader.as_ref();
                (other && timeline.promoted.is_some()) || timeline.stable.is_some()
            }
            (Hit::Leader | Hit::Store, Hit::Leader | Hit::Store | Hit::Proxy) => self.timeline(now).stable.is_some(),
            _ => false,
        }
    }

    /// The instant of the fact at that place of [`Episode::entries`], and how well it is known.
    pub fn mark(&self, place: usize) -> Option<Mark> {
        self.entries.get(place).map(|entry| Mark::of(&entry.fact, place))
    }

    /// Its phases, as they are known at `now`.
    pub fn timeline(&self, now: Timestamp) -> Timeline {
        Timeline::of(self, now)
    }

    /// What it was; `None` while that is open.
    pub fn verdict(&self, now: Timestamp) -> Option<Verdict> {
        verdict::verdict(self, &self.timeline(now))
    }

    /// What was to be expected of it; `None` where nothing can be said.
    pub fn prediction(&self) -> Option<Prediction> {
        predict(&self.hit, self.fault(), &self.timing)
    }
}
