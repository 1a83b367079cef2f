//! Recorded runs of real clusters, from fault to redundancy: verdict and phases as they were measured.
//!
//! The records (one event a line: ZooKeeper watches, HAProxy every 100 ms, SQL and REST every 150 ms) become facts here
//! as the sources would tell them. They may not be changed.

#![cfg(test)]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pgherd::model::container::ContainerAction;
use pgherd::model::dcs::FailoverRequest;
use pgherd::model::explanation;
use pgherd::model::fact::{Ending, Fact, FactKind, SourceKind};
use pgherd::model::failover::{Cast, Chronicle, Episode, Fault, Mark, Part, Timeline, Verdict};
use pgherd::model::link::Cause;
use pgherd::model::name::MemberName;
use pgherd::model::prediction::{Basis, Checks, Setting, Timing};
use pgherd::model::proxy::ServerStatus;
use pgherd::model::time::Timestamp;
use pgherd::model::wal::Timeline as Line;
use serde_json::Value;

#[path = "failover/report.rs"]
mod report;

/// A run as it was recorded, on its way through the chronicle.
struct Run {
    chronicle: Chronicle,
    cast: Cast,
    now: Timestamp,
    holder: Option<MemberName>,
    down: BTreeMap<String, Timestamp>,
    standby: BTreeMap<String, bool>,
    streams: BTreeSet<String>,
    started: BTreeMap<String, String>,
    servers: BTreeMap<String, String>,
    action: Option<Timestamp>,
}

fn run(path: &str) -> Run {
    let text = std::fs::read_to_string(format!("tests/samples/failover/{path}.events.jsonl")).unwrap();
    let member = |name: &str| (name.to_owned(), Part::Member(name.into()));
    let mut run = Run {
        chronicle: Chronicle::default(),
        cast: Cast {
            parts: [member("pg1"), member("pg2"), ("zk".to_owned(), Part::Store)].into(),
            servers: [("pg1".to_owned(), "pg1".into()), ("pg2".to_owned(), "pg2".into())].into(),
            pools: ["primary".to_owned()].into(),
            answered: ["pg1".into(), "pg2".into()].into(),
            store_known: true,
            timing: timing(path.starts_with("p302")),
            ..Cast::default()
        },
        now: Timestamp::default(),
        holder: None,
        down: BTreeMap::new(),
        standby: BTreeMap::new(),
        streams: BTreeSet::new(),
        started: BTreeMap::new(),
        servers: BTreeMap::new(),
        action: None,
    };
    for line in text.lines() {
        run.event(&serde_json::from_str(line).unwrap());
    }
    for _ in 0..200 {
        run.now = run.now.plus(Duration::from_secs(1));
        run.cast.confirmed = run.now;
        run.chronicle.pass(&run.cast, run.now);
    }
    run
}

/// As the recorded clusters were set up; a Patroni before 3.2 sleeps.
fn timing(sleeps: bool) -> Timing {
    let read = |seconds| Setting {
        value: Duration::from_secs(seconds),
        basis: Basis::Read,
    };
    let inter = Duration::from_secs(3);
    Timing {
        ttl: read(30),
        loop_wait: read(10),
        retry_timeout: read(10),
        session: read(30),
        tick: read(2),
        checks: Some(Checks {
            inter,
            fastinter: inter,
            ..Checks::default()
        }),
        sleeps,
    }
}

impl Run {
    fn tell(&mut self, source: SourceKind, subject: Option<&str>, kind: FactKind) {
        // The recorder asked that often.
        let round = match source {
            SourceKind::Postgres | SourceKind::Patroni => Some(150),
            SourceKind::HAProxy => Some(100),
            _ => None,
        };
        let fact = Fact {
            at: self.now,
            seen: self.now,
            after: round.map(|millis| self.now.minus(Duration::from_millis(millis))),
            source,
            subject: subject.map(str::to_owned),
            kind,
        };
        self.chronicle.take(&[fact], &self.cast, self.now);
    }

    fn event(&mut self, event: &Value) {
        let text = |key: &str| event[key].as_str().unwrap_or_default();
        let at: jiff::Timestamp = text("t").parse().unwrap();
        self.now = Timestamp::from_micros(at.as_microsecond());
        self.cast.confirmed = self.now;
        match text("src") {
            "ACT" => self.act(text("ev")),
            "zk" => self.znode(event),
            "pg" => self.sql(event),
            "rest" => self.rest(event),
            "hap" => self.haproxy(text("ev"), text("status")),
            _ => {}
        }
        self.chronicle.pass(&self.cast, self.now);
    }

