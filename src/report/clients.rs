//! What clients saw: what the client probe measured, and the ledger of its writes.

use std::collections::BTreeMap;

use super::schema::{Clients, Lane, Ledger};
use crate::model::explanation;
use crate::model::failover::{Episode, Timeline};
use crate::model::ledger::Judgement;
use crate::model::probe::Seen;
use crate::model::time::Timestamp;

/// What is known of the clients of that time.
pub(super) fn clients(episode: &Episode, timeline: &Timeline, now: Timestamp) -> Clients {
    let Some(seen) = &episode.clients else {
        let unknown =
            "No client probe was on: what clients saw, and whether an acknowledged write was lost, is not known.";
        return Clients {
            probed: false,
            text: vec![unknown.to_owned()],
            lanes: Vec::new(),
            ledger: None,
        };
    };
    Clients {
        probed: true,
        text: explanation::of_clients(episode, timeline, now),
        lanes: seen.lanes.iter().map(|seen| lane(seen, now)).collect(),
        ledger: seen.judgement.as_ref().map(ledger),
    }
}

fn lane(seen: &Seen, now: Timestamp) -> Lane {
    let by_class = |unknown| -> BTreeMap<String, u32> {
        let classes = seen.classes(unknown).into_iter();
        classes.map(|(class, count)| (class.to_string(), count)).collect()
    };
    Lane {
        lane: seen.lane.to_string(),
        acknowledged: seen.acknowledged(),
        failed: by_class(false),
        unknown: by_class(true),
        skipped: seen.skipped(),
        longest_outage_s: seen.outage(now).map(|outage| outage.span(now).as_secs_f64()),
    }
}

fn ledger(judgement: &Judgement) -> Ledger {
    Ledger {
        acknowledged: judgement.judged,
        lost: judgement.lost.clone(),
        recovered: judgement.recovered,
        absent: judgement.absent,
        unexpected: judgement.unexpected,
        two_primaries: judgement.hole,
    }
}
