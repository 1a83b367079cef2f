//! Predicted against measured, over many failovers: stops, kills and freezes the leader of a lab of its own by key, again
//! and again, at random moments of Patroni's round, and holds what the report says against the band that was predicted.
//! `cargo bench --bench campaign -- [--profile fast|default] [--runs 5] [--faults stop,kill,pause]`; `PGHERD_BIN` names
//! another binary. It ends with 1 if the time without writes of any run lies outside. Five runs of each fault take half an
//! hour. The reports stay below the target folder, `tmp/campaign-PROFILE/`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints figures, and ends when something is missing"
)]

#[path = "../support/lab.rs"]
mod lab;
#[path = "../support/terminal.rs"]
mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::hash::{BuildHasher, Hasher};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use lab::{Lab, lab_of, program, project};
use terminal::Terminal;

const SOON: Duration = Duration::from_secs(15);
/// The slowest failover, and the slowest return: a rewind included.
const LONG: Duration = Duration::from_secs(180);
/// Between two looks at the report.
const LOOK: Duration = Duration::from_secs(2);
/// Nothing of the start is left in what is measured.
const SETTLED: Duration = Duration::from_secs(6);
/// Longest round of Patroni in both profiles, so that hits come at any moment of it.
const ROUND: Duration = Duration::from_secs(10);

/// What is done to the leader, and what undoes it.
#[derive(Clone, Copy)]
struct Fault {
    name: &'static str,
    key: &'static str,
    question: &'static str,
    undo: &'static str,
    question_of_undo: &'static str,
}

const FAULTS: [Fault; 3] = [
    Fault {
        name: "stop",
        key: "s",
        question: "Stop",
        undo: "u",
        question_of_undo: "Start",
    },
    Fault {
        name: "kill",
        key: "K",
        question: "Kill",
        undo: "u",
        question_of_undo: "Start",
    },
    Fault {
        name: "pause",
        key: "p",
        question: "Pause",
        undo: "P",
        question_of_undo: "Unpause",
    },
];

/// A time that was measured, in seconds, and what was predicted of it.
#[derive(Clone, Copy)]
struct Figure {
    told: f64,
    band: Option<(f64, f64)>,
}

impl Figure {
    fn of(span: &Value, predicted: &Value) -> Option<Self> {
        let band = predicted["least_s"].as_f64().zip(predicted["most_s"].as_f64());
        let told = span["told_s"].as_f64()?;
        Some(Self { told, band })
    }

    fn is_inside(&self) -> bool {
        self.band
            .is_none_or(|(least, most)| (least..=most).contains(&self.told))
    }

    fn row(&self) -> String {
        let mark = if self.is_inside() { "inside" } else { "OUTSIDE" };
        match self.band {
            Some((least, most)) => format!("{:>7.2} s  {least:>6.2} – {most:>6.2} s  {mark}", self.told),
            None => format!("{:>7.2} s", self.told),
        }
    }
}

fn main() -> ExitCode {
    let wish = Wish::of_arguments();
    let lab = lab_of(&format!("pgherd-campaign-{}", wish.profile), &wish.profile);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("campaign-{}", wish.profile));
    let mut figures: BTreeMap<(&str, String), Vec<Figure>> = BTreeMap::new();
    for run in 1..=wish.runs {
        for fault in &wish.faults {
            let reports = folder.join(format!("{}-{run}", fault.name));
            for (name, figure) in one(&lab, *fault, &reports) {
                figures.entry((fault.name, name)).or_default().push(figure);
            }
        }
    }
    println!(
        "\n{} profile: least / median / most measured, band, how many inside",
        wish.profile
    );
    for ((fault, name), figures) in &mut figures {
        figures.sort_by(|one, other| one.told.total_cmp(&other.told));
        let bands = figures.iter().filter_map(|figure| figure.band);
        let band = bands.reduce(|one, other| (one.0.min(other.0), one.1.max(other.1)));
        let band = band.map_or_else(String::new, |(least, most)| format!("{least:.2} – {most:.2} s"));
        println!(
            "{fault:<6} {name:<10} {:>6.2} / {:>6.2} / {:>6.2} s  {band:>16}  {} of {}",
            figures[0].told,
            figures[figures.len() / 2].told,
            figures[figures.len() - 1].told,
            figures.iter().filter(|figure| figure.is_inside()).count(),
            figures.len()
        );
    }
    let totals = || {
        figures
            .iter()
            .filter(|((_, name), _)| name == TOTAL)
            .flat_map(|(_, figures)| figures)
    };
    let (all, inside) = (totals().count(), totals().filter(|figure| figure.is_inside()).count());
    println!(
        "{} profile: {inside} of {all} totals lie in the predicted band",
        wish.profile
    );
    ExitCode::from(u8::from(inside < all))
}

/// The time without writes, among the phases.
const TOTAL: &str = "total";

