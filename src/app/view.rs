//! What is shown and where the focus is: everything about the screen that is not about the cluster.

use serde::{Deserialize, Serialize};

use crate::app::noting::Draft;
use crate::app::operating;
use crate::app::page::{Return, Spot};
use crate::app::palette::Palette;
use crate::app::question::Question;
use crate::app::reading::{Asked, LogView};
use crate::model::audit::Audit;
use crate::model::check::Plan;
use crate::model::name::{ContainerName, MemberName};

/// A pane that can have the focus, in the order of `tab`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Pane {
    /// The members.
    #[default]
    Members,
    /// HAProxy.
    Proxy,
    /// The containers.
    Containers,
    /// What changed.
    Changes,
    /// Container logs, or the program's own.
    Logs,
}

impl Pane {
    /// All, in the order of `tab`.
    pub const ALL: [Self; 5] = [Self::Members, Self::Proxy, Self::Containers, Self::Changes, Self::Logs];

    /// The pane `step` places on, around the end.
    #[must_use]
    pub fn moved(self, forward: bool) -> Self {
        let order = Self::ALL.iter().cycle();
        let steps = if forward { 1 } else { Self::ALL.len() - 1 };
        order
            .skip_while(|pane| **pane != self)
            .nth(steps)
            .copied()
            .unwrap_or_default()
    }
}

/// What covers the main screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Overlay {
    /// Help, scrolled by so many lines.
    Help(u16),
    /// What is wrong, scrolled by so many lines.
    Findings(u16),
    /// Everything known of one thing.
    Details {
        /// Of what.
        subject: Subject,
        /// Scrolled by so many lines.
        scroll: u16,
    },
    /// The znode browser.
    Znodes {
        /// Path of the selected znode, as in [`crate::model::dcs::Znode::path`].
        selected: String,
        /// Its value is scrolled by so many lines.
        scroll: u16,
    },
    /// A failover in full.
    Failover {
        /// Which: 0 is the last one.
        back: usize,
        /// What is looked at.
        at: Spot,
    },
    /// The line on which a note is written.
    Note(Draft),
    /// Faults of ours: those that are active, then those that wait.
    Faults {
        /// Counted over both.
        selected: usize,
    },
    /// The question what becomes of active faults when the program ends.
    Leaving,
    /// Everything that can be done, to choose from.
    Palette(Palette),
    /// A question that waits for an answer.
    Question(Box<Question>),
    /// The question whether to check this cluster.
    AskCheck {
        /// What would be checked.
        plan: Box<Plan>,
        /// That is not what it was when it was asked first.
        changed: bool,
    },
    /// The last check, scrolled by so many lines.
    Check(u16),
    /// An operation that waits for an answer.
    AskOperation(Box<operating::Asked>),
    /// The last operation, scrolled by so many lines.
    Operation(u16),
    /// What was done by all runs, the newest first.
    Audit {
        /// Scrolled by so many lines.
        scroll: u16,
        /// `None` while it is read, and in recordings.
        #[serde(skip)]
        audit: Option<Box<Audit>>,
    },
    /// What is asked over the log pane.
    Log(Asked),
}

/// Something that details can be shown of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A member.
    Member(MemberName),
    /// A container.
    Container(ContainerName),
}

/// The screen's state.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct View {
    /// Size of the terminal, columns and rows.
    pub size: (u16, u16),
    /// The focused pane.
    pub focus: Pane,
    /// Only the focused pane is shown.
    pub zoomed: bool,
    /// The selected member, by name: rows may come and go around it.
    pub member: Option<MemberName>,
    /// The selected container.
    pub container: Option<ContainerName>,
    /// The selected container of a HAProxy, where there are several.
    pub proxy: Option<ContainerName>,
    /// Changes are scrolled back by so many; 0 is the newest.
    pub changes_back: usize,
    /// The log pane.
    pub logs: LogView,
    /// What lies over it.
    pub overlay: Option<Overlay>,
    /// Where `esc` leads to from the log lines of a fact.
    pub origin: Option<Return>,
    /// The selected cluster while several are offered.
    pub choice: usize,
    /// A key has made it read-only.
    pub read_only: bool,
    /// The terminal tells of the mouse: then it selects no text by itself.
    pub mouse: bool,
}

impl View {
    /// Rows that a page moves: half the screen.
    pub fn page(&self) -> usize {
        usize::from(self.size.1 / 2).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tab_goes_around_both_ways() {
        assert_eq!(Pane::Logs.moved(true), Pane::Members);
        assert_eq!(Pane::Members.moved(false), Pane::Logs);
        assert_eq!(Pane::Proxy.moved(true), Pane::Containers);
    }
}
