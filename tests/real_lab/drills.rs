//! Faults by command: each is done, seen from outside, healed and verified; and none survives its program's end unknown.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Child, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::lab::{Lab, lab, of_project, on_lab, service_of};
use super::terminal::Terminal;
use super::{ESC, FAILOVER, HIGH, SOON, monitor, other, select};

pub(crate) fn run(state: &Path, args: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = on_lab(state, args).output().unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    println!("{args:?}: {:?}\n{text}", status.code());
    (status.code(), text)
}

/// Begins a fault that lasts, and waits until it is done.
fn begin(lab: &Lab, state: &Path, fault: &str, on: &str, is_done: impl Fn(&Lab) -> bool) -> Child {
    let child = on_lab(state, &["fault", fault, "--on", on, "--for", "10m", "--yes"])
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    lab.wait(&format!("{fault} on {on} is done"), SOON * 2, is_done);
    child
}

/// Letters of the states of the processes whose command line holds `words`, as the container's own /proc tells.
fn states(lab: &Lab, service: &str, words: &str) -> String {
    let script = "for f in /proc/[0-9]*; do \
                  line=$(tr '\\0' ' ' 2>/dev/null <$f/cmdline) || continue; \
                  case $line in *\"$0\"*) case $line in sh\\ *) ;; *) \
                  sed -n 's/^State:[^A-Z]*\\([A-Z]\\).*/\\1/p' $f/status 2>/dev/null;; esac;; esac; done";
    lab.run_in(service, &["sh", "-c", script, words])
        .split_whitespace()
        .collect()
}

/// The networks that a container is on, in the order of their names.
fn on_networks(lab: &Lab, service: &str) -> Vec<String> {
    let names = lab.inspect(
        service,
        "{{range $name, $_ := .NetworkSettings.Networks}}{{$name}} {{end}}",
    );
    let mut names: Vec<String> = names.split_whitespace().map(str::to_owned).collect();
    names.sort();
    names
}

/// The names that resolve to a container, each with the network in which it does.
fn known_as(lab: &Lab, service: &str) -> BTreeSet<String> {
    let format = "{{range $net, $end := .NetworkSettings.Networks}}{{range $end.Aliases}}{{.}}@{{$net}} {{end}}{{end}}";
    lab.inspect(service, format)
        .split_whitespace()
        .map(str::to_owned)
        .collect()
}

pub(crate) fn streaming(lab: &Lab, standby: &str) {
    lab.wait(&format!("{standby} streams"), FAILOVER * 3, |lab| {
        lab.leader().is_some() && lab.state(standby).as_deref() == Some("streaming")
    });
}

/// Chooses a fault from the menu of the selected member by its name, and says yes.
fn choose(terminal: &Terminal, fault: &str, question: &str) {
    terminal.keys("F");
    terminal.wait_for("cut-off-store", SOON);
    terminal.keys(fault);
    terminal.wait("it is the first that fits", SOON, |screen| {
        screen.lines().any(|line| line.contains('>') && line.contains(fault))
    });
    terminal.keys("\r");
    terminal.wait_for(question, SOON);
    terminal.keys("y");
    terminal.wait("it is done, and said to be active", SOON, |screen| {
        !screen.contains(question) && screen.contains(&format!("FAULT {fault} of"))
    });
}

/// Heals all by key, and waits until the member is said to be seen well.
fn heal_by_key(terminal: &Terminal, fault: &str, member: &str) {
    terminal.keys("H");
    terminal.wait_for("Faults of ours", SOON);
    terminal.keys("H");
    terminal.wait(
        &format!("{fault} is healed, and {member} well"),
        FAILOVER * 2,
        |screen| screen.contains(": healed, ") && !screen.contains(&format!("FAULT {fault}")),
    );
    terminal.wait_for("✓ agree", FAILOVER);
}

