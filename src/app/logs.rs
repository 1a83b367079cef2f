//! The containers' log lines: kept in the order of arrival per container, read in one order over all.
//!
//! - [`LogStore`] keeps the lines, bounded by bytes, so that a chatty container never pushes out another; each line that
//!   is dropped is counted.
//! - A [`Lens`] says what is shown of them; [`LogStore::window`] and its neighbours answer through it. Rows are named by
//!   the [`Position`] of their last line, so that new lines never move what is shown.
//! - A lens that [sifts](Lens::sifts) is gone through in steps: [`LogStore::aim`] takes it up, [`LogStore::scan`] goes
//!   on. Until it is [complete](Tally::complete), what is shown is what was found so far. Through a lens that was not
//!   aimed at the answers are the same, at the price of reading all lines at once.

mod answer;
mod bits;
mod chunk;
mod crew;
mod lens;
mod marks;
mod pattern;
mod ring;
mod scan;
mod track;
mod walk;
mod wire;

use std::borrow::Borrow;
use std::collections::BTreeMap;

use crate::model::log::LogLine;
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;

pub use answer::{Counts, Found, Line, Position, Shown, Tally};
pub use lens::Lens;
pub use pattern::Pattern;

use ring::Ring;
use scan::Scans;
use track::Track;

/// Memory that all lines together may take unless told otherwise, in MB: the whole program stays below 64 MB with it, even
/// while many containers write as fast as they can.
pub const LIMIT_MB: u32 = 28;

/// All lines that are kept.
#[derive(Clone, Debug)]
pub struct LogStore {
    rings: BTreeMap<ContainerName, Ring>,
    /// The last arrival, and the first: of lines that were put before others.
    arrivals: i64,
    oldest: i64,
    limit: usize,
    bytes: usize,
    scans: Scans,
}

impl Default for LogStore {
    fn default() -> Self {
        Self::of_megabytes(LIMIT_MB)
    }
}

impl LogStore {
    /// An empty one whose lines may take so many bytes of memory.
    pub fn bounded(limit: usize) -> Self {
        Self {
            rings: BTreeMap::new(),
            arrivals: 0,
            oldest: 0,
            limit,
            bytes: 0,
            scans: Scans::default(),
        }
    }

    /// An empty one whose lines may take so many MB of memory.
    pub fn of_megabytes(limit: u32) -> Self {
        Self::bounded((limit as usize) << 20)
    }

    /// Appends a line. Within a container the order of arrival stands, even if a stamp steps back.
    pub fn push(&mut self, line: impl Borrow<LogLine>) {
        let line = line.borrow();
        self.arrivals = self.arrivals.saturating_add(1);
        let ring = match self.rings.get_mut(&line.container) {
            Some(ring) => ring,
            None => self.rings.entry(line.container.clone()).or_default(),
        };
        let before = ring.bytes();
        ring.push(line, self.arrivals);
        self.bytes = (self.bytes + ring.bytes()).saturating_sub(before);
        self.shrink();
    }

    /// Puts older lines, oldest first, before all that are kept of that container.
    pub fn prepend(&mut self, container: &ContainerName, lines: &[LogLine]) {
        let ring = self.rings.entry(container.clone()).or_default();
        let latest = ring.position(ring.first()).map(|first| first.at);
        let begin = self
            .oldest
            .saturating_sub(i64::try_from(lines.len()).unwrap_or(i64::MAX));
        let mut older = Ring::default();
        for (line, arrival) in lines.iter().zip(begin..) {
            let at = latest.map_or(line.at, |latest| line.at.min(latest));
            older.place(line, Position { at, arrival });
        }
        self.oldest = begin;
        let before = ring.bytes();
        ring.prepend(older);
        self.bytes = (self.bytes + ring.bytes()).saturating_sub(before);
        self.shrink();
    }

    /// What repeats from here on is a row of its own. To be called when the view stands still somewhere, so that no
    /// row grows away from where it is shown.
    pub fn hold(&mut self) {
        for ring in self.rings.values_mut() {
            ring.held = true;
        }
    }

