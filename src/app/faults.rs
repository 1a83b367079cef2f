//! Faults of ours that last: which are active, which wait for their moment, and how they end.

mod mending;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::event::{Effect, Healed, Leave};
use crate::app::question::{Question, When};
use crate::app::view::Overlay;
use crate::model::act::fault::{Fault, FaultId, Undo};
use crate::model::act::{Order, Surroundings};
use crate::model::container::ContainerState;
use crate::model::fact::{Fact, FactKind};
use crate::model::time::Timestamp;

pub use mending::Mending;

/// The list of containers may be so much older than it says.
const LISTED_LATE: Duration = Duration::from_secs(2);

/// Patroni's own default.
const LOOP_WAIT: Duration = Duration::from_secs(10);

/// What is to be taken back, and what is still to come.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// Oldest first.
    pub active: Vec<Active>,
    /// In the order in which they were confirmed.
    pub planned: Vec<Planned>,
    /// Taken back, and not well again yet.
    pub mending: Vec<Mending>,
    /// The program ends once all are healed.
    leaving: bool,
}

/// A fault that lasts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Active {
    /// What was done.
    pub fault: Fault,
    /// Since when it is known to be done.
    pub since: Timestamp,
    /// It is being taken back.
    pub healing: bool,
    /// Why that did not work the last time.
    pub failed: Option<String>,
    /// A run before this one left it.
    pub left: bool,
}

/// An act that was confirmed and waits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// What was confirmed.
    pub question: Question,
    /// When it is done; `None`: together with the next one.
    pub at: Option<Timestamp>,
}

impl App {
    /// Faults that are active in this cluster.
    pub fn active_faults(&self) -> impl Iterator<Item = &Active> {
        self.faults.active.iter().filter(|active| self.is_here(&active.fault))
    }

    /// What another run left may belong to another cluster.
    fn is_here(&self, fault: &Fault) -> bool {
        self.containers().any(|container| container.id == fault.target.id)
    }

    /// What was confirmed is done at its time, unless something changed meanwhile; what has lasted long enough ends.
    pub(super) fn keep_times(&mut self) -> Vec<Effect> {
        let (due, waiting) = std::mem::take(&mut self.faults.planned)
            .into_iter()
            .partition(|planned| planned.at.is_some_and(|at| at <= self.now));
        self.faults.planned = waiting;
        let mut effects: Vec<Effect> = Vec::new();
        let due: Vec<Planned> = due;
        for planned in due {
            effects.extend(self.do_planned(planned.question));
        }
        self.forget_what_is_over(&mut effects);
        let now = self.now;
        let ending = self.faults.active.iter_mut().filter(|active| !active.healing);
        for active in ending.filter(|active| active.fault.until.is_some_and(|until| until <= now)) {
            active.healing = true;
            effects.push(Effect::Heal(Box::new(active.fault.clone())));
        }
        self.see_mended();
        effects.extend(self.leave_healed());
        effects
    }

    /// Does it, and what waits for it; or puts it off.
    pub(super) fn carry_out(&mut self, question: Question) -> Vec<Effect> {
        let at = match question.when {
            When::Now => {
                let together = std::mem::take(&mut self.faults.planned).into_iter();
                let (due, waiting): (Vec<_>, Vec<_>) = together.partition(|planned| planned.at.is_none());
                self.faults.planned = waiting;
                let mut effects = self.do_now(&question);
                effects.extend(due.into_iter().flat_map(|planned| self.do_planned(planned.question)));
                return effects;
            }
            When::WithNext => None,
            When::After(delay) => Some(self.now.plus(delay)),
            When::AnyMoment => Some(self.now.plus(self.any_moment())),
        };
        for planned in self.faults.planned.iter_mut().filter(|planned| planned.at.is_none()) {
            planned.at = at;
        }
        self.tell(format!("{}: {}", question.order_words(), question.when.words()), false);
        self.faults.planned.push(Planned { question, at });
        Vec::new()
    }

    /// A part of Patroni's loop that the moment of the key decides: its microseconds are nobody's choice.
    fn any_moment(&self) -> Duration {
        let config = self.cluster.snapshot().and_then(|dcs| dcs.config.as_ref());
        let loop_wait = config.and_then(|config| config.loop_wait).unwrap_or(LOOP_WAIT);
        let part = u32::try_from(self.now.micros().rem_euclid(1_000)).unwrap_or(0);
        loop_wait * part / 1_000
    }

