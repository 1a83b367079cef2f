//! Situations to draw: a world, what was told of it, and the screen's state.

use std::time::Duration;

use ratatui::buffer::Buffer;

use super::picture::frame;
use crate::app::App;
use crate::app::command::Command;
use crate::app::event::Event;
use crate::app::page::Spot;
use crate::app::view::{Overlay, Pane};
use crate::model::check::{Plan, Report, State, Step};
use crate::model::clock::StepKind;
use crate::model::dcs::{SessionId, Znode, ZnodeStat};
use crate::model::fact::Fact;
use crate::model::failover::Cast;
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::ledger::Reading;
use crate::model::link::{Cause, LinkState, SourceId};
use crate::model::log::{Level, LogLine};
use crate::model::postgres::Privileged;
use crate::model::probe::{Attempt, Class, Lane, Mode, News, Outcome, Run, Server};
use crate::model::signal::Signal;
use crate::model::wal::Timeline;

/// A world, what was told of it, and the screen's state.
pub(super) struct Stage {
    pub(super) world: World,
    pub(super) app: App,
}

impl Stage {
    pub(super) fn healthy() -> Self {
        let mut world = World::healthy();
        for container in &mut world.containers {
            container.started = Some(world.now.minus(Duration::from_secs(664)));
        }
        znodes(&mut world);
        for (container, command) in world.containers.iter_mut().zip(COMMANDS) {
            container.command = command.split(' ').map(str::to_owned).collect();
        }
        let mut stage = Self {
            world,
            app: App::default(),
        };
        for second in 0..45 {
            let facts = stage.world.pass(1_000);
            stage.take(facts);
            let mut members = stage.app.members();
            for member in &mut members {
                if let crate::model::member::Lag::Bytes(bytes) = &mut member.replay_lag {
                    *bytes = [0, 0, 12, 300, 70_000, 2_000_000, 40, 0][second % 8];
                }
            }
            stage.app.history.sample(&members);
        }
        stage.logs();
        stage
    }

    /// The clock was set a minute ago.
    pub(super) fn clock_set() -> Self {
        let mut stage = Self::healthy();
        let facts = stage.world.step(StepKind::SetBack);
        stage.take(facts);
        let facts = stage.world.pass(60_000);
        stage.take(facts);
        stage
    }

    /// The leader was killed `seconds` ago, and nothing else happened yet.
    pub(super) fn killed(seconds: u64) -> Self {
        let mut stage = Self::healthy();
        let facts = stage.world.kill(LEADER);
        stage.take(facts);
        for _ in 0..seconds {
            let facts = stage.world.pass(1_000);
            stage.take(facts);
        }
        stage
    }

    pub(super) fn leaderless() -> Self {
        let mut stage = Self::killed(25);
        let facts = stage.world.expire(LEADER);
        stage.take(facts);
        stage
    }

    pub(super) fn failed_over() -> Self {
        let mut stage = Self::leaderless();
        let facts = stage.world.take_lock(REPLICA);
        stage.take(facts);
        let facts = stage.world.promote(REPLICA, 2);
        stage.take(facts);
        let facts = stage.world.pass(4_000);
        stage.take(facts);
        stage
    }

