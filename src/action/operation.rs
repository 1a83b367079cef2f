//! Carries out an operation of [`crate::model::operation`] and tells of each step. The last that it tells is the end.

use std::future::Future;

use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use super::{haproxy, patroni};
use crate::model::check::{State, Step};
use crate::model::operation::{Operation, Outcome, Plan, Progress};
use crate::net::http::BasicAuth;

/// Carries out `plan`, with this login at Patroni's REST API. It goes on to its end though nobody listens any more;
/// what was asked of Patroni goes on even if this future is dropped.
pub async fn perform(plan: &Plan, login: Option<&BasicAuth>, tell: UnboundedSender<Progress>) {
    let teller = Teller::to(tell);
    let outcome = match plan.operation {
        Operation::SetServer { .. } => haproxy::perform(plan, &teller).await,
        _ => patroni::perform(plan, login, &teller).await,
    };
    teller.say(Progress::Ended(outcome));
}

/// Where the steps are told.
#[derive(Clone)]
pub(super) struct Teller {
    tell: UnboundedSender<Progress>,
    /// Of whom the steps are, where that changes on the way.
    about: Option<String>,
}

impl Teller {
    pub(super) fn to(tell: UnboundedSender<Progress>) -> Self {
        Self { tell, about: None }
    }

    /// What comes is told of this one.
    pub(super) fn about(&mut self, whom: String) {
        self.about = Some(whom);
    }

    /// Does a step and tells of it. One that ends the operation has failed, unless that is what was wanted.
    pub(super) async fn step<T>(
        &self,
        name: &str,
        work: impl Future<Output = Result<(T, String), Outcome>>,
    ) -> Result<T, Outcome> {
        self.state(name, State::Running);
        let began = Instant::now();
        match work.await {
            Ok((value, detail)) => {
                let took = began.elapsed();
                self.state(name, State::Passed { detail, took });
                Ok(value)
            }
            Err(outcome) => {
                self.state(name, State::Failed(outcome.text().to_owned()));
                Err(outcome)
            }
        }
    }

    /// Tells of a step.
    pub(super) fn state(&self, name: &str, state: State) {
        let name = match &self.about {
            Some(whom) => format!("{whom}: {name}"),
            None => name.to_owned(),
        };
        self.say(Progress::Step(Step { name, state }));
    }

    fn say(&self, progress: Progress) {
        // Nobody may listen any more; the operation goes on.
        let _ = self.tell.send(progress);
    }
}
