//! What clients saw of an episode, in sentences. Pure.

use std::time::Duration;

use super::super::failover::{Episode, Measured, Timeline};
use super::super::ledger::Judgement;
use super::super::probe::{Clients, Lane, Outcome, Seen};
use super::super::time::Timestamp;
use super::seconds;

/// Behind the time without writes: `(5 more failed until +2.9 s)`.
pub(super) fn brownout(measured: &Measured, episode: &Episode, fault: Timestamp) -> String {
    let writes = episode.clients.as_ref().and_then(Clients::writes);
    match writes.and_then(|writes| writes.outages.last()) {
        Some(last) if measured.more > 0 => {
            format!(" ({} more failed until {})", measured.more, offset(last.last, fault))
        }
        _ => String::new(),
    }
}

/// Before the time without writes: `3 of 312 acknowledged writes lost, `, or that none is, once that is known.
pub(super) fn lost(episode: &Episode) -> String {
    let judgement = episode.clients.as_ref().and_then(|clients| clients.judgement.as_ref());
    match judgement.map(|judgement| (judgement.lost.len(), judgement.judged)) {
        None => String::new(),
        Some((0, _)) => "no write lost, ".to_owned(),
        Some((lost, judged)) => format!("{lost} of {judged} acknowledged writes lost, "),
    }
}

/// Two servers that both took writes, if any did: to be said first.
pub fn two_primaries(episode: &Episode, timeline: &Timeline) -> Option<String> {
    let clients = episode.clients.as_ref()?;
    if let Some((members, span)) = clients.two_primaries() {
        let [one, other] = members;
        let time = if span < Duration::from_millis(100) {
            "less than 0.1 s".to_owned()
        } else {
            seconds(span)
        };
        return Some(format!("TWO PRIMARIES: {one} and {other} for {time}"));
    }
    if clients.judgement.as_ref().is_some_and(|judgement| judgement.hole) {
        return Some("TWO PRIMARIES: a lost write is older than one of the same server that is there".to_owned());
    }
    let (by, taken) = timeline
        .taken
        .as_ref()
        .filter(|(by, _)| Some(by) != episode.leader.as_ref())?;
    let late = [Lane::Write, Lane::Session].iter().filter_map(|lane| {
        let stretches = &clients.lane(lane)?.stretches;
        let acknowledged = || {
            stretches
                .iter()
                .filter(|stretch| stretch.outcome == Outcome::Acknowledged)
        };
        // Who acknowledged before the fault, on the timeline of then.
        let first = acknowledged().next().filter(|first| first.first < timeline.fault.at)?;
        let old = first.server.as_ref()?;
        let last = acknowledged().rfind(|stretch| stretch.server.as_ref() == Some(old))?;
        Some((old, last.last))
    });
    let (old, last) = late
        .max_by_key(|(_, last)| *last)
        .filter(|(_, last)| *last > taken.latest)?;
    Some(format!(
        "TWO PRIMARIES: {} acknowledged writes until {}, after {by} took the lock at {}",
        old.address,
        offset(last, timeline.fault.at),
        offset(taken.at, timeline.fault.at)
    ))
}

/// What clients saw, a sentence each; none where nobody tried.
pub fn sentences(episode: &Episode, timeline: &Timeline, now: Timestamp) -> Vec<String> {
    let Some(clients) = &episode.clients else {
        return Vec::new();
    };
    if clients.stepped.is_some() {
        return vec!["What clients measured does not count: time broke meanwhile.".to_owned()];
    }
    let fault = timeline.fault.at;
    let mut text = Vec::new();
    if let Some(measured) = &timeline.measured {
        text.push(outage(measured, episode, fault));
    }
    let told = [Lane::Write, Lane::Session, Lane::Read];
    text.extend(
        told.iter()
            .filter_map(|lane| clients.lane(lane))
            .filter_map(|seen| lane(seen, now)),
    );
    text.extend(clients.judgement.as_ref().map(counted));
    text
}

fn outage(measured: &Measured, episode: &Episode, fault: Timestamp) -> String {
    let before = offset(measured.before.at, fault);
    let after = measured.after.map_or_else(
        || "none since".to_owned(),
        |after| format!("the next one at {}", offset(after.at, fault)),
    );
    let more = brownout(measured, episode, fault);
    let stable = measured.stable.filter(|_| measured.more > 0);
    let stable = stable.map_or_else(String::new, |at| {
        format!(", and all are acknowledged from {} on", offset(at, fault))
    });
    format!("Clients: the last write before it was acknowledged at {before}, {after}{more}{stable}.")
}

fn lane(seen: &Seen, now: Timestamp) -> Option<String> {
    if seen.stretches.is_empty() {
        return None;
    }
    let what = match seen.lane {
        Lane::Write => "Writes on new connections",
        Lane::Session => "Writes on a kept session",
        Lane::Read => "Reads through the entry point",
        Lane::Member(_) => return None,
    };
    let outage = seen.outage(now).map(|outage| seconds(outage.span(now)));
    let outage = outage.map_or_else(|| "without an outage".to_owned(), |span| format!("none for {span}"));
    Some(format!("{what}: {outage}; {}.", seen.text()))
}

fn counted(judgement: &Judgement) -> String {
    let mut text = judgement.text();
    let open = judgement.recovered + judgement.absent;
    if open > 0 {
        text = format!(
            "{text}; of {open} with unknown outcome {} are there",
            judgement.recovered
        );
    }
    let lacking = judgement
        .readings
        .iter()
        .filter(|(_, lacks)| *lacks > judgement.lost.len());
    for (who, lacks) in lacking {
        text = format!("{text}; {who} lacks {lacks} of them");
    }
    format!("{text}.")
}

/// `+1.2 s`, `-0.1 s`.
fn offset(at: Timestamp, fault: Timestamp) -> String {
    if at < fault {
        format!("-{}", seconds(fault.since(at)))
    } else {
        format!("+{}", seconds(at.since(fault)))
    }
}
