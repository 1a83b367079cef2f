//! What Patroni and ZooKeeper do by rule or by configuration, and when that is not what one expects.

use std::time::Duration;

use super::super::dcs::{DynamicConfig, PatroniRole};
use super::super::link::{LinkState, SourceId};
use super::super::lock::{self, DEFAULT_TTL};
use super::super::name::MemberName;
use super::super::postgres::SqlStatus;
use super::super::prediction::{DEFAULT_LOOP_WAIT, DEFAULT_RETRY, Timing, demotion};
use super::super::quorum::Quorum;
use super::{Finding, Kind, View, Weight, list};

/// On top of what Patroni's own patience allows.
const SLACK: Duration = Duration::from_secs(5);

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let mut all: Vec<Finding> = [
        paused(view),
        ttl_clamped(view),
        timing_rule(view),
        store_away(view),
        server_away(view),
        failsafe(view),
        no_data(view),
        old_lock(view),
        clock_set(view),
    ]
    .into_iter()
    .flatten()
    .collect();
    all.extend(out_of_reach(view));
    all
}

fn config<'a>(view: &View<'a>) -> Option<&'a DynamicConfig> {
    view.dcs?.config.as_ref()
}

fn seconds(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}

fn paused(view: &View<'_>) -> Option<Finding> {
    let written = view.dcs?.node("config").map(|node| node.stat.modified);
    config(view)?.pause.then(|| Finding {
        kind: Kind::Paused,
        weight: Weight::Warning,
        what: "the cluster is paused: no failover by itself".to_owned(),
        cause: "Somebody switched maintenance mode on. Patroni starts, promotes and demotes nobody until it is off."
            .to_owned(),
        advice: "patronictl resume, once the maintenance is done.".to_owned(),
        since: written,
    })
}

/// The session that holds the lock lives shorter or longer than the ttl says.
fn ttl_clamped(view: &View<'_>) -> Option<Finding> {
    let ttl = config(view)?.ttl?;
    let store = view.cluster.store.as_ref().map(|known| &known.value)?;
    let by_bounds = store
        .session_timeout_bounds
        .map(|(least, most)| ttl.max(least).min(most));
    let of_lock = || {
        let session = view.dcs?.leader.as_ref()?.session?;
        store.session_timeouts.get(&session).copied()
    };
    let real = of_lock().or(by_bounds).filter(|real| *real != ttl)?;
    let bounds = store.session_timeout_bounds.map_or_else(String::new, |(least, most)| {
        let tick = store
            .tick
            .map_or_else(String::new, |tick| format!(", tickTime {}", seconds(tick)));
        format!(" It allows {} to {}{tick}.", seconds(least), seconds(most))
    });
    Some(Finding {
        kind: Kind::TtlClamped,
        weight: Weight::Hint,
        what: format!("ttl is {}, the lock's session {}", seconds(ttl), seconds(real)),
        cause: format!("ZooKeeper gives sessions 2 to 20 ticks, unless configured otherwise.{bounds}"),
        advice: format!(
            "A dead leader's lock lives for {}. Set ttl to that, or change tickTime or the bounds; a session keeps what \
             it was given until Patroni connects anew.",
            seconds(real)
        ),
        since: None,
    })
}

fn timing_rule(view: &View<'_>) -> Option<Finding> {
    let config = config(view)?;
    let ttl = config.ttl.unwrap_or(DEFAULT_TTL);
    let loop_wait = config.loop_wait.unwrap_or(DEFAULT_LOOP_WAIT);
    let retry = config.retry_timeout.unwrap_or(DEFAULT_RETRY);
    (loop_wait + retry * 2 > ttl).then(|| Finding {
        kind: Kind::TimingRule,
        weight: Weight::Warning,
        what: format!(
            "loop_wait {} + 2 × retry_timeout {} is more than ttl {}",
            seconds(loop_wait),
            seconds(retry),
            seconds(ttl)
        ),
        cause: "A leader that is cut off may still be a primary when its lock expires: two primaries.".to_owned(),
        advice:
            "Raise ttl, or lower loop_wait or retry_timeout. Patroni from 3.2 on takes other values than these and \
                 says so where it writes."
                .to_owned(),
        since: None,
    })
}

