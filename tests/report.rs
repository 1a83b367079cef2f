//! `pgherd report` over the built-in recording, and the key in a replay: needs no Docker.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "all of this is a test: it fails by panicking, and prints its figures"
)]

#[path = "support/terminal.rs"]
mod terminal;

use std::fs;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;
use terminal::Terminal;

const PGHERD: &str = env!("CARGO_BIN_EXE_pgherd");
const DEMO: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/demo.pgherd");
const LIMIT: Duration = Duration::from_secs(20);

/// Exit code, standard output, standard error.
fn report(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = Command::new(PGHERD)
        .arg("report")
        .args(args)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[test]
fn a_record_is_reported_in_each_form() {
    let (code, text, said) = report(&[DEMO]);
    assert_eq!((code, said.as_str()), (Some(0), ""));
    println!("{text}");
    for section in [
        "# Episode #",
        "## Why",
        "## Where the time went",
        "## Timeline",
        "### Before",
        "### During",
        "## Logs",
        "## Configuration at the beginning",
    ] {
        assert!(text.contains(section), "{section}");
    }
    let (code, document, _) = report(&[DEMO, "--json"]);
    let document: Value = serde_json::from_str(&document).unwrap();
    assert_eq!((code, document["schema"].as_str()), (Some(0), Some("pgherd.episode")));
    assert_eq!(document["episode"]["verdict"], "failover");
    let (code, picture, _) = report(&[DEMO, "--svg", "--episode", "1"]);
    assert_eq!(code, Some(0));
    roxmltree::Document::parse(&picture).unwrap();

    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("report.md");
    let out = out.to_str().unwrap();
    assert_eq!(report(&[DEMO, "-o", out]), (Some(0), String::new(), String::new()));
    assert_eq!(fs::read_to_string(out).unwrap().trim_end(), text.trim_end());
    let (code, _, said) = report(&[DEMO, "-o", out]);
    assert!(
        code == Some(1) && said.contains("report.md: it is there already"),
        "{code:?} {said}"
    );
}

#[test]
fn what_cannot_be_reported_is_said() {
    let (code, out, said) = report(&[DEMO, "--episode", "7"]);
    assert_eq!((code, out.as_str()), (Some(3), ""));
    assert!(said.contains("no episode of that number; there is: 1 ("), "{said}");
    let (code, _, said) = report(&[concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    assert!(code == Some(1) && said.contains("no record of pgherd"), "{said}");
    assert_eq!(report(&[DEMO, "--json", "--svg"]).0, Some(2));
    let folder = tempfile::tempdir().unwrap();
    let cut = folder.path().join("cut");
    let bytes = fs::read(DEMO).unwrap();
    fs::write(&cut, &bytes[..bytes.len() * 9 / 10]).unwrap();
    let (code, out, said) = report(&[cut.to_str().unwrap()]);
    assert_eq!(code, Some(0), "{said}");
    assert!(out.contains("# Episode #1") && said.contains("cut off"), "{said}");
}

#[test]
fn the_key_reports_what_a_replay_shows() {
    let folder = tempfile::tempdir().unwrap();
    let reports = folder.path().to_str().unwrap();
    let environment = [("XDG_CONFIG_HOME", "/nonexistent"), ("PGHERD_REPORTS", reports)];
    let mut terminal = Terminal::start(PGHERD, &["replay", DEMO], &environment, (140, 41));
    terminal.wait_for("RECORDING", LIMIT);
    terminal.keys("W");
    terminal.wait_for("nothing to report", LIMIT);
    terminal.keys("$");
    terminal.wait_for("Episode #1", LIMIT);
    terminal.keys("W");
    terminal.wait_for("report written: ", LIMIT);
    assert_eq!(fs::read_dir(reports).unwrap().count(), 3);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(LIMIT), 0);
}
