//! What is wrong with a member, its container or its data.

use super::super::container::{Container, ContainerState};
use super::super::fact::Ending;
use super::super::link::{LinkState, SourceId};
use super::super::lock::lock_outlook;
use super::super::member::{Condition, Member};
use super::super::postgres::{Slot, SqlRole};
use super::super::takeover::{Candidate, Obstacle, candidates, size};
use super::{Finding, Kind, View, Weight};

/// A slot that nobody uses may keep so much without a word: sixteen segments.
const KEPT_UNUSED: u64 = 256 * 1024 * 1024;
/// One that somebody reads may keep so much.
const KEPT_IN_USE: u64 = 1024 * 1024 * 1024;

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let mut all = Vec::new();
    for member in &view.members {
        all.extend(
            [
                foreign_data(view, member),
                diverged(view, member),
                not_streaming(view, member),
                ghost_member(view, member),
            ]
            .into_iter()
            .flatten(),
        );
    }
    all.extend(dead_holder(view));
    all.extend(no_successor(view));
    all.extend(lagging(view));
    all.extend(slots(view));
    if view.docker_answers() {
        all.extend(view.cluster.ours().filter_map(|container| killed(view, container)));
    }
    all
}

fn foreign_data(view: &View<'_>, member: &Member) -> Option<Finding> {
    let here = view.dcs?.initialize.as_deref().filter(|id| !id.is_empty())?;
    let rest = || view.cluster.fresh_rest(&member.name, view.now)?.system_id.as_deref();
    let own = view.sql(&member.name).map(|sql| sql.system_id.as_str()).or_else(rest)?;
    (!own.is_empty() && own != here).then(|| Finding {
        kind: Kind::ForeignData,
        weight: Weight::Alarm,
        what: format!("the data of {} is of another cluster", member.name),
        cause: format!(
            "Its system identifier is {own}, that of this cluster {here}: an old volume, or an old ZooKeeper."
        ),
        advice: format!(
            "If it is the volume: remove that of {}, so that it is copied from the leader. Its Patroni ends with exit \
             code 0 until then.",
            member.name
        ),
        since: None,
    })
}

/// The leader's timeline, by itself.
fn diverged(view: &View<'_>, member: &Member) -> Option<Finding> {
    let (leader, sql) = view.leader()?;
    let (theirs, _) = sql.timeline?;
    let own = member.timeline?;
    let standby = view
        .sql(&member.name)
        .is_none_or(|sql| matches!(sql.role, SqlRole::Standby(_)));
    let answers = standby && member.freshness.is_fresh() && member.condition != Condition::Down;
    if *leader == member.name || own <= theirs || !answers || member.state == "streaming" {
        return None;
    }
    let dcs = view.dcs?;
    let position = dcs.member(&member.name).and_then(|entry| entry.xlog_location);
    let lag = match (dcs.optime, position) {
        (Some(head), Some(position)) if head <= position => " That patronictl shows a lag of 0 means nothing here.",
        _ => "",
    };
    Some(Finding {
        kind: Kind::Diverged,
        weight: Weight::Alarm,
        what: format!(
            "{} is on timeline {own}, {leader} on {theirs}: it does not replicate",
            member.name
        ),
        cause: format!(
            "It was promoted on its own once: a split brain, pg_promote by hand, a start without Patroni, an old volume.{lag}"
        ),
        advice: format!(
            "patronictl reinit copies it anew; what only {} has is lost then. use_pg_rewind avoids this, from the next \
             start on.",
            member.name
        ),
        since: None,
    })
}

