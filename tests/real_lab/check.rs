//! `pgherd check` and its key on the real cluster: healthy, with a leftover, without privilege, without its replica.
//! That nothing stays behind is asked of PostgreSQL itself.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::lab::{Lab, PGHERD, PROJECT, lab, service_of};
use crate::straight_line::psql;
use crate::{ESC, FAILOVER, SOON, monitor, other};

fn check(args: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let Output { status, stdout, stderr } = Command::new(PGHERD)
        .args(["check", "--cluster", PROJECT])
        .args(args)
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
    println!("{text}");
    (status.code(), text)
}

/// Our tables on the leader.
fn left_behind(lab: &Lab) -> String {
    psql(
        lab,
        "SELECT relname FROM pg_class WHERE relname LIKE 'pgherd_check%' AND relkind = 'r'",
    )
}

#[test]
fn check_passes_on_a_healthy_cluster_and_names_what_is_wrong() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let replica = other(&leader);

    let (code, text) = check(&[], &[]);
    for line in [
        format!("passed   connect to {leader}: primary at "),
        format!("passed   connect to {replica}: standby at "),
        format!("passed   one primary: {leader} ("),
        "passed   one cluster: system ".to_owned(),
        format!("passed   entry point leads to the leader: {leader}, primary at "),
        "passed   leftovers of earlier checks: none (".to_owned(),
        "passed   table made on the leader: public.pgherd_check_".to_owned(),
        format!("passed   row seen on {replica}: "),
        format!("passed   write on {replica} refused: 25006 "),
        "passed   write through the entry point (".to_owned(),
        "passed   read through the entry point: both rows, as on the leader (".to_owned(),
        "passed   table removed (".to_owned(),
        "check passed: 13 steps".to_owned(),
    ] {
        assert!(text.lines().any(|found| found.starts_with(&line)), "{line}\n{text}");
    }
    assert_eq!(code, Some(0));
    assert_eq!(left_behind(&lab), "");

    psql(
        &lab,
        "CREATE TABLE public.pgherd_check_1f (); CREATE TABLE public.pgherd_check_mine ()",
    );
    let (code, text) = check(&["--json"], &[]);
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &document["passed"]), (Some(0), &Value::Bool(true)));
    assert!(text.contains("\"removed public.pgherd_check_1f\""), "{text}");
    assert_eq!(left_behind(&lab), "pgherd_check_mine", "not ours by its name");
    psql(&lab, "DROP TABLE public.pgherd_check_mine");

    let (code, text) = check(&[], &[("PGUSER", "pgherd"), ("PGPASSWORD", "pgherd")]);
    assert!(text.contains("failed   table made on the leader: 42501 "), "{text}");
    assert!(text.contains("GRANT CREATE ON SCHEMA public TO pgherd"), "{text}");
    assert_eq!(code, Some(1));

    lab.docker("stop", service_of(replica));
    let (code, text) = check(&[], &[]);
    assert!(
        text.lines().any(|line| line.starts_with("failed   connect to ")),
        "{text}"
    );
    assert!(text.contains("check failed: 1 of "), "{text}");
    assert_eq!(code, Some(1));
    assert_eq!(left_behind(&lab), "");
    lab.docker("start", service_of(replica));
    lab.wait("the replica streams again", FAILOVER, |lab| {
        lab.state(replica).as_deref() == Some("streaming")
    });
}

#[test]
fn check_by_key_fills_in_on_the_screen() {
    let lab = lab();
    let terminal = monitor((120, 40), &[]);
    terminal.keys("C");
    terminal.wait_for("check passed: 13 steps", SOON);
    assert!(terminal.screen().contains("row seen on "), "{}", terminal.screen());
    terminal.keys(ESC);
    terminal.wait("the fact in the feed", SOON, |screen| {
        screen.contains("check passed: 13 steps") && !screen.contains("table removed")
    });
    assert_eq!(left_behind(&lab), "");
}
