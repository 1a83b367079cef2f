//! The store of log lines at a million lines: memory, appending, drawing and searching, beside a plain list of lines and
//! `grep -c` on the same text; and the memory of a flood within the default bounds. Needs no Docker. Run with
//! `cargo bench --bench log_store`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints figures, and ends when something is missing"
)]

use std::fs;
use std::hint::black_box;
use std::io::Write as _;
use std::process::Command;
use std::time::{Duration, Instant};

use pgherd::app::logs::{Lens, LogStore, Pattern, Position, Shown};
use pgherd::model::log::{Level, LogLine};
use pgherd::model::name::ContainerName;
use pgherd::model::time::Timestamp;

const LINES: i64 = 1_000_000;
const CONTAINERS: i64 = 8;
const FLOOD: i64 = 500_000;
/// Rows of a large screen.
const ROWS: usize = 60;
/// As the program goes on with each event.
const STEP: usize = 2 << 20;
const FRAMES: u32 = 500;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if let [_, flood, containers] = args.as_slice()
        && flood == "flood"
    {
        return in_a_flood(containers.parse().unwrap());
    }
    for containers in [1, CONTAINERS] {
        let program = std::env::current_exe().unwrap();
        let output = Command::new(program).args(["flood", &containers.to_string()]).output();
        print!("{}", String::from_utf8_lossy(&output.unwrap().stdout));
    }
    let (store, list) = (fill(), plain_list());
    println!();
    frames(&store, &list);
    println!();
    search(store, &list);
}

/// Line `number`: about 110 bytes, mostly what a cluster says every ten seconds.
fn line(number: i64, names: &[ContainerName]) -> LogLine {
    let which = usize::try_from(number).unwrap() % names.len();
    let (at, level, words) = match number {
        _ if number % 250_000 == 99 => (
            19,
            Level::Error,
            "ERROR: the needle in this haystack was lost for good, sorry",
        ),
        _ if number % 1_000 == 500 => (
            51,
            Level::Warning,
            "WARNING: Loop time exceeded, rescheduling immediately now",
        ),
        _ if number % 4 < 2 => (
            12,
            Level::Info,
            "INFO: no action. I am (postgresql0), the leader with the lock",
        ),
        _ => (
            42,
            Level::Info,
            "INFO: Lock owner: postgresql0; I am postgresql1, a secondary",
        ),
    };
    LogLine {
        at: Timestamp::from_micros(1_763_842_671_000_000 + number * 100),
        container: names.get(which).unwrap().clone(),
        stderr: number % 2 == 0,
        level,
        text: format!("2026-11-22 19:17:{at},025 {words}, and line {number:010} of it"),
        spans: Vec::new(),
    }
}

fn names(count: i64) -> Vec<ContainerName> {
    (0..count)
        .map(|number| ContainerName::from(format!("container-{number}").as_str()))
        .collect()
}

/// The store after the flood, in a process of its own.
fn in_a_flood(containers: i64) {
    let (names, before) = (names(containers), memory("VmHWM"));
    let mut store = LogStore::default();
    for number in 0..FLOOD {
        store.push(line(number, &names));
    }
    let counts = store.counts(&Lens::default());
    assert_eq!(counts.kept as u64 + counts.dropped, u64::try_from(FLOOD).unwrap());
    let peak = memory("VmHWM") - before;
    println!(
        "flood of {FLOOD} lines from {containers:>2} containers: {} kept, {} dropped and counted, peak {:.1} MB more",
        counts.kept,
        counts.dropped,
        peak as f64 / 1e6
    );
}

/// A million lines in the store.
fn fill() -> LogStore {
    let (names, before) = (names(CONTAINERS), memory("VmRSS"));
    let mut store = LogStore::bounded(1 << 30);
    let (mut took, mut text) = (Duration::ZERO, 0);
    for batch in 0..LINES / 1_000 {
        let lines: Vec<LogLine> = (0..1_000).map(|number| line(batch * 1_000 + number, &names)).collect();
        text += lines.iter().map(|line| line.text.len()).sum::<usize>();
        let begun = Instant::now();
        for line in &lines {
            store.push(line);
        }
        took += begun.elapsed();
    }
    told("store", text, memory("VmRSS") - before, took);
    let beside = (store.bytes() - text) as f64 / LINES as f64;
    println!("  by its own count {beside:.1} bytes beside the text of a line");
    store
}

/// The same in a plain list.
fn plain_list() -> Vec<LogLine> {
    let (names, before) = (names(CONTAINERS), memory("VmRSS"));
    let mut list = Vec::new();
    let (mut took, mut text) = (Duration::ZERO, 0);
    for number in 0..LINES {
        let line = line(number, &names);
        text += line.text.len();
        let begun = Instant::now();
        list.push(line);
        took += begun.elapsed();
    }
    told("Vec<LogLine>", text, memory("VmRSS") - before, took);
    list
}

