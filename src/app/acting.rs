//! From a key to an act on a container: what it is about, the question, the answer, the result.

use crate::app::App;
use crate::app::event::{Effect, Urgency};
use crate::app::question::Question;
use crate::app::view::{Overlay, Pane};
use crate::model::act::{ActOutcome, ActTarget, ContainerAct};
use crate::model::fact::{Fact, FactKind};
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

    pub(super) fn ask(&mut self, act: ContainerAct) {
        if self.options.read_only {
            return self.tell(format!("read-only: {} is refused", act.word()), true);
        }
        let Some(container) = self.acting_on() else {
            return self.tell(
                format!("nothing to {}: no container is known for what is selected", act.word()),
                true,
            );
        };
        match Question::ask(act, &container, &self.cluster, self.now) {
            Ok(question) => self.view.overlay = Some(Overlay::Question(Box::new(question))),
            Err(why) => self.tell(why, true),
        }
    }

    pub(super) fn confirm(&mut self) -> Vec<Effect> {
        let question = match &mut self.view.overlay {
            Some(Overlay::Question(question)) => question,
            Some(Overlay::AskCheck { .. }) => return self.confirm_check(),
            _ => return Vec::new(),
        };
        if question.changed.take().is_some() {
            return Vec::new();
        }
        let (act, target) = (question.act, question.target.clone());
        self.view.overlay = None;
        if let Err(why) = Question::ask(act, &target.name, &self.cluster, self.now) {
            self.tell(why, true);
            return Vec::new();
        }
        self.acting = Some(format!("{} {} …", act.word(), target.name));
        let asked = Fact {
            kind: FactKind::Asked(act),
            ..Fact::ours(self.now, Some(target.name.to_string()), String::new())
        };
        self.tell_facts(vec![asked]);
        vec![Effect::Act { act, target }]
    }

    pub(super) fn acted(&mut self, outcome: ActOutcome) -> Urgency {
        self.acting = None;
        let ActOutcome { act, target, result } = outcome;
        let (text, bad) = match result {
            Ok(done) => (
                format!(
                    "{} {}: done after {:.1} s",
                    act.word(),
                    target.name,
                    done.took.as_secs_f64()
                ),
                false,
            ),
            Err(why) => (format!("{} {}: {why}", act.word(), target.name), true),
        };
        self.ours(text.clone(), &target);
        self.tell(text, bad);
        Urgency::Now
    }

    fn ours(&mut self, text: String, target: &ActTarget) {
        self.tell_facts(vec![Fact::ours(self.now, Some(target.name.to_string()), text)]);
    }
}