    /// The same, and what clients saw of it: nothing for 26 s, then a few more failures, two acknowledged writes lost.
    pub(super) fn probed() -> Self {
        let mut stage = Self::failed_over();
        let now = stage.world.now;
        let server = |timeline| Server {
            address: format!("172.18.0.{}", timeline + 1),
            timeline: Some(Timeline(timeline)),
            standby: false,
        };
        let attempt = |lane: &Lane, before: u64, seq| {
            let outcome = match before {
                29_001.. | ..=1_500 | 1_901..=3_000 => Outcome::Acknowledged,
                29_000 if *lane == Lane::Write => Outcome::Unknown(Class::ReplyTimeout),
                20_001.. => Outcome::Failed(Class::LoginTimeout),
                _ if before % 1_000 == 700 => Outcome::Skipped,
                _ => Outcome::Failed(Class::Closed),
            };
            let acknowledged = outcome == Outcome::Acknowledged;
            let sent_at = now.minus(Duration::from_millis(before));
            Attempt {
                lane: lane.clone(),
                seq: (acknowledged || before == 29_000).then_some(seq),
                sent_at,
                ended_at: sent_at.plus(Duration::from_micros(3_200)),
                outcome,
                server: acknowledged.then(|| server(if before > 29_000 { 1 } else { 2 })),
            }
        };
        let lanes = [Lane::Write, Lane::Read];
        let times = (100..=36_000_u64).rev().step_by(100).zip(1..);
        let attempts = times.flat_map(|(before, seq)| lanes.iter().map(move |lane| attempt(lane, before, seq)));
        let run = Run {
            id: 1,
            began: now.minus(Duration::from_secs(36)),
            mode: Mode::Write,
            every: Duration::from_millis(100),
        };
        let reading = Reading {
            member: None,
            at: now,
            server: server(2),
            rows: vec![(1, 68), (331, 341), (346, 360)],
            taken: Vec::new(),
        };
        let mut signals = vec![Signal::Link {
            source: SourceId::Probe,
            state: LinkState::Up { since: now },
        }];
        signals.extend(
            [
                News::Began(run),
                News::Attempts(attempts.collect()),
                News::Reading(reading),
            ]
            .map(Signal::Probe),
        );
        for signal in signals {
            let facts = stage.world.cluster.apply(signal, now);
            stage.take(facts);
        }
        stage
    }

    /// ZooKeeper does not answer, nor does anything else.
    pub(super) fn silent() -> Self {
        let mut stage = Self::healthy();
        let sources: Vec<SourceId> = stage.app.cluster.links.keys().cloned().collect();
        for source in sources {
            stage.world.down.insert(source, Cause::Timeout("ping".into()));
        }
        for _ in 0..12 {
            let facts = stage.world.pass(1_000);
            stage.take(facts);
        }
        stage
    }

    pub(super) fn nothing() -> Self {
        let mut stage = Self {
            world: World::healthy(),
            app: App::default(),
        };
        stage.app.now = stage.world.now;
        stage
            .app
            .cluster
            .links
            .insert(SourceId::Docker, LinkState::Up { since: stage.world.now });
        stage.app.cluster.containers = Some(crate::model::link::Known {
            value: vec![crate::model::fixture::zookeeper()],
            at: stage.world.now,
        });
        stage
    }

    pub(super) fn take(&mut self, facts: Vec<Fact>) {
        self.app.cluster = self.world.cluster.clone();
        self.app.now = self.world.now;
        self.app.tell_facts(facts);
        let cast = Cast::of(&self.app.cluster, self.world.now);
        self.app.chronicle.pass(&cast, self.world.now);
    }

    fn logs(&mut self) {
        let begin = self.app.now.minus(Duration::from_secs(10));
        for (at, (container, level, text)) in (0..40).zip(LINES.iter().cycle()) {
            self.app.logs.push(LogLine {
                at: begin.plus(Duration::from_millis(at * 237)),
                container: (*container).into(),
                stderr: false,
                level: *level,
                text: (*text).to_owned(),
                spans: Vec::new(),
            });
        }
    }

    pub(super) fn with(mut self, overlay: Overlay) -> Self {
        self.app.view.overlay = Some(overlay);
        self
    }

    pub(super) fn asked_to_check(self) -> Self {
        let plan = Plan::of(&self.app.cluster).unwrap();
        self.with(Overlay::AskCheck {
            plan: Box::new(plan),
            changed: true,
        })
    }

    /// A check in which a step failed or still runs.
    pub(super) fn checked(mut self, ended: bool) -> Self {
        let passed = |detail: &str, millis| State::Passed {
            detail: detail.to_owned(),
            took: Duration::from_millis(millis),
        };
        let mut report = Report::default();
        for (name, state) in [
            (
                "connect to postgresql0",
                passed("primary at 172.18.0.2:5432, timeline 1", 12),
            ),
            ("connect to postgresql1", State::Failed("connection refused".to_owned())),
            (
                "entry point leads to the leader",
                State::Skipped("no entry point is known".to_owned()),
            ),
            ("row written on the leader", passed("postgresql0", 1_240)),
            ("table removed", State::Running),
        ] {
            let name = name.to_owned();
            report.take(Step { name, state });
        }
        if ended {
            report.end();
        }
        self.app.check = Some(report);
        self.with(Overlay::Check(0))
    }

    pub(super) fn page(self, at: Spot) -> Self {
        self.with(Overlay::Failover { back: 0, at })
    }

