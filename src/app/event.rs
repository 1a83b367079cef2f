//! What goes into [`App::update`](super::App::update) and what comes out of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crossterm::event::KeyEvent;

use crate::model::act::{ActOutcome, ActTarget, ContainerAct};
use crate::model::check::{Plan, Step};
use crate::model::log_start::LogStart;
use crate::model::pace::Pace;
use crate::model::signal::Signal;
use crate::model::topology::Targets;

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
    /// A step of an [`Effect::Check`] began or ended.
    Checked(Step),
    /// That check ended: no more steps.
    CheckEnded,
    /// An [`Effect::Report`] ended: the files, or why there are none.
    Reported(Result<String, String>),
    /// A record of this run began or ended.
    Recording(RecordNews),
    /// There is time for [`Effect::Scan`]. Not part of a record: what it finds follows from the rest.
    Scan,
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
    /// Do this to a container.
    Act {
        /// What.
        act: ContainerAct,
        /// To which; bound to the identity that was confirmed.
        target: ActTarget,
    },
    /// Check the cluster.
    Check(Plan),
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
