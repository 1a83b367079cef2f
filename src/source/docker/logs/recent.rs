//! Lines that a stream gives twice: while it follows a log, the daemon may read a file again from its start when the log
//! was rotated. Pure.
//!
//! A clock that was set back makes stamps go back as well, but never to a nanosecond that was seen before. The last line
//! alone, or the end of a long one, is known by its words too.

use std::collections::VecDeque;

use super::lines::{Lane, PIECE, RawLine};

/// So many lines are known again, more than a file of the usual 10 MB has: a quarter of a megabyte.
const KNOWN: usize = 1 << 16;

/// The stamps of the last lines in the order of their arrival. Nanoseconds modulo 2³², which is enough to tell them apart.
#[derive(Debug, Default)]
pub(super) struct Recent {
    stamps: VecDeque<u32>,
    /// The line that comes next if the lines go on being given again.
    next: Option<usize>,
    /// The last line of each output.
    last: [Last; 2],
}

#[derive(Debug, Default)]
struct Last {
    nanos: i64,
    words: Vec<u8>,
}

impl Recent {
    /// Whether the line is one of these, given once more. `back` if its stamp is older than the last one of its output.
    pub(super) fn repeats(&mut self, line: &RawLine<'_>, back: bool) -> bool {
        let stamp = short(line.nanos);
        let expected = self.next.filter(|next| self.stamps.get(*next) == Some(&stamp));
        let place = expected.or_else(|| back.then(|| self.begin(stamp)).flatten());
        self.next = place.map(|place| place + 1).filter(|next| *next < self.stamps.len());
        place.is_some() || self.is_last(line)
    }

    /// The daemon cuts long lines: the new file may begin with the end of one.
    fn is_last(&self, line: &RawLine<'_>) -> bool {
        let [out, err] = &self.last;
        let last = if line.lane == Lane::Out { out } else { err };
        let is_cut = || last.words.len() > PIECE && !line.bytes.is_empty() && last.words.ends_with(&line.bytes);
        last.nanos == line.nanos && (last.words == *line.bytes || is_cut())
    }

    /// The first line of those with that stamp that came last.
    fn begin(&self, stamp: u32) -> Option<usize> {
        let last = self.stamps.iter().rposition(|known| *known == stamp)?;
        let before = self.stamps.range(..last).rev();
        Some(last - before.take_while(|known| **known == stamp).count())
    }

    /// Takes note of a line that is new.
    pub(super) fn push(&mut self, line: &RawLine<'_>) {
        if self.stamps.len() == KNOWN {
            self.stamps.pop_front();
            self.next = self.next.and_then(|next| next.checked_sub(1));
        }
        self.stamps.push_back(short(line.nanos));
        let [out, err] = &mut self.last;
        let last = if line.lane == Lane::Out { out } else { err };
        last.nanos = line.nanos;
        last.words.clear();
        last.words.extend_from_slice(&line.bytes);
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "modulo is what is wanted"
)]
fn short(nanos: i64) -> u32 {
    nanos as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(nanos: i64, text: &str) -> RawLine<'_> {
        RawLine {
            nanos,
            lane: Lane::Out,
            bytes: text.as_bytes().into(),
        }
    }

    /// What is taken for new of these.
    fn new<'a>(lines: &[(i64, &'a str)]) -> Vec<(i64, &'a str)> {
        let mut recent = Recent::default();
        let mut last = i64::MIN;
        let mut take = |nanos, text| {
            let line = line(nanos, text);
            let new = !recent.repeats(&line, nanos < last);
            if new {
                recent.push(&line);
                last = nanos;
            }
            new
        };
        lines
            .iter()
            .copied()
            .filter(|(nanos, text)| take(*nanos, text))
            .collect()
    }

    #[test]
    fn a_file_that_is_read_again_gives_no_line_twice() {
        let text = ["one", "two", "three"];
        let begin = 1_795_381_035_000_000_000;
        // Some bear the same stamp.
        let file: Vec<_> = (0..9)
            .zip(text.into_iter().cycle())
            .map(|(line, text)| (begin + line / 2 * 7_000_000_001, text))
            .collect();
        let after = [(begin + 1_000_000_000_000, "after"), (begin + 1_000_000_000_001, "it")];
        for from in 0..9 {
            let again = [&file[..], &file[from..], &after].concat();
            assert_eq!(new(&again), [&file[..], &after].concat(), "from {from}");
        }
        let thrice = [&file[..], &file[5..], &file[4..]].concat();
        assert_eq!(new(&thrice), file);
        // It was rotated again meanwhile: the rest is skipped.
        let cut = [&file[..], &file[2..4], &after].concat();
        assert_eq!(new(&cut), [&file[..], &after].concat());
    }

    #[test]
    fn the_last_line_alone_or_the_end_of_it_is_known_by_its_words() {
        let long = "x".repeat(PIECE) + "end";
        assert_eq!(new(&[(5, &long), (5, &long)]).len(), 1);
        assert_eq!(new(&[(5, &long), (5, "end")]).len(), 1);
        assert_eq!(new(&[(5, &long), (5, "another")]).len(), 2);
        assert_eq!(new(&[(5, &long), (5, "")]).len(), 2);
        assert_eq!(new(&[(5, ""), (5, "a")]).len(), 2);
        assert_eq!(new(&[(5, "15"), (5, "5")]).len(), 2);
        assert_eq!(new(&[(5, "same"), (6, "same")]).len(), 2);
        // Two that differ in their beginning alone.
        let [one, other] = ["1", "2"].map(|begin| begin.to_owned() + &long);
        assert_eq!(new(&[(5, &one), (5, &other)]).len(), 2);
    }

    #[test]
    fn a_clock_that_was_set_back_loses_none() {
        let stamps = [500, 700, 900, 100, 300, 500, 501, 1_000];
        let lines = stamps.map(|nanos| (nanos, "x"));
        assert_eq!(new(&lines), lines);
    }

    #[test]
    fn memory_is_bounded() {
        let mut recent = Recent::default();
        for nanos in 0..200_000 {
            assert!(!recent.repeats(&line(nanos, "x"), false));
            recent.push(&line(nanos, "x"));
        }
        assert_eq!(recent.stamps.len(), KNOWN);
        assert!(recent.repeats(&line(150_000, "x"), true), "known still");
        assert!(!recent.repeats(&line(10, "x"), true), "too long ago");
    }
}