    fn do_planned(&mut self, mut question: Question) -> Vec<Effect> {
        question.refresh(&self.cluster, self.now);
        let asked = Question::ask(question.act, &question.target.name, &self.cluster, self.now);
        let why = question.changed.clone().or_else(|| asked.err());
        match why {
            None => self.do_now(&question),
            Some(why) => {
                self.tell(format!("{} was not done: {why}", question.order_words()), true);
                Vec::new()
            }
        }
    }

    fn do_now(&mut self, question: &Question) -> Vec<Effect> {
        let (act, target) = (question.act, question.target.clone());
        self.acting = Some(format!("{} …", question.order_words()));
        let asked = Fact {
            kind: FactKind::Asked(act),
            ..Fact::ours(self.now, Some(target.name.to_string()), String::new())
        };
        self.tell_facts(vec![asked]);
        let around = Surroundings::of(&self.cluster, &target.name);
        let lasts = question.lasts.span().filter(|_| act.lasts());
        vec![Effect::Act(Box::new(Order {
            act,
            target,
            around,
            lasts,
        }))]
    }

    /// It was done and lasts.
    pub(super) fn begin_fault(&mut self, fault: Fault) {
        let since = self.now;
        self.faults.active.push(Active {
            fault,
            since,
            healing: false,
            failed: None,
            left: false,
        });
    }

    /// Earlier runs left these.
    pub(super) fn found_faults(&mut self, faults: Vec<Fault>) {
        for fault in faults {
            let known = self.faults.active.iter().any(|active| active.fault.id == fault.id);
            if !known {
                self.faults.active.push(Active {
                    since: fault.at,
                    fault,
                    healing: false,
                    failed: None,
                    left: true,
                });
            }
        }
        self.offer_healing();
    }

    /// Shows what earlier runs left, as soon as it is known to be of this cluster and nothing else is open.
    pub(super) fn offer_healing(&mut self) {
        let left = self.active_faults().any(|active| active.left && !active.healing);
        if left && !self.faults_offered && self.view.overlay.is_none() {
            self.faults_offered = true;
            self.view.overlay = Some(Overlay::Faults { selected: 0 });
        }
    }

    /// Opens the list, or, in it, heals all.
    pub(super) fn faults_or_heal_all(&mut self) -> Vec<Effect> {
        if matches!(self.view.overlay, Some(Overlay::Faults { .. })) {
            let ids: Vec<FaultId> = self.active_faults().map(|active| active.fault.id.clone()).collect();
            return ids.iter().flat_map(|id| self.heal(id)).collect();
        }
        let none = self.active_faults().next().is_none();
        if none && self.faults.planned.is_empty() && self.faults.mending.is_empty() {
            self.tell("nothing to heal: no fault of ours is active".to_owned(), false);
        } else {
            self.view.overlay = Some(Overlay::Faults { selected: 0 });
        }
        Vec::new()
    }

    /// Heals the selected one, or takes back what was only planned.
    pub(super) fn heal_selected(&mut self) -> Vec<Effect> {
        let Some(Overlay::Faults { selected }) = self.view.overlay else {
            return Vec::new();
        };
        let ids: Vec<FaultId> = self.active_faults().map(|active| active.fault.id.clone()).collect();
        if let Some(id) = ids.get(selected) {
            return self.heal(id);
        }
        let planned = selected.saturating_sub(ids.len());
        if planned < self.faults.planned.len() {
            let planned = self.faults.planned.remove(planned);
            self.tell(format!("{}: called off", planned.question.order_words()), false);
        }
        Vec::new()
    }

    fn heal(&mut self, id: &FaultId) -> Vec<Effect> {
        if self.is_read_only() {
            self.tell("read-only: healing is refused".to_owned(), true);
            return Vec::new();
        }
        let active = self.faults.active.iter_mut().find(|active| active.fault.id == *id);
        let Some(active) = active.filter(|active| !active.healing) else {
            return Vec::new();
        };
        active.healing = true;
        vec![Effect::Heal(Box::new(active.fault.clone()))]
    }

