//! The phases of an episode, each with its interval and the fact that set it. Pure.
//!
//! An instant is an interval: what a source that is asked tells happened since its last answer, a watched one tells
//! within moments. A stamp of another
//! clock counts only where it is plausible beside ours: all containers of one Docker host share a clock, and a stamp that
//! lies after its arrival, or long before it, is of another one.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::container::ContainerAction;
use super::super::fact::{Fact, FactKind, SourceKind};
use super::super::name::MemberName;
use super::super::time::Timestamp;
use super::episode::{Episode, Stretch};
use super::fault::Hit;
use super::measured::Measured;
use super::walk::Walk;

/// Without a failure for so long the cluster is stable.
pub const STABLE: Duration = Duration::from_secs(10);
/// How late a source is at most that tells by itself, and how long an answer takes.
const WATCH: Duration = Duration::from_millis(50);
/// Bounds that are so far apart are told with the time between them.
const VAGUE: Duration = Duration::from_millis(300);
/// A stamp that is older than this when it arrives is not compared with ours: of another clock, or of another story.
const LATE: Duration = Duration::from_secs(5);

/// An instant, and how well it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// Not before this.
    pub earliest: Timestamp,
    /// As it was told.
    pub at: Timestamp,
    /// Not after this.
    pub latest: Timestamp,
    /// The fact that says so, by its place in [`Episode::entries`]; `None` for what no fact tells.
    pub evidence: Option<usize>,
}

impl Mark {
    /// The instant of a fact.
    pub(super) fn of(fact: &Fact, place: usize) -> Self {
        let plausible = fact.at <= fact.seen && fact.seen.since(fact.at) <= LATE;
        let (at, slack) = match fact.source {
            SourceKind::Docker | SourceKind::Pgherd | SourceKind::Probe => (fact.at, Duration::ZERO),
            SourceKind::ZooKeeper => (
                fact.at,
                if fact.at == fact.seen {
                    WATCH
                } else {
                    Duration::from_millis(1)
                },
            ),
            // The last answer counts from when it was asked for.
            SourceKind::Postgres if fact.after.is_some() => (fact.at, Duration::ZERO),
            SourceKind::Postgres | SourceKind::Patroni | SourceKind::HAProxy => (fact.at, WATCH),
        };
        let at = if plausible { at } else { fact.seen };
        let earliest = fact.after.map_or(at, |after| after.min(at)).minus(slack);
        Self {
            earliest,
            at,
            latest: at,
            evidence: Some(place),
        }
    }

    /// What was noticed in passing: not at the look before, and at this one.
    pub(super) fn noticed(before: Timestamp, at: Timestamp) -> Self {
        Self {
            earliest: before.min(at),
            at,
            latest: at,
            evidence: None,
        }
    }

    pub(super) fn later(self, other: Self) -> Self {
        if other.at > self.at { other } else { self }
    }

    /// It was not after `at`, unless it was all after it: then it is another one.
    pub(super) fn bound(&mut self, at: Timestamp) {
        if self.earliest <= at {
            self.latest = self.latest.min(at);
            self.at = self.at.min(at);
        }
    }

    /// How long after `earlier`, and between which bounds.
    pub fn since(&self, earlier: &Self) -> (Duration, Duration, Duration) {
        (
            self.earliest.since(earlier.latest),
            self.at.since(earlier.at),
            self.latest.since(earlier.earliest),
        )
    }
}

/// The steps of an episode; `None` is one that was not taken, or not yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Timeline {
    /// The first sign of the fault.
    pub fault: Mark,
    /// Writes to the old leader ended, as far as PostgreSQL's own answers show it.
    pub lost: Option<Mark>,
    /// The lock was gone.
    pub freed: Option<Mark>,
    /// Who took it, and when.
    pub taken: Option<(MemberName, Mark)>,
    /// The leader accepts writes: a promotion, or the same server again.
    pub promoted: Option<Mark>,
    /// HAProxy sends writes to it.
    pub routed: Option<Mark>,
    /// HAProxy does not send any to the former leader.
    pub drained: Option<Mark>,
    /// ZooKeeper answers again.
    pub store_back: Option<Mark>,
    /// Clients can write: the later of promoted and routed.
    pub writable: Option<Mark>,
    /// From here on nothing failed for [`STABLE`].
    pub stable: Option<Timestamp>,
    /// A standby streams again.
    pub redundant: Option<Mark>,
    /// What clients measured.
    pub measured: Option<Measured>,
    /// Two members answered as primary at once.
    pub doubles: Vec<Stretch>,
    /// The leader does not answer, and nothing says what it does.
    pub blind: bool,
    /// The leader was demoted or lost, and not only the way to it.
    pub demoted: bool,
    /// The leader's PostgreSQL started anew.
    pub restarted: bool,
    /// A new timeline began.
    pub new_timeline: bool,
}

