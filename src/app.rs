//! The state of the program and its one transition. May name `model` only; no clock, no task, no terminal.
//!
//! Invariants:
//! - [`App::update`] is the only way to change [`App`]; what it cannot do itself it returns as [`Effect`]s;
//! - selections and questions carry names and what was confirmed, never a row number;
//! - an outage of a source takes nothing away: see [`Cluster`].
//!
//! To add a pane: a variant of [`view::Pane`], a file in `ui`. To add a command: see [`command`].

pub mod command;
pub mod event;
pub mod faults;
pub mod feed;
pub mod history;
pub mod logs;
pub mod options;
pub mod palette;
pub mod playback;
pub mod question;
mod stage;
pub mod view;

mod acting;
mod auditing;
mod checking;
mod commanding;
mod moving;
pub mod noting;
pub mod operating;
mod pacing;
pub mod page;
mod pointing;
pub mod reading;
mod recording;
mod reporting;
mod scanning;
mod typing;

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crossterm::event::{KeyEvent, KeyEventKind};

use crate::model::check::Report as CheckReport;
use crate::model::cluster::Cluster;
use crate::model::discovery::{self, Found};
use crate::model::fact::Fact;
use crate::model::failover::{Cast, Chronicle, Picture};
use crate::model::log::{Level, LogLine};
use crate::model::member::{self, Member};
use crate::model::name::ContainerName;
use crate::model::signal::{Report, Signal};
use crate::model::time::Timestamp;
use crate::model::topology;

use event::{Effect, Event, Urgency};
use faults::Faults;
use feed::Feed;
use history::History;
use logs::LogStore;
use operating::Operating;
use view::{Overlay, View};

pub use options::Options;
pub use stage::Stage;

/// How long a notice stays on the screen.
const NOTICE: Duration = Duration::from_secs(8);

/// Something to tell the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// What.
    pub text: String,
    /// It is bad news.
    pub bad: bool,
    /// When it goes away.
    pub until: Timestamp,
}

/// The state of the program.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct App {
    /// What is known of the cluster.
    pub cluster: Cluster,
    /// The options.
    pub options: Options,
    /// Clusters among the containers.
    pub found: Vec<Found>,
    /// What changed.
    pub feed: Feed,
    /// Failovers of this run, and what only looked like one.
    pub chronicle: Chronicle,
    /// Container logs.
    pub logs: LogStore,
    /// Containers of which Docker has older lines that were not read.
    pub unread: BTreeSet<ContainerName>,
    /// Lag of the last minute.
    pub history: History,
    /// The screen.
    pub view: View,
    /// What the operator is told.
    pub notice: Option<Notice>,
    /// An act is under way: its words.
    pub acting: Option<String>,
    /// Faults of ours that last, and acts that wait.
    pub faults: Faults,
    /// What earlier runs left was shown once.
    faults_offered: bool,
    /// The last check, or the one that runs.
    pub check: Option<CheckReport>,
    /// The last operation, or the one that goes on.
    pub operating: Option<Operating>,
    /// The file into which this run is recorded.
    pub recording: Option<String>,
    /// Time of the last event.
    pub now: Timestamp,
    pacing: pacing::Pacing,
}

impl App {
    /// A program that knows nothing yet; the effects start the first sources.
    pub fn start(options: Options, now: Timestamp) -> (Self, Vec<Effect>) {
        let mut app = Self {
            logs: LogStore::of_megabytes(options.log_memory.unwrap_or(logs::LIMIT_MB)),
            options,
            now,
            ..Self::default()
        };
        let effects = app.retarget();
        (app, effects)
    }

    /// Takes one event; says what to do and how soon to draw.
    pub fn update(&mut self, event: Event, now: Timestamp) -> (Vec<Effect>, Urgency) {
        self.now = self.now.max(now);
        let (mut effects, urgency) = self.take(event);
        effects.extend(self.look_for_means());
        effects.extend(self.pace());
        effects.extend(self.scan_logs().then_some(Effect::Scan));
        (effects, urgency)
    }

    fn take(&mut self, event: Event) -> (Vec<Effect>, Urgency) {
        match event {
            Event::Signal(signal) => self.signal(signal),
            Event::Key(key) => (self.key(key), Urgency::AtOnce),
            Event::Resize { width, height } => {
                self.view.size = (width, height);
                (Vec::new(), Urgency::AtOnce)
            }
            Event::Paste(text) => {
                if let Some(effects) = self.paste_in_prompt(&text) {
                    return (effects, Urgency::AtOnce);
                }
                let taken = self.paste(&text);
                (Vec::new(), if taken { Urgency::AtOnce } else { Urgency::Never })
            }
            Event::Tick => self.tick(),
            Event::Acted(outcome) => (Vec::new(), self.acted(outcome)),
            Event::Prepared(prepared) => (Vec::new(), self.prepared(prepared)),
            Event::Healed(healed) => (self.healed(healed), Urgency::Now),
            Event::FaultsLeft(faults) => {
                self.found_faults(faults);
                (Vec::new(), Urgency::Now)
            }
            Event::Checked(step) => (Vec::new(), self.checked(step)),
            Event::CheckEnded => (Vec::new(), self.check_ended()),
            Event::Operated(progress) => (Vec::new(), self.operated(progress)),
            Event::Edited(edited) => (Vec::new(), self.edited(edited)),
            Event::Audited(audit) => (Vec::new(), self.audited(audit)),
            Event::Reported(written) => (Vec::new(), self.reported(written)),
            Event::Recording(news) => (Vec::new(), self.recorded(news)),
            Event::Scan => (Vec::new(), Urgency::Now),
            Event::Saved(saved) => (Vec::new(), self.saved(saved)),
            Event::LogRows(rows) => {
                self.view.logs.rows = rows;
                (Vec::new(), Urgency::Never)
            }
            Event::LogPage(first, last) => (Vec::new(), self.drawn(first, last)),
            Event::Wheel { .. } | Event::Click { .. } => {
                self.point(&event);
                (Vec::new(), Urgency::AtOnce)
            }
        }
    }

