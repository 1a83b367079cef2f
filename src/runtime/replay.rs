//! The screen of a record: the player's state instead of a live one, and time at the viewer's command.

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crossterm::event::{Event as Input, KeyEvent, KeyEventKind, MouseEvent};
use tokio::signal::unix::SignalKind;
use tokio::time::{Instant, MissedTickBehavior, interval};

use crate::app::command::{Command, Context};
use crate::app::event::Effect;
use crate::app::playback::{Playback, Travel};
use crate::app::view::{Overlay, View};
use crate::app::{App, Stage};
use crate::model::text::clean_line;
use crate::model::time::Timestamp;
use crate::record::{Goal, Kind, Player, RecordError};
use crate::report;
use crate::ui::{self, Look};

use super::exit::Failure;
use super::monitor::{Wish, ending_signals, pointed, read_keys};
use super::report::Place;
use super::terminal::Screen;

/// Time between two looks at the clock while it plays.
const PACE: Duration = Duration::from_millis(66);
/// A look that comes late plays no more than this: a machine that stood still does not skip.
const LATE: Duration = Duration::from_millis(500);
/// The recording that is built in; the README says how to make it again.
static DEMO: &[u8] = include_bytes!("../../assets/demo.pgherd");

/// Plays a file.
pub(super) async fn file(path: &Path, look: Look, reports: Place) -> Result<ExitCode, Failure> {
    let shown = clean_line(&path.display().to_string());
    let name = path.file_name().map(|name| clean_line(&name.to_string_lossy()));
    let player = Player::open(path).map_err(|error| unplayable(&shown, &error))?;
    play(player, name.unwrap_or(shown), look, reports).await
}

/// Plays the built-in one.
pub(super) async fn demo(look: Look, reports: Place) -> Result<ExitCode, Failure> {
    let player = Player::of_bytes(DEMO).map_err(|error| unplayable("the demo", &error))?;
    play(player, "the demo, a real failover".to_owned(), look, reports).await
}

pub(super) fn unplayable(name: &str, error: &RecordError) -> Failure {
    Failure::Failed(format!("{name}: {error}"))
}

async fn play(player: Player, name: String, look: Look, reports: Place) -> Result<ExitCode, Failure> {
    super::logging::start();
    let mut ending = ending_signals()?;
    let mut screen = Screen::take()?;
    let mut session = Session::new(player, name, look, reports);
    let (mut keys, _reading) = read_keys();
    let mut pace = interval(PACE);
    pace.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let (mut last, mut drawn) = (Instant::now(), Instant::now());
    let mut size = screen.size()?;
    session.scan();
    screen.draw(|frame| session.draw(frame))?;
    loop {
        tokio::select! {
            biased;
            Some(number) = ending.recv() => return Ok(ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))),
            input = keys.recv() => match input.transpose()? {
                Some(Input::Key(key)) => match session.key(key, size)? {
                    After::Stay => {}
                    After::Leave => return Ok(ExitCode::SUCCESS),
                    After::Suspend => screen.suspend()?,
                    After::Grant(wish) => wish.grant(&mut screen)?,
                },
                Some(Input::Paste(text)) => session.paste(&text),
                Some(Input::Mouse(mouse)) => session.mouse(mouse, size),
                Some(Input::Resize(width, height)) => size = (width, height),
                Some(_) => continue,
                None => {
                    let number = SignalKind::hangup().as_raw_value();
                    return Ok(ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX)));
                }
            },
            // A long way is gone in parts, so that keys are answered meanwhile.
            () = tokio::task::yield_now(), if session.playback.seeking => {
                if !session.proceed()? && drawn.elapsed() < PACE {
                    continue;
                }
            }
            // So is a search through many lines.
            () = tokio::task::yield_now(), if session.scans => {
                session.scan();
                if session.scans && drawn.elapsed() < PACE {
                    continue;
                }
            }
            now = pace.tick() => {
                super::logging::collect();
                let passed = now.saturating_duration_since(last).min(LATE);
                last = now;
                if !session.pass(passed)? {
                    continue;
                }
            }
        }
        session.scan();
        screen.draw(|frame| session.draw(frame))?;
        drawn = Instant::now();
    }
}

/// Entries between two looks at the keys on a long way.
const PART: usize = 200;

