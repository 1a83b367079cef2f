//! The containers' log lines: kept in the order of arrival per container, read in one order over all.
//!
//! - [`LogStore`] keeps the lines, bounded by bytes, so that a chatty container never pushes out another; each line that
//!   is dropped is counted.
//! - A [`Lens`] says what is shown of them; [`LogStore::window`] and its neighbours answer through it. Rows are named by
//!   the [`Position`] of their last line, so that new lines never move what is shown.
//! - A lens that [sifts](Lens::sifts) is gone through in steps: [`LogStore::aim`] takes it up, [`LogStore::scan`] goes
//!   on. Until it is [complete](Tally::complete), what is shown is what was found so far. Through a lens that was not
//!   aimed at the answers are the same, at the price of reading all lines at once.

mod lens;
mod pattern;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::log::{self, Level, LogLine};
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;

pub use lens::Lens;
pub use pattern::Pattern;

/// Memory that all lines together may take unless told otherwise, in bytes.
pub const LIMIT: usize = 32 << 20;
/// What a line costs beside its text.
const LINE_OVERHEAD: usize = std::mem::size_of::<StoredLine>();

/// Where a line stands in the one order over all containers: by stamp, then by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    at: Timestamp,
    arrival: i64,
}

/// A line that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// Docker's stamp.
    pub at: Timestamp,
    /// Where it came from.
    pub container: &'a ContainerName,
    /// Written to stderr.
    pub stderr: bool,
    /// How serious it is.
    pub level: Level,
    /// Clean text without line break.
    pub text: &'a str,
}

impl Line<'_> {
    /// As [`LogLine::message`].
    pub fn message(&self) -> &str {
        log::message(self.text)
    }
}

/// A row: a line, or several that repeat one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown<'a> {
    /// Its place, by which it is named.
    pub position: Position,
    /// The line; the last one of several.
    pub line: Line<'a>,
    /// How many it stands for; 1 is only itself.
    pub repeats: u32,
    /// One of them is what the lens looks for; false is context.
    pub is_match: bool,
}

/// How many lines there are, of the containers of a lens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Kept.
    pub kept: usize,
    /// Dropped for space.
    pub dropped: u64,
    /// Matches, of a lens that sifts.
    pub matches: Option<Tally>,
}

/// How many lines were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// So many.
    pub lines: usize,
    /// How many of them are not after the place that was asked for.
    pub until: usize,
    /// All lines were gone through; else there may be more.
    pub complete: bool,
}

/// What came of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The row that shows the next match.
    At(Position),
    /// There is no more in this direction.
    Nowhere,
    /// None so far, and not all lines are gone through.
    NotYet,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct StoredLine {
    position: Position,
    line: LogLine,
    #[serde(default)]
    first: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Ring {
    lines: VecDeque<Arc<StoredLine>>,
    bytes: usize,
    dropped: u64,
    held: bool,
}

/// All lines that are kept.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct LogStore {
    rings: BTreeMap<ContainerName, Ring>,
    arrivals: i64,
    oldest: i64,
    limit: usize,
}

