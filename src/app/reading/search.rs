//! From match to match.

use crate::app::App;
use crate::app::logs::{Found, Position};

impl App {
    /// To the match that is nearest to what is shown: upwards first, since the newest lines are at the bottom.
    pub(super) fn seek_near(&mut self) {
        let logs = &mut self.view.logs;
        logs.pick = None;
        logs.seeking = Some(true);
        self.seek(true);
    }

    /// To the next match, or the one before.
    pub(super) fn seek_on(&mut self, back: bool) {
        if self.view.logs.search.is_none() {
            return self.tell("nothing is sought: / begins a search".to_owned(), true);
        }
        self.view.logs.seeking = Some(back);
        self.seek(back);
    }

    /// Goes on with a search.
    pub(in crate::app) fn seek(&mut self, back: bool) {
        let logs = &self.view.logs;
        let Some(sought) = logs.search.clone() else { return };
        let from = match logs.pick.filter(|pick| self.is_on_screen(*pick)) {
            Some(pick) => Some(pick),
            // The last row shown is the first to be looked at on the way up.
            None if back => self.row_after(logs.end),
            None => logs.end,
        };
        match self.logs.find(&sought, &logs.lens, from, back) {
            Found::At(position) => self.found(position),
            Found::NotYet => {}
            Found::Nowhere => self.seek_around(back),
        }
    }

    /// There is no match in that direction: goes on from the other end.
    fn seek_around(&mut self, back: bool) {
        let logs = &self.view.logs;
        let Some(sought) = logs.search.clone() else { return };
        let is_first = logs.pick.is_none();
        match self.logs.find(&sought, &logs.lens, None, back) {
            Found::At(position) => {
                let end = if back { "newest" } else { "oldest" };
                self.found(position);
                if !is_first {
                    self.tell(format!("no more matches this way: from the {end} again"), false);
                }
            }
            Found::NotYet => {}
            Found::Nowhere => {
                self.view.logs.seeking = None;
                self.tell(format!("no line with {sought}"), true);
            }
        }
    }

    fn found(&mut self, position: Position) {
        self.view.logs.seeking = None;
        self.point_at(position);
    }

    /// The row after `row`; `None` if it is the last.
    fn row_after(&self, row: Option<Position>) -> Option<Position> {
        let next = self.logs.moved(&self.view.logs.lens, row, false, 1);
        next.filter(|next| Some(*next) != row)
    }
}
