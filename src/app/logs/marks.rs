//! Which lines of a container a scan found, chunk by chunk.

use std::collections::VecDeque;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::bits::Bits;
use super::chunk::Chunk;

/// What was found in a chunk. Bits by index of the line.
#[derive(Debug, Default)]
pub(super) struct Part {
    first: i64,
    /// Lines gone through, from its first one on.
    pub(super) scanned: usize,
    /// The matches, and their number.
    pub(super) hits: Bits,
    count: usize,
    /// Lines that may be shown as context, and those that are shown, with their number; only for a lens that has some.
    pub(super) stays: Bits,
    shown: Bits,
    shown_count: usize,
}

/// What was found of a container.
#[derive(Debug, Default)]
pub(super) struct Marks {
    parts: VecDeque<Part>,
    /// Lines before and after each match that are shown with it.
    context: i64,
    scanned: usize,
    hits: usize,
}

impl Marks {
    pub(super) fn new(context: u8) -> Self {
        Self {
            context: context.into(),
            ..Self::default()
        }
    }

    /// Lines gone through.
    pub(super) fn scanned(&self) -> usize {
        self.scanned
    }

    /// Matches among them.
    pub(super) fn hits(&self) -> usize {
        self.hits
    }

    pub(super) fn parts(&self) -> &VecDeque<Part> {
        &self.parts
    }

    /// Makes room for new chunks, at both ends.
    pub(super) fn align(&mut self, chunks: &VecDeque<Arc<Chunk>>) {
        let part = |chunk: &Arc<Chunk>| Part {
            first: chunk.first,
            ..Part::default()
        };
        let begin = self.parts.front().map(|part| part.first);
        if let Some(begin) = begin {
            let older = chunks.partition_point(|chunk| chunk.first < begin);
            for chunk in chunks.range(..older).rev() {
                self.parts.push_front(part(chunk));
            }
        }
        let end = self.parts.back().map(|part| part.first);
        let known = end.map_or(0, |end| chunks.partition_point(|chunk| chunk.first <= end));
        self.parts.extend(chunks.range(known..).map(part));
    }

    /// Lends what is known of a chunk to whoever goes through it up to line `until`; until it is back, it counts as gone
    /// through, and without a match.
    pub(super) fn lend(&mut self, place: usize, until: usize) -> Option<Part> {
        let part = self.parts.get_mut(place)?;
        let lent = Part {
            first: part.first,
            scanned: until,
            ..Part::default()
        };
        Some(std::mem::replace(part, lent))
    }

    /// Takes it back, gone through; the numbers of the lines that are new to it, to [surround](Self::surround).
    pub(super) fn settle(&mut self, place: usize, until: usize, mut part: Part) -> Option<RangeInclusive<i64>> {
        let own = self.parts.get_mut(place)?;
        let (scanned, count) = (part.scanned, part.count);
        part.scanned = until;
        part.count = count + part.hits.count(scanned..=until);
        let (first, last) = (part.first + number(scanned), part.first + number(until) - 1);
        self.scanned += until - scanned;
        self.hits += part.count - count;
        *own = part;
        Some(first..=last)
    }

    /// Shows what is around the matches that these lines are or are near to.
    pub(super) fn surround(&mut self, lines: RangeInclusive<i64>) {
        let context = self.context;
        if context == 0 {
            return;
        }
        let (first, last) = lines.into_inner();
        let (mut hit, mut next) = (self.hit_from(first - context), i64::MIN);
        while let Some(at) = hit.filter(|at| *at <= last + context) {
            for line in next.max(at - context)..=at + context {
                let place = self.place(line);
                if let Some(part) = self.parts.get_mut(place) {
                    let Ok(index) = usize::try_from(line - part.first) else {
                        continue;
                    };
                    if part.stays.has(index) && !part.shown.has(index) {
                        part.shown.insert(index);
                        part.shown_count += 1;
                    }
                }
            }
            next = at + context + 1;
            hit = self.hit_from(at + 1);
        }
    }

