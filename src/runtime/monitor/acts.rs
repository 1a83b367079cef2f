//! What was confirmed is done beside the loop, and told to the app when it is done.

use std::sync::Arc;

use tokio::task::spawn_blocking;
use tokio::time::Instant;

use super::Monitor;
use crate::action::patroni::configuration;
use crate::app::event::{Edited, Event, Healed, Prepared};
use crate::app::reading::{Save, Saved};
use crate::journal;
use crate::model::act::fault::{Fault, FaultId};
use crate::model::act::{ActDone, ActOutcome, Order};
use crate::model::check;
use crate::model::operation::{Outcome, Plan, Progress};
use crate::model::text::clean_line;
use crate::model::topology::StoreTarget;
use crate::report::Matter;
use crate::runtime::audit;
use crate::runtime::hands::Hands;
use crate::runtime::operate::{self, Ledger};
use crate::runtime::report::Place;

impl Monitor<'_> {
    pub(super) fn act(&self, order: Order) {
        let (act, target) = (order.act, order.target.clone());
        let outcome = move |result| Some(Event::Acted(ActOutcome { act, target, result }));
        self.with_hands_or(outcome, |hands| async move {
            let began = Instant::now();
            let fault = hands.cause(order).await?.map(Box::new);
            let took = began.elapsed();
            Ok(ActDone { took, fault })
        });
    }

    pub(super) fn prepare(&self, order: Order) {
        let (act, target) = (order.act, order.target.clone());
        let outcome = move |result| Some(Event::Prepared(Prepared { act, target, result }));
        self.with_hands_or(outcome, |hands| async move { hands.prepare(&order).await.map(drop) });
    }

    pub(super) fn heal(&self, fault: Fault) {
        let id = fault.id.clone();
        let outcome = move |result| Some(Event::Healed(Healed { id, result }));
        self.with_hands_or(outcome, |hands| async move { hands.heal(&fault, "healed").await });
    }

    /// Does it with [`Hands`], in a task of its own, so that an error of ours is an outcome too and no silence.
    fn with_hands_or<T, F>(
        &self,
        outcome: impl FnOnce(Result<T, String>) -> Option<Event> + Send + 'static,
        what: impl FnOnce(Hands) -> F + Send + 'static,
    ) where
        T: Send + 'static,
        F: Future<Output = Result<T, String>> + Send + 'static,
    {
        let hands = self.hands();
        let done = self.done.clone();
        self.conductor.spawn(async move {
            let result = match hands {
                Ok(hands) => tokio::spawn(what(hands))
                    .await
                    .unwrap_or_else(|error| Err(clean_line(&format!("error in pgherd: {error}")))),
                Err(why) => Err(why),
            };
            // The monitor may have ended meanwhile; then nobody asks for the outcome.
            if let Some(event) = outcome(result) {
                let _ = done.send(event).await;
            }
        });
    }

    pub(super) fn over(&self, id: FaultId) {
        let unheard = |result: Result<(), String>| {
            if let Err(why) = result {
                log::error!("{why}");
            }
            None
        };
        self.with_hands_or(unheard, |hands| async move {
            hands.over(&id, "taken back by other hands").await
        });
    }

    pub(super) fn operate(&self, plan: Plan) {
        let ledger = Ledger {
            journal: self.journal.clone(),
            clock: Arc::clone(&self.clock),
        };
        let done = self.done.clone();
        let mut progress = operate::begin(plan, &self.settings, ledger, |task| self.conductor.spawn(task));
        self.conductor.spawn(async move {
            let mut ended = false;
            while let Some(progress) = progress.recv().await {
                ended |= matches!(progress, Progress::Ended(_));
                // The monitor may have ended meanwhile; what was asked of Patroni goes on.
                let _ = done.send(Event::Operated(progress)).await;
            }
            if !ended {
                let broken = Outcome::Unconfirmed("error in pgherd: it was broken off".to_owned());
                let _ = done.send(Event::Operated(Progress::Ended(broken))).await;
            }
        });
    }

    /// Reads the dynamic configuration, for the editor.
    pub(super) fn read_configuration(&self, store: StoreTarget) {
        let (documents, done) = (self.documents.clone(), self.done.clone());
        self.conductor.spawn(async move {
            match configuration(&store).await {
                // The monitor may have ended meanwhile.
                Ok(document) => drop(documents.send(document).await),
                Err(why) => drop(done.send(Event::Edited(Edited::Failed(why))).await),
            }
        });
    }

    pub(super) fn audit(&self) {
        let (settings, done) = (Arc::clone(&self.settings), self.done.clone());
        self.conductor.spawn(async move {
            let read = spawn_blocking(move || audit::list(&settings)).await;
            let audit = read.unwrap_or_else(|error| audit::unread(&format!("error in pgherd: {error}")));
            // The monitor may have ended meanwhile.
            let _ = done.send(Event::Audited(audit)).await;
        });
    }

    pub(super) fn check(&self, plan: check::Plan) {
        let done = self.done.clone();
        let mut steps = crate::runtime::check::begin(plan, Arc::clone(&self.settings), (self.clock)(), |check| {
            self.conductor.spawn(check);
        });
        self.conductor.spawn(async move {
            while let Some(step) = steps.recv().await {
                // The monitor may have ended meanwhile; the check still cleans up as long as the process lives.
                let _ = done.send(Event::Checked(step)).await;
            }
            let _ = done.send(Event::CheckEnded).await;
        });
    }

    pub(super) fn save(&self, save: Save) {
        let (store, lens) = (self.app.logs.clone(), self.app.view.logs.lens.clone());
        let done = self.done.clone();
        self.conductor.spawn(async move {
            let saved = tokio::task::spawn_blocking(move || crate::runtime::saving::save(&store, &lens, save)).await;
            let saved = saved.unwrap_or_else(|error| Saved::Failed(clean_line(&format!("error in pgherd: {error}"))));
            // The monitor may have ended meanwhile; the file is there all the same.
            let _ = done.send(Event::Saved(saved)).await;
        });
    }

    /// Only what it is made of is taken here, where the state is.
    pub(super) fn report(&self, number: u32) {
        let mut episodes = self.app.chronicle.episodes();
        let Some(episode) = episodes.find(|episode| episode.number == number) else {
            return;
        };
        let (matter, place) = (Matter::of(&self.app, episode), Place::of(&self.settings));
        let done = self.done.clone();
        self.conductor.spawn(async move {
            let written = tokio::task::spawn_blocking(move || place.write(&matter.report())).await;
            let written = written.unwrap_or_else(|error| Err(clean_line(&format!("error in pgherd: {error}"))));
            // The monitor may have ended meanwhile; the files are there all the same.
            let _ = done.send(Event::Reported(written)).await;
        });
    }

    fn hands(&self) -> Result<Hands, String> {
        let docker = self.conductor.docker().ok_or("there is no Docker daemon to ask")?;
        let journal = self.journal.clone()?;
        Ok(Hands::new(docker, Arc::clone(&self.clock), journal))
    }

    /// Looks for what earlier runs left.
    pub(super) fn look_for_faults(&self) {
        let (Some(folder), done) = (self.settings.journal.clone(), self.done.clone()) else {
            return;
        };
        self.conductor.spawn(async move {
            let read = tokio::task::spawn_blocking(move || journal::read(&folder)).await;
            let Ok(account) = read else { return };
            for why in &account.unreadable {
                log::warn!("journal not read: {why}");
            }
            let left: Vec<Fault> = account.left().cloned().collect();
            if !left.is_empty() {
                let _ = done.send(Event::FaultsLeft(left)).await;
            }
        });
    }
}
