//! What clients see, as pgherd measures it, held against a client of the tests' own: one attempt every 100 ms on a new
//! connection, each with a deadline, and nothing shared with the program.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio_postgres::NoTls;

use crate::lab::{Lab, PROJECT, lab, pgherd, service_of};
use crate::terminal::{Standstill, Terminal};
use crate::{FAILOVER, HIGH, SOON, act, bring_back, monitor, other, select};

/// From one attempt to the next.
const EVERY: Duration = Duration::from_millis(100);
/// For a whole attempt.
const DEADLINE: Duration = Duration::from_secs(1);
/// What pgherd says and what that client saw differ by less, and by what the machine stood still at most.
const AGREED: Duration = Duration::from_millis(300);

/// A client that writes until it is told to stop.
struct StraightLine {
    running: Arc<AtomicBool>,
    /// Each acknowledged row, and when its acknowledgement came.
    acknowledged: Arc<Mutex<Vec<(i64, Instant)>>>,
    thread: JoinHandle<()>,
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
                            list.lock().unwrap().push((id, Instant::now()));
                        }
                    });
                }
            });
        });
        Self {
            running,
            acknowledged,
            thread,
        }
    }

    /// Stops it; its longest time without an acknowledgement, and the acknowledged rows that are not there any more.
    fn end(self, lab: &Lab) -> (Duration, Vec<i64>) {
        self.running.store(false, Ordering::SeqCst);
        self.thread.join().unwrap();
        let mut acknowledged = self.acknowledged.lock().unwrap().clone();
        acknowledged.sort_by_key(|(_, at)| *at);
        let gap = acknowledged.windows(2).map(|pair| pair[1].1 - pair[0].1).max().unwrap();
        let present = psql(lab, "SELECT id FROM public.straight_line");
        let present: BTreeSet<i64> = present.lines().map(|id| id.parse().unwrap()).collect();
        let lost = acknowledged
            .iter()
            .map(|(id, _)| *id)
            .filter(|id| !present.contains(id));
        let lost = lost.collect();
        psql(lab, "DROP TABLE public.straight_line; DROP ROLE straight_line");
        (gap, lost)
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
fn psql_on(service: &str, sql: &str) -> String {
    let container = format!("{PROJECT}-{service}");
    let output = Command::new("docker")
        .args(["exec", "-e", "PGPASSWORD=postgres", &container, "psql", "-X", "-At"])
        .args(["-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-c", sql])
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// `22.8 s without writes` on the screen.
fn outage(screen: &str) -> Option<Duration> {
    let (before, _) = screen.split_once(" s without writes")?;
    Duration::try_from_secs_f64(before.rsplit(' ').next()?.parse().ok()?).ok()
}

/// Hits the leader by `key` while both try to write, and holds pgherd's figure against the other one's; what the other one
/// lost.
fn measured(lab: &Lab, key: &str, question: &str) -> (Terminal, String, Vec<i64>) {
    let leader = lab.leader().unwrap();
    let terminal = monitor(HIGH, &[]);
    terminal.wait("the probe at work", SOON, |screen| screen.contains("probe ● 10/s"));
    let client = StraightLine::start(lab);
    let standstill = Standstill::watch();
    // So much has to be there to be lost.
    thread::sleep(Duration::from_secs(5));
    select(&terminal, &leader);
    act(&terminal, key, &format!("{question} {leader}"));
    terminal.wait_for("writes fail: ", SOON);
    terminal.wait_for("writes succeed again after ", FAILOVER);
    terminal.wait("the rows read back", SOON, |screen| {
        screen.contains("acknowledged writes lost")
    });
    terminal.wait("stable, as clients see it", SOON * 3, |screen| {
        screen.contains("✓ failover: ") && outage(screen).is_some()
    });
    let screen = terminal.screen();
    let (gap, lost) = client.end(lab);
    let said = outage(&screen).unwrap();
    let stall = standstill.end();
    println!(
        "{question} {leader}: pgherd {said:?}, straight line {gap:?} (stood still {stall:?}), lost {lost:?}\n{screen}"
    );
    let doubt = AGREED + stall;
    assert!(said.abs_diff(gap) < doubt, "pgherd {said:?}, straight line {gap:?}");
    (terminal, leader, lost)
}

#[test]
fn the_outage_of_a_killed_leader_is_what_another_client_measures() {
    let lab = lab();
    let (terminal, leader, _) = measured(&lab, "K", "Kill");
    bring_back(&lab, &terminal, &leader);
    let held = psql(&lab, "SELECT count(*) <= 8192 AND max(slot) < 8192 FROM pgherd.probe");
    assert_eq!(held, "t");
}

#[test]
fn a_clean_stop_loses_no_acknowledged_write_and_says_so() {
    let lab = lab();
    let (terminal, leader, lost) = measured(&lab, "s", "Stop");
    assert_eq!(lost, Vec::<i64>::new());
    assert!(terminal.row(" acknowledged writes lost").unwrap().contains(" 0 of "));
    terminal.keys("w");
    terminal.wait_for("Writes on new connections: none for ", SOON);
    assert!(!terminal.screen().contains("TWO PRIMARIES"), "{}", terminal.screen());
    terminal.keys(crate::ESC);
    terminal.wait("closed", SOON, |screen| !screen.contains("What happened"));
    bring_back(&lab, &terminal, &leader);
}

/// Sequence numbers of the probe's rows on one member.
fn rows_on(service: &str) -> BTreeSet<i64> {
    let newest = "(SELECT run FROM pgherd.probe ORDER BY run DESC LIMIT 1)";
    let rows = psql_on(service, &format!("SELECT seq FROM pgherd.probe WHERE run = {newest}"));
    rows.lines().map(|seq| seq.parse().unwrap()).collect()
}

/// The lost writes that the report in that folder names.
fn lost_by_report(folder: &Path) -> Vec<i64> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let json = files.filter(|path| path.extension().is_some_and(|ending| ending == "json"));
    let text = fs::read_to_string(json.last().unwrap()).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    let lost = report["clients"]["ledger"]["lost"].as_array().unwrap();
    lost.iter().map(|seq| seq.as_i64().unwrap()).collect()
}

#[test]
fn writes_that_no_standby_had_are_lost_by_number() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let standby = other(&leader);
    let reports = tempfile::tempdir().unwrap();
    let terminal = monitor(HIGH, &[("PGHERD_REPORTS", reports.path().to_str().unwrap())]);
    terminal.wait("the probe at work", SOON, |screen| screen.contains("probe ● 10/s"));
    let shared = rows_on(service_of(&leader));
    lab.cut_off(service_of(standby));
    thread::sleep(Duration::from_secs(4));
    let old = rows_on(service_of(&leader));
    lab.docker("kill", service_of(&leader));
    lab.reconnect(service_of(standby));
    terminal.wait_for(&format!("{standby} took the lock"), FAILOVER * 2);
    terminal.wait("the loss counted", FAILOVER, |screen| {
        screen.contains(" acknowledged writes lost: ")
    });
    let new = rows_on(service_of(standby));
    // Read on the old leader shortly before its end, missing on the new one: lost, whoever counts.
    let stranded: Vec<i64> = old.difference(&new).copied().collect();
    assert!(stranded.len() >= 20, "{stranded:?}");
    assert!(stranded.iter().all(|seq| !shared.contains(seq)));
    terminal.keys("W");
    terminal.wait_for("report written: ", SOON);
    let said = lost_by_report(reports.path());
    println!("stranded {stranded:?}\npgherd says {said:?}");
    // A row whose acknowledgement did not arrive in time was not promised; all others that were seen there are named.
    let unnamed = stranded.iter().filter(|seq| !said.contains(seq)).count();
    assert!(unnamed <= 2, "{unnamed} rows are gone and not named");
    // And nothing else is, but what was written after that look.
    let last = stranded[stranded.len() - 1];
    let others: Vec<_> = said
        .iter()
        .filter(|seq| **seq <= last && !stranded.contains(seq))
        .collect();
    assert_eq!(others, Vec::<&i64>::new());
    lab.docker("start", service_of(&leader));
    lab.wait("the old leader streams", FAILOVER * 3, |lab| {
        lab.state(&leader).as_deref() == Some("streaming")
    });
}

