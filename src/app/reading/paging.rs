//! Pages of broken lines: how many lines fit is known once they are drawn.

use crate::app::App;
use crate::app::event::Urgency;
use crate::app::logs::Position;

impl App {
    /// A page up or down, of which one line stays to read on from. False where a line is a row: nothing was done.
    pub(in crate::app) fn turn(&mut self, back: bool) -> bool {
        let logs = &mut self.view.logs;
        if !logs.wrap || logs.anchor.is_some() {
            return false;
        }
        let Some((first, last)) = logs.page else { return false };
        if back {
            // The page ends with the line that began the one before.
            let begin = self.first_end();
            self.view.logs.end = Some(first).max(begin);
        } else if logs.end.is_some() {
            logs.top = Some(last);
            let rows = self.view.log_rows();
            self.view.logs.end = self.logs.moved(&self.view.logs.lens, Some(last), false, rows);
        }
        true
    }

    /// Where the view ends that shows the oldest line; the uppermost row says what is before it.
    pub(in crate::app) fn first_end(&self) -> Option<Position> {
        let rows = self.view.log_rows().saturating_sub(1);
        let rows = if self.view.logs.wrap { 1 } else { rows };
        self.logs.first_page(&self.view.logs.lens, rows)
    }

    /// What of broken lines the pane shows now.
    pub fn drawn(&mut self, first: Position, last: Position) -> Urgency {
        let logs = &mut self.view.logs;
        logs.page = Some((first, last));
        let Some(top) = logs.top.take() else {
            return Urgency::Never;
        };
        let end = if last > top {
            Some(last)
        } else {
            // Changes of the cluster fill the page.
            self.logs.moved(&self.view.logs.lens, Some(top), false, 1)
        };
        // The newest line is on the page: that is following again.
        let newest = self.logs.newest(&self.view.logs.lens);
        self.view.logs.end = end.filter(|_| end != newest);
        Urgency::AtOnce
    }
}
