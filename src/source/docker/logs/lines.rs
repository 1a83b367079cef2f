//! From pieces of log output to whole lines, each exactly once. Pure.

use crate::model::text::LONGEST;

/// The log driver cuts longer lines into pieces of this many bytes.
const PIECE: usize = 16 * 1024;
/// A little more than is kept of a line after cleaning.
const KEPT: usize = 2 * LONGEST;

/// Which of a container's outputs; a terminal's is [`Lane::Out`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lane {
    Out,
    Err,
}

/// A line as the container wrote it, without line break.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawLine {
    /// Docker's stamp, nanoseconds since the epoch.
    pub(super) nanos: i64,
    pub(super) lane: Lane,
    pub(super) bytes: Vec<u8>,
}

/// Joins the pieces of long lines.
///
/// Every piece begins with a stamp; pieces of one line bear the same stamp and only the last ends in a line break. A
/// piece with another stamp begins a new line, even if the one before had no line break: its process ended.
#[derive(Debug, Default)]
pub(super) struct LineJoiner {
    open: [Option<RawLine>; 2],
}

impl LineJoiner {
    /// Takes one piece with its stamp in front; `done` gets the lines that are whole now.
    pub(super) fn push(&mut self, lane: Lane, piece: &[u8], done: &mut Vec<RawLine>) {
        let Some((stamp, nanos, text)) = split_stamp(piece) else {
            return; // not written by a log driver
        };
        let [out, err] = &mut self.open;
        let open = match lane {
            Lane::Out => out,
            Lane::Err => err,
        };
        let ends = text.ends_with(b"\n");
        let text = text.strip_suffix(b"\n").unwrap_or(text);
        if open.as_ref().is_some_and(|line| line.nanos != nanos) {
            done.extend(open.take());
        }
        let joined = open.get_or_insert_with(|| RawLine {
            nanos,
            lane,
            bytes: Vec::new(),
        });
        append(&mut joined.bytes, text, stamp);
        if ends {
            done.extend(open.take());
        }
    }

    /// No more will come: the line without an end is whole as well.
    pub(super) fn finish(&mut self, done: &mut Vec<RawLine>) {
        done.extend(self.open.iter_mut().filter_map(Option::take));
    }
}

/// Appends `text`. On a terminal, the pieces of a long line come as one, each with the stamp in front.
fn append(line: &mut Vec<u8>, mut text: &[u8], stamp: &[u8]) {
    while text.len() > PIECE {
        let (piece, rest) = text.split_at(PIECE);
        let Some(rest) = rest.strip_prefix(stamp).and_then(|rest| rest.strip_prefix(b" ")) else {
            break;
        };
        extend(line, piece);
        text = rest;
    }
    extend(line, text);
}

fn extend(line: &mut Vec<u8>, text: &[u8]) {
    let room = KEPT.saturating_sub(line.len()).min(text.len());
    line.extend_from_slice(text.get(..room).unwrap_or_default());
}

/// `2026-11-22T20:57:15.088417080Z a`.
fn split_stamp(piece: &[u8]) -> Option<(&[u8], i64, &[u8])> {
    let end = piece.iter().take(40).position(|byte| *byte == b' ')?;
    let (stamp, text) = piece.split_at_checked(end)?;
    let time: jiff::Timestamp = str::from_utf8(stamp).ok()?.parse().ok()?;
    Some((stamp, i64::try_from(time.as_nanosecond()).ok()?, text.get(1..)?))
}

/// What was read so far, to go on from there after the stream broke: Docker can only be asked for whole seconds.
///
/// Stamps grow within a lane, not across lanes. Several lines may bear the same one, so the last ones are counted.
#[derive(Debug, Default)]
pub(super) struct Resume {
    lanes: [Lanemark; 2],
}

#[derive(Clone, Copy, Debug, Default)]
struct Lanemark {
    last: Option<Mark>,
    /// Lines up to here are repetitions.
    known: Option<Mark>,
}

#[derive(Clone, Copy, Debug)]
struct Mark {
    nanos: i64,
    count: u32,
}

