//! What was measured beside what was predicted, and what would have made it shorter.

use std::time::Duration;

use crate::model::failover::{Episode, Fault, Hit, Mark, PhaseKind, Timeline};
use crate::model::prediction::{Prediction, dominating};

pub(super) fn compared(prediction: &Prediction, to: Mark, from: Mark) -> String {
    let (least, _, most) = to.since(&from);
    let verdict = match () {
        () if prediction.total.touches(least, most) => "as predicted",
        () if most < prediction.total.least => "shorter than predicted",
        () => "longer than predicted",
    };
    let assumed = if prediction.assumed.is_empty() {
        String::new()
    } else {
        format!("; {}", prediction.assumed.join(", "))
    };
    format!("That is {verdict} ({}{assumed}).", prediction.total.text())
}

pub(super) fn advice(episode: &Episode, timeline: &Timeline) -> Option<String> {
    if episode.hit == Hit::Proxy {
        return None;
    }
    let (kind, ..) = dominating(episode, timeline)?;
    let timing = &episode.timing;
    let text = match kind {
        PhaseKind::Detection if !matches!(episode.fault(), Fault::Stopped | Fault::Requested) => {
            if timing.session.value > Duration::from_secs(20) {
                "A lower ttl (20 s is Patroni's least) frees the lock of a dead leader sooner."
            } else {
                "20 s is the least ttl that Patroni allows: a leader that cannot free its lock costs that much. A clean stop does not."
            }
        }
        PhaseKind::Election if timing.sleeps => "Patroni 3.2 or newer does not sleep through the release of the lock.",
        // One check a second suffices already.
        PhaseKind::Routing
            if timing
                .checks
                .is_some_and(|checks| checks.rise <= 1 && checks.inter <= Duration::from_secs(1)) =>
        {
            return None;
        }
        PhaseKind::Routing => {
            "A shorter inter, a fastinter or rise 1 lets HAProxy see the new leader sooner; ttl does not."
        }
        PhaseKind::Recovery if episode.hit == Hit::Store => {
            "failsafe_mode lets the leader go on while all members answer; three ZooKeepers survive the loss of one."
        }
        PhaseKind::Recovery => "A shorter loop_wait lets Patroni notice a dead PostgreSQL sooner.",
        _ => return None,
    };
    Some(text.to_owned())
}
