//! The binary on the real reference cluster: acts by key, outages, recovery. What the screen says is held against
//! Patroni's own REST answer. One test at a time: they share one lab.

#![cfg(test)]

#[path = "real_lab/check.rs"]
mod check;
#[path = "real_lab/clients.rs"]
mod clients;
#[path = "real_lab/containers.rs"]
mod containers;
#[path = "support/docker_proxy.rs"]
mod docker_proxy;
#[path = "real_lab/docker_source.rs"]
mod docker_source;
#[path = "real_lab/drills.rs"]
mod drills;
#[path = "support/lab.rs"]
mod lab;
#[path = "real_lab/operations.rs"]
mod operations;
#[path = "real_lab/record.rs"]
mod record;
#[path = "real_lab/report.rs"]
mod report;
#[path = "real_lab/scenarios.rs"]
mod scenarios;
#[path = "real_lab/straight_line.rs"]
mod straight_line;
#[path = "support/terminal.rs"]
mod terminal;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use docker_proxy::{DockerProxy, Mode};
use lab::{Lab, PGHERD, PROJECT, lab, service_of};
use pgherd::source::docker::DEFAULT_SOCKET;
use terminal::Terminal;

const SOON: Duration = Duration::from_secs(10);
/// The fast profile's ttl is 20 s; then the race, the promotion and HAProxy's checks.
const FAILOVER: Duration = Duration::from_secs(60);
/// A source that is reachable again must be shown as such after at most this long.
const RECOVERY: Duration = Duration::from_secs(2);
/// A key must be answered within this.
const KEY: Duration = Duration::from_millis(100);
const ESC: &str = "\u{1b}";
/// So high that no change leaves the screen before a test has looked at it.
const HIGH: (u16, u16) = (120, 80);

/// The monitor on the tests' lab, once all four authorities agree.
fn monitor(size: (u16, u16), environment: &[(&str, &str)]) -> Terminal {
    let terminal = Terminal::start(PGHERD, &["--cluster", PROJECT], environment, size);
    terminal.wait("all four authorities agree", SOON * 3, |screen| {
        screen.contains("✓ agree")
    });
    terminal
}

/// Moves the selection to `member`; the members stand in the order of their names.
fn select(terminal: &Terminal, member: &str) {
    let selected = |screen: &str, member: &str| screen.contains(&format!(">{member}"));
    terminal.keys("g");
    terminal.wait("the first member selected", SOON, |screen| {
        selected(screen, "postgresql0")
    });
    if member != "postgresql0" {
        terminal.keys("j");
    }
    terminal.wait(&format!("{member} selected"), SOON, |screen| selected(screen, member));
}

/// Presses `key` on the selected member and says yes to the question, which must name it. While an earlier act is under
/// way there is no question: then again.
fn act(terminal: &Terminal, key: &str, question: &str) {
    let begun = Instant::now();
    loop {
        terminal.keys(key);
        if terminal.shows_within(question, Duration::from_secs(2)) {
            break;
        }
        assert!(begun.elapsed() < SOON, "no question: {question}\n{}", terminal.screen());
    }
    terminal.keys("y");
    terminal.wait("the question closed", SOON, |screen| !screen.contains(question));
}

fn other(member: &str) -> &'static str {
    if member == "postgresql0" {
        "postgresql1"
    } else {
        "postgresql0"
    }
}

#[test]
fn killing_the_leader_by_key_shows_every_phase_until_it_is_back() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let successor = other(&leader);
    let terminal = monitor(HIGH, &[]);
    select(&terminal, &leader);
    terminal.keys("K");
    terminal.wait_for(&format!("Kill {leader}"), SOON);
    let question = terminal.screen();
    assert!(
        question.contains(&format!("{leader} is the leader: clients lose writes until a failover")),
        "{question}"
    );
    assert!(
        question.contains(&format!("1 standby can take over: {successor}")),
        "{question}"
    );
    terminal.keys("y");

    terminal.wait_for("exited 137 (SIGKILL)", SOON);
    terminal.wait("the lock still held, and until when", SOON, |screen| {
        screen.contains("at the latest")
    });
    terminal.wait_for(&format!("{leader} lost the lock"), FAILOVER);
    terminal.wait_for(&format!("{successor} took the lock"), FAILOVER);
    terminal.wait("promotion and new timeline", SOON, |screen| {
        screen.contains("promoted: timeline")
    });
    terminal.wait("HAProxy's servers changing", FAILOVER, |screen| {
        screen.contains("DOWN → UP") || screen.contains("→ UP")
    });
    lab.wait("Patroni's REST names the new leader", SOON, |lab| {
        lab.leader().as_deref() == Some(successor)
    });
    terminal.wait("the new leader in its row", SOON, |screen| {
        screen
            .lines()
            .any(|line| line.contains(successor) && line.contains("Leader"))
    });

    bring_back(&lab, &terminal, &leader);
}

