//! What clients saw of one failover: outages with their bounds, and counts by outcome and class. Pure.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Class, Lane, Outcome, Stretch, Track};
use crate::model::clock::Step;
use crate::model::failover::STABLE;
use crate::model::ledger::Judgement;
use crate::model::name::MemberName;
use crate::model::time::Timestamp;

/// Stretches kept of each lane: an episode may go on for long.
const STRETCHES: usize = 200;

/// What clients saw between two instants.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Clients {
    /// Each lane, those that write first.
    pub lanes: Vec<Seen>,
    /// Which acknowledged writes are still there, once they were read back.
    pub judgement: Option<Judgement>,
    /// Time broke meanwhile: nothing here counts.
    pub stepped: Option<Step>,
}

impl Clients {
    /// One lane.
    pub fn lane(&self, lane: &Lane) -> Option<&Seen> {
        self.lanes.iter().find(|seen| seen.lane == *lane)
    }

    /// Two members that said at the same time that they take writes, and for how long.
    pub fn two_primaries(&self) -> Option<([&MemberName; 2], Duration)> {
        let primaries = |seen: &Seen| -> Vec<Stretch> {
            let is_primary = |stretch: &&Stretch| stretch.server.as_ref().is_some_and(|server| !server.standby);
            seen.stretches.iter().filter(is_primary).cloned().collect()
        };
        let members: Vec<_> = self
            .lanes
            .iter()
            .filter_map(|seen| match &seen.lane {
                Lane::Member(member) => Some((member, primaries(seen))),
                _ => None,
            })
            .collect();
        let pairs = members
            .iter()
            .enumerate()
            .flat_map(|(at, one)| members.iter().skip(at + 1).map(move |other| (one, other)));
        let overlaps = pairs.filter_map(|((one, ours), (other, theirs))| {
            let both = ours.iter().flat_map(|a| theirs.iter().map(move |b| a.overlap(b)));
            let span: Duration = both.sum();
            (!span.is_zero()).then_some(([*one, *other], span))
        });
        overlaps.max_by_key(|(_, span)| *span)
    }

    /// The lane of writes on new connections.
    pub fn writes(&self) -> Option<&Seen> {
        self.lane(&Lane::Write).filter(|_| self.stepped.is_none())
    }
}

/// What clients saw on one lane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// Which.
    pub lane: Lane,
    /// How many of each outcome.
    #[serde(with = "super::super::pairs")]
    pub counts: BTreeMap<Outcome, u32>,
    /// From a success to the next one with a failure in between; oldest first.
    pub outages: Vec<Outage>,
    /// The attempts, oldest first.
    pub stretches: Vec<Stretch>,
}

/// A time without a success, and how well its bounds are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The last success before it: when it began and when its outcome was known. `None` if none was seen.
    pub before: Option<(Timestamp, Timestamp)>,
    /// When the first failure began.
    pub first: Timestamp,
    /// When the last failure began.
    pub last: Timestamp,
    /// The first success after it; `None` while there is none.
    pub after: Option<(Timestamp, Timestamp)>,
    /// How many failed, or may have.
    pub failed: u32,
}

impl Outage {
    /// Since when there was no success: the end of the last one, else the first failure.
    pub fn from(&self) -> Timestamp {
        self.before.map_or(self.first, |(_, ended)| ended)
    }

    /// How long it lasted, or has at `now`.
    pub fn span(&self, now: Timestamp) -> Duration {
        self.after.map_or(now, |(_, ended)| ended).since(self.from())
    }
}

impl Seen {
    /// What `track` has of that time.
    pub(super) fn of(lane: Lane, track: &Track, from: Timestamp, until: Timestamp) -> Self {
        let mut stretches = track.since(from);
        stretches.retain(|stretch| stretch.first <= until);
        let mut counts = BTreeMap::new();
        for stretch in &stretches {
            *counts.entry(stretch.outcome.clone()).or_insert(0) += stretch.count;
        }
        let outages = outages(&stretches);
        let spare = stretches.len().saturating_sub(STRETCHES);
        stretches.drain(..spare);
        Self {
            lane,
            counts,
            outages,
            stretches,
        }
    }