/// What a key leaves to do.
enum After {
    Stay,
    Leave,
    Suspend,
    Grant(Wish),
}

struct Session {
    player: Player,
    playback: Playback,
    /// What the viewer looks at, once that is something else than what was recorded.
    own: Option<View>,
    goal: Option<Goal>,
    /// Log lines are still to be gone through for what the viewer looks at.
    scans: bool,
    /// The terminal tells of the mouse.
    mouse: bool,
    look: Look,
    reports: Place,
}

impl Session {
    fn new(player: Player, name: String, look: Look, reports: Place) -> Self {
        let playback = Playback {
            name,
            begins: player.app().now,
            ends: player.ends(),
            at: player.app().now,
            speed: 1,
            flaw: player.flaw(),
            ..Playback::default()
        };
        Self {
            player,
            playback,
            own: None,
            goal: None,
            scans: false,
            mouse: false,
            look,
            reports,
        }
    }

    fn scan(&mut self) {
        self.scans = self.looking(App::scan_logs);
    }

    fn draw(&mut self, frame: &mut ratatui::Frame<'_>) {
        let (playback, look) = (self.playback.clone(), self.look.clone());
        let measured = self.looking(|app| ui::draw_recording(frame, app, &playback, &look));
        if let (Some(own), Some(measured)) = (&mut self.own, measured) {
            own.logs.rows = measured.rows;
            if let Some((first, last)) = measured.page {
                self.looking(|app| app.drawn(first, last));
            }
        }
    }

    /// Does something with the state under the viewer's view, if there is one.
    fn looking<T>(&mut self, act: impl FnOnce(&mut App) -> T) -> T {
        let app = self.player.app_mut();
        let Some(own) = &mut self.own else { return act(app) };
        std::mem::swap(own, &mut app.view);
        let result = act(app);
        std::mem::swap(own, &mut app.view);
        result
    }

    /// So much real time went by. False if there is nothing new to draw.
    fn pass(&mut self, passed: Duration) -> io::Result<bool> {
        if self.playback.paused || self.playback.seeking || self.playback.is_over() {
            return Ok(false);
        }
        let to = self
            .playback
            .at
            .plus(passed * self.playback.speed)
            .min(self.playback.ends);
        self.player.go(Goal::At(to))?;
        self.arrive(to);
        Ok(true)
    }

    fn key(&mut self, key: KeyEvent, size: (u16, u16)) -> io::Result<After> {
        if key.kind == KeyEventKind::Release {
            return Ok(After::Stay);
        }
        self.playback.notice = None;
        if self.own.is_some() {
            // What a look told is told until the next key.
            self.looking(|app| app.notice = None);
        }
        // What the viewer was asked is the viewer's to answer; what was asked then is not asked now.
        if self.own.is_some()
            && let Some(effects) = self.looking(|app| app.answer(&key))
        {
            return Ok(self.carry_out(effects));
        }
        let contexts = self.looking(|app| match app.contexts() {
            // What was asked or typed then is not asked now.
            [] | [Context::Question] => &[Context::Anywhere],
            contexts => contexts,
        });
        // As the hints show them: of the run that was recorded.
        let keymap = &self.player.app().options.keymap;
        match keymap
            .command_for(&key, &[Context::Recording])
            .or_else(|| keymap.command_for(&key, contexts))
        {
            None => {}
            Some(Command::Quit) => return Ok(After::Leave),
            Some(Command::Suspend) => return Ok(After::Suspend),
            Some(Command::Theme) => self.look.theme = self.look.theme.next(),
            Some(Command::Travel(travel)) => self.travel(travel)?,
            Some(Command::Report) => self.report(),
            Some(command) => {
                // To open one of several clusters would be a choice, not a look.
                let choosing = matches!(self.player.app().stage(), Stage::Choosing(_));
                if command.only_looks() && !(choosing && command == Command::Open) {
                    let effects = self.look_at(command, size);
                    return Ok(self.carry_out(effects));
                }
                self.playback.notice = Some("this is a recording: nothing can be done to it".to_owned());
            }
        }
        Ok(After::Stay)
    }