/// A stretch of an episode.
#[derive(Clone, Debug, PartialEq)]
pub struct Phase {
    /// Which.
    pub kind: PhaseKind,
    /// Its beginning.
    pub from: Mark,
    /// Its end; `None` while it lasts.
    pub to: Option<Mark>,
}

/// The kinds of phases.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PhaseKind {
    /// From the fault until the lock is free.
    Detection,
    /// Until somebody holds it.
    Election,
    /// Until the new leader accepts writes.
    Promotion,
    /// From the new lock until HAProxy sends writes there; beside the promotion.
    Routing,
    /// From the fault until HAProxy sends nothing to the old leader; beside all others.
    Draining,
    /// The same leader: from the fault until it accepts writes again.
    Recovery,
    /// ZooKeeper did not answer.
    StoreOutage,
    /// From the fault until somebody could take over again; beside all others.
    Redundancy,
    /// From the last acknowledged write to the next one, as clients measured it; beside all others.
    Writes,
    /// From there until no write fails any more.
    Brownout,
}

impl PhaseKind {
    /// Its name, for a column of ten.
    pub fn name(self) -> &'static str {
        match self {
            Self::Detection => "detect",
            Self::Election => "elect",
            Self::Promotion => "promote",
            Self::Routing => "route",
            Self::Draining => "old out",
            Self::Recovery => "recover",
            Self::StoreOutage => "store",
            Self::Redundancy => "redundancy",
            Self::Writes => "no writes",
            Self::Brownout => "some fail",
        }
    }
}

impl Timeline {
    pub(super) fn of(episode: &Episode, now: Timestamp) -> Self {
        let mut walk = Walk::new(episode);
        for (place, entry) in episode.entries.iter().enumerate() {
            walk.step(place, entry);
        }
        walk.end(episode, now)
    }

    /// Who leads at the end of it, as far as is known.
    pub fn holder<'a>(&'a self, episode: &'a Episode) -> Option<&'a MemberName> {
        self.taken.as_ref().map(|(by, _)| by).or(episode.leader.as_ref())
    }

    /// From the last acknowledged write to the next one, where clients tried. Else from the fault, or for a planned change
    /// from the last moment of the old leader, until clients can write. An HAProxy that is away is an outage all the time.
    pub fn outage(&self, episode: &Episode) -> Option<(Mark, Mark)> {
        if let Some(measured) = &self.measured {
            return Some((measured.before, measured.after?));
        }
        if episode.hit == Hit::Proxy {
            return Some((self.fault, self.routed?));
        }
        let planned = matches!(episode.hit, Hit::Store) || episode.fault() == super::Fault::Requested;
        let from = if planned { self.lost? } else { self.fault };
        Some((from, self.writable?))
    }

    /// How long that was: at least, most probably, at most. What is polled is told late: where the bounds are far apart
    /// the truth lies between them, and not at the later one.
    pub fn without_writes(&self, episode: &Episode) -> Option<(Duration, Duration, Duration)> {
        let (from, to) = self.outage(episode)?;
        let (least, told, most) = to.since(&from);
        let vague = self.measured.is_none() && most.saturating_sub(least) >= VAGUE;
        Some((least, if vague { (least + most) / 2 } else { told }, most))
    }

