//! The history of one lane at the probe's own resolution, kept as stretches of equal outcomes. Pure.

use std::collections::VecDeque;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Attempt, Outcome, Server};
use crate::model::time::Timestamp;

/// Attempts end in another order than they began in; after so long none comes any more that began before.
const LATE: Duration = Duration::from_secs(4);
/// Stretches kept. While all is well a whole day is one.
const CAPACITY: usize = 1_000;
/// Attempts over which the usual latency is averaged: ten minutes at the usual pace.
const MEMORY: u32 = 6_000;
/// So many tell what is usual.
const ENOUGH: u32 = 50;
/// So many times the usual is odd, and counts so many times less.
const ODD: f64 = 2.0;
const RELUCTANCE: f64 = 20.0;
/// Attempts kept one by one: more than any lane makes in [`LATE`].
const RECENT: usize = 400;

/// Attempts in a row with the same outcome and the same server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stretch {
    /// What became of each.
    pub outcome: Outcome,
    /// Who answered.
    pub server: Option<Server>,
    /// When the first of them began.
    pub first: Timestamp,
    /// When the first outcome was known: not always that of the first.
    pub first_end: Timestamp,
    /// When the last of them began.
    pub last: Timestamp,
    /// When the last outcome was known.
    pub last_end: Timestamp,
    /// How many.
    pub count: u32,
}

impl Stretch {
    fn of(attempt: &Attempt) -> Self {
        Self {
            outcome: attempt.outcome.clone(),
            server: attempt.server.clone(),
            first: attempt.sent_at,
            first_end: attempt.ended_at,
            last: attempt.sent_at,
            last_end: attempt.ended_at,
            count: 1,
        }
    }

    /// How long both are known to have lasted at once: each from its first answer to the beginning of its last attempt.
    pub(super) fn overlap(&self, other: &Self) -> Duration {
        self.last.min(other.last).since(self.first_end.max(other.first_end))
    }

    /// Takes the next one in if it is of the same kind.
    fn join(&mut self, next: &Self) -> bool {
        let same = self.outcome == next.outcome && self.server == next.server;
        if same {
            self.last = next.last;
            self.first_end = self.first_end.min(next.first_end);
            self.last_end = self.last_end.max(next.last_end);
            self.count = self.count.saturating_add(next.count);
        }
        same
    }
}

/// The history of a lane.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Track {
    past: VecDeque<Stretch>,
    /// In the order in which they began.
    recent: VecDeque<Stretch>,
    usual: Usual,
}

/// A slow average of what acknowledged attempts take.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Usual {
    micros: f64,
    /// Attempts so far, [`MEMORY`] at most.
    count: u32,
}

impl Usual {
    fn take(&mut self, took: Duration) {
        self.count = (self.count + 1).min(MEMORY);
        let took = took.as_secs_f64() * 1e6;
        // What is not usual becomes so, but slowly.
        let odd = self.count > ENOUGH && took > self.micros * ODD;
        let share = if odd { RELUCTANCE } else { 1.0 };
        self.micros += (took - self.micros) / (f64::from(self.count) * share);
    }
}

impl Track {
    pub(super) fn push(&mut self, attempt: &Attempt) {
        if attempt.outcome == Outcome::Acknowledged {
            self.usual.take(attempt.ended_at.since(attempt.sent_at));
        }
        let place = self.recent.partition_point(|other| other.first <= attempt.sent_at);
        self.recent.insert(place, Stretch::of(attempt));
        let newest = self.recent.back().map_or(attempt.sent_at, |last| last.first);
        while let Some(oldest) = self.recent.front()
            && (newest.since(oldest.first) > LATE || self.recent.len() > RECENT)
        {
            let Some(oldest) = self.recent.pop_front() else { break };
            if !self.past.back_mut().is_some_and(|last| last.join(&oldest)) {
                self.past.push_back(oldest);
            }
            if self.past.len() > CAPACITY {
                self.past.pop_front();
            }
        }
    }

    /// What was sent from `from` on, oldest first; a stretch that began before is there whole.
    pub fn since(&self, from: Timestamp) -> Vec<Stretch> {
        let begin = self.past.partition_point(|stretch| stretch.last < from);
        let mut stretches: Vec<Stretch> = Vec::new();
        let recent = self.recent.iter().filter(|stretch| stretch.last >= from);
        for next in self.past.range(begin..).chain(recent) {
            if !stretches.last_mut().is_some_and(|last| last.join(next)) {
                stretches.push(next.clone());
            }
        }
        stretches
    }

    /// The last attempts, one by one, oldest first: those of about the last seconds.
    pub fn recent(&self) -> impl DoubleEndedIterator<Item = &Stretch> {
        self.recent.iter()
    }

    /// What an acknowledged attempt usually takes, averaged over about the last 6,000 of them, of which those that took
    /// more than twice as long weigh little; `None` before there are 50.
    pub fn usual_latency(&self) -> Option<Duration> {
        // What a damaged record brings may be no duration.
        let usual = || Duration::try_from_secs_f64(self.usual.micros / 1e6).ok();
        (self.usual.count >= ENOUGH).then(usual).flatten()
    }

    /// The median of the time that the last acknowledged attempts took.
    pub fn latency(&self) -> Option<Duration> {
        let acknowledged = self.recent.iter().filter(|one| one.outcome == Outcome::Acknowledged);
        let mut times: Vec<Duration> = acknowledged.map(|one| one.first_end.since(one.first)).collect();
        times.sort_unstable();
        times.get(times.len() / 2).copied()
    }
}
