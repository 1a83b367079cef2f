//! The mouse: the wheel moves what it is over, a click gives a pane the focus and points at a log line.

use crate::app::App;
use crate::app::command::Command;
use crate::app::event::Event;
use crate::app::logs::Position;
use crate::app::view::Pane;

/// Lines that one notch of the wheel moves.
const NOTCH: usize = 3;

impl App {
    /// What the mouse did; nothing but a look.
    pub fn point(&mut self, event: &Event) {
        match *event {
            Event::Wheel { pane, back } => self.wheel(pane, back),
            Event::Click { pane, line } => self.click(pane, line),
            _ => {}
        }
    }

    /// The wheel was turned over a pane, or over what covers them.
    fn wheel(&mut self, pane: Option<Pane>, back: bool) {
        let command = if back { Command::Up } else { Command::Down };
        let focus = self.view.focus;
        let over = pane.unwrap_or(focus);
        let scrolls = self.view.overlay.is_some() || matches!(over, Pane::Logs | Pane::Changes);
        // What is only under the pointer does not take the keys.
        self.view.focus = over;
        self.go(command, if scrolls { NOTCH } else { 1 });
        self.view.focus = focus;
    }

    /// A pane was clicked.
    fn click(&mut self, pane: Pane, line: Option<Position>) {
        if self.view.overlay.is_some() {
            return;
        }
        self.view.focus = pane;
        if let Some(line) = line {
            self.point_at(line);
        }
    }
}
