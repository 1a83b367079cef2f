//! A flood of log lines, from one container and from eight at once: pgherd beside `docker logs -f` in a terminal, and
//! beside oxker where that is installed (`cargo install oxker`). Lines that are there when the program starts, and lines
//! that are written while it runs; keys pressed meanwhile; every line accounted for. Ends with 1 if an aim is missed.
//! Needs Docker and an image with a shell. Run with `cargo bench --bench logs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    clippy::large_stack_arrays,
    reason = "a bench prints figures, and ends when something is missing"
)]

#[path = "../logs/chatty.rs"]
mod chatty;
#[path = "logs/rivals.rs"]
mod rivals;
#[path = "../support/terminal.rs"]
mod terminal;

use std::process::{Command, ExitCode};
use std::thread;
use std::time::{Duration, Instant};

use chatty::{Herd, docker};
use rivals::{Docker, Pgherd, Seen, Tui, with_oxker};
use terminal::Standstill;

/// Lines in all.
const LINES: usize = 500_000;
/// Each way of measuring so often; the median counts.
const ROUNDS: usize = 3;
/// Longest time for one of them.
const LIMIT: Duration = Duration::from_secs(120);

/// The same for a rival, which may never get there.
const PATIENCE: Duration = Duration::from_secs(40);

/// At most so many times the time of `docker logs -f`.
const RATIO: f64 = 1.3;
/// Peak of memory, in MB.
const MEMORY: f64 = 64.0;
/// Keys are answered within this, 99 of 100.
const KEY: Duration = Duration::from_millis(50);

/// Containers that write their share of the lines when they are told to.
struct Flood {
    herd: Herd,
    names: Vec<String>,
    share: usize,
}

impl Flood {
    fn new(what: &str, containers: usize) -> Self {
        let mut herd = Herd::new(what);
        let share = LINES / containers;
        let names = ('a'..)
            .take(containers)
            .map(|service| herd.add(&service.to_string(), &script(service, share)))
            .collect();
        let flood = Self { herd, names, share };
        flood.wait_for(|_| "ready for the flood".to_owned());
        flood
    }

    /// Lines of all when the flood is over.
    fn lines(&self) -> usize {
        (self.share + 2) * self.names.len()
    }

    fn begin(&self) {
        let mut arguments = vec!["kill", "-s", "USR1"];
        arguments.extend(self.names.iter().map(String::as_str));
        docker(&arguments);
    }

    /// Waits until that is the last line of each.
    fn wait_for(&self, last: impl Fn(&str) -> String) {
        let begun = Instant::now();
        for name in &self.names {
            loop {
                let output = Command::new("docker")
                    .args(["logs", "--tail=1", name])
                    .output()
                    .unwrap();
                if String::from_utf8_lossy(&output.stdout).contains(&last(name)) {
                    break;
                }
                assert!(begun.elapsed() < LIMIT, "{name} does not write {:?}", last(name));
                thread::sleep(Duration::from_millis(100));
            }
        }
    }
}

/// What a container writes last.
pub(crate) fn last_line(name: &str) -> String {
    let service = name.rsplit('-').next().unwrap_or_default();
    format!("that was the last line of {service}")
}

/// About 110 bytes a line, numbered.
fn script(service: char, lines: usize) -> String {
    format!(
        r#"
trap 'exit 0' TERM
flood() {{
  awk 'BEGIN {{ for (i = 1; i <= {lines}; i++)
    printf "2026-11-22 19:17:12.025 UTC [44] LOG:  duration: 0.042 ms  statement: INSERT INTO flood VALUES (%010d, {service})\n", i }}'
  echo 'that was the last line of {service}'
}}
trap flood USR1
echo 'ready for the flood'
while :; do sleep 1000 & wait; done
"#
    )
}

/// An aim, and whether it was held.
#[derive(Default)]
struct Verdict {
    missed: u32,
}

impl Verdict {
    fn say(&mut self, what: &str, figure: &str, held: bool) {
        self.missed += u32::from(!held);
        println!("{:<4} {what}: {figure}", if held { "held" } else { "NOT" });
    }
}

fn main() -> ExitCode {
    let mut verdict = Verdict::default();
    let oxker = with_oxker();
    if oxker.is_none() {
        println!("oxker is not installed (`cargo install oxker`): without it");
    }
    for containers in [1, 8] {
        println!("\n{LINES} lines in all, containers: {containers}");
        println!(
            "{:<38} {:>24} {:>9} {:>9}   lines",
            "", "last line after (s)", "CPU (s)", "peak MB"
        );
        history(containers, oxker.as_ref(), &mut verdict);
        live(containers, oxker.as_ref(), &mut verdict);
        keys(containers, &mut verdict);
    }
    println!("\naims missed: {}", verdict.missed);
    ExitCode::from(u8::from(verdict.missed > 0))
}

