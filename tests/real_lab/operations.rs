//! Operations on the real cluster: each is asked for with the binary, and its effect is read from Patroni's own REST API
//! and, where it was done in ZooKeeper, from the znodes, with a client of the test's own.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use pgherd::action::operation::perform;
use pgherd::model::name::MemberName;
use pgherd::model::operation::{Change, Operation, Outcome, Plan, Progress};
use pgherd::model::topology::{Address, StoreTarget};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::lab::{Lab, PGHERD, PROJECT, lab, service_of};
use crate::terminal::Terminal;
use crate::{ESC, FAILOVER, HIGH, SOON, monitor, other};

const ROOT: &str = "/service/my_cluster";
/// A time that does not come during a test.
const LATER: &str = "2035-01-01T00:00:00+01:00";

/// Runs the binary; its exit code and all that it said.
fn run(args: &[&str], environment: &[(&str, &str)]) -> (Option<i32>, String) {
    let output = Command::new(PGHERD)
        .args(args)
        .args(["--cluster", PROJECT])
        .envs(environment.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    println!("$ pgherd {}\n{text}", args.join(" "));
    (output.status.code(), text)
}

/// Runs the binary, which has to succeed and to end so.
#[track_caller]
fn done(args: &[&str], environment: &[(&str, &str)], end: &str) -> String {
    let (code, text) = run(&[args, &["--yes"]].concat(), environment);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.trim_end().ends_with(end), "{end}\n{text}");
    text
}

/// Runs the binary, which has to refuse with that exit code and these words.
#[track_caller]
fn refused(args: &[&str], environment: &[(&str, &str)], code: i32, words: &str) {
    let (found, text) = run(&[args, &["--yes"]].concat(), environment);
    assert_eq!(found, Some(code), "{text}");
    assert!(text.contains(words), "{words}\n{text}");
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(future)
}

fn zookeeper(lab: &Lab) -> Address {
    Address {
        host: lab.address("zoo").unwrap(),
        port: 2181,
    }
}

/// Value and version of a znode, read by ourselves.
fn znode(lab: &Lab, name: &str) -> (Value, i32) {
    let (server, path) = (zookeeper(lab).to_string(), format!("{ROOT}/{name}"));
    let (data, stat) = wait(async {
        let client = zookeeper_client::Client::connect(&server).await.unwrap();
        client.get_data(&path).await.unwrap()
    });
    let text = String::from_utf8(data).unwrap();
    (serde_json::from_str(&text).unwrap_or(Value::String(text)), stat.version)
}

fn started(lab: &Lab, member: &str) -> String {
    let status = lab.patroni(service_of(member), "/patroni").unwrap();
    status["postmaster_start_time"].as_str().unwrap_or_default().to_owned()
}

fn config(lab: &Lab) -> Value {
    lab.patroni("pg-master", "/config").unwrap()
}

fn paused(lab: &Lab, member: &str) -> bool {
    lab.patroni(service_of(member), "/patroni").unwrap()["pause"] == json!(true)
}

/// A configuration in which both members' REST APIs are elsewhere.
fn elsewhere(folder: &TempDir, url: &str) -> String {
    let member = |name: &str| format!("[[member]]\nname = \"{name}\"\nrest = \"{url}\"\n");
    let path = folder.path().join("config.toml");
    fs::write(&path, member("postgresql0") + &member("postgresql1")).unwrap();
    path.display().to_string()
}

/// The plan of an operation as the lab is now, straight for the library.
fn plan(lab: &Lab, operation: Operation) -> Plan {
    let rest = |member: &str| {
        let url = format!("http://{}:8008", lab.address(service_of(member)).unwrap());
        (MemberName::from(member), url)
    };
    Plan {
        operation,
        store: Some(StoreTarget {
            servers: vec![zookeeper(lab)],
            namespace: "/service".to_owned(),
            scope: Some("my_cluster".to_owned()),
        }),
        rest: vec![rest("postgresql0"), rest("postgresql1")],
        admin: None,
        leader: lab.leader().map(|leader| MemberName::from(leader.as_str())),
        system_id: None,
        api_url: None,
        container: None,
        loop_wait: Duration::from_secs(2),
    }
}

