//! The lines of one container, numbered in the order of their arrival: what is dropped and what is put before does not
//! change a number.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::answer::{Line, Position};
use super::chunk::{Chunk, LONGEST_RUN, Place};
use crate::model::log::{self, LogLine};
use crate::model::name::ContainerName;

/// What comes later than this after a message's first line is none of it.
const TOGETHER: Duration = Duration::from_secs(1);

/// See above.
#[derive(Clone, Debug, Default)]
pub(super) struct Ring {
    /// None is empty; lines are appended to the last one.
    chunks: VecDeque<Arc<Chunk>>,
    lines: usize,
    bytes: usize,
    pub(super) dropped: u64,
    /// The number of the next line.
    next: i64,
    /// The last line without its numbers: what differs in that does not repeat it.
    shape: Option<u64>,
    /// Whether the last line may be repeated at all, if that was asked.
    may_repeat: Option<bool>,
    /// The next line begins a run, whatever it says.
    pub(super) held: bool,
    /// Lines that begin a run although they say that they do not: what they repeated was dropped, and then older lines
    /// were put before them.
    seams: Vec<i64>,
}

impl Ring {
    /// Lines kept.
    pub(super) fn len(&self) -> usize {
        self.lines
    }

    /// Memory that they take.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Number of the oldest line; that of the next if there is none.
    pub(super) fn first(&self) -> i64 {
        self.chunks.front().map_or(self.next, |chunk| chunk.first)
    }

    /// Number of the newest line; less than [`Ring::first`] if there is none.
    pub(super) fn last(&self) -> i64 {
        self.next - 1
    }

    pub(super) fn chunks(&self) -> &VecDeque<Arc<Chunk>> {
        &self.chunks
    }

    /// Appends a line whose arrival has that number.
    pub(super) fn push(&mut self, line: &LogLine, arrival: i64) {
        self.place(line, Position { at: line.at, arrival });
    }

    /// Appends a line at its place, or just after the last one if that is later. What continues a message stays with
    /// it: no line of another container comes between them.
    pub(super) fn place(&mut self, line: &LogLine, mut position: Position) {
        if let Some((chunk, index)) = self.locate(self.last()) {
            let head = chunk.position(index).at;
            if line.at.since(head) < TOGETHER && log::continues(chunk.text(index), &line.text) {
                position.at = head;
            }
        }
        let shape = Some(log::shape(&line.text));
        // With the same shape, both have the same key if they have one: `log::repeat_key`.
        let may_repeat = (shape == self.shape && !self.held).then(|| log::may_repeat(&line.text));
        let repeats = may_repeat == Some(true) && self.last_may_repeat();
        self.put(line, position, repeats);
        (self.shape, self.may_repeat) = (shape, may_repeat);
    }

    fn last_may_repeat(&self) -> bool {
        let last = || self.locate(self.last());
        let asked = || last().is_some_and(|(chunk, index)| log::may_repeat(chunk.text(index)));
        self.may_repeat.unwrap_or_else(asked)
    }

    /// The same for a line of which it is known whether it repeats the last one.
    pub(super) fn put(&mut self, line: &LogLine, position: Position, repeats: bool) {
        let before = self.locate(self.last());
        let run = before.map_or(0, |(chunk, index)| chunk.run(index));
        let place = Place {
            position: before.map_or(position, |(chunk, index)| {
                let last = chunk.position(index);
                Position {
                    at: position.at.max(last.at),
                    arrival: position.arrival.max(last.arrival.saturating_add(1)),
                }
            }),
            run: if repeats && before.is_some() && run < LONGEST_RUN {
                run + 1
            } else {
                0
            },
        };
        self.held = false;
        if let Some(last) = self.chunks.back_mut() {
            let chunk = Arc::make_mut(last);
            let before = chunk.bytes();
            let fits = chunk.push(place, line);
            if !fits {
                chunk.close();
            }
            self.bytes = (self.bytes + chunk.bytes()).saturating_sub(before);
            if fits {
                self.lines += 1;
                self.next += 1;
                return;
            }
        }
        let mut chunk = Chunk::new(self.next, place.position);
        if chunk.push(place, line) {
            self.bytes += chunk.bytes();
            self.lines += 1;
            self.next += 1;
            self.chunks.push_back(Arc::new(chunk));
        } else {
            // Longer than an arena can be.
            self.dropped += 1;
        }
    }

