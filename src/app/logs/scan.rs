//! Goes through the lines for a lens that [sifts](Lens::sifts), newest first and in steps, and notes which ones match:
//! a bit for each line, so that scrolling reads no text.

use std::collections::{BTreeMap, VecDeque};

use super::answer::Position;
use super::bits::Bits;
use super::chunk::Chunk;
use super::crew;
use super::lens::Lens;
use super::marks::{Marks, Part};
use super::pattern::Pattern;
use super::ring::Ring;
use crate::model::log;
use crate::model::name::ContainerName;

/// Scans kept, those that are aimed at among them: a filter that is switched off and on again begins where it was.
const KEPT: usize = 4;

/// The scans. A copy of the state does not take them along: they follow from the lines.
#[derive(Debug, Default)]
pub(super) struct Scans {
    /// Last used first.
    all: Vec<Scan>,
    /// How many of them go on.
    aimed: usize,
}

impl Clone for Scans {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Scans {
    /// Those that go on from now, at first before `from`.
    pub(super) fn aim(&mut self, wanted: &[(&Lens, Option<&Pattern>)], from: Option<Position>) {
        let aimed = self.all.iter().take(self.aimed);
        if self.aimed == wanted.len()
            && aimed
                .zip(wanted)
                .all(|(scan, (lens, sought))| scan.is_for(lens, *sought))
        {
            return;
        }
        for (lens, sought) in wanted.iter().rev() {
            let known = self.all.iter().position(|scan| scan.is_for(lens, *sought));
            let scan = match known {
                Some(place) => self.all.remove(place),
                None => Scan::new(lens, *sought),
            };
            self.all.insert(0, Scan { from, ..scan });
        }
        self.all.truncate(KEPT);
        self.aimed = wanted.len();
    }

    /// Goes on by so many bytes of lines. True if there is more to do.
    pub(super) fn step(&mut self, rings: &BTreeMap<ContainerName, Ring>, bytes: usize) -> bool {
        let mut left = bytes;
        for scan in self.all.iter_mut().take(self.aimed) {
            left = scan.step(rings, left);
        }
        self.all.iter().take(self.aimed).any(|scan| !scan.is_complete(rings))
    }

    pub(super) fn find(&self, lens: &Lens, sought: Option<&Pattern>) -> Option<&Scan> {
        self.all.iter().find(|scan| scan.is_for(lens, sought))
    }

    /// The chunk of that first line is dropped.
    pub(super) fn forget(&mut self, container: &ContainerName, first: i64) {
        for scan in &mut self.all {
            if let Some(marks) = scan.marks.get_mut(container) {
                marks.forget(first);
            }
        }
    }
}

/// One way through the lines.
#[derive(Debug)]
pub(super) struct Scan {
    lens: Lens,
    sought: Option<Pattern>,
    from: Option<Position>,
    marks: BTreeMap<ContainerName, Marks>,
}

impl Scan {
    /// One that has gone through nothing.
    pub(super) fn new(lens: &Lens, sought: Option<&Pattern>) -> Self {
        Self {
            lens: lens.clone(),
            sought: sought.cloned(),
            from: None,
            marks: BTreeMap::new(),
        }
    }

    /// All lines at once.
    pub(super) fn whole(rings: &BTreeMap<ContainerName, Ring>, lens: &Lens, sought: Option<&Pattern>) -> Self {
        let mut scan = Self::new(lens, sought);
        scan.step(rings, usize::MAX);
        scan
    }

    /// It finds what that lens shows: how it folds is another matter.
    fn is_for(&self, lens: &Lens, sought: Option<&Pattern>) -> bool {
        let own = &self.lens;
        self.sought.as_ref() == sought
            && (own.least, own.hide_noise, own.context) == (lens.least, lens.hide_noise, lens.context)
            && own.matching == lens.matching
            && own.excluding == lens.excluding
            && own.containers == lens.containers
    }

    pub(super) fn marks(&self, container: &ContainerName) -> Option<&Marks> {
        self.marks.get(container)
    }

    /// Every line was gone through.
    pub(super) fn is_complete(&self, rings: &BTreeMap<ContainerName, Ring>) -> bool {
        let mut rings = rings.iter().filter(|(name, _)| self.lens.has(name));
        rings.all(|(name, ring)| self.marks.get(name).map_or(0, Marks::scanned) == ring.len())
    }

