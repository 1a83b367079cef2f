//! What runs short: room on a disk, time of the disk, time of the processor.

use std::time::Duration;

use super::super::container::Container;
use super::super::member::Member;
use super::super::probe::{Class, Lane, Outcome, Stretch, Track};
use super::{Finding, Kind, View, Weight};

/// Writes that take less are never called slow.
const SLOW: Duration = Duration::from_millis(20);
/// So many times as long as usual is slow, if so many writes say it.
const TIMES_SLOWER: u32 = 3;
const FEW: usize = 10;
/// Older attempts are of a probe that has ended.
const OF_NOW: Duration = Duration::from_secs(5);
/// Share of the time without CPU from which on it is felt.
const FELT: f64 = 0.25;

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let full = view.members.iter().filter_map(|member| disk_full(view, member));
    let mut all: Vec<Finding> = full.chain(slow_writes(view)).collect();
    if view.docker_answers() {
        all.extend(view.cluster.ours().filter_map(|container| throttled(view, container)));
    }
    all
}

/// What the probe's writes meet, and the last of them, while there are some.
fn writes<'a>(view: &View<'a>) -> Option<(&'a Track, &'a Stretch)> {
    let track = view.cluster.probe.track(&Lane::Write)?;
    let last = track.recent().next_back()?;
    (view.now.since(last.last_end) < OF_NOW).then_some((track, last))
}

/// By its own words in its log or when somebody connects, or by those of the last write through the entry point.
fn disk_full(view: &View<'_>, member: &Member) -> Option<Finding> {
    let leads = view.holder() == Some(&member.name);
    let refused = || {
        let (_, last) = writes(view)?;
        (leads && last.outcome.class().is_some_and(Class::is_disk_full)).then_some(last.first)
    };
    let since = view
        .cluster
        .memory
        .disk_full_since(&member.name, view.now)
        .or_else(refused)?;
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

/// By the writes of the probe.
fn slow_writes(view: &View<'_>) -> Option<Finding> {
    let (track, _) = writes(view)?;
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