    fn act(&mut self, what: &str) {
        let words: Vec<&str> = what.split(' ').collect();
        let docker = SourceKind::Docker;
        let kind = match words.as_slice() {
            ["docker", "kill", ..] => FactKind::Container(ContainerAction::Killed { signal: 9 }),
            ["docker", "stop", ..] => FactKind::Container(ContainerAction::Killed { signal: 15 }),
            ["docker", "pause", ..] => FactKind::Container(ContainerAction::Paused),
            ["docker", "unpause", ..] => FactKind::Container(ContainerAction::Unpaused),
            ["container", name, ..] => {
                let code = if what.contains("exit code 0") { 0 } else { 137 };
                let ending = Ending::Plain;
                return self.tell(docker, Some(name), FactKind::ContainerDied { code, ending });
            }
            ["begin", ..] | ["end"] => return,
            _ => {
                self.action = self.action.or(Some(self.now));
                return;
            }
        };
        self.action = self.action.or(Some(self.now));
        self.tell(docker, words.get(2).copied(), kind);
    }

    fn znode(&mut self, event: &Value) {
        let zookeeper = SourceKind::ZooKeeper;
        let kind = event["ev"].as_str().unwrap();
        let value = event["value"].as_str().unwrap_or_default();
        match (
            kind,
            event["path"].as_str().unwrap_or_default().rsplit('/').next().unwrap(),
        ) {
            ("session", _) if event["state"] == "SUSPENDED" => {
                self.down.insert("zk".to_owned(), self.now);
                self.tell(zookeeper, None, FactKind::Unreachable(Cause::Closed));
            }
            ("session", _) => self.answers("zk", zookeeper, None),
            ("initial", "leader") if self.holder.is_none() => {
                self.holder = Some(value.into());
                self.tell(zookeeper, Some(value), FactKind::LockHeld(value.into()));
            }
            ("DELETED", "leader") => {
                let holder = self.holder.clone();
                self.tell(
                    zookeeper,
                    holder.as_ref().map(MemberName::as_str),
                    FactKind::LockFreed(holder.clone()),
                );
            }
            ("CREATED", "leader") => {
                let from = self.holder.replace(value.into());
                let by = MemberName::from(value);
                let kind = if from.as_ref() == Some(&by) {
                    FactKind::LockRetaken(by)
                } else {
                    FactKind::LockTaken { by, from }
                };
                self.tell(zookeeper, Some(value), kind);
            }
            ("CREATED" | "CHANGED", "failover") if value.contains("leader") => {
                let request = FailoverRequest {
                    leader: self.holder.clone(),
                    candidate: None,
                    scheduled_at: None,
                };
                self.tell(zookeeper, None, FactKind::FailoverRequested(request));
            }
            _ => {}
        }
    }

    fn answers(&mut self, key: &str, source: SourceKind, subject: Option<&str>) {
        if let Some(down_since) = self.down.remove(key) {
            self.tell(source, subject, FactKind::Reachable { down_since });
        }
    }

    fn sql(&mut self, event: &Value) {
        let name = event["ev"].as_str().unwrap();
        let postgres = SourceKind::Postgres;
        if let Some(error) = event["err"].as_str() {
            if self.down.insert(name.to_owned(), self.now).is_none() {
                let cause = if error.starts_with("TimeoutError") {
                    Cause::Timeout("connect".into())
                } else {
                    Cause::Refused
                };
                self.tell(postgres, Some(name), FactKind::Unreachable(cause));
            }
            return;
        }
        self.answers(name, postgres, Some(name));
        let standby = event["in_recovery"].as_bool().unwrap();
        match (self.standby.insert(name.to_owned(), standby), standby) {
            (Some(true), false) => {
                let to = event["wal_tli"]
                    .as_str()
                    .and_then(|line| u32::from_str_radix(line, 16).ok())
                    .map(Line);
                self.tell(postgres, Some(name), FactKind::Promoted { from: None, to });
            }
            (Some(false), true) => self.tell(postgres, Some(name), FactKind::Demoted),
            _ => {}
        }
        let streams = event["walrecv"] == "streaming";
        if !streams {
            if self.streams.remove(name) && standby {
                self.tell(postgres, Some(name), FactKind::ReplicationStopped);
            }
        } else if self.streams.insert(name.to_owned()) {
            self.tell(postgres, Some(name), FactKind::ReplicationStarted { from: None });
        }
    }

