//! The binary and its terminal: needs no Docker.

#![cfg(test)]

#[path = "support/terminal.rs"]
mod terminal;

use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use pgherd::model::act::drill::Drill;
use terminal::Terminal;

const PGHERD: &str = env!("CARGO_BIN_EXE_pgherd");
/// A text of the first screen.
const FIRST: &str = "No cluster was found";
const LIMIT: Duration = Duration::from_secs(10);
/// A program that lives answers a key within this on the slowest machine; how fast it does is judged on the real lab.
const ANSWER: Duration = Duration::from_secs(4);
/// A daemon that is not there: the first screen then says so.
const NOWHERE: [(&str, &str); 2] = [
    ("DOCKER_HOST", "unix:///nonexistent/docker.sock"),
    ("XDG_CONFIG_HOME", "/nonexistent"),
];

fn start(size: (u16, u16)) -> Terminal {
    let terminal = Terminal::start(PGHERD, &[], &NOWHERE, size);
    terminal.wait_for(FIRST, LIMIT);
    terminal
}

#[test]
fn the_first_screen_says_what_was_looked_for_and_offers_the_lab() {
    let terminal = start((100, 30));
    let screen = terminal.screen();
    assert!(screen.contains("/nonexistent/docker.sock"), "{screen}");
    assert!(screen.contains("ZooKeeper"), "{screen}");
}

#[test]
fn every_ordinary_end_gives_the_terminal_back() {
    for (end, code) in [("q", 0), ("\u{3}", 0)] {
        let mut terminal = start((80, 24));
        assert!(terminal.is_full_screen());
        terminal.keys(end);
        assert_eq!(terminal.exit_code(LIMIT), code, "{end:?}");
        assert_given_back(&terminal);
    }
    for (signal, code) in [("TERM", 143), ("HUP", 129), ("INT", 130), ("QUIT", 131)] {
        let mut terminal = start((80, 24));
        terminal.signal(signal);
        assert_eq!(terminal.exit_code(LIMIT), code, "{signal}");
        assert_given_back(&terminal);
    }
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_again() {
    let mut terminal = Terminal::start(
        "/bin/sh",
        &["-i"],
        &[NOWHERE[0], NOWHERE[1], ("PS1", "ready> ")],
        (80, 24),
    );
    terminal.wait_for("ready>", LIMIT);
    terminal.keys(&format!("{PGHERD}\r"));
    terminal.wait_for(FIRST, LIMIT);
    for _ in 0..2 {
        terminal.keys("\u{1a}");
        terminal.wait("the shell again", LIMIT, |screen| {
            !terminal.is_full_screen() && screen.contains("Stopped")
        });
        terminal.keys("echo the shell reads $((40 + 2))\r");
        terminal.wait_for("the shell reads 42", LIMIT);
        terminal.keys("fg\r");
        terminal.wait("the screen again", LIMIT, |screen| {
            terminal.is_full_screen() && screen.contains(FIRST)
        });
        assert!(terminal.key_latency() < ANSWER);
    }
    terminal.keys("q");
    terminal.wait("the end", LIMIT, |_| !terminal.is_full_screen());
    terminal.keys("exit 0\r");
    assert_eq!(terminal.exit_code(LIMIT), 0);
}

#[test]
fn ctrl_z_without_a_shell_above_leaves_the_screen_as_it_is() {
    let terminal = start((80, 24));
    terminal.keys("\u{1a}");
    terminal.wait("the terminal given back and taken again", LIMIT, |screen| {
        let raw = terminal.raw();
        let taken = String::from_utf8_lossy(&raw).matches("\u{1b}[?1049h").count();
        taken == 2 && terminal.is_full_screen() && screen.contains(FIRST)
    });
    assert!(terminal.key_latency() < ANSWER);
}

#[test]
fn a_panic_of_the_screen_gives_the_terminal_back_and_one_of_a_task_leaves_it() {
    let mut terminal = Terminal::start(
        PGHERD,
        &[],
        // A backtrace, if the caller's environment asks for one, scrolls the message away.
        &[
            NOWHERE[0],
            NOWHERE[1],
            ("PGHERD_PANIC", "screen"),
            ("RUST_BACKTRACE", "0"),
        ],
        (80, 24),
    );
    assert_eq!(terminal.exit_code(LIMIT), 101);
    assert_given_back(&terminal);
    terminal.wait_for("panicked", LIMIT);

    let terminal = Terminal::start(
        PGHERD,
        &[],
        &[NOWHERE[0], NOWHERE[1], ("PGHERD_PANIC", "task")],
        (80, 24),
    );
    terminal.wait_for(FIRST, LIMIT);
    assert!(terminal.is_full_screen());
    assert!(terminal.key_latency() < ANSWER);
}

#[test]
fn any_size_is_drawn_or_said_to_be_too_small() {
    let terminal = start((80, 24));
    for (columns, rows) in [(200, 50), (120, 40), (60, 16), (81, 25)] {
        terminal.resize(columns, rows);
        terminal.wait_for(FIRST, LIMIT);
    }
    for (columns, rows) in [(59, 16), (60, 15), (20, 5), (1, 1)] {
        terminal.resize(columns, rows);
        std::thread::sleep(Duration::from_millis(100));
    }
    terminal.resize(40, 10);
    terminal.wait_for("too small", LIMIT);
    terminal.resize(80, 24);
    terminal.wait_for(FIRST, LIMIT);
}

#[test]
fn a_key_that_was_changed_works_and_is_the_one_that_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, "[keys]\nhelp = \"f1\"\nquit = \"Q\"\n").unwrap();
    let environment = [NOWHERE[0], NOWHERE[1], ("PGHERD_CONFIG", file.to_str().unwrap())];
    let mut terminal = Terminal::start(PGHERD, &[], &environment, (100, 40));
    terminal.wait_for("f1 help", LIMIT);
    terminal.wait_for("Q quit", LIMIT);
    terminal.keys("?q");
    assert!(!terminal.shows_within("Main screen", Duration::from_millis(500)));
    terminal.keys("\u{1b}OP");
    terminal.wait_for("Main screen", LIMIT);
    terminal.keys("\u{1b}");
    terminal.wait("the help closed", LIMIT, |screen| !screen.contains("Main screen"));
    terminal.keys("Q");
    assert_eq!(terminal.exit_code(LIMIT), 0);
}