/// The lines are there: from the start of the program.
fn history(containers: usize, oxker: Option<&Tui>, verdict: &mut Verdict) {
    let flood = Flood::new("there", containers);
    flood.begin();
    flood.wait_for(last_line);
    let (mut theirs, mut ours, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        theirs.push(Docker::start(&flood.names).seen(Instant::now(), LIMIT));
        let begun = Instant::now();
        ours.push(Pgherd::start(&flood.herd.project, &["--since=all"]).seen(begun, flood.lines(), LIMIT));
        if let Some(oxker) = oxker {
            let begun = Instant::now();
            others.push(oxker.start().seen(begun, PATIENCE));
        }
    }
    compare("lines that are there", containers, [theirs, ours, others], verdict);
}

/// The lines come while the program runs: from the order to write them.
fn live(containers: usize, oxker: Option<&Tui>, verdict: &mut Verdict) {
    let (mut theirs, mut ours, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let flood = Flood::new("live", containers);
        let docker = Docker::start(&flood.names);
        theirs.push(docker.seen(begin(&flood), LIMIT));
        drop(flood);

        let flood = Flood::new("live", containers);
        let pgherd = Pgherd::start(&flood.herd.project, &[]);
        ours.push(pgherd.seen(begin(&flood), flood.lines(), LIMIT));
        drop(flood);

        if let Some(oxker) = oxker {
            let flood = Flood::new("live", containers);
            let running = oxker.start();
            others.push(running.seen(begin(&flood), PATIENCE));
        }
    }
    compare(
        "lines that are being written",
        containers,
        [theirs, ours, others],
        verdict,
    );
}

/// Every program has taken its place by then.
fn begin(flood: &Flood) -> Instant {
    thread::sleep(Duration::from_secs(2));
    let begun = Instant::now();
    flood.begin();
    begun
}

fn compare(what: &str, containers: usize, [theirs, ours, others]: [Vec<Seen>; 3], verdict: &mut Verdict) {
    let flood = format!("{what}, {containers} at once");
    let row = |name: &str, seen: &[Seen]| {
        let mut times: Vec<f64> = seen.iter().map(|seen| seen.seconds).collect();
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let cpu: Vec<f64> = seen.iter().map(|seen| seen.cpu).collect();
        let peak = seen.iter().map(|seen| seen.memory).fold(0.0, f64::max);
        let lines: Vec<&str> = seen.iter().map(|seen| seen.lines.as_str()).collect();
        println!(
            "{name:<12} {what:<25} {:>24} {:>9.2} {peak:>9.1}   {}",
            format!("{:.2} / {median:.2} / {:.2}", times[0], times[times.len() - 1]),
            cpu.iter().sum::<f64>() / cpu.len() as f64,
            lines.last().unwrap()
        );
        (median, peak)
    };
    let (docker, _) = row("docker logs", &theirs);
    let (pgherd, peak) = row("pgherd", &ours);
    if !others.is_empty() {
        row("oxker", &others);
    }
    let ratio = pgherd / docker;
    verdict.say(
        &format!("at most {RATIO} x docker logs -f ({flood})"),
        &format!("{ratio:.2}"),
        ratio <= RATIO,
    );
    verdict.say(
        &format!("at most {MEMORY} MB ({flood})"),
        &format!("{peak:.1} MB"),
        peak <= MEMORY,
    );
    // Else the end would not have been seen.
    verdict.say(
        &format!("kept and dropped are all lines ({flood})"),
        &ours.last().unwrap().lines,
        true,
    );
}

/// Keys are pressed while the lines come.
fn keys(containers: usize, verdict: &mut Verdict) {
    let (mut times, mut stall) = (Vec::new(), Duration::ZERO);
    for _ in 0..ROUNDS {
        let flood = Flood::new("keys", containers);
        let pgherd = Pgherd::start(&flood.herd.project, &[]);
        begin(&flood);
        let standstill = Standstill::watch();
        times.extend(pgherd.keys(flood.lines(), LIMIT));
        stall = stall.max(standstill.end());
    }
    times.sort();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)];
    verdict.say(
        &format!("99 of 100 keys within {KEY:?} (lines that are being written, {containers} at once)"),
        &format!(
            "{:.1?} (half of {} keys within {:.1?}, the slowest {:.1?}; the machine itself stood still for up to {stall:.1?})",
            at(99),
            times.len(),
            at(50),
            times[times.len() - 1]
        ),
        at(99) <= KEY,
    );
}
