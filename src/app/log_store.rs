//! The containers' log lines: one ring for each, bounded by bytes, so that a chatty one never pushes out another.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::log::LogLine;
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;

/// Text kept of one container, in bytes, before its oldest lines go.
pub const BYTES_PER_CONTAINER: usize = 2 << 20;
/// What a line costs beside its text.
const LINE_OVERHEAD: usize = std::mem::size_of::<StoredLine>();

/// Where a line stands in the one order over all containers: by stamp, then by arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    at: Timestamp,
    arrival: u64,
}

/// A line and its place.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredLine {
    /// Its place.
    pub position: Position,
    /// The line.
    pub line: LogLine,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Ring {
    /// Shared, so that a copy of the state for a record or for going back in one costs little.
    lines: VecDeque<Arc<StoredLine>>,
    bytes: usize,
    dropped: u64,
}

impl Ring {
    fn shorten(&mut self, bytes: usize) {
        while self.bytes > bytes {
            let Some(oldest) = self.lines.pop_front() else { break };
            self.bytes = self.bytes.saturating_sub(oldest.line.text.len() + LINE_OVERHEAD);
            self.dropped += 1;
        }
    }
}

/// All lines that are kept.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LogStore {
    rings: BTreeMap<ContainerName, Ring>,
    arrivals: u64,
}

impl LogStore {
    /// Appends a line. Within a container the order of arrival stands, even if a stamp steps back.
    pub fn push(&mut self, line: LogLine) {
        self.arrivals += 1;
        let ring = self.rings.entry(line.container.clone()).or_default();
        let at = ring.lines.back().map_or(line.at, |last| last.position.at.max(line.at));
        ring.bytes += line.text.len() + LINE_OVERHEAD;
        ring.lines.push_back(Arc::new(StoredLine {
            position: Position {
                at,
                arrival: self.arrivals,
            },
            line,
        }));
        ring.shorten(BYTES_PER_CONTAINER);
    }

    /// Drops the oldest lines of each container until all together take at most `bytes`.
    pub fn shorten(&mut self, bytes: usize) {
        let each = bytes / self.rings.len().max(1);
        for ring in self.rings.values_mut() {
            ring.shorten(each);
        }
    }

    /// The last `rows` lines at or before `end` (the newest without it), oldest first; of one container or of all.
    pub fn window(&self, only: Option<&ContainerName>, end: Option<Position>, rows: usize) -> Vec<&StoredLine> {
        let mut cursors = self.cursors(only, |line| end.is_none_or(|end| line.position <= end));
        let mut window = Vec::with_capacity(rows);
        while window.len() < rows {
            let newest = cursors
                .iter_mut()
                .filter_map(|(ring, next)| Some((&**ring.lines.get(next.checked_sub(1)?)?, next)))
                .max_by_key(|(line, _)| line.position);
            let Some((line, next)) = newest else { break };
            *next -= 1;
            window.push(line);
        }
        window.reverse();
        window
    }

