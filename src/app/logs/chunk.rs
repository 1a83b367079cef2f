//! A piece of one container's lines: their text in one arena, and sixteen bytes beside it for each line.
//!
//! Once it is full it never changes; it is shared by every copy of the state.

use super::answer::{Line, Position};
use crate::model::log::{Level, LogLine, Span};
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;

/// Bytes of text, and lines, that one takes; a longer line has one of its own.
const TEXT: usize = 64 << 10;
const LINES: usize = 4_096;
/// What one costs beside its vectors: itself, the counts of its [`std::sync::Arc`], and its place in the list.
const SELF: usize = size_of::<Chunk>() + 3 * size_of::<usize>();
/// After each text, so that a search over the whole arena stays within lines.
const BREAK: char = '\n';

/// Levels by their number in [`Entry::bits`].
const LEVELS: [Level; 5] = [Level::Debug, Level::Info, Level::Warning, Level::Error, Level::Fatal];
const LEVEL: u32 = 0b111;
const STDERR: u32 = 1 << 3;
/// The rest is the length of the run before the line.
const RUN: u32 = 4;
/// Longest run; what repeats after it is another.
pub(super) const LONGEST_RUN: u32 = u32::MAX >> RUN;

/// What is kept of a line beside its text. Stamp and arrival count from those of the chunk.
#[derive(Clone, Copy, Debug)]
struct Entry {
    micros: u32,
    arrival: u32,
    /// Where its text ends.
    end: u32,
    bits: u32,
}

/// What the ring knows of a new line.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) position: Position,
    /// So many lines just before it are repeated by it.
    pub(super) run: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Chunk {
    /// Number of its first line among those of the container.
    pub(super) first: i64,
    base: Position,
    text: String,
    entries: Vec<Entry>,
    /// Stamps of lines that stand elsewhere than their stamp says, by index.
    own: Vec<(u32, Timestamp)>,
    /// Colours of lines that have some: where those of a line end, by index.
    spans: Vec<Span>,
    span_ends: Vec<(u32, u32)>,
}

impl Chunk {
    /// An empty one that begins with line `first`, which will stand at `base`.
    pub(super) fn new(first: i64, base: Position) -> Self {
        Self {
            first,
            base,
            text: String::new(),
            entries: Vec::new(),
            own: Vec::new(),
            spans: Vec::new(),
            span_ends: Vec::new(),
        }
    }

    /// Appends a line, unless this chunk is full.
    pub(super) fn push(&mut self, place: Place, line: &LogLine) -> bool {
        let needed = self.text.len() + line.text.len() + BREAK.len_utf8();
        let full = !self.entries.is_empty() && (needed > TEXT || self.entries.len() >= LINES);
        let micros = place.position.at.micros().checked_sub(self.base.at.micros());
        let arrival = place.position.arrival.checked_sub(self.base.arrival);
        let small = |distance: Option<i64>| distance.and_then(|distance| u32::try_from(distance).ok());
        let (false, Some(micros), Some(arrival), Ok(end)) = (
            full,
            small(micros),
            small(arrival),
            u32::try_from(needed - BREAK.len_utf8()),
        ) else {
            return false;
        };
        if needed > self.text.capacity() {
            // Doubled as usual, but never past what a full one needs.
            let wanted = (self.text.capacity() * 2).clamp(1 << 10, TEXT).max(needed);
            self.text.reserve_exact(wanted - self.text.len());
        }
        self.text.push_str(&line.text);
        self.text.push(BREAK);
        let index = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        if line.at != place.position.at {
            self.own.push((index, line.at));
        }
        if !line.spans.is_empty() {
            self.spans.extend_from_slice(&line.spans);
            self.span_ends
                .push((index, u32::try_from(self.spans.len()).unwrap_or(u32::MAX)));
        }
        let mut bits = line.level as u32 | place.run.min(LONGEST_RUN) << RUN;
        bits |= if line.stderr { STDERR } else { 0 };
        self.entries.push(Entry {
            micros,
            arrival,
            end,
            bits,
        });
        true
    }

