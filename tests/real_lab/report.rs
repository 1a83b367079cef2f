//! The report of a real failover, written by its key: the three files, held against Patroni's own REST answer.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::lab::lab;
use crate::{ESC, FAILOVER, HIGH, SOON, act, bring_back, monitor, other, select};

#[test]
fn a_failover_is_reported_by_key() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let successor = other(&leader);
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().join("reports");
    let terminal = monitor(HIGH, &[("PGHERD_REPORTS", reports.to_str().unwrap())]);
    terminal.keys("W");
    terminal.wait_for("nothing to report", SOON);
    select(&terminal, &leader);
    act(&terminal, "K", &format!("Kill {leader}"));
    terminal.wait_for(&format!("{successor} took the lock"), FAILOVER);
    terminal.keys("W");
    terminal.wait_for("report written: ", SOON);
    lab.wait("Patroni's REST names the new leader", SOON, |lab| {
        lab.leader().as_deref() == Some(successor)
    });
    bring_back(&lab, &terminal, &leader);
    terminal.keys("w");
    terminal.wait_for("What happened", SOON);
    terminal.keys("W");
    terminal.wait("the second report", SOON, |_| files(&reports, "md").len() == 2);
    terminal.keys(ESC);

    for ending in ["md", "json", "svg"] {
        assert_eq!(files(&reports, ending).len(), 2, "{ending}");
    }
    let last = |ending: &str| files(&reports, ending).pop().unwrap();
    let document: Value = serde_json::from_str(&last("json")).unwrap();
    println!("{}", last("md"));
    assert_eq!(document["episode"]["old_leader"], leader.as_str());
    assert_eq!(document["episode"]["new_leader"], successor);
    assert_eq!(document["episode"]["verdict"], "failover");
    assert_eq!(document["episode"]["caused_here"], true);
    let states = document["states"].as_array().unwrap();
    let row = |moment: &str, name: &str| {
        let state = states.iter().find(|state| state["moment"] == moment).unwrap();
        let members = state["members"].as_array().unwrap();
        let member = members.iter().find(|member| member["name"] == name).unwrap();
        (
            member["role"].as_str().unwrap().to_owned(),
            member["state"].as_str().unwrap().to_owned(),
        )
    };
    assert_eq!(row("before", &leader), ("Leader".to_owned(), "running".to_owned()));
    assert_eq!(row("before", successor), ("Replica".to_owned(), "streaming".to_owned()));
    assert_eq!(row("struck", &leader).1, "exited 137");
    assert_eq!(row("lock taken", successor).0, "Leader");
    let lines = document["logs"]["lines"].as_array().unwrap();
    let says = |text: &str| lines.iter().any(|line| line["text"].as_str().unwrap().contains(text));
    assert!(says("promoted self to leader"), "{lines:#?}");
    assert!(lines.len() <= 60);
    let ttl = document["configuration"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["name"] == "ttl");
    assert_eq!(ttl.unwrap()["value"], "20 s");

    let text = last("md");
    for said in [
        "# Episode #1: SIGKILL ",
        "| Verdict | failover |",
        "+ Cluster: ",
        "exited 137 (SIGKILL)",
        "L7OK/200",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    for secret in ["password=postgres", "password=pgherd"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let picture = last("svg");
    let parsed = roxmltree::Document::parse(&picture).unwrap();
    let titles = parsed.descendants().filter(|node| node.has_tag_name("title")).count();
    assert!(titles > document["phases"].as_array().unwrap().len());
}

/// The texts of the files with that ending, in the order of their age.
fn files(folder: &Path, ending: &str) -> Vec<String> {
    let mut paths: Vec<_> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    paths.sort_by_key(|path| fs::metadata(path).unwrap().modified().unwrap());
    paths.iter().map(|path| fs::read_to_string(path).unwrap()).collect()
}
