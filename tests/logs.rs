//! Logs on the real Docker engine: numbered lines of chatty containers, each exactly once and in order, whatever happens
//! to the containers and to the way to the daemon. Needs Docker and an image of the lab.

#![cfg(test)]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

#[path = "logs/chatty.rs"]
mod chatty;
#[path = "support/docker_proxy.rs"]
mod docker_proxy;
#[path = "logs/view.rs"]
mod view;

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use pgherd::model::log_start::LogStart;
use pgherd::model::signal::Signal;
use pgherd::model::time::Timestamp;
use pgherd::source::Context;
use pgherd::source::docker::{self as source, DEFAULT_SOCKET, LogPlan};
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use chatty::{Herd, docker, whole_log};
use docker_proxy::{DockerProxy, Mode};
use view::View;

/// A few hundred lines a second at both outputs, a long one now and then.
const CHATTER: &str = r#"
trap 'exit 0' TERM
long=$(head -c 20000 /dev/zero | tr '\0' x)
i=0
while :; do
  i=$((i+1)); echo "out $i"; echo "err $i" >&2
  [ $((i % 200)) = 0 ] && echo "long $i $long"
  [ $((i % 5)) = 0 ] && sleep 0.02
done
"#;

fn pgherd(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgherd"));
    command.args(arguments).env_remove("DOCKER_HOST").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> Output {
    pgherd(arguments).output().unwrap()
}

/// What `pgherd logs --json` printed.
struct Line {
    at: String,
    container: String,
    stderr: bool,
    text: String,
}

impl Line {
    fn parse(json: &str) -> Self {
        let value: Value = serde_json::from_str(json).unwrap();
        assert_eq!(value["gap"], Value::Null, "{json}");
        let text = |key: &str| value[key].as_str().unwrap().to_owned();
        Self {
            at: text("at"),
            container: text("container"),
            stderr: text("stream") == "stderr",
            text: text("text"),
        }
    }
}

/// The program, and what it printed so far.
struct Follower {
    child: Child,
    lines: Arc<Mutex<Vec<Line>>>,
}

impl Follower {
    fn start(arguments: &[&str]) -> Self {
        let mut child = pgherd(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let lines = Arc::new(Mutex::new(Vec::new()));
        let collected = Arc::clone(&lines);
        thread::spawn(move || {
            for line in output.lines() {
                collected.lock().unwrap().push(Line::parse(&line.unwrap()));
            }
        });
        Self { child, lines }
    }

    fn count(&self) -> usize {
        self.lines.lock().unwrap().len()
    }

    fn wait_for(&self, lines: usize) {
        let begun = Instant::now();
        while self.count() < lines {
            assert!(begun.elapsed() < Duration::from_secs(20), "{} of {lines}", self.count());
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn assert_each_once(lines: &[Line], names: &[String]) {
    for name in names {
        for (stderr, wanted) in [false, true].into_iter().zip(whole_log(name)) {
            let of_lane = lines
                .iter()
                .filter(|line| line.container == *name && line.stderr == stderr);
            let found: Vec<&str> = of_lane.map(|line| line.text.as_str()).collect();
            let differs = wanted.iter().zip(&found).find(|(wanted, found)| wanted != *found);
            assert_eq!(differs, None, "{name}, stderr {stderr}");
            assert_eq!(found.len(), wanted.len(), "{name}, stderr {stderr}");
        }
    }
}

#[test]
fn each_line_once_through_restart_kill_pause_and_a_daemon_that_comes_back() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = DockerProxy::start(&folder.path().join("docker.sock"), Path::new(DEFAULT_SOCKET)).unwrap();
    let mut herd = Herd::new("follow");
    let names: Vec<String> = ["a", "b", "c"].iter().map(|name| herd.add(name, CHATTER)).collect();
    let host = proxy.host();
    let arguments = [
        "logs",
        "--follow",
        "--json",
        "--cluster",
        &herd.project,
        "--docker-host",
        &host,
    ];
    let mut follower = Follower::start(&arguments);
    follower.wait_for(300);

    disturb(&names);
    for mode in [Mode::Close, Mode::Hang] {
        proxy.set(mode);
        thread::sleep(Duration::from_millis(1_500));
        proxy.set(Mode::Pass);
        let before = follower.count();
        follower.wait_for(before + 300);
    }
    docker(&["stop", "-t2", &names[0], &names[1], &names[2]]);
    follower.wait_for(lines_of(&names));
    // One too many would come now.
    thread::sleep(Duration::from_secs(2));
    let pid = follower.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-s", "INT", &pid])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(follower.child.wait().unwrap().code(), Some(130));
    assert_each_once(&follower.lines.lock().unwrap(), &names);

    // What is there afterwards is one log in one order.
    let output = run(&["logs", "--json", "--cluster", &herd.project]);
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let lines: Vec<Line> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(Line::parse)
        .collect();
    assert_each_once(&lines, &names);
    let early = lines.windows(2).find(|pair| pair[0].at > pair[1].at);
    assert!(
        early.is_none(),
        "{} before {}",
        early.unwrap()[0].at,
        early.unwrap()[1].at
    );
    println!("{} lines", lines.len());
}

/// A restart, a kill and a pause.
fn disturb(names: &[String]) {
    docker(&["restart", "-t1", &names[0]]);
    docker(&["kill", &names[1]]);
    docker(&["start", &names[1]]);
    docker(&["pause", &names[2]]);
    thread::sleep(Duration::from_millis(700));
    docker(&["unpause", &names[2]]);
}

/// Ends the containers: then what Docker has of them is there once and in order, and nothing more comes.
fn assert_all_is_shown(view: &View, names: &[String]) {
    let stop: Vec<&str> = ["stop", "-t2"]
        .into_iter()
        .chain(names.iter().map(String::as_str))
        .collect();
    docker(&stop);
    view.wait_for(lines_of(names));
    // One too many would come now.
    thread::sleep(Duration::from_secs(2));
    view.assert_whole_and_in_order(names);
}

/// How many lines Docker has of all of them.
fn lines_of(names: &[String]) -> usize {
    names
        .iter()
        .flat_map(|name| whole_log(name))
        .map(|lane| lane.len())
        .sum()
}

#[test]
fn the_merged_view_has_each_line_once_and_in_order_whatever_happens() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = DockerProxy::start(&folder.path().join("docker.sock"), Path::new(DEFAULT_SOCKET)).unwrap();
    let mut herd = Herd::new("view");
    let mut names: Vec<String> = ["a", "b", "c"].iter().map(|name| herd.add(name, CHATTER)).collect();
    names.push(herd.add_terminal("t", CHATTER));
    let view = View::start(&proxy.host(), &names);
    view.wait_for(300);
    disturb(&names);
    docker(&["restart", "-t1", &names[3]]);
    for mode in [Mode::Close, Mode::Hang] {
        proxy.set(mode);
        thread::sleep(Duration::from_millis(1_500));
        proxy.set(Mode::Pass);
        view.wait_for(view.count() + 300);
    }
    assert_all_is_shown(&view, &names);
}

/// Docker itself gives lines twice then: what it has at the end is what counts.
#[test]
fn a_log_whose_files_are_rotated_gives_each_line_once() {
    let mut herd = Herd::new("rotated");
    let names: Vec<String> = ["a", "b"].iter().map(|name| herd.add_rotated(name, CHATTER)).collect();
    let view = View::start(&format!("unix://{DEFAULT_SOCKET}"), &names);
    for _ in 0..10 {
        view.wait_for(view.count() + 300);
    }
    assert_all_is_shown(&view, &names);
}

#[test]
fn a_pipe_gets_what_was_asked_for_and_may_end_early() {
    let mut herd = Herd::new("pipe");
    let script = r#"
        for i in $(seq 1 3000); do echo "number $i"; done
        sleep 0.5 # the outputs are copied beside each other
        printf '\033[31mERROR: red\033[0m \033]0;title\007\033[2Jend\n' >&2
        sleep 1000
    "#;
    let name = herd.add("a", script);
    herd.add("b", "echo 'WARNING: of b'; sleep 1000");
    while whole_log(&name)[1].is_empty() {
        thread::sleep(Duration::from_millis(50));
    }
    let cluster = ["--cluster", herd.project.as_str()];
    let logs = |arguments: &[&str]| {
        let output = run(&[&["logs"], arguments, &cluster].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    let texts = |text: &str| -> Vec<String> {
        let text = text
            .lines()
            .map(|line| line.split_once("  ").unwrap().1.trim().to_owned());
        text.collect()
    };
    let (code, text) = logs(&["--level", "warning", "--utc"]);
    assert_eq!(code, Some(0));
    assert!(!text.contains('\u{1b}') && !text.contains('\u{7}'), "{text:?}");
    let mut found = texts(&text);
    found.sort();
    assert_eq!(found, ["ERROR: red end", "WARNING: of b"]);
    assert_eq!(
        texts(&logs(&["a", "--grep", "number 29+$"]).1),
        ["number 29", "number 299", "number 2999"]
    );
    assert_eq!(
        texts(&logs(&["a", "--tail", "3", "--exclude", "error"]).1),
        ["number 2999", "number 3000"]
    );
    assert_eq!(texts(&logs(&["--since", "2001-01-01", "b"]).1), ["WARNING: of b"]);
    assert_eq!(logs(&["nobody"]).0, Some(3));
    assert_eq!(logs(&["--grep", "("]).0, Some(2));

    let mut child = pgherd(&["logs", "--follow", "--cluster", &herd.project])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut some = [0; 100];
    output.read_exact(&mut some).unwrap();
    drop(output);
    docker(&["restart", "-t0", &name]); // it writes again
    let ended = child.wait_with_output().unwrap();
    assert_eq!(
        (ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()),
        (Some(0), "")
    );
}

/// What the source says of older lines: the numbers, and whether it has no more.
async fn older(lines: &mut mpsc::Receiver<Signal>) -> (Vec<u32>, bool) {
    let mut numbers = Vec::new();
    loop {
        let signal = timeout(Duration::from_secs(10), lines.recv())
            .await
            .expect("in time")
            .unwrap();
        let Signal::OlderLogs { lines, complete, .. } = signal else {
            continue;
        };
        let part: Vec<u32> = lines.iter().map(|line| line.text.parse().unwrap()).collect();
        let last = part.len() < 256;
        numbers.splice(0..0, part);
        if last {
            return (numbers, complete);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn older_lines_are_told_and_read_when_they_are_wanted() {
    let mut herd = Herd::new("older");
    let name = herd.add("a", "seq 1 1000; sleep 1000");
    while whole_log(&name)[0].len() < 1_000 {
        thread::sleep(Duration::from_millis(50));
    }
    let (signals, mut inbox) = mpsc::channel(64);
    let context = Context {
        signals,
        clock: Arc::new(|| Timestamp::from_millis(0)),
        pace: Context::calm(),
        stop: CancellationToken::new(),
    };
    let (sender, mut lines) = mpsc::channel(64);
    let (depth, start) = watch::channel(LogStart::Tail(5));
    let logs = LogPlan {
        outlet: Arc::new(move |_| sender.clone()),
        start,
        follow: true,
    };
    let daemon = source::connect(None).await.unwrap();
    let followed = BTreeSet::from([name.as_str().into()]);
    let watching = tokio::spawn(async move {
        let (_keep, followed) = watch::channel(followed);
        source::watch(context, daemon, followed, logs).await;
    });
    let ignored = tokio::spawn(async move { while inbox.recv().await.is_some() {} });

    assert_eq!(
        older(&mut lines).await,
        (vec![], false),
        "there are some that were not asked for"
    );
    depth.send_replace(LogStart::Tail(10));
    assert_eq!(older(&mut lines).await, ((986..=995).collect(), false));
    depth.send_replace(LogStart::Tail(10));
    assert_eq!(older(&mut lines).await, ((976..=985).collect(), false));
    depth.send_replace(LogStart::All);
    assert_eq!(older(&mut lines).await, ((1..=975).collect(), true));
    watching.abort();
    ignored.abort();
}