fn writable<'a>(view: &View<'a>) -> Vec<&'a MemberName> {
    let writes = |name: &&MemberName| view.sql(name).is_some_and(SqlStatus::is_writable);
    view.cluster.sql.keys().filter(writes).collect()
}

fn store_away(view: &View<'_>) -> Option<Finding> {
    let Some(LinkState::Down { since, cause }) = view.cluster.links.get(&SourceId::ZooKeeper) else {
        return None;
    };
    let known = view.cluster.snapshot()?;
    let failsafe = known.config.as_ref().is_some_and(|config| config.failsafe_mode);
    let expected = demotion(&Timing::of(view.cluster, view.now)).text();
    let heard = view.cluster.sql.keys().any(|name| view.sql(name).is_some());
    let cause = match writable(view).as_slice() {
        [] if heard => {
            format!("{cause}. No member that answers accepts writes: without ZooKeeper Patroni demotes the leader.")
        }
        [] => format!("{cause}. Whether anybody accepts writes is not known."),
        some if failsafe => format!(
            "{cause}. {} still accepts writes, and failsafe_mode is on.",
            list(some.iter().copied())
        ),
        some => format!(
            "{cause}. {} still accepts writes; if its Patroni has lost ZooKeeper too, it is demoted after {expected}.",
            list(some.iter().copied())
        ),
    };
    Some(Finding {
        kind: Kind::StoreAway,
        weight: Weight::Alarm,
        what: "ZooKeeper does not answer".to_owned(),
        cause,
        advice: if failsafe {
            format!(
                "Bring it back. Until then the leader stays as long as it reaches {}.",
                asked(view)
            )
        } else {
            "Bring it back: writes return with it. failsafe_mode keeps a leader that reaches all members; three \
             ZooKeepers survive the loss of one."
                .to_owned()
        },
        since: Some(*since),
    })
}

/// Some servers of an ensemble are silent, and the others are enough.
fn server_away(view: &View<'_>) -> Option<Finding> {
    view.dcs?;
    let quorum = Quorum::of(view.cluster)?;
    let away = quorum.servers.checked_sub(quorum.answering).filter(|away| *away > 0)?;
    if !quorum.holds() {
        return None;
    }
    let asked = view
        .cluster
        .store
        .as_ref()
        .map_or(&[][..], |known| &known.value.servers);
    let silent = asked.iter().filter(|server| !server.answered);
    let silent: Vec<&str> = silent.map(|server| server.address.as_str()).collect();
    let more = quorum.answering - quorum.needed();
    Some(Finding {
        kind: Kind::ServerAway,
        weight: Weight::Warning,
        what: format!("{away} of {} ZooKeeper servers does not answer", quorum.servers),
        cause: format!("{}. The other {} have a majority.", silent.join(", "), quorum.answering),
        advice: match more {
            0 => "Bring it back before another one is stopped: without a majority nothing is written, and Patroni \
                  demotes the leader."
                .to_owned(),
            more => format!("Bring it back; {more} more may be lost."),
        },
        since: None,
    })
}

fn failsafe(view: &View<'_>) -> Option<Finding> {
    let active = |name: &&MemberName| {
        let rest = view.cluster.fresh_rest(name, view.now);
        rest.is_some_and(|rest| rest.failsafe_active)
    };
    let kept: Vec<&MemberName> = view.cluster.rest.keys().filter(active).collect();
    (!kept.is_empty()).then(|| Finding {
        kind: Kind::Failsafe,
        weight: Weight::Warning,
        what: "failsafe mode keeps the leader".to_owned(),
        cause: format!(
            "Patroni of {} does not reach ZooKeeper, and reaches {}.",
            list(kept),
            asked(view)
        ),
        advice: "Bring ZooKeeper back, and stop no member meanwhile: the loss of one demotes the leader.".to_owned(),
        since: None,
    })
}

/// Whom failsafe mode asks, as last known: who was lost before may still be among them.
fn asked(view: &View<'_>) -> String {
    let asked = view.cluster.snapshot().and_then(|dcs| dcs.failsafe.as_deref());
    match asked {
        None | Some([]) => "every member".to_owned(),
        Some(members) => format!("every member of /failsafe: {}", list(members)),
    }
}

