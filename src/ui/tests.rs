//! Frames of whole situations, with their styles. The snapshots lie beside this file.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::{LEAST, Look, Theme, draw};
use crate::app::question::Question;
use crate::app::view::{Overlay, Pane, Subject};
use crate::app::{App, Notice};
use crate::model::act::ContainerAct;
use crate::model::check::{Plan, Report, State, Step};
use crate::model::dcs::{SessionId, Znode, ZnodeStat};
use crate::model::fact::Fact;
use crate::model::failover::Cast;
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::link::{Cause, LinkState, SourceId};
use crate::model::log::{Level, LogLine};

/// A world, what was told of it, and the screen's state.
struct Stage {
    world: World,
    app: App,
}

impl Stage {
    fn healthy() -> Self {
        let mut world = World::healthy();
        for container in &mut world.containers {
            container.started = Some(world.now.minus(Duration::from_secs(664)));
        }
        for (name, lag) in [(LEADER, 0), (REPLICA, 1_234)] {
            if name == REPLICA {
                let standby = world.standby(name);
                standby.replayed = standby
                    .received
                    .map(|received| crate::model::wal::Lsn(received.0 - lag));
            }
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

    /// The leader was killed `seconds` ago, and nothing else happened yet.
    fn killed(seconds: u64) -> Self {
        let mut stage = Self::healthy();
        let facts = stage.world.kill(LEADER);
        stage.take(facts);
        for _ in 0..seconds {
            let facts = stage.world.pass(1_000);
            stage.take(facts);
        }
        stage
    }

    fn leaderless() -> Self {
        let mut stage = Self::killed(25);
        let facts = stage.world.expire(LEADER);
        stage.take(facts);
        stage
    }

    fn failed_over() -> Self {
        let mut stage = Self::leaderless();
        let facts = stage.world.take_lock(REPLICA);
        stage.take(facts);
        let facts = stage.world.promote(REPLICA, 2);
        stage.take(facts);
        let facts = stage.world.pass(4_000);
        stage.take(facts);
        stage
    }

    /// ZooKeeper does not answer, nor does anything else.
    fn silent() -> Self {
        let mut stage = Self::healthy();
        let sources: Vec<SourceId> = stage.app.cluster.links.keys().cloned().collect();
        for source in sources {
            stage.world.down.insert(source, Cause::Timeout("ping"));
        }
        for _ in 0..12 {
            let facts = stage.world.pass(1_000);
            stage.take(facts);
        }
        stage
    }

    fn nothing() -> Self {
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

    fn take(&mut self, facts: Vec<Fact>) {
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
            });
        }
    }

    fn ask(mut self, act: ContainerAct) -> Self {
        let question = Question::ask(act, &"pg-master".into(), &self.app.cluster, self.app.now).unwrap();
        self.app.view.overlay = Some(Overlay::Question(Box::new(question)));
        self
    }

    fn with(mut self, overlay: Overlay) -> Self {
        self.app.view.overlay = Some(overlay);
        self
    }

    /// The leader died while the operator read the question.
    fn changed() -> Self {
        let mut stage = Self::healthy().ask(ContainerAct::Stop);
        let facts = stage.world.kill(LEADER);
        stage.take(facts);
        if let Some(Overlay::Question(question)) = &mut stage.app.view.overlay {
            question.refresh(&stage.app.cluster, stage.app.now);
        }
        stage
    }

    fn asked_to_check(self) -> Self {
        let plan = Plan::of(&self.app.cluster).unwrap();
        self.with(Overlay::AskCheck {
            plan: Box::new(plan),
            changed: true,
        })
    }

    /// A check in which a step failed or still runs.
    fn checked(mut self, ended: bool) -> Self {
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

    fn zoom(mut self, pane: Pane) -> Self {
        self.app.view.zoomed = true;
        self.focus(pane)
    }

    fn focus(mut self, pane: Pane) -> Self {
        self.app.view.focus = pane;
        self
    }

    fn frame(&self, width: u16, height: u16) -> Buffer {
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

fn frame(app: &App, theme: &str, width: u16, height: u16) -> Buffer {
    let look = Look {
        theme: Theme::named(theme).unwrap(),
        zone: TimeZone::UTC,
    };
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app, &look)).unwrap();
    terminal.backend().buffer().clone()
}

/// The text of a frame, the same grid with a letter for each cell's style, and what the letters mean.
fn picture(buffer: &Buffer) -> String {
    let mut legend: Vec<(Color, Color, Modifier)> = Vec::new();
    let (mut text, mut styles) = (String::new(), String::new());
    for y in 0..buffer.area.height {
        let (mut letters, mut marks) = (String::new(), String::new());
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let style = (cell.fg, cell.bg, cell.modifier);
            let at = legend.iter().position(|known| *known == style).unwrap_or_else(|| {
                legend.push(style);
                legend.len() - 1
            });
            letters.push_str(cell.symbol());
            marks.push(if style == PLAIN {
                ' '
            } else {
                char::from(b'a' + u8::try_from(at).unwrap())
            });
        }
        writeln!(text, "{}", letters.trim_end()).unwrap();
        writeln!(styles, "{}", marks.trim_end()).unwrap();
    }
    let mut meaning = String::new();
    for (at, style) in legend.iter().enumerate().filter(|(_, style)| **style != PLAIN) {
        let letter = char::from(b'a' + u8::try_from(at).unwrap());
        writeln!(meaning, "{letter} = {} on {} {:?}", style.0, style.1, style.2).unwrap();
    }
    format!("{text}{}\n{styles}{}\n{meaning}", "=".repeat(20), "=".repeat(20))
}

