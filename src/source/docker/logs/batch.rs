//! Lines on their way to the screen: some together, in order. Pure.

use std::time::Duration;

use crate::model::log::LogLine;
use crate::model::time::Timestamp;

/// At most so many lines go together: what takes them must come back to the keys soon.
pub(super) const LINES: usize = 256;
/// At most so many bytes of them, or one line.
const BYTES: usize = 64 * 1024;
/// A container's two outputs are written beside each other: stamps may be out of order by the time that a write takes.
const LATE: Duration = Duration::from_millis(20);
/// Of a flood, no more lines than that wait for such a one, and no more bytes.
const HELD: usize = 2_048;
const HELD_BYTES: usize = 256 << 10;

/// Which lines go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ready {
    /// All.
    All,
    /// Those that have waited since this was asked before: nothing that is older came meanwhile.
    Ripe,
    /// Those whose stamps are so much older than the newest that no line before them can be missing.
    Early,
}

/// Lines that wait, in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Each with its place: its stamp, or a later one that came before it from the same output.
    lines: Vec<(Timestamp, LogLine)>,
    bytes: usize,
    /// Lines, and bytes of them, since some were taken.
    fresh: (usize, usize),
    newest: [Timestamp; 2],
    /// The newest place when [`Ready::Ripe`] was asked for.
    ripe: Timestamp,
}

impl Batch {
    pub(super) fn push(&mut self, line: LogLine) {
        let bytes = line.text.len();
        self.bytes += bytes;
        self.fresh = (self.fresh.0 + 1, self.fresh.1 + bytes);
        let [out, err] = &mut self.newest;
        let newest = if line.stderr { err } else { out };
        *newest = line.at.max(*newest);
        self.lines.push((*newest, line));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Some should be taken.
    pub(super) fn is_full(&self) -> bool {
        self.fresh.0 >= LINES || self.fresh.1 >= BYTES
    }

    /// The lines by their stamps; those of one output stay as they were written.
    pub(super) fn take(&mut self, ready: Ready) -> Vec<LogLine> {
        if !self.lines.is_sorted_by_key(|(at, _)| *at) {
            self.lines.sort_by_key(|(at, _)| *at);
        }
        let last = self.lines.last().map(|(at, _)| *at).unwrap_or_default();
        let until = |last| self.lines.partition_point(|(at, _)| *at <= last);
        let ready = match ready {
            Ready::All => self.lines.len(),
            Ready::Ripe => until(std::mem::replace(&mut self.ripe, last)),
            Ready::Early => {
                let early = until(last.minus(LATE));
                if self.lines.len() - early > HELD || self.bytes > HELD_BYTES {
                    early.max(self.lines.len().div_ceil(2))
                } else {
                    early
                }
            }
        };
        let taken: Vec<LogLine> = self.lines.drain(..ready).map(|(_, line)| line).collect();
        self.bytes -= taken.iter().map(|line| line.text.len()).sum::<usize>();
        self.fresh = (0, 0);
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::log::Level;

    fn log_line(container: &str, at: Timestamp, text: &str) -> LogLine {
        LogLine {
            at,
            container: container.into(),
            stderr: false,
            level: Level::Info,
            text: text.to_owned(),
            spans: Vec::new(),
        }
    }

    fn batch(stamps: &[(i64, bool)]) -> Batch {
        let mut batch = Batch::default();
        for (micros, stderr) in stamps {
            batch.push(LogLine {
                stderr: *stderr,
                ..log_line("a", Timestamp::from_micros(*micros), "x")
            });
        }
        batch
    }

    fn stamps(lines: &[LogLine]) -> Vec<i64> {
        lines.iter().map(|line| line.at.micros()).collect()
    }

    #[test]
    fn the_two_outputs_are_in_order_of_their_stamps() {
        let mut lines = batch(&[(10, false), (30, false), (20, true), (90_000, false), (95_000, false)]);
        assert_eq!(stamps(&lines.take(Ready::Early)), [10, 20, 30]);
        lines.push(LogLine {
            stderr: true,
            ..log_line("a", Timestamp::from_micros(89_990), "late")
        });
        assert_eq!(stamps(&lines.take(Ready::All)), [89_990, 90_000, 95_000]);
        assert!(lines.is_empty() && lines.bytes == 0);
    }

    #[test]
    fn a_clock_that_steps_back_does_not_turn_lines_around() {
        let mut lines = batch(&[(500, false), (100, false), (101, true), (502, true)]);
        assert_eq!(stamps(&lines.take(Ready::All)), [101, 500, 100, 502]);
    }

    #[test]
    fn a_line_waits_for_an_older_one_of_the_other_output() {
        let mut lines = batch(&[(100, false)]);
        assert!(lines.take(Ready::Ripe).is_empty(), "it has just come");
        lines.push(LogLine {
            stderr: true,
            ..log_line("a", Timestamp::from_micros(90), "late")
        });
        lines.push(log_line("a", Timestamp::from_micros(40_000), "new"));
        assert_eq!(stamps(&lines.take(Ready::Ripe)), [90, 100]);
        assert_eq!(stamps(&lines.take(Ready::Ripe)), [40_000]);
        assert!(lines.is_empty() && lines.bytes == 0);
    }

    #[test]
    fn is_bounded_by_lines_and_by_bytes() {
        let mut lines = Batch::default();
        let mut most = 0;
        for at in 0..20_000 {
            lines.push(log_line("a", Timestamp::from_micros(at), "x"));
            if lines.is_full() {
                lines.take(Ready::Early);
            }
            most = most.max(lines.lines.len());
        }
        assert!((HELD..HELD + 2 * LINES).contains(&most), "{most}");
        lines.take(Ready::All);
        lines.push(log_line("a", Timestamp::default(), &"x".repeat(2 * HELD_BYTES)));
        assert!(lines.is_full());
        assert_eq!(lines.take(Ready::Early).len(), 1, "something goes in any case");
    }
}