#[test]
fn the_table_is_made_and_removed_by_command_and_missed_with_words() {
    let lab = lab();
    let there = || {
        psql(
            &lab,
            "SELECT count(*) FROM pg_class WHERE relname = 'probe' AND relkind = 'r'",
        )
    };
    let run = |args: &[&str]| {
        let output = pgherd(&[&["--cluster", PROJECT], args].concat());
        let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
        println!("{args:?}: {text}");
        (output.status.code(), text)
    };
    assert_eq!(run(&["probe", "install"]).0, Some(0));
    assert_eq!(there(), "1");
    assert_eq!(run(&["probe", "install"]).0, Some(0), "twice does no harm");
    let (code, text) = run(&["probe", "install", "--read-only"]);
    assert!(code == Some(2) && text.contains("read-only"), "{text}");
    assert_eq!(run(&["probe", "uninstall"]).0, Some(0));
    assert_eq!(there(), "0");

    // A role that may not make it, and not use it either.
    let login = [("PGUSER", "pgherd"), ("PGPASSWORD", "pgherd")];
    let terminal = Terminal::start(crate::PGHERD, &["--cluster", PROJECT], &login, (120, 40));
    terminal.wait_for("probe ✗", SOON);
    terminal.wait_for("no table pgherd.probe: pgherd probe", SOON);
    terminal.wait("nothing else disturbed", SOON, |screen| screen.contains("agree"));
    drop(terminal);
    let terminal = Terminal::start(crate::PGHERD, &["--cluster", PROJECT, "--read-only"], &[], (120, 40));
    terminal.wait_for("probe ● reads", SOON);
    assert_eq!(there(), "0", "read-only makes nothing");
    drop(terminal);
    let terminal = monitor((120, 40), &[]);
    terminal.wait_for("probe ● 10/s", SOON);
    assert_eq!(there(), "1", "a lab's is made by itself");
    let standby = other(&lab.leader().unwrap());
    terminal.wait("the standby in its row", SOON, |screen| screen.contains(standby));
}

