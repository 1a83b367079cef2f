//! An episode in plain words: what was done, what each part saw, why it took so long, and what would change that. Pure.

mod advice;
mod clients;

use std::time::Duration;

use super::fact::{FactKind, SourceKind};
use super::failover::{Episode, Fault, Hit, Mark, Stretch, Timeline, Verdict};
use super::prediction::dominating;
use super::time::Timestamp;
use advice::{advice, compared};

pub use clients::{sentences as of_clients, two_primaries};

/// The time until clients could write, in one line: `33.5 s without writes (26–40 s predicted)`.
pub fn headline(episode: &Episode, now: Timestamp) -> String {
    let timeline = episode.timeline(now);
    let alarm = two_primaries(episode, &timeline).map(|alarm| format!("{alarm}; "));
    let invalid = episode.stepped.map(|step| format!("NOT VALID, {step}; "));
    alarm.unwrap_or_default() + &invalid.unwrap_or_default() + &without_writes(episode, &timeline, now)
}

fn without_writes(episode: &Episode, timeline: &Timeline, now: Timestamp) -> String {
    let predicted = episode
        .prediction()
        .map(|prediction| format!(", {} predicted", prediction.total.text()));
    let predicted = predicted.unwrap_or_default();
    if let Some(measured) = &timeline.measured {
        let end = measured.after.map_or(now, |after| after.at);
        let time = seconds(end.since(measured.before.at));
        let lost = clients::lost(episode);
        return match measured.after {
            Some(_) => {
                let more = clients::brownout(measured, episode, timeline.fault.at);
                format!("{lost}{time} without writes{more}{predicted}")
            }
            None => format!("no writes for {time}{predicted}"),
        };
    }
    match (timeline.without_writes(episode), episode.verdict(now)) {
        (Some((least, time, most)), _) => {
            let doubt = most.saturating_sub(least).as_secs_f64() / 2.0;
            let time = if doubt >= 0.15 {
                format!("{} ±{doubt:.1}", seconds(time))
            } else {
                seconds(time)
            };
            format!("{time} without writes{}{predicted}", brownout(timeline))
        }
        (None, Some(Verdict::StoreOutage { demoted: false })) if timeline.blind => {
            "the leader does not answer either".to_owned()
        }
        (None, Some(Verdict::StoreOutage { demoted: false })) => "writes went on".to_owned(),
        (None, Some(Verdict::ReplicaLoss(_))) if episode.stalled => {
            "commits waited for a synchronous standby".to_owned()
        }
        (None, Some(Verdict::ReplicaLoss(_))) => "the leader goes on".to_owned(),
        (None, Some(Verdict::Nothing)) => "nothing came of it".to_owned(),
        (None, _) if episode.closed.is_some() => "clients could not write to its end".to_owned(),
        (None, _) => format!("no writes for {}{predicted}", seconds(now.since(timeline.fault.at))),
    }
}

/// While HAProxy still sends to the old server too, some connections fail though others succeed.
fn brownout(timeline: &Timeline) -> String {
    match (timeline.writable, timeline.drained) {
        (Some(writable), Some(drained)) if drained.at > writable.at => {
            format!(" (some fail until +{})", seconds(drained.at.since(timeline.fault.at)))
        }
        _ => String::new(),
    }
}

/// Which time counted most and what decides that: `detect 27.6 s of 33.5 s: ZooKeeper session timeout 30 s (ttl)`.
pub fn decisive(episode: &Episode, timeline: &Timeline) -> Option<String> {
    let (kind, time, whole) = dominating(episode, timeline)?;
    let knob = episode
        .prediction()
        .and_then(|prediction| prediction.phase(kind).map(|phase| phase.knob.clone()));
    let knob = knob.map(|knob| format!(": {knob}")).unwrap_or_default();
    Some(format!("{} {} of {}{knob}", kind.name(), seconds(time), seconds(whole)))
}