fn outcome(plan: &Plan) -> Outcome {
    wait(async {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        perform(plan, None, tell).await;
        let mut last = None;
        while let Some(progress) = told.recv().await {
            println!("{progress:?}");
            last = Some(progress);
        }
        let Some(Progress::Ended(outcome)) = last else {
            panic!("{last:?}")
        };
        outcome
    })
}

#[test]
fn each_operation_ends_when_the_cluster_has_changed() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let replica = other(&leader);

    let text = done(
        &["switchover", "--candidate", replica],
        &[],
        &format!("done: {replica} leads"),
    );
    assert!(text.contains("POST /switchover to Patroni of "), "{text}");
    assert_eq!(
        (lab.leader().as_deref(), lab.state(&leader).as_deref()),
        (Some(replica), Some("streaming"))
    );
    let (leader, replica) = (replica, leader.as_str());

    done(&["pause"], &[], "done: the cluster is paused");
    assert!(config(&lab)["pause"] == json!(true) && paused(&lab, leader) && paused(&lab, replica));
    refused(&["pause"], &[], 1, "the cluster is paused already");
    refused(&["switchover"], &[], 1, "name the candidate");
    done(&["resume"], &[], "done: the cluster is resumed");
    assert!(config(&lab)["pause"].is_null() && !paused(&lab, leader) && !paused(&lab, replica));

    let before = started(&lab, replica);
    done(&["restart", replica], &[], &format!("done: {replica} runs again"));
    assert_ne!(started(&lab, replica), before);
    done(&["reload", leader], &[], "it happens in its next round");

    let version = znode(&lab, "config").1;
    let end = format!("done: the configuration is version {}", version + 1);
    // Not `ttl`: with a change of that the leader's lock is dropped, and another may take it.
    let set = "maximum_lag_on_failover=1048577";
    done(&["edit-config", "--set", set, "--pg", "work_mem=5MB"], &[], &end);
    let told = |what: &str, lag: u64, work_mem: Value| {
        // A member's REST API tells what it read last; a change in ZooKeeper wakes it.
        lab.wait(what, SOON, |lab| {
            let config = config(lab);
            config["maximum_lag_on_failover"] == json!(lag)
                && config["postgresql"]["parameters"]["work_mem"] == work_mem
        });
    };
    told("Patroni knows the new values", 1_048_577, json!("5MB"));
    let set = "maximum_lag_on_failover=1048576";
    done(&["edit-config", "--set", set, "--pg", "work_mem=null"], &[], "");
    told("Patroni has the old ones again", 1_048_576, Value::Null);
    assert!(
        run(&["show-config"], &[])
            .1
            .contains("maximum_lag_on_failover: 1048576\n")
    );

    done(
        &["switchover", "--at", LATER],
        &[],
        "done: Patroni begins it at 2034-12-31T23:00:00+00:00",
    );
    let scheduled = lab.patroni("pg-master", "/cluster").unwrap()["scheduled_switchover"].clone();
    assert_eq!(scheduled["at"], json!("2034-12-31T23:00:00+00:00"));
    refused(&["switchover"], &[], 1, "is asked for already: flush that first");
    done(&["flush", "switchover"], &[], "is withdrawn");
    assert!(lab.patroni("pg-master", "/cluster").unwrap()["scheduled_switchover"].is_null());
    done(
        &["restart", replica, "--at", LATER],
        &[],
        "restarts at 2034-12-31T23:00:00+00:00",
    );
    let status = lab.patroni(service_of(replica), "/patroni").unwrap();
    assert_eq!(
        status["scheduled_restart"]["schedule"],
        json!("2034-12-31T23:00:00+00:00")
    );
    done(&["flush", "restart", replica], &[], "is scheduled any more");
    assert!(lab.patroni(service_of(replica), "/patroni").unwrap()["scheduled_restart"].is_null());

    let before = started(&lab, replica);
    refused(&["reinit", leader], &[], 1, "it cannot be made anew");
    done(
        &["reinit", replica],
        &[],
        &format!("done: {replica} is made anew and streams"),
    );
    assert_ne!(started(&lab, replica), before);
    assert_eq!(lab.state(replica).as_deref(), Some("streaming"));

    let text = done(&["failover", "--candidate", replica, "--json"], &[], "}");
    let document: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&document["operation"], &document["outcome"]),
        (&json!("failover"), &json!("done"))
    );
    assert_eq!(lab.leader().as_deref(), Some(replica));
}

