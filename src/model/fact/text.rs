//! How facts read.

use std::borrow::Cow;
use std::time::Duration;

use super::super::dcs::FailoverRequest;
use super::super::name::MemberName;
use super::super::text::shortened;
use super::super::time::Timestamp;
use super::super::wal::Timeline;
use super::{Ending, FactKind};

/// Characters of a state or role: Patroni's longest word for one has 34, and anything may stand in a znode.
const WORD: usize = 40;

/// What changed, in few words.
pub(super) fn describe(kind: &FactKind, seen: Timestamp) -> String {
    use FactKind as K;
    match kind {
        K::LockHeld(_) => "holds the lock".to_owned(),
        K::LockFreed(Some(_)) => "lost the lock: it is free".to_owned(),
        K::LockFreed(None) => "lock is free".to_owned(),
        K::LockTaken { from: Some(from), .. } => format!("took the lock, {from} had it"),
        K::LockTaken { from: None, .. } => "took the lock".to_owned(),
        K::LockRetaken(_) => "took the lock again, new session".to_owned(),
        K::MemberAppeared { state } => format!("member appeared: {}", word(state)),
        K::MemberGone => "member gone from ZooKeeper".to_owned(),
        K::MemberReconnected { state } => format!("Patroni has a new session: {}", word(state)),
        K::MemberState { from, to } | K::RestState { from, to } => format!("state {} → {}", word(from), word(to)),
        K::MemberRole { from, to } | K::RestRole { from, to } => format!("role {} → {}", word(from), word(to)),
        K::TimelineSwitched { from, to } => format!("history: timeline {from} → {to}"),
        K::FailoverRequested(request) => describe_request(request),
        K::FailoverCleared => "request cleared".to_owned(),
        K::Paused(true) => "cluster paused: no failover by itself".to_owned(),
        K::Paused(false) => "cluster resumed".to_owned(),
        K::Configured(changes) => format!("configuration: {}", changes.join(", ")),
        K::SyncStandbys(standbys) if standbys.is_empty() => "no synchronous standby".to_owned(),
        K::SyncStandbys(standbys) => {
            let names: Vec<_> = standbys.iter().map(MemberName::as_str).collect();
            format!("synchronous standby: {}", names.join(", "))
        }
        K::Initialized { to: None, .. } => "initialize key gone".to_owned(),
        K::Initialized { to: Some(id), .. } if id.is_empty() => "bootstrap began".to_owned(),
        K::Initialized { to: Some(id), .. } => format!("system identifier {id}"),
        K::Reachable { down_since } => format!("answers again after {}", seconds(seen.since(*down_since))),
        K::Unreachable(cause) => cause.to_string(),
        K::Promoted { from, to } => describe_promotion(*from, *to),
        K::Demoted => "demoted: in recovery".to_owned(),
        K::TimelineChanged { from, to } => format!("timeline {from} → {to}"),
        K::Restarted => "PostgreSQL started anew".to_owned(),
        K::ReplicationStarted { from: Some(host) } => format!("streams from {host}"),
        K::ReplicationStarted { from: None } => "streams".to_owned(),
        K::ReplicationStopped => "streaming stopped".to_owned(),
        K::ReplicationMoved { to: Some(host), .. } => format!("streams from {host} now"),
        K::ReplicationMoved { to: None, .. } => "streams from another host".to_owned(),
        K::Failsafe(true) => "failsafe mode keeps the leader".to_owned(),
        K::Failsafe(false) => "failsafe mode ended".to_owned(),
        K::ServerStatus { pool, from, to, check } => {
            let check = check.as_ref().map(|check| format!(" ({check})")).unwrap_or_default();
            format!("{pool}: {from} → {to}{check}")
        }
        K::PoolEmpty { pool } => format!("{pool}: no server available"),
        K::PoolServed { pool } => format!("{pool}: has a server again"),
        K::ContainerDied { code, ending } => describe_ending(*code, *ending),
        K::Container(action) => super::container::describe(action),
        K::ClientsFail(class) => format!("fail: {class}"),
        K::ClientsServed { after } => format!("succeed again after {}", seconds(*after)),
        K::ClientsSteady { failed, took } => format!("fail no more: {failed} did within {}", seconds(*took)),
        K::Asked(act) => format!("asked to {}", act.words()),
        K::Primaries(members) => {
            let names: Vec<_> = members.iter().map(MemberName::as_str).collect();
            format!("two primaries: {}", names.join(", "))
        }
        K::OnePrimary { least, most } => {
            format!("one primary again after {}", super::primaries::bounds(*least, *most))
        }
        K::ClockStepped(step) => format!("{step}: times not valid"),
        K::Counted { text, .. } | K::Ours(text) => text.clone(),
        K::Noted(text) => format!("note: {text}"),
    }
}

/// How a process ended, from its exit code: `exited 137 (SIGKILL)`.
pub fn exit_text(code: i64) -> String {
    match code.checked_sub(128).and_then(|signal| i32::try_from(signal).ok()) {
        Some(signal @ 1..=64) => format!("exited {code} ({})", signal_name(signal)),
        _ => format!("exited {code}"),
    }
}

/// `SIGKILL` for 9; the number where it has no name that is worth one.
pub fn signal_name(signal: i32) -> String {
    match signal {
        1 => "SIGHUP".to_owned(),
        2 => "SIGINT".to_owned(),
        3 => "SIGQUIT".to_owned(),
        6 => "SIGABRT".to_owned(),
        9 => "SIGKILL".to_owned(),
        10 => "SIGUSR1".to_owned(),
        11 => "SIGSEGV".to_owned(),
        12 => "SIGUSR2".to_owned(),
        15 => "SIGTERM".to_owned(),
        other => format!("signal {other}"),
    }
}

fn describe_ending(code: i64, ending: Ending) -> String {
    match ending {
        Ending::Plain => exit_text(code),
        Ending::GraceOver(grace) => format!("exited {code} (SIGKILL after {} of SIGTERM)", seconds(grace)),
        Ending::OutOfMemory => format!("exited {code} (out of memory)"),
    }
}

fn describe_promotion(from: Option<Timeline>, to: Option<Timeline>) -> String {
    match (from, to) {
        (Some(from), Some(to)) => format!("promoted: timeline {from} → {to}"),
        (None, Some(to)) => format!("promoted: timeline {to}"),
        (_, None) => "promoted".to_owned(),
    }
}

fn describe_request(request: &FailoverRequest) -> String {
    let what = if request.leader.is_some() {
        "switchover"
    } else {
        "failover"
    };
    let to = request
        .candidate
        .as_ref()
        .map(|name| format!(" to {name}"))
        .unwrap_or_default();
    let when = request
        .scheduled_at
        .as_ref()
        .map(|at| format!(" at {at}"))
        .unwrap_or_default();
    format!("{what}{to} requested{when}")
}

/// `0.4 s`, `31.2 s`; from a hundred seconds on without the fraction.
fn seconds(span: Duration) -> String {
    let decimals = usize::from(span < Duration::from_secs(100));
    format!("{:.decimals$} s", span.as_secs_f64())
}

/// Patroni's word, or a mark where it wrote none.
fn word(text: &str) -> Cow<'_, str> {
    if text.is_empty() {
        return Cow::Borrowed("–");
    }
    shortened(text, WORD)
}