#[test]
fn stopping_the_leader_by_key_shows_the_handover_until_it_is_back() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let successor = other(&leader);
    let terminal = monitor(HIGH, &[]);
    select(&terminal, &leader);
    act(&terminal, "s", &format!("Stop {leader}"));
    terminal.wait_for("exited 0", FAILOVER);
    terminal.wait_for(&format!("{successor} took the lock"), FAILOVER);
    terminal.wait("promotion and new timeline", SOON, |screen| {
        screen.contains("promoted: timeline")
    });
    lab.wait("Patroni's REST names the new leader", SOON, |lab| {
        lab.leader().as_deref() == Some(successor)
    });
    bring_back(&lab, &terminal, &leader);
}

fn bring_back(lab: &Lab, terminal: &Terminal, member: &str) {
    select(terminal, member);
    act(terminal, "u", &format!("Start {member}"));
    terminal.wait("the old leader back as a replica, streaming", FAILOVER, |screen| {
        screen
            .lines()
            .any(|line| line.contains(member) && line.contains("Replica") && line.contains("streaming"))
    });
    lab.wait("Patroni's REST says so too", FAILOVER, |lab| {
        lab.state(member).as_deref() == Some("streaming")
    });
    terminal.wait("all four authorities agree again", FAILOVER, |screen| {
        screen.contains("✓ agree")
    });
}

/// Pauses, kills and restarts one part, and looks at the screen meanwhile. `down` and `up` are what the header says.
fn outage(lab: &Lab, terminal: &Terminal, service: &str, down: &str, up: &str) {
    for (begin, end) in [("pause", "unpause"), ("kill", "start"), ("stop", "start")] {
        terminal.wait(&format!("{service} up before {begin}"), FAILOVER, |screen| {
            screen.contains(up)
        });
        lab.docker(begin, service);
        let slowest = terminal.slowest_key(Duration::from_secs(6));
        assert!(slowest < KEY, "{begin} {service}: a key took {slowest:?}");
        terminal.wait(&format!("{service} said to be down after {begin}"), SOON, |screen| {
            screen.contains(down)
        });
        terminal.wait_for("postgresql0", SOON);
        lab.docker(end, service);
        reachable_again(lab, service);
        let took = terminal.wait(&format!("{service} back after {end}"), SOON, |screen| {
            screen.contains(up)
        });
        assert!(
            took < RECOVERY,
            "{end} {service}: shown {took:?} after it was reachable"
        );
        println!("{service} {begin}/{end}: slowest key {slowest:?}, back after {took:?}");
    }
}

/// Waits until the service itself answers, asked directly.
fn reachable_again(lab: &Lab, service: &str) {
    lab.wait(&format!("{service} answers"), FAILOVER, |lab| lab.answers(service));
}

#[test]
fn an_outage_of_zookeeper_leaves_keys_and_screen_alone() {
    let lab = lab();
    let terminal = monitor((120, 40), &[]);
    outage(&lab, &terminal, "zoo", "ZooKeeper ✗", "ZooKeeper ●");
}

#[test]
fn an_outage_of_haproxy_leaves_keys_and_screen_alone() {
    let lab = lab();
    let terminal = monitor((120, 40), &[]);
    outage(&lab, &terminal, "postgres_entrypoint", "HAProxy ✗", "HAProxy ●");
}

#[test]
fn an_outage_of_a_replica_leaves_keys_and_screen_alone() {
    let lab = lab();
    let terminal = monitor((120, 40), &[]);
    let replica = other(&lab.leader().unwrap());
    outage(&lab, &terminal, service_of(replica), "PostgreSQL 1/2", "PostgreSQL 2/2");
}

