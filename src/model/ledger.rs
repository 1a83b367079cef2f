//! The ledger of acknowledged writes: what servers promised, held against the rows that are there.
//!
//! Pure. A write is lost if it was acknowledged and its own row is not there: by its sequence number, never by a gap in
//! somebody else's. Physical replication keeps a prefix of the log, so lost writes are the last ones of a server: a lost
//! one before one that is there can only come of two servers that both took writes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::name::MemberName;
use super::probe::{Attempt, Outcome, RING, Server};
use super::time::Timestamp;

/// Lost writes that are named one by one.
const NAMED: usize = 20;
/// Readings that are remembered beside the last.
const READINGS: usize = 16;
/// Writes that may be under way at once: sent, and not told yet.
const UNDER_WAY: usize = 64;

/// The rows of a run as one server has them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// Which member was asked straight; `None` through the entry point.
    pub member: Option<MemberName>,
    /// When the rows were asked for: what was acknowledged before has to be there.
    pub at: Timestamp,
    /// Who answered.
    pub server: Server,
    /// Sequence numbers of the rows of this run, as first and last of each unbroken row of them, ascending.
    pub rows: Vec<(i64, i64)>,
    /// Places of the ring in which another run has written meanwhile: nothing can be said of ours there.
    pub taken: Vec<i64>,
}

impl Reading {
    fn has(&self, seq: i64) -> bool {
        let at = self.rows.partition_point(|(_, last)| *last < seq);
        self.rows.get(at).is_some_and(|(first, _)| *first <= seq)
    }

    fn newest(&self) -> i64 {
        self.rows.last().map_or(0, |(_, last)| *last)
    }
}

/// What a server promised.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Promise {
    sent: Timestamp,
    ended: Timestamp,
    /// By its place in [`Ledger::servers`].
    server: usize,
}

/// Every write of a run that may still be in the ring.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Ledger {
    promised: BTreeMap<i64, Promise>,
    unknown: BTreeMap<i64, Timestamp>,
    refused: BTreeSet<i64>,
    servers: Vec<Option<Server>>,
    newest: i64,
    /// Of outages that were told before: they are counted there.
    settled: BTreeSet<i64>,
    lost: BTreeSet<i64>,
}

/// What a reading came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    /// When the rows were asked for.
    pub at: Timestamp,
    /// Acknowledged writes that were looked for.
    pub judged: usize,
    /// Those that are not there, ascending.
    pub lost: Vec<i64>,
    /// Acknowledged writes of which nothing can be said: another run has written in their place.
    pub taken: usize,
    /// Writes of unknown outcome that turned out to be there.
    pub recovered: usize,
    /// Writes of unknown outcome that are not there: no loss, nobody promised them.
    pub absent: usize,
    /// Rows that should not be there: never sent, or refused.
    pub unexpected: usize,
    /// A lost write before one of the same server that is there: two servers took writes at once.
    pub hole: bool,
    /// Who was read, and how many of the acknowledged writes that one has not.
    pub readings: Vec<(String, usize)>,
}

impl Ledger {
    /// Takes a write in.
    pub fn take(&mut self, attempt: &Attempt) {
        let Some(seq) = attempt.seq else { return };
        self.newest = self.newest.max(seq);
        match &attempt.outcome {
            Outcome::Acknowledged => {
                let server = self.place(attempt.server.as_ref());
                let promise = Promise {
                    sent: attempt.sent_at,
                    ended: attempt.ended_at,
                    server,
                };
                self.promised.insert(seq, promise);
            }
            Outcome::Unknown(_) => {
                self.unknown.insert(seq, attempt.ended_at);
            }
            Outcome::Failed(_) => {
                self.refused.insert(seq);
            }
            Outcome::Skipped => {}
        }
        // What is older has been overwritten by what came after.
        let oldest = self.newest - RING + 1;
        for map in [&mut self.refused, &mut self.settled] {
            while map.first().is_some_and(|seq| *seq < oldest) {
                map.pop_first();
            }
        }
        while self.unknown.first_key_value().is_some_and(|(seq, _)| *seq < oldest) {
            self.unknown.pop_first();
        }
        while self.promised.first_key_value().is_some_and(|(seq, _)| *seq < oldest) {
            self.promised.pop_first();
        }
    }

    /// A new outage begins: what was lost before is not its fault.
    pub fn settle(&mut self) {
        self.settled.append(&mut self.lost);
    }