const PLAIN: (Color, Color, Modifier) = (Color::Reset, Color::Reset, Modifier::empty());

fn texts(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width);
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>() + "\n")
        .collect()
}

macro_rules! snapshots {
    ($($name:ident: $stage:expr, $sizes:expr;)*) => {
        $(#[test]
        fn $name() {
            let stage: Stage = $stage;
            for (width, height) in $sizes {
                let frame = stage.frame(width, height);
                insta::assert_snapshot!(format!("{}_{width}x{height}", stringify!($name)), picture(&frame));
            }
        })*
    };
}

snapshots! {
    healthy: Stage::healthy(), [(40, 10), (80, 24), (120, 40), (200, 50)];
    leader_killed: Stage::killed(8), [(60, 16), (80, 24), (120, 40)];
    no_leader: Stage::leaderless(), [(80, 24), (120, 40)];
    new_leader: Stage::failed_over(), [(80, 24), (120, 40), (200, 50)];
    everything_silent: Stage::silent(), [(80, 24), (120, 40)];
    nothing_found: Stage::nothing(), [(80, 24)];
    question: Stage::healthy().ask(ContainerAct::Kill), [(80, 24)];
    question_changed: Stage::changed(), [(80, 24)];
    details_of_member: Stage::failed_over().with(details(REPLICA)), [(120, 40)];
    details_of_container: Stage::failed_over().with(Overlay::Details { subject: Subject::Container("pg-master".into()), scroll: 0 }), [(80, 24)];
    failover_in_full: Stage::failed_over().with(Overlay::Failover { back: 0, scroll: 0 }), [(80, 24), (120, 40)];
    no_failover_yet: Stage::healthy().with(Overlay::Failover { back: 0, scroll: 0 }), [(80, 24)];
    znode_browser: Stage::healthy().with(Overlay::Znodes { selected: "config".to_owned() }), [(80, 24)];
    help: Stage::healthy().with(Overlay::Help(0)), [(80, 24)];
    check_asked: Stage::healthy().asked_to_check(), [(80, 24)];
    check_running: Stage::healthy().checked(false), [(80, 24)];
    check_failed: Stage::healthy().checked(true), [(60, 16), (120, 40)];
    logs_zoomed: Stage::healthy().zoom(Pane::Logs), [(80, 24)];
    containers_focused: Stage::failed_over().focus(Pane::Containers), [(80, 24)];
    proxy_focused: Stage::killed(12).focus(Pane::Proxy), [(80, 24)];
}

fn details(member: &str) -> Overlay {
    Overlay::Details {
        subject: Subject::Member(member.into()),
        scroll: 0,
    }
}

#[test]
fn without_colours_everything_is_still_said() {
    let frame = frame(&Stage::killed(8).app, "mono", 80, 24);
    assert!(
        frame
            .content
            .iter()
            .all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset))
    );
    let text = texts(&frame);
    for said in [
        "✗ DISAGREE",
        "free in 23 s at the latest",
        "PostgreSQL 1/2 ✗ 8 s",
        "▶ Members",
        ">postgresql0",
        "exited 137",
    ] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
}

#[test]
fn the_lock_counts_down_and_says_when_it_is_overdue() {
    let line = |seconds| {
        texts(&Stage::killed(seconds).frame(120, 40))
            .lines()
            .nth(5)
            .unwrap()
            .trim()
            .to_owned()
    };
    assert_eq!(
        line(0),
        "✗ lock        held by postgresql0, down: free in 31 s at the latest (20:01:17)"
    );
    assert_eq!(
        line(30),
        "✗ lock        held by postgresql0, down: free in 1 s at the latest (20:01:17)"
    );
    assert_eq!(
        line(35),
        "✗ lock        held by postgresql0, down: overdue for 3 s (by ttl)"
    );
}

