//! A client of the tests' own, which shares nothing with the program: one attempt every 100 ms on a new connection, each
//! with a deadline. What pgherd says of a fault is held against what this one saw of it.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tokio_postgres::NoTls;

use crate::lab::{Lab, PROJECT, service_of};
use crate::terminal::{Standstill, Terminal};
use crate::{HIGH, SOON, monitor};

/// From one attempt to the next.
const EVERY: Duration = Duration::from_millis(100);
/// For a whole attempt.
const DEADLINE: Duration = Duration::from_secs(1);
/// What pgherd says and what that client saw differ by less, and by what the machine stood still at most.
const AGREED: Duration = Duration::from_millis(300);
/// While two servers are up at once one client is luckier than another, but neither gets through for so long and the
/// other one does not notice.
const OUTAGE: Duration = Duration::from_secs(1);

/// An acknowledged row, and when its acknowledgement came: by a clock that never steps, and by the wall.
type Acknowledged = (i64, Instant, jiff::Timestamp);

/// A time without an acknowledgement, and between which instants.
type Gap = (Duration, jiff::Timestamp, jiff::Timestamp);

/// A client that writes until it is told to stop.
struct StraightLine {
    running: Arc<AtomicBool>,
    acknowledged: Arc<Mutex<Vec<Acknowledged>>>,
    thread: Option<JoinHandle<()>>,
}

/// A test that fails does not leave it writing into the next one.
impl Drop for StraightLine {
    fn drop(&mut self) {
        self.running.store(false, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// What it saw.
struct Seen {
    /// From each acknowledgement to the next one.
    gaps: Vec<Gap>,
    /// Acknowledged rows that are not there any more.
    lost: Vec<i64>,
}

impl Seen {
    /// The longest time without an acknowledgement.
    fn longest(&self) -> Duration {
        self.gaps.iter().map(|(gap, ..)| *gap).max().unwrap()
    }
}

impl StraightLine {
    fn start(lab: &Lab) -> Self {
        // Its password costs one round of hashing: 4096 of them in a test's build would be what is measured.
        psql(
            lab,
            "DROP TABLE IF EXISTS public.straight_line; DROP ROLE IF EXISTS straight_line;
             SET scram_iterations = 1; CREATE ROLE straight_line LOGIN PASSWORD 'straight_line';
             CREATE TABLE public.straight_line (id bigint PRIMARY KEY);
             GRANT INSERT ON public.straight_line TO straight_line",
        );
        let login = "straight_line:straight_line";
        let url = format!("postgresql://{login}@{}/postgres?sslmode=disable", entry());
        let running = Arc::new(AtomicBool::new(true));
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let (flag, list) = (Arc::clone(&running), Arc::clone(&acknowledged));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let mut ticks = tokio::time::interval(EVERY);
                for id in 1_i64.. {
                    ticks.tick().await;
                    if !flag.load(Ordering::SeqCst) {
                        break;
                    }
                    let (url, list) = (url.clone(), Arc::clone(&list));
                    tokio::spawn(async move {
                        let attempt = tokio::time::timeout(DEADLINE, insert(&url, id));
                        if let Ok(Ok(())) = attempt.await {
                            list.lock().unwrap().push((id, Instant::now(), jiff::Timestamp::now()));
                        }
                    });
                }
            });
        });
        Self {
            running,
            acknowledged,
            thread: Some(thread),
        }
    }

    /// Stops it; what it saw.
    fn end(mut self, lab: &Lab) -> Seen {
        self.running.store(false, Ordering::SeqCst);
        self.thread.take().unwrap().join().unwrap();
        let mut acknowledged = self.acknowledged.lock().unwrap().clone();
        acknowledged.sort_by_key(|(_, at, _)| *at);
        let pairs = acknowledged.windows(2);
        let gaps = pairs
            .map(|pair| (pair[1].1 - pair[0].1, pair[0].2, pair[1].2))
            .collect();
        let present = psql(lab, "SELECT id FROM public.straight_line");
        let present: BTreeSet<i64> = present.lines().map(|id| id.parse().unwrap()).collect();
        let ids = acknowledged.iter().map(|(id, ..)| *id);
        let lost = ids.filter(|id| !present.contains(id)).collect();
        psql(lab, "DROP TABLE public.straight_line; DROP ROLE straight_line");
        Seen { gaps, lost }
    }
}

async fn insert(url: &str, id: i64) -> Result<(), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let driven = tokio::spawn(connection);
    let done = client
        .execute("INSERT INTO public.straight_line VALUES ($1)", &[&id])
        .await
        .map(drop);
    driven.abort();
    done
}

/// Both at work on the healthy lab, with so much behind them that there is a last write before the fault.
pub(crate) struct Measured {
    pub(crate) terminal: Terminal,
    client: StraightLine,
    standstill: Standstill,
    reports: TempDir,
}

impl Measured {
    pub(crate) fn begin(lab: &Lab) -> Self {
        let reports = tempfile::tempdir().unwrap();
        let terminal = monitor(HIGH, &[("PGHERD_REPORTS", reports.path().to_str().unwrap())]);
        terminal.wait_for("probe ● 10/s", SOON);
        let client = StraightLine::start(lab);
        let standstill = Standstill::watch();
        thread::sleep(Duration::from_secs(2));
        Self {
            terminal,
            client,
            standstill,
            reports,
        }
    }

