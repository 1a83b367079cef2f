//! Frames of whole situations, with their styles. The snapshots lie beside this file.

use std::fmt::Write as _;
use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Style;

use super::{Look, Theme, draw};
use crate::app::question::Question;
use crate::app::view::{Overlay, Pane, Subject};
use crate::app::{App, Notice, Options};
use crate::model::act::ContainerAct;
use crate::model::fact::Fact;
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::link::{Cause, LinkState, SourceId};
use crate::model::log::{Level, LogLine};
use crate::model::time::Timestamp;

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
        self.app.cluster.targets = self.world.cluster.targets.clone();
        self.app.now = self.world.now;
        facts.into_iter().for_each(|fact| self.app.feed.push(fact));
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

    fn focus(mut self, pane: Pane) -> Self {
        self.app.view.focus = pane;
        self
    }

    fn frame(&self, width: u16, height: u16) -> Buffer {
        frame(&self.app, "dark", width, height)
    }
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

#[test]
fn dump() {
    let dir = std::env::var("DUMP").unwrap_or_else(|_| return String::new());
    if dir.is_empty() {
        return;
    }
    let cases: Vec<(&str, Stage)> = vec![
        ("healthy", Stage::healthy()),
        ("killed", Stage::killed(8)),
        ("leaderless", Stage::leaderless()),
        ("failedover", Stage::failed_over()),
        ("silent", Stage::silent()),
        ("nothing", Stage::nothing()),
        ("question", Stage::healthy().ask(ContainerAct::Kill)),
        (
            "details",
            Stage::healthy().with(Overlay::Details {
                subject: Subject::Member(REPLICA.into()),
                scroll: 0,
            }),
        ),
        (
            "znodes",
            Stage::healthy().with(Overlay::Znodes {
                selected: "config".to_owned(),
            }),
        ),
        ("help", Stage::healthy().with(Overlay::Help(0))),
        ("logs", Stage::healthy().focus(Pane::Logs)),
        ("containers", Stage::failed_over().focus(Pane::Containers)),
        ("proxy", Stage::failed_over().focus(Pane::Proxy)),
    ];
    for (name, stage) in cases {
        for (w, h) in [(60, 16), (80, 24), (120, 40), (200, 50)] {
            let buffer = stage.frame(w, h);
            let mut text = String::new();
            let mut ansi = String::new();
            for y in 0..h {
                for x in 0..w {
                    let cell = &buffer[(x, y)];
                    text.push_str(cell.symbol());
                    let mut codes = vec!["0".to_owned()];
                    use ratatui::style::{Color, Modifier};
                    if let Color::Indexed(i) = cell.fg {
                        codes.push(format!("38;5;{i}"))
                    }
                    if let Color::Indexed(i) = cell.bg {
                        codes.push(format!("48;5;{i}"))
                    }
                    if cell.modifier.contains(Modifier::BOLD) {
                        codes.push("1".into())
                    }
                    if cell.modifier.contains(Modifier::DIM) {
                        codes.push("2".into())
                    }
                    if cell.modifier.contains(Modifier::ITALIC) {
                        codes.push("3".into())
                    }
                    if cell.modifier.contains(Modifier::REVERSED) {
                        codes.push("7".into())
                    }
                    if cell.modifier.contains(Modifier::UNDERLINED) {
                        codes.push("4".into())
                    }
                    write!(ansi, "\x1b[{}m{}", codes.join(";"), cell.symbol()).unwrap();
                }
                text.push('\n');
                if y + 1 < h {
                    ansi.push_str("\x1b[0m\r\n");
                }
            }
            std::fs::write(format!("{dir}/{name}-{w}.txt"), text).unwrap();
            std::fs::write(format!("{dir}/{name}-{w}.ansi"), ansi).unwrap();
        }
    }
}
