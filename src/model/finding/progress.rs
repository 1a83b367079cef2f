//! What is there and does not get on: a Patroni that is silent, a standby that stands still.

use std::time::Duration;

use super::super::authority::member_behind;
use super::super::link::{Cause, LinkState, SourceId};
use super::super::member::Member;
use super::super::takeover::size;
use super::super::time::Timestamp;
use super::{Finding, Kind, View, Weight};

/// A hesitation is no finding.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let of_member = |member| [patroni_silent, receives_nothing, replays_nothing].map(|check| check(view, member));
    view.members.iter().flat_map(of_member).flatten().collect()
}

/// It answered before: where its port was never reachable nothing follows from silence. Nor where HAProxy is answered,
/// which asks at the same port.
fn patroni_silent(view: &View<'_>, member: &Member) -> Option<Finding> {
    let source = SourceId::Patroni(member.name.clone());
    let Some(LinkState::Down { since, cause }) = view.cluster.links.get(&source) else {
        return None;
    };
    view.cluster.rest.get(&member.name)?;
    view.sql(&member.name)?;
    let is_silence = matches!(
        cause,
        Cause::Refused | Cause::Timeout(_) | Cause::Unreachable(_) | Cause::Closed
    );
    if !is_silence || view.now.since(*since) < PATIENCE || answers_haproxy(view, member) {
        return None;
    }
    let name = &member.name;
    let leads = view.holder() == Some(name);
    let paused = view
        .dcs
        .and_then(|dcs| dcs.config.as_ref())
        .is_some_and(|config| config.pause);
    Some(Finding {
        kind: Kind::PatroniSilent,
        weight: if leads { Weight::Alarm } else { Weight::Warning },
        what: format!("Patroni of {name} does not answer, its PostgreSQL does"),
        cause: format!(
            "{cause}: it hangs, was frozen, has ended without its PostgreSQL, or only the way to it from here is cut."
        ),
        advice: match (leads, paused) {
            (true, true) => format!(
                "The cluster is in maintenance mode: nobody takes over from {name}. Start its Patroni before that ends."
            ),
            (true, false) => format!(
                "Look at its process: one that does not run renews no lock, and when that expires another member takes \
                 over, while {name} may go on taking writes. Bring it back; stop {name} if that cannot be done in time."
            ),
            (false, _) => format!("{name} cannot take over meanwhile. Look at its lines; start its Patroni again."),
        },
        since: Some(*since),
    })
}

/// A check of HAProxy got an HTTP status from it the last time.
fn answers_haproxy(view: &View<'_>, member: &Member) -> bool {
    let mut servers = view
        .proxies()
        .flat_map(|(_, proxy)| proxy.pools.iter().flat_map(|pool| &pool.servers));
    servers.any(|server| server.check_code.is_some() && member_behind(view.cluster, server) == member.name)
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
            "Its startup process waits for a query that conflicts (max_standby_streaming_delay), because it is told to \
             (recovery_min_apply_delay), for its disk, or hangs.",
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
