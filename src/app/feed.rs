//! What changed, from all sources, in the order of their own clocks.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::model::fact::Fact;
use crate::model::time::Timestamp;

/// Facts kept.
pub const CAPACITY: usize = 1_000;

/// The newest facts, oldest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Feed {
    facts: VecDeque<Fact>,
    dropped: u64,
}

impl Feed {
    /// Adds a fact at the place of its instant: a source may tell late what happened earlier.
    pub fn push(&mut self, fact: Fact) {
        let place = self.facts.partition_point(|other| other.at <= fact.at);
        self.facts.insert(place, fact);
        if self.facts.len() > CAPACITY {
            self.facts.pop_front();
            self.dropped += 1;
        }
    }

    /// The last `rows` facts before the newest `back`, oldest first.
    pub fn window(&self, back: usize, rows: usize) -> impl DoubleEndedIterator<Item = &Fact> {
        let end = self.facts.len().saturating_sub(back);
        self.facts.range(end.saturating_sub(rows)..end)
    }

    /// The facts from one instant to another, both included, oldest first.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> impl Iterator<Item = &Fact> {
        let begin = self.facts.partition_point(|fact| fact.at < from);
        let end = self.facts.partition_point(|fact| fact.at <= to);
        self.facts.range(begin..end.max(begin))
    }

    /// How many facts there are, and how many older ones were dropped.
    pub fn counts(&self) -> (usize, u64) {
        (self.facts.len(), self.dropped)
    }
}
