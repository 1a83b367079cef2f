//! What was taken back and is not well again yet: healing is seen, not assumed.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::event::{Effect, Leave};
use crate::model::act::fault::Fault;
use crate::model::fact::Fact;
use crate::model::member::{Condition, Member};
use crate::model::time::Timestamp;

/// What was known when it was taken back says nothing of what came of it: each source has answered anew after this.
const SETTLED: Duration = Duration::from_secs(3);
/// A member that is not well after this is said to be so.
const PATIENCE: Duration = Duration::from_secs(120);

/// A fault that was taken back, and whose member is awaited.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mending {
    /// What was done.
    pub fault: Fault,
    /// When it was taken back.
    pub since: Timestamp,
}

impl App {
    /// The member that runs where a fault was.
    pub fn member_of(&self, fault: &Fault) -> Option<Member> {
        let mut members = self.members().into_iter();
        members.find(|member| member.container.as_ref() == Some(&fault.target.name))
    }

    /// It was taken back: what runs no member is healed by that, a member is awaited.
    pub(super) fn mend(&mut self, fault: &Fault) {
        let text = match self.member_of(fault) {
            None => format!("{}: healed", fault.title()),
            Some(member) => {
                let text = format!("{}: taken back; {} is awaited", fault.title(), member.name);
                self.faults.mending.retain(|other| other.fault.id != fault.id);
                let since = self.now;
                let fault = fault.clone();
                self.faults.mending.push(Mending { fault, since });
                text
            }
        };
        self.say_of(fault, text, false);
    }

    /// Looks for members that are well again, and for those that should be.
    pub(super) fn see_mended(&mut self) {
        for mending in std::mem::take(&mut self.faults.mending) {
            let waited = self.now.since(mending.since);
            let title = mending.fault.title();
            match self.member_of(&mending.fault) {
                Some(member) if waited >= SETTLED && is_well(&member) => {
                    self.say_of(
                        &mending.fault,
                        format!("{title}: healed, {} is {}", member.name, member.state),
                        false,
                    );
                }
                member if waited >= PATIENCE => {
                    let state = member.map_or_else(
                        || "gone".to_owned(),
                        |member| format!("{}: {}", member.name, member.state),
                    );
                    let text = format!(
                        "{title}: taken back, and not well again after {} s ({state})",
                        PATIENCE.as_secs()
                    );
                    self.say_of(&mending.fault, text, true);
                }
                _ => self.faults.mending.push(mending),
            }
        }
    }

    fn say_of(&mut self, fault: &Fault, text: String, bad: bool) {
        let subject = Some(fault.target.name.to_string());
        self.tell_facts(vec![Fact::ours(self.now, subject, text.clone())]);
        self.tell(text, bad);
    }

    /// The program ends once all is healed, if that was asked for.
    pub(super) fn leave_healed(&self) -> Option<Effect> {
        let done = self.active_faults().next().is_none() && self.faults.mending.is_empty();
        (self.faults.leaving && done).then_some(Effect::Leave(Leave::Quit))
    }
}

fn is_well(member: &Member) -> bool {
    member.condition == Condition::Well && member.freshness.is_fresh()
}
