//! Records written, read, cut off and damaged.

mod damage;
mod left_out;

use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::line::Entry;
use super::{Goal, Kind, Player, RecordError, Recorder, create_in};
use crate::app::event::{Event, RecordNews};
use crate::app::{App, Options};
use crate::model::act::{ActDone, ActOutcome, ActTarget, ContainerAct};
use crate::model::check::{State, Step};
use crate::model::clock;
use crate::model::container::{ContainerAction, ContainerEvent};
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::link::{Cause, LinkState, SourceId};
use crate::model::log::{Level, LogLine};
use crate::model::probe::{self, Attempt, Class, Lane, Mode, News, Outcome, Server};
use crate::model::signal::{Report, Signal};
use crate::model::time::Timestamp;
use crate::model::topology::Overrides;
use crate::ui::{self, Look, Theme};

/// A run of the program over a simulated cluster: every event with its time, and the screens that were drawn after some.
struct Run {
    app: App,
    begun: App,
    events: Vec<(Timestamp, Event)>,
    frames: Vec<(usize, Timestamp, Buffer)>,
}

impl Run {
    fn begin(now: Timestamp) -> Self {
        let options = Options {
            selector: None,
            overrides: Overrides {
                namespace: Some("/service".to_owned()),
                ..Overrides::default()
            },
            read_only: false,
            mark: crate::app::options::Mark::Test,
            ..Options::default()
        };
        let (app, _) = App::start(options, now);
        Self {
            begun: app.clone(),
            app,
            events: Vec::new(),
            frames: Vec::new(),
        }
    }

    fn take(&mut self, event: Event, now: Timestamp) {
        self.events.push((now, event.clone()));
        self.app.update(event, now);
    }