/// What became of what: `SIGKILL postgresql0 → postgresql1`.
pub fn title(episode: &Episode, now: Timestamp) -> String {
    let who = match &episode.hit {
        Hit::Leader => episode
            .leader
            .as_ref()
            .map_or_else(|| "leader".to_owned(), ToString::to_string),
        Hit::Replica(member) => member.to_string(),
        Hit::Store => "ZooKeeper".to_owned(),
        Hit::Proxy => "HAProxy".to_owned(),
        Hit::Clients => return "writes failed, cause unknown".to_owned(),
    };
    match episode.verdict(now) {
        Some(Verdict::Failover { to, .. } | Verdict::Switchover { to, .. }) => {
            format!("{} {who} → {to}", episode.fault_text())
        }
        _ => format!("{} {who}", episode.fault_text()),
    }
}

/// The whole text, a sentence or two each.
pub fn explain(episode: &Episode, now: Timestamp) -> Vec<String> {
    let timeline = episode.timeline(now);
    let mut text = vec![cause(episode)];
    text.extend(invalid(episode, &timeline));
    text.extend(seen(episode, &timeline));
    text.extend(clients::sentences(episode, &timeline, now));
    text.extend(reasons(episode, &timeline, now));
    text
}

/// The same without what clients saw, for where that stands by itself.
pub fn explain_cluster(episode: &Episode, now: Timestamp) -> Vec<String> {
    let timeline = episode.timeline(now);
    let mut text = vec![cause(episode)];
    text.extend(seen(episode, &timeline));
    text.extend(reasons(episode, &timeline, now));
    text
}

/// What became of it, why that took so long, and what would change it.
fn reasons(episode: &Episode, timeline: &Timeline, now: Timestamp) -> Vec<String> {
    let mut text = vec![outcome(episode, now)];
    if episode.hit == Hit::Leader && matches!(episode.verdict(now), None | Some(Verdict::NoSuccessor)) {
        text.extend(hindrances(episode));
    }
    let prediction = episode.prediction();
    let until = episode.closed.unwrap_or(now);
    text.extend(doubled(timeline, until));
    text.extend(discord(episode, until));
    if episode.stepped.is_some() {
        // What depends on how long something took is not said.
        return text;
    }
    if let Some(decisive) = decisive(episode, timeline) {
        text.push(format!("Where the time went: {decisive}."));
    }
    if let (Some(prediction), Some((from, to))) = (&prediction, timeline.outage(episode)) {
        text.push(compared(prediction, to, from));
    }
    text.extend(advice(episode, timeline));
    text
}

/// What happened first, in a sentence: `postgresql0, the leader, was killed from here (SIGKILL): …`.
pub fn cause(episode: &Episode) -> String {
    let name = episode
        .leader
        .as_ref()
        .map_or_else(|| "the leader".to_owned(), |leader| format!("{leader}, the leader,"));
    let by = if episode.is_ours() { " from here" } else { "" };
    match &episode.hit {
        Hit::Replica(member) => format!("{member}, a standby, was lost ({}{by}).", episode.fault_text()),
        Hit::Store => format!("ZooKeeper was lost ({}{by}).", episode.fault_text()),
        Hit::Proxy => format!(
            "HAProxy, or its way to a server, was lost ({}{by}).",
            episode.fault_text()
        ),
        Hit::Clients => unexplained(),
        Hit::Leader => match episode.fault() {
            Fault::Stopped => format!("{name} was asked to stop{by} (SIGTERM)."),
            Fault::Killed => format!("{name} was killed{by} (SIGKILL): it could not free its lock."),
            Fault::Paused => format!("{name} was frozen{by}: connections stay open and nothing answers."),
            Fault::CutOff => format!("{name} was cut off from its network{by}."),
            Fault::OutOfMemory => format!("{name} was killed by the kernel: out of memory."),
            Fault::Died => format!("The container of {name} ended by itself."),
            Fault::Gone => format!("PostgreSQL of {name} went away; its container did not."),
            Fault::Silent => format!("{name} did not answer any more."),
            Fault::Requested => format!("{name} was asked through Patroni to hand over."),
            Fault::Unexplained => unexplained(),
            Fault::LockLost => format!("{name} lost its lock, and nothing that was seen says why."),
            Fault::Found => "It had begun before pgherd looked: its beginning is not known.".to_owned(),
        },
    }
}