    /// How an [`Effect::Heal`] ended.
    pub(super) fn healed(&mut self, healed: Healed) -> Vec<Effect> {
        let Some(at) = self
            .faults
            .active
            .iter()
            .position(|active| active.fault.id == healed.id)
        else {
            return Vec::new();
        };
        match healed.result {
            Ok(()) => {
                let fault = self.faults.active.remove(at).fault;
                self.mend(&fault);
            }
            Err(why) => {
                let mut text = why.clone();
                if let Some(active) = self.faults.active.get_mut(at) {
                    text = format!("{} goes on: {why}", active.fault.title());
                    active.healing = false;
                    active.failed = Some(why);
                    // Not again by itself, every second.
                    active.fault.until = None;
                }
                self.faults.leaving = false;
                self.tell(text, true);
            }
        }
        self.clamp_selection();
        self.leave_healed().into_iter().collect()
    }

    fn clamp_selection(&mut self) {
        let count = self.active_faults().count() + self.faults.planned.len();
        if let Some(Overlay::Faults { selected }) = &mut self.view.overlay {
            *selected = (*selected).min(count.saturating_sub(1));
            if count == 0 {
                self.view.overlay = None;
            }
        }
    }

    /// What other hands took back, as Docker shows it.
    fn forget_what_is_over(&mut self, effects: &mut Vec<Effect>) {
        let mut over = Vec::new();
        for active in self.faults.active.iter().filter(|active| !active.healing) {
            if self.is_over(active) {
                over.push(active.fault.clone());
            }
        }
        for fault in over {
            self.faults.active.retain(|active| active.fault.id != fault.id);
            let text = format!("{}: over, by other hands", fault.title());
            self.tell_facts(vec![Fact::ours(self.now, Some(fault.target.name.to_string()), text)]);
            effects.push(Effect::Over(fault.id));
            self.clamp_selection();
        }
    }

    fn is_over(&self, active: &Active) -> bool {
        let Some(known) = &self.cluster.containers else {
            return false;
        };
        let target = &active.fault.target;
        let Some(container) = known.value.iter().find(|container| container.id == target.id) else {
            return false;
        };
        // What was listed before it was done says nothing.
        let fresh = known.at > active.since.plus(LISTED_LATE);
        let begun_since = container.started.is_some_and(|started| started > active.fault.at);
        let runs = matches!(container.state, ContainerState::Running);
        fresh
            && active.fault.undo.iter().all(|step| match step {
                // What was frozen went away with its container.
                Undo::Start | Undo::Continue(_) => runs && begun_since,
                Undo::Unpause => runs,
                Undo::Connect { network, .. } => container.networks.iter().any(|known| known.name == *network),
                Undo::Cpu { .. } | Undo::ClearDisk { .. } => false,
            })
    }

    /// Ends the program; with faults of ours active, asks first.
    pub(super) fn quit(&mut self) -> Vec<Effect> {
        let active = self.active_faults().any(|active| !active.left) || !self.faults.planned.is_empty();
        let asked = matches!(self.view.overlay, Some(Overlay::Leaving));
        if active && !asked {
            self.view.overlay = Some(Overlay::Leaving);
            return Vec::new();
        }
        vec![Effect::Leave(Leave::Quit)]
    }

    /// Heals everything, then ends.
    pub(super) fn heal_and_quit(&mut self) -> Vec<Effect> {
        self.faults.planned.clear();
        self.faults.leaving = true;
        self.view.overlay = Some(Overlay::Faults { selected: 0 });
        let mut effects = self.faults_or_heal_all();
        effects.extend(self.leave_healed());
        effects
    }

    /// Moves in the list.
    pub(super) fn move_in_faults(&mut self, back: bool, steps: usize) {
        let count = self.active_faults().count() + self.faults.planned.len();
        if let Some(Overlay::Faults { selected }) = &mut self.view.overlay {
            *selected = if back {
                selected.saturating_sub(steps)
            } else {
                selected.saturating_add(steps).min(count.saturating_sub(1))
            };
        }
    }

    /// Refuses everything that changes the cluster: as started, or since a key said so.
    pub fn is_read_only(&self) -> bool {
        self.options.read_only || self.view.read_only
    }

    /// Read-only by key, or not any more; what the start said stays.
    pub(super) fn turn_read_only(&mut self) {
        if self.options.read_only {
            self.tell("read-only since the start: start without --read-only".to_owned(), true);
            return;
        }
        self.view.read_only = !self.view.read_only;
        let text = if self.view.read_only {
            "read-only: nothing is changed from here"
        } else {
            "not read-only any more"
        };
        self.tell(text.to_owned(), false);
    }
}

#[cfg(test)]
mod tests;
