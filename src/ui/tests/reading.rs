//! The log pane in its modes.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::stage::Stage;
use crate::app::event::{Effect, Event};
use crate::app::view::Pane;
use crate::model::log::{Level, LogLine, tidy};

impl Stage {
    /// The log pane alone, after these keys.
    pub(super) fn reading(mut self, keys: &str) -> Self {
        self = self.zoom(Pane::Logs);
        self.app.view.size = (80, 24);
        for key in keys.chars() {
            let code = match key {
                '\n' => KeyCode::Enter,
                '→' => KeyCode::Right,
                key => KeyCode::Char(key),
            };
            let mut event = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
            while self.app.update(event, self.world.now).0.contains(&Effect::Scan) {
                event = Event::Scan;
            }
        }
        self
    }

    /// Docker has older lines of one container.
    pub(super) fn unread(mut self) -> Self {
        self.app.unread.insert("pg-master".into());
        self
    }

    /// Lines with colours of their own, wide letters and accents.
    pub(super) fn coloured() -> Self {
        let mut stage = Self::healthy();
        let raw = "\u{1b}[1;31m漢字\u{1b}[0m plain \u{1b}[32me\u{301}galite\u{301}\u{1b}[0m lock";
        let line = tidy(raw.as_bytes());
        stage.app.logs.push(LogLine {
            at: stage.app.now,
            container: "zoo".into(),
            stderr: true,
            level: Level::Info,
            text: line.text,
            spans: line.spans,
        });
        stage.reading("/lock\n")
    }
}
