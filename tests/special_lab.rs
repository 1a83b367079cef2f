//! A lab with three ZooKeeper servers, and a third member that has a small disk: what the loss of one server, of the one
//! that leads them and of their majority does to the cluster, and what a full disk does; what the screen says of it, and
//! that `pgherd heal` takes it back. Needs Docker.

#![cfg(test)]

#[path = "support/lab.rs"]
mod lab;
#[path = "support/terminal.rs"]
mod terminal;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use lab::{Lab, PGHERD, lab_with_an_ensemble, of_project, on_lab, service_of};
use tempfile::TempDir;
use terminal::Terminal;

const PROJECT: &str = "pgherd-test-special";
const SERVERS: [&str; 3] = ["zoo", "zoo2", "zoo3"];
const SOON: Duration = Duration::from_secs(15);
const FAILOVER: Duration = Duration::from_secs(60);
const ESC: &str = "\u{1b}";

fn run(state: &Path, args: &[&str]) -> String {
    let output = on_lab(state, args).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args:?}: {text}");
    text
}

/// The lab, whole; who leads it; and a folder for journals.
fn special_lab() -> (Lab, String, TempDir) {
    let lab = lab_with_an_ensemble(PROJECT);
    whole(&lab);
    let leader = lab.leader().unwrap();
    (lab, leader, tempfile::tempdir().unwrap())
}

/// The program dies; its fault stays, and is known.
fn forsake(mut program: Child) {
    program.kill().unwrap();
    program.wait().unwrap();
}

/// Begins a fault that lasts.
fn begin(state: &Path, fault: &str, on: &str, more: &[&str]) -> Child {
    let args = [&["fault", fault, "--on", on, "--for", "10m", "--yes"], more].concat();
    on_lab(state, &args).stdout(Stdio::null()).spawn().unwrap()
}

/// What each server says that it is.
fn modes(lab: &Lab) -> BTreeMap<&'static str, Option<String>> {
    SERVERS.iter().map(|server| (*server, lab.mode(server))).collect()
}

fn with_mode(lab: &Lab, mode: &str) -> Vec<&'static str> {
    let modes = modes(lab).into_iter();
    modes
        .filter(|(_, found)| found.as_deref() == Some(mode))
        .map(|(server, _)| server)
        .collect()
}

fn whole(lab: &Lab) {
    lab.wait("one leads, two follow, and the standby streams", FAILOVER, |lab| {
        let streams = |name: &&str| lab.state(name).as_deref() == Some("streaming");
        with_mode(lab, "leader").len() == 1
            && with_mode(lab, "follower").len() == 2
            && lab.leader().is_some()
            && ["postgresql0", "postgresql1"].iter().any(streams)
    });
}

fn monitor(state: &Path) -> Terminal {
    let environment = [("XDG_STATE_HOME", state.to_str().unwrap())];
    let terminal = Terminal::start(PGHERD, &["--cluster", PROJECT], &environment, (120, 80));
    terminal.wait_for("✓ agree", SOON * 2);
    terminal
}

/// What stands in the list of findings; closes it again.
fn finding(terminal: &Terminal, words: &str) {
    terminal.keys("a");
    terminal.wait_for("Findings", SOON);
    terminal.wait_for(words, SOON);
    terminal.keys(ESC);
    terminal.wait("the findings closed", SOON, |screen| !screen.contains("Findings ━"));
}

/// PostgreSQL of a member is a standby, by its own word.
fn in_recovery(lab: &Lab, member: &str) -> Option<bool> {
    let ask = "psql -h /tmp -Atc 'SELECT pg_is_in_recovery()' 2>/dev/null || true";
    match lab.run_in(service_of(member), &["sh", "-c", ask]).trim() {
        "t" => Some(true),
        "f" => Some(false),
        _ => None,
    }
}

