//! The same answers from a plain list of lines, gone through from end to end each time.

use std::collections::{BTreeMap, BTreeSet};

use super::super::{Lens, LogStore, Pattern, Position};
use crate::model::log::{self, LogLine};
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;

/// A line, its place in the order, and whether it begins a run.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) place: (Timestamp, i64),
    pub(super) line: LogLine,
    begins: bool,
}

/// A row: place, text, repeats, whether it is a match.
pub(super) type Row = ((Timestamp, i64), String, u32, bool);

#[derive(Clone, Debug, Default)]
pub(super) struct Naive {
    pub(super) rings: BTreeMap<ContainerName, Vec<Kept>>,
    held: BTreeMap<ContainerName, bool>,
    newest: i64,
    oldest: i64,
}

impl Naive {
    pub(super) fn push(&mut self, line: LogLine) {
        self.newest += 1;
        let ring = self.rings.entry(line.container.clone()).or_default();
        let held = std::mem::take(self.held.entry(line.container.clone()).or_default());
        let last = ring.last();
        let at = last.map_or(line.at, |last| after(last, &line, line.at));
        let begins = held || !last.is_some_and(|last| repeats(&last.line, &line));
        ring.push(Kept {
            place: (at, self.newest),
            line,
            begins,
        });
    }

    pub(super) fn prepend(&mut self, container: &ContainerName, lines: &[LogLine]) {
        let ring = self.rings.entry(container.clone()).or_default();
        let before = i64::try_from(lines.len()).unwrap();
        let mut older: Vec<Kept> = Vec::new();
        for (line, arrival) in lines.iter().zip(self.oldest - before..) {
            let first = ring.first().map_or(line.at, |first| first.place.0.min(line.at));
            let last = older.last();
            older.push(Kept {
                place: (last.map_or(first, |last| after(last, line, first)), arrival),
                begins: !last.is_some_and(|last| repeats(&last.line, line)),
                line: line.clone(),
            });
        }
        self.oldest -= before;
        if let Some(first) = ring.first_mut() {
            first.begins = true;
        }
        ring.splice(..0, older);
    }

    pub(super) fn hold(&mut self) {
        for container in self.rings.keys() {
            self.held.insert(container.clone(), true);
        }
    }

    /// Drops what the store has dropped.
    pub(super) fn follow(&mut self, store: &LogStore) {
        for (container, ring) in &mut self.rings {
            let kept = store.counts(&Lens::of(Some(container))).kept;
            ring.drain(..ring.len() - kept);
        }
    }

    fn hits(ring: &[Kept], lens: &Lens) -> Vec<bool> {
        let is_hit = |kept: &Kept| {
            let sought = lens.matching.as_ref();
            stays(kept, lens) && kept.line.level >= lens.least && sought.is_none_or(|it| it.is_match(&kept.line.text))
        };
        ring.iter().map(is_hit).collect()
    }

    /// Every row, oldest first.
    pub(super) fn rows(&self, lens: &Lens) -> Vec<Row> {
        let mut rows = Vec::new();
        for (_, ring) in self.rings.iter().filter(|(name, _)| lens.has(name)) {
            let hits = Self::hits(ring, lens);
            let (mut run, mut last) = (0, None);
            for (place, kept) in ring.iter().enumerate() {
                run += usize::from(kept.begins);
                let near = place.saturating_sub(lens.context.into())..=place + usize::from(lens.context);
                if !stays(kept, lens) || !near.into_iter().any(|near| hits.get(near) == Some(&true)) {
                    continue;
                }
                let mut row: Row = (kept.place, kept.line.text.clone(), 1, hits[place]);
                if lens.fold && last == Some(run) {
                    let before: Row = rows.pop().unwrap();
                    (row.2, row.3) = (row.2 + before.2, row.3 || before.3);
                }
                last = Some(run);
                rows.push(row);
            }
        }
        rows.sort_by_key(|row| row.0);
        rows
    }

    /// Places of the rows that show a line with `sought` among the matches, and the number of such lines.
    pub(super) fn found(&self, sought: &Pattern, lens: &Lens) -> (Vec<(Timestamp, i64)>, usize) {
        let (mut places, mut lines) = (Vec::new(), 0);
        let rows = self.rows(lens);
        for (_, ring) in self.rings.iter().filter(|(name, _)| lens.has(name)) {
            let hits = Self::hits(ring, lens);
            let of_ring: BTreeSet<_> = ring.iter().map(|kept| kept.place).collect();
            let of_ring: BTreeSet<_> = rows
                .iter()
                .map(|row| row.0)
                .filter(|place| of_ring.contains(place))
                .collect();
            for (place, kept) in ring.iter().enumerate() {
                if !hits[place] || !sought.is_match(&kept.line.text) {
                    continue;
                }
                lines += 1;
                // The row is that of the line, or the next one of the container.
                places.extend(of_ring.range(kept.place..).next());
            }
        }
        places.sort_unstable();
        places.dedup();
        (places, lines)
    }
}

/// Where the line after `last` stands.
fn after(last: &Kept, line: &LogLine, at: Timestamp) -> Timestamp {
    let together = line.at.since(last.place.0).as_secs() < 1 && log::continues(&last.line.text, &line.text);
    if together { last.place.0 } else { at.max(last.place.0) }
}

fn stays(kept: &Kept, lens: &Lens) -> bool {
    let excluded = lens.excluding.as_ref().is_some_and(|out| out.is_match(&kept.line.text));
    let hidden = lens.hide_noise && log::is_noise(&kept.line.text);
    !(excluded || hidden)
}

fn repeats(before: &LogLine, after: &LogLine) -> bool {
    let key = log::repeat_key(&after.text);
    key.is_some() && key == log::repeat_key(&before.text)
}

pub(super) fn place(position: Position) -> (Timestamp, i64) {
    (position.at, position.arrival)
}