    /// The longest time without a success.
    pub fn outage(&self, now: Timestamp) -> Option<&Outage> {
        self.outages.iter().max_by_key(|outage| outage.span(now))
    }

    /// Since when nothing failed, if something did and that is [`STABLE`] long at `now`.
    pub fn stable(&self, now: Timestamp) -> Option<Timestamp> {
        let (_, since) = self.outages.last()?.after?;
        let last = self.stretches.last()?;
        let quiet = last.last_end.min(now).since(since) + Duration::from_secs(1) >= STABLE;
        (quiet && now.since(since) >= STABLE).then_some(since)
    }

    /// How many were acknowledged.
    pub fn acknowledged(&self) -> u32 {
        self.counts.get(&Outcome::Acknowledged).copied().unwrap_or(0)
    }

    /// How many slots were left out.
    pub fn skipped(&self) -> u32 {
        self.counts.get(&Outcome::Skipped).copied().unwrap_or(0)
    }

    /// How many failed, by class; `unknown` counts those instead of which nobody knows.
    pub fn classes(&self, unknown: bool) -> BTreeMap<&Class, u32> {
        let counted = self.counts.iter().filter_map(|(outcome, count)| match outcome {
            Outcome::Failed(class) if !unknown => Some((class, *count)),
            Outcome::Unknown(class) if unknown => Some((class, *count)),
            _ => None,
        });
        counted.collect()
    }

    /// `412 ok, 83 failed (refused 40, connection closed 43), 1 unknown (no reply in time 1)`
    pub fn text(&self) -> String {
        let mut parts = vec![format!("{} ok", self.acknowledged())];
        for (unknown, word) in [(false, "failed"), (true, "unknown")] {
            let mut classes: Vec<_> = self.classes(unknown).into_iter().collect();
            classes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let all: u32 = classes.iter().map(|(_, count)| count).sum();
            if all > 0 {
                let classes: Vec<String> = classes
                    .iter()
                    .map(|(class, count)| format!("{class} {count}"))
                    .collect();
                parts.push(format!("{all} {word} ({})", classes.join(", ")));
            }
        }
        if self.skipped() > 0 {
            parts.push(format!("{} slots skipped", self.skipped()));
        }
        parts.join(", ")
    }

    /// How many failed after the end of an outage.
    pub fn failed_after(&self, outage: &Outage) -> u32 {
        let Some((_, back)) = outage.after else { return 0 };
        let later = self.outages.iter().filter(|other| other.first >= back);
        later.map(|other| other.failed).sum()
    }
}

/// Goes through the stretches once, then makes up for what was answered in another order than it was sent in: a client
/// has been served as soon as any of its writes is acknowledged.
fn outages(stretches: &[Stretch]) -> Vec<Outage> {
    let mut found: Vec<Outage> = Vec::new();
    let mut before: Option<(Timestamp, Timestamp)> = None;
    let mut open = false;
    for stretch in stretches {
        match (&stretch.outcome, found.last_mut().filter(|_| open)) {
            (Outcome::Skipped, _) => {}
            (Outcome::Acknowledged, last) => {
                if let Some(outage) = last {
                    outage.after = Some((stretch.first, stretch.first_end));
                }
                open = false;
                let latest = before.map_or(stretch.last_end, |(_, ended)| ended.max(stretch.last_end));
                before = Some((stretch.last, latest));
            }
            (Outcome::Failed(_) | Outcome::Unknown(_), Some(outage)) => {
                outage.last = stretch.last;
                outage.failed = outage.failed.saturating_add(stretch.count);
            }
            (Outcome::Failed(_) | Outcome::Unknown(_), None) => {
                open = true;
                found.push(Outage {
                    before,
                    first: stretch.first,
                    last: stretch.last,
                    after: None,
                    failed: stretch.count,
                });
            }
        }
    }
    let mut later: Option<(Timestamp, Timestamp)> = None;
    for outage in found.iter_mut().rev() {
        later = match (outage.after, later) {
            (Some(own), Some(later)) if later.1 < own.1 => Some(later),
            (own, later) => own.or(later),
        };
        outage.after = later;
    }
    found
}