#[test]
fn a_rolling_restart_starts_every_postgresql_anew_and_hands_over_once() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let replica = other(&leader);
    let before = [&leader, replica].map(|member| started(&lab, member));
    let end = format!("done: all 2 were started anew; {replica} leads");
    let text = done(&["rolling-restart"], &[], &end);
    let order = [
        format!("{replica}: PostgreSQL started anew"),
        format!("{replica}: streams again"),
        format!("{leader} hands over: asked for"),
        format!("{leader}: started anew by the handover"),
    ];
    let places = order.map(|step| text.find(&step).unwrap_or_else(|| panic!("{step}\n{text}")));
    assert!(places.is_sorted(), "{text}");
    for (member, before) in [&leader, replica].into_iter().zip(before) {
        assert_ne!(started(&lab, member), before, "{member}");
    }
    assert_eq!(
        (lab.leader().as_deref(), lab.state(&leader).as_deref()),
        (Some(replica), Some("streaming"))
    );
}

#[test]
fn where_only_zookeeper_is_reached_it_is_done_there() {
    let lab = lab();
    let folder = tempfile::tempdir().unwrap();
    let file = elsewhere(&folder, "http://127.0.0.1:9");
    let there = [("PGHERD_CONFIG", file.as_str())];
    let leader = lab.leader().unwrap();
    let replica = other(&leader);

    let version = znode(&lab, "config").1;
    let text = done(&["pause"], &there, "done: the cluster is paused");
    assert!(
        text.contains("in ZooKeeper, version") && text.contains("connection refused"),
        "{text}"
    );
    let (document, paused_at) = znode(&lab, "config");
    assert_eq!((&document["pause"], paused_at), (&json!(true), version + 1));
    assert!(paused(&lab, &leader) && paused(&lab, replica));
    done(&["resume"], &there, "done: the cluster is resumed");
    assert!(znode(&lab, "config").0["pause"].is_null() && !paused(&lab, replica));
    done(
        &["edit-config", "--set", "x.y=[1, two]"],
        &there,
        &format!("is version {}", version + 3),
    );
    assert_eq!(znode(&lab, "config").0["x"], json!({"y": [1, "two"]}));
    done(&["edit-config", "--set", "x=null"], &there, "");

    done(
        &["switchover", "--at", LATER, "--candidate", replica],
        &there,
        "23:00:00+00:00",
    );
    let asked = json!({"leader": leader, "member": replica, "scheduled_at": "2034-12-31T23:00:00+00:00"});
    assert_eq!(znode(&lab, "failover").0, asked);
    let scheduled = lab.patroni("pg-master", "/cluster").unwrap()["scheduled_switchover"].clone();
    assert_eq!(scheduled["to"], json!(replica));
    done(&["flush", "switchover"], &there, "is withdrawn");
    assert_eq!(znode(&lab, "failover").0, json!({}));

    refused(&["restart", replica], &there, 1, "does not answer: connection refused");
    let text = done(
        &["switchover", "--candidate", replica],
        &there,
        &format!("done: {replica} leads"),
    );
    assert!(text.contains("asked for: in ZooKeeper"), "{text}");
    assert_eq!(
        (lab.leader().as_deref(), znode(&lab, "leader").0),
        (Some(replica), json!(replica))
    );
}

