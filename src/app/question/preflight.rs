//! What speaks against an act now, from live data; and when a key is not enough for it.

use super::{Part, Question, Typed};
use crate::app::App;
use crate::app::options::Mark;
use crate::model::member::{Condition, Member};
use crate::model::name::MemberName;

impl App {
    /// Completes a question with what only the whole state knows.
    pub(in crate::app) fn look_before(&self, mut question: Question) -> Question {
        question.warnings = self.warnings();
        let member = match &question.situation.part {
            Part::Member(member, _) => Some(member),
            Part::Store | Part::Proxy | Part::Other => None,
        };
        let because = self.needs_name(member).filter(|_| question.act.is_fault());
        let text = question.typed.take().map(|typed| typed.text);
        question.typed = because.map(|because| Typed {
            wanted: name(&question),
            because,
            text: text.unwrap_or_default(),
        });
        question
    }

    /// What speaks against any act now.
    pub(in crate::app) fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let dcs = self.cluster.snapshot();
        match dcs.and_then(|dcs| dcs.config.as_ref()) {
            Some(config) if config.pause => {
                warnings.push("The cluster is paused: nobody takes over by itself.".to_owned());
            }
            Some(config) if config.synchronous_mode && config.synchronous_mode_strict => {
                warnings.push("Synchronous mode is strict: without a standby no write is acknowledged.".to_owned());
            }
            Some(_) => {}
            None => warnings.push("Patroni's configuration is not known: what follows is a guess.".to_owned()),
        }
        if dcs.is_some_and(|dcs| dcs.failover.is_some()) {
            warnings.push("A switchover or failover is requested already.".to_owned());
        }
        let operation = self.under_way().map(|operating| operating.operation.to_string());
        for acting in self.acting.iter().chain(&operation) {
            warnings.push(format!("Under way: {acting}"));
        }
        let active: Vec<_> = self.active_faults().map(|active| active.fault.title()).collect();
        if !active.is_empty() {
            warnings.push(format!("Still active: {}.", active.join(", ")));
        }
        let open = self.chronicle.last().filter(|episode| episode.closed.is_none());
        if let Some(episode) = open {
            warnings.push(format!("#{} is not over yet.", episode.number));
        }
        warnings
    }

    /// Why the name has to be typed before something is done to this member, or to what is none, if it has to be.
    pub(in crate::app) fn needs_name(&self, target: Option<&MemberName>) -> Option<String> {
        if !self.is_for_tests() {
            return Some("this cluster is marked neither as a lab nor as test".to_owned());
        }
        let members = self.members();
        let well = |member: &&Member| member.condition == Condition::Well;
        let others = |member: &&Member| target != Some(&member.name);
        if target.is_some() && !members.iter().filter(others).any(|member| well(&member)) {
            return Some("no other member works".to_owned());
        }
        if self.active_faults().next().is_some() {
            return Some("a fault of ours is still active".to_owned());
        }
        if self.faults.planned.iter().any(|planned| planned.at.is_none()) {
            return Some("another fault is done at the same moment".to_owned());
        }
        let ill: Vec<_> = members.iter().filter(others).filter(|member| !well(member)).collect();
        ill.first()
            .map(|member| format!("redundancy is not whole: {} is {}", member.name, member.state))
    }

    /// Faults are what it is for: a lab of ours, or marked so.
    pub fn is_for_tests(&self) -> bool {
        match self.options.mark {
            Mark::Test => true,
            Mark::Protected => false,
            Mark::None => self.cluster.targets.lab,
        }
    }
}

/// What has to be typed: the member's name, or the container's.
fn name(question: &Question) -> String {
    match &question.situation.part {
        Part::Member(member, _) => member.to_string(),
        Part::Store | Part::Proxy | Part::Other => question.target.name.to_string(),
    }
}
