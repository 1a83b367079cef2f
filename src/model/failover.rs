//! Failovers, and what only looks like one: the facts of each put together to an [`Episode`], its phases, its verdict.
//!
//! Pure. An episode opens at the first sign of a fault and collects every fact until the cluster is stable and redundant
//! again, or nobody expects that any more. Phases and verdict follow from its facts alone, worked out anew each time, so
//! that a fact that comes late still counts. Never a failover only because the lock vanished: its next holder decides.

mod cast;
mod episode;
mod fault;
mod measured;
mod picture;
mod timeline;
mod verdict;
mod walk;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::Step;
use super::fact::{Fact, FactKind, SourceKind};
use super::name::MemberName;
use super::probe::{Clients, Lane, Probe};
use super::time::Timestamp;
use picture::Recent;

pub use cast::{Cast, Part};
pub use episode::{Entry, Episode, Stretch};
pub use fault::{Fault, Hit};
pub use measured::Measured;
pub use picture::{ContainerSeen, MemberSeen, Moment, Picture, ServerSeen};
pub use timeline::{Mark, Phase, PhaseKind, STABLE, Timeline};
pub use verdict::Verdict;

/// Episodes kept.
const CAPACITY: usize = 50;
/// Our own act is the cause of a fault that follows within this.
const CONSEQUENCE: Duration = Duration::from_secs(20);
/// Nobody waits longer for redundancy on the main screen: the episode ends without it.
const WITHOUT_STANDBY: Duration = Duration::from_secs(120);
/// A fault that nothing follows from is given up after this.
const GIVEN_UP: Duration = Duration::from_secs(600);
/// So long after the end of an episode its rows may still be read back somewhere.
const READ_BACK: Duration = Duration::from_secs(60);
/// Writes that fail for so long, and nothing else is seen: an episode of its own.
const UNEXPLAINED: Duration = Duration::from_secs(1);
/// An unreachable server that is back within this, and nothing else happened: no episode worth keeping.
const HICCUP: Duration = Duration::from_secs(5);

/// All episodes of this run, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Chronicle {
    episodes: VecDeque<Episode>,
    opened: u32,
    leader: Option<MemberName>,
    silent: BTreeSet<MemberName>,
    asked: Option<Fact>,
    /// The failure of writes that goes on.
    failing: Option<Fact>,
    recent: Recent,
}

impl Chronicle {
    /// Takes the facts that one signal brought, oldest first, and the cluster as it is after them.
    pub fn take(&mut self, facts: &[Fact], cast: &Cast, now: Timestamp) {
        for fact in facts {
            self.fact(fact, cast);
        }
        self.pass(cast, now);
        if self.episodes.back().is_none_or(|episode| episode.closed.is_some()) {
            self.recent.add(cast.picture.clone());
        }
    }

    /// Keeps what the cluster looks like now, once a second: the last one before a fault shows the cluster before it.
    pub fn remember(&mut self, picture: Picture) {
        self.recent.add(picture);
    }

    /// Time passes: an episode may be over.
    pub fn pass(&mut self, cast: &Cast, now: Timestamp) {
        let Some(episode) = self.episodes.back_mut().filter(|episode| episode.closed.is_none()) else {
            return;
        };
        episode.look(cast, now);
        let timeline = episode.timeline(now);
        if let Some(at) = end(episode, &timeline, now) {
            episode.closed = Some(at);
            episode.album.add(Moment::Over, &cast.picture);
            let short = at.since(timeline.fault.at) < HICCUP + STABLE;
            let felt = timeline.measured.is_some();
            if short && !felt && episode.verdict(now) == Some(Verdict::Nothing) && episode.is_mere_silence() {
                self.episodes.pop_back();
            }
        }
    }

    /// Takes what clients saw up to now into the newest episode; their rows may be read back after its end.
    pub fn see(&mut self, probe: &Probe, now: Timestamp) {
        let Some(episode) = self.episodes.back_mut() else {
            return;
        };
        if episode.closed.is_some_and(|closed| now.since(closed) > READ_BACK) {
            return;
        }
        let until = episode.closed.unwrap_or(now);
        let from = episode.felt_from(now);
        episode.clients = probe.clients(from, until).map(|clients| Clients {
            // What clients measured before and after a step is of our own clock: only what spans it is lost.
            stepped: episode.stepped.filter(|step| (from..=until).contains(&step.at)),
            ..clients
        });
    }

    /// Writes have failed for a while, and no episode says why.
    pub fn is_puzzled(&self, probe: &Probe, now: Timestamp) -> bool {
        let known = |failing: &Fact| {
            self.episodes
                .back()
                .is_some_and(|last| last.closed.is_none_or(|at| at > failing.at))
        };
        let since = probe.failing(&Lane::Write);
        self.failing.as_ref().is_some_and(|failing| !known(failing))
            && since.is_some_and(|since| now.since(since) >= UNEXPLAINED)
    }

    /// Opens an episode for them.
    pub fn puzzle(&mut self, cast: &Cast) {
        let Some(fact) = self.failing.clone() else { return };
        let leader = self.leader.clone().or_else(|| cast.leader.clone());
        self.open(Hit::Clients, leader, &fact, cast);
        if let Some(episode) = self.episodes.back_mut() {
            episode.push(Entry {
                fact,
                about: None,
                sign: Some(Fault::Unexplained),
                routes: None,
            });
        }
    }

