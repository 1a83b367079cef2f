//! Faults of whole containers, of every kind, by command: each is done, found on the screen, healed by command, and all is
//! as it was.

use crate::drills::{drilling, findings, run, streaming};
use crate::lab::{Lab, lab, service_of};
use crate::{FAILOVER, other};

fn started(lab: &Lab, service: &str) -> String {
    lab.inspect(service, "{{.State.StartedAt}}")
}

#[test]
fn what_was_stopped_killed_or_paused_is_found_and_healed() {
    let lab = lab();
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let standby = other(&lab.leader().unwrap());
    let terminal = drilling(state);
    let (killed, alone) = ("exited 137: it was killed", "nobody could take over");
    let store = "ZooKeeper does not answer";
    for (fault, on, service, finding) in [
        ("kill", "postgres_entrypoint", "postgres_entrypoint", killed),
        ("stop", "zoo", "zoo", store),
        ("kill", "zoo", "zoo", store),
        ("pause", "zoo", "zoo", store),
        ("stop", standby, service_of(standby), alone),
        ("kill", standby, service_of(standby), killed),
        ("pause", standby, service_of(standby), alone),
        // On the lab its container ends with it.
        ("kill-patroni", standby, service_of(standby), alone),
    ] {
        // ZooKeeper away demotes the leader, and either may be the next one.
        lab.wait("somebody leads", FAILOVER, |lab| lab.leader().is_some());
        let standby_now = other(&lab.leader().unwrap());
        let (on, service) = if on == standby {
            (standby_now, service_of(standby_now))
        } else {
            (on, service)
        };
        streaming(&lab, standby_now);
        terminal.wait_for("✓ agree", FAILOVER);
        let (code, text) = run(state, &["fault", fault, "--on", on, "--yes"]);
        assert_eq!(code, Some(0), "{text}");
        lab.wait(&format!("{fault} of {on} is done"), FAILOVER, |lab| {
            lab.inspect(service, "{{.State.Status}}") != "running"
        });
        findings(&terminal, finding);
        let (code, text) = run(state, &["heal"]);
        assert!(code == Some(0) && text.contains("healed"), "{text}");
        assert_eq!(lab.inspect(service, "{{.State.Status}}"), "running");
        let (_, text) = run(state, &["heal", "--list"]);
        assert!(text.contains("nothing to heal"), "{text}");
    }
    streaming(&lab, other(&lab.leader().unwrap()));
    terminal.wait_for("✓ agree", FAILOVER);
}

#[test]
fn a_restarted_container_runs_anew_and_leaves_nothing_to_heal() {
    let lab = lab();
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let standby = other(&lab.leader().unwrap());
    streaming(&lab, standby);
    for (on, service) in [
        ("postgres_entrypoint", "postgres_entrypoint"),
        (standby, service_of(standby)),
    ] {
        let before = started(&lab, service);
        let (code, text) = run(state, &["fault", "restart", "--on", on, "--yes"]);
        assert_eq!(code, Some(0), "{text}");
        assert_ne!(started(&lab, service), before, "{on}");
        lab.wait(&format!("{service} answers"), FAILOVER, |lab| lab.answers(service));
    }
    let (_, text) = run(state, &["heal", "--list"]);
    assert!(text.contains("nothing to heal"), "{text}");
    streaming(&lab, standby);
}
