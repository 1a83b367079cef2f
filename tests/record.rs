//! `--record`, `pgherd replay` and `pgherd demo` in a real terminal: needs no Docker.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "all of this is a test: it fails by panicking, and prints its figures"
)]

#[path = "support/terminal.rs"]
mod terminal;

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use pgherd::model::failover::Verdict;
use pgherd::record::{Goal, Player};
use terminal::Terminal;

const PGHERD: &str = env!("CARGO_BIN_EXE_pgherd");
const LIMIT: Duration = Duration::from_secs(10);
const FIRST: &str = "No cluster was found";
/// A daemon that is not there: the first screen then says so.
const NOWHERE: [(&str, &str); 2] = [
    ("DOCKER_HOST", "unix:///nonexistent/docker.sock"),
    ("XDG_CONFIG_HOME", "/nonexistent"),
];
const DEMO: &[u8] = include_bytes!("../assets/demo.pgherd");

#[test]
fn the_demo_is_a_whole_record_of_a_failover() {
    let mut player = Player::of_bytes(DEMO).unwrap();
    player.go(Goal::End).unwrap();
    assert_eq!(player.flaw(), None, "make the demo again: see the README");
    assert!(DEMO.len() < 300_000, "{} bytes", DEMO.len());
    let app = player.app();
    let episode = app.chronicle.last().expect("a failover");
    assert!(episode.is_ours());
    let verdict = episode.verdict(app.now);
    assert!(matches!(verdict, Some(Verdict::Failover { .. })), "{verdict:?}");
    let timeline = episode.timeline(app.now);
    assert!(
        timeline.redundant.is_some() && timeline.stable.is_some(),
        "{timeline:?}"
    );
    assert!(app.now.since(player.header().began) > Duration::from_secs(45));
}

#[test]
fn the_demo_plays_without_docker_and_says_what_it_is() {
    let mut terminal = Terminal::start(PGHERD, &["demo"], &NOWHERE, (120, 41));
    terminal.wait("a cluster in a recording", LIMIT, |screen| {
        screen.contains("RECORDING") && screen.contains("the demo, a real failover") && screen.contains("agree")
    });
    terminal.keys(">");
    terminal.wait_for("RECORDING, paused", LIMIT);
    terminal.wait_for("kill ", LIMIT);
    // Step by step until another member has been promoted.
    for _ in 0..20 {
        if terminal.screen().contains("promote ") {
            break;
        }
        terminal.keys(">");
        std::thread::sleep(Duration::from_millis(200));
    }
    terminal.wait_for("promote ", LIMIT);
    // Nothing can be done to it, and whatever is looked at, it says what it is.
    terminal.keys("K");
    terminal.wait_for("this is a recording", LIMIT);
    assert!(!terminal.screen().contains("SIGKILL: no clean shutdown"));
    terminal.keys("w");
    terminal.wait("the failover in full", LIMIT, |screen| {
        screen.contains("What happened") && screen.contains("RECORDING") && screen.contains("own view")
    });
    terminal.keys("v");
    terminal.wait("the recorded view", LIMIT, |screen| !screen.contains("What happened"));
    terminal.keys("$");
    terminal.wait_for("RECORDING, over", LIMIT);
    terminal.keys("^");
    terminal.wait_for("00:00:00 of", LIMIT);
    terminal.keys("+++]");
    terminal.wait_for("10x", LIMIT);
    terminal.keys(" ");
    terminal.wait("it plays", LIMIT, |screen| screen.contains("▶ RECORDING"));
    for (columns, rows) in [(80, 24), (60, 16), (200, 50)] {
        terminal.resize(columns, rows);
        // A key that comes together with the signal of a resize waits for the next one: see crossterm's event source.
        let full = |screen: &str| {
            screen
                .lines()
                .any(|line| line.chars().count() + 2 > usize::from(columns))
        };
        terminal.wait("drawn in that size", LIMIT, |screen| {
            screen.contains("RECORDING") && full(screen)
        });
    }
    terminal.keys("q");
    assert_eq!(terminal.exit_code(LIMIT), 0);
    assert!(!terminal.is_full_screen());
}

#[test]
fn the_first_screen_offers_the_demo_and_comes_back() {
    let mut terminal = Terminal::start(PGHERD, &[], &NOWHERE, (100, 30));
    terminal.wait_for(FIRST, LIMIT);
    terminal.keys("D");
    terminal.wait_for("RECORDING", LIMIT);
    terminal.keys("q");
    terminal.wait_for(FIRST, LIMIT);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(LIMIT), 0);
}

#[test]
fn a_run_is_recorded_by_option_and_plays_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.pgherd");
    let file = path.to_str().unwrap();
    let mut terminal = Terminal::start(PGHERD, &["--record", file], &NOWHERE, (100, 30));
    terminal.wait("the record told", LIMIT, |screen| {
        screen.contains("recording into") && screen.contains(" REC ")
    });
    terminal.wait_for(FIRST, LIMIT);
    // So long it will stand there when it is played.
    std::thread::sleep(Duration::from_secs(3));
    terminal.keys("?");
    terminal.wait_for("Main screen", LIMIT);
    terminal.keys("\u{3}");
    assert_eq!(terminal.exit_code(LIMIT), 0);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);

    let mut terminal = Terminal::start(PGHERD, &["replay", file], &NOWHERE, (100, 31));
    terminal.wait("the same screen", LIMIT, |screen| {
        screen.contains(FIRST) && screen.contains("RECORDING") && screen.contains("run.pgherd")
    });
    terminal.keys("$");
    terminal.wait_for("Main screen", LIMIT);
    terminal.signal("TERM");
    assert_eq!(terminal.exit_code(LIMIT), 143);

    // It is never written over.
    let mut terminal = Terminal::start(PGHERD, &["--record", file], &NOWHERE, (100, 30));
    assert_eq!(terminal.exit_code(LIMIT), 1);
    terminal.wait_for("cannot record into", LIMIT);
}