#[test]
fn pasted_text_and_garbage_are_no_commands() {
    let mut terminal = start((80, 24));
    terminal.keys("\u{1b}[200~qqq\u{3}yKs\nq\u{1b}[201~");
    terminal.keys("\u{0}\u{1}\u{2}\u{7f}\u{1b}[999~\u{1b}]0;x\u{7}é漢");
    std::thread::sleep(Duration::from_millis(200));
    assert!(terminal.key_latency() < ANSWER, "still there");
    terminal.keys("q");
    assert_eq!(terminal.exit_code(LIMIT), 0);
}

/// The log pane alone, at the end of the demo.
fn reading() -> Terminal {
    let terminal = Terminal::start(PGHERD, &["demo"], &NOWHERE, (120, 41));
    terminal.wait_for("the demo, a real failover", LIMIT);
    terminal.keys("$");
    terminal.wait_for("RECORDING, over", LIMIT);
    terminal.keys("\u{1b}[Z");
    terminal.wait_for("▶ Logs", LIMIT);
    terminal.keys("z");
    terminal.wait("the log pane alone", LIMIT, |screen| !screen.contains("Members"));
    terminal
}

#[test]
fn log_lines_are_searched_and_filtered() {
    let terminal = reading();
    terminal.keys("/promot(");
    terminal.wait_for("unclosed group", LIMIT);
    terminal.keys("\u{7f}");
    terminal.wait("the expression in order", LIMIT, |screen| {
        screen.contains("/promot") && !screen.contains("unclosed") && screen.contains("matches")
    });
    terminal.keys("\r");
    terminal.wait("a match", LIMIT, |screen| {
        screen.contains("match ") && screen.contains('▸')
    });
    let before = terminal.screen();
    terminal.keys("N");
    terminal.wait("another match", LIMIT, |screen| {
        screen != before && screen.contains("match ")
    });
    terminal.keys("&promot\r");
    terminal.wait_for(" ONLY ", LIMIT);
    terminal.wait("only lines with it", LIMIT, |screen| {
        let lines = screen.lines().filter(|line| line.contains("pg-"));
        !screen.contains("no action") && lines.filter(|line| line.contains("promot")).count() > 0
    });
    assert!(terminal.key_latency() < ANSWER);
}

#[test]
fn log_lines_are_copied_through_the_terminal_and_saved_never_over_a_file() {
    let terminal = reading();
    terminal.keys("&promot\r");
    terminal.wait_for(" ONLY ", LIMIT);
    terminal.keys("Vky");
    terminal.wait_for("sent to the terminal's clipboard", LIMIT);
    let raw = String::from_utf8_lossy(&terminal.raw()).into_owned();
    let (_, sequence) = raw.split_once("\u{1b}]52;c;").expect("OSC 52");
    let coded = sequence.split(['\u{7}', '\u{1b}']).next().unwrap();
    let copied = base64::engine::general_purpose::STANDARD.decode(coded).unwrap();
    let copied = String::from_utf8(copied).unwrap();
    assert_eq!(copied.lines().count(), 2, "{copied}");
    assert!(copied.lines().all(|line| line.contains("promot")), "{copied}");
    assert!(!copied.contains(['┃', '│']), "{copied}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.log");
    let name = file.display().to_string();
    let save = || {
        terminal.keys("S");
        terminal.wait_for("save what is shown to:", LIMIT);
        terminal.keys("\u{15}");
        terminal.keys(&format!("{name}\r"));
    };
    save();
    terminal.wait_for("written to", LIMIT);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.lines().count() > 1 && text.lines().all(|line| line.contains("promot")),
        "{text}"
    );
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    std::fs::write(&file, "mine").unwrap();
    save();
    terminal.wait_for("Replace the file?", LIMIT);
    terminal.keys("n");
    terminal.wait("the question gone", LIMIT, |screen| {
        !screen.contains("Replace the file?")
    });
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
    save();
    terminal.wait_for("Replace the file?", LIMIT);
    terminal.keys("y");
    terminal.wait_for("written to", LIMIT);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn the_mouse_stays_the_terminals_until_it_is_asked_for() {
    let mut terminal = reading();
    let tells = |terminal: &Terminal, sequence: &str| String::from_utf8_lossy(&terminal.raw()).contains(sequence);
    assert!(!tells(&terminal, "\u{1b}[?1000h"));
    terminal.keys("M");
    terminal.wait("the mouse", LIMIT, |_| tells(&terminal, "\u{1b}[?1000h"));
    terminal.keys("\u{1b}[<64;60;20M");
    terminal.wait_for("standing still", LIMIT);
    terminal.keys("q");
    assert_eq!(terminal.exit_code(LIMIT), 0);
    assert!(tells(&terminal, "\u{1b}[?1000l"));
}