#[test]
fn what_was_not_confirmed_is_not_done() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let replica = other(&leader);
    let edit = |version: i32, to: &str| Operation::EditConfig {
        version: Some(version),
        changes: vec![Change {
            path: vec!["loop_wait".to_owned()],
            from: Some("2".to_owned()),
            to: Some(to.to_owned()),
        }],
    };
    // Two operators saw the same version: the second one is told what the first one did.
    let version = znode(&lab, "config").1;
    let [mine, other_ones] = [plan(&lab, edit(version, "3")), plan(&lab, edit(version, "4"))];
    assert!(outcome(&mine).is_good());
    let Outcome::Conflict(why) = outcome(&other_ones) else {
        panic!()
    };
    assert!(
        why.contains(&format!(
            "it is version {} now, {version} when it was read",
            version + 1
        )),
        "{why}"
    );
    assert!(why.contains("loop_wait is 3 now"), "{why}");
    assert_eq!(
        (znode(&lab, "config").1, config(&lab)["loop_wait"].clone()),
        (version + 1, json!(3))
    );
    done(&["edit-config", "--set", "loop_wait=2"], &[], "");

    // The leader changed, the member is another one, the request is there already.
    let reload = Operation::Reload {
        member: MemberName::from(replica),
    };
    let stale = |change: &dyn Fn(&mut Plan)| {
        let mut plan = plan(&lab, reload.clone());
        change(&mut plan);
        outcome(&plan)
    };
    let other_leader = stale(&|plan| plan.leader = Some(MemberName::from(replica)));
    assert_eq!(
        other_leader,
        Outcome::Refused(format!("{leader} leads now, {replica} did when it was confirmed"))
    );
    let moved = stale(&|plan| plan.api_url = Some("http://elsewhere:8008/patroni".to_owned()));
    assert_eq!(
        moved,
        Outcome::Refused(format!("{replica} is another one now: its Patroni has moved"))
    );
    let other_cluster = stale(&|plan| plan.system_id = Some("1".to_owned()));
    assert!(matches!(other_cluster, Outcome::Refused(why) if why.contains("another cluster")));

    let (code, text) = run(&["pause"], &[]);
    assert!(code == Some(2) && text.contains("--yes"), "{text}");
    refused(&["pause", "--read-only"], &[], 2, "read-only");
    refused(&["switchover", "--at", "21:00"], &[], 2, "is no time with a zone");
    assert!(!paused(&lab, replica));
}

/// A Patroni that shows itself as a replica and answers everything else so; nothing is silence.
fn fake(answer: Option<&'static str>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { continue };
            thread::spawn(move || {
                let mut request = [0; 2048];
                let length = stream.read(&mut request).unwrap_or(0);
                let status = r#"{"state": "running", "role": "replica", "postmaster_start_time": "x"}"#;
                let shown = format!("HTTP/1.0 503 x\r\n\r\n{status}");
                let answer = if request[..length].starts_with(b"GET ") {
                    Some(shown.as_str())
                } else {
                    answer
                };
                match answer {
                    Some(answer) => drop(stream.write_all(answer.as_bytes())),
                    None => thread::sleep(Duration::from_secs(60)),
                }
            });
        }
    });
    url
}

#[test]
fn a_refusal_is_told_in_patronis_words_and_changes_nothing() {
    let lab = lab();
    let folder = tempfile::tempdir().unwrap();
    let leader = lab.leader().unwrap();
    let version = znode(&lab, "config").1;
    for (answer, words) in [
        (
            "HTTP/1.0 401 x\r\n\r\nno auth header received",
            "no auth header received (HTTP 401)",
        ),
        (
            "HTTP/1.0 412 x\r\n\r\nleader name does not match",
            "leader name does not match (HTTP 412)",
        ),
        ("HTTP/1.0 503 x\r\n\r\n\u{1b}[31mnot now", "not now (HTTP 503)"),
        ("\u{1b}]0;SSH-2.0\r\n\r\n", "gave no answer"),
    ] {
        let file = elsewhere(&folder, &fake(Some(answer)));
        let there = [("PGHERD_CONFIG", file.as_str())];
        refused(&["switchover"], &there, 1, "");
        refused(&["pause"], &there, 1, words);
    }
    let file = elsewhere(&folder, &fake(None));
    let there = [("PGHERD_CONFIG", file.as_str())];
    refused(&["resume"], &there, 1, "the cluster is not paused");
    refused(
        &["reload", &leader],
        &there,
        1,
        "gave no answer: no answer (answer); it may carry it out",
    );
    assert_eq!((znode(&lab, "config").1, lab.leader()), (version, Some(leader)));
}

