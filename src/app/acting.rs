//! From a key to an act on a container: what it is about, the question, the answer, the result.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::app::App;
use crate::app::command::Command;
use crate::app::event::{Effect, Leave, Prepared, Urgency};
use crate::app::options::Mark;
use crate::app::question::{Means, Question};
use crate::app::typing::edit;
use crate::app::view::{Overlay, Pane};
use crate::model::act::{Act, ActOutcome, ActTarget, Order, Surroundings};
use crate::model::fact::Fact;
use crate::model::name::ContainerName;

impl App {
    /// The container that a key would act on: that of the selected member, or of the focused pane.
    pub fn acting_on(&self) -> Option<ContainerName> {
        match self.view.focus {
            Pane::Containers => self.selected_container(),
            Pane::Proxy => self.selected_proxy(),
            Pane::Members | Pane::Changes | Pane::Logs => {
                let selected = self.selected_member()?;
                self.members()
                    .into_iter()
                    .find(|member| member.name == selected)?
                    .container
            }
        }
    }

    pub(super) fn ask(&mut self, act: Act) {
        if self.is_read_only() {
            return self.tell(format!("read-only: {} is refused", act.name()), true);
        }
        if self.options.mark == Mark::Protected && act.is_fault() {
            return self.tell(format!("protected: {} is refused on this cluster", act.name()), true);
        }
        let Some(container) = self.acting_on() else {
            return self.tell(
                format!("nothing to {}: no container is known for what is selected", act.words()),
                true,
            );
        };
        match Question::ask(act, &container, &self.cluster, self.now) {
            Ok(question) => self.view.overlay = Some(Overlay::Question(Box::new(self.look_before(question)))),
            Err(why) => self.tell(why, true),
        }
    }

    /// A question that is open tells what is true now.
    pub(super) fn refresh_question(&mut self) {
        let Some(Overlay::Question(question)) = &self.view.overlay else {
            return;
        };
        let mut question = (**question).clone();
        question.refresh(&self.cluster, self.now);
        self.view.overlay = Some(Overlay::Question(Box::new(self.look_before(question))));
    }

    /// Asks once for each question whether what it is about can be done there at all.
    pub(super) fn look_for_means(&mut self) -> Option<Effect> {
        let Some(Overlay::Question(question)) = &mut self.view.overlay else {
            return None;
        };
        if question.means != Means::Unknown || !matches!(question.act, Act::Drill(_)) {
            return None;
        }
        question.means = Means::Asked;
        let (act, target) = (question.act, question.target.clone());
        let around = Surroundings::of(&self.cluster, &target.name);
        let lasts = None;
        Some(Effect::Prepare(Box::new(Order {
            act,
            target,
            around,
            lasts,
        })))
    }

    /// How an [`Effect::Prepare`] ended.
    pub(super) fn prepared(&mut self, prepared: Prepared) -> Urgency {
        let Some(Overlay::Question(question)) = &mut self.view.overlay else {
            return Urgency::Never;
        };
        if (question.act, &question.target) != (prepared.act, &prepared.target) {
            return Urgency::Never;
        }
        question.means = prepared.result.err().map_or(Means::There, Means::Missing);
        Urgency::Now
    }

    pub(super) fn confirm(&mut self) -> Vec<Effect> {
        let question = match &mut self.view.overlay {
            Some(Overlay::Question(question)) => question,
            Some(Overlay::AskCheck { .. }) => return self.confirm_check(),
            Some(Overlay::AskOperation(_)) => return self.confirm_operation(),
            Some(Overlay::Leaving) => return vec![Effect::Leave(Leave::Quit)],
            _ => return Vec::new(),
        };
        if question.changed.take().is_some() {
            if let Some(typed) = &mut question.typed {
                typed.text.clear();
            }
            return Vec::new();
        }
        let question = (**question).clone();
        let refused = if self.is_read_only() {
            Some("read-only: nothing was done".to_owned())
        } else {
            Question::ask(question.act, &question.target.name, &self.cluster, self.now).err()
        };
        if let Some(why) = refused {
            self.view.overlay = None;
            self.tell(why, true);
            return Vec::new();
        }
        if !question.may_be_answered() {
            return Vec::new();
        }
        self.view.overlay = None;
        self.carry_out(question)
    }

    /// A key while a name has to be typed: none of them is a command but those that end it.
    pub(super) fn type_name(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Question(question)) = &mut self.view.overlay else {
            return Vec::new();
        };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return self.quit(),
            KeyCode::Enter => return self.confirm(),
            // The first yes only takes note; nothing is typed before that.
            KeyCode::Char('y') if question.changed.is_some() => return self.confirm(),
            KeyCode::Esc => self.view.overlay = None,
            KeyCode::Left | KeyCode::Right => question.lasts = question.lasts.stepped(key.code == KeyCode::Left),
            KeyCode::Up | KeyCode::Down => question.when = question.when.stepped(key.code == KeyCode::Up),
            _ => {
                if let Some(typed) = &mut question.typed {
                    edit(&mut typed.text, key);
                }
            }
        }
        Vec::new()
    }

    /// When it is done, and how long it lasts: stepped by keys.
    pub(super) fn step_question(&mut self, command: Command) {
        if let Some(Overlay::Question(question)) = &mut self.view.overlay {
            match command {
                Command::Left | Command::Right if question.act.lasts() => {
                    question.lasts = question.lasts.stepped(command == Command::Left);
                }
                Command::Up | Command::Down if question.act.is_fault() => {
                    question.when = question.when.stepped(command == Command::Up);
                }
                _ => {}
            }
        }
    }

    pub(super) fn acted(&mut self, outcome: ActOutcome) -> Urgency {
        self.acting = None;
        let ActOutcome { act, target, result } = outcome;
        let what = match act {
            Act::Container(act) => format!("{} {}", act.word(), target.name),
            Act::Drill(drill) => format!("{drill} on {}", target.name),
        };
        let (text, bad) = match result {
            Ok(done) => {
                if let Some(fault) = done.fault {
                    self.begin_fault(*fault);
                }
                (format!("{what}: done after {:.1} s", done.took.as_secs_f64()), false)
            }
            Err(why) => (format!("{what}: {why}"), true),
        };
        self.ours(text.clone(), &target);
        self.tell(text, bad);
        Urgency::Now
    }

    fn ours(&mut self, text: String, target: &ActTarget) {
        self.tell_facts(vec![Fact::ours(self.now, Some(target.name.to_string()), text)]);
    }
}