/// By the clock of the member's host; so only where it runs on ours, and that was not set meanwhile.
fn out_of_reach(view: &View<'_>) -> Vec<Finding> {
    if view.cluster.clock_set().is_some() {
        return Vec::new();
    }
    let Some(dcs) = view.dcs else { return Vec::new() };
    let config = dcs.config.as_ref();
    let loop_wait = config.and_then(|config| config.loop_wait).unwrap_or(DEFAULT_LOOP_WAIT);
    let retry = config.and_then(|config| config.retry_timeout).unwrap_or(DEFAULT_RETRY);
    let lost = view.cluster.rest.keys().filter_map(|name| {
        let container = view.cluster.container_of(name)?;
        let seen = view.cluster.fresh_rest(name, view.now)?.dcs_last_seen?;
        (container.is_running() && view.now.since(seen) > loop_wait + retry + SLACK).then_some((name, seen))
    });
    let found = lost.map(|(name, seen)| Finding {
        kind: Kind::OutOfReach,
        weight: Weight::Alarm,
        what: format!(
            "Patroni of {name} has not reached ZooKeeper for {} s",
            view.now.since(seen).as_secs()
        ),
        cause: "ZooKeeper answers pgherd, so the way between the two is broken, or this Patroni hangs.".to_owned(),
        advice: if view.holder() == Some(name) {
            format!("{name} leads: it is demoted, or loses its lock, before long. Look at its network and its lines.")
        } else {
            format!("{name} cannot take over meanwhile. Look at its network and its lines.")
        },
        since: Some(seen),
    });
    found.collect()
}

/// Every member waits for a leader to copy from.
fn no_data(view: &View<'_>) -> Option<Finding> {
    let dcs = view.dcs?;
    let id = dcs.initialize.as_deref().filter(|id| !id.is_empty())?;
    let empty = !dcs.members.is_empty()
        && dcs
            .members
            .iter()
            .all(|member| member.role == PatroniRole::Uninitialized);
    (empty && dcs.leader.is_none()).then(|| Finding {
        kind: Kind::NoData,
        weight: Weight::Alarm,
        what: "no member has data, and ZooKeeper remembers a cluster".to_owned(),
        cause: format!(
            "The volumes are empty or new; {}/initialize is {id}. Every Patroni waits for a leader to copy from.",
            dcs.root
        ),
        advice:
            "Restore a volume; or, for a new and empty cluster, patronictl remove, which deletes what ZooKeeper keeps."
                .to_owned(),
        since: None,
    })
}

fn old_lock(view: &View<'_>) -> Option<Finding> {
    let dcs = view.dcs?;
    let lock = dcs.leader.as_ref()?;
    let member = dcs.member(&lock.holder)?;
    let timeout = lock::lock_outlook(view.cluster, view.now)?.session_timeout.value();
    (lock.session.is_some() && member.session.is_some() && lock.session != member.session).then(|| Finding {
        kind: Kind::OldLock,
        weight: Weight::Warning,
        what: format!("the lock of {} belongs to an earlier session of it", lock.holder),
        cause: "Its Patroni connected to ZooKeeper anew, and the old session has not expired yet.".to_owned(),
        advice: format!(
            "Wait: Patroni makes its lock anew in its next round, at the latest when the old session expires ({}).",
            seconds(timeout)
        ),
        since: Some(member.created),
    })
}

fn clock_set(view: &View<'_>) -> Option<Finding> {
    let step = view.cluster.clock_set()?;
    Some(Finding {
        kind: Kind::ClockSet,
        weight: Weight::Warning,
        what: format!("{step}: times of this run are not valid"),
        cause:
            "The clock of this machine was set while pgherd ran. Stamps of Docker, ZooKeeper and in logs follow it, \
                pgherd's own do not: they are off against each other by that."
                .to_owned(),
        advice:
            "Start pgherd again. If it happens again, look why the clock is set: NTP that steps instead of slewing, a \
                 resumed virtual machine."
                .to_owned(),
        since: Some(step.at),
    })
}