    /// The last line is this: what comes may repeat it.
    pub(super) fn remember(&mut self) {
        self.shape = self
            .locate(self.last())
            .map(|(chunk, index)| log::shape(chunk.text(index)));
        self.may_repeat = None;
    }

    /// Puts the lines of another before these; none of its lines is after one of these.
    pub(super) fn prepend(&mut self, older: Self) {
        if older.lines == 0 {
            return;
        }
        let first = self.first();
        if self.lines > 0 {
            self.seams.insert(0, first);
        } else {
            (self.shape, self.may_repeat) = (older.shape, older.may_repeat);
        }
        let mut number = first;
        for mut chunk in older.chunks.into_iter().rev() {
            number -= i64::try_from(chunk.len()).unwrap_or(0);
            let renamed = Arc::make_mut(&mut chunk);
            renamed.first = number;
            renamed.close();
            self.bytes += renamed.bytes();
            self.chunks.push_front(chunk);
        }
        self.lines += older.lines;
        self.dropped += older.dropped;
    }

    /// Drops the oldest chunk unless it is the last: the number of its first line.
    pub(super) fn drop_oldest(&mut self) -> Option<i64> {
        if self.chunks.len() < 2 {
            return None;
        }
        let oldest = self.chunks.pop_front()?;
        self.bytes = self.bytes.saturating_sub(oldest.bytes());
        self.lines = self.lines.saturating_sub(oldest.len());
        self.dropped += oldest.len() as u64;
        let first = self.first();
        self.seams.retain(|seam| *seam > first);
        Some(oldest.first)
    }

    /// The chunk of a line, and its index there.
    pub(super) fn locate(&self, number: i64) -> Option<(&Chunk, usize)> {
        let after = self.chunks.partition_point(|chunk| chunk.first <= number);
        let chunk = self.chunks.get(after.checked_sub(1)?)?;
        Some((chunk, chunk.index(number)?))
    }

    pub(super) fn position(&self, number: i64) -> Option<Position> {
        self.locate(number).map(|(chunk, index)| chunk.position(index))
    }

    pub(super) fn line<'a>(&'a self, number: i64, container: &'a ContainerName) -> Option<(Position, Line<'a>)> {
        let (chunk, index) = self.locate(number)?;
        Some((chunk.position(index), chunk.line(index, container)))
    }

    /// The first line of the run that a line is in, of those that are kept.
    pub(super) fn run_start(&self, number: i64) -> i64 {
        let run = self.locate(number).map_or(0, |(chunk, index)| chunk.run(index));
        let seam = self.seams.iter().rfind(|seam| **seam <= number);
        let least = seam.map_or(self.first(), |seam| self.first().max(*seam));
        (number - i64::from(run)).max(least)
    }

    /// The last line of the run that a line is in.
    pub(super) fn run_end(&self, number: i64) -> i64 {
        let same = |other: i64| other <= self.last() && self.run_start(other) <= number;
        let (mut end, mut step) = (number, 1);
        while same(end + step) {
            end += step;
            step *= 2;
        }
        while step > 0 {
            if same(end + step) {
                end += step;
            }
            step /= 2;
        }
        end
    }

    /// Number of the last line for which that is true, where it is for all before; less than [`Ring::first`] if for
    /// none.
    pub(super) fn last_where(&self, is_before: impl Fn(Position) -> bool) -> i64 {
        let after = self.chunks.partition_point(|chunk| is_before(chunk.begins()));
        let chunk = after.checked_sub(1).and_then(|place| self.chunks.get(place));
        chunk.map_or(self.first() - 1, |chunk| {
            chunk.first + i64::try_from(chunk.until(is_before)).unwrap_or(0) - 1
        })
    }
}