    /// Gives back the memory that it does not need when nothing more comes.
    pub(super) fn close(&mut self) {
        // A little is left: a block of the usual size is used again when it is freed.
        if self.text.capacity() - self.text.len() > TEXT / 16 {
            self.text.shrink_to_fit();
        }
        self.entries.shrink_to_fit();
        self.own.shrink_to_fit();
        self.spans.shrink_to_fit();
        self.span_ends.shrink_to_fit();
    }

    /// Memory that it takes, in bytes.
    pub(super) fn bytes(&self) -> usize {
        SELF + self.text.capacity()
            + self.entries.capacity() * size_of::<Entry>()
            + self.own.capacity() * size_of::<(u32, Timestamp)>()
            + self.spans.capacity() * size_of::<Span>()
            + self.span_ends.capacity() * size_of::<(u32, u32)>()
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Index of the line of that number.
    pub(super) fn index(&self, number: i64) -> Option<usize> {
        let index = usize::try_from(number.checked_sub(self.first)?).ok()?;
        (index < self.entries.len()).then_some(index)
    }

    /// Where its first line stands.
    pub(super) fn begins(&self) -> Position {
        self.base
    }

    pub(super) fn position(&self, index: usize) -> Position {
        let entry = self.entries.get(index);
        entry.map_or(self.base, |entry| self.position_of(entry))
    }

    fn position_of(&self, entry: &Entry) -> Position {
        let (at, arrival) = (self.base.at.micros(), self.base.arrival);
        Position {
            at: Timestamp::from_micros(at.saturating_add(entry.micros.into())),
            arrival: arrival.saturating_add(entry.arrival.into()),
        }
    }

    /// How many of its lines are before the first one for which that is false.
    pub(super) fn until(&self, is_before: impl Fn(Position) -> bool) -> usize {
        self.entries.partition_point(|entry| is_before(self.position_of(entry)))
    }

    pub(super) fn run(&self, index: usize) -> u32 {
        self.bits(index) >> RUN
    }

    pub(super) fn level(&self, index: usize) -> Level {
        let number = (self.bits(index) & LEVEL) as usize;
        LEVELS.get(number).copied().unwrap_or(Level::Info)
    }

    fn bits(&self, index: usize) -> u32 {
        self.entries.get(index).map_or(0, |entry| entry.bits)
    }

    pub(super) fn text(&self, index: usize) -> &str {
        let end = self.entries.get(index).map_or(0, |entry| entry.end as usize);
        self.text.get(self.begin(index)..end).unwrap_or_default()
    }

    /// The text of all lines, each with a line break after it.
    pub(super) fn arena(&self) -> &str {
        &self.text
    }

    /// Where the text of a line begins in [`Chunk::arena`].
    pub(super) fn begin(&self, index: usize) -> usize {
        let before = index.checked_sub(1).and_then(|before| self.entries.get(before));
        before.map_or(0, |entry| entry.end as usize + BREAK.len_utf8())
    }

    /// The line, none before `from`, that has that byte of [`Chunk::arena`].
    pub(super) fn line_with(&self, byte: usize, from: usize) -> usize {
        let rest = self.entries.get(from..).unwrap_or_default();
        from + rest.partition_point(|entry| (entry.end as usize) < byte)
    }

    pub(super) fn line<'a>(&'a self, index: usize, container: &'a ContainerName) -> Line<'a> {
        let own = place_of(&self.own, index).and_then(|place| self.own.get(place));
        Line {
            at: own.map_or_else(|| self.position(index).at, |(_, at)| *at),
            container,
            stderr: self.bits(index) & STDERR != 0,
            level: self.level(index),
            text: self.text(index),
            spans: self.spans(index),
        }
    }

    fn spans(&self, index: usize) -> &[Span] {
        let Some(place) = place_of(&self.span_ends, index) else {
            return &[];
        };
        let end = |place: usize| self.span_ends.get(place).map_or(0, |(_, end)| *end as usize);
        let begin = place.checked_sub(1).map_or(0, end);
        self.spans.get(begin..end(place)).unwrap_or_default()
    }
}

/// Where the line of that index is in a list of some lines.
fn place_of<T>(list: &[(u32, T)], index: usize) -> Option<usize> {
    let index = u32::try_from(index).ok()?;
    list.binary_search_by_key(&index, |(index, _)| *index).ok()
}