    /// Notes something about the episode of that number, or else about the one that goes on.
    pub fn note(&mut self, number: Option<u32>, fact: &Fact) {
        let meant = |episode: &&mut Episode| match number {
            Some(number) => episode.number == number,
            None => episode.closed.is_none(),
        };
        if let Some(episode) = self.episodes.iter_mut().rev().find(meant) {
            episode.push(Entry {
                fact: fact.clone(),
                about: None,
                sign: None,
                routes: None,
            });
        }
    }

    /// Every episode, oldest first.
    pub fn episodes(&self) -> impl DoubleEndedIterator<Item = &Episode> + ExactSizeIterator {
        self.episodes.iter()
    }

    /// The newest.
    pub fn last(&self) -> Option<&Episode> {
        self.episodes.back()
    }

    fn fact(&mut self, fact: &Fact, cast: &Cast) {
        let leader = self.leader.clone().or_else(|| cast.leader.clone());
        let sign = fault::sign(fact, leader.as_ref(), &self.silent, cast);
        self.follow(fact);
        if matches!(fact.kind, FactKind::Asked(_)) {
            self.asked = Some(fact.clone());
        }
        let mut open = self.episodes.back_mut().filter(|episode| episode.closed.is_none());
        if let (Some((hit, _)), Some(episode)) = (&sign, &mut open) {
            episode.explain_by(hit, leader.as_ref(), fact.seen);
        }
        let opens = match (&sign, open) {
            (Some(_), None) => true,
            (Some((hit, _)), Some(episode)) => episode.is_overtaken_by(hit, leader.as_ref(), fact.seen),
            (None, _) => false,
        };
        if let (true, Some((hit, _))) = (opens, &sign) {
            if let Some(episode) = self.episodes.back_mut().filter(|episode| episode.closed.is_none()) {
                episode.closed = Some(fact.seen);
                let before = self.recent.before(Mark::of(fact, 0).earliest);
                episode.album.add(Moment::Over, before.unwrap_or(&cast.picture));
            }
            self.open(hit.clone(), leader, fact, cast);
        }
        let about = cast.part(fact.subject.as_deref());
        if let Some(episode) = self.episodes.back_mut().filter(|episode| episode.closed.is_none()) {
            if let FactKind::ClockStepped(step) = fact.kind {
                episode.stepped = episode.stepped.filter(Step::lasts).or(Some(step));
            }
            episode.push(Entry {
                fact: fact.clone(),
                about,
                sign: sign.map(|(_, fault)| fault),
                routes: cast.routes(fact),
            });
        }
    }

    fn open(&mut self, hit: Hit, leader: Option<MemberName>, fact: &Fact, cast: &Cast) {
        self.opened += 1;
        let mut episode = Episode::new(self.opened, hit, leader, cast);
        if let Some(before) = self.recent.before(Mark::of(fact, 0).earliest) {
            episode.album.add(Moment::Before, before);
        }
        let asked = self
            .asked
            .take()
            .filter(|asked| asked.subject == fact.subject && fact.seen.since(asked.seen) <= CONSEQUENCE);
        if let Some(asked) = asked {
            let about = cast.part(asked.subject.as_deref());
            episode.push(Entry {
                fact: asked,
                about,
                sign: None,
                routes: None,
            });
        }
        self.episodes.push_back(episode);
        if self.episodes.len() > CAPACITY {
            self.episodes.pop_front();
        }
    }

    /// Follows who leads and who answers, also while nothing happens.
    fn follow(&mut self, fact: &Fact) {
        match &fact.kind {
            FactKind::LockHeld(member) | FactKind::LockRetaken(member) => self.leader = Some(member.clone()),
            FactKind::LockTaken { by, .. } => self.leader = Some(by.clone()),
            FactKind::ClientsFail(_) if is_of_writes(fact) => self.failing = Some(fact.clone()),
            FactKind::ClientsServed { .. } if is_of_writes(fact) => self.failing = None,
            FactKind::Unreachable(_) | FactKind::Reachable { .. } if fact.source == SourceKind::Postgres => {
                if let Some(subject) = &fact.subject {
                    let member = MemberName::from(subject.as_str());
                    if matches!(fact.kind, FactKind::Unreachable(_)) {
                        self.silent.insert(member);
                    } else {
                        self.silent.remove(&member);
                    }
                }
            }
            _ => {}
        }
    }
}

/// It is told of the lane of writes.
fn is_of_writes(fact: &Fact) -> bool {
    fact.subject.as_deref() == Some(Lane::Write.to_string().as_str())
}

/// When the episode ended, if it has.
fn end(episode: &Episode, timeline: &Timeline, now: Timestamp) -> Option<Timestamp> {
    let began = timeline.fault.at;
    let quiet = |since: Timestamp| now.since(since) >= STABLE;
    if now.since(began) >= GIVEN_UP {
        return Some(now);
    }
    if timeline.measured.is_some_and(|measured| measured.stable.is_none()) {
        return None;
    }
    match &episode.hit {
        Hit::Clients => timeline.stable.map(|at| at.plus(STABLE)),
        Hit::Replica(_) => timeline.redundant.map(|mark| mark.latest).filter(|at| quiet(*at)),
        Hit::Proxy => timeline.routed.map(|mark| mark.latest).filter(|at| quiet(*at)),
        Hit::Leader | Hit::Store => {
            if timeline.untouched(episode) {
                return Timeline::calm_since(episode).filter(|since| quiet(*since));
            }
            let stable = timeline.stable?;
            let redundant = timeline.redundant.map(|mark| mark.latest);
            let late = now.since(stable) >= STABLE + WITHOUT_STANDBY;
            let back = redundant.filter(|at| quiet(*at)).map(|at| at.max(stable).plus(STABLE));
            back.or(late.then_some(now))
        }
    }
}

#[cfg(test)]
mod tests;