#[test]
fn the_configuration_is_edited_in_the_editor_and_asked_about() {
    let lab = lab();
    let folder = tempfile::tempdir().unwrap();
    let editor = folder.path().join("editor");
    fs::write(
        &editor,
        "sed -i 's/^maximum_lag_on_failover: 1048576$/maximum_lag_on_failover: 1048577/' \"$1\"\n",
    )
    .unwrap();
    let editor = format!("sh {}", editor.display());
    let edit = |editor: &str| {
        let environment = [("EDITOR", editor), ("VISUAL", "")];
        Terminal::start(PGHERD, &["edit-config", "--cluster", PROJECT], &environment, (100, 40))
    };
    for (answer, code, lag) in [("n\r", 1, 1_048_576), ("y\r", 0, 1_048_577)] {
        let mut terminal = edit(&editor);
        terminal.wait_for("Go on? [y/N]", SOON);
        let screen = terminal.screen();
        assert!(
            screen.contains("-maximum_lag_on_failover: 1048576")
                && screen.contains("+maximum_lag_on_failover: 1048577"),
            "{screen}"
        );
        assert!(
            screen.contains("maximum_lag_on_failover: 1048576 → 1048577"),
            "{screen}"
        );
        assert_eq!(config(&lab)["maximum_lag_on_failover"], json!(1_048_576));
        terminal.keys(answer);
        assert_eq!(terminal.exit_code(SOON), code, "{}", terminal.screen());
        assert_eq!(config(&lab)["maximum_lag_on_failover"], json!(lag));
    }
    // Somebody else writes while the question is open.
    let back = "sh -c 'sed -i \"s/^maximum_lag_on_failover: .*$/maximum_lag_on_failover: 7/\" \"$1\"' sh";
    let mut terminal = edit(back);
    terminal.wait_for("Go on? [y/N]", SOON);
    done(&["edit-config", "--set", "maximum_lag_on_failover=1048576"], &[], "");
    terminal.keys("y\r");
    assert_eq!(terminal.exit_code(SOON), 1);
    assert!(
        terminal.screen().contains("somebody else changed the configuration"),
        "{}",
        terminal.screen()
    );
    // What a change of `ttl` does to the lock is said before it is asked for.
    let mut terminal = edit("sh -c 'sed -i \"s/^ttl: 20$/ttl: 21/\" \"$1\"' sh");
    terminal.wait_for("Go on? [y/N]", SOON);
    let screen = terminal.screen();
    assert!(screen.contains("another member may take over"), "{screen}");
    terminal.keys("n\r");
    assert_eq!(terminal.exit_code(SOON), 1);
    let mut terminal = edit("false");
    assert_eq!(terminal.exit_code(SOON), 1);
    assert_eq!(config(&lab)["maximum_lag_on_failover"], json!(1_048_576));
}

#[test]
fn by_keyboard_from_the_menu_to_the_end() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let replica = other(&leader);
    let state = tempfile::tempdir().unwrap();
    let state = state.path().to_str().unwrap();
    let editor = "sh -c 'sed -i \"s/^maximum_lag_on_failover: .*$/maximum_lag_on_failover: 7/\" \"$1\"' sh";
    let terminal = monitor(HIGH, &[("XDG_STATE_HOME", state), ("EDITOR", editor), ("VISUAL", "")]);
    let choose = |words: &str| {
        terminal.keys("X");
        terminal.wait_for("What to ask Patroni and HAProxy for", SOON);
        terminal.keys(words);
        terminal.wait_for(&format!(":{words}"), SOON);
        terminal.keys("\r");
    };

    choose(&format!("switchover {replica}"));
    terminal.wait_for("is shut down cleanly and follows afterwards", SOON);
    assert_eq!(lab.leader().as_deref(), Some(leader.as_str()), "nothing was confirmed");
    terminal.keys("y");
    terminal.wait_for(&format!("done: {replica} leads"), FAILOVER);
    let screen = terminal.screen();
    for step in ["as confirmed", "lock released by", "lock taken", "promoted"] {
        assert!(screen.contains(step), "{step}\n{screen}");
    }
    assert_eq!(lab.leader().as_deref(), Some(replica));
    terminal.keys(ESC);
    terminal.wait("the steps closed", SOON, |screen| !screen.contains("esc close"));

    // The editor has the terminal, and gives it back; what differs is asked about.
    choose("edit-config");
    terminal.wait_for("maximum_lag_on_failover: 1048576 → 7", SOON);
    terminal.keys("n");
    terminal.wait_for("✓ agree", SOON);
    assert_eq!(config(&lab)["maximum_lag_on_failover"], json!(1_048_576));

    let (_, audit) = run(&["audit"], &[("XDG_STATE_HOME", state)]);
    let what = format!("switchover from {leader} to {replica}");
    for line in [format!("{what}, asked for: done"), format!("{what}: done")] {
        assert!(audit.contains(&line), "{line}\n{audit}");
    }
}

