//! What the lab is doing, step by step with elapsed time, and a printer for it. The steps decide nothing.

use std::fmt::Write as _;
use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::error::LabError;

/// A piece of news.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// A step still runs; said once when it starts and then every second.
    Running {
        /// Which step.
        step: &'static str,
        /// For how long.
        elapsed: Duration,
    },
    /// A step is done.
    Done {
        /// Which step.
        step: &'static str,
        /// How long it took.
        elapsed: Duration,
        /// What came of it.
        outcome: String,
    },
    /// Something the user should know.
    Note(String),
}

/// Where progress goes.
pub type Sink<'a> = &'a mut (dyn FnMut(Progress) + Send);

/// Runs a step and reports it; `work` gives the result and what came of it in words.
pub(super) async fn step<T>(
    sink: Sink<'_>,
    step: &'static str,
    work: impl Future<Output = Result<(T, String), LabError>>,
) -> Result<T, LabError> {
    let started = Instant::now();
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tokio::pin!(work);
    let (result, outcome) = loop {
        tokio::select! {
            biased;
            done = &mut work => break done?,
            _ = tick.tick() => sink(Progress::Running { step, elapsed: started.elapsed() }),
        }
    };
    sink(Progress::Done {
        step,
        elapsed: started.elapsed(),
        outcome,
    });
    Ok(result)
}

/// Writes progress for people: on a terminal the running step counts its seconds in place, elsewhere one plain line an event.
#[derive(Debug)]
pub struct Printer<W> {
    out: W,
    terminal: bool,
    running: Option<&'static str>,
}

impl Printer<std::io::Stderr> {
    /// To standard error, so that standard output stays for answers.
    pub fn stderr() -> Self {
        let out = std::io::stderr();
        let terminal = out.is_terminal();
        Self {
            out,
            terminal,
            running: None,
        }
    }
}

impl<W: Write> Printer<W> {
    /// Writes one piece of news. A closed output is not this program's failure: it is ignored.
    pub fn print(&mut self, news: &Progress) {
        let mut line = String::new();
        // Back to the first column and over what stands there.
        if self.terminal && self.running.is_some() {
            line.push_str("\r\x1b[K");
        }
        match news {
            Progress::Running { step, elapsed } if self.terminal => {
                let _ = write!(line, "  {step:<10} … {:.0} s", elapsed.as_secs_f64());
                self.running = Some(step);
            }
            Progress::Running { step, .. } if self.running != Some(step) => {
                let _ = writeln!(line, "  {step:<10} …");
                self.running = Some(step);
            }
            Progress::Running { .. } => {}
            Progress::Done { step, elapsed, outcome } => {
                let _ = writeln!(line, "  {step:<10} {outcome} ({:.1} s)", elapsed.as_secs_f64());
                self.running = None;
            }
            Progress::Note(text) => {
                let _ = writeln!(line, "  note: {text}");
                if self.terminal {
                    self.running = None;
                }
            }
        }
        let _ = self.out.write_all(line.as_bytes()).and_then(|()| self.out.flush());
    }

    /// Ends a line that still counts seconds (before an error is printed).
    pub fn finish(&mut self) {
        if self.terminal && self.running.take().is_some() {
            let _ = self.out.write_all(b"\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(terminal: bool) -> String {
        let mut printer = Printer {
            out: Vec::new(),
            terminal,
            running: None,
        };
        let running = |s| Progress::Running {
            step: "images",
            elapsed: Duration::from_secs(s),
        };
        for news in [
            running(0),
            running(1),
            Progress::Note("n".into()),
            running(2),
            Progress::Done {
                step: "images",
                elapsed: Duration::from_millis(2340),
                outcome: "built".into(),
            },
        ] {
            printer.print(&news);
        }
        printer.finish();
        String::from_utf8(printer.out).unwrap()
    }

    #[test]
    fn plain_output_has_whole_lines_and_no_escapes() {
        assert_eq!(
            printed(false),
            "  images     …\n  note: n\n  images     built (2.3 s)\n"
        );
    }

    #[test]
    fn terminal_counts_in_place() {
        let text = printed(true);
        assert!(text.contains("\r\x1b[K  images     … 1 s"), "{text:?}");
        assert!(text.ends_with("\r\x1b[K  images     built (2.3 s)\n"), "{text:?}");
    }
}