    /// REST tells the start of PostgreSQL, which the record of SQL leaves out.
    fn rest(&mut self, event: &Value) {
        let name = event["ev"].as_str().unwrap();
        let Some(started) = event["postmaster_start_time"].as_str() else {
            return;
        };
        let before = self.started.insert(name.to_owned(), started.to_owned());
        if before.is_some_and(|before| before != started) {
            self.tell(SourceKind::Postgres, Some(name), FactKind::Restarted);
        }
    }

    fn haproxy(&mut self, row: &str, status: &str) {
        let (pool, server) = row.split_once('/').unwrap();
        let read = |status: &str| match status {
            "UP" => ServerStatus::Up,
            "DOWN" => ServerStatus::Down,
            part if part.starts_with("UP") => ServerStatus::Failing { left: 1, of: 3 },
            _ => ServerStatus::Rising { done: 1, of: 2 },
        };
        let before = self.servers.insert(row.to_owned(), status.to_owned());
        if pool != "primary" {
            return;
        }
        let before = before.filter(|before| before != status);
        if server == "BACKEND" {
            match (before.as_deref(), status) {
                (Some(_), "DOWN") => {
                    self.tell(SourceKind::HAProxy, None, FactKind::PoolEmpty { pool: pool.to_owned() });
                }
                (Some("DOWN"), _) => self.tell(
                    SourceKind::HAProxy,
                    None,
                    FactKind::PoolServed { pool: pool.to_owned() },
                ),
                _ => {}
            }
            return;
        }
        if read(status).takes_connections() {
            self.cast.served.insert(server.into());
        } else {
            self.cast.served.remove(&MemberName::from(server));
        }
        if let Some(before) = before.filter(|_| server.starts_with("pg")) {
            let (pool, from, to) = (pool.to_owned(), read(&before), read(status));
            let kind = FactKind::ServerStatus {
                pool,
                from,
                to,
                check: None,
            };
            self.tell(SourceKind::HAProxy, Some(server), kind);
        }
    }

    fn only(&self) -> (&Episode, Timeline, Verdict) {
        let verdicts: Vec<_> = self
            .chronicle
            .episodes()
            .map(|episode| (episode.fault(), episode.verdict(self.now)))
            .collect();
        assert_eq!(verdicts.len(), 1, "{verdicts:?}");
        let episode = self.chronicle.last().unwrap();
        (episode, episode.timeline(self.now), episode.verdict(self.now).unwrap())
    }

    /// Seconds after the act.
    fn after(&self, mark: Option<Mark>) -> Option<f64> {
        mark.map(|mark| mark.at.since(self.action.unwrap()).as_secs_f64())
    }
}

/// A row of the table of measurements: old leader gone by SQL, lock gone, lock taken, new primary, old server out, new
/// server in.
type Row = [Option<f64>; 6];

fn check(path: &str, fault: Fault, row: Row) {
    let run = run(path);
    let (episode, line, verdict) = run.only();
    assert_eq!(episode.fault(), fault, "{path}");
    match (&verdict, fault) {
        (Verdict::Switchover { from, to }, Fault::Requested) | (Verdict::Failover { from, to }, _) => {
            assert_eq!(
                (from.as_ref(), Some(to)),
                (episode.leader.as_ref(), run.holder.as_ref()),
                "{path}"
            );
        }
        other => panic!("{path}: {other:?}"),
    }
    let taken = line.taken.as_ref().map(|(_, mark)| *mark);
    let steps = [line.lost, line.freed, taken, line.promoted, line.drained, line.routed];
    let measured = steps.map(|mark| run.after(mark));
    println!("{path}: {measured:?} {}", explanation::headline(episode, run.now));
    for (step, (measured, known)) in measured.iter().zip(row).enumerate() {
        match (measured, known) {
            (Some(measured), Some(known)) => {
                assert!(
                    (measured - known).abs() <= 0.3,
                    "{path}, step {step}: {measured:.2} s, known {known} s"
                );
            }
            (None, None) => {}
            other => panic!("{path}, step {step}: {other:?}"),
        }
    }
    assert!(episode.closed.is_some() && line.stable.is_some(), "{path}");
}

const fn row(lost: f64, freed: f64, taken: f64, promoted: f64, out: f64, routed: f64) -> Row {
    [
        Some(lost),
        Some(freed),
        Some(taken),
        Some(promoted),
        Some(out),
        Some(routed),
    ]
}