/// Two who saw the same cluster and want the same: it happens once, and the second one is told what changed.
#[test]
fn of_two_operators_with_the_same_question_one_is_told_what_the_other_did() {
    let lab = lab();
    let leader = lab.leader().unwrap();
    let replica = other(&leader);
    let timeline = |lab: &Lab| {
        lab.patroni("pg-master", "/patroni").unwrap()["timeline"]
            .as_i64()
            .unwrap()
    };
    let before = timeline(&lab);
    let state = tempfile::tempdir().unwrap();
    let environment = [("XDG_STATE_HOME", state.path().to_str().unwrap())];
    let [first, second] = [0, 1].map(|_| monitor(HIGH, &environment));
    let question = "is shut down cleanly and follows afterwards";
    for terminal in [&first, &second] {
        terminal.keys("X");
        terminal.wait_for("What to ask Patroni and HAProxy for", SOON);
        terminal.keys(&format!("switchover {replica}\r"));
        terminal.wait_for(question, SOON);
    }
    first.keys("y");
    first.wait_for(&format!("done: {replica} leads"), FAILOVER);
    // The second question has been open all the time.
    second.wait_for("Changed while", SOON);
    second.keys("y");
    thread::sleep(Duration::from_secs(1));
    second.keys("y");
    lab.wait("both stream or lead", FAILOVER, |lab| {
        lab.state(&leader).as_deref() == Some("streaming")
    });
    thread::sleep(Duration::from_secs(3));
    assert_eq!(lab.leader().as_deref(), Some(replica), "{}", second.screen());
    assert_eq!(timeline(&lab), before + 1, "it happened once");
    // The same by command, for the leader that was.
    let candidate = ["switchover", "--candidate", replica];
    refused(&candidate, &[], 1, "leads already");
}

#[test]
fn a_server_of_haproxy_is_drained_and_brought_back() {
    let lab = lab();
    // A second HAProxy beside the lab's own, since that takes no commands.
    let configuration = "global\n stats socket ipv4@*:9999 level admin\n\
        defaults\n timeout connect 1s\n timeout client 1s\n timeout server 1s\n\
        listen stats\n mode http\n bind *:7001\n stats enable\n stats uri /\n\
        listen primary\n mode tcp\n bind *:5440\n server postgresql0 127.0.0.1:1\n server postgresql1 127.0.0.1:2\n";
    let start = format!("printf '{configuration}' > /tmp/side.cfg && haproxy -D -p /tmp/side.pid -f /tmp/side.cfg");
    lab.run_in("postgres_entrypoint", &["sh", "-c", &start]);
    let address = lab.address("postgres_entrypoint").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.toml");
    let proxy =
        format!("[[proxy]]\nname = \"side\"\nurl = \"http://{address}:7001\"\nadmin = \"tcp:{address}:9999\"\n");
    fs::write(&file, proxy).unwrap();
    let file = file.display().to_string();
    let there = [("PGHERD_CONFIG", file.as_str())];
    let shown = || {
        let statistics = crate::lab::http(&address, 7001, "/;csv").unwrap();
        let row = statistics
            .lines()
            .find(|line| line.starts_with("primary,postgresql1,"))
            .unwrap()
            .to_owned();
        row.split(',').nth(17).unwrap().to_owned()
    };
    for (state, word) in [("drain", "DRAIN"), ("maint", "MAINT"), ("ready", "no check")] {
        let end = format!("done: primary/postgresql1 is {state}");
        done(&["set-server", "primary/postgresql1", state], &there, &end);
        assert_eq!(shown(), word);
    }
    done(
        &["set-server", "primary/postgresql1", "ready"],
        &there,
        "was ready already",
    );
    refused(
        &["set-server", "primary/pg9", "drain"],
        &there,
        1,
        "shows no server primary/pg9",
    );
    refused(
        &["set-server", "primary/postgresql0", "drain"],
        &[],
        1,
        "no admin socket of ",
    );
    lab.run_in("postgres_entrypoint", &["sh", "-c", "kill $(cat /tmp/side.pid)"]);
}
