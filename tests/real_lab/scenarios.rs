//! Faults that the monitor does not cause itself: what it calls them, which phases it sees, what it says of them, and
//! how long clients could not write, held against a client of the tests' own.

use std::time::Duration;

use super::lab::{Lab, lab, service_of};
use super::straight_line::Measured;
use super::terminal::Terminal;
use super::{ESC, FAILOVER, SOON, other};

/// The page of the newest failover, once it calls it `verdict`; all of it fits on the screen.
fn page(terminal: &Terminal, verdict: &str) -> String {
    terminal.keys("w");
    terminal.wait(&format!("verdict {verdict}"), FAILOVER, |screen| {
        let says = |line: &str| line.contains("verdict") && line.contains(verdict);
        // Its last row too: the screen may be looked at while a frame arrives.
        screen.contains("esc close") && screen.lines().any(says)
    });
    let page = terminal.screen();
    terminal.keys(ESC);
    // A key that comes with the escape character is another key.
    terminal.wait("the page closed", SOON, |screen| !screen.contains("esc close"));
    page
}

/// The lines that begin with the name of a phase, in their order.
fn phases(page: &str) -> Vec<String> {
    const NAMES: [&str; 8] = [
        "detect",
        "elect",
        "promote",
        "route",
        "old",
        "recover",
        "store",
        "redundancy",
    ];
    page.lines()
        .skip_while(|line| !line.contains("Phases"))
        .take_while(|line| !line.contains("Facts"))
        .filter_map(|line| line.trim_start_matches(['┃', '│', ' ']).split_whitespace().next())
        .filter(|word| NAMES.contains(word))
        .map(str::to_owned)
        .collect()
}

fn assert_phases(page: &str, expected: &[&str]) {
    let found = phases(page);
    assert_eq!(found.get(..expected.len()).unwrap_or(&found), expected, "{page}");
}

fn assert_says(page: &str, words: &[&str]) {
    let flat: String = page
        .lines()
        .map(|line| line.trim_matches(['┃', '│', ' ']))
        .collect::<Vec<_>>()
        .join(" ");
    for words in words {
        assert!(flat.contains(words), "not said: {words}\n{page}");
    }
}

/// Patroni may take its time to find ZooKeeper again.
fn both_streaming(lab: &Lab, leader: &str) {
    lab.wait("the old leader streams", FAILOVER * 3, |lab| {
        lab.leader().as_deref() == Some(leader) && lab.state(other(leader)).as_deref() == Some("streaming")
    });
}

#[test]
fn a_frozen_leader_is_replaced_and_comes_back_as_a_replica() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let successor = other(&leader);
    let both = Measured::begin(&lab);
    let terminal = &both.terminal;
    lab.docker("pause", service_of(&leader));
    terminal.wait_for(&format!("{successor} took the lock"), FAILOVER);
    lab.docker("unpause", service_of(&leader));
    both_streaming(&lab, successor);
    let page = page(terminal, "failover");
    assert_phases(&page, &["detect", "elect", "promote", "route", "old"]);
    assert_says(
        &page,
        &[
            &format!("{leader}, the leader, was frozen"),
            &format!("{successor} took over: a failover"),
        ],
    );
    both.end(&lab, "pause");
}

#[test]
fn a_leader_cut_off_from_its_network_is_replaced() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let successor = other(&leader);
    let both = Measured::begin(&lab);
    let terminal = &both.terminal;
    lab.cut_off(service_of(&leader));
    terminal.wait_for(&format!("{successor} took the lock"), FAILOVER);
    lab.reconnect(service_of(&leader));
    both_streaming(&lab, successor);
    let page = page(terminal, "failover");
    assert_phases(&page, &["detect", "elect", "promote", "route", "old"]);
    assert_says(
        &page,
        &[
            &format!("{leader}, the leader, was cut off from its network"),
            &format!("{successor} took over: a failover"),
        ],
    );
    both.end(&lab, "cut off");
}

#[test]
fn a_switchover_is_called_one() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let successor = other(&leader);
    let both = Measured::begin(&lab);
    let terminal = &both.terminal;
    let command = [
        "patronictl",
        "-c",
        "/postgres0.yml",
        "switchover",
        "my_cluster",
        "--leader",
        &leader,
        "--candidate",
        successor,
        "--force",
    ];
    lab.run_in("pg-master", &command);
    terminal.wait_for(&format!("{successor} took the lock"), FAILOVER);
    both_streaming(&lab, successor);
    let page = page(terminal, "switchover");
    assert_phases(&page, &["detect", "elect", "promote", "route", "old"]);
    assert_says(
        &page,
        &[
            &format!("{leader}, the leader, was asked through Patroni to hand over"),
            &format!("{successor} took over as it was asked to: a switchover"),
        ],
    );
    both.end(&lab, "switchover");
}

#[test]
fn a_postgres_that_is_killed_alone_is_restarted_in_place() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let both = Measured::begin(&lab);
    let terminal = &both.terminal;
    lab.run_in(
        service_of(&leader),
        &["sh", "-c", "kill -9 $(head -1 /var/lib/postgresql/data/postmaster.pid)"],
    );
    let page = page(terminal, "restart in place");
    assert_eq!(lab.leader().as_deref(), Some(leader.as_str()));
    assert_phases(&page, &["recover"]);
    assert!(!page.contains("could take over"), "nobody had to\n{page}");
    assert_says(
        &page,
        &[
            &format!("PostgreSQL of {leader}, the leader, went away; its container did not"),
            "timeline unchanged: no failover was needed",
        ],
    );
    both.end(&lab, "postmaster killed");
}

#[test]
fn zookeeper_away_for_longer_than_the_ttl_demotes_the_leader() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let both = Measured::begin(&lab);
    let terminal = &both.terminal;
    lab.docker("stop", "zoo");
    // The fast profile's ttl is 20 s.
    std::thread::sleep(Duration::from_secs(25));
    assert!(terminal.screen().contains("ZooKeeper ✗"), "{}", terminal.screen());
    lab.docker("start", "zoo");
    // Who holds the lock again may still be a standby.
    terminal.wait_for("probe ● 10/s", FAILOVER * 3);
    let now = lab.leader().unwrap();
    both_streaming(&lab, &now);
    let verdict = if now == leader {
        "ZooKeeper outage with demotion"
    } else {
        "failover"
    };
    let page = page(terminal, verdict);
    assert!(phases(&page).contains(&"store".to_owned()), "{page}");
    assert_says(&page, &["ZooKeeper was lost (SIGTERM)", " s without writes"]);
    both.end(&lab, "ZooKeeper lost");
}

#[test]
fn haproxy_away_is_no_failover() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let both = Measured::begin(&lab);
    let terminal = &both.terminal;
    lab.docker("stop", "postgres_entrypoint");
    terminal.wait_for("HAProxy ✗", SOON);
    lab.docker("start", "postgres_entrypoint");
    terminal.wait_for("HAProxy ●", SOON);
    let page = page(terminal, "HAProxy outage");
    assert_eq!(lab.leader().as_deref(), Some(leader.as_str()));
    assert_phases(&page, &["route"]);
    assert_says(
        &page,
        &[
            "HAProxy, or its way to a server, was lost (asked to stop)",
            "The databases went on: no failover was needed; clients: ",
        ],
    );
    assert!(!page.contains("standby streams again"), "{page}");
    both.end(&lab, "HAProxy stopped");
}