    /// The members as one row each, joined from all sources.
    pub fn members(&self) -> Vec<Member> {
        member::members(&self.cluster, self.now)
    }

    fn signal(&mut self, signal: Signal) -> (Vec<Effect>, Urgency) {
        match signal {
            Signal::Logs(lines) => {
                let shown = !self.view.logs.own && self.view.logs.end.is_none();
                for line in lines {
                    self.cluster.overhear(&line);
                    self.logs.push(line);
                }
                return (Vec::new(), if shown { Urgency::Now } else { Urgency::Never });
            }
            Signal::OlderLogs {
                container,
                lines,
                complete,
            } => {
                self.logs.prepend(&container, &lines);
                if complete {
                    self.unread.remove(&container);
                } else {
                    self.unread.insert(container);
                }
                return (Vec::new(), Urgency::Now);
            }
            Signal::LogGap { container, at, why } => {
                let text = format!("— {why} —");
                self.logs.push(LogLine {
                    at,
                    container,
                    stderr: true,
                    level: Level::Warning,
                    text,
                    spans: Vec::new(),
                });
                return (Vec::new(), Urgency::Now);
            }
            Signal::Report { .. }
            | Signal::Link { .. }
            | Signal::Container(_)
            | Signal::Probe(_)
            | Signal::ClockStepped(_) => {}
        }
        let mut moves_addresses = false;
        if let Signal::Report { report, .. } = &signal {
            moves_addresses = matches!(
                report,
                Report::Containers(_) | Report::Scopes(_) | Report::Dcs(_) | Report::Rest(_)
            );
            if let Report::Containers(containers) = report {
                self.found = discovery::clusters(containers);
            }
        }
        let facts = self.cluster.apply(signal, self.now);
        let urgency = if facts.is_empty() { Urgency::Soon } else { Urgency::Now };
        self.tell_facts(facts);
        self.look();
        let effects = if moves_addresses { self.retarget() } else { Vec::new() };
        self.refresh_question();
        self.refresh_operation();
        (effects, urgency)
    }

    /// Takes what changed to where it belongs.
    pub(crate) fn tell_facts(&mut self, facts: Vec<Fact>) {
        if facts.is_empty() {
            return;
        }
        self.stir(&facts);
        let cast = Cast::of(&self.cluster, self.now);
        self.chronicle.take(&facts, &cast, self.now);
        self.chronicle.see(&self.cluster.probe, self.now);
        for fact in facts {
            self.feed.push(fact);
        }
    }

    /// Works out anew what to read.
    fn retarget(&mut self) -> Vec<Effect> {
        if self.cluster.scope.is_none() {
            self.cluster.scope = self.only_scope();
        }
        let targets = topology::targets(&self.cluster, self.chosen(), &self.options.overrides);
        if targets == self.cluster.targets {
            return Vec::new();
        }
        self.cluster.forget(&targets);
        vec![Effect::Retarget(targets)]
    }

    fn tick(&mut self) -> (Vec<Effect>, Urgency) {
        let members = self.members();
        self.history.sample(&members);
        self.chronicle.remember(Picture::of(&self.cluster, &members, self.now));
        self.look();
        self.chronicle.see(&self.cluster.probe, self.now);
        if self.notice.as_ref().is_some_and(|notice| notice.until <= self.now) {
            self.notice = None;
        }
        self.refresh_question();
        self.refresh_operation();
        self.offer_healing();
        (self.keep_times(), Urgency::Soon)
    }

    /// Looks at the episode that goes on, if there is one, for what no fact tells.
    fn look(&mut self) {
        let puzzled = self.chronicle.is_puzzled(&self.cluster.probe, self.now);
        if puzzled || self.may_look() {
            let cast = Cast::of(&self.cluster, self.now);
            if puzzled {
                self.chronicle.puzzle(&cast);
            }
            self.chronicle.pass(&cast, self.now);
        }
    }

    fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        if key.kind == KeyEventKind::Release {
            return Vec::new();
        }
        match &self.view.overlay {
            Some(Overlay::Note(_)) => return self.type_note(&key),
            Some(Overlay::Palette(_)) => return self.type_in_palette(&key),
            Some(Overlay::Question(question)) if question.typed.is_some() => return self.type_name(&key),
            Some(Overlay::AskOperation(asked)) if asked.typed.is_some() => return self.type_for_operation(&key),
            _ => {}
        }
        if let Some(effects) = self.answer(&key) {
            return effects;
        }
        let command = self.options.keymap.command_for(&key, self.contexts());
        let effects = command.map_or_else(Vec::new, |command| self.command(command));
        if self.view.logs.end.is_some() {
            self.logs.hold();
        }
        effects
    }

    fn tell(&mut self, text: String, bad: bool) {
        self.notice = Some(Notice {
            text,
            bad,
            until: self.now.plus(NOTICE),
        });
    }
}

#[cfg(test)]
mod tests;