    fn key(&mut self, letter: char, now: Timestamp) {
        let key = KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE);
        self.take(Event::Key(key), now);
    }

    /// Everything that the world says, once.
    fn hear(&mut self, world: &World) {
        let now = world.now;
        let cluster = &world.cluster;
        let mut reports = Vec::new();
        if let Some(known) = &cluster.containers {
            reports.push((SourceId::Docker, Report::Containers(known.value.clone())));
        }
        if let Some(known) = &cluster.dcs {
            reports.push((SourceId::ZooKeeper, Report::Dcs(Box::new(known.value.clone()))));
        }
        if let Some(known) = &cluster.store {
            reports.push((SourceId::ZooKeeper, Report::Store(known.value.clone())));
        }
        for (member, known) in cluster.sql.iter().filter(|(_, known)| known.at == now) {
            let report = Report::Sql(Box::new(known.value.clone()));
            reports.push((SourceId::Postgres(member.clone()), report));
        }
        for (member, known) in cluster.rest.iter().filter(|(_, known)| known.at == now) {
            let report = Report::Rest(Box::new(known.value.clone()));
            reports.push((SourceId::Patroni(member.clone()), report));
        }
        for (proxy, known) in &cluster.proxies {
            let report = Report::Proxy(known.value.clone());
            reports.push((SourceId::Proxy(proxy.clone()), report));
        }
        let usage = cluster.usage.iter().map(|(name, known)| (name.clone(), known.value));
        reports.push((SourceId::Docker, Report::Usage(usage.collect())));
        for (source, report) in reports {
            let at = now;
            self.take(Event::Signal(Signal::Report { source, at, report }), now);
        }
        for (source, state) in &cluster.links {
            let (source, state) = (source.clone(), state.clone());
            self.take(Event::Signal(Signal::Link { source, state }), now);
        }
        self.take(Event::Tick, now);
    }

    fn look(&mut self) {
        let frame = drawn(&self.app);
        self.frames.push((self.events.len(), self.app.now, frame));
    }

    /// A failover with everything that an operator does meanwhile. A record that begins in mid-run begins where the first
    /// look is.
    fn failover() -> Self {
        let mut world = World::healthy();
        let mut run = Self::begin(world.now);
        run.take(Event::Resize { width: 120, height: 40 }, world.now);
        for second in 0..6 {
            world.pass(1_000);
            run.hear(&world);
            let line = |text: &str| LogLine {
                at: world.now,
                container: "pg-master".into(),
                stderr: false,
                level: Level::Info,
                text: format!("{text} {second} \u{e9}\u{4e2d} \"quoted\" \\ back"),
                spans: Vec::new(),
            };
            let lines = vec![line("no action"), line("two")];
            run.take(Event::Signal(Signal::Logs(lines)), world.now);
            run.look();
        }
        run.key('K', world.now);
        run.look();
        run.key('y', world.now);
        world.kill(LEADER);
        let container = world.container("pg-master").clone();
        let event = ContainerEvent {
            at: world.now,
            id: container.id.clone(),
            name: container.name.clone(),
            action: ContainerAction::Killed { signal: 9 },
        };
        run.take(Event::Signal(Signal::Container(event)), world.now);
        run.take(
            Event::Acted(ActOutcome {
                act: ContainerAct::Kill.into(),
                target: ActTarget {
                    id: container.id,
                    name: container.name,
                },
                result: Ok(ActDone {
                    took: Duration::from_millis(123),
                    fault: None,
                }),
            }),
            world.now,
        );
        for second in 0..40 {
            match second {
                20 => drop(world.expire(LEADER)),
                21 => drop(world.take_lock(REPLICA)),
                22 => drop(world.promote(REPLICA, 2)),
                25 => run.key('l', world.now),
                27 => run.key('?', world.now),
                30 => run.take(Event::Resize { width: 80, height: 24 }, world.now),
                _ => {}
            }
            world.pass(1_000);
            run.hear(&world);
            run.look();
        }
        run
    }

    /// Every kind of event that this run lacks.
    fn odds_and_ends(&mut self) {
        let now = self.app.now;
        for event in [
            Event::Signal(Signal::Report {
                source: SourceId::ZooKeeper,
                at: now,
                report: Report::Scopes(vec!["a".to_owned(), "/b/c".to_owned()]),
            }),
            Event::Signal(Signal::LogGap {
                container: "pg-master".into(),
                at: now,
                why: "rotated".to_owned(),
            }),
            Event::Signal(Signal::Link {
                source: SourceId::Docker,
                state: LinkState::Down {
                    since: now,
                    cause: Cause::Timeout("ping".into()),
                },
            }),
            Event::Checked(Step {
                name: "one".to_owned(),
                state: State::Passed {
                    detail: String::new(),
                    took: Duration::from_millis(1),
                },
            }),
            Event::CheckEnded,
            Event::Signal(Signal::Probe(News::Began(probe::Run {
                id: 7,
                began: now,
                mode: Mode::Write,
                every: Duration::from_millis(100),
            }))),
            Event::Signal(Signal::Probe(News::Attempts(attempts(now)))),
            Event::Signal(Signal::ClockStepped(clock::Step {
                at: now,
                kind: clock::StepKind::SetBack,
                by: Duration::from_millis(1_500),
            })),
            Event::Recording(RecordNews::Began("x.pgherd".to_owned())),
            Event::Reported(Ok("x.md".to_owned())),
            Event::Recording(RecordNews::Refused("full".to_owned())),
            Event::Recording(RecordNews::Ended {
                file: "x.pgherd".to_owned(),
                why: None,
            }),
        ] {
            self.take(event, now);
        }
    }
}

/// One attempt of each lane, well and not.
fn attempts(now: Timestamp) -> Vec<Attempt> {
    let lanes = [Lane::Write, Lane::Session, Lane::Read, Lane::Member(LEADER.into())];
    let outcomes = [
        Outcome::Acknowledged,
        Outcome::Failed(Class::Sql("25006".to_owned())),
        Outcome::Unknown(Class::ReplyTimeout),
        Outcome::Skipped,
    ];
    let all = lanes.into_iter().zip(outcomes).zip(1..);
    all.map(|((lane, outcome), seq)| Attempt {
        lane,
        seq: Some(seq),
        sent_at: now,
        ended_at: now.plus(Duration::from_millis(3)),
        outcome,
        server: Some(Server {
            address: "172.18.0.3".to_owned(),
            timeline: None,
            standby: false,
        }),
    })
    .collect()
}

fn look() -> Look {
    Look {
        theme: Theme::named("dark").unwrap(),
        zone: jiff::tz::TimeZone::UTC,
    }
}

/// The screen at the size that it had.
fn drawn(app: &App) -> Buffer {
    let (width, height) = app.view.size;
    let mut terminal = Terminal::new(TestBackend::new(width.max(1), height.max(1))).unwrap();
    terminal.draw(|frame| ui::draw(frame, app, &look())).unwrap();
    terminal.backend().buffer().clone()
}

/// Everything that a state holds, as text.
fn told(app: &App) -> String {
    serde_json::to_string(app).unwrap()
}