#[test]
fn a_table_that_is_spoilt_in_the_middle_of_a_run_is_said_and_mended() {
    let lab = lab();
    let terminal = monitor((200, 50), &[]);
    terminal.wait_for("probe ● 10/s", SOON);
    for (spoil, said) in [
        ("DROP TABLE pgherd.probe", "no table pgherd.probe: pgherd probe install"),
        (
            "REVOKE INSERT ON pgherd.probe FROM pgherd_probe",
            "role pgherd_probe lacks INSERT on pgherd.probe",
        ),
        (
            "ALTER TABLE pgherd.probe DROP COLUMN written",
            "pgherd.probe was changed, its columns are not those of version 1",
        ),
    ] {
        psql(&lab, spoil);
        terminal.wait_for(said, SOON);
        terminal.wait(&format!("mended after {spoil}"), SOON, |screen| {
            screen.contains("probe ● 10/s") && screen.contains("agree")
        });
    }
    let columns = "SELECT count(*) FROM information_schema.columns WHERE table_schema = 'pgherd'";
    assert_eq!(psql(&lab, columns), "4");

    // The same for one who may not mend it: it says who has to do what, and goes on by itself after that.
    let install = ["--cluster", PROJECT, "probe", "install", "--role", "pgherd"];
    assert!(pgherd(&install).status.success());
    let login = [("PGUSER", "pgherd"), ("PGPASSWORD", "pgherd")];
    let terminal = Terminal::start(crate::PGHERD, &["--cluster", PROJECT], &login, (200, 50));
    terminal.wait_for("probe ● 10/s", SOON);
    psql(&lab, "REVOKE INSERT ON pgherd.probe FROM pgherd");
    terminal.wait_for("role pgherd lacks INSERT on pgherd.probe", SOON);
    terminal.wait("nothing else disturbed", SOON, |screen| {
        screen.contains("probe ✗") && screen.contains("agree")
    });
    assert!(pgherd(&["--cluster", PROJECT, "probe", "uninstall"]).status.success());
}
