//! pgherd beside oxker (from the crate registry) on the same running lab: time to the first complete frame, idle CPU and
//! memory; and the time of one 200x50 frame. Run with `cargo bench`; oxker comes by `cargo install oxker`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints figures, and ends when something is missing"
)]

#[path = "../support/lab.rs"]
mod lab;
#[path = "../support/terminal.rs"]
mod terminal;
#[path = "whole_app.rs"]
mod whole_app;

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use pgherd::ui::{self, Look, Theme};
use ratatui::Terminal as Screen;
use ratatui::backend::TestBackend;

use lab::{PGHERD, PROJECT, lab};
use terminal::Terminal;

const SIZE: (u16, u16) = (200, 50);
const STARTS: usize = 7;
const SETTLED: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(60);
const FRAMES: usize = 2_000;

/// One of the programs: how to start it, and what makes its screen complete.
struct Rival<'a> {
    name: &'static str,
    program: &'static str,
    args: &'a [&'a str],
    complete: fn(&str) -> bool,
}

fn main() {
    let lab = lab();
    let oxker = Rival {
        name: "oxker",
        program: "oxker",
        args: &[],
        complete: all_containers,
    };
    let pgherd = Rival {
        name: "pgherd",
        program: PGHERD,
        args: &["--cluster", PROJECT, "--probe=off"],
        complete: all_agree,
    };
    // What no other program does: clients' attempts, and a record of everything.
    let record = std::env::temp_dir().join(format!("pgherd-bench-{}.pgherd", std::process::id()));
    let record = record.display().to_string();
    let whole = Rival {
        name: "with probe and record",
        program: PGHERD,
        args: &["--cluster", PROJECT, "--record", &record],
        complete: all_agree,
    };
    let mut rivals = vec![pgherd];
    if Command::new("oxker").arg("--version").output().is_ok() {
        rivals.push(oxker);
    } else {
        println!("oxker is not installed (`cargo install oxker`): pgherd alone");
    }
    println!(
        "{:<22} {:>28} {:>12} {:>12} {:>9}",
        "", "first complete frame (ms)", "idle CPU", "peak RSS", "threads"
    );
    println!(
        "{:<22} {:>28} {:>12} {:>12}",
        "", "min / median / max", "% of a core", "MB"
    );
    let rows: Vec<_> = rivals.iter().map(|rival| (rival.name, measure(rival))).collect();
    if let [(_, ours), (_, theirs)] = rows.as_slice() {
        println!(
            "ratio                  {:>28} {:>12} {:>12}   (pgherd / oxker)",
            format!("{:.2}", ours.first / theirs.first),
            format!("{:.2}", ours.cpu / theirs.cpu),
            format!("{:.2}", ours.memory / theirs.memory)
        );
    }
    idle(&whole, "");
    let bytes = fs::metadata(&record).unwrap().len() as f64;
    let hours = (SETTLED + IDLE).as_secs_f64() / 3_600.0;
    println!("record: {:.1} MB an hour, its beginning included", bytes / 1e6 / hours);
    // Nobody plays it.
    let _ = fs::remove_file(&record);
    frame();
    drop(lab);
}

struct Figures {
    first: f64,
    cpu: f64,
    memory: f64,
}

fn measure(rival: &Rival<'_>) -> Figures {
    let mut starts: Vec<f64> = (0..STARTS).map(|_| first_complete_frame(rival).1).collect();
    starts.sort_by(f64::total_cmp);
    let median = starts.get(STARTS / 2).copied().unwrap();
    let spread = format!(
        "{:.0} / {median:.0} / {:.0}",
        starts.first().unwrap(),
        starts.last().unwrap()
    );
    let (cpu, memory) = idle(rival, &spread);
    Figures {
        first: median,
        cpu,
        memory,
    }
}

/// What it costs while nothing happens: percent of a core, MB at most. Prints the row.
fn idle(rival: &Rival<'_>, spread: &str) -> (f64, f64) {
    let (terminal, _) = first_complete_frame(rival);
    // What a start costs is over by then.
    std::thread::sleep(SETTLED);
    let before = cpu_ticks(terminal.pid());
    let begun = Instant::now();
    std::thread::sleep(IDLE);
    let ticks = cpu_ticks(terminal.pid()) - before;
    let cpu = ticks / ticks_per_second() / begun.elapsed().as_secs_f64() * 100.0;
    let memory = status(terminal.pid(), "VmHWM:") / 1_000.0;
    println!(
        "{:<22} {spread:>28} {cpu:>12.2} {memory:>12.1} {:>9}",
        rival.name,
        status(terminal.pid(), "Threads:")
    );
    (cpu, memory)
}

fn first_complete_frame(rival: &Rival<'_>) -> (Terminal, f64) {
    let begun = Instant::now();
    let terminal = Terminal::start(rival.program, rival.args, &[], SIZE);
    terminal.wait(
        &format!("{} complete", rival.name),
        Duration::from_secs(30),
        rival.complete,
    );
    (terminal, begun.elapsed().as_secs_f64() * 1_000.0)
}

/// pgherd: all four authorities were asked and agree, and every container of the lab is listed.
fn all_agree(screen: &str) -> bool {
    screen.contains("✓ agree") && all_containers(screen)
}

/// oxker: every container of the lab is listed.
fn all_containers(screen: &str) -> bool {
    ["zoo", "pg-master", "pg-slave", "postgres_en"]
        .iter()
        .all(|name| screen.contains(&format!("{PROJECT}-{name}")))
}

fn cpu_ticks(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    fields
        .iter()
        .skip(11)
        .take(2)
        .map(|field| field.parse::<f64>().unwrap())
        .sum()
}

fn ticks_per_second() -> f64 {
    let answer = Command::new("getconf").arg("CLK_TCK").output().unwrap();
    String::from_utf8_lossy(&answer.stdout).trim().parse().unwrap()
}

fn status(pid: u32, key: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// The time of a frame of the lab's real state: drawn, compared with the one before, nothing written.
fn frame() {
    let app = whole_app::of_the_lab(PROJECT);
    let look = Look::local(Theme::named("dark").unwrap());
    let mut screen = Screen::new(TestBackend::new(SIZE.0, SIZE.1)).unwrap();
    let mut times: Vec<f64> = (0..FRAMES)
        .map(|_| {
            let begun = Instant::now();
            screen.draw(|frame| ui::draw(frame, &app, &look)).unwrap();
            begun.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap();
    println!(
        "frame {}x{}: median {:.0} µs, 99th percentile {:.0} µs",
        SIZE.0,
        SIZE.1,
        at(50),
        at(99)
    );
}
