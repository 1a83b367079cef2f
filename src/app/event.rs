//! What goes into [`App::update`](super::App::update) and what comes out of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crossterm::event::KeyEvent;

use crate::app::logs::Position;
use crate::app::reading::{Save, Saved};
use crate::app::view::Pane;
use crate::model::act::fault::{Fault, FaultId};
use crate::model::act::{Act, ActOutcome, ActTarget, Order};
use crate::model::audit::Audit;
use crate::model::check::{Plan, Step};
use crate::model::log_start::LogStart;
use crate::model::operation::{self, Change, Progress};
use crate::model::pace::Pace;
use crate::model::signal::Signal;
use crate::model::topology::{StoreTarget, Targets};

/// Everything that can happen to the program.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// A source has something to say.
    Signal(Signal),
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The terminal has this size now.
    Resize {
        /// Columns.
        width: u16,
        /// Rows.
        height: u16,
    },
    /// A second has passed.
    Tick,
    /// An [`Effect::Act`] ended.
    Acted(ActOutcome),
    /// An [`Effect::Prepare`] ended: whether that act can be done there, or why not.
    Prepared(Prepared),
    /// An [`Effect::Heal`] ended.
    Healed(Healed),
    /// Faults that earlier runs left, by their journals.
    FaultsLeft(Vec<Fault>),
    /// A step of an [`Effect::Check`] began or ended.
    Checked(Step),
    /// That check ended: no more steps.
    CheckEnded,
    /// A step of an [`Effect::Operate`] began or ended, or all of it.
    Operated(Progress),
    /// An [`Effect::EditConfig`] ended.
    Edited(Edited),
    /// An [`Effect::Audit`] ended. Never recorded.
    #[serde(skip)]
    Audited(Audit),
    /// An [`Effect::Report`] ended: the files, or why there are none.
    Reported(Result<String, String>),
    /// A record of this run began or ended.
    Recording(RecordNews),
    /// There is time for [`Effect::Scan`]. Not part of a record: what it finds follows from the rest.
    Scan,
    /// An [`Effect::Save`] ended.
    Saved(Saved),
    /// The log pane was drawn with so many rows.
    LogRows(u16),
    /// Long lines are broken: the log pane was drawn from this row to that one.
    LogPage(Position, Position),
    /// The wheel was turned over a pane, or over what covers them.
    Wheel {
        /// Which.
        pane: Option<Pane>,
        /// Upwards.
        back: bool,
    },
    /// A pane was clicked.
    Click {
        /// Which.
        pane: Pane,
        /// The row of the log pane.
        line: Option<Position>,
    },
}

/// What the operator made of the dynamic configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edited {
    /// These changes, against this version of it.
    Changes {
        /// Of the `config` znode.
        version: i32,
        /// What differs; nothing if it was left as it is.
        changes: Vec<Change>,
    },
    /// Nothing, and why.
    Failed(String),
}

/// Whether an act can be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// Which.
    pub act: Act,
    /// On what.
    pub target: ActTarget,
    /// Why not, for people.
    pub result: Result<(), String>,
}

/// How the healing of a fault ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healed {
    /// Which fault.
    pub id: FaultId,
    /// Done and made sure of, or why not.
    pub result: Result<(), String>,
}

/// What becomes of the record of this run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordNews {
    /// It is written into this file from now on.
    Began(String),
    /// It could not be begun, and why.
    Refused(String),
    /// It ended.
    Ended {
        /// The file.
        file: String,
        /// Why, if nobody asked for it.
        why: Option<String>,
    },
}

/// What the runtime has to do after an update. Nothing of it is awaited in the loop.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Read these from now on.
    Retarget(Targets),
    /// Do this to a container; bound to the identity that was confirmed.
    Act(Box<Order>),
    /// Find out whether this can be done, and change nothing.
    Prepare(Box<Order>),
    /// Take this back.
    Heal(Box<Fault>),
    /// Write down that other hands took this back.
    Over(FaultId),
    /// Check the cluster.
    Check(Plan),
    /// Carry this out; bound to what was confirmed.
    Operate(Box<operation::Plan>),
    /// Let the operator edit the dynamic configuration that is kept there.
    EditConfig(StoreTarget),
    /// Read the journals of all runs.
    Audit,
    /// Ask the sources at this pace from now on.
    Pace(Pace),
    /// Read older lines of the logs as well: so many more, those since then, or all.
    LogDepth(LogStart),
    /// Write the report of the episode of this number.
    Report(u32),
    /// Give the terminal back and stop this process until it is continued.
    Suspend,
    /// Begin a record of this run, or end the one that is written.
    Record,
    /// Use the next theme.
    NextTheme,
    /// Come back with [`Event::Scan`] when nothing else waits: log lines are still to be gone through.
    Scan,
    /// Put this text into the terminal's clipboard.
    Copy(String),
    /// Write log lines into a file.
    Save(Save),
    /// Let the terminal tell of the mouse, or not any more.
    Mouse(bool),
    /// End the monitor.
    Leave(Leave),
}

/// Why the monitor ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// The operator is done.
    Quit,
    /// Start the example cluster, then come back.
    StartLab,
    /// Show the recorded failover, then come back.
    Demo,
}

/// How soon the screen must show an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Nothing visible changed.
    Never,
    /// Values moved as they do all the time: within [`Urgency::SOON`].
    Soon,
    /// Something happened: with the next frame.
    Now,
    /// A key was pressed: its answer waits for no frame rate.
    AtOnce,
}

impl Urgency {
    /// Longest wait of an ordinary new value.
    pub const SOON: Duration = Duration::from_secs(1);
}
