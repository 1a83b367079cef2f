//! Log lines on standard output, as text or as JSON.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, ErrorKind, IsTerminal, StdoutLock, Write};

use jiff::tz::TimeZone;
use serde::Serialize;

use crate::app::logs::Pattern;
use crate::config::cli::LogsArgs;
use crate::config::settings::Settings;
use crate::model::log::{Level, LogLine};
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;
use crate::runtime::exit::Failure;

use super::merge::Item;

/// Written at once at most, in bytes.
const BUFFER: usize = 64 * 1024;

const LEVELS: [(&str, Level); 5] = [
    ("debug", Level::Debug),
    ("info", Level::Info),
    ("warning", Level::Warning),
    ("error", Level::Error),
    ("fatal", Level::Fatal),
];

/// Prints what was asked for. Text is free of control characters already when it comes here.
pub(super) struct Printer {
    out: StdoutLock<'static>,
    /// What is not written yet: whole lines.
    text: String,
    grep: Option<Pattern>,
    exclude: Option<Pattern>,
    least: Level,
    json: bool,
    colours: bool,
    zone: TimeZone,
    /// Columns for names.
    width: usize,
    gaps: bool,
}

/// The documented form of a line.
#[derive(Serialize)]
struct Line<'a> {
    at: &'a str,
    container: &'a ContainerName,
    stream: &'a str,
    level: &'a str,
    text: &'a str,
}

/// The documented form of a gap.
#[derive(Serialize)]
struct Missing<'a> {
    at: &'a str,
    container: &'a ContainerName,
    gap: &'a str,
}

impl Printer {
    pub(super) fn new(args: &LogsArgs, settings: &Settings) -> Result<Self, Failure> {
        let pattern = |option: &str, text: Option<&String>| {
            let parsed = text.map(|text| Pattern::parse(text)).transpose();
            parsed.map_err(|why| Failure::Usage(format!("{option}: {why}")))
        };
        let level = |text: &String| {
            let found = LEVELS.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
            found.map(|(_, level)| *level).ok_or_else(|| {
                let names = LEVELS.map(|(name, _)| name).join(", ");
                Failure::Usage(format!("--level: {text:?} is none of {names}"))
            })
        };
        let zone = settings.time_zone.value.zone();
        Ok(Self {
            text: String::with_capacity(BUFFER),
            grep: pattern("--grep", args.grep.as_ref())?,
            exclude: pattern("--exclude", args.exclude.as_ref())?,
            least: args.level.as_ref().map_or(Ok(Level::Debug), level)?,
            json: args.json,
            colours: !args.json && settings.theme.value != "mono" && io::stdout().is_terminal(),
            zone: if args.utc || args.json { TimeZone::UTC } else { zone },
            width: 0,
            gaps: false,
            out: io::stdout().lock(),
        })
    }

    /// Room for these names.
    pub(super) fn align(&mut self, names: &BTreeSet<ContainerName>) {
        let widths = names.iter().map(|name| name.as_str().chars().count());
        self.width = widths.max().unwrap_or(0);
    }

    /// No lines are missing.
    pub(super) fn is_whole(&self) -> bool {
        !self.gaps
    }

    /// Prints it, soon; false if nobody reads any more.
    pub(super) fn print(&mut self, item: &Item) -> Result<bool, Failure> {
        match item {
            Item::Line(line) if self.is_wanted(line) => self.line(line)?,
            Item::Line(_) => {}
            Item::Gap { container, at, why } => {
                self.gaps = true;
                if self.json {
                    let at = self.time(*at);
                    self.object(&Missing {
                        at: &at,
                        container,
                        gap: why,
                    })?;
                } else {
                    warn(&format!("{container}: {why}"));
                }
            }
        }
        if self.text.len() >= BUFFER {
            return self.flush();
        }
        Ok(true)
    }

    /// Writes what was printed; false if nobody reads any more.
    pub(super) fn flush(&mut self) -> Result<bool, Failure> {
        let written = self.out.write_all(self.text.as_bytes()).and_then(|()| self.out.flush());
        self.text.clear();
        match written {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
            Err(error) => Err(Failure::Failed(format!("standard output: {error}"))),
        }
    }

    fn is_wanted(&self, line: &LogLine) -> bool {
        let has = |pattern: &Pattern| pattern.is_match(&line.text);
        line.level >= self.least && self.grep.as_ref().is_none_or(has) && !self.exclude.as_ref().is_some_and(has)
    }

    fn line(&mut self, line: &LogLine) -> Result<(), Failure> {
        let at = self.time(line.at);
        if self.json {
            return self.object(&Line {
                at: &at,
                container: &line.container,
                stream: if line.stderr { "stderr" } else { "stdout" },
                level: LEVELS
                    .iter()
                    .find(|(_, level)| *level == line.level)
                    .map_or("", |(name, _)| name),
                text: &line.text,
            });
        }
        let (on, off) = if self.colours { colours(line.level) } else { ("", "") };
        let (faint, end) = if self.colours {
            ("\u{1b}[2m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        let (container, width) = (line.container.as_str(), self.width);
        // Writing to a string does not fail.
        let _ = writeln!(self.text, "{faint}{at} {container:width$}{end}  {on}{}{off}", line.text);
        Ok(())
    }

    fn object(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        self.text += &serde_json::to_string(object).map_err(|error| Failure::Failed(error.to_string()))?;
        self.text.push('\n');
        Ok(())
    }

    /// RFC 3339 with microseconds.
    fn time(&self, at: Timestamp) -> String {
        let time = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
        if self.zone == TimeZone::UTC {
            return format!("{time:.6}");
        }
        let time = time.to_zoned(self.zone.clone());
        time.strftime("%Y-%m-%dT%H:%M:%S%.6f%:z").to_string()
    }
}

fn colours(level: Level) -> (&'static str, &'static str) {
    match level {
        Level::Debug => ("\u{1b}[2m", "\u{1b}[0m"),
        Level::Info => ("", ""),
        Level::Warning => ("\u{1b}[33m", "\u{1b}[0m"),
        Level::Error => ("\u{1b}[31m", "\u{1b}[0m"),
        Level::Fatal => ("\u{1b}[1;31m", "\u{1b}[0m"),
    }
}

#[expect(clippy::print_stderr, reason = "beside the lines, which go to standard output")]
fn warn(text: &str) {
    eprintln!("pgherd: {text}");
}
