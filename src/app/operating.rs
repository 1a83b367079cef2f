//! From the choice of an operation to its end: the question, bound to what was shown; the steps as they happen; the result.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::command::Command;
use crate::app::event::{Edited, Effect, Urgency};
use crate::app::question::Typed;
use crate::app::typing::edit;
use crate::app::view::Overlay;
use crate::model::check::Report;
use crate::model::operation::{Operation, Outcome, Plan, Progress};

/// What a key steps through, in minutes; the first is at once.
const DELAYS: [u64; 7] = [0, 1, 5, 15, 30, 60, 240];

/// An operation that waits for a yes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asked {
    /// What would be done, and what it is bound to.
    pub plan: Plan,
    /// After so many minutes, where Patroni keeps a time.
    pub delay: u64,
    /// What will happen, and what else speaks against it now.
    pub sentences: Vec<String>,
    /// Why it cannot be done now.
    pub obstacles: Vec<String>,
    /// What changed since it was asked: the next yes only accepts that.
    pub changed: Option<String>,
    /// The name that has to be typed, and why.
    pub typed: Option<Typed>,
}

impl Asked {
    /// Patroni can be told a time for it.
    pub fn takes_time(&self) -> bool {
        matches!(
            self.plan.operation,
            Operation::Switchover { .. } | Operation::Restart { .. }
        )
    }

    /// A yes would do it.
    pub fn may_be_answered(&self) -> bool {
        self.obstacles.is_empty()
            && self
                .typed
                .as_ref()
                .is_none_or(|typed| typed.text.trim() == typed.wanted)
    }
}