/// What the list of findings says; closes it again.
pub(crate) fn findings(terminal: &Terminal, words: &str) {
    terminal.keys("a");
    terminal.wait_for("Findings", SOON);
    terminal.wait(&format!("finding {words}"), FAILOVER, |screen| screen.contains(words));
    terminal.keys(ESC);
    terminal.wait("the findings closed", SOON, |screen| !screen.contains("Findings ━"));
}

/// What the newest episode is called; closes its page again.
fn verdict(terminal: &Terminal, name: &str) {
    terminal.keys("w");
    terminal.wait(&format!("verdict {name}"), FAILOVER, |screen| {
        screen
            .lines()
            .any(|line| line.contains("verdict") && line.contains(name))
    });
    terminal.keys(ESC);
    terminal.wait("the page closed", SOON, |screen| !screen.contains("verdict"));
}

/// The monitor with journals of its own.
pub(crate) fn drilling(state: &Path) -> Terminal {
    monitor(HIGH, &[("XDG_STATE_HOME", &state.to_string_lossy())])
}

/// Each by the menu: asked for, done, seen for what it is, healed by key, and the standby seen to stream again.
#[test]
fn what_moves_nobody_is_drilled_from_the_menu() {
    let lab = lab();
    let state = tempfile::tempdir().unwrap();
    let leader = lab.leader().unwrap();
    let standby = other(&leader);
    streaming(&lab, standby);
    let there = service_of(standby);
    let whole = known_as(&lab, there);
    // The fault, what stands in the list of findings, what the episode is called.
    let cases = [
        ("cut-off", "is on no network", "loss of a replica"),
        ("cut-off-store", "shares no network with ZooKeeper", "loss of a replica"),
        ("cut-off-peers", "the others cannot find", "loss of a replica"),
        ("freeze-postgres", "nobody could take over", "loss of a replica"),
        ("freeze-patroni", "does not answer, its PostgreSQL does", ""),
        ("lag-receive", "receives nothing, ", ""),
        ("lag-replay", "replays nothing, ", ""),
        ("slow-cpu", "uses up its CPU limit", ""),
        ("slow-disk", "", ""),
    ];
    for (fault, finding, called) in cases {
        let begun = Instant::now();
        let terminal = drilling(state.path());
        select(&terminal, standby);
        choose(&terminal, fault, &format!(" on {standby}"));
        if !finding.is_empty() {
            findings(&terminal, finding);
        }
        if !called.is_empty() {
            verdict(&terminal, called);
        }
        heal_by_key(&terminal, fault, standby);
        assert_eq!(known_as(&lab, there), whole, "{fault}: every network, with every name");
        streaming(&lab, standby);
        println!("{fault}: {:?}", begun.elapsed());
    }
    assert_eq!(
        lab.leader().as_deref(),
        Some(leader.as_str()),
        "a standby's faults move nobody"
    );
    // That of the leader is what writes wait for.
    let terminal = drilling(state.path());
    terminal.wait_for("probe ● 10/s", SOON);
    thread::sleep(Duration::from_secs(12));
    select(&terminal, &leader);
    choose(&terminal, "slow-disk", &format!(" on {leader}"));
    findings(&terminal, "writes take ");
    heal_by_key(&terminal, "slow-disk", &leader);
    let (_, audit) = run(state.path(), &["audit", "--json"]);
    assert_eq!(
        audit.lines().filter(|line| line.contains("healed")).count(),
        cases.len() + 1,
        "{audit}"
    );
}