    /// Holds the rows of a server against what was promised. A standby may still be on its way, and an old leader does not
    /// count any more: only a reading of the primary of the highest timeline decides, the others are noted beside it.
    pub fn judge(&mut self, reading: &Reading, before: Option<&Judgement>) -> Option<Judgement> {
        let who = reading
            .member
            .as_ref()
            .map_or_else(|| "entry".to_owned(), ToString::to_string);
        let newest = reading.newest().max(self.newest);
        let in_ring = |seq: i64| seq > newest - RING && !self.settled.contains(&seq);
        let taken: BTreeSet<i64> = reading.taken.iter().copied().collect();
        let (mut judged, mut contested) = (0, 0);
        let mut lost = BTreeSet::new();
        for (&seq, promise) in &self.promised {
            if !in_ring(seq) || promise.ended > reading.at {
                continue;
            }
            if reading.has(seq) {
                judged += 1;
            } else if taken.contains(&(seq % RING)) {
                contested += 1;
            } else {
                judged += 1;
                lost.insert(seq);
            }
        }
        let mut readings = before.map(|before| before.readings.clone()).unwrap_or_default();
        readings.retain(|(other, _)| *other != who);
        readings.push((who, lost.len()));
        if readings.len() > READINGS {
            readings.remove(0);
        }
        if !self.decides(&reading.server) {
            return before.map(|before| Judgement {
                readings,
                ..before.clone()
            });
        }
        let old = || {
            self.unknown
                .iter()
                .filter(|(seq, ended)| in_ring(**seq) && **ended <= reading.at)
        };
        let recovered = old().filter(|(seq, _)| reading.has(**seq)).count();
        let absent = old().count() - recovered;
        let never_sent = reading.rows.iter().filter(|(_, last)| *last > self.newest);
        let never_sent: i64 = never_sent
            .map(|(first, last)| last - (*first).max(self.newest + 1) + 1)
            .sum();
        // A write under way is sent and not yet in here: only what is far ahead was never sent.
        let never_sent = usize::try_from(never_sent).unwrap_or(0).saturating_sub(UNDER_WAY);
        let refused = self.refused.iter().filter(|seq| reading.has(**seq)).count();
        let hole = self.has_hole(&lost, reading);
        self.lost.clone_from(&lost);
        Some(Judgement {
            at: reading.at,
            judged,
            lost: lost.into_iter().collect(),
            taken: contested,
            recovered,
            absent,
            unexpected: never_sent + refused,
            hole,
            readings,
        })
    }

    /// A primary, and of no older timeline than any that acknowledged.
    fn decides(&self, server: &Server) -> bool {
        let highest = self.servers.iter().flatten().filter_map(|server| server.timeline).max();
        !server.standby && server.timeline >= highest
    }

    fn has_hole(&self, lost: &BTreeSet<i64>, reading: &Reading) -> bool {
        let lost: Vec<&Promise> = lost.iter().filter_map(|seq| self.promised.get(seq)).collect();
        let Some(first) = lost.iter().map(|promise| promise.ended).min() else {
            return false;
        };
        let later = self
            .promised
            .iter()
            .filter(|(_, promise)| promise.sent > first && promise.ended <= reading.at);
        later.filter(|(seq, _)| reading.has(**seq)).any(|(_, kept)| {
            lost.iter()
                .any(|promise| promise.server == kept.server && promise.ended < kept.sent)
        })
    }

    fn place(&mut self, server: Option<&Server>) -> usize {
        let known = self.servers.iter().position(|known| known.as_ref() == server);
        known.unwrap_or_else(|| {
            self.servers.push(server.cloned());
            self.servers.len() - 1
        })
    }
}

impl Judgement {
    /// This one and a later one, which looked for what was not lost here.
    #[must_use]
    pub fn and(mut self, mut later: Self) -> Self {
        later.judged += self.lost.len();
        self.lost.append(&mut later.lost);
        self.lost.sort_unstable();
        self.lost.dedup();
        Self {
            lost: self.lost,
            unexpected: self.unexpected.max(later.unexpected),
            hole: self.hole || later.hole,
            ..later
        }
    }

    /// Something is wrong with the data.
    pub fn is_bad(&self) -> bool {
        !self.lost.is_empty() || self.unexpected > 0 || self.hole
    }

    /// `0 of 312 acknowledged writes lost`, `3 of 312 acknowledged writes lost: 1041, 1042, 1043`.
    pub fn text(&self) -> String {
        let mut text = format!("{} of {} acknowledged writes lost", self.lost.len(), self.judged);
        if !self.lost.is_empty() {
            let named: Vec<String> = self.lost.iter().take(NAMED).map(ToString::to_string).collect();
            text = format!("{text}: {}", named.join(", "));
        }
        if self.lost.len() > NAMED {
            text = format!("{text} and {} more", self.lost.len() - NAMED);
        }
        if self.taken > 0 {
            text = format!("{text}; {} cannot be told, another pgherd writes there too", self.taken);
        }
        if self.unexpected > 0 {
            text = format!(
                "{text}; {} rows are there that were refused or never sent",
                self.unexpected
            );
        }
        if self.hole {
            text = format!("{text}; later ones are there: TWO PRIMARIES took writes at once");
        }
        text
    }

    /// It says something else than `before`, but for how many were looked for.
    pub fn differs(&self, before: Option<&Self>) -> bool {
        let wrong = |judgement: &Self| (judgement.lost.clone(), judgement.unexpected, judgement.hole);
        before.is_none_or(|before| wrong(self) != wrong(before))
    }
}

#[cfg(test)]
mod tests;
