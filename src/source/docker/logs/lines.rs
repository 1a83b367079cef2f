//! From pieces of log output to whole lines, each exactly once. Pure.

use std::borrow::Cow;

use super::stamp;
use crate::model::text::LONGEST;

/// The log driver cuts longer lines into pieces of this many bytes.
pub(super) const PIECE: usize = 16 * 1024;
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
pub(super) struct RawLine<'a> {
    /// Docker's stamp, nanoseconds since the epoch.
    pub(super) nanos: i64,
    pub(super) lane: Lane,
    /// Only a line of several pieces has to be copied.
    pub(super) bytes: Cow<'a, [u8]>,
}

/// Joins the pieces of long lines.
///
/// Every piece begins with a stamp; pieces of one line bear the same stamp and only the last ends in a line break. A
/// piece with another stamp begins a new line, even if the one before had no line break: its process ended.
#[derive(Debug, Default)]
pub(super) struct LineJoiner {
    open: [Option<Open>; 2],
}

/// The beginning of a line.
#[derive(Debug)]
struct Open {
    nanos: i64,
    bytes: Vec<u8>,
}

impl LineJoiner {
    /// Takes one piece with its stamp in front; `done` gets the lines that are whole now.
    pub(super) fn push(&mut self, lane: Lane, piece: &[u8], done: &mut impl FnMut(RawLine<'_>)) {
        let Some((stamp, nanos, text)) = split_stamp(piece) else {
            return; // not written by a log driver
        };
        let whole = text.strip_suffix(b"\n");
        let text = whole.unwrap_or(text);
        let [out, err] = &mut self.open;
        let open = match lane {
            Lane::Out => out,
            Lane::Err => err,
        };
        if let Some(ended) = open.take_if(|line| line.nanos != nanos) {
            done(ended.line(lane));
        }
        if open.is_none() && whole.is_some() && text.len() <= PIECE {
            let bytes = Cow::Borrowed(text);
            done(RawLine { nanos, lane, bytes });
            return;
        }
        let bytes = Vec::new();
        let joined = open.get_or_insert(Open { nanos, bytes });
        append(&mut joined.bytes, text, stamp);
        if whole.is_some()
            && let Some(line) = open.take()
        {
            done(line.line(lane));
        }
    }

    /// No more will come: the line without an end is whole as well.
    pub(super) fn finish(&mut self, done: &mut impl FnMut(RawLine<'_>)) {
        for (open, lane) in self.open.iter_mut().zip([Lane::Out, Lane::Err]) {
            if let Some(line) = open.take() {
                done(line.line(lane));
            }
        }
    }
}

impl Open {
    fn line(self, lane: Lane) -> RawLine<'static> {
        RawLine {
            nanos: self.nanos,
            lane,
            bytes: Cow::Owned(self.bytes),
        }
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
pub(super) fn split_stamp(piece: &[u8]) -> Option<(&[u8], i64, &[u8])> {
    let end = piece.iter().take(40).position(|byte| *byte == b' ')?;
    let (stamp, text) = piece.split_at_checked(end)?;
    Some((stamp, stamp::nanos(stamp)?, text.get(1..)?))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::log::tidy;

    fn stamp(nanos: i64) -> String {
        let time = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
        format!("{time:.9}")
    }

    const START: i64 = 1_795_381_035_000_000_000;

    /// What the daemon sends for these lines: pieces of at most `PIECE` bytes, each with the stamp.
    pub(in super::super) fn frames(lines: &[RawLine<'_>]) -> Vec<(Lane, Vec<u8>)> {
        let mut frames = Vec::new();
        for line in lines {
            let mut text = line.bytes.to_vec();
            text.push(b'\n');
            // A line break never stands alone in a piece of a full line's size.
            let cut = if text.len() > PIECE { PIECE } else { text.len() };
            for piece in text.chunks(cut) {
                frames.push((line.lane, [stamp(line.nanos).as_bytes(), b" ", piece].concat()));
            }
        }
        frames
    }

    fn owned(line: RawLine<'_>) -> RawLine<'static> {
        RawLine {
            nanos: line.nanos,
            lane: line.lane,
            bytes: line.bytes.into_owned().into(),
        }
    }

    fn join(frames: &[(Lane, Vec<u8>)]) -> Vec<RawLine<'static>> {
        let mut joiner = LineJoiner::default();
        let mut done = Vec::new();
        for (lane, piece) in frames {
            joiner.push(*lane, piece, &mut |line| done.push(owned(line)));
        }
        joiner.finish(&mut |line| done.push(owned(line)));
        done
    }

    fn line(nanos: i64, lane: Lane, bytes: &[u8]) -> RawLine<'static> {
        RawLine {
            nanos: START + nanos,
            lane,
            bytes: bytes.to_vec().into(),
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
        let mut done: Vec<usize> = Vec::new();
        let piece = [stamp(START).as_bytes(), b" ", &vec![b'x'; PIECE]].concat();
        for _ in 0..100 {
            joiner.push(Lane::Out, &piece, &mut |_| panic!("it does not end"));
        }
        joiner.finish(&mut |line| done.push(line.bytes.len()));
        assert_eq!(done, [KEPT]);
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

    pub(in super::super) fn some_lines() -> impl Strategy<Value = Vec<RawLine<'static>>> {
        // Steps of 0: several lines with one stamp. Longer ones may need pieces, which then do not share a stamp.
        let text = prop_oneof![
            8 => prop::collection::vec(any::<u8>().prop_filter("line", |byte| *byte != b'\n'), 0..40),
            1 => (PIECE - 2..3 * PIECE).prop_map(|length| vec![b'x'; length]),
        ];
        prop::collection::vec((0_i64..3, any::<bool>(), text), 1..40).prop_map(|raw| {
            let mut now = START;
            raw.into_iter()
                .enumerate()
                .map(|(number, (step, err, mut bytes))| {
                    now += step * 400_000_000;
                    // None says the same as another with its stamp.
                    bytes.extend(number.to_string().bytes());
                    RawLine {
                        nanos: now,
                        lane: if err { Lane::Err } else { Lane::Out },
                        bytes: bytes.into(),
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

        #[test]
        fn no_bytes_make_it_fail(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..60), 0..20)) {
            let frames: Vec<_> = pieces.into_iter().map(|piece| (Lane::Out, piece)).collect();
            for line in join(&frames) {
                tidy(&line.bytes);
            }
        }
    }
}