#[test]
fn what_just_happened_takes_the_place_of_the_hints() {
    let mut stage = Stage::healthy();
    let last = |stage: &Stage| texts(&stage.frame(80, 24)).lines().last().unwrap().trim().to_owned();
    assert!(
        last(&stage).starts_with("pg-master: s stop  K kill"),
        "{}",
        last(&stage)
    );
    assert!(last(&stage).ends_with("? help  q quit"));
    stage.app.options.read_only = true;
    assert!(!last(&stage).contains("kill"), "{}", last(&stage));
    stage.app.acting = Some("stop pg-master …".to_owned());
    assert!(last(&stage).starts_with("… stop pg-master …"));
    let until = stage.app.now.plus(Duration::from_secs(8));
    stage.app.notice = Some(Notice {
        text: "read-only: kill is refused".to_owned(),
        bad: true,
        until,
    });
    assert_eq!(last(&stage), "✗ read-only: kill is refused");
}

#[test]
fn a_scroll_past_the_end_shows_the_last_page() {
    let mut stage = Stage::failed_over();
    stage.app.view.changes_back = 10_000;
    stage.app.view.focus = Pane::Changes;
    assert!(texts(&stage.frame(80, 24)).contains("SIGKILL sent"));
    stage.app.view.overlay = Some(Overlay::Help(2_000));
    assert!(texts(&stage.frame(80, 24)).contains("lag: 0, from 1 B"));
}

#[test]
fn no_control_character_reaches_the_screen() {
    let evil = "a\u{1b}[31mb\u{1b}]52;c;aGk=\u{7}\r\nc\u{9b}2Jd\u{0}";
    let mut stage = Stage::killed(3);
    let mut app = stage.app.clone();
    // Past every `clean`: as if a decoder had forgotten it.
    app.cluster.scope = Some(evil.to_owned());
    app.acting = Some(evil.to_owned());
    if let Some(dcs) = &mut app.cluster.dcs {
        dcs.value.initialize = Some(evil.to_owned());
        for node in &mut dcs.value.nodes {
            node.path.push_str(evil);
            node.value = evil.to_owned();
        }
        for member in &mut dcs.value.members {
            member.state = evil.to_owned();
        }
    }
    for container in &mut app.cluster.containers.as_mut().unwrap().value {
        container.image = evil.to_owned();
        container.command = vec![evil.to_owned()];
        container.health = Some(evil.to_owned());
    }
    for proxy in app.cluster.proxies.values_mut() {
        for pool in &mut proxy.value.pools {
            pool.name = evil.to_owned();
            for server in &mut pool.servers {
                server.name = evil.to_owned();
                server.check_text = Some(evil.to_owned());
            }
        }
    }
    app.logs.push(LogLine {
        at: app.now,
        container: "pg-slave".into(),
        stderr: true,
        level: Level::Info,
        text: evil.to_owned(),
    });
    app.feed
        .push(Fact::ours(app.now, Some(evil.to_owned()), evil.to_owned()));
    stage.app = app;
    for overlay in [
        None,
        Some(details(LEADER)),
        Some(Overlay::Znodes {
            selected: String::new(),
        }),
        Some(Overlay::Help(0)),
    ] {
        stage.app.view.overlay = overlay;
        for (focus, zoomed) in Pane::ALL.into_iter().flat_map(|pane| [(pane, false), (pane, true)]) {
            (stage.app.view.focus, stage.app.view.zoomed) = (focus, zoomed);
            for (width, height) in [(80, 24), (120, 40), (200, 50)] {
                let frame = stage.frame(width, height);
                assert!(
                    frame
                        .content
                        .iter()
                        .all(|cell| !cell.symbol().chars().any(char::is_control))
                );
            }
        }
    }
}

#[test]
fn draws_at_every_size() {
    let stages = vec![
        Stage::killed(3),
        Stage::nothing(),
        Stage::healthy().ask(ContainerAct::Stop),
        Stage::healthy().with(details(REPLICA)),
        Stage::healthy().with(Overlay::Znodes {
            selected: "status".to_owned(),
        }),
        Stage::healthy().with(Overlay::Help(3)),
        Stage::healthy().asked_to_check(),
        Stage::healthy().checked(true),
        Stage::healthy().zoom(Pane::Containers),
        Stage {
            app: App::default(),
            world: World::healthy(),
        },
    ];
    for stage in stages {
        for (width, height) in (1..=210)
            .step_by(11)
            .flat_map(|width| (1..=60).step_by(5).map(move |height| (width, height)))
        {
            let frame = stage.frame(width, height);
            let small = width < LEAST.0 || height < LEAST.1;
            assert_eq!(
                small,
                texts(&frame).replace('\n', " ").trim_start().starts_with('t'),
                "{width}x{height}"
            );
        }
    }
}