fn not_streaming(view: &View<'_>, member: &Member) -> Option<Finding> {
    let (leader, sql) = view.leader()?;
    let standby = matches!(view.sql(&member.name)?.role, SqlRole::Standby(_));
    let higher = member.timeline > sql.timeline.map(|(timeline, _)| timeline);
    if !standby || *leader == member.name || member.condition != Condition::Impaired || higher {
        return None;
    }
    let lost = |slot: &&Slot| slot.wal_status.as_deref() == Some("lost") && slot.name == slot_name(member);
    let cause = match sql.slots.iter().find(lost) {
        Some(slot) => format!(
            "{leader} has thrown away what it needs: its slot {} is lost.",
            slot.name
        ),
        None => {
            "It has no walreceiver that streams: it has just started, the leader refuses it (pg_hba.conf, password), \
                 or the WAL that it needs is gone."
                .to_owned()
        }
    };
    Some(Finding {
        kind: Kind::NotStreaming,
        weight: Weight::Warning,
        what: format!("{} runs and does not stream from {leader}", member.name),
        cause: format!("{cause} Patroni before 3.0.4 calls it running all the same."),
        advice: "Its lines say why: \"could not receive data from WAL stream\". Where the segment has been removed, \
                 patronictl reinit."
            .to_owned(),
        since: None,
    })
}

/// As Patroni names the slot of a member.
fn slot_name(member: &Member) -> String {
    let letter = |letter: char| match letter.to_ascii_lowercase() {
        letter @ ('a'..='z' | '0'..='9' | '_') => letter,
        _ => '_',
    };
    member.name.as_str().chars().map(letter).collect()
}

fn ghost_member(view: &View<'_>, member: &Member) -> Option<Finding> {
    let entry = view.dcs?.member(&member.name)?;
    let link = view.cluster.links.get(&SourceId::Postgres(member.name.clone()));
    let silent = matches!(link, Some(LinkState::Down { .. })) && !member.freshness.is_fresh();
    let others = view.cluster.patroni_containers().next().is_some();
    if member.container.is_some() || !silent || !others || !view.docker_answers() {
        return None;
    }
    Some(Finding {
        kind: Kind::GhostMember,
        weight: Weight::Warning,
        what: format!("{} is in ZooKeeper, and no container runs it", member.name),
        cause: format!(
            "Its container is gone; ZooKeeper keeps what its Patroni wrote last ({}).",
            entry.state
        ),
        advice: "Wait: it disappears when its session expires. If it stays, it runs somewhere else.".to_owned(),
        since: None,
    })
}

/// "Leader, running" in patronictl while the database is down.
fn dead_holder(view: &View<'_>) -> Option<Finding> {
    view.dcs?;
    let outlook = lock_outlook(view.cluster, view.now)?;
    if outlook.holder_alive != Some(false) {
        return None;
    }
    let holder = &outlook.holder;
    let entry = view.dcs?.member(holder);
    let words = entry.map_or_else(String::new, |entry| format!(" and lists it as {}", entry.state));
    let timeout = outlook.session_timeout.value().as_secs_f64();
    Some(Finding {
        kind: Kind::DeadHolder,
        weight: Weight::Alarm,
        what: format!("{holder} holds the lock and is dead"),
        cause: format!("ZooKeeper keeps its lock{words} until its session of {timeout} s expires."),
        advice: match outlook.expires_by {
            Some(by) if by > view.now => format!(
                "Wait for at most {} s: then another member takes over. Or start it again, and it goes on leading.",
                by.since(view.now).as_secs().saturating_add(1)
            ),
            _ => "Wait until its session expires, or start it again.".to_owned(),
        },
        since: outlook.last_sign_of_life,
    })
}

/// A leader on its own; what hinders each of the others.
fn no_successor(view: &View<'_>) -> Option<Finding> {
    let (leader, _) = view.leader()?;
    let others = candidates(view.cluster, view.now);
    if others.iter().any(|candidate| candidate.verdict.is_ok()) {
        return None;
    }
    let why = |candidate: &Candidate| {
        let obstacles = candidate.verdict.as_ref().err()?;
        let words: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
        Some(format!("{}: {}", candidate.member, words.join(", ")))
    };
    let hindered: Vec<String> = others.iter().filter_map(why).collect();
    Some(Finding {
        kind: Kind::NoSuccessor,
        weight: Weight::Warning,
        what: format!("nobody could take over from {leader}"),
        cause: if hindered.is_empty() {
            "There is no other member.".to_owned()
        } else {
            format!("{}.", hindered.join("; "))
        },
        advice: "Bring a standby back before anything else is stopped: the loss of the leader would stop all writes."
            .to_owned(),
        since: None,
    })
}

