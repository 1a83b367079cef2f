//! What a frame tells the state: how much of the log fits on it.

use super::Monitor;
use crate::app::event::{Event, Urgency};
use crate::ui::Measured;

impl Monitor<'_> {
    /// What is new in how the log pane was drawn.
    pub(super) fn measured(&mut self, measured: Measured) -> Urgency {
        let logs = &self.app.view.logs;
        let page = measured
            .page
            .filter(|page| logs.top.is_some() || logs.page != Some(*page));
        if measured.rows != logs.rows {
            self.take(Event::LogRows(measured.rows));
        }
        page.map_or(Urgency::Never, |(first, last)| self.take(Event::LogPage(first, last)))
    }
}