    /// The chunk of that first line is dropped.
    pub(super) fn forget(&mut self, first: i64) {
        if self.parts.front().is_some_and(|part| part.first == first)
            && let Some(part) = self.parts.pop_front()
        {
            self.scanned -= part.scanned;
            self.hits -= part.count;
            self.uncover();
        }
    }

    /// The matches before the first line are gone: nothing is shown any more as their context alone.
    fn uncover(&mut self) {
        let Some(first) = self.parts.front().map(|part| part.first) else {
            return;
        };
        for line in first..first + self.context {
            let place = self.place(line);
            if let Some(part) = self.parts.get_mut(place)
                && part.shown.remove(index(line - part.first))
            {
                part.shown_count -= 1;
            }
        }
        self.surround(first..=first + self.context - 1);
    }

    /// Lines from one number to another were all gone through.
    pub(super) fn covers(&self, from: i64, to: i64) -> bool {
        let mut next = from;
        for part in self.parts.range(self.place(from)..) {
            if next > to || part.first > next {
                break;
            }
            next = next.max(part.first + number(part.scanned));
        }
        next > to
    }

    /// The last line that is shown and not after `at`.
    pub(super) fn last_until(&self, at: i64) -> Option<i64> {
        self.bit_until(at, |part| self.shown_in(part))
    }

    /// The first line that is shown and not before `at`.
    pub(super) fn first_from(&self, at: i64) -> Option<i64> {
        self.bit_from(at, |part| self.shown_in(part))
    }

    /// How many lines are shown from one number to another.
    pub(super) fn shown(&self, from: i64, to: i64) -> usize {
        self.bits_within(from, to, |part| self.shown_in(part))
    }

    fn shown_in<'p>(&self, part: &'p Part) -> (&'p Bits, usize) {
        if self.context == 0 {
            (&part.hits, part.count)
        } else {
            (&part.shown, part.shown_count)
        }
    }

    /// How many matches there are from one number to another.
    pub(super) fn hits_within(&self, from: i64, to: i64) -> usize {
        self.bits_within(from, to, |part| (&part.hits, part.count))
    }

    /// The last match that is not after `at`.
    pub(super) fn hit_until(&self, at: i64) -> Option<i64> {
        self.bit_until(at, |part| (&part.hits, part.count))
    }

    /// The first match that is not before `at`.
    pub(super) fn hit_from(&self, at: i64) -> Option<i64> {
        self.bit_from(at, |part| (&part.hits, part.count))
    }

    fn bit_until(&self, at: i64, bits: impl Fn(&Part) -> (&Bits, usize)) -> Option<i64> {
        let parts = self.parts.range(..(self.place(at) + 1).min(self.parts.len())).rev();
        parts.filter(|part| part.first <= at).find_map(|part| match bits(part) {
            (_, 0) => None,
            (bits, _) => bits
                .last_until(index(at - part.first))
                .map(|index| part.first + number(index)),
        })
    }

    fn bit_from(&self, at: i64, bits: impl Fn(&Part) -> (&Bits, usize)) -> Option<i64> {
        let mut parts = self.parts.range(self.place(at)..);
        parts.find_map(|part| match bits(part) {
            (_, 0) => None,
            (bits, _) => bits
                .first_from(index(at - part.first))
                .map(|index| part.first + number(index)),
        })
    }

    fn bits_within(&self, from: i64, to: i64, bits: impl Fn(&Part) -> (&Bits, usize)) -> usize {
        let parts = self.parts.range(self.place(from)..);
        parts
            .take_while(|part| part.first <= to)
            .map(|part| match bits(part) {
                (_, all) if from <= part.first && part.first + number(part.scanned) <= to + 1 => all,
                (bits, _) => bits.count(index(from - part.first)..=index(to - part.first)),
            })
            .sum()
    }

    /// Place of the part that has line `at`, or of one before it.
    fn place(&self, at: i64) -> usize {
        self.parts.partition_point(|part| part.first <= at).saturating_sub(1)
    }
}

/// 0 for what is before.
fn index(distance: i64) -> usize {
    usize::try_from(distance).unwrap_or(0)
}

fn number(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