/// Why no time of it is to be believed, if so.
pub fn invalid(episode: &Episode, timeline: &Timeline) -> Option<String> {
    let step = episode.stepped?;
    let fault = timeline.fault.at;
    let (when, since) = if step.at < fault {
        ("before it", fault.since(step.at))
    } else {
        ("after it began", step.at.since(fault))
    };
    let again = if step.lasts() {
        " Stamps of others do not fit ours since then: start pgherd again."
    } else {
        ""
    };
    Some(format!(
        "Not valid: {step}, {} {when}; how long something took cannot be told.{again}",
        seconds(since)
    ))
}

fn unexplained() -> String {
    "Clients could not write, and nothing else that was seen says why.".to_owned()
}

/// What each part saw, in the order of the steps.
fn seen(episode: &Episode, timeline: &Timeline) -> Option<String> {
    let after = |mark: &Mark| format!("+{}", seconds(mark.at.since(timeline.fault.at)));
    let mut steps = Vec::new();
    for entry in &episode.entries {
        if let (FactKind::ContainerDied { .. }, SourceKind::Docker) = (&entry.fact.kind, entry.fact.source) {
            let at = entry.fact.at.since(timeline.fault.at);
            steps.push(format!("Docker: {} at +{}", entry.fact.describe(), seconds(at)));
            break;
        }
    }
    let mut step = |mark: Option<Mark>, what: String| {
        if let Some(mark) = mark {
            steps.push(format!("{what} at {}", after(&mark)));
        }
    };
    let lost = timeline.lost.filter(|_| episode.hit != Hit::Proxy);
    step(lost, format!("PostgreSQL: the leader {}", loss(episode, lost)));
    step(timeline.freed, "ZooKeeper: lock free".to_owned());
    if let Some((by, mark)) = &timeline.taken {
        step(Some(*mark), format!("lock taken by {by}"));
    }
    step(
        timeline
            .promoted
            .filter(|_| timeline.lost.is_some() || timeline.taken.is_some()),
        "PostgreSQL: accepts writes".to_owned(),
    );
    step(timeline.drained, "HAProxy: old server out".to_owned());
    step(timeline.routed, "HAProxy: serves writes".to_owned());
    step(timeline.store_back, "ZooKeeper: answers again".to_owned());
    let streams = timeline.redundant.is_some_and(|mark| mark.evidence.is_some());
    let able = if streams { "streams" } else { "can take over" };
    step(timeline.redundant, format!("a standby {able} again"));
    (!steps.is_empty()).then(|| format!("{}.", steps.join("; ")))
}

/// What PostgreSQL showed of the loss of the leader.
fn loss(episode: &Episode, lost: Option<Mark>) -> &'static str {
    let told = lost.and_then(|mark| episode.entries.get(mark.evidence?));
    match told.map(|entry| (&entry.fact.kind, entry.sign)) {
        Some((FactKind::Demoted, _)) => "was demoted",
        Some((_, Some(Fault::Silent))) => "does not answer",
        _ => "is gone",
    }
}