fn told(what: &str, text: usize, memory: usize, took: Duration) {
    println!(
        "{what:<13} {LINES} lines of {:.1} bytes: {:.1} bytes of memory each, appended in {:.0} ns each",
        text as f64 / LINES as f64,
        memory as f64 / LINES as f64,
        took.as_nanos() as f64 / LINES as f64,
    );
}

/// What a frame asks for, at the end and in the middle.
fn frames(store: &LogStore, list: &[LogLine]) {
    let middle = store.place_of(&Lens::default(), list.get(list.len() / 2).unwrap().at);
    for (name, lens) in [
        ("everything", Lens::default()),
        ("one container", Lens::of(Some(&"container-3".into()))),
        ("folded", folded()),
        ("warnings", warnings()),
        ("a common word", matching("leader")),
        ("a rare word", matching("needle")),
        ("folded, context", around("owner.*secondary")),
    ] {
        let mut store = store.clone();
        store.aim(&lens, None, None);
        while store.scan(usize::MAX) {}
        let [end, middle] = [None, middle.map(|(place, _)| place)].map(|end| frame(&store, &lens, end));
        let begun = Instant::now();
        let naive: Vec<&LogLine> = list.iter().rev().filter(|line| shows(&lens, line)).take(ROWS).collect();
        black_box(naive);
        println!(
            "a frame of {ROWS} rows, {name:<15}: {:>6.1} µs at the end, {:>6.1} µs in the middle; a plain list, {:>8.1} µs",
            micros(end),
            micros(middle),
            micros(begun.elapsed()),
        );
    }
}

fn frame(store: &LogStore, lens: &Lens, end: Option<Position>) -> Duration {
    let begun = Instant::now();
    for _ in 0..FRAMES {
        let rows: Vec<Shown<'_>> = store.window(lens, end, ROWS);
        black_box((rows, store.counts(lens)));
    }
    begun.elapsed() / FRAMES
}

fn folded() -> Lens {
    Lens {
        fold: true,
        ..Lens::default()
    }
}

fn warnings() -> Lens {
    Lens {
        least: Level::Warning,
        ..Lens::default()
    }
}

fn matching(text: &str) -> Lens {
    Lens {
        matching: Some(Pattern::parse(text).unwrap()),
        ..Lens::default()
    }
}

fn around(text: &str) -> Lens {
    Lens {
        context: 2,
        fold: true,
        ..matching(text)
    }
}

/// What a plain list has to try on each line; neither context nor folding.
fn shows(lens: &Lens, line: &LogLine) -> bool {
    let sought = lens.matching.as_ref();
    lens.has(&line.container) && line.level >= lens.least && sought.is_none_or(|sought| sought.is_match(&line.text))
}

fn search(mut store: LogStore, list: &[LogLine]) {
    let file = std::env::temp_dir().join(format!("pgherd-bench-{}.log", std::process::id()));
    let mut text = std::io::BufWriter::new(fs::File::create(&file).unwrap());
    for line in list {
        writeln!(text, "{}", line.text).unwrap();
    }
    text.into_inner().unwrap().sync_all().unwrap();
    for (sought, flag) in [
        ("leader", "-ci"),
        ("needle", "-ci"),
        ("Needle", "-c"),
        ("ERROR: the", "-c"),
        ("owner.*needle", "-ciE"),
        (r"line \d*77777\d* of", "-ciP"),
    ] {
        let lens = matching(sought);
        let (mut screen, mut longest, begun) = (None, Duration::ZERO, Instant::now());
        store.aim(&lens, None, None);
        loop {
            let step = Instant::now();
            let more = store.scan(STEP);
            longest = longest.max(step.elapsed());
            if screen.is_none() && (!more || store.window(&lens, None, ROWS).len() == ROWS) {
                screen = Some(begun.elapsed());
            }
            if !more {
                break;
            }
        }
        let (whole, found) = (begun.elapsed(), store.counts(&lens).matches.unwrap());
        let begun = Instant::now();
        let naive = list.iter().filter(|line| shows(&lens, line)).count();
        let naive_took = begun.elapsed();
        let begun = Instant::now();
        let grep = Command::new("grep").args([flag, sought]).arg(&file).output().unwrap();
        let grep_took = begun.elapsed();
        let count = String::from_utf8_lossy(&grep.stdout).trim().parse::<usize>().unwrap();
        assert_eq!((found.lines, found.complete, naive), (count, true, count), "{sought}");
        println!(
            "/{sought}/ {} matches: first screen {:.1} ms, all {:.1} ms, longest step {:.2} ms; a plain list {:.1} ms, \
             grep {flag} {:.1} ms",
            found.lines,
            millis(screen.unwrap()),
            millis(whole),
            millis(longest),
            millis(naive_took),
            millis(grep_took),
        );
    }
    fs::remove_file(file).unwrap();
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// A figure of this process, in bytes.
fn memory(key: &str) -> usize {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(key)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1_024
}
