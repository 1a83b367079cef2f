//! An operation: as if it was asked for by keys.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Stage;
use crate::app::event::Event;
use crate::app::options::Mark;
use crate::model::audit::{Audit, Audited};
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

    /// Three acts of two people, and a journal that cannot be read.
    pub(super) fn audited() -> Self {
        let mut stage = Self::healthy().keys("J");
        let act = |minutes: u64, who: &str, what: &str, result: &str, failed| Audited {
            at: stage.world.now.minus(Duration::from_secs(60 * minutes)),
            who: who.to_owned(),
            what: what.to_owned(),
            result: result.to_owned(),
            failed,
        };
        let audit = Audit {
            acts: vec![
                act(
                    90,
                    "ops@vm pts/1 [4711]",
                    "kill on pg-master",
                    "healed by key, 2026-11-22T19:02:11Z",
                    false,
                ),
                act(
                    20,
                    "ops@vm pts/1 from 10.0.0.7 [4712]",
                    "switchover from postgresql1 to postgresql0, asked for",
                    "done",
                    false,
                ),
                act(
                    2,
                    "root@vm  [90]",
                    "restart of postgresql1",
                    "refused: Patroni of postgresql1 does not answer: connection refused",
                    true,
                ),
            ],
            unread: vec!["/root/.local/state/pgherd/journal/1-2.jsonl: line 3: expected value".to_owned()],
        };
        stage.app.update(Event::Audited(audit), stage.world.now);
        stage
    }
}
