//! What clients saw: what the client probe measured, and the ledger of its writes.

use std::collections::BTreeMap;

use super::schema::{Clients, Instant, Lane, LaneOutage, Ledger, Reading, seconds};
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
    let fault = timeline.fault.at;
    let mut text = explanation::of_clients(episode, timeline, now);
    if seen.judgement.is_none() {
        text.push("Whether an acknowledged write was lost is not known: the rows were not read back.".to_owned());
    }
    Clients {
        probed: true,
        text,
        lanes: seen.lanes.iter().map(|seen| lane(seen, fault, now)).collect(),
        ledger: seen.judgement.as_ref().map(|judgement| ledger(judgement, fault)),
    }
}

fn lane(seen: &Seen, fault: Timestamp, now: Timestamp) -> Lane {
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
        longest_outage_s: seen.outage(now).map(|outage| seconds(outage.span(now))),
        outages: seen
            .outages
            .iter()
            .map(|outage| LaneOutage {
                from: Instant::new(outage.from(), fault),
                until: outage.after.map(|(_, ended)| Instant::new(ended, fault)),
                failed: outage.failed,
            })
            .collect(),
    }
}

fn ledger(judgement: &Judgement, fault: Timestamp) -> Ledger {
    Ledger {
        at: Instant::new(judgement.at, fault),
        acknowledged: judgement.judged,
        lost: judgement.lost.clone(),
        untold: judgement.taken,
        recovered: judgement.recovered,
        absent: judgement.absent,
        unexpected: judgement.unexpected,
        two_primaries: judgement.hole,
        readings: judgement
            .readings
            .iter()
            .map(|(server, lacks)| Reading {
                server: server.clone(),
                lacks: *lacks,
            })
            .collect(),
    }
}