impl Default for LogStore {
    fn default() -> Self {
        Self::bounded(LIMIT)
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
        }
    }

    /// Appends a line. Within a container the order of arrival stands, even if a stamp steps back.
    pub fn push(&mut self, line: LogLine) {
        self.arrivals += 1;
        let ring = self.rings.entry(line.container.clone()).or_default();
        let last = ring.lines.back();
        let at = last.map_or(line.at, |last| last.position.at.max(line.at));
        let key = log::repeat_key(&line.text);
        let repeats = key.is_some() && last.is_some_and(|last| log::repeat_key(&last.line.text) == key);
        let first = !repeats || std::mem::take(&mut ring.held);
        ring.bytes += line.text.len() + LINE_OVERHEAD;
        let position = Position {
            at,
            arrival: self.arrivals,
        };
        ring.lines.push_back(Arc::new(StoredLine { position, line, first }));
        self.shrink();
    }

    /// Puts older lines, oldest first, before all that are kept of that container.
    pub fn prepend(&mut self, container: &ContainerName, lines: Vec<LogLine>) {
        let ring = self.rings.entry(container.clone()).or_default();
        let mut at = ring.lines.front().map(|line| line.position.at);
        if let Some(front) = ring.lines.front_mut() {
            Arc::make_mut(front).first = true;
        }
        let mut stamps: Vec<Timestamp> = Vec::new();
        for line in &lines {
            stamps.push(stamps.last().map_or(line.at, |last| line.at.max(*last)));
        }
        let mut key = None;
        let firsts: Vec<bool> = lines
            .iter()
            .map(|line| {
                let before = std::mem::replace(&mut key, log::repeat_key(&line.text));
                key.is_none() || key != before
            })
            .collect();
        for ((line, stamp), first) in lines.into_iter().zip(stamps).zip(firsts).rev() {
            self.oldest -= 1;
            let stamp = at.map_or(stamp, |at| at.min(stamp));
            at = Some(stamp);
            ring.bytes += line.text.len() + LINE_OVERHEAD;
            let position = Position {
                at: stamp,
                arrival: self.oldest,
            };
            ring.lines.push_front(Arc::new(StoredLine { position, line, first }));
        }
        self.shrink();
    }

    /// What repeats from here on is a row of its own. To be called when the view stands still somewhere, so that no
    /// row grows away from where it is shown.
    pub fn hold(&mut self) {
        for ring in self.rings.values_mut() {
            ring.held = true;
        }
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

    fn shrink(&mut self) {
        while self.rings.values().map(|ring| ring.bytes).sum::<usize>() > self.limit {
            let Some(most) = self.rings.values_mut().max_by_key(|ring| ring.bytes) else {
                break;
            };
            let Some(oldest) = most.lines.pop_front() else { break };
            most.bytes = most.bytes.saturating_sub(oldest.line.text.len() + LINE_OVERHEAD);
            most.dropped += 1;
        }
    }

    /// Goes through the lines for this lens, and for what is sought through it, from now on: at first around `from`,
    /// or from the newest line back. Nothing happens if that is what it does already.
    pub fn aim(&mut self, _lens: &Lens, _sought: Option<&Pattern>, _from: Option<Position>) {}

    /// Goes through so many bytes of lines. True if there is more to do.
    pub fn scan(&mut self, _bytes: usize) -> bool {
        false
    }

    /// The last `rows` rows at or before `end` (the newest without it), oldest first.
    pub fn window(&self, lens: &Lens, end: Option<Position>, rows: usize) -> Vec<Shown<'_>> {
        let mut all = self.rows(lens);
        all.truncate(all.partition_point(|row| end.is_none_or(|end| row.position <= end)));
        all.split_off(all.len().saturating_sub(rows))
    }

    /// The position `rows` rows before (`back`) or after `from`; stops at the ends.
    pub fn moved(&self, lens: &Lens, from: Option<Position>, back: bool, rows: usize) -> Option<Position> {
        if back {
            let window = self.window(lens, from, rows.saturating_add(1));
            return window.first().map(|row| row.position);
        }
        let from = from?;
        let all = self.rows(lens);
        let after = all.iter().filter(|row| row.position > from).take(rows).last();
        Some(after.map_or(from, |row| row.position))
    }

    /// The position of the last row that is not later than `at`; false with the first row if all are.
    pub fn place_of(&self, lens: &Lens, at: Timestamp) -> Option<(Position, bool)> {
        let all = self.rows(lens);
        let before = all.iter().rfind(|row| row.position.at <= at);
        let place = before.map(|row| (row.position, true));
        place.or_else(|| all.first().map(|row| (row.position, false)))
    }

    /// The position of the last row of the oldest `rows`.
    pub fn first_page(&self, lens: &Lens, rows: usize) -> Option<Position> {
        self.rows(lens)
            .iter()
            .take(rows.max(1))
            .next_back()
            .map(|row| row.position)
    }

    /// The newest position.
    pub fn newest(&self, lens: &Lens) -> Option<Position> {
        self.window(lens, None, 1).first().map(|row| row.position)
    }

    /// How many lines there are.
    pub fn counts(&self, lens: &Lens) -> Counts {
        let mut counts = Counts::default();
        for (_, ring) in self.rings.iter().filter(|(name, _)| lens.has(name)) {
            counts.kept += ring.lines.len();
            counts.dropped += ring.dropped;
        }
        counts.matches = lens.sifts().then(|| {
            let lens = Lens {
                context: 0,
                fold: false,
                ..lens.clone()
            };
            let lines = self.rows(&lens).len();
            Tally {
                lines,
                until: lines,
                complete: true,
            }
        });
        counts
    }

    /// The next match after `from`, or before it (`back`), among the lines that this lens shows as matches; without
    /// `from`, from the end where that direction begins.
    pub fn find(&self, sought: &Pattern, lens: &Lens, from: Option<Position>, back: bool) -> Found {
        let all = self.rows(lens);
        let hit = |row: &&Shown<'_>| sought.is_match(row.line.text) && row.is_match;
        let found = if back {
            all.iter()
                .rev()
                .filter(|row| from.is_none_or(|from| row.position < from))
                .find(hit)
        } else {
            all.iter()
                .filter(|row| from.is_none_or(|from| row.position > from))
                .find(hit)
        };
        found.map_or(Found::Nowhere, |row| Found::At(row.position))
    }

    /// How many lines [`LogStore::find`] finds in all, and at or before `until`.
    pub fn tally(&self, sought: &Pattern, lens: &Lens, until: Option<Position>) -> Tally {
        let lens = Lens {
            context: 0,
            fold: false,
            ..lens.clone()
        };
        let all = self.rows(&lens);
        let hits = all.iter().filter(|row| sought.is_match(row.line.text));
        Tally {
            lines: hits.clone().count(),
            until: hits
                .filter(|row| until.is_none_or(|until| row.position <= until))
                .count(),
            complete: true,
        }
    }

    /// The lines from one instant to another, oldest first.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Vec<Line<'_>> {
        let all = self.rows(&Lens::default());
        let within = all.iter().filter(|row| (from..=to).contains(&row.position.at));
        within.map(|row| row.line).collect()
    }

    /// Containers of which lines after that instant were dropped for space.
    pub fn cut_after(&self, at: Timestamp) -> impl Iterator<Item = &ContainerName> {
        let cut = move |ring: &Ring| ring.dropped > 0 && ring.lines.front().is_none_or(|line| line.position.at > at);
        self.rings
            .iter()
            .filter(move |(_, ring)| cut(ring))
            .map(|(name, _)| name)
    }

    /// Every row, oldest first.
    fn rows(&self, lens: &Lens) -> Vec<Shown<'_>> {
        let mut rows: Vec<Shown<'_>> = Vec::new();
        for (container, ring) in self.rings.iter().filter(|(name, _)| lens.has(name)) {
            let lines: Vec<&StoredLine> = ring.lines.iter().map(|line| &**line).collect();
            let stays = |line: &StoredLine| {
                let excluded = lens.excluding.as_ref().is_some_and(|out| out.is_match(&line.line.text));
                let noise = lens.hide_noise && log::is_noise(&line.line.text);
                !(excluded || noise)
            };
            let hits: Vec<bool> = lines
                .iter()
                .map(|line| {
                    let found = lens
                        .matching
                        .as_ref()
                        .is_none_or(|sought| sought.is_match(&line.line.text));
                    stays(line) && line.line.level >= lens.least && found
                })
                .collect();
            let mut run = 0;
            let mut last = None;
            for (place, stored) in lines.iter().enumerate() {
                run += usize::from(stored.first);
                let near = place.saturating_sub(lens.context.into())..=place + usize::from(lens.context);
                let near_hit = near.into_iter().any(|place| hits.get(place).copied().unwrap_or(false));
                if !(near_hit && stays(stored)) {
                    continue;
                }
                let is_match = hits.get(place).copied().unwrap_or(false);
                let mut row = Shown {
                    position: stored.position,
                    line: Line {
                        at: stored.line.at,
                        container,
                        stderr: stored.line.stderr,
                        level: stored.line.level,
                        text: &stored.line.text,
                    },
                    repeats: 1,
                    is_match,
                };
                if lens.fold
                    && last == Some(run)
                    && let Some(before) = rows.pop()
                {
                    row.repeats += before.repeats;
                    row.is_match |= before.is_match;
                }
                last = Some(run);
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| row.position);
        rows
    }
}

#[cfg(test)]
mod tests;
