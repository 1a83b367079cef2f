use super::Program::{HAProxy, Other, Patroni, PostgreSQL, ZooKeeper};
use super::*;

/// A line, whose it is, and what it says.
const LINES: &[(&str, Program, &str)] = &[
    (
        "2026-11-22 19:17:51,025 INFO: no action. I am (pg1)",
        Patroni,
        "no action. I am (pg1)",
    ),
    ("2026-11-22 19:17:51,025 INFO:  stdout=", Patroni, "stdout="),
    ("2026-11-22 19:17:51,025 ERROR: get_cluster", Patroni, "get_cluster"),
    (
        "Traceback (most recent call last):",
        Patroni,
        "Traceback (most recent call last):",
    ),
    (
        "2026-11-22 19:17:51.026 UTC [19] LOG:  ready: yes",
        PostgreSQL,
        "ready: yes",
    ),
    (
        "2026-11-22 19:17:51 UTC [19]: [1-1] user=a,db=b,app=c ERROR:  no",
        PostgreSQL,
        "no",
    ),
    (
        "2026-11-22 19:17:51.026 UTC [19] DETAIL:  End of WAL",
        PostgreSQL,
        "End of WAL",
    ),
    ("LOG:  invalid entry", PostgreSQL, "invalid entry"),
    (
        "pg_rewind: servers diverged at WAL location 0/1",
        PostgreSQL,
        "servers diverged at WAL location 0/1",
    ),
    (
        "pg_basebackup: error: connection failed",
        PostgreSQL,
        "error: connection failed",
    ),
    (
        "localhost:5432 - accepting connections",
        PostgreSQL,
        "localhost:5432 - accepting connections",
    ),
    ("10.0.0.1:5432 - no response", PostgreSQL, "10.0.0.1:5432 - no response"),
    ("INFO: no action. I am (pg1)", Patroni, "no action. I am (pg1)"),
    ("server promoting", PostgreSQL, "server promoting"),
    (
        "creating configuration files ... ok",
        PostgreSQL,
        "creating configuration files ... ok",
    ),
    (
        "[ALERT]    (8) : proxy 'primary' has no server available!",
        HAProxy,
        "proxy 'primary' has no server available!",
    ),
    (
        "[WARNING] 325/191751 (8) : Server primary/pg1 is DOWN",
        HAProxy,
        "Server primary/pg1 is DOWN",
    ),
    (
        "Server primary/pg1 is UP, reason: x",
        HAProxy,
        "Server primary/pg1 is UP, reason: x",
    ),
    (
        "<5>Server primary/pg1 is UP, reason: x",
        HAProxy,
        "Server primary/pg1 is UP, reason: x",
    ),
    (
        "proxy primary has no server available!",
        HAProxy,
        "proxy primary has no server available!",
    ),
    (
        "172.30.0.1:36226 [22/Nov/2026:19:17:32.347] primary primary/pg1 1/0/5219 4302 -- 1/1/0/0/0 0/0",
        HAProxy,
        "172.30.0.1:36226 [22/Nov/2026:19:17:32.347] primary primary/pg1 1/0/5219 4302 -- 1/1/0/0/0 0/0",
    ),
    (
        "2026-11-22 19:17:51,026 [myid:1] - WARN  [main:QuorumPeerConfig@1] - x: y",
        ZooKeeper,
        "x: y",
    ),
    (
        "2026-11-22 19:17:51,026 [myid:] - INFO  [ProcessThread(sid:0 cport:2181)::X@1] - z",
        ZooKeeper,
        "z",
    ),
    ("2026-11-22 19:17:51,026 - INFO  [main:X@1] - z", ZooKeeper, "z"),
    (
        "[2026-11-22 19:17:51,026] WARN x (org.apache.zookeeper.X)",
        ZooKeeper,
        "x (org.apache.zookeeper.X)",
    ),
    (
        "ZooKeeper JMX enabled by default",
        ZooKeeper,
        "ZooKeeper JMX enabled by default",
    ),
    ("2026-11-22 19:17:51,026 INFO x", Other, "INFO x"),
    ("2026-11-22T19:17:51Z GET /", Other, "GET /"),
    ("  File \"x\", line 1", Other, "  File \"x\", line 1"),
    ("Server", Other, "Server"),
    ("proxy", Other, "proxy"),
    ("[x", Other, "[x"),
    ("<", Other, "<"),
    ("{", Other, "{"),
    ("", Other, ""),
];

#[test]
fn tells_the_programs_apart() {
    for (text, program, message) in LINES {
        let head = Head::of(text);
        assert_eq!((head.program, head.message), (*program, *message), "{text}");
    }
    assert_eq!(Head::of("2026-11-22 19:17:51.026 UTC [19] LOG:  x").pid, Some(19));
    assert_eq!(
        Head::of("2026-11-22 19:17:51 UTC [7]: [1-1] user=a LOG:  x").pid,
        Some(7)
    );
}

#[test]
fn reads_lines_of_json() {
    let patroni =
        r#"{"asctime": "2026-11-22 19:17:51,025", "levelname": "WARNING", "message": "Postgresql is \"gone\"."}"#;
    let head = Head::of(patroni);
    assert_eq!(
        (head.program, head.level, head.message),
        (Program::Patroni, Some(Level::Warning), r#"Postgresql is \"gone\"."#)
    );
    assert_eq!(head.stamp.map(|stamp| stamp.time), Some("2026-11-22 19:17:51,025"));
    let server = r#"{"timestamp":"2026-11-22 19:17:51.026 UTC","pid":19,"error_severity":"FATAL","message":"the database system is starting up","backend_type":"client backend"}"#;
    let head = Head::of(server);
    assert_eq!(
        (head.program, head.level, head.pid, head.message),
        (
            Program::PostgreSQL,
            Some(Level::Fatal),
            Some(19),
            "the database system is starting up"
        )
    );
    assert_eq!(head.stamp.and_then(|stamp| stamp.zone), Some("UTC"));
    let keeper = r#"{"@timestamp":"2026-11-22T19:17:51.026Z","level":"WARN","logger_name":"org.apache.zookeeper.server.X","message":"x"}"#;
    assert_eq!(
        (Head::of(keeper).program, Head::of(keeper).level),
        (Program::ZooKeeper, Some(Level::Warning))
    );
    let other = r#"{"time":"2026-11-22T19:17:51Z","level":"error","msg":"x"}"#;
    assert_eq!(
        (Head::of(other).program, Head::of(other).level, Head::of(other).message),
        (Program::Other, Some(Level::Error), "x")
    );
    let data = r#"{"state": "running", "role": "replica"}"#;
    assert_eq!((Head::of(data).level, Head::of(data).message), (None, data));
}

#[test]
fn what_is_looked_up_is_in_order() {
    for starts in [TOOL_WORDS, ZOOKEEPER] {
        for pair in starts.windows(2) {
            assert!(pair[0] < pair[1] && !pair[1].starts_with(pair[0]), "{pair:?}");
        }
        assert!(starts.iter().all(|start| begins(starts, &format!("{start} and more"))));
    }
}
