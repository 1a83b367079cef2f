//! The event loop: keys first, then a frame that is due, then whatever the sources say. Nothing in it waits for the
//! outside world.

mod acts;
mod editing;
mod measure;

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{Event as Input, EventStream, MouseButton, MouseEvent, MouseEventKind};
use futures_util::StreamExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::action::patroni::document::Document;
use crate::app::event::{Edited, Effect, Event, Leave, Urgency};
use crate::app::{self, App};
use crate::config::settings::Settings;
use crate::journal::Journal;
use crate::model::signal::Signal;
use crate::model::time::Timestamp;
use crate::source::Context;
use crate::ui::{self, Look};

use super::conductor::Conductor;
use super::hands;
use super::recording::Tape;
use super::terminal::Screen;

/// Shortest time between two frames.
const FRAME: Duration = Duration::from_millis(33);
/// The same while keys come: a held key must not make the drawing fall behind.
const KEY_FRAME: Duration = Duration::from_millis(8);
/// Signals that wait for the loop; a source that is faster waits.
const SIGNALS: usize = 1_024;
/// Batches of log lines that wait for the loop: they come last, and a log waits while others' lines are taken.
const BATCHES: usize = 8;
/// Signals taken between two looks at the keys.
const BURST: usize = 64;
/// A terminal that swallows our writes may hold the loop; a request to end is obeyed all the same after this.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// What ended the monitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// The operator.
    By(Leave),
    /// A signal of that number.
    Signal(i32),
}

/// Runs the monitor until something ends it; the terminal is given back in every case.
///
/// # Errors
/// If the terminal cannot be taken, read or written.
pub(crate) async fn run(
    options: app::Options,
    settings: Arc<Settings>,
    look: Look,
    tape: &mut Tape,
) -> io::Result<Ended> {
    let mut ending = ending_signals()?;
    let mut screen = Screen::take()?;
    let clock = super::clock::start();
    let (signals, inbox) = mpsc::channel(SIGNALS);
    let context = Context {
        signals,
        clock: Arc::clone(&clock),
        pace: Context::calm(),
        stop: CancellationToken::new(),
    };
    let (lines, logs) = mpsc::channel(BATCHES);
    let conductor = Conductor::start(context, Arc::clone(&settings), lines)?.with_probe();
    let (done, acted) = mpsc::channel(16);
    let (documents, read) = mpsc::channel(1);
    let (app, effects) = App::start(options, clock());
    provoke_panics(&conductor);
    let mut monitor = Monitor {
        app,
        look,
        journal: hands::journal(&settings, clock()),
        clock,
        conductor,
        settings,
        tape,
        done,
        documents,
        ended: None,
        suspended: false,
        wishes: Vec::new(),
        scans: false,
    };
    if let Some(news) = monitor.tape.attach(&monitor.app) {
        monitor.take(Event::Recording(news));
    }
    let (width, height) = screen.size()?;
    monitor.take(Event::Resize { width, height });
    monitor.carry_out(effects);
    monitor.look_for_faults();
    monitor
        .watch(
            &mut screen,
            Inboxes {
                signals: inbox,
                logs,
                acted,
                read,
            },
            &mut ending,
        )
        .await
}

struct Monitor<'a> {
    app: App,
    look: Look,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    conductor: Conductor,
    settings: Arc<Settings>,
    tape: &'a mut Tape,
    done: mpsc::Sender<Event>,
    /// Configurations that were read for the editor.
    documents: mpsc::Sender<Document>,
    /// Of this run; or why there is none, and so no act.
    journal: Result<Arc<Mutex<Journal>>, String>,
    ended: Option<Ended>,
    suspended: bool,
    wishes: Vec<Wish>,
    /// Log lines are still to be gone through.
    scans: bool,
}

/// What comes from outside the loop, beside keys.
struct Inboxes {
    signals: mpsc::Receiver<Signal>,
    logs: mpsc::Receiver<Signal>,
    acted: mpsc::Receiver<Event>,
    read: mpsc::Receiver<Document>,
}