    /// Memory that the lines take, in bytes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Memory that all lines together may take from now on, in bytes.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
        self.shrink();
    }

    /// Drops the oldest lines of the containers that have most until all together take at most `bytes`.
    pub fn shorten(&mut self, bytes: usize) {
        let limit = std::mem::replace(&mut self.limit, bytes);
        self.shrink();
        self.limit = limit;
    }

    /// The container that has most loses its oldest lines: one with its share of the limit or less keeps all it has.
    fn shrink(&mut self) {
        while self.bytes > self.limit {
            let most = self.rings.iter_mut().filter(|(_, ring)| ring.chunks().len() > 1);
            let Some((container, most)) = most.max_by_key(|(_, ring)| ring.bytes()) else {
                return;
            };
            let before = most.bytes();
            if let Some(dropped) = most.drop_oldest() {
                self.scans.forget(container, dropped);
            }
            self.bytes = (self.bytes + most.bytes()).saturating_sub(before);
        }
    }

    /// Goes through the lines for this lens, and for what is sought through it, from now on: at first those before
    /// `from`, and always from the newest back. Nothing happens if that is what it does already.
    pub fn aim(&mut self, lens: &Lens, sought: Option<&Pattern>, from: Option<Position>) {
        let mut wanted = Vec::new();
        if lens.sifts() {
            wanted.push((lens, None));
        }
        if sought.is_some() {
            wanted.push((lens, sought));
        }
        self.scans.aim(&wanted, from);
    }

    /// Goes through about so many bytes of lines. True if there is more to do.
    pub fn scan(&mut self, bytes: usize) -> bool {
        self.scans.step(&self.rings, bytes)
    }

    /// The last `rows` rows at or before `end` (the newest without it), oldest first.
    pub fn window(&self, lens: &Lens, end: Option<Position>, rows: usize) -> Vec<Shown<'_>> {
        let scan = self.scan_of(lens, None);
        let mut window = Vec::with_capacity(rows.min(1_024));
        self.back(lens, &scan, end, rows, |track, row, _| window.extend(track.row(row)));
        window.reverse();
        window
    }

    /// The position `rows` rows before (`back`) or after `from`; stops at the ends.
    pub fn moved(&self, lens: &Lens, from: Option<Position>, back: bool, rows: usize) -> Option<Position> {
        let scan = self.scan_of(lens, None);
        let mut reached = from.filter(|_| !back);
        if back {
            let take = |_: &Track<'_, '_>, _, position| reached = Some(position);
            self.back(lens, &scan, from, rows.saturating_add(1), take);
        } else if let Some(from) = from {
            self.forth(lens, &scan, Some(from), rows, |position| reached = Some(position));
        }
        reached
    }

    /// The position of the last row that is not later than `at`; false with the first row if all are.
    pub fn place_of(&self, lens: &Lens, at: Timestamp) -> Option<(Position, bool)> {
        let scan = self.scan_of(lens, None);
        let end = Position { at, arrival: i64::MAX };
        let mut place = None;
        self.back(lens, &scan, Some(end), 1, |_, _, position| {
            place = Some((position, true));
        });
        if place.is_none() {
            self.forth(lens, &scan, None, 1, |position| place = Some((position, false)));
        }
        place
    }

    /// The position of the last row of the oldest `rows`.
    pub fn first_page(&self, lens: &Lens, rows: usize) -> Option<Position> {
        let mut reached = None;
        self.forth(lens, &self.scan_of(lens, None), None, rows.max(1), |position| {
            reached = Some(position);
        });
        reached
    }

    /// The newest position.
    pub fn newest(&self, lens: &Lens) -> Option<Position> {
        self.moved(lens, None, true, 0)
    }

    /// How many lines there are.
    pub fn counts(&self, lens: &Lens) -> Counts {
        let rings = || {
            self.rings
                .iter()
                .filter(|(name, _)| lens.has(name))
                .map(|(_, ring)| ring)
        };
        Counts {
            kept: rings().map(Ring::len).sum(),
            dropped: rings().map(|ring| ring.dropped).sum(),
            matches: lens.sifts().then(|| self.tally_of(&self.scan_of(lens, None), None)),
        }
    }

    /// The row of the next line with `sought` after `from`, or before it (`back`), among the matches of this lens;
    /// without `from`, from the end where that direction begins.
    pub fn find(&self, sought: &Pattern, lens: &Lens, from: Option<Position>, back: bool) -> Found {
        let (shown, scan) = (self.scan_of(lens, None), self.scan_of(lens, Some(sought)));
        let mut next: Option<Position> = None;
        for track in self.tracks(lens, &shown) {
            let hit = scan
                .marks(track.container())
                .and_then(|marks| track.hit(marks, from, back));
            let position = hit.and_then(|hit| track.position(hit));
            next = match (next, position) {
                (Some(next), Some(position)) if back => Some(next.max(position)),
                (Some(next), Some(position)) => Some(next.min(position)),
                (next, position) => next.or(position),
            };
        }
        // A nearer one may be among the lines that were not gone through.
        let is_sure = |track: &Track<'_, '_>| track.is_known(scan.marks(track.container()), from, next, back);
        match next {
            _ if !self.tracks(lens, &shown).iter().all(is_sure) => Found::NotYet,
            Some(position) => Found::At(position),
            None => Found::Nowhere,
        }
    }

    /// How many lines [`LogStore::find`] finds in all, and at or before `until`.
    pub fn tally(&self, sought: &Pattern, lens: &Lens, until: Option<Position>) -> Tally {
        self.tally_of(&self.scan_of(lens, Some(sought)), until)
    }

    /// The lines from one instant to another, oldest first.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Vec<Line<'_>> {
        let mut lines = Vec::new();
        for (container, ring) in &self.rings {
            let begin = ring.last_where(|position| position.at < from) + 1;
            let end = ring.last_where(|position| position.at <= to);
            lines.extend((begin..=end).filter_map(|number| ring.line(number, container)));
        }
        lines.sort_by_key(|(position, _)| *position);
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Containers of which lines after that instant were dropped for space.
    pub fn cut_after(&self, at: Timestamp) -> impl Iterator<Item = &ContainerName> {
        let begins = |ring: &Ring| ring.position(ring.first());
        let cut = move |ring: &Ring| ring.dropped > 0 && begins(ring).is_none_or(|first| first.at > at);
        self.rings
            .iter()
            .filter(move |(_, ring)| cut(ring))
            .map(|(name, _)| name)
    }
}

#[cfg(test)]
mod tests;