impl Resume {
    /// The second to ask from; one earlier than needed, since a lane's line may be older than the last of the other.
    pub(super) fn since(&self) -> Option<i32> {
        let newest = self
            .lanes
            .iter()
            .filter_map(|lane| lane.last)
            .map(|mark| mark.nanos)
            .max()?;
        i32::try_from((newest / 1_000_000_000 - 1).max(0)).ok()
    }

    /// The stream was opened again: what was seen will come again.
    pub(super) fn reopen(&mut self) {
        for lane in &mut self.lanes {
            lane.known = lane.last;
        }
    }

    /// True if the line was not seen before.
    pub(super) fn admit(&mut self, line: &RawLine) -> bool {
        let [out, err] = &mut self.lanes;
        let marks = match line.lane {
            Lane::Out => out,
            Lane::Err => err,
        };
        if let Some(known) = &mut marks.known {
            if line.nanos < known.nanos {
                return false;
            }
            if line.nanos == known.nanos && known.count > 0 {
                known.count -= 1;
                return false;
            }
            marks.known = None;
        }
        match &mut marks.last {
            Some(last) if last.nanos == line.nanos => last.count += 1,
            last => {
                *last = Some(Mark {
                    nanos: line.nanos,
                    count: 1,
                });
            }
        }
        true
    }
}