#[test]
fn failovers_and_switchovers_have_the_phases_that_were_measured() {
    use Fault as F;
    check("p302/01_sigterm", F::Stopped, row(0.1, 1.1, 13.6, 13.7, 17.4, 18.2));
    check(
        "p302/01b_sigterm_again",
        F::Stopped,
        row(0.1, 1.1, 13.6, 13.6, 17.6, 17.3),
    );
    check("p302/01c_sigterm_again", F::Stopped, row(0.1, 1.1, 1.1, 1.2, 18.0, 5.3));
    check("p302/02_sigkill", F::Killed, row(0.1, 31.3, 33.3, 33.4, 15.4, 37.2));
    check(
        "p302/05_switchover_rest",
        F::Requested,
        row(0.1, 1.0, 1.0, 1.1, 7.3, 6.5),
    );
    check("p302/06_switchover_zk", F::Requested, row(0.1, 1.1, 1.1, 1.2, 9.9, 4.7));
    check(
        "p302/08_docker_pause",
        F::Paused,
        row(2.1, 30.8, 32.8, 33.0, 19.0, 37.2),
    );
    check("p414/01_sigterm", F::Stopped, row(0.3, 1.2, 1.2, 1.4, 16.9, 5.6));
    check("p414/01b_sigterm_again", F::Stopped, row(0.2, 1.1, 1.1, 1.3, 16.4, 6.7));
    check("p414/02_sigkill", F::Killed, row(0.1, 30.6, 32.6, 32.7, 15.3, 37.2));
    check(
        "p414/05_switchover_rest",
        F::Requested,
        row(0.1, 1.1, 1.1, 1.2, 7.7, 4.4),
    );
    check(
        "p414/06_switchover_zk",
        F::Requested,
        row(2.8, 3.8, 3.8, 4.0, 11.9, 9.3),
    );
    check(
        "p414/08_docker_pause",
        F::Paused,
        row(2.1, 30.1, 32.1, 32.2, 19.9, 35.5),
    );
}

#[test]
fn a_partition_is_a_failover_without_any_word_from_docker() {
    check(
        "p302/03_partition",
        Fault::Silent,
        row(2.1, 31.6, 33.7, 33.8, 16.7, 38.5),
    );
    check(
        "p414/03_partition",
        Fault::Silent,
        row(2.1, 27.3, 29.3, 29.4, 17.0, 32.8),
    );
}

#[test]
fn what_is_no_failover_is_not_called_one() {
    let seconds = |run: &Run| {
        let (episode, line, _) = run.only();
        let (from, to) = line.outage(episode).unwrap();
        to.since(&from).1.as_secs_f64()
    };
    let crash = run("p302/04_pgcrash");
    assert!(
        matches!(crash.only().2, Verdict::Repromotion(_)),
        "{:?}",
        crash.only().2
    );
    assert!((seconds(&crash) - 10.6).abs() <= 0.3, "{}", seconds(&crash));
    let crash = run("p414/04_pgcrash");
    assert!(matches!(crash.only().2, Verdict::Restart(_)), "{:?}", crash.only().2);
    assert!((seconds(&crash) - 5.4).abs() <= 0.3, "{}", seconds(&crash));
    for path in ["p302/04_pgcrash", "p414/04_pgcrash"] {
        let run = run(path);
        let lost = run.after(run.only().1.lost).unwrap();
        assert!((lost - 0.1).abs() <= 0.3, "{path}: {lost} s");
    }
    for path in ["p302/09_replica_sigkill", "p414/09_replica_sigkill"] {
        assert!(
            matches!(run(path).only().2, Verdict::ReplicaLoss(_)),
            "{path}: {:?}",
            run(path).only().2
        );
    }
    for (path, demoted, out, gap) in [
        ("p302/07_zk_loss", 19.4, 26.2, 64.0),
        ("p414/07_zk_loss", 10.1, 18.1, 74.4),
    ] {
        let run = run(path);
        let (_, line, verdict) = run.only();
        assert_eq!(verdict, Verdict::StoreOutage { demoted: true }, "{path}");
        for (mark, known) in [(line.lost, demoted), (line.drained, out)] {
            let measured = run.after(mark).unwrap();
            assert!((measured - known).abs() <= 0.3, "{path}: {measured} s, known {known} s");
        }
        assert!(
            (seconds(&run) - gap).abs() <= 0.3,
            "{path}: {} s, known {gap} s",
            seconds(&run)
        );
    }
}
