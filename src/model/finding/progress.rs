//! What is there and does not get on: a Patroni that is silent, a standby that stands still, a container without CPU.

use std::time::Duration;

use super::super::container::Container;
use super::super::link::{LinkState, SourceId};
use super::super::member::Member;
use super::super::probe::{Class, Lane, Outcome};
use super::super::takeover::size;
use super::super::time::Timestamp;
use super::{Finding, Kind, View, Weight};

/// A hesitation is no finding.
const PATIENCE: Duration = Duration::from_secs(5);
/// Writes that take less are never called slow.
const SLOW: Duration = Duration::from_millis(20);
/// So many times as long as usual is slow, if so many writes say it.
const TIMES_SLOWER: u32 = 3;
const FEW: usize = 10;
/// Share of the time without CPU from which on it is felt.
const FELT: f64 = 0.25;

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    for member in &view.members {
        all.extend(disk_full(view, member));
        all.extend(patroni_silent(view, member));
        all.extend(receives_nothing(view, member));
        all.extend(replays_nothing(view, member));
    }
    all.extend(slow_writes(view));
    if view.docker_answers() {
        all.extend(view.cluster.ours().filter_map(|container| throttled(view, container)));
    }
    all
}

/// By its own words in its log or when somebody connects, or by those of the last write through the entry point.
fn disk_full(view: &View<'_>, member: &Member) -> Option<Finding> {
    let leads = view.holder() == Some(&member.name);
    let last_write = || view.cluster.probe.track(&Lane::Write)?.recent().next_back();
    let refused = || last_write().filter(|last| last.outcome.class().is_some_and(Class::is_disk_full));
    let by_write = || refused().filter(|_| leads).map(|last| last.first);
    let since = view
        .cluster
        .memory
        .disk_full_since(&member.name, view.now)
        .or_else(by_write)?;
    Some(Finding {
        kind: Kind::DiskFull,
        weight: if leads { Weight::Alarm } else { Weight::Warning },
        what: format!("the disk of {} is full", member.name),
        cause:
            "PostgreSQL says so: no space left on device. Without room for WAL it stops with PANIC, and cannot start."
                .to_owned(),
        advice:
            "Make room: what an inactive slot keeps, old logs, other files; never anything in pg_wal by hand. pgherd \
                 heal, if pgherd filled it. It starts again by itself."
                .to_owned(),
        since: Some(since),
    })
}

/// It answered before: where its port was never reachable nothing follows from silence.
fn patroni_silent(view: &View<'_>, member: &Member) -> Option<Finding> {
    let source = SourceId::Patroni(member.name.clone());
    let Some(LinkState::Down { since, cause }) = view.cluster.links.get(&source) else {
        return None;
    };
    view.cluster.rest.get(&member.name)?;
    view.sql(&member.name)?;
    if view.now.since(*since) < PATIENCE {
        return None;
    }
    let name = &member.name;
    let leads = view.holder() == Some(name);
    Some(Finding {
        kind: Kind::PatroniSilent,
        weight: if leads { Weight::Alarm } else { Weight::Warning },
        what: format!("Patroni of {name} does not answer, its PostgreSQL does"),
        cause: format!("{cause}: it hangs, was frozen, or has ended without its PostgreSQL."),
        advice: if leads {
            format!(
                "Nobody renews its lock: when that expires another member takes over, while {name} may go on taking \
                 writes. Bring its Patroni back now, or stop {name}."
            )
        } else {
            format!("{name} cannot take over meanwhile. Look at its lines; start its Patroni again.")
        },
        since: Some(*since),
    })
}

/// Since when it stands still, if that is longer than a hesitation.
fn stood(view: &View<'_>, since: Option<Timestamp>) -> Option<Timestamp> {
    since.filter(|since| view.now.since(*since) >= PATIENCE)
}

fn receives_nothing(view: &View<'_>, member: &Member) -> Option<Finding> {
    let (leader, sql) = view.leader()?;
    let still = view.cluster.memory.standstill(&member.name);
    let since = stood(view, still.receives_nothing_since())?;
    let standby = view.sql(&member.name)?.standby()?;
    let behind = sql.current()?.bytes_since(standby.received?);
    // One that does not even claim to stream is another finding.
    (member.state == "streaming" && behind > 0).then(|| Finding {
        kind: Kind::StandsStill,
        weight: Weight::Warning,
        what: format!("{} receives nothing, {} behind {leader}", member.name, size(behind)),
        cause: "It claims to stream: its walreceiver hangs, or the way to the leader does.".to_owned(),
        advice: format!(
            "What {leader} acknowledges meanwhile is lost if {} has to take over. Look at its network and at the \
             walreceiver; a restart of its PostgreSQL connects anew.",
            member.name
        ),
        since: Some(since),
    })
}

fn replays_nothing(view: &View<'_>, member: &Member) -> Option<Finding> {
    let still = view.cluster.memory.standstill(&member.name);
    let since = stood(view, still.replays_nothing_since())?;
    let standby = view.sql(&member.name)?.standby()?;
    let left = standby.received?.bytes_since(standby.replayed?);
    let (cause, advice) = if standby.replay_paused {
        ("Replay is paused there.", "SELECT pg_wal_replay_resume() goes on.")
    } else {
        (
            "Its startup process waits for a query that conflicts (max_standby_streaming_delay), for its disk, or hangs.",
            "pg_stat_activity shows who reads there. Nothing is lost by this: it replays the rest before it is promoted, \
             which takes that much longer.",
        )
    };
    Some(Finding {
        kind: Kind::StandsStill,
        weight: Weight::Warning,
        what: format!("{} replays nothing, {} are left", member.name, size(left)),
        cause: cause.to_owned(),
        advice: advice.to_owned(),
        since: Some(since),
    })
}

/// By the writes of the probe.
fn slow_writes(view: &View<'_>) -> Option<Finding> {
    let track = view.cluster.probe.track(&Lane::Write)?;
    let (now, usual) = (track.latency()?, track.usual_latency()?);
    let served = track.recent().filter(|one| one.outcome == Outcome::Acknowledged);
    if now < SLOW || now < usual * TIMES_SLOWER || served.count() < FEW {
        return None;
    }
    let millis = |span: Duration| format!("{:.0} ms", span.as_secs_f64() * 1e3);
    Some(Finding {
        kind: Kind::SlowWrites,
        weight: Weight::Warning,
        what: format!("writes take {}, usually {}", millis(now), millis(usual)),
        cause:
            "The leader's disk or CPU is busy, a synchronous standby is slow, the network is, or somebody holds locks."
                .to_owned(),
        advice: "wait_event in the leader's pg_stat_activity tells: WALSync and WALWrite are its disk, SyncRep is a \
                 standby, Lock is another session."
            .to_owned(),
        since: None,
    })
}

fn throttled(view: &View<'_>, container: &Container) -> Option<Finding> {
    let share = view.cluster.usage.get(&container.name)?.value.throttled;
    (container.is_running() && share >= FELT).then(|| Finding {
        kind: Kind::Throttled,
        weight: Weight::Warning,
        what: format!("container {} uses up its CPU limit", container.name),
        cause: format!(
            "In {:.0} % of its periods it had to wait for the next one.",
            share * 100.0
        ),
        advice:
            "Raise its limit (docker update --cpus), or take it off: a Patroni that waits for CPU may lose its lock."
                .to_owned(),
        since: None,
    })
}
