//! Lines on their way to the screen: some together, in order. Pure.

use std::time::Duration;

use crate::model::log::LogLine;
use crate::model::time::Timestamp;

/// At most so many lines go together: what takes them must come back to the keys soon.
const LINES: usize = 256;
/// At most so many bytes of them, or one line.
const BYTES: usize = 64 * 1024;
/// A container's two outputs are written beside each other: stamps may be out of order by the time that a write takes.
const LATE: Duration = Duration::from_millis(20);

/// Lines that wait, in the order of arrival.
#[derive(Debug, Default)]
pub(super) struct Batch {
    /// Each with its place: its stamp, or a later one that came before it from the same output.
    lines: Vec<(Timestamp, LogLine)>,
    bytes: usize,
    newest: [Timestamp; 2],
}

impl Batch {
    pub(super) fn push(&mut self, line: LogLine) {
        self.bytes += line.text.len();
        let [out, err] = &mut self.newest;
        let newest = if line.stderr { err } else { out };
        *newest = line.at.max(*newest);
        self.lines.push((*newest, line));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.lines.len() >= LINES || self.bytes >= BYTES
    }

    /// The lines by their stamps; those of one output stay as they were written. With `all` every one, else without
    /// the newest, before which one of the other output may still come.
    pub(super) fn take(&mut self, all: bool) -> Vec<LogLine> {
        if !self.lines.is_sorted_by_key(|(at, _)| *at) {
            self.lines.sort_by_key(|(at, _)| *at);
        }
        let last = self.lines.last().map(|(at, _)| at.minus(LATE)).unwrap_or_default();
        let ready = match self.lines.partition_point(|(at, _)| *at <= last) {
            _ if all => self.lines.len(),
            // More than that do not come within so short a time but from a history, which is in order.
            early => early.max(self.lines.len().div_ceil(2)),
        };
        let taken: Vec<LogLine> = self.lines.drain(..ready).map(|(_, line)| line).collect();
        self.bytes = self.lines.iter().map(|(_, line)| line.text.len()).sum();
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
        assert_eq!(stamps(&lines.take(false)), [10, 20, 30]);
        lines.push(LogLine {
            stderr: true,
            ..log_line("a", Timestamp::from_micros(89_990), "late")
        });
        assert_eq!(stamps(&lines.take(true)), [89_990, 90_000, 95_000]);
        assert!(lines.is_empty() && lines.bytes == 0);
    }

    #[test]
    fn a_clock_that_steps_back_does_not_turn_lines_around() {
        let mut lines = batch(&[(500, false), (100, false), (101, true), (502, true)]);
        assert_eq!(stamps(&lines.take(true)), [101, 500, 100, 502]);
    }

    #[test]
    fn is_bounded_by_lines_and_by_bytes() {
        let mut lines = Batch::default();
        while !lines.is_full() {
            lines.push(log_line("a", Timestamp::default(), "x"));
        }
        assert_eq!(lines.take(false).len(), LINES / 2, "something goes in any case");
        lines.take(true);
        lines.push(log_line("a", Timestamp::default(), &"x".repeat(BYTES)));
        assert!(lines.is_full());
        assert_eq!(lines.take(false).len(), 1);
    }
}