    /// Has pgherd write its report, once writes succeed again and their rows were read back. Holds the outage that it
    /// tells of against the longest that the other client saw; each that both must have felt has a counterpart. Gives
    /// the terminal, the report, and what the other client lost.
    pub(crate) fn end(self, lab: &Lab, what: &str) -> (Terminal, Value, Vec<i64>) {
        let report = self.report();
        let seen = self.client.end(lab);
        let doubt = AGREED + self.standstill.end() + both_up(&report);
        let said = Duration::from_secs_f64(report["outage"]["span"]["told_s"].as_f64().unwrap());
        let longest = seen.longest();
        let apart = said.abs_diff(longest);
        println!("{what}: pgherd {said:?}, straight line {longest:?}: {apart:?} of {doubt:?} apart");
        let ours = outages(&report);
        for (name, list) in [("pgherd", &ours), ("straight line", &seen.gaps)] {
            for (span, from, until) in list.iter().filter(|(span, ..)| *span >= 3 * EVERY) {
                println!("  {name}: {from} to {until}, {span:?}");
            }
        }
        println!("{report:#}");
        assert!(apart < doubt, "{what}: pgherd {said:?}, straight line {longest:?}");
        for (these, others) in [(&ours, &seen.gaps), (&seen.gaps, &ours)] {
            for one in these.iter().filter(|(span, ..)| *span >= OUTAGE) {
                let other = counterpart(one, others);
                let felt = other.is_some_and(|span| span >= 3 * EVERY);
                assert!(felt, "{what}: {one:?} and {other:?}");
            }
        }
        (self.terminal, report, seen.lost)
    }
}

impl Measured {
    /// The report, once it tells of an outage that has ended and of rows that were read back.
    fn report(&self) -> Value {
        let until = Instant::now() + SOON;
        loop {
            let before = documents(self.reports.path()).len();
            self.terminal.keys("W");
            self.terminal.wait("a report more, and whole", SOON, |_| {
                documents(self.reports.path()).len() > before && report(self.reports.path()).is_some()
            });
            let report = report(self.reports.path()).unwrap();
            if report["outage"].is_object() && report["clients"]["ledger"].is_object() {
                return report;
            }
            assert!(Instant::now() < until, "no end of the outage: {report:#}");
            thread::sleep(Duration::from_secs(1));
        }
    }
}

/// Outages of writes on new connections, as a report tells of them.
fn outages(report: &Value) -> Vec<Gap> {
    let lanes = report["clients"]["lanes"].as_array().unwrap();
    let lane = lanes.iter().find(|lane| lane["lane"] == "writes").unwrap();
    let outages = lane["outages"].as_array().unwrap().iter();
    let gaps = outages.map(|outage| {
        let at = |end: &str| -> jiff::Timestamp { outage[end]["at"].as_str().unwrap().parse().unwrap() };
        let (from, until) = (at("from"), at("until"));
        let span = if until < from {
            Duration::ZERO
        } else {
            until.duration_since(from).unsigned_abs()
        };
        (span, from, until)
    });
    gaps.collect()
}

/// How long HAProxy had two servers up at the end: one client is served a moment earlier than another by luck.
fn both_up(report: &Value) -> Duration {
    let end = |name: &str| {
        let phases = report["phases"].as_array().unwrap();
        let phase = phases.iter().find(|phase| phase["name"] == name);
        phase.and_then(|phase| phase["to"]["offset_s"].as_f64())
    };
    match (end("route"), end("old out")) {
        (Some(new), Some(old)) if old > new => Duration::from_secs_f64(old - new),
        _ => Duration::ZERO,
    }
}

/// The longest of the others that was at the same time.
fn counterpart((_, from, until): &Gap, others: &[Gap]) -> Option<Duration> {
    let overlapping = others.iter().filter(|(_, begin, end)| begin < until && from < end);
    overlapping.map(|(span, ..)| *span).max()
}

/// The last report in a folder, as a document; nothing while it is written.
pub(crate) fn report(folder: &Path) -> Option<Value> {
    let written = |path: &PathBuf| fs::metadata(path).unwrap().modified().unwrap();
    let last = documents(folder).into_iter().max_by_key(written).unwrap();
    serde_json::from_str(&fs::read_to_string(last).unwrap()).ok()
}

/// The reports in a folder, as documents.
fn documents(folder: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .collect()
}

/// Where the lab's entry point is published.
fn entry() -> String {
    let container = format!("{PROJECT}-postgres_entrypoint");
    let output = Command::new("docker")
        .args(["port", &container, "5432"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .next()
        .unwrap()
        .trim()
        .to_owned()
}

/// What `psql` prints on the leader.
pub(crate) fn psql(lab: &Lab, sql: &str) -> String {
    psql_on(service_of(&lab.leader().unwrap()), sql)
}

/// What it prints there.
pub(crate) fn psql_on(service: &str, sql: &str) -> String {
    let container = format!("{PROJECT}-{service}");
    let output = Command::new("docker")
        .args(["exec", "-e", "PGPASSWORD=postgres", &container, "psql", "-X", "-At"])
        .args(["-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-c", sql])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