/// Records what comes after the first `skip` events.
fn record(run: &Run, skip: usize, path: &Path) {
    let mut app = run.begun.clone();
    for (now, event) in &run.events[..skip] {
        app.update(event.clone(), *now);
    }
    let mut recorder = recorder(path, &app);
    for (now, event) in &run.events[skip..] {
        recorder.event(event, *now);
    }
    recorder.finish().unwrap();
}

/// One that writes to `path`, from that state on.
fn recorder(path: &Path, begun: &App) -> Recorder {
    let path = path.to_owned();
    let create = move || create_in(path.parent().unwrap(), "run.pgherd");
    Recorder::begin(create, begun, 1 << 30).unwrap()
}

fn scratch() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep/er/run.pgherd");
    (folder, path)
}

fn failover(skip: usize) -> (Run, Vec<u8>) {
    let (_folder, path) = scratch();
    let run = Run::failover();
    record(&run, skip, &path);
    let bytes = std::fs::read(&path).unwrap();
    (run, bytes)
}

fn played(bytes: &[u8]) -> Result<Player, RecordError> {
    Player::new(Box::new(std::io::Cursor::new(bytes.to_vec())))
}

/// A file of these lines.
fn file_of(lines: &str) -> Vec<u8> {
    let mut member = GzEncoder::new(Vec::new(), Compression::fast());
    member.write_all(lines.as_bytes()).unwrap();
    member.finish().unwrap()
}

#[test]
fn every_event_and_the_state_survive_the_file() {
    let mut run = Run::failover();
    run.odds_and_ends();
    let (_folder, path) = scratch();
    record(&run, 0, &path);
    let mut player = Player::open(&path).unwrap();
    assert!(told(player.app()) == told(&run.begun));
    player.go(Goal::End).unwrap();
    assert!(told(player.app()) == told(&run.app));
    assert_eq!(player.flaw(), None);
    assert_eq!(player.ends(), run.app.now);
    for (now, event) in &run.events {
        let mut line = Vec::new();
        let entry = Entry::Event(*now, Box::new(event.clone()));
        entry.write(&mut line).unwrap();
        assert_eq!(format!("{:?}", Entry::read(&line)), format!("{:?}", Some(entry)));
    }
}

#[test]
fn what_is_drawn_from_a_record_is_what_was_drawn_live() {
    let (run, bytes) = failover(0);
    let mut player = played(&bytes).unwrap();
    for (events, _, frame) in &run.frames {
        while player.place <= *events {
            assert!(player.step().unwrap());
        }
        assert!(drawn(player.app()) == *frame, "after {events} events");
    }
    // There and back by time, to instants after which nothing else happened at once.
    let last_of_its_time = |events: usize, at| run.events.get(events).is_none_or(|(next, _)| *next > at);
    let frames = run
        .frames
        .iter()
        .filter(|(events, at, _)| last_of_its_time(*events, *at));
    for (_, at, frame) in frames.rev().step_by(3) {
        player.go(Goal::At(*at)).unwrap();
        assert!(drawn(player.app()) == *frame, "at {at:?}");
    }
}

#[test]
fn a_record_that_begins_in_mid_run_brings_the_state_along() {
    let run = Run::failover();
    let (_folder, path) = scratch();
    let (skip, _, frame) = run.frames[20].clone();
    record(&run, skip, &path);
    let mut player = Player::open(&path).unwrap();
    assert!(drawn(player.app()) == frame);
    player.go(Goal::End).unwrap();
    assert!(told(player.app()) == told(&run.app));
}

#[test]
fn steps_by_fact_and_phase_lead_there_and_back() {
    let (run, bytes) = failover(0);
    let mut player = played(&bytes).unwrap();
    let mut seen = vec![told(player.app())];
    while !player.is_over() {
        player.go(Goal::Next(Kind::Change)).unwrap();
        seen.push(told(player.app()));
    }
    assert!(seen.len() > 10, "{}", seen.len());
    for expected in seen.iter().rev().skip(1) {
        player.go(Goal::Previous(Kind::Change)).unwrap();
        assert!(told(player.app()) == *expected);
    }
    player.go(Goal::Next(Kind::FailoverStep)).unwrap();
    let episode = player.app().chronicle.last().expect("the first step is the fault");
    assert!(episode.closed.is_none() && episode.is_ours());
    assert!(run.app.chronicle.last().is_some());
}
