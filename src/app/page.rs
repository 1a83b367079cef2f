//! The page of failovers: its parts, what can be selected there, and the way from a fact to the log lines around it.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::logs::Lens;
use crate::app::moving::{neighbour, scrolled};
use crate::app::view::{Overlay, Pane};
use crate::model::dcs::TimelineSwitch;
use crate::model::fact::FactKind;
use crate::model::failover::{Entry, Episode};
use crate::model::time::Timestamp;
use crate::model::wal::Timeline;

/// What is looked at on the page; each kind is a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spot {
    /// What happened and why, phase by phase; scrolled by so many lines.
    Story(u16),
    /// A fact, by its place in [`Episode::entries`].
    Fact(usize),
    /// Something that happened before; `None` is the newest.
    Past(Option<Key>),
}

/// By what something past is known, whatever comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Key {
    /// An episode's number.
    Episode(u32),
    /// The timeline that ended.
    Switch(Timeline),
}

/// Something that happened before.
#[derive(Clone, Copy, Debug)]
pub enum Past<'a> {
    /// In this run; with its place counted from the last one.
    Episode(usize, &'a Episode),
    /// A promotion in Patroni's own history; with the number of the episode that it was part of.
    Switch(&'a TimelineSwitch, Option<u32>),
}

impl Past<'_> {
    /// By what it is known.
    pub fn key(&self) -> Key {
        match self {
            Self::Episode(_, episode) => Key::Episode(episode.number),
            Self::Switch(switch, _) => Key::Switch(switch.old),
        }
    }
}

/// Where the operator came from, to return there.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Return {
    overlay: Option<Overlay>,
    /// What of the lines was shown then.
    #[serde(default)]
    lens: Option<Lens>,
    focus: Pane,
    zoomed: bool,
}

impl App {
    /// The `back`th last episode, or the first of all.
    pub fn episode(&self, back: usize) -> Option<&Episode> {
        let back = back.min(self.chronicle.episodes().len().saturating_sub(1));
        self.chronicle.episodes().rev().nth(back)
    }

    /// The facts of an episode in the order of their instants, each with its place.
    pub fn facts_of(episode: &Episode) -> Vec<(usize, &Entry)> {
        let mut entries: Vec<_> = episode.entries.iter().enumerate().collect();
        entries.sort_by_key(|(_, entry)| entry.fact.at);
        entries
    }

