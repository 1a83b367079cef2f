//! Runs of the simulated cluster that the reports are of.

use crate::app::App;
use crate::app::event::Event;
use crate::model::container::ContainerAction;
use crate::model::fact::{Fact, FactKind};
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::link::Cause;
use crate::model::log::{Level, LogLine};
use crate::report::{Report, of};

/// A world and the app that heard all of it.
pub(super) struct Played {
    pub(super) world: World,
    pub(super) app: App,
}

impl Played {
    pub(super) fn healthy() -> Self {
        let mut world = World::healthy();
        for container in &mut world.containers {
            container.command = vec!["/usr/bin/run".to_owned(), "--password=s3cret".to_owned()];
        }
        let app = App::default();
        let mut played = Self { world, app };
        played.pass(3);
        played
    }

    pub(super) fn take(&mut self, facts: Vec<Fact>) {
        self.app.cluster = self.world.cluster.clone();
        self.app.now = self.world.now;
        self.app.tell_facts(facts);
        self.app.update(Event::Tick, self.world.now);
    }

    pub(super) fn pass(&mut self, seconds: u32) {
        for _ in 0..seconds {
            let facts = self.world.pass(1_000);
            self.take(facts);
        }
    }

    pub(super) fn log(&mut self, container: &str, level: Level, text: &str) {
        self.app.logs.push(LogLine {
            at: self.world.now,
            container: container.into(),
            stderr: true,
            level,
            text: text.to_owned(),
            spans: Vec::new(),
        });
    }

    /// The leader is killed by key; the other one takes over; the first comes back.
    pub(super) fn killed() -> Self {
        let mut played = Self::healthy();
        played.log("zoo", Level::Info, "nothing of interest");
        let asked = Fact {
            kind: FactKind::Asked(crate::model::act::ContainerAct::Kill.into()),
            ..Fact::ours(played.world.now, Some("pg-master".to_owned()), String::new())
        };
        played.take(vec![asked]);
        let facts = played.world.kill(LEADER);
        played.take(facts);
        for port in 0..5 {
            let text = format!("[{port}] FATAL:  could not connect to the primary: password=s3cret ```");
            played.log("pg-slave", Level::Fatal, &text);
        }
        played.pass(27);
        let text = "[myid:] - INFO  [SessionTracker:o.a.z.s.ZooKeeperServer@628] - Expiring session 0x40, timeout of 30000ms exceeded";
        played.log("zoo", Level::Info, &format!("2026-11-22 20:00:30,099 {text}"));
        let facts = played.world.expire(LEADER);
        played.take(facts);
        let facts = played.world.take_lock(REPLICA);
        played.take(facts);
        played.log(
            "pg-slave",
            Level::Info,
            "INFO: promoted self to leader by acquiring session lock",
        );
        let facts = played.world.promote(REPLICA, 2);
        played.take(facts);
        played.pass(4);
        let facts = played.world.come_back(LEADER, 2);
        played.take(facts);
        played.pass(20);
        played
    }

    /// The leader is frozen for a moment, and nothing comes of it.
    pub(super) fn nothing() -> Self {
        let mut played = Self::healthy();
        let facts = played.world.docker("pg-master", ContainerAction::Paused);
        played.take(facts);
        played.world.silence(LEADER, &Cause::Timeout("answer".into()));
        played.pass(3);
        let facts = played.world.docker("pg-master", ContainerAction::Unpaused);
        played.take(facts);
        played.world.wake(LEADER);
        played.pass(15);
        played
    }

    pub(super) fn report(&self) -> Report {
        assert_eq!(self.app.chronicle.episodes().len(), 1);
        of(&self.app, self.app.chronicle.last().unwrap())
    }
}
