//! What was read of a log so far: where to go on, and where it begins. Pure.

use super::lines::{Lane, LineJoiner, RawLine};
use super::recent::Recent;

/// What was read so far, to go on from there after the stream broke: Docker can only be asked for whole seconds.
///
/// Stamps grow within a lane, not across lanes. Several lines may bear the same one, so the last ones are counted.
#[derive(Debug, Default)]
pub(super) struct Resume {
    lanes: [Lanemark; 2],
    recent: Recent,
}

#[derive(Clone, Copy, Debug, Default)]
struct Lanemark {
    last: Option<Mark>,
    /// Lines up to here are repetitions.
    known: Option<Mark>,
    /// The last line has to come again.
    expected: bool,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    nanos: i64,
    count: u32,
}

/// What a line is to what was read before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    New,
    /// Seen before.
    Repeated,
    /// New, and the last one that was seen is not there any more: neither may be what came between the two.
    AfterGap,
}

impl Resume {
    /// The second to ask from; one earlier than needed, since a lane's line may be older than the last of the other.
    pub(super) fn since(&self) -> Option<i32> {
        let newest = self.lanes.iter().filter_map(|lane| lane.last).map(|mark| mark.nanos);
        i32::try_from((newest.max()? / SECOND - 1).max(0)).ok()
    }

    /// The stream was opened again: what was seen will come again.
    pub(super) fn reopen(&mut self) {
        let since = self.since().map(i64::from);
        for lane in &mut self.lanes {
            lane.known = lane.last;
            lane.expected = lane
                .last
                .zip(since)
                .is_some_and(|(last, since)| last.nanos / SECOND >= since);
        }
    }

    /// Takes note of the line.
    pub(super) fn admit(&mut self, line: &RawLine<'_>) -> Admission {
        let [out, err] = &mut self.lanes;
        let marks = match line.lane {
            Lane::Out => out,
            Lane::Err => err,
        };
        let mut admission = Admission::New;
        if let Some(known) = &mut marks.known {
            if line.nanos < known.nanos {
                return Admission::Repeated;
            }
            if line.nanos == known.nanos && known.count > 0 {
                known.count -= 1;
                marks.expected = false;
                return Admission::Repeated;
            }
            marks.known = None;
            if std::mem::take(&mut marks.expected) {
                admission = Admission::AfterGap;
            }
        }
        let back = marks.last.is_some_and(|last| line.nanos < last.nanos);
        let repeated = self.recent.repeats(line, back);
        // If it was none, another look at the file meets both.
        match &mut marks.last {
            Some(last) if last.nanos == line.nanos => last.count += 1,
            _ if repeated => {}
            last => {
                *last = Some(Mark {
                    nanos: line.nanos,
                    count: 1,
                });
            }
        }
        if repeated {
            return Admission::Repeated;
        }
        self.recent.push(line);
        admission
    }
}

const SECOND: i64 = 1_000_000_000;

/// Bytes of the end of a line by which it is known again.
const END: usize = 256;

/// The first line that was read, in the order of the daemon's file: what stands before it is older.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct First {
    pub(super) nanos: i64,
    lane: Lane,
    /// Of a long line, the daemon may have given the last pieces alone.
    end: Vec<u8>,
}

impl First {
    pub(super) fn of(line: &RawLine<'_>) -> Self {
        let from = line.bytes.len().saturating_sub(END);
        Self {
            nanos: line.nanos,
            lane: line.lane,
            end: line.bytes.get(from..).unwrap_or_default().to_vec(),
        }
    }

    /// Known by its stamp alone.
    pub(super) fn at(nanos: i64, stderr: bool) -> Self {
        Self {
            nanos,
            lane: if stderr { Lane::Err } else { Lane::Out },
            end: Vec::new(),
        }
    }

    /// In the order of the file, this line is not before it. If it is gone, a later one says so as well.
    pub(super) fn is_reached_by(&self, line: &RawLine<'_>) -> bool {
        if line.lane == self.lane {
            let is_it = line.nanos == self.nanos && line.bytes.ends_with(&self.end);
            is_it || line.nanos > self.nanos
        } else {
            // The stamps of the two outputs are in order but for the time that a write takes.
            line.nanos > self.nanos.saturating_add(SECOND)
        }
    }
}

/// Lines: stamp, whether it was written to stderr, bytes. For the fuzz target alone.
#[doc(hidden)]
pub type Joined = Vec<(i64, bool, Vec<u8>)>;