/// Faults of the leader that cost it its lock: the other one takes over, and the old one comes back as its standby.
#[test]
fn a_leader_is_drilled_from_the_menu() {
    let lab = lab();
    let state = tempfile::tempdir().unwrap();
    for (fault, finding) in [
        ("cut-off-store", "shares no network with ZooKeeper"),
        ("freeze-patroni", "does not answer, its PostgreSQL does"),
    ] {
        let begun = Instant::now();
        let leader = lab.leader().unwrap();
        let successor = other(&leader);
        streaming(&lab, successor);
        let terminal = drilling(state.path());
        select(&terminal, &leader);
        choose(&terminal, fault, &format!(" on {leader}"));
        if !finding.is_empty() {
            findings(&terminal, finding);
        }
        terminal.wait_for(&format!("{successor} took the lock"), FAILOVER);
        // Now: what a busy machine delays later would be another episode.
        verdict(&terminal, "failover");
        heal_by_key(&terminal, fault, &leader);
        lab.wait("the other one leads", FAILOVER, |lab| {
            lab.leader().as_deref() == Some(successor)
        });
        streaming(&lab, &leader);
        println!("{fault} of the leader: {:?}", begun.elapsed());
    }
}

#[test]
fn what_cannot_be_done_here_is_said_in_the_question() {
    let lab = lab();
    let state = tempfile::tempdir().unwrap();
    let leader = lab.leader().unwrap();
    let terminal = drilling(state.path());
    select(&terminal, &leader);
    terminal.keys("F");
    terminal.wait_for("fill-disk", SOON);
    terminal.keys("fill-disk\r");
    terminal.wait_for("Cannot be done here", SOON);
    terminal.keys("y");
    terminal.wait("still refused", SOON, |screen| {
        screen.contains("others may share: that is not filled") && !screen.contains("FAULT")
    });
    let (_, text) = run(state.path(), &["audit"]);
    assert!(text.contains("nothing was done yet"), "{text}");
}

/// Whether a fault shows, asked from outside.
type Seen<'a> = Box<dyn Fn(&Lab) -> bool + 'a>;