#[test]
fn without_a_terminal_there_is_a_clear_error() {
    let output = Command::new(PGHERD)
        .envs(NOWHERE)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{error}");
    assert!(error.contains("terminal"), "{error}");
    assert!(output.stdout.is_empty());
}

/// By flag, by variable and by file: each before anything is looked for, let alone asked or done.
fn assert_refused(commands: &[&[&str]], flag: &[&str], variable: (&str, &str), line: &str, word: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    std::fs::write(&file, line).unwrap();
    let file = file.to_str().unwrap();
    for command in commands {
        for (more, environment) in [(flag, NOWHERE[0]), (&[], variable), (&["--config", file], NOWHERE[0])] {
            let output = Command::new(PGHERD)
                .args(*command)
                .args(more)
                .envs(NOWHERE)
                .envs([environment])
                .stdin(Stdio::null())
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(2), "{command:?} {more:?}: {said}");
            assert!(said.contains(word), "{command:?} {more:?}: {said}");
        }
    }
}

#[test]
fn a_protected_cluster_refuses_every_fault() {
    let drills = Drill::ALL.map(Drill::name).into_iter();
    let faults = drills.chain(["stop", "kill", "restart", "pause"]);
    let alone: Vec<Vec<&str>> = faults.map(|fault| vec!["fault", fault, "--yes"]).collect();
    // One that is allowed carries none along that is not.
    let with = ["fault", "start", "--yes", "--with", "kill:leader"];
    let commands: Vec<&[&str]> = alone.iter().map(Vec::as_slice).chain([&with[..]]).collect();
    assert!(commands.len() > 15);
    let (flag, variable) = (["--mark", "protected"], ("PGHERD_MARK", "protected"));
    assert_refused(&commands, &flag, variable, "mark = \"protected\"\n", "protected");
}

#[test]
fn read_only_refuses_every_command_that_changes_something() {
    let commands: [&[&str]; 15] = [
        &["fault", "kill", "--on", "leader", "--yes"],
        &["probe", "uninstall"],
        &["check"],
        &["probe", "install"],
        &["switchover", "--yes"],
        &["failover", "--candidate", "postgresql1", "--yes"],
        &["restart", "postgresql1", "--yes"],
        &["rolling-restart", "--yes"],
        &["reload", "postgresql1", "--yes"],
        &["reinit", "postgresql1", "--yes"],
        &["pause", "--yes"],
        &["resume", "--yes"],
        &["flush", "switchover", "--yes"],
        &["set-server", "primary/postgresql0", "drain", "--yes"],
        &["edit-config", "--set", "ttl=20", "--yes"],
    ];
    let variable = ("PGHERD_READ_ONLY", "true");
    assert_refused(&commands, &["--read-only"], variable, "read_only = true\n", "read-only");
}

#[test]
fn wrong_usage_and_wrong_configuration_have_their_exit_codes() {
    let run = |args: &[&str]| {
        Command::new(PGHERD)
            .args(args)
            .envs(NOWHERE)
            .stdin(Stdio::null())
            .output()
            .unwrap()
    };
    let code = |args: &[&str]| run(args).status.code();
    assert_eq!(code(&["--no-such-option"]), Some(2));
    assert_eq!(code(&["--config", "/nonexistent.toml", "config"]), Some(2));
    assert_eq!(code(&["--theme", "nonesuch", "config"]), Some(2));
    assert_eq!(code(&["discover"]), Some(3));
    assert_eq!(code(&["check"]), Some(3));
    assert_eq!(code(&["check", "--read-only"]), Some(2));
    assert_eq!(code(&["--help"]), Some(0));
    let config = run(&["config"]);
    assert_eq!(
        config.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&config.stderr)
    );
}

fn assert_given_back(terminal: &Terminal) {
    let raw = terminal.raw();
    let written = String::from_utf8_lossy(&raw);
    assert!(!terminal.is_full_screen());
    for given_back in ["\u{1b}[?1049l", "\u{1b}[?2004l", "\u{1b}[?25h"] {
        assert!(written.contains(given_back), "{given_back:?} missing");
    }
}