#[test]
fn a_key_records_into_a_file_of_its_own_until_it_is_pressed_again() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().to_str().unwrap();
    let environment = [NOWHERE[0], NOWHERE[1], ("XDG_STATE_HOME", state)];
    let records = folder.path().join("pgherd/records");
    let config = folder.path().join("config.toml");
    // A member that is given, so that there is a main screen without Docker.
    fs::write(&config, "[[member]]\nname = \"m\"\npostgres = \"127.0.0.1:1\"\n").unwrap();
    let args = ["--config", config.to_str().unwrap()];
    let mut terminal = Terminal::start(PGHERD, &args, &environment, (120, 30));
    terminal.wait_for(">m ", LIMIT);
    terminal.keys("\u{12}");
    terminal.wait_for("recording into", LIMIT);
    terminal.wait_for(" REC ", LIMIT);
    std::thread::sleep(Duration::from_millis(1_500));
    terminal.keys("\u{12}");
    terminal.wait_for("recorded in", LIMIT);
    terminal.wait("the mark gone", LIMIT, |screen| !screen.contains(" REC "));
    terminal.keys("q");
    assert_eq!(terminal.exit_code(LIMIT), 0);
    let files: Vec<_> = fs::read_dir(&records)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    let [file] = files.as_slice() else { panic!("{files:?}") };
    assert!(
        file.file_name().unwrap().to_str().unwrap().starts_with("pgherd-20"),
        "{file:?}"
    );
    let mut player = Player::open(file).unwrap();
    assert!(!player.app().members().is_empty(), "the state came along");
    player.go(Goal::End).unwrap();
    assert_eq!(player.flaw(), None);
}

fn zipped(text: &str) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(text.as_bytes()).unwrap();
    packed.finish().unwrap()
}

/// A limit on the size of files stands in for a full disk, which only root could make.
#[test]
fn a_record_that_cannot_be_written_any_more_ends_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("run.pgherd");
    let script = "trap '' XFSZ; ulimit -f 1; exec \"$0\" --record \"$1\"";
    let args = ["-c", script, PGHERD, file.to_str().unwrap()];
    let mut terminal = Terminal::start("/bin/sh", &args, &NOWHERE, (140, 30));
    terminal.wait_for("recording ended: File too large", LIMIT);
    terminal.wait("the mark gone, all else there", LIMIT, |screen| {
        screen.contains(FIRST) && !screen.contains(" REC ")
    });
    terminal.keys("?");
    terminal.wait_for("Main screen", LIMIT);
    terminal.keys("\u{3}");
    assert_eq!(terminal.exit_code(LIMIT), 1);
    terminal.wait_for("is not whole: File too large", LIMIT);
}

#[test]
fn what_cannot_be_played_or_recorded_has_its_message_and_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let run = |args: &[&str]| {
        let output = Command::new(PGHERD)
            .args(args)
            .envs(NOWHERE)
            .stdin(Stdio::null())
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let newer = zipped("{\"format\":\"pgherd-record\",\"version\":7,\"program\":\"9.0.0\",\"began\":1}\n");
    let pipe = folder.path().join("pipe").to_str().unwrap().to_owned();
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    for (file, message) in [
        (at("empty", b""), "empty"),
        (at("foreign", b"\x7fELF and so on"), "no record of pgherd"),
        (at("foreign.gz", &zipped("hello\n")), "no record of pgherd"),
        (at("newer", &newer), "in version 7 of the format; this one reads 1"),
        (folder.path().to_str().unwrap().to_owned(), "not a plain file"),
        ("/dev/zero".to_owned(), "not a plain file"),
        (pipe, "not a plain file"),
        (at("header", &DEMO[..40]), "before its first entry"),
        ("/nonexistent".to_owned(), "cannot read it"),
        ("/dev/null".to_owned(), "not a plain file"),
    ] {
        for command in ["replay", "report"] {
            let (code, said) = run(&[command, &file]);
            assert_eq!(code, Some(1), "{file}: {said}");
            assert!(said.contains(message) && said.contains(&file), "{said}");
        }
    }
    // What is left of a record plays; without a terminal that is what is missing.
    let cut = at("cut", &DEMO[..DEMO.len() / 2]);
    let (code, said) = run(&["replay", &cut]);
    assert_eq!(code, Some(4), "{said}");
    let terminal = Terminal::start(PGHERD, &["replay", &cut], &NOWHERE, (140, 41));
    terminal.wait_for("it was cut off", LIMIT);
    drop(terminal);
    assert_eq!(run(&["replay"]).0, Some(2));
    assert_eq!(run(&["--record-limit", "0"]).0, Some(2));
    let below_a_file = format!("{cut}/x");
    let (code, said) = run(&["--record", &below_a_file]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("cannot record into"), "{said}");
    // Where the screen cannot open, no empty record stays.
    let unused = folder.path().join("unused");
    assert_eq!(run(&["--record", unused.to_str().unwrap()]).0, Some(4));
    assert!(!unused.exists());
}
