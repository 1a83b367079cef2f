//! The state of the log pane.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::app::logs::{Lens, Pattern, Position};
use crate::app::view::View;
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;

/// How the time of a line is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clock {
    /// In the zone of the screen.
    #[default]
    Local,
    /// In UTC.
    Utc,
    /// How long ago.
    Age,
    /// Not at all.
    None,
}

impl Clock {
    /// The next one, around the end.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Local => Self::Utc,
            Self::Utc => Self::Age,
            Self::Age => Self::None,
            Self::None => Self::Local,
        }
    }
}

/// How the log pane is read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LogView {
    /// What of the lines is shown.
    pub lens: Lens,
    /// The last row shown; `None` follows the newest.
    pub end: Option<Position>,
    /// The row that is pointed at.
    pub pick: Option<Position>,
    /// Where the selection began; it ends at the row that is pointed at.
    pub anchor: Option<Position>,
    /// The instant that a fact led to.
    pub around: Option<Timestamp>,
    /// What is sought.
    pub search: Option<Pattern>,
    /// A search that has not come to a match yet, and whether it goes back.
    pub seeking: Option<bool>,
    /// Marked rows by their letters.
    pub marks: BTreeMap<char, Position>,
    /// Columns that the text is panned to the left.
    pub pan: u16,
    /// Long lines are broken.
    pub wrap: bool,
    /// How the time is written.
    pub clock: Clock,
    /// Changes of the cluster stand among the lines.
    pub events: bool,
    /// The row that is to be the uppermost, until it is known where the page that begins with it ends.
    pub top: Option<Position>,
    /// The first and the last row of the page that was drawn last, if long lines are broken: only then it is known how
    /// many fit.
    pub page: Option<(Position, Position)>,
    /// Rows of the pane when it was drawn last; 0 is not known.
    pub rows: u16,
    /// Show the program's own log instead.
    pub own: bool,
}

impl Default for LogView {
    fn default() -> Self {
        Self {
            lens: Lens {
                fold: true,
                ..Lens::default()
            },
            end: None,
            pick: None,
            anchor: None,
            around: None,
            search: None,
            seeking: None,
            marks: BTreeMap::new(),
            pan: 0,
            wrap: false,
            clock: Clock::default(),
            events: true,
            top: None,
            page: None,
            rows: 0,
            own: false,
        }
    }
}

impl LogView {
    /// The one container whose lines are shown, if it is one.
    pub fn only(&self) -> Option<&ContainerName> {
        let containers = self.lens.containers.as_ref()?;
        containers.first().filter(|_| containers.len() == 1)
    }

    /// The selected rows, from the first to the last.
    pub fn selected(&self) -> Option<(Position, Position)> {
        let (anchor, pick) = (self.anchor?, self.pick?);
        Some((anchor.min(pick), anchor.max(pick)))
    }
}

impl View {
    /// Rows of the log pane; half the screen until they are known.
    pub(in crate::app) fn log_rows(&self) -> usize {
        match self.logs.rows {
            0 => self.page(),
            rows => rows.into(),
        }
    }
}