#[test]
fn a_docker_api_that_hangs_closes_or_talks_nonsense_is_an_outage_like_any_other() {
    let lab = lab();
    let folder = tempfile::tempdir().unwrap();
    let proxy = DockerProxy::start(&folder.path().join("docker.sock"), Path::new(DEFAULT_SOCKET)).unwrap();
    let host = proxy.host();
    let terminal = monitor((120, 40), &[("DOCKER_HOST", &host)]);
    for mode in [Mode::Hang, Mode::Close, Mode::Garbage, Mode::BadJson] {
        terminal.wait_for("Docker ●", SOON);
        proxy.set(mode);
        let slowest = terminal.slowest_key(Duration::from_secs(5));
        assert!(slowest < KEY, "{mode:?}: a key took {slowest:?}");
        terminal.wait_for("Docker ✗", SOON);
        terminal.wait_for("pg-master", SOON);
        proxy.set(Mode::Pass);
        let took = terminal.wait_for("Docker ●", SOON);
        assert!(took < RECOVERY, "{mode:?}: shown {took:?} after it was reachable");
        println!("Docker {mode:?}: slowest key {slowest:?}, back after {took:?}");
    }
    drop(lab);
}

#[test]
fn what_the_docker_daemon_refuses_is_said_and_not_done() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let proxy = DockerProxy::start(&folder.path().join("docker.sock"), Path::new(DEFAULT_SOCKET)).unwrap();
    let state = folder.path().to_str().unwrap();
    let environment = [("DOCKER_HOST", proxy.host()), ("XDG_STATE_HOME", state.to_owned())];
    let environment = environment.each_ref().map(|(name, value)| (*name, value.as_str()));
    let terminal = monitor(HIGH, &environment);
    select(&terminal, &leader);
    let refusals = [
        (Mode::Refuse, "authorization denied: only a look"),
        (Mode::Conflict, "removal of the container is already in progress"),
        (Mode::Broken, "cannot kill it: the driver failed"),
    ];
    for (mode, words) in refusals {
        proxy.set(mode);
        act(&terminal, "K", &format!("Kill {leader}"));
        terminal.wait_for(words, SOON);
        assert_eq!(lab.leader().as_deref(), Some(leader.as_str()));
    }
    terminal.keys("H");
    assert!(
        !terminal.shows_within("heal it", Duration::from_secs(1)),
        "{}",
        terminal.screen()
    );
    let audit = Command::new(PGHERD).arg("audit").envs(environment).output().unwrap();
    let audit = String::from_utf8_lossy(&audit.stdout);
    assert!(refusals.iter().all(|(_, words)| audit.contains(words)), "{audit}");
}

#[test]
fn read_only_refuses_every_act() {
    let lab = lab();
    let terminal = Terminal::start(PGHERD, &["--cluster", PROJECT, "--read-only"], &[], (80, 24));
    terminal.wait_for("✓ agree", SOON * 3);
    for key in ["s", "K", "u", "r", "p", "P"] {
        terminal.keys(key);
        terminal.wait_for("read-only", SOON);
        terminal.keys("y");
    }
    assert_eq!(lab.leader(), lab.leader());
    assert!(terminal.screen().contains("✓ agree"), "{}", terminal.screen());
}

#[test]
fn a_question_notices_that_the_role_changed_while_it_was_open() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let terminal = monitor((120, 40), &[]);
    select(&terminal, &leader);
    terminal.keys("K");
    terminal.wait_for(&format!("Kill {leader}"), SOON);
    // Somebody else stops it meanwhile.
    lab.docker("stop", service_of(&leader));
    terminal.wait("the question says what changed", FAILOVER, |screen| {
        screen.contains(&format!("Kill {leader}")) && screen.contains("Changed while")
    });
    terminal.keys("y");
    terminal.wait("the change accepted", SOON, |screen| !screen.contains("Changed while"));
    assert!(
        terminal.screen().contains(&format!("Kill {leader}")),
        "the first yes only takes note\n{}",
        terminal.screen()
    );
    terminal.keys(ESC);
    terminal.wait("closed", SOON, |screen| !screen.contains(&format!("Kill {leader}")));
}