/// The lines that pieces of a log make (each with whether it was written to stderr): stamp, stderr, bytes. And how many of
/// them would be taken for new if the log were read once more; 0, if no stamp steps back. For the fuzz target alone.
#[doc(hidden)]
pub fn joined(pieces: &[(bool, Vec<u8>)]) -> (Vec<(i64, bool, Vec<u8>)>, usize) {
    let mut joiner = LineJoiner::default();
    let mut done = Vec::new();
    for (stderr, piece) in pieces {
        joiner.push(if *stderr { Lane::Err } else { Lane::Out }, piece, &mut done);
    }
    joiner.finish(&mut done);
    let mut resume = Resume::default();
    let admitted: Vec<&RawLine> = done.iter().filter(|line| resume.admit(line)).collect();
    resume.reopen();
    let again = done.iter().filter(|line| resume.admit(line)).count();
    let all = admitted.len() == done.len();
    let bytes = |line: RawLine| (line.nanos, line.lane == Lane::Err, line.bytes);
    (
        done.into_iter().map(bytes).collect(),
        if all { again } else { usize::MAX },
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::log::tidy;

    fn stamp(nanos: i64) -> String {
        let time = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
        format!("{time:.9}")
    }

    const START: i64 = 1_795_381_035_000_000_000;

    /// What the daemon sends for these lines: pieces of at most `PIECE` bytes, each with the stamp.
    fn frames(lines: &[RawLine]) -> Vec<(Lane, Vec<u8>)> {
        let mut frames = Vec::new();
        for line in lines {
            let mut text = line.bytes.clone();
            text.push(b'\n');
            // A line break never stands alone in a piece of a full line's size.
            let cut = if text.len() > PIECE { PIECE } else { text.len() };
            for piece in text.chunks(cut) {
                frames.push((line.lane, [stamp(line.nanos).as_bytes(), b" ", piece].concat()));
            }
        }
        frames
    }

    fn join(frames: &[(Lane, Vec<u8>)]) -> Vec<RawLine> {
        let mut joiner = LineJoiner::default();
        let mut done = Vec::new();
        for (lane, piece) in frames {
            joiner.push(*lane, piece, &mut done);
        }
        joiner.finish(&mut done);
        done
    }

    fn line(nanos: i64, lane: Lane, bytes: &[u8]) -> RawLine {
        RawLine {
            nanos: START + nanos,
            lane,
            bytes: bytes.to_vec(),
        }
    }

    #[test]
    fn long_lines_are_one_and_unended_ones_too() {
        let long = line(1, Lane::Out, &vec![b'x'; 40_000]);
        let exact = line(2, Lane::Err, &vec![b'y'; PIECE]);
        let short = line(3, Lane::Out, b"");
        let lines = [long, exact, short];
        assert_eq!(join(&frames(&lines)), lines);
        let unended = [
            (Lane::Out, [stamp(START).as_bytes(), b" cut off"].concat()),
            (Lane::Out, [stamp(START + 9).as_bytes(), b" next run\n"].concat()),
        ];
        assert_eq!(
            join(&unended),
            [line(0, Lane::Out, b"cut off"), line(9, Lane::Out, b"next run")]
        );
    }

    #[test]
    fn a_terminal_repeats_the_stamp_inside() {
        let stamp = stamp(START);
        let piece = "z".repeat(PIECE);
        let raw = format!("{stamp} {piece}{stamp} {piece}{stamp} end\r\n");
        let found = join(&[(Lane::Out, raw.into_bytes())]);
        let text = tidy(&found[0].bytes).text;
        assert_eq!((found.len(), text.len()), (1, 2 * PIECE + 3));
        assert!(text.ends_with("zend"));
    }

    #[test]
    fn memory_is_bounded() {
        let mut joiner = LineJoiner::default();
        let mut done = Vec::new();
        let piece = [stamp(START).as_bytes(), b" ", &vec![b'x'; PIECE]].concat();
        for _ in 0..100 {
            joiner.push(Lane::Out, &piece, &mut done);
        }
        joiner.finish(&mut done);
        assert_eq!(done[0].bytes.len(), KEPT);
    }

    #[test]
    fn what_bears_no_stamp_is_no_line() {
        for raw in [
            &b"no stamp here\n"[..],
            b"",
            b" ",
            b"2026-99-99T00:00:00Z x\n",
            b"\xff\xff \n",
        ] {
            assert_eq!(join(&[(Lane::Out, raw.to_vec())]), [], "{raw:?}");
        }
    }

    fn some_lines() -> impl Strategy<Value = Vec<RawLine>> {
        // Steps of 0: several lines with one stamp. Longer ones may need pieces, which then do not share a stamp.
        let text = prop_oneof![
            8 => prop::collection::vec(any::<u8>().prop_filter("line", |byte| *byte != b'\n'), 0..40),
            1 => (PIECE - 2..3 * PIECE).prop_map(|length| vec![b'x'; length]),
        ];
        prop::collection::vec((0_i64..3, any::<bool>(), text), 1..40).prop_map(|raw| {
            let mut now = START;
            raw.into_iter()
                .map(|(step, err, bytes)| {
                    now += step * 400_000_000;
                    RawLine {
                        nanos: now,
                        lane: if err { Lane::Err } else { Lane::Out },
                        bytes,
                    }
                })
                .collect()
        })
    }

    proptest! {
        #[test]
        fn pieces_make_the_lines_again(lines in some_lines()) {
            prop_assert_eq!(join(&frames(&lines)), lines);
        }

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
                let sent: Vec<RawLine> = lines[..written].iter().filter(|line| line.nanos >= since).cloned().collect();
                let mut frames = frames(&sent);
                if written < all {
                    // The last piece does not arrive, and its line is dropped with the joiner.
                    frames.pop();
                }
                let mut joiner = LineJoiner::default();
                let mut done = Vec::new();
                for (lane, piece) in &frames {
                    joiner.push(*lane, piece, &mut done);
                }
                seen.extend(done.into_iter().filter(|line| resume.admit(line)));
            }
            let by_lane = |lines: &[RawLine], lane| lines.iter().filter(|line| line.lane == lane).cloned().collect::<Vec<_>>();
            for lane in [Lane::Out, Lane::Err] {
                prop_assert_eq!(by_lane(&seen, lane), by_lane(&lines, lane));
            }
        }

        #[test]
        fn no_bytes_make_it_fail(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20)) {
            let frames: Vec<_> = pieces.into_iter().map(|piece| (Lane::Out, piece)).collect();
            for line in join(&frames) {
                tidy(&line.bytes);
            }
        }
    }
}
