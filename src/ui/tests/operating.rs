//! An operation: as if it was asked for by keys.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Stage;
use crate::app::event::Event;
use crate::app::options::Mark;
use crate::model::check::{State, Step};
use crate::model::operation::{Outcome, Progress};

impl Stage {
    /// As if these keys were pressed.
    pub(super) fn keys(mut self, keys: &str) -> Self {
        for letter in keys.chars() {
            let code = match letter {
                '\n' => KeyCode::Enter,
                letter => KeyCode::Char(letter),
            };
            let key = KeyEvent::new(code, KeyModifiers::NONE);
            self.app.update(Event::Key(key), self.world.now);
        }
        self
    }

    /// A switchover that goes on, or has ended so.
    pub(super) fn operating(mut self, end: Option<Outcome>) -> Self {
        self.app.options.mark = Mark::Test;
        let mut stage = self.keys("Xswitchover postgresql1\ny");
        let passed = State::Passed {
            detail: "postgresql0 leads".to_owned(),
            took: Duration::from_millis(12),
        };
        let step = |name: &str, state| {
            let name = name.to_owned();
            Progress::Step(Step { name, state })
        };
        let told = [
            step("as confirmed", passed),
            step("lock released by postgresql0", State::Running),
        ];
        for progress in told.into_iter().chain(end.map(Progress::Ended)) {
            stage.app.update(Event::Operated(progress), stage.world.now);
        }
        stage
    }
}