    /// Goes on by about so many bytes; what is left of them.
    fn step(&mut self, rings: &BTreeMap<ContainerName, Ring>, bytes: usize) -> usize {
        for (name, ring) in rings.iter().filter(|(name, _)| self.lens.has(name)) {
            if let Some(marks) = self.marks.get_mut(name) {
                marks.align(ring.chunks());
            } else {
                let mut marks = Marks::new(self.lens.context);
                marks.align(ring.chunks());
                self.marks.insert(name.clone(), marks);
            }
        }
        let mut left = bytes;
        let mut jobs = Vec::new();
        while left > 0
            && let Some(job) = self.next(rings)
        {
            left = left.saturating_sub(job.cost.max(1));
            jobs.push(job);
        }
        crew::run(&mut jobs, |job| {
            sift(job.chunk, &mut job.part, &self.lens, self.sought.as_ref());
        });
        // What is around a match may lie in another chunk: all are back before it is shown.
        let settled: Vec<_> = jobs
            .into_iter()
            .filter_map(|job| {
                let marks = self.marks.get_mut(job.container)?;
                Some((job.container, marks.settle(job.place, job.chunk.len(), job.part)?))
            })
            .collect();
        for (container, lines) in settled {
            if let Some(marks) = self.marks.get_mut(container) {
                marks.surround(lines);
            }
        }
        left
    }

    /// The next chunk to go through, the newest one first.
    fn next<'r>(&mut self, rings: &'r BTreeMap<ContainerName, Ring>) -> Option<Job<'r>> {
        let (from, reads) = (self.from, self.lens.reads() || self.sought.is_some());
        let open = self.marks.iter_mut().filter_map(|(name, marks)| {
            let (container, ring) = rings.get_key_value(name)?;
            if marks.scanned() == ring.len() {
                return None;
            }
            let (near, place) = newest_open(marks, ring.chunks(), from)?;
            let chunk = ring.chunks().get(place)?;
            let last = chunk.position(chunk.len().saturating_sub(1));
            Some(((near, last), container, marks, chunk, place))
        });
        let (_, container, marks, chunk, place) = open.max_by_key(|(order, ..)| *order)?;
        let part = marks.lend(place, chunk.len())?;
        let cost = if reads {
            chunk.arena().len().saturating_sub(chunk.begin(part.scanned))
        } else {
            chunk.len() - part.scanned
        };
        Some(Job {
            container,
            place,
            chunk,
            part,
            cost,
        })
    }
}

/// A chunk to go through, with what is known of it.
struct Job<'r> {
    container: &'r ContainerName,
    place: usize,
    chunk: &'r Chunk,
    part: Part,
    /// In bytes.
    cost: usize,
}

/// The newest chunk that is not gone through: before `from` if there is one, which the flag says.
fn newest_open(
    marks: &Marks,
    chunks: &VecDeque<std::sync::Arc<Chunk>>,
    from: Option<Position>,
) -> Option<(bool, usize)> {
    let open = marks.parts().iter().zip(chunks).enumerate().rev();
    let mut open = open.filter(|(_, (part, chunk))| part.scanned < chunk.len());
    let near = |chunk: &Chunk| from.is_none_or(|from| chunk.begins() <= from);
    let (newest, (_, chunk)) = open.next()?;
    if near(chunk) {
        return Some((true, newest));
    }
    let before = open.find(|(_, (_, chunk))| near(chunk));
    Some(before.map_or((false, newest), |(place, _)| (true, place)))
}

/// Marks the lines of a chunk that are new to this part.
fn sift(chunk: &Chunk, part: &mut Part, lens: &Lens, sought: Option<&Pattern>) {
    let new = part.scanned..chunk.len();
    let patterns = lens.matching.iter().chain(sought);
    let found: Vec<Finds<'_>> = patterns.map(|pattern| Finds::new(chunk, new.start, pattern)).collect();
    for index in new {
        let is_hit = chunk.level(index) >= lens.least && found.iter().all(|finds| finds.has(index));
        if !is_hit && lens.context == 0 {
            continue;
        }
        let text = chunk.text(index);
        let excluded = lens.excluding.as_ref().is_some_and(|out| out.is_match(text));
        if excluded || (lens.hide_noise && log::is_noise(text)) {
            continue;
        }
        if lens.context > 0 {
            part.stays.insert(index);
        }
        if is_hit {
            part.hits.insert(index);
        }
    }
}

/// Where a pattern occurs in a chunk.
enum Finds<'a> {
    /// What never goes beyond a line is looked for in all lines at once.
    All(Bits),
    Each(&'a Chunk, &'a Pattern),
}

impl<'a> Finds<'a> {
    fn new(chunk: &'a Chunk, from: usize, pattern: &'a Pattern) -> Self {
        if !pattern.stays_in_line() {
            return Self::Each(chunk, pattern);
        }
        let mut found = Bits::default();
        let mut index = from;
        while let Some(byte) = pattern.find_from(chunk.arena(), chunk.begin(index)) {
            let line = chunk.line_with(byte, index);
            found.insert(line);
            index = line + 1;
            if index >= chunk.len() {
                break;
            }
        }
        Self::All(found)
    }

    fn has(&self, index: usize) -> bool {
        match self {
            Self::All(found) => found.has(index),
            Self::Each(chunk, pattern) => pattern.is_match(chunk.text(index)),
        }
    }
}