    /// The lines from one instant to another, oldest first.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Vec<&StoredLine> {
        let mut lines: Vec<&StoredLine> = Vec::new();
        for ring in self.rings.values() {
            let begin = ring.lines.partition_point(|line| line.position.at < from);
            let end = ring.lines.partition_point(|line| line.position.at <= to);
            lines.extend(ring.lines.range(begin..end.max(begin)).map(|line| &**line));
        }
        lines.sort_by_key(|line| line.position);
        lines
    }

    /// Containers of which lines after that instant were dropped for space.
    pub fn cut_after(&self, at: Timestamp) -> impl Iterator<Item = &ContainerName> {
        let cut = move |ring: &Ring| ring.dropped > 0 && ring.lines.front().is_none_or(|line| line.position.at > at);
        self.rings
            .iter()
            .filter(move |(_, ring)| cut(ring))
            .map(|(name, _)| name)
    }

    /// The position `rows` lines before (`back`) or after `from`; stops at the ends.
    pub fn moved(
        &self,
        only: Option<&ContainerName>,
        from: Option<Position>,
        back: bool,
        rows: usize,
    ) -> Option<Position> {
        if back {
            return self
                .window(only, from, rows.saturating_add(1))
                .first()
                .map(|line| line.position);
        }
        let from = from?;
        let mut cursors = self.cursors(only, |line| line.position <= from);
        let mut reached = from;
        for _ in 0..rows {
            let next = cursors
                .iter_mut()
                .filter_map(|(ring, next)| Some((ring.lines.get(*next)?, next)))
                .min_by_key(|(line, _)| line.position);
            let Some((line, next)) = next else { break };
            *next += 1;
            reached = line.position;
        }
        Some(reached)
    }

    /// The position of the last line that is not later than `at`; false with the first line if all are.
    pub fn place_of(&self, only: Option<&ContainerName>, at: Timestamp) -> Option<(Position, bool)> {
        let cursors = self.cursors(only, |line| line.position.at <= at);
        let before = cursors
            .iter()
            .filter_map(|(ring, next)| ring.lines.get(next.checked_sub(1)?))
            .map(|line| line.position);
        let first = || self.first_page(only, 1).map(|place| (place, false));
        before.max().map(|place| (place, true)).or_else(first)
    }

    /// The position of the oldest line that fills a window of `rows`.
    pub fn first_page(&self, only: Option<&ContainerName>, rows: usize) -> Option<Position> {
        let oldest = self
            .cursors(only, |_| false)
            .iter()
            .filter_map(|(ring, _)| ring.lines.front())
            .map(|line| line.position)
            .min();
        self.moved(only, oldest, false, rows.saturating_sub(1))
    }

    /// The newest position.
    pub fn newest(&self, only: Option<&ContainerName>) -> Option<Position> {
        self.window(only, None, 1).first().map(|line| line.position)
    }

    /// Lines kept and lines dropped for space.
    pub fn counts(&self, only: Option<&ContainerName>) -> (usize, u64) {
        self.cursors(only, |_| false)
            .iter()
            .fold((0, 0), |(kept, dropped), (ring, _)| {
                (kept + ring.lines.len(), dropped + ring.dropped)
            })
    }

    fn cursors(&self, only: Option<&ContainerName>, before: impl Fn(&StoredLine) -> bool) -> Vec<(&Ring, usize)> {
        self.rings
            .iter()
            .filter(|(name, _)| only.is_none_or(|only| *only == **name))
            .map(|(_, ring)| (ring, ring.lines.partition_point(|line| before(line))))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::log::Level;

    fn line(container: &str, millis: i64, text: &str) -> LogLine {
        LogLine {
            at: Timestamp::from_millis(millis),
            container: container.into(),
            stderr: false,
            level: Level::Info,
            text: text.to_owned(),
            spans: Vec::new(),
        }
    }

    fn texts(lines: &[&StoredLine]) -> Vec<String> {
        lines.iter().map(|stored| stored.line.text.clone()).collect()
    }

    #[test]
    fn merges_by_time_and_pages_without_moving() {
        let mut store = LogStore::default();
        for (container, at, text) in [
            ("a", 1, "a1"),
            ("a", 4, "a4"),
            ("b", 2, "b2"),
            ("b", 3, "b3"),
            ("a", 3, "a3 late"),
        ] {
            store.push(line(container, at, text));
        }
        assert_eq!(texts(&store.window(None, None, 9)), ["a1", "b2", "b3", "a4", "a3 late"]);
        assert_eq!(texts(&store.window(Some(&"b".into()), None, 9)), ["b2", "b3"]);
        let back = store.moved(None, None, true, 2);
        assert_eq!(texts(&store.window(None, back, 2)), ["b2", "b3"]);
        store.push(line("b", 9, "b9"));
        assert_eq!(
            texts(&store.window(None, back, 2)),
            ["b2", "b3"],
            "a new line does not move what is shown"
        );
        let forth = store.moved(None, back, false, 1);
        assert_eq!(texts(&store.window(None, forth, 1)), ["a4"]);
        assert_eq!(texts(&store.window(None, store.first_page(None, 2), 2)), ["a1", "b2"]);
    }

    #[test]
    fn a_chatty_container_drops_only_its_own_lines_and_counts_them() {
        let mut store = LogStore::default();
        store.push(line("quiet", 0, "kept"));
        let long = "x".repeat(100_000);
        for at in 0..50 {
            store.push(line("chatty", at, &long));
        }
        let (kept, dropped) = store.counts(Some(&"chatty".into()));
        assert_eq!(kept as u64 + dropped, 50);
        assert!(dropped > 20, "{dropped}");
        assert_eq!(store.counts(Some(&"quiet".into())), (1, 0));
    }
}