impl Monitor<'_> {
    async fn watch(
        &mut self,
        screen: &mut Screen,
        Inboxes {
            signals: mut inbox,
            mut logs,
            mut acted,
            mut read,
        }: Inboxes,
        ending: &mut mpsc::Receiver<i32>,
    ) -> io::Result<Ended> {
        let (mut keys, mut reading) = read_keys();
        let mut ticks = interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let mut drawn = Instant::now();
        let mut due = Some(drawn);
        // It has the terminal meanwhile; everything else goes on.
        let mut editor: Option<JoinSet<Edited>> = None;
        loop {
            if editor.is_none() && due.is_some_and(|due| due <= Instant::now()) {
                let (app, look) = (&self.app, &self.look);
                let measured = screen.draw(|frame| ui::draw_and_measure(frame, app, look))?.flatten();
                (drawn, due) = (Instant::now(), None);
                if measured.is_some_and(|measured| self.measured(measured) >= Urgency::Now) {
                    due = Some(drawn);
                }
            }
            let urgency = tokio::select! {
                biased;
                Some(number) = ending.recv() => return Ok(Ended::Signal(number)),
                input = keys.recv(), if editor.is_none() => match input {
                    Some(input) => self.input(&input?),
                    None => return Ok(Ended::Signal(SignalKind::hangup().as_raw_value())),
                },
                () = sleep_until(due.unwrap_or(drawn)), if due.is_some() && editor.is_none() => Urgency::Never,
                Some(event) = acted.recv() => self.take(event),
                Some(document) = read.recv(), if editor.is_none() => {
                    // The editor has the keys to itself.
                    reading.shutdown().await;
                    editor = Some(editing::begin(document));
                    Urgency::Never
                }
                edited = async { editor.as_mut()?.join_next().await }, if editor.is_some() => {
                    editor = None;
                    screen.retake()?;
                    (keys, reading) = read_keys();
                    due = Some(drawn);
                    self.take(Event::Edited(editing::told(edited)))
                }
                _ = ticks.tick() => {
                    super::logging::collect();
                    let news = self.tape.poll().map(Event::Recording);
                    let urgency = news.map_or(Urgency::Never, |news| self.take(news));
                    urgency.max(self.take(Event::Tick))
                }
                Some(signal) = inbox.recv() => {
                    let mut urgency = self.take(Event::Signal(signal));
                    for _ in 1..BURST {
                        let Ok(signal) = inbox.try_recv() else { break };
                        urgency = urgency.max(self.take(Event::Signal(signal)));
                    }
                    urgency
                }
                // One batch a round: keys are looked at in between.
                Some(lines) = logs.recv() => {
                    let urgency = self.take(Event::Signal(lines));
                    yield_now().await;
                    urgency
                }
                // Nothing else waits; the reader of the keys has its turn first.
                () = yield_now(), if self.scans => {
                    self.scans = false;
                    self.take(Event::Scan)
                }
            };
            if let Some(ended) = self.ended {
                return Ok(ended);
            }
            for wish in std::mem::take(&mut self.wishes) {
                wish.grant(screen)?;
            }
            if std::mem::take(&mut self.suspended) {
                screen.suspend()?;
                due = Some(drawn);
            }
            let wanted = match urgency {
                Urgency::Never => continue,
                Urgency::Soon => drawn + Urgency::SOON,
                Urgency::Now => drawn + FRAME,
                Urgency::AtOnce => drawn + KEY_FRAME,
            };
            due = Some(due.map_or(wanted, |due| due.min(wanted)));
        }
    }

    fn input(&mut self, input: &Input) -> Urgency {
        match *input {
            Input::Key(key) => self.take(Event::Key(key)),
            Input::Resize(width, height) => self.take(Event::Resize { width, height }),
            // Text where text is asked for, and never a command: see the bracketed paste in `terminal`.
            Input::Paste(ref text) => self.take(Event::Paste(text.clone())),
            Input::Mouse(mouse) => pointed(mouse, &self.app, &self.look, self.app.view.size)
                .map_or(Urgency::Never, |event| self.take(event)),
            Input::FocusGained | Input::FocusLost => Urgency::Never,
        }
    }

    fn take(&mut self, event: Event) -> Urgency {
        let now = (self.clock)();
        self.tape.note(&event, now);
        let (effects, urgency) = self.app.update(event, now);
        self.carry_out(effects);
        urgency
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Retarget(targets) => self.conductor.retarget(targets),
                Effect::Act(order) => self.act(*order),
                Effect::Prepare(order) => self.prepare(*order),
                Effect::Heal(fault) => self.heal(*fault),
                Effect::Over(id) => self.over(id),
                Effect::Check(plan) => self.check(plan),
                Effect::Operate(plan) => self.operate(*plan),
                Effect::EditConfig(store) => self.read_configuration(store),
                Effect::Audit => self.audit(),
                Effect::Pace(pace) => self.conductor.keep_pace(pace),
                Effect::LogDepth(start) => self.conductor.read_logs_from(start),
                Effect::Report(number) => self.report(number),
                Effect::Record => {
                    if let Some(news) = self.tape.turn(&self.app) {
                        self.take(Event::Recording(news));
                    }
                }
                Effect::NextTheme => self.look.theme = self.look.theme.next(),
                Effect::Copy(text) => self.wishes.push(Wish::Copy(text)),
                Effect::Mouse(on) => self.wishes.push(Wish::Mouse(on)),
                Effect::Save(save) => self.save(save),
                Effect::Scan => self.scans = true,
                Effect::Suspend => self.suspended = true,
                Effect::Leave(leave) => self.ended = Some(Ended::By(leave)),
            }
        }
    }
}