/// What became of it, in a sentence, with the time until clients could write.
pub fn outcome(episode: &Episode, now: Timestamp) -> String {
    let timeline = episode.timeline(now);
    let outage = headline(episode, now);
    match episode.verdict(now) {
        Some(Verdict::Failover { to, .. }) => format!("{to} took over: a failover, {outage}."),
        Some(Verdict::Switchover { to, .. }) => format!("{to} took over as it was asked to: a switchover, {outage}."),
        Some(Verdict::Repromotion(leader)) => {
            format!("{leader} was promoted again, on a new timeline: no failover, {outage}.")
        }
        Some(Verdict::Restart(_)) => {
            format!("PostgreSQL was restarted in place, timeline unchanged: no failover was needed, {outage}.")
        }
        Some(Verdict::StoreOutage { demoted: true }) => {
            format!("Without ZooKeeper the leader was demoted and the cluster was read-only: no failover, {outage}.")
        }
        Some(Verdict::StoreOutage { demoted: false }) => {
            format!("No failover: {outage}.")
        }
        Some(Verdict::ReplicaLoss(_)) if episode.stalled => {
            "The leader went on, and commits waited for a synchronous standby: writes stood still.".to_owned()
        }
        Some(Verdict::ReplicaLoss(_)) => {
            let felt = timeline
                .measured
                .map_or_else(String::new, |_| format!("; clients: {outage}"));
            format!("The leader went on: no failover was needed{felt}.")
        }
        Some(Verdict::ProxyOutage) => format!("The databases went on: no failover was needed; clients: {outage}."),
        Some(Verdict::Unexplained) => format!("The cluster went on as before: no failover; clients: {outage}."),
        Some(Verdict::NoSuccessor) => format!("Nobody took over: no failover, {outage}."),
        Some(Verdict::Nothing) => {
            let felt = timeline
                .measured
                .map_or_else(String::new, |_| format!("; clients: {outage}"));
            format!("The leader goes on as before: no failover{felt}.")
        }
        None if timeline.freed.is_some() => "The lock is free and nobody has taken it yet.".to_owned(),
        None => format!("It goes on: {outage}."),
    }
}

/// For how long two members were primaries at once.
fn doubled(timeline: &Timeline, now: Timestamp) -> Option<String> {
    let time = together(&timeline.doubles, now)?;
    Some(format!(
        "Two members answered as primary at once, for {time}: a write to the one without the lock is thrown away."
    ))
}

/// For how long those who can know did not name one leader.
fn discord(episode: &Episode, now: Timestamp) -> Option<String> {
    let time = together(&episode.discords, now)?;
    Some(format!(
        "For {time} ZooKeeper, Patroni, PostgreSQL and HAProxy did not name the same leader."
    ))
}

/// All stretches together: `24.8 s (24.6–25.0)`; one that lasts counts so far.
pub fn together(stretches: &[Stretch], now: Timestamp) -> Option<String> {
    if stretches.is_empty() {
        return None;
    }
    let lasts = stretches.iter().any(|stretch| stretch.to.is_none());
    let (mut least, mut most) = (Duration::ZERO, Duration::ZERO);
    for Stretch { from, to } in stretches {
        let (shortest, _, longest) = match to {
            Some(to) => to.since(from),
            None => (now.since(from.latest), Duration::ZERO, now.since(from.earliest)),
        };
        least += shortest;
        most += longest;
    }
    let so_far = if lasts { " so far" } else { "" };
    Some(format!(
        "{:.2} s ({:.2}–{:.2}){so_far}",
        (least + most).as_secs_f64() / 2.0,
        least.as_secs_f64(),
        most.as_secs_f64()
    ))
}

/// Why nobody takes over, if somebody should.
fn hindrances(episode: &Episode) -> Vec<String> {
    let mut text = Vec::new();
    if episode.paused {
        text.push("No failover: the cluster is paused.".to_owned());
    }
    for candidate in &episode.candidates {
        let Err(obstacles) = &candidate.verdict else { continue };
        let why: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
        let could = if candidate.at_a_loss() {
            "could take over only at a loss"
        } else {
            "could not take over"
        };
        text.push(format!("{} {could}: {}.", candidate.member, why.join(", ")));
    }
    text
}

/// `27.6 s`.
fn seconds(span: Duration) -> String {
    format!("{:.1} s", span.as_secs_f64())
}