    /// What happened before, newest first: in this run, then by Patroni's history.
    pub fn past(&self) -> Vec<Past<'_>> {
        let episodes = self.chronicle.episodes().rev().enumerate();
        let mut past: Vec<_> = episodes.map(|(back, episode)| Past::Episode(back, episode)).collect();
        let switches = self.cluster.snapshot().map_or(&[][..], |dcs| dcs.history.as_slice());
        past.extend(
            switches
                .iter()
                .rev()
                .map(|switch| Past::Switch(switch, self.number_of(switch))),
        );
        past
    }

    /// The episode in which that promotion was noticed.
    fn number_of(&self, switch: &TimelineSwitch) -> Option<u32> {
        let is =
            |entry: &Entry| matches!(entry.fact.kind, FactKind::TimelineSwitched { from, .. } if from == switch.old);
        let mut episodes = self.chronicle.episodes();
        episodes
            .find(|episode| episode.entries.iter().any(is))
            .map(|episode| episode.number)
    }

    /// To the next part.
    pub(super) fn turn_part(&mut self) {
        let Some(Overlay::Failover { back, at }) = self.view.overlay else {
            return;
        };
        let first = self
            .episode(back)
            .and_then(|episode| Some(Self::facts_of(episode).first()?.0));
        let at = match (at, first) {
            (Spot::Story(_), Some(first)) => Spot::Fact(first),
            (Spot::Story(_) | Spot::Fact(_), _) => Spot::Past(None),
            (Spot::Past(_), _) => Spot::Story(0),
        };
        self.view.overlay = Some(Overlay::Failover { back, at });
    }

    /// To an earlier episode, or a later one.
    pub(super) fn turn_episode(&mut self, earlier: bool) {
        let last = self.chronicle.episodes().len().saturating_sub(1);
        if let Some(Overlay::Failover { back, at }) = &mut self.view.overlay {
            let to = if earlier {
                back.saturating_add(1).min(last)
            } else {
                back.saturating_sub(1)
            };
            (*back, *at) = (to, Spot::Story(0));
        }
    }

    /// Up or down by `steps` within the part.
    pub(super) fn move_on_page(&mut self, up: bool, steps: usize) {
        let Some(Overlay::Failover { back, at }) = self.view.overlay else {
            return;
        };
        let at = match at {
            Spot::Story(line) => Spot::Story(scrolled(line, up, steps)),
            Spot::Fact(place) => {
                let places: Vec<usize> = self.episode(back).map_or_else(Vec::new, |episode| {
                    Self::facts_of(episode).iter().map(|(place, _)| *place).collect()
                });
                Spot::Fact(neighbour(&places, Some(&place), up, steps).unwrap_or(place))
            }
            Spot::Past(key) => {
                let keys: Vec<Key> = self.past().iter().map(Past::key).collect();
                Spot::Past(neighbour(&keys, key.as_ref(), up, steps))
            }
        };
        self.view.overlay = Some(Overlay::Failover { back, at });
    }

    /// Enter: an episode is opened, anything else leads to the log lines of its instant.
    pub(super) fn enter_page(&mut self) {
        let Some(Overlay::Failover { back, at }) = self.view.overlay else {
            return;
        };
        let episode = self.episode(back);
        let instant = match at {
            Spot::Story(_) => episode.map(|episode| episode.timeline(self.now).fault.at),
            Spot::Fact(place) => episode.and_then(|episode| Some(episode.entries.get(place)?.fact.at)),
            Spot::Past(key) => {
                let past = self.past();
                match past.iter().find(|past| key.is_none_or(|key| past.key() == key)) {
                    Some(Past::Episode(back, _)) => {
                        let (back, at) = (*back, Spot::Story(0));
                        self.view.overlay = Some(Overlay::Failover { back, at });
                        return;
                    }
                    Some(Past::Switch(switch, _)) => switch.promoted,
                    None => None,
                }
            }
        };
        match instant {
            Some(instant) => self.show_logs_around(instant),
            None => self.tell("when that was is not known".to_owned(), true),
        }
    }

    /// From the newest change that the pane shows to the log lines of its instant.
    pub(super) fn enter_changes(&mut self) {
        let instant = self.feed.window(self.view.changes_back, 1).next().map(|fact| fact.at);
        if let Some(instant) = instant {
            self.show_logs_around(instant);
        }
    }

    /// All containers' lines, so that those of that instant stand in the middle.
    fn show_logs_around(&mut self, instant: Timestamp) {
        // Everything of that time, each repeat at its instant.
        let lens = Lens::default();
        let Some((place, exact)) = self.logs.place_of(&lens, instant) else {
            return self.tell("no log line is kept".to_owned(), true);
        };
        let mut back = Return {
            lens: None,
            overlay: self.view.overlay.take(),
            focus: self.view.focus,
            zoomed: self.view.zoomed,
        };
        let below = usize::from(self.view.size.1 / 3);
        let logs = &mut self.view.logs;
        (logs.own, logs.pan) = (false, 0);
        let before = std::mem::replace(&mut logs.lens, lens);
        (logs.anchor, logs.pick, logs.around) = (None, None, Some(instant));
        let end = self.logs.moved(&logs.lens, Some(place), false, below);
        self.view.logs.end = end;
        back.lens = Some(before);
        (self.view.focus, self.view.zoomed, self.view.origin) = (Pane::Logs, true, Some(back));
        if !exact {
            self.tell("no line is kept from then: these are the oldest".to_owned(), true);
        }
    }

    /// Back to the page that led to these log lines; false if none did.
    pub(super) fn return_to_page(&mut self) -> bool {
        let Some(origin) = self.view.origin.take() else {
            return false;
        };
        if self.view.focus != Pane::Logs || !self.view.zoomed {
            return false;
        }
        (self.view.focus, self.view.zoomed) = (origin.focus, origin.zoomed);
        if let Some(lens) = origin.lens {
            self.view.logs.lens = lens;
        }
        self.view.overlay = origin.overlay;
        (self.view.logs.end, self.view.logs.around) = (None, None);
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::app::event::Event;
    use crate::model::fixture::{LEADER, REPLICA, World};
    use crate::model::log::{Level, LogLine};

    fn app() -> (App, World) {
        let mut world = World::healthy();
        let mut app = App {
            now: world.now,
            ..App::default()
        };
        app.view.size = (120, 30);
        let take = |app: &mut App, world: &mut World, act: fn(&mut World) -> Vec<crate::model::fact::Fact>| {
            let facts = act(world);
            (app.cluster, app.now) = (world.cluster.clone(), world.now);
            app.tell_facts(facts);
        };
        take(&mut app, &mut world, |world| world.kill(LEADER));
        take(&mut app, &mut world, |world| world.pass(25_000));
        take(&mut app, &mut world, |world| world.expire(LEADER));
        take(&mut app, &mut world, |world| world.take_lock(REPLICA));
        take(&mut app, &mut world, |world| world.promote(REPLICA, 2));
        for second in 0..60 {
            app.logs.push(LogLine {
                at: crate::model::fixture::BEGIN.plus(Duration::from_millis(second * 1_000)),
                container: "pg-slave".into(),
                stderr: false,
                level: Level::Info,
                text: format!("line {second}"),
                spans: Vec::new(),
            });
        }
        (app, world)
    }

    fn press(app: &mut App, codes: &[KeyCode]) {
        for code in codes {
            app.update(Event::Key(KeyEvent::new(*code, KeyModifiers::NONE)), app.now);
        }
    }

    fn shown(app: &App) -> Vec<String> {
        let lines = app.logs.window(&Lens::default(), app.view.logs.end, 26);
        lines.iter().map(|row| row.line.text.to_owned()).collect()
    }

    #[test]
    fn a_fact_leads_to_the_lines_around_it_and_escape_back() {
        let (mut app, _) = app();
        press(&mut app, &[KeyCode::Char('w'), KeyCode::Tab]);
        let facts = App::facts_of(app.episode(0).unwrap());
        let is = |entry: &Entry| matches!(entry.fact.kind, FactKind::LockFreed(_));
        let row = facts.iter().position(|(_, entry)| is(entry)).unwrap();
        let (freed, instant) = (facts[row].0, facts[row].1.fact.at);
        assert!(instant.since(crate::model::fixture::BEGIN) > Duration::from_secs(25));
        press(&mut app, &vec![KeyCode::Down; row]);
        let page = app.view.overlay.clone();
        assert_eq!(
            page,
            Some(Overlay::Failover {
                back: 0,
                at: Spot::Fact(freed)
            })
        );
        press(&mut app, &[KeyCode::Enter]);
        assert_eq!(
            (app.view.focus, app.view.zoomed, &app.view.overlay),
            (Pane::Logs, true, &None)
        );
        let lines = shown(&app);
        let place = lines.iter().position(|line| line == "line 25").unwrap();
        assert!((10..20).contains(&place), "{lines:?}");
        assert_eq!(app.view.logs.around, Some(instant));
        press(&mut app, &[KeyCode::Esc]);
        assert_eq!((&app.view.overlay, app.view.zoomed), (&page, false));
        press(&mut app, &[KeyCode::Esc, KeyCode::Esc]);
        assert_eq!(app.view.overlay, None);
    }

    #[test]
    fn the_past_is_that_of_this_run_and_of_patroni() {
        let (mut app, _) = app();
        let past = app.past();
        assert!(
            matches!(past.as_slice(), [Past::Episode(0, _), Past::Switch(switch, Some(1))] if switch.old.0 == 1),
            "{past:?}"
        );
        press(
            &mut app,
            &[KeyCode::Char('w'), KeyCode::Tab, KeyCode::Tab, KeyCode::End],
        );
        assert_eq!(
            app.view.overlay,
            Some(Overlay::Failover {
                back: 0,
                at: Spot::Past(Some(Key::Switch(Timeline(1))))
            })
        );
        press(&mut app, &[KeyCode::Up, KeyCode::Enter]);
        assert_eq!(
            app.view.overlay,
            Some(Overlay::Failover {
                back: 0,
                at: Spot::Story(0)
            })
        );
    }

    #[test]
    fn without_lines_from_then_that_is_said() {
        let (mut app, _) = app();
        app.logs = crate::app::logs::LogStore::default();
        press(&mut app, &[KeyCode::Char('w'), KeyCode::Tab, KeyCode::Enter]);
        assert!(
            app.notice
                .as_ref()
                .is_some_and(|notice| notice.text == "no log line is kept")
        );
        assert!(app.view.overlay.is_some());
    }
}