/// Something that only the terminal can do.
pub(super) enum Wish {
    /// Take a text into its clipboard.
    Copy(String),
    /// Tell of the mouse, or not.
    Mouse(bool),
}

impl Wish {
    pub(super) fn grant(self, screen: &mut Screen) -> io::Result<()> {
        match self {
            Self::Copy(text) => screen.copy(&text),
            Self::Mouse(on) => screen.use_mouse(on),
        }
    }
}

/// What the mouse does to what is on a screen of that size.
pub(super) fn pointed(mouse: MouseEvent, app: &App, look: &Look, size: (u16, u16)) -> Option<Event> {
    let at = || ui::place_at(app, look, size, mouse.column, mouse.row);
    match mouse.kind {
        MouseEventKind::ScrollUp | MouseEventKind::ScrollDown => Some(Event::Wheel {
            pane: at().map(|(pane, _)| pane),
            back: mouse.kind == MouseEventKind::ScrollUp,
        }),
        MouseEventKind::Down(MouseButton::Left) => at().map(|(pane, line)| Event::Click { pane, line }),
        _ => None,
    }
}

/// Receives what the terminal sends, until the task set is dropped.
///
/// A task of its own, because every poll of crossterm's stream contends for the lock that its reader holds: the loop
/// above would pay for that with each signal of a source.
pub(super) fn read_keys() -> (mpsc::Receiver<io::Result<Input>>, JoinSet<()>) {
    let (sender, receiver) = mpsc::channel(64);
    let mut task = JoinSet::new();
    task.spawn(async move {
        let mut keys = EventStream::new();
        while let Some(input) = keys.next().await {
            if sender.send(input).await.is_err() {
                return;
            }
        }
    });
    (receiver, task)
}

/// Receives the number of each signal that asks us to end.
pub(super) fn ending_signals() -> io::Result<mpsc::Receiver<i32>> {
    let (sender, receiver) = mpsc::channel(4);
    for kind in [
        SignalKind::terminate(),
        SignalKind::hangup(),
        SignalKind::interrupt(),
        SignalKind::quit(),
    ] {
        let mut stream = signal(kind)?;
        let sender = sender.clone();
        tokio::spawn(async move {
            while stream.recv().await.is_some() {
                if sender.try_send(kind.as_raw_value()).is_err() {
                    return;
                }
                std::thread::spawn(move || {
                    std::thread::sleep(LAST_WORDS);
                    super::terminal::leave();
                    std::process::exit(128 + kind.as_raw_value());
                });
            }
        });
    }
    Ok(receiver)
}

/// Lets a test see what a panic does to the terminal: debug builds panic where `PGHERD_PANIC` says.
#[expect(clippy::panic, reason = "what it is for")]
fn provoke_panics(conductor: &Conductor) {
    if !cfg!(debug_assertions) {
        return;
    }
    match std::env::var("PGHERD_PANIC").as_deref() {
        Ok("screen") => std::panic::panic_any("provoked"),
        Ok("task") => conductor.spawn(async { std::panic::panic_any("provoked") }),
        _ => {}
    }
}