    /// The one thing that a recording gives away.
    fn report(&mut self) {
        let report = self.looking(|app| app.shown_episode().map(|episode| report::of(app, episode)));
        let written = report.map(|report| self.reports.write(&report));
        self.playback.notice = Some(match written {
            None => "nothing to report: nothing has failed so far".to_owned(),
            Some(Ok(files)) => format!("report written: {files}"),
            Some(Err(why)) => format!("no report: {why}"),
        });
    }

    fn look_at(&mut self, command: Command, size: (u16, u16)) -> Vec<Effect> {
        self.take_own_view(size);
        self.looking(|app| app.command(command))
    }

    /// From now on the viewer looks at something else than what was recorded.
    fn take_own_view(&mut self, size: (u16, u16)) {
        let mut recorded = self.player.app().view.clone();
        // What was asked or typed then is not asked now, and the mouse was another's.
        if matches!(recorded.overlay, Some(Overlay::Log(_) | Overlay::Note(_))) {
            recorded.overlay = None;
        }
        recorded.mouse = self.mouse;
        self.own.get_or_insert(recorded).size = size;
        self.playback.own_view = true;
    }

    /// What looking around asks for; everything else was done then.
    fn carry_out(&mut self, effects: Vec<Effect>) -> After {
        for effect in effects {
            match effect {
                Effect::Copy(text) => return After::Grant(Wish::Copy(text)),
                Effect::Mouse(on) => {
                    self.mouse = on;
                    return After::Grant(Wish::Mouse(on));
                }
                Effect::Save(save) => {
                    let saved = self.looking(|app| super::saving::save(&app.logs, &app.view.logs.lens, save));
                    self.looking(|app| app.saved(saved));
                }
                Effect::Leave(_) => return After::Leave,
                _ => {}
            }
        }
        After::Stay
    }

    /// Pasted text is part of what the viewer types, and nothing anywhere else.
    fn paste(&mut self, text: &str) {
        if self.own.is_some() {
            self.looking(|app| drop(app.paste_in_prompt(text)));
        }
    }

    fn mouse(&mut self, mouse: MouseEvent, (width, height): (u16, u16)) {
        // The last row is that of the recording.
        let size = (width, height.saturating_sub(1));
        self.take_own_view((width, height));
        let look = self.look.clone();
        self.looking(|app| {
            if let Some(event) = pointed(mouse, app, &look, size) {
                app.point(&event);
            }
        });
    }

    fn travel(&mut self, travel: Travel) -> io::Result<()> {
        let at = self.playback.at;
        let (begins, ends) = (self.playback.begins, self.playback.ends);
        let seconds = |seconds: u16| Duration::from_secs(u64::from(seconds));
        let goal = match travel {
            Travel::Pause if self.playback.is_over() => {
                self.playback.paused = false;
                Goal::Start
            }
            Travel::Pause => {
                self.playback.paused = !self.playback.paused;
                return Ok(());
            }
            Travel::Faster | Travel::Slower => {
                self.playback.change_speed(travel == Travel::Faster);
                return Ok(());
            }
            Travel::Follow => {
                (self.own, self.playback.own_view) = (None, false);
                return Ok(());
            }
            Travel::Forward(by) => Goal::At(at.plus(seconds(by)).min(ends)),
            Travel::Back(by) => Goal::At(at.minus(seconds(by)).max(begins)),
            Travel::NextFact => Goal::Next(Kind::Change),
            Travel::NextPhase => Goal::Next(Kind::FailoverStep),
            Travel::PreviousFact => Goal::Previous(Kind::Change),
            Travel::PreviousPhase => Goal::Previous(Kind::FailoverStep),
            Travel::Start => Goal::Start,
            Travel::End => Goal::End,
        };
        if matches!(goal, Goal::Next(_) | Goal::Previous(_)) {
            self.playback.paused = true;
        }
        self.goal = Some(goal);
        self.player.head_for(goal);
        self.proceed().map(drop)
    }

    /// Goes a part of the way. True if it is there.
    fn proceed(&mut self) -> io::Result<bool> {
        let there = self.player.proceed(PART)?;
        self.playback.seeking = !there;
        self.arrive(match self.goal {
            Some(Goal::At(at)) if there => at,
            _ if self.player.is_over() => self.playback.ends,
            _ => self.player.app().now,
        });
        Ok(there)
    }

    fn arrive(&mut self, at: Timestamp) {
        self.playback.at = at;
        self.playback.flaw = self.player.flaw();
    }
}