#[test]
fn the_loss_of_one_server_or_of_the_one_that_leads_moves_nobody() {
    let (lab, leader, state) = special_lab();
    let state = state.path();
    let terminal = monitor(state);
    for (fault, on) in [("stop", "store"), ("pause", "store"), ("kill", "store-leader")] {
        let begun = Instant::now();
        let first = with_mode(&lab, "leader");
        let program = begin(state, fault, on, &[]);
        lab.wait(&format!("{fault} of {on} is done, and two go on"), SOON, |lab| {
            let modes = modes(lab);
            let silent: Vec<_> = modes.iter().filter(|(_, mode)| mode.is_none()).collect();
            let hit_leader = silent.first().is_some_and(|(server, _)| first.contains(*server));
            silent.len() == 1 && hit_leader == (on == "store-leader") && with_mode(lab, "leader").len() == 1
        });
        finding(&terminal, "1 of 3 ZooKeeper servers does not answer");
        forsake(program);
        let text = run(state, &["heal"]);
        assert!(text.contains("healed"), "{text}");
        whole(&lab);
        terminal.wait("the finding is gone", SOON, |screen| {
            screen.contains("✓ agree") && !screen.contains("ZooKeeper servers does not answer")
        });
        assert_eq!(lab.leader().as_deref(), Some(leader.as_str()), "{fault} of {on}");
        assert_eq!(in_recovery(&lab, &leader), Some(false));
        println!("{fault} of {on}: {:?}", begun.elapsed());
    }
}

#[test]
fn without_a_majority_nobody_leads_until_it_is_back() {
    let (lab, leader, state) = special_lab();
    let state = state.path();
    let terminal = monitor(state);
    let program = begin(state, "stop", "store-majority", &[]);
    lab.wait("no server serves", SOON, |lab| modes(lab).values().all(Option::is_none));
    let running = |server: &&&str| lab.inspect(server, "{{.State.Running}}") == "true";
    assert_eq!(SERVERS.iter().filter(running).count(), 1, "one is left, alone");
    finding(&terminal, "ZooKeeper does not answer");
    lab.wait("Patroni demotes the leader", FAILOVER, |lab| {
        in_recovery(lab, &leader) == Some(true)
    });
    forsake(program);
    let list = run(state, &["heal", "--list"]);
    assert_eq!(list.lines().filter(|line| line.contains("stop")).count(), 2, "{list}");
    run(state, &["heal"]);
    whole(&lab);
    terminal.wait_for("✓ agree", FAILOVER);
    terminal.keys("w");
    // Whoever takes the lock first when ZooKeeper is back.
    let verdict = if lab.leader() == Some(leader) {
        "ZooKeeper outage with demotion"
    } else {
        "failover"
    };
    terminal.wait(verdict, FAILOVER, |screen| {
        let says = |line: &str| line.contains("verdict") && line.contains(verdict);
        screen.lines().any(says)
    });
}

#[test]
fn two_faults_at_once_are_done_and_healed_together() {
    let (lab, leader, state) = special_lab();
    let state = state.path();
    let standby = if leader == "postgresql0" {
        "postgresql1"
    } else {
        "postgresql0"
    };
    let paused = |lab: &Lab| lab.inspect(service_of(standby), "{{.State.Paused}}") == "true";
    let pause = format!("pause:{standby}");
    let program = begin(state, "stop", "store", &["--with", &pause]);
    lab.wait("both are done", SOON, |lab| {
        paused(lab) && modes(lab).values().filter(|mode| mode.is_none()).count() == 1
    });
    forsake(program);
    assert!(paused(&lab), "it outlives the program");
    run(state, &["heal"]);
    assert!(!paused(&lab));
    whole(&lab);
    assert_eq!(lab.leader(), Some(leader));
}

/// A third member with a disk of its own, in memory; gone at the end.
struct Third;

impl Third {
    const NAME: &str = "postgresql2";
    const SERVICE: &str = "pg-third";

