//! One paragraph for whoever reads no further: what, who, when, why, how long, what was lost.

use super::markdown::date_and_clock;
use super::schema::{Clients, offset};
use crate::model::explanation;
use crate::model::failover::{Episode, Timeline, Verdict};
use crate::model::time::Timestamp;

/// What is said of the whole; unknown is said to be unknown.
pub(super) fn summary(episode: &Episode, timeline: &Timeline, now: Timestamp, clients: &Clients) -> String {
    let fault = timeline.fault.at;
    let mut text = vec![
        format!("{} UTC: {}", date_and_clock(fault), explanation::cause(episode)),
        explanation::outcome(episode, now),
    ];
    if let (Some(Verdict::Failover { .. } | Verdict::Switchover { .. }), Some((by, taken))) =
        (episode.verdict(now), &timeline.taken)
    {
        let after = |at: Timestamp| format!("{:.1} s", offset(at, fault));
        let writes = timeline.promoted.map_or_else(
            || "does not accept writes yet".to_owned(),
            |promoted| format!("accepted writes after {}", after(promoted.at)),
        );
        text.push(format!("{by} held the lock after {} and {writes}.", after(taken.at)));
    }
    if let Some(decisive) = explanation::decisive(episode, timeline).filter(|_| episode.stepped.is_none()) {
        text.push(format!("Most of the time went into {decisive}."));
    }
    // What was lost is part of the outcome; that it is not known stands last.
    if clients.ledger.is_none() {
        text.extend(clients.text.last().cloned());
    }
    text.join(" ")
}