fn lagging(view: &View<'_>) -> Vec<Finding> {
    if view.leader().is_none() {
        return Vec::new();
    }
    let too_far = candidates(view.cluster, view.now).into_iter().filter_map(|candidate| {
        let obstacles = candidate.verdict.err()?;
        let lag = obstacles.into_iter().find_map(|obstacle| match obstacle {
            Obstacle::Lag { behind, allowed } => Some((behind, allowed)),
            _ => None,
        });
        Some((candidate.member, lag?))
    });
    let found = too_far.map(|(member, (behind, allowed))| Finding {
        kind: Kind::Lagging,
        weight: Weight::Warning,
        what: format!(
            "{member} is {} behind, {} allowed: it cannot take over",
            size(behind),
            size(allowed)
        ),
        cause: "Patroni compares what the leader last wrote to ZooKeeper with what the standby has.".to_owned(),
        advice: "Find out what holds it up: network, disk, a long query that conflicts with replay. A higher \
                 maximum_lag_on_failover lets it take over, and lose that much."
            .to_owned(),
        since: None,
    });
    found.collect()
}

fn slots(view: &View<'_>) -> Vec<Finding> {
    let Some((leader, sql)) = view.leader() else {
        return Vec::new();
    };
    let Some(current) = sql.current() else {
        return Vec::new();
    };
    let found = sql.slots.iter().filter_map(|slot| {
        let kept = current.bytes_since(slot.restart?);
        let most = if slot.active { KEPT_IN_USE } else { KEPT_UNUSED };
        let tight = matches!(slot.wal_status.as_deref(), Some("extended" | "unreserved"));
        if kept < most && !tight {
            return None;
        }
        let (user, advice) = if slot.active {
            ("its reader is behind", "Find out what holds its reader up.")
        } else {
            (
                "nobody reads it",
                "Bring its reader back, or drop the slot if there is none any more (a member's slot is Patroni's: 4.0 \
                 keeps it for member_slots_ttl). max_slot_wal_keep_size bounds what slots may keep.",
            )
        };
        let status = slot.wal_status.as_deref().unwrap_or("not told");
        Some(Finding {
            kind: Kind::SlotHolds,
            weight: Weight::Warning,
            what: format!("slot {} on {leader} keeps {} of WAL: {user}", slot.name, size(kept)),
            cause: format!(
                "No segment after {} may be removed; its state is {status}. The disk may fill.",
                slot.restart?
            ),
            advice: advice.to_owned(),
            since: None,
        })
    });
    found.collect()
}

/// Exit code 137, and why.
fn killed(view: &View<'_>, container: &Container) -> Option<Finding> {
    if container.state != (ContainerState::Exited { code: 137 }) {
        return None;
    }
    let ending = if container.oom_killed {
        Ending::OutOfMemory
    } else {
        view.cluster.memory.ending(&container.name)
    };
    let patroni = container.is_patroni();
    let (cause, advice) = match ending {
        Ending::OutOfMemory => (
            "The kernel killed it: out of memory.".to_owned(),
            "Give it more memory, or let it use less.".to_owned(),
        ),
        Ending::GraceOver(grace) => (
            format!(
                "It was asked to stop (SIGTERM) and had not ended {:.1} s later, so Docker killed it.",
                grace.as_secs_f64()
            ),
            grace_advice(patroni),
        ),
        Ending::Plain => (
            format!(
                "SIGKILL: docker kill, or docker stop after its {} s of patience. Docker does not speak of memory.",
                container.stop_grace_s
            ),
            if patroni {
                "Start it. A killed leader does not free its lock: the failover waits for the ttl; docker stop does not."
                    .to_owned()
            } else {
                "Start it.".to_owned()
            },
        ),
    };
    Some(Finding {
        kind: Kind::Killed,
        weight: Weight::Warning,
        what: format!("container {} exited 137: it was killed", container.name),
        cause,
        advice,
        since: container.finished,
    })
}

fn grace_advice(patroni: bool) -> String {
    let lock = if patroni {
        " Its lock was not freed: the failover waits for the ttl."
    } else {
        ""
    };
    format!(
        "Its first process has to pass SIGTERM on (exec form, exec in the entry script, init: true); if it does, give it \
         time to shut down: stop_grace_period: 60s.{lock}"
    )
}
