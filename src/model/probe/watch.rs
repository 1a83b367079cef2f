//! Which of many outcomes are worth a line: the first failure, the first success after it, and what failed in between
//! before it was steady again. Pure.

use serde::{Deserialize, Serialize};

use super::{Attempt, Outcome};
use crate::model::fact::FactKind;
use crate::model::failover::STABLE;
use crate::model::time::Timestamp;

/// What was told of a lane.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Watch {
    /// When the last success was known.
    acknowledged: Option<Timestamp>,
    state: State,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// Nothing failed lately.
    #[default]
    Steady,
    /// Nothing succeeds; the first failure began then.
    Failing { first: Timestamp },
    /// Some succeed: since then, the last failure began then, and so many failed since.
    Unsteady {
        back: Timestamp,
        failed: Timestamp,
        more: u32,
    },
}

/// Something to tell of a lane.
pub(super) struct Told {
    pub(super) at: Timestamp,
    pub(super) kind: FactKind,
    /// An outage begins.
    pub(super) begins: bool,
}

impl Watch {
    /// One more attempt. One that began before the first failure does not end it, whenever it ends.
    pub(super) fn take(&mut self, attempt: &Attempt) -> Option<Told> {
        match &attempt.outcome {
            Outcome::Skipped => None,
            Outcome::Acknowledged => self.succeeded(attempt),
            Outcome::Failed(class) | Outcome::Unknown(class) => {
                let began = attempt.sent_at;
                match &mut self.state {
                    State::Steady => {
                        self.state = State::Failing { first: began };
                        let kind = FactKind::ClientsFail(class.clone());
                        return Some(Told {
                            at: began,
                            kind,
                            begins: true,
                        });
                    }
                    State::Failing { .. } => {}
                    State::Unsteady { failed, more, .. } if began > *failed => {
                        *failed = began;
                        *more += 1;
                    }
                    State::Unsteady { more, .. } => *more += 1,
                }
                None
            }
        }
    }

    /// Since when nothing succeeds.
    pub(super) fn failing(&self) -> Option<Timestamp> {
        match self.state {
            State::Failing { first } => Some(self.acknowledged.unwrap_or(first)),
            State::Steady | State::Unsteady { .. } => None,
        }
    }

    fn succeeded(&mut self, attempt: &Attempt) -> Option<Told> {
        let before = self.acknowledged.replace(attempt.ended_at);
        let told = |at, kind| {
            Some(Told {
                at,
                kind,
                begins: false,
            })
        };
        match self.state {
            State::Failing { first } if attempt.sent_at >= first => {
                self.state = State::Unsteady {
                    back: attempt.ended_at,
                    failed: first,
                    more: 0,
                };
                let after = attempt.ended_at.since(before.unwrap_or(first));
                told(attempt.ended_at, FactKind::ClientsServed { after })
            }
            State::Unsteady { back, failed, more } if attempt.sent_at.since(failed.max(back)) >= STABLE => {
                self.state = State::Steady;
                let took = failed.since(back);
                let kind = FactKind::ClientsSteady { failed: more, took };
                (more > 0).then_some(kind).and_then(|kind| told(attempt.sent_at, kind))
            }
            State::Steady | State::Failing { .. } | State::Unsteady { .. } => None,
        }
    }
}