    fn join(lab: &Lab) -> Self {
        let image = lab.inspect("pg-slave", "{{.Config.Image}}");
        let user = lab.run_in("pg-slave", &["id", "-u"]);
        let host = format!("{}.data", Self::SERVICE);
        let disk = format!("--tmpfs=/var/lib/postgresql:size=320m,mode=0700,uid={}", user.trim());
        let mut create = Command::new("docker");
        create.args([
            "create",
            "--name",
            &Self::container(),
            "--hostname",
            Self::SERVICE,
            &disk,
        ]);
        create.args(["--network", &of_project("data"), "--network-alias", &host]);
        for (key, value) in [("project", PROJECT), ("service", Self::SERVICE)] {
            create.arg(format!("--label=com.docker.compose.{key}={value}"));
        }
        for (name, value) in [
            ("LAB_STORE", "zoo zoo2 zoo3"),
            ("LAB_TTL", "20"),
            ("LAB_LOOP_WAIT", "2"),
            ("LAB_RETRY_TIMEOUT", "3"),
            ("PATRONI_NAME", Self::NAME),
            ("PATRONI_POSTGRESQL_CONNECT_ADDRESS", &format!("{host}:5432")),
            ("PATRONI_RESTAPI_CONNECT_ADDRESS", &format!("{host}:8008")),
        ] {
            create.arg("-e").arg(format!("{name}={value}"));
        }
        create.args([&image, "patroni", "/postgres1.yml"]);
        succeed(&mut create);
        let third = Self;
        let (network, container) = (of_project("store"), Self::container());
        succeed(Command::new("docker").args(["network", "connect", &network, &container]));
        succeed(Command::new("docker").args(["start", &container]));
        Self::streams(lab);
        third
    }

    fn container() -> String {
        format!("{PROJECT}-{}", Self::SERVICE)
    }

    fn streams(lab: &Lab) {
        lab.wait("the third member streams", FAILOVER * 2, |lab| {
            lab.state(Self::NAME).as_deref() == Some("streaming")
        });
    }
}

impl Drop for Third {
    fn drop(&mut self) {
        let _ = Command::new("docker")
            .args(["rm", "-f", "-v", &Self::container()])
            .output();
    }
}

fn succeed(command: &mut Command) {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn a_full_disk_is_found_and_emptied_again() {
    let (lab, leader, state) = special_lab();
    let state = state.path();
    let _third = Third::join(&lab);
    let terminal = monitor(state);
    terminal.wait_for("PostgreSQL 3/3 ●", SOON);
    let free = |lab: &Lab| {
        let free = lab.run_in(Third::SERVICE, &["df", "-Pk", "/var/lib/postgresql"]);
        let line = free.lines().nth(1).unwrap().to_owned();
        line.split_whitespace().nth(3).unwrap().parse::<u64>().unwrap()
    };
    assert!(free(&lab) > 100_000);
    let program = begin(state, "fill-disk", Third::NAME, &[]);
    lab.wait("its disk is full", SOON, |lab| free(lab) < 1_000);
    // What it cannot keep any more.
    let fill =
        "psql -h /tmp -qc 'CREATE TABLE fill AS SELECT repeat(md5(g::text), 40) FROM generate_series(1, 60000) g'";
    lab.run_in(service_of(&leader), &["sh", "-c", fill]);
    finding(&terminal, &format!("the disk of {} is full", Third::NAME));
    forsake(program);
    assert!(free(&lab) < 1_000, "it outlives the program");
    let text = run(state, &["heal"]);
    assert!(text.contains("healed"), "{text}");
    Third::streams(&lab);
    assert_eq!(
        lab.run_in(
            Third::SERVICE,
            &["sh", "-c", "ls /var/lib/postgresql/data | grep -c pgherd || true"]
        )
        .trim(),
        "0"
    );
    terminal.wait("all is well again", FAILOVER, |screen| {
        screen.contains("PostgreSQL 3/3 ●") && !screen.contains("finding")
    });
    lab.run_in(service_of(&leader), &["psql", "-h", "/tmp", "-qc", "DROP TABLE fill"]);
    assert_eq!(lab.leader(), Some(leader));
}
