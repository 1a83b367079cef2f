//! A recording that is played: where in it, how fast, and what the viewer can ask for. Drawn in place of the hints.

use crate::model::time::Timestamp;

/// Speeds, in times of real time.
pub const SPEEDS: [u32; 6] = [1, 2, 5, 10, 30, 100];

/// A move in a recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Travel {
    /// Stand still, or play on.
    Pause,
    /// To the next change.
    NextFact,
    /// To the change before.
    PreviousFact,
    /// To the next step of a failover: fault, end of a phase, end of it all.
    NextPhase,
    /// To the step before.
    PreviousPhase,
    /// So many seconds on.
    Forward(u16),
    /// So many seconds back.
    Back(u16),
    /// Play faster.
    Faster,
    /// Play slower.
    Slower,
    /// To the start.
    Start,
    /// To the end.
    End,
    /// Show the view as it was recorded.
    Follow,
}

/// Where a recording stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Playback {
    /// What is played: the name of the file, or of the demo.
    pub name: String,
    /// Its first instant.
    pub begins: Timestamp,
    /// Its last instant.
    pub ends: Timestamp,
    /// The instant that is shown.
    pub at: Timestamp,
    /// One of [`SPEEDS`].
    pub speed: u32,
    /// It stands still.
    pub paused: bool,
    /// It is on its way to another place.
    pub seeking: bool,
    /// The viewer looks at something else than what was recorded.
    pub own_view: bool,
    /// The file is not whole, and why; or it holds what this version does not know.
    pub flaw: Option<String>,
    /// Something to tell the viewer.
    pub notice: Option<String>,
}

impl Playback {
    /// Its end is reached.
    pub fn is_over(&self) -> bool {
        self.at >= self.ends
    }

    /// One step faster or slower.
    pub fn change_speed(&mut self, faster: bool) {
        let at = SPEEDS.iter().position(|speed| *speed == self.speed).unwrap_or(0);
        let to = if faster { at + 1 } else { at.saturating_sub(1) };
        if let Some(speed) = SPEEDS.get(to) {
            self.speed = *speed;
        }
    }
}
