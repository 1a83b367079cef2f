//! How the store goes from row to row, over all containers of a lens in one order.

use std::ops::Deref;

use super::LogStore;
use super::answer::{Position, Tally};
use super::lens::Lens;
use super::marks::Marks;
use super::pattern::Pattern;
use super::ring::Ring;
use super::scan::Scan;
use super::track::Track;

/// A scan that is kept, or one that was made for this answer.
pub(super) enum Known<'s> {
    Kept(&'s Scan),
    Made(Box<Scan>),
}

impl Deref for Known<'_> {
    type Target = Scan;

    fn deref(&self) -> &Scan {
        match self {
            Self::Kept(scan) => scan,
            Self::Made(scan) => scan,
        }
    }
}

impl LogStore {
    /// What is known of the matches of a lens, and of what is sought through it.
    pub(super) fn scan_of(&self, lens: &Lens, sought: Option<&Pattern>) -> Known<'_> {
        let kept = self.scans.find(lens, sought).map(Known::Kept);
        kept.unwrap_or_else(|| {
            let made = if lens.sifts() || sought.is_some() {
                Scan::whole(&self.rings, lens, sought)
            } else {
                Scan::new(lens, sought)
            };
            Known::Made(Box::new(made))
        })
    }

    pub(super) fn tracks<'a, 'm>(&'a self, lens: &Lens, scan: &'m Scan) -> Vec<Track<'a, 'm>> {
        let rings = self.rings.iter().filter(|(name, _)| lens.has(name));
        rings
            .map(|(name, ring)| Track::new(name, ring, lens, scan.marks(name)))
            .collect()
    }

    pub(super) fn tally_of(&self, scan: &Scan, until: Option<Position>) -> Tally {
        let marks = || {
            self.rings
                .iter()
                .filter_map(|(name, ring)| Some((ring, scan.marks(name)?)))
        };
        let lines = marks().map(|(_, marks)| marks.hits()).sum();
        let before = |(ring, marks): (&Ring, &Marks), until| {
            let last = ring.last_where(|position| position <= until);
            marks.hits_within(ring.first(), last)
        };
        Tally {
            lines,
            until: until.map_or(lines, |until| marks().map(|each| before(each, until)).sum()),
            complete: scan.is_complete(&self.rings),
        }
    }

    /// Gives the last `rows` rows at or before `end`, newest first.
    pub(super) fn back<'a>(
        &'a self,
        lens: &Lens,
        scan: &Scan,
        end: Option<Position>,
        rows: usize,
        mut take: impl FnMut(&Track<'a, '_>, i64, Position),
    ) {
        let next = |track: &Track<'_, '_>, row: Option<i64>| row.and_then(|row| Some((track.position(row)?, row)));
        let mut tracks: Vec<_> = self
            .tracks(lens, scan)
            .into_iter()
            .filter_map(|track| {
                let last = end.map_or(track.ring().last(), |end| {
                    track.ring().last_where(|position| position <= end)
                });
                Some((next(&track, track.row_until(last))?, track))
            })
            .collect();
        for _ in 0..rows {
            let newest = (0..).zip(&tracks).max_by_key(|(_, ((position, _), _))| *position);
            let Some((place, ((position, row), track))) = newest.map(|(place, track)| (place, *track)) else {
                return;
            };
            take(&track, row, position);
            match (next(&track, track.row_before(row)), tracks.get_mut(place)) {
                (Some(before), Some(entry)) => entry.0 = before,
                _ => drop(tracks.swap_remove(place)),
            }
        }
    }

    /// Gives the positions of the first `rows` rows after `from`, or of all; oldest first.
    pub(super) fn forth(
        &self,
        lens: &Lens,
        scan: &Scan,
        from: Option<Position>,
        rows: usize,
        mut take: impl FnMut(Position),
    ) {
        let next = |track: &Track<'_, '_>, row: Option<i64>| row.and_then(|row| Some((track.position(row)?, row)));
        let mut tracks: Vec<_> = self
            .tracks(lens, scan)
            .into_iter()
            .filter_map(|track| {
                let ring = track.ring();
                let last = from.map_or(ring.first() - 1, |from| ring.last_where(|position| position <= from));
                Some((next(&track, track.row_after(last))?, track))
            })
            .collect();
        for _ in 0..rows {
            let oldest = (0..).zip(&tracks).min_by_key(|(_, ((position, _), _))| *position);
            let Some((place, ((position, row), track))) = oldest.map(|(place, track)| (place, *track)) else {
                return;
            };
            take(position);
            match (next(&track, track.row_after(row)), tracks.get_mut(place)) {
                (Some(after), Some(entry)) => entry.0 = after,
                _ => drop(tracks.swap_remove(place)),
            }
        }
    }
}