/// One failover from healthy to healthy; its figures by their names. Prints them.
fn one(lab: &Lab, fault: Fault, reports: &Path) -> Vec<(String, Figure)> {
    // HAProxy 3.0 keeps sessions of clients that gave up while their server went down: some hundred in each run, for as long
    // as it lives, until its maxconn is full and nobody gets in. Each run begins with a fresh one.
    lab.docker("restart", "postgres_entrypoint");
    lab.wait("HAProxy answers", SOON, |lab| lab.answers("postgres_entrypoint"));
    let leader = lab.leader().unwrap();
    let environment = [("PGHERD_REPORTS", reports.to_str().unwrap())];
    let terminal = Terminal::start(&program(), &["--cluster", project()], &environment, (120, 80));
    terminal.wait("all four authorities agree", LONG, |screen| screen.contains("✓ agree"));
    sleep(SETTLED + ROUND.mul_f64(chance()));
    act(&terminal, &leader, fault.key, fault.question);
    // Whether HAProxy sends to the new leader is part of the outage; the old one leaves it later.
    let failed_over = |report: &Value| {
        let phases = report["phases"].as_array().unwrap();
        let is_out = |phase: &Value| phase["name"] == "old out" && !phase["to"].is_null();
        phases.iter().any(is_out) && !report["outage"].is_null()
    };
    wait_for(&terminal, reports, failed_over);
    act(&terminal, &leader, fault.undo, fault.question_of_undo);
    lab.wait("the old leader streams", LONG, |lab| {
        lab.state(&leader).as_deref() == Some("streaming")
    });
    // It is over when a standby could take over again and nothing failed for ten seconds.
    let report = wait_for(&terminal, reports, |report| !report["episode"]["ended"].is_null());
    assert_eq!(report["episode"]["verdict"], "failover", "{}", reports.display());

    println!(
        "\n{} {leader}: {}",
        fault.name,
        report["outage"]["text"].as_str().unwrap()
    );
    let mut figures = Vec::new();
    let total = Figure::of(&report["outage"]["span"], &report["predicted"]).unwrap();
    figures.push((TOTAL.to_owned(), total));
    for phase in report["phases"].as_array().unwrap() {
        if let Some(figure) = Figure::of(&phase["span"], &phase["predicted"]) {
            figures.push((phase["name"].as_str().unwrap().to_owned(), figure));
        }
    }
    for (name, figure) in &figures {
        println!("  {name:<10} {}", figure.row());
    }
    for sentence in report["explanation"].as_array().unwrap() {
        let sentence = sentence.as_str().unwrap();
        if sentence.starts_with("Where the time went") {
            println!("  {sentence}");
        }
    }
    figures
}

/// Selects the member, presses the key, says yes to the question. While an earlier act is under way there is none: again.
fn act(terminal: &Terminal, member: &str, key: &str, question: &str) {
    terminal.keys("g");
    if member != "postgresql0" {
        terminal.keys("j");
    }
    terminal.wait_for(&format!(">{member}"), SOON);
    let question = format!("{question} {member}");
    let begun = Instant::now();
    while !terminal.shows_within(&question, Duration::from_secs(2)) {
        assert!(begun.elapsed() < SOON, "no question: {question}\n{}", terminal.screen());
        terminal.keys(key);
    }
    terminal.keys("y");
    terminal.wait("the question closed", SOON, |screen| !screen.contains(&question));
}

/// Writes the report again and again, until it is as wanted. The last one stays.
fn wait_for(terminal: &Terminal, reports: &Path, ready: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let _ = fs::remove_dir_all(reports);
        terminal.keys("W");
        sleep(LOOK);
        if let Some(report) = document(reports).filter(&ready) {
            return report;
        }
        assert!(begun.elapsed() < LONG, "not within {LONG:?}\n{}", terminal.screen());
    }
}

/// The report of that folder, once it is whole.
fn document(reports: &Path) -> Option<Value> {
    let paths = fs::read_dir(reports).ok()?.map(|entry| entry.unwrap().path());
    let paths: Vec<PathBuf> = paths.collect();
    let ends = |path: &&PathBuf, ending: &str| path.extension().is_some_and(|found| found == ending);
    // The text comes last.
    paths.iter().find(|path| ends(path, "md"))?;
    let json = paths.iter().find(|path| ends(path, "json"))?;
    serde_json::from_str(&fs::read_to_string(json).ok()?).ok()
}

/// From 0 to 1, another one each time.
fn chance() -> f64 {
    let number = std::hash::RandomState::new().build_hasher().finish();
    (number >> 11) as f64 / (1_u64 << 53) as f64
}

/// What was asked for.
struct Wish {
    profile: String,
    runs: usize,
    faults: Vec<Fault>,
}

impl Wish {
    fn of_arguments() -> Self {
        let mut wish = Self {
            profile: "fast".to_owned(),
            runs: 5,
            faults: FAULTS.to_vec(),
        };
        // Cargo itself says --bench.
        let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
        while let Some(argument) = arguments.next() {
            let value = arguments.next().unwrap_or_default();
            match argument.as_str() {
                "--profile" => wish.profile = value,
                "--runs" => wish.runs = value.parse().unwrap(),
                "--faults" => {
                    let known = |name: &str| *FAULTS.iter().find(|fault| fault.name == name).unwrap();
                    wish.faults = value.split(',').map(known).collect();
                }
                _ => assert!(argument.is_empty(), "unknown: {argument}"),
            }
        }
        wish
    }
}
