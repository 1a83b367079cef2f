//! The rows of one container as a lens shows them. Each step costs about a binary search, however many lines there are.

use super::answer::{Position, Shown};
use super::lens::Lens;
use super::marks::Marks;
use super::ring::Ring;
use crate::model::name::ContainerName;

/// Which lines are shown.
#[derive(Clone, Copy)]
enum Sieve<'m> {
    All,
    /// Those found so far.
    Found(&'m Marks),
    /// Nothing was looked for yet.
    Nothing,
}

/// A container through a lens. A row goes by the number of its last line.
#[derive(Clone, Copy)]
pub(super) struct Track<'a, 'm> {
    container: &'a ContainerName,
    ring: &'a Ring,
    sieve: Sieve<'m>,
    fold: bool,
}

impl<'a, 'm> Track<'a, 'm> {
    pub(super) fn new(container: &'a ContainerName, ring: &'a Ring, lens: &Lens, marks: Option<&'m Marks>) -> Self {
        Self {
            container,
            ring,
            sieve: match marks {
                _ if !lens.sifts() => Sieve::All,
                Some(marks) => Sieve::Found(marks),
                None => Sieve::Nothing,
            },
            fold: lens.fold,
        }
    }

    pub(super) fn container(&self) -> &'a ContainerName {
        self.container
    }

    pub(super) fn ring(&self) -> &'a Ring {
        self.ring
    }

    /// The last row that is not after line `at`.
    pub(super) fn row_until(&self, at: i64) -> Option<i64> {
        let shown = self.last_until(at)?;
        if !self.fold {
            return Some(shown);
        }
        match self.first_from(shown + 1).map(|next| self.ring.run_start(next)) {
            // The row of that line ends after `at`.
            Some(start) if start <= shown => self.last_until(start - 1),
            _ => Some(shown),
        }
    }

    /// The row before that one.
    pub(super) fn row_before(&self, row: i64) -> Option<i64> {
        self.last_until(self.start(row) - 1)
    }

    /// The first row that is after line `at`.
    pub(super) fn row_after(&self, at: i64) -> Option<i64> {
        self.first_from(at + 1).map(|shown| self.row_of(shown))
    }

    /// The row that shows that line.
    pub(super) fn row_of(&self, shown: i64) -> i64 {
        if !self.fold {
            return shown;
        }
        self.last_until(self.ring.run_end(shown))
            .map_or(shown, |row| row.max(shown))
    }

    /// The first line of the run that this row stands for.
    pub(super) fn start(&self, row: i64) -> i64 {
        if self.fold && row <= self.ring.last() {
            self.ring.run_start(row)
        } else {
            row
        }
    }

    pub(super) fn position(&self, row: i64) -> Option<Position> {
        self.ring.position(row)
    }

    pub(super) fn row(&self, row: i64) -> Option<Shown<'a>> {
        let start = self.start(row);
        let (position, line) = self.ring.line(row, self.container)?;
        let (repeats, is_match) = match self.sieve {
            Sieve::All => (row - start + 1, true),
            Sieve::Found(marks) => {
                let repeats = marks.shown(start, row);
                let is_match = marks.hit_until(row).is_some_and(|hit| hit >= start);
                (i64::try_from(repeats).unwrap_or(i64::MAX), is_match)
            }
            Sieve::Nothing => (1, false),
        };
        Some(Shown {
            position,
            line,
            repeats: u32::try_from(repeats).unwrap_or(u32::MAX),
            is_match,
        })
    }

    /// The row of the next match after `from`, or before it.
    pub(super) fn hit(&self, found: &Marks, from: Option<Position>, back: bool) -> Option<i64> {
        if !back {
            let begin = self.line_until(from, false) + 1;
            // The row of a match before `from` may end after it.
            let early = found.hit_from(self.start(begin)).map(|hit| self.row_of(hit));
            let row = early.filter(|row| *row >= begin);
            return row.or_else(|| found.hit_from(begin).map(|hit| self.row_of(hit)));
        }
        let mut end = self.line_until(from, true);
        loop {
            let hit = found.hit_until(end).filter(|hit| *hit >= self.ring.first())?;
            let row = self.row_of(hit);
            if row <= end {
                return Some(row);
            }
            // The row of `from` itself, or one that ends after it.
            end = self.start(hit) - 1;
        }
    }

    /// All lines between `from` and the match at `to` were gone through; without `to`, all in that direction.
    pub(super) fn is_known(
        &self,
        found: Option<&Marks>,
        from: Option<Position>,
        to: Option<Position>,
        back: bool,
    ) -> bool {
        let (first, last) = if back {
            let first = to.map_or(self.ring.first(), |to| self.ring.last_where(|position| position <= to));
            (first.max(self.ring.first()), self.line_until(from, true))
        } else {
            let last = to.map_or(self.ring.last(), |to| self.ring.last_where(|position| position <= to));
            (self.line_until(from, false) + 1, last)
        };
        first > last || found.is_some_and(|found| found.covers(self.start(first), last))
    }

    /// The last line at or (`before`) before that place; without one, the line before all or the last of all.
    fn line_until(&self, place: Option<Position>, before: bool) -> i64 {
        match place {
            Some(place) if before => self.ring.last_where(|position| position < place),
            Some(place) => self.ring.last_where(|position| position <= place),
            None if before => self.ring.last(),
            None => self.ring.first() - 1,
        }
    }

    fn last_until(&self, at: i64) -> Option<i64> {
        let at = at.min(self.ring.last());
        if at < self.ring.first() {
            return None;
        }
        match self.sieve {
            Sieve::All => Some(at),
            Sieve::Found(marks) => marks.last_until(at),
            Sieve::Nothing => None,
        }
    }

    fn first_from(&self, at: i64) -> Option<i64> {
        let at = at.max(self.ring.first());
        if at > self.ring.last() {
            return None;
        }
        match self.sieve {
            Sieve::All => Some(at),
            Sieve::Found(marks) => marks.first_from(at),
            Sieve::Nothing => None,
        }
    }
}