    /// Neither lock nor leader were lost.
    pub(super) fn untouched(&self, episode: &Episode) -> bool {
        let store_is_away = episode.hit == Hit::Store && self.store_back.is_none();
        !store_is_away
            && self.freed.is_none()
            && self.taken.is_none()
            && self.lost.is_none()
            && !self.demoted
            && !episode
                .entries
                .iter()
                .any(|entry| matches!(entry.fact.kind, FactKind::ContainerDied { .. }) && episode.is_hit(entry))
    }

    /// Since when nothing of it is to be seen any more, for an untouched cluster.
    pub(super) fn calm_since(episode: &Episode) -> Option<Timestamp> {
        let frozen = episode.entries.iter().rev().find_map(|entry| match &entry.fact.kind {
            FactKind::Container(ContainerAction::Paused) => Some(None),
            FactKind::Container(ContainerAction::Unpaused) => Some(Some(entry.fact.seen)),
            _ => None,
        });
        match frozen {
            Some(None) => None,
            Some(Some(thawed)) => Some(thawed),
            None => {
                let noted = |entry: &&super::Entry| matches!(entry.fact.kind, FactKind::Noted(_));
                let last = episode.entries.iter().rev().find(|entry| !noted(entry));
                last.map(|entry| entry.fact.seen)
            }
        }
    }

    /// The phases in their order, those that go beside others after them.
    pub fn phases(&self, episode: &Episode) -> Vec<Phase> {
        let mut phases = Vec::new();
        if episode.closed.is_some() && episode.hit == Hit::Leader && self.untouched(episode) {
            return phases;
        }
        self.steps(episode, &mut phases);
        if let Some(measured) = &self.measured {
            let mut add = |kind, from: Mark, to: Option<Mark>| phases.push(Phase { kind, from, to });
            add(PhaseKind::Writes, measured.before, measured.after);
            if let (Some(after), 1..) = (measured.after, measured.more) {
                let stable = measured.stable.map(|at| Mark {
                    earliest: at,
                    at,
                    latest: at,
                    evidence: None,
                });
                add(PhaseKind::Brownout, after, stable);
            }
        }
        phases
    }

    /// What the parts of the cluster went through.
    fn steps(&self, episode: &Episode, phases: &mut Vec<Phase>) {
        let mut add = |kind, from: Mark, to: Option<Mark>| phases.push(Phase { kind, from, to });
        let taken = self.taken.as_ref().map(|(_, mark)| *mark);
        let moved = self
            .taken
            .as_ref()
            .is_some_and(|(by, _)| Some(by) != episode.leader.as_ref());
        match &episode.hit {
            Hit::Replica(_) => add(PhaseKind::Redundancy, self.fault, self.redundant),
            Hit::Proxy => add(PhaseKind::Routing, self.fault, self.routed),
            Hit::Clients => {}
            Hit::Store => {
                add(PhaseKind::StoreOutage, self.fault, self.store_back);
                if let Some(lost) = self.lost {
                    add(PhaseKind::Recovery, lost, self.promoted);
                    self.route(episode, self.promoted, &mut add);
                }
            }
            Hit::Leader if !moved && (self.promoted.is_some() || taken.is_some()) => {
                add(PhaseKind::Recovery, self.fault, self.promoted);
                self.route(episode, self.promoted, &mut add);
                add(PhaseKind::Redundancy, self.fault, self.redundant);
            }
            Hit::Leader => {
                add(PhaseKind::Detection, self.fault, self.freed.or(taken));
                if let Some(freed) = self.freed.or(taken) {
                    add(PhaseKind::Election, freed, taken);
                }
                if let Some(taken) = taken {
                    add(PhaseKind::Promotion, taken, self.promoted);
                    self.route(episode, Some(taken), &mut add);
                }
                if episode.proxied {
                    add(PhaseKind::Draining, self.fault, self.drained);
                }
                add(PhaseKind::Redundancy, self.fault, self.redundant);
            }
        }
    }

    fn route(&self, episode: &Episode, from: Option<Mark>, add: &mut impl FnMut(PhaseKind, Mark, Option<Mark>)) {
        if let (true, Some(from)) = (episode.proxied, from)
            && self.routed.is_none_or(|routed| routed.at > from.at)
        {
            add(PhaseKind::Routing, from, self.routed);
        }
    }
}