/// Each lasting fault that leaves a trace outside: the program is killed in its middle, and `pgherd heal` takes it back.
#[test]
fn what_a_killed_program_left_is_healed_by_command() {
    let lab = lab();
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let leader = lab.leader().unwrap();
    let standby = other(&leader);
    let (there, here) = (service_of(standby), service_of(&leader));
    let networks = |lab: &Lab| on_networks(lab, there);
    let whole = known_as(&lab, there);
    let quota = |lab: &Lab| lab.inspect(there, "{{.HostConfig.CpuQuota}}");
    let on_disk = |lab: &Lab| {
        let list = lab.run_in(there, &["ls", "/var/lib/postgresql/data"]);
        list.lines().any(|name| name.starts_with("pgherd-drill"))
    };
    let cases: [(&str, Seen<'_>); 12] = [
        (
            "stop",
            Box::new(|lab| lab.inspect(there, "{{.State.Running}}") == "false"),
        ),
        (
            "kill",
            Box::new(|lab| lab.inspect(there, "{{.State.Running}}") == "false"),
        ),
        (
            "pause",
            Box::new(|lab| lab.inspect(there, "{{.State.Paused}}") == "true"),
        ),
        ("cut-off", Box::new(|lab| networks(lab).is_empty())),
        ("cut-off-store", Box::new(|lab| networks(lab) == [of_project("data")])),
        ("cut-off-peers", Box::new(|lab| networks(lab) == [of_project("store")])),
        (
            "lag-replay",
            Box::new(|lab| states(lab, there, "startup ").contains('T')),
        ),
        (
            "lag-receive",
            Box::new(|lab| states(lab, there, "walreceiver").contains('T')),
        ),
        (
            "freeze-patroni",
            Box::new(|lab| states(lab, there, "patroni").contains('T')),
        ),
        (
            "freeze-postgres",
            Box::new(|lab| states(lab, there, "postgres").contains('T')),
        ),
        ("slow-cpu", Box::new(|lab| quota(lab) == "5000")),
        ("slow-disk", Box::new(on_disk)),
    ];
    for (fault, done) in &cases {
        let begun = Instant::now();
        let mut program = begin(&lab, state, fault, standby, done);
        program.kill().unwrap();
        program.wait().unwrap();
        assert!(done(&lab), "{fault}: it outlives the program");
        let (code, text) = run(state, &["heal"]);
        assert!(code == Some(0) && text.contains("healed"), "{fault}: {text}");
        assert!(!done(&lab), "{fault} is still there");
        let (code, text) = run(state, &["heal", "--list"]);
        assert!(code == Some(0) && text.contains("nothing to heal"), "{text}");
        println!("{fault}: {:?}", begun.elapsed());
    }
    assert_eq!(known_as(&lab, there), whole, "every network, with every name");
    streaming(&lab, standby);
    assert_eq!(
        lab.leader().as_deref(),
        Some(leader.as_str()),
        "a standby's faults move nobody"
    );
    assert_eq!(lab.inspect(here, "{{.State.Status}}"), "running");
    let (_, audit) = run(state, &["audit", "--json"]);
    assert_eq!(audit.lines().count(), cases.len(), "{audit}");
    assert!(audit.lines().all(|line| line.contains("healed by command")), "{audit}");
}

#[test]
fn a_fault_that_cannot_be_done_here_says_why_and_changes_nothing() {
    let lab = lab();
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let refused = [
        (
            &["fault", "fill-disk", "--on", "leader", "--yes"][..],
            1,
            "which others may share",
        ),
        (
            &["fault", "cut-off-store", "--on", "postgres_entrypoint", "--yes"],
            1,
            "runs no member",
        ),
        (
            &["fault", "lag-replay", "--on", "leader", "--yes"],
            1,
            "no process of startup",
        ),
        (&["fault", "kill-postgres", "--on", "zoo", "--yes"], 1, "runs no member"),
        (
            &["fault", "stop", "--on", "store-leader", "--yes"],
            2,
            "a single server",
        ),
        (
            &["fault", "stop", "--on", "store-majority", "--yes"],
            2,
            "a single server",
        ),
        (
            &["fault", "pause", "--on", "store", "--with", "fill-disk:leader", "--yes"],
            1,
            "which others may share",
        ),
        (
            &["fault", "pause", "--on", "nobody", "--yes"],
            2,
            "no container or member \"nobody\"",
        ),
        (&["fault", "melt", "--yes"], 2, "is no act; there are stop"),
        (&["fault", "pause", "--for", "0s", "--yes"], 2, "is no time such as 30s"),
        (&["fault", "pause", "--yes", "--read-only"], 2, "read-only"),
        (&["fault", "pause", "--yes", "--mark", "protected"], 2, "protected"),
        (&["fault", "pause"], 2, "say --yes"),
    ];
    for (args, code, words) in refused {
        let (found, text) = run(state, args);
        assert!(
            found == Some(code) && text.contains(words),
            "{args:?}: {found:?} {text}"
        );
    }
    let (_, text) = run(state, &["heal", "--list"]);
    assert!(text.contains("nothing to heal"), "{text}");
    assert!(lab.leader().is_some());
}

#[test]
fn a_fault_with_a_span_heals_itself_and_a_killed_postgres_comes_back_in_place() {
    let lab = lab();
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let leader = lab.leader().unwrap();
    let standby = other(&leader);
    let (code, text) = run(state, &["fault", "pause", "--on", standby, "--for", "2s", "--yes"]);
    assert!(code == Some(0) && text.contains("healed"), "{text}");
    assert_eq!(lab.inspect(service_of(standby), "{{.State.Paused}}"), "false");
    let begun = |lab: &Lab| {
        lab.run_in(
            service_of(&leader),
            &["sh", "-c", "sed -n 3p /var/lib/postgresql/data/postmaster.pid"],
        )
    };
    let before = begun(&lab);
    // Its start is known to the second.
    thread::sleep(Duration::from_secs(1));
    let (code, text) = run(state, &["fault", "kill-postgres", "--yes"]);
    assert_eq!(code, Some(0), "{text}");
    lab.wait("PostgreSQL begins again", FAILOVER, |lab| {
        lab.answers(service_of(&leader)) && begun(lab) != before
    });
    assert_eq!(lab.leader().as_deref(), Some(leader.as_str()));
    streaming(&lab, standby);
}