    pub(super) fn noting(mut self) -> Self {
        self.app.command(Command::Note);
        self.app
            .update(Event::Paste("pulled the plug".to_owned()), self.world.now);
        self
    }

    /// Strict synchronous mode without its standby, a ttl that ZooKeeper does not give, and a pause.
    pub(super) fn misconfigured() -> Self {
        let mut stage = Self::healthy();
        let config = stage.world.dcs.config.as_mut().unwrap();
        (config.synchronous_mode, config.synchronous_mode_strict, config.pause) = (true, true, true);
        config.ttl = Some(Duration::from_secs(60));
        let leader = stage.world.sql_of(LEADER);
        (leader.synchronous_standby_names, leader.walsenders) = ("*".to_owned(), Privileged::Seen(Vec::new()));
        let facts = stage.world.kill(REPLICA);
        stage.take(facts);
        let facts = stage.world.pass(12_000);
        stage.take(facts);
        stage
    }

    pub(super) fn zoom(mut self, pane: Pane) -> Self {
        self.app.view.zoomed = true;
        self.focus(pane)
    }

    pub(super) fn focus(mut self, pane: Pane) -> Self {
        self.app.view.focus = pane;
        self
    }

    pub(super) fn frame(&self, width: u16, height: u16) -> Buffer {
        frame(&self.app, "dark", width, height)
    }
}

const COMMANDS: [&str; 4] = [
    "docker-entrypoint.sh patroni /postgres0.yml",
    "docker-entrypoint.sh patroni /postgres1.yml",
    "/etc/confluent/docker/run",
    "docker-entrypoint.sh haproxy -f /haproxy.cfg",
];

/// The tree that the browser shows.
fn znodes(world: &mut World) {
    let now = world.now;
    let node = |(path, value, owner): &(&str, &str, Option<i64>)| Znode {
        path: (*path).to_owned(),
        value: (*value).to_owned(),
        stat: ZnodeStat {
            czxid: 0x101,
            mzxid: 0x1a4,
            created: now.minus(Duration::from_secs(480)),
            modified: now.minus(Duration::from_secs(4)),
            version: 17,
            owner: owner.map(SessionId),
        },
    };
    world.dcs.nodes = [
        ("", "", None),
        ("config", r#"{"ttl":30,"loop_wait":10,"retry_timeout":10,"maximum_lag_on_failover":1048576,"postgresql":{"use_pg_rewind":true}}"#, None),
        ("history", r#"[[1,50331744,"no recovery target specified","2026-11-22T19:40:00+00:00","postgresql0"]]"#, None),
        ("initialize", "7447122583266881560", None),
        ("leader", "postgresql0", Some(0x10)),
        ("members", "", None),
        ("members/postgresql0", r#"{"conn_url":"postgres://pg-master:5432/postgres","state":"running","role":"primary"}"#, Some(0x10)),
        ("members/postgresql1", r#"{"conn_url":"postgres://pg-slave:5432/postgres","state":"running","role":"replica"}"#, Some(0x11)),
        ("status", r#"{"optime":50331744}"#, None),
    ]
    .iter()
    .map(node)
    .collect();
}

const LINES: &[(&str, Level, &str)] = &[
    (
        "pg-master",
        Level::Info,
        "2026-11-22 20:00:35,204 INFO: no action. I am (postgresql0), the leader with the lock",
    ),
    (
        "pg-slave",
        Level::Info,
        "2026-11-22 20:00:35,441 INFO: no action. I am (postgresql1), a secondary, and following a leader (postgresql0)",
    ),
    (
        "zoo",
        Level::Debug,
        "2026-11-22 20:00:35,900 [myid:1] - DEBUG [SyncThread:0:FinalRequestProcessor@91] - Processing request",
    ),
    (
        "pg-slave",
        Level::Warning,
        "2026-11-22 20:00:36.102 UTC [44] WARNING:  terminating connection because of crash of another server process",
    ),
    (
        "postgres_entrypoint",
        Level::Error,
        "Server postgres/pg-slave is DOWN, reason: Layer7 wrong status, code: 503, check duration: 2ms.",
    ),
    (
        "pg-master",
        Level::Fatal,
        "2026-11-22 20:00:37.300 UTC [12] FATAL:  the database system is shutting down",
    ),
];