/// The lines that pieces of a log make (each with whether it was written to stderr), how many of them are taken for new, and
/// how many if the log is read once more. For the fuzz target alone.
#[doc(hidden)]
pub fn joined(pieces: &[(bool, Vec<u8>)]) -> (Joined, [usize; 2]) {
    let mut resume = Resume::default();
    let mut read = || {
        resume.reopen();
        let mut joiner = LineJoiner::default();
        let (mut done, mut new) = (Vec::new(), 0);
        let mut take = |line: RawLine<'_>| {
            new += usize::from(resume.admit(&line) != Admission::Repeated);
            done.push((line.nanos, line.lane == Lane::Err, line.bytes.into_owned()));
        };
        for (stderr, piece) in pieces {
            joiner.push(if *stderr { Lane::Err } else { Lane::Out }, piece, &mut take);
        }
        joiner.finish(&mut take);
        (done, new)
    };
    let (done, new) = read();
    let (_, again) = read();
    (done, [new, again])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::lines::tests::{frames, some_lines};
    use super::*;

    fn line(nanos: i64, lane: Lane, text: &str) -> RawLine<'_> {
        let bytes = text.as_bytes().into();
        RawLine { nanos, lane, bytes }
    }

    #[test]
    fn a_log_that_was_rotated_away_is_noticed() {
        let mut resume = Resume::default();
        for nanos in [5 * SECOND, 9 * SECOND] {
            assert_eq!(resume.admit(&line(nanos, Lane::Out, "a")), Admission::New);
        }
        assert_eq!(resume.admit(&line(SECOND, Lane::Err, "long ago")), Admission::New);
        resume.reopen();
        assert_eq!(
            resume.admit(&line(10 * SECOND, Lane::Err, "b")),
            Admission::New,
            "its last one is too old to come again"
        );
        assert_eq!(resume.admit(&line(11 * SECOND, Lane::Out, "b")), Admission::AfterGap);
        assert_eq!(resume.admit(&line(12 * SECOND, Lane::Out, "c")), Admission::New);
        resume.reopen();
        assert_eq!(resume.admit(&line(12 * SECOND, Lane::Out, "c")), Admission::Repeated);
        assert_eq!(resume.admit(&line(12 * SECOND, Lane::Out, "d")), Admission::New);
    }

    #[test]
    fn the_first_line_is_known_again() {
        let long = "x".repeat(1_000);
        let first = First::of(&line(7, Lane::Out, &long));
        let whole = format!("begin {long}");
        assert!(first.is_reached_by(&line(7, Lane::Out, &whole)));
        assert!(!first.is_reached_by(&line(7, Lane::Out, "another with this stamp")));
        assert!(!first.is_reached_by(&line(6, Lane::Out, &long)));
        assert!(first.is_reached_by(&line(8, Lane::Out, "")), "it is gone");
        assert!(!first.is_reached_by(&line(9, Lane::Err, "a stamp a little later")));
        assert!(first.is_reached_by(&line(8 + SECOND, Lane::Err, "")));
    }

    proptest! {
        /// The stream breaks anywhere, also between the pieces of a line, and is opened again any number of times.
        #[test]
        fn no_line_is_lost_or_doubled(lines in some_lines(), cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..4)) {
            let mut resume = Resume::default();
            let mut seen = Vec::new();
            let all = lines.len();
            let mut ends: Vec<usize> = cuts.iter().map(|cut| cut.index(all + 1)).collect();
            ends.sort_unstable();
            ends.push(all);
            for written in ends {
                resume.reopen();
                let since = i64::from(resume.since().unwrap_or(0)) * 1_000_000_000;
                let sent: Vec<RawLine<'_>> = lines[..written].iter().filter(|line| line.nanos >= since).cloned().collect();
                let mut frames = frames(&sent);
                if written < all {
                    // The last piece does not arrive, and its line is dropped with the joiner.
                    frames.pop();
                }
                let mut joiner = LineJoiner::default();
                for (lane, piece) in &frames {
                    joiner.push(*lane, piece, &mut |line| match resume.admit(&line) {
                        Admission::New => seen.push((line.nanos, line.lane, line.bytes.into_owned())),
                        Admission::Repeated => {}
                        Admission::AfterGap => panic!("nothing is lost"),
                    });
                }
            }
            for lane in [Lane::Out, Lane::Err] {
                let seen: Vec<_> = seen.iter().filter(|line| line.1 == lane).cloned().collect();
                let written = lines.iter().filter(|line| line.lane == lane);
                let written: Vec<_> = written.map(|line| (line.nanos, lane, line.bytes.to_vec())).collect();
                prop_assert_eq!(seen, written);
            }
        }

    }
}
