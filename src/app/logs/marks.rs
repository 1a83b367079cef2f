//! Which lines of a container a scan found, chunk by chunk.

use std::collections::VecDeque;
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
    /// Lines that may be shown as context; only for a lens that has some.
    pub(super) stays: Bits,
}

/// What was found of a container.
#[derive(Debug, Default)]
pub(super) struct Marks {
    parts: VecDeque<Part>,
    scanned: usize,
    hits: usize,
}

impl Marks {
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

    /// Goes through a chunk up to line `until`, as `sift` does it; what it says.
    pub(super) fn scan(&mut self, place: usize, until: usize, sift: impl FnOnce(&mut Part) -> usize) -> usize {
        let Some(part) = self.parts.get_mut(place) else {
            return 0;
        };
        let (scanned, count) = (part.scanned, part.count);
        let cost = sift(part);
        part.scanned = until;
        part.count = count + part.hits.count(scanned..=until);
        self.scanned += until - scanned;
        self.hits += part.count - count;
        cost
    }

    /// The chunk of that first line is dropped.
    pub(super) fn forget(&mut self, first: i64) {
        if self.parts.front().is_some_and(|part| part.first == first)
            && let Some(part) = self.parts.pop_front()
        {
            self.scanned -= part.scanned;
            self.hits -= part.count;
        }
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

    /// The last line that is shown and not after `at`, where each match has so much context.
    pub(super) fn last_until(&self, at: i64, context: i64) -> Option<i64> {
        if context == 0 {
            return self.hit_until(at);
        }
        let mut at = at;
        loop {
            let hit = self.hit_until(at + context)?;
            let near = at.min(hit + context);
            let stays = self.bit_until(near, |part| (&part.stays, 1))?;
            if stays == near {
                return Some(near);
            }
            at = stays;
        }
    }

    /// The first line that is shown and not before `at`.
    pub(super) fn first_from(&self, at: i64, context: i64) -> Option<i64> {
        if context == 0 {
            return self.hit_from(at);
        }
        let mut at = at;
        loop {
            let hit = self.hit_from(at - context)?;
            let near = at.max(hit - context);
            let stays = self.bit_from(near, |part| (&part.stays, 1))?;
            if stays == near {
                return Some(near);
            }
            at = stays;
        }
    }

    /// How many lines are shown from one number to another.
    pub(super) fn shown(&self, from: i64, to: i64, context: i64) -> usize {
        if context == 0 {
            return self.hits_within(from, to);
        }
        // Each match has its surroundings, less those of the one after it.
        let (mut lines, mut to) = (0, to);
        while to >= from
            && let Some(hit) = self.hit_until(to + context)
        {
            if hit + context < from {
                break;
            }
            let begin = (hit - context).max(from);
            lines += self.bits_within(begin, to.min(hit + context), |part| (&part.stays, None));
            to = begin - 1;
        }
        lines
    }

    /// How many matches there are from one number to another.
    pub(super) fn hits_within(&self, from: i64, to: i64) -> usize {
        self.bits_within(from, to, |part| (&part.hits, Some(part.count)))
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

    /// With the number of all bits of a part if that is known.
    fn bits_within(&self, from: i64, to: i64, bits: impl Fn(&Part) -> (&Bits, Option<usize>)) -> usize {
        let parts = self.parts.range(self.place(from)..);
        parts
            .take_while(|part| part.first <= to)
            .map(|part| match bits(part) {
                (_, Some(all)) if from <= part.first && part.first + number(part.scanned) <= to + 1 => all,
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