/// An operation that was confirmed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operating {
    /// What.
    pub operation: Operation,
    /// Its steps so far.
    pub report: Report,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl App {
    /// The operation that goes on.
    pub(super) fn under_way(&self) -> Option<&Operating> {
        self.operating.as_ref().filter(|operating| operating.outcome.is_none())
    }

    /// Asks before an operation, or says why it makes no sense now.
    pub(super) fn ask_operation(&mut self, operation: Operation) {
        if self.is_read_only() {
            return self.tell(format!("read-only: {} is refused", operation.word()), true);
        }
        if let Some(other) = self.under_way() {
            let text = format!("{} is still under way", other.operation);
            self.view.overlay = Some(Overlay::Operation(0));
            return self.tell(text, true);
        }
        let obstacles = operation.obstacles(&self.cluster, self.now);
        if !obstacles.is_empty() {
            return self.tell(format!("{}: {}", operation.word(), obstacles.join("; ")), true);
        }
        let asked = Asked {
            plan: Plan::of(&self.cluster, operation),
            delay: 0,
            sentences: Vec::new(),
            obstacles,
            changed: None,
            typed: None,
        };
        self.view.overlay = Some(Overlay::AskOperation(Box::new(self.look_at_operation(asked))));
    }

    /// Begins to edit the dynamic configuration.
    pub(super) fn ask_configuration(&mut self) -> Vec<Effect> {
        if self.is_read_only() {
            self.tell("read-only: edit-config is refused".to_owned(), true);
            return Vec::new();
        }
        let Some(store) = Plan::of(&self.cluster, Operation::Pause).store else {
            self.tell("no ZooKeeper is known that keeps a configuration".to_owned(), true);
            return Vec::new();
        };
        vec![Effect::EditConfig(store)]
    }

    /// The editor was left.
    pub(super) fn edited(&mut self, edited: Edited) -> Urgency {
        match edited {
            Edited::Changes { version, changes } => self.ask_operation(Operation::EditConfig {
                version: Some(version),
                changes,
            }),
            Edited::Failed(why) => self.tell(why, true),
        }
        Urgency::Now
    }

    /// Completes a question with what is true now.
    fn look_at_operation(&self, mut asked: Asked) -> Asked {
        let operation = &asked.plan.operation;
        asked.sentences = self.warnings();
        asked.sentences.extend(operation.consequences(&self.cluster, self.now));
        asked.obstacles = operation.obstacles(&self.cluster, self.now);
        let text = asked.typed.take().map(|typed| typed.text);
        asked.typed = self.name_for(operation).map(|(wanted, because)| Typed {
            wanted,
            because,
            text: text.unwrap_or_default(),
        });
        asked
    }

    /// A question that is open tells what is true now.
    pub(super) fn refresh_operation(&mut self) {
        if let Some(Overlay::AskOperation(asked)) = &self.view.overlay {
            let mut asked = self.look_at_operation((**asked).clone());
            let now = Plan::of(&self.cluster, asked.plan.operation.clone());
            asked.changed = differs(&asked.plan, &now);
            self.view.overlay = Some(Overlay::AskOperation(Box::new(asked)));
        }
    }

    /// Yes: what was shown is done, and nothing else.
    pub(super) fn confirm_operation(&mut self) -> Vec<Effect> {
        self.refresh_operation();
        let Some(Overlay::AskOperation(asked)) = &mut self.view.overlay else {
            return Vec::new();
        };
        if asked.changed.is_some() {
            asked.plan = Plan::of(&self.cluster, asked.plan.operation.clone());
            asked.changed = None;
            if let Some(typed) = &mut asked.typed {
                typed.text.clear();
            }
            return Vec::new();
        }
        if !asked.may_be_answered() {
            return Vec::new();
        }
        let (mut plan, delay) = (asked.plan.clone(), asked.delay);
        self.view.overlay = None;
        let refused = if self.is_read_only() {
            Some("read-only: nothing was done".to_owned())
        } else {
            let other = self.under_way();
            other.map(|other| format!("nothing was done: {} is still under way", other.operation))
        };
        if let Some(why) = refused {
            self.tell(why, true);
            return Vec::new();
        }
        if delay > 0 {
            plan.operation.put_off(self.now.plus(Duration::from_secs(delay * 60)));
        }
        self.note(format!("asked for: {}", plan.operation));
        self.operating = Some(Operating {
            operation: plan.operation.clone(),
            report: Report::default(),
            outcome: None,
        });
        self.view.overlay = Some(Overlay::Operation(0));
        vec![Effect::Operate(Box::new(plan))]
    }

    /// A key while it is asked and a name has to be typed.
    pub(super) fn type_for_operation(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::AskOperation(asked)) = &mut self.view.overlay else {
            return Vec::new();
        };
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return self.quit(),
            KeyCode::Enter => return self.confirm_operation(),
            KeyCode::Char('y') if asked.changed.is_some() => return self.confirm_operation(),
            KeyCode::Esc => self.view.overlay = None,
            KeyCode::Up => self.step_operation(Command::Up),
            KeyCode::Down => self.step_operation(Command::Down),
            _ => {
                if let Some(typed) = &mut asked.typed {
                    edit(&mut typed.text, key);
                }
            }
        }
        Vec::new()
    }

    /// When it is due: stepped by keys.
    pub(super) fn step_operation(&mut self, command: Command) {
        if let Some(Overlay::AskOperation(asked)) = &mut self.view.overlay
            && asked.takes_time()
        {
            let at = DELAYS.iter().position(|delay| *delay == asked.delay).unwrap_or(0);
            let to = match command {
                Command::Up => at + DELAYS.len() - 1,
                Command::Down => at + 1,
                _ => at,
            };
            asked.delay = DELAYS.get(to % DELAYS.len()).copied().unwrap_or(0);
        }
    }

    /// What an [`Effect::Operate`] tells.
    pub(super) fn operated(&mut self, progress: Progress) -> Urgency {
        let Some(operating) = &mut self.operating else {
            return Urgency::Never;
        };
        match progress {
            Progress::Step(step) => operating.report.take(step),
            Progress::Ended(outcome) => {
                operating.report.end();
                let text = format!("{}: {outcome}", operating.operation.word());
                let bad = !outcome.is_good();
                operating.outcome = Some(outcome);
                self.note(text.clone());
                self.tell(text, bad);
            }
        }
        Urgency::Now
    }
}

/// What of the target is not as it was shown.
fn differs(shown: &Plan, now: &Plan) -> Option<String> {
    if shown.leader != now.leader {
        return Some(
            now.leader
                .as_ref()
                .map_or_else(|| "nobody leads now".to_owned(), |leader| format!("{leader} leads now")),
        );
    }
    if shown.container != now.container {
        return Some("the member runs in another container now".to_owned());
    }
    if shown.api_url != now.api_url {
        return Some("the member is at another address now".to_owned());
    }
    if shown.system_id != now.system_id {
        return Some("it is another cluster now".to_owned());
    }
    (shown != now).then(|| "the way to the cluster is another one now".to_owned())
}

#[cfg(test)]
mod tests;
