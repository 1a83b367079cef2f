//! What an operation will do, and what stands against it, from what is known now. Pure; the rules are those of Patroni's
//! REST API (`patroni/api.py`) and of `patronictl`.

use super::{Operation, request, rolling, several};
use crate::model::cluster::Cluster;
use crate::model::dcs::DcsMember;
use crate::model::failover::{Fault, Hit};
use crate::model::link::{LinkState, SourceId};
use crate::model::name::MemberName;
use crate::model::prediction::{Timing, predict};
use crate::model::proxy::ProxyServer;
use crate::model::takeover::{Candidate, Obstacle, candidates};
use crate::model::time::Timestamp;

/// Patroni's client of ZooKeeper (`set_ttl` in `patroni/dcs/zookeeper.py`) restarts for another timeout.
const TTL: &str =
    "A new ttl makes every Patroni begin a new session: the leader's lock ends, and another member may take over.";

impl Operation {
    /// What will happen, in sentences.
    pub fn consequences(&self, cluster: &Cluster, now: Timestamp) -> Vec<String> {
        match self {
            Self::Switchover { leader, candidate, .. } => handover(cluster, leader, candidate.as_ref(), now),
            Self::Failover { candidate } => failover(cluster, candidate, now),
            Self::Restart { member, .. } => restart(cluster, member, now),
            Self::RollingRestart { leader, replicas } => rolling::consequences(cluster, leader, replicas, now),
            Self::Reload { member } => vec![format!(
                "Patroni of {member} reads its file again; PostgreSQL reloads what differs. No connection ends."
            )],
            Self::Reinitialise { member } => reinitialise(cluster, member, now),
            Self::Pause => vec![
                "Nobody takes over by himself until it is resumed: a leader that fails stays down.".to_owned(),
                "PostgreSQL goes on, also where Patroni is stopped.".to_owned(),
            ],
            Self::Resume => vec![
                "Patroni acts by itself again: it may at once demote, promote or start what was left as it is."
                    .to_owned(),
            ],
            Self::FlushSwitchover => match pending(cluster) {
                Some(request) => vec![format!("Withdrawn: {request}.")],
                None => Vec::new(),
            },
            Self::FlushRestart { member } => match entry(cluster, member).and_then(|it| it.scheduled_restart.clone()) {
                Some(at) => vec![format!("Withdrawn: the restart of {member} at {at}.")],
                None => Vec::new(),
            },
            Self::EditConfig { changes, .. } => {
                let mut lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
                lines.extend(
                    changes
                        .iter()
                        .any(|change| change.path == ["ttl"])
                        .then(|| TTL.to_owned()),
                );
                lines.push("Every member takes it over in its next round; some settings need a restart.".to_owned());
                lines
            }
            Self::SetServer {
                pool, server, state, ..
            } => {
                let what = match state {
                    super::ServerState::Ready => "takes connections again as soon as its checks succeed",
                    super::ServerState::Drain => "keeps its sessions and takes no new one",
                    super::ServerState::Maint => "is out of use and no longer checked",
                };
                vec![format!("{pool}/{server} {what}.")]
            }
        }
    }

    /// What forbids it now: Patroni would refuse it, or it would mean something else than what was asked. Empty is good.
    pub fn obstacles(&self, cluster: &Cluster, now: Timestamp) -> Vec<String> {
        let mut found = match self {
            Self::Switchover { leader, candidate, at } => {
                let mut found = planned(cluster, *at, now);
                found.extend(switchover(cluster, leader, candidate.as_ref(), at.is_some(), now));
                found
            }
            Self::Failover { candidate } => forced(cluster, candidate, now),
            Self::Restart {
                member,
                only_pending,
                at,
            } => {
                let mut found = planned(cluster, *at, now);
                found.extend(restartable(cluster, member, *only_pending, at.is_some()));
                found
            }
            Self::RollingRestart { leader, replicas } => rolling::obstacles(cluster, leader, replicas, now),
            Self::Reload { member } => reachable(cluster, member).into_iter().collect(),
            Self::Reinitialise { member } => {
                let mut found: Vec<_> = reachable(cluster, member).into_iter().collect();
                match cluster.lock_holder() {
                    None => found.push("nobody leads: there is nothing to copy from".to_owned()),
                    Some(leader) if leader == member => {
                        found.push(format!("{member} is the leader: it cannot be made anew"));
                    }
                    Some(_) => {}
                }
                found
            }
            Self::Pause if paused(cluster) => vec!["the cluster is paused already".to_owned()],
            Self::Resume if !paused(cluster) => vec!["the cluster is not paused".to_owned()],
            Self::FlushSwitchover if pending(cluster).is_none() => vec!["no switchover is asked for".to_owned()],
            Self::FlushRestart { member } => {
                let mut found: Vec<_> = reachable(cluster, member).into_iter().collect();
                if entry(cluster, member).is_some_and(|entry| entry.scheduled_restart.is_none()) {
                    found.push(format!("no restart of {member} is scheduled"));
                }
                found
            }
            Self::EditConfig { version, changes } => edit(cluster, *version, changes.len()),
            Self::SetServer {
                proxy, pool, server, ..
            } => {
                let known = cluster.targets.proxies.iter().find(|target| target.name == *proxy);
                match known {
                    None => vec![format!("no HAProxy is called {proxy}")],
                    Some(target) if target.admin.is_none() => {
                        vec![format!(
                            "no admin socket of {proxy} is configured: [[proxy]] admin = \"unix:/path\""
                        )]
                    }
                    Some(_) if server_of(cluster, proxy.as_str(), pool, server).is_none() => {
                        vec![format!("{proxy} shows no server {pool}/{server}")]
                    }
                    Some(_) => Vec::new(),
                }
            }
            Self::Pause | Self::Resume | Self::FlushSwitchover => Vec::new(),
        };
        let by_patroni = !matches!(self, Self::SetServer { .. });
        if by_patroni && cluster.snapshot().is_none() {
            found.push("what Patroni keeps in ZooKeeper was never read".to_owned());
        }
        found
    }
}

fn paused(cluster: &Cluster) -> bool {
    let config = cluster.snapshot().and_then(|dcs| dcs.config.as_ref());
    config.is_some_and(|config| config.pause)
}

fn entry<'a>(cluster: &'a Cluster, member: &MemberName) -> Option<&'a DcsMember> {
    cluster.snapshot()?.member(member)
}

/// A request in `failover`, in words.
fn pending(cluster: &Cluster) -> Option<String> {
    request(cluster.snapshot()?)
}

/// What forbids a time.
fn planned(cluster: &Cluster, at: Option<Timestamp>, now: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    if at.is_some_and(|at| at <= now) {
        found.push("that time is past".to_owned());
    }
    if at.is_some() && paused(cluster) {
        found.push("the cluster is paused: Patroni schedules nothing then".to_owned());
    }
    found
}

pub(super) fn switchover(
    cluster: &Cluster,
    leader: &MemberName,
    candidate: Option<&MemberName>,
    later: bool,
    now: Timestamp,
) -> Vec<String> {
    let mut found = Vec::new();
    match cluster.lock_holder() {
        None => found.push("nobody leads: a switchover needs a leader; a failover does not".to_owned()),
        Some(holder) if holder != leader => found.push(format!("{holder} leads, not {leader}")),
        Some(_) => {}
    }
    if let Some(request) = pending(cluster) {
        found.push(format!("{request} is asked for already: flush that first"));
    }
    let all = seen(cluster, now);
    match candidate {
        Some(name) if name == leader => found.push(format!("{name} leads already")),
        Some(name) => match all.iter().find(|one| one.member == *name) {
            None => found.push(format!("no member is called {name}")),
            // Until the time comes much may change; Patroni looks again then.
            Some(_) if later => {}
            Some(one) => found.extend(against(one, |_| true).map(|why| format!("{name} cannot take over: {why}"))),
        },
        None if paused(cluster) => found.push("the cluster is paused: name the candidate".to_owned()),
        None if later => {}
        None if all.iter().all(|one| against(one, |_| true).next().is_some()) => {
            found.push("no standby can take over".to_owned());
        }
        None => {}
    }
    found
}

/// What keeps Patroni from promoting this one on request: a pause does not, nor does our own request.
fn against(one: &Candidate, counts: impl Fn(&Obstacle) -> bool) -> impl Iterator<Item = &Obstacle> {
    let obstacles = one.verdict.as_ref().err().into_iter().flatten();
    obstacles.filter(move |obstacle| {
        obstacle.forbids() && !matches!(obstacle, Obstacle::Paused | Obstacle::Requested(_)) && counts(obstacle)
    })
}

/// Those who could take over, as far as it can be seen from here: where no Patroni at all is reached, that one does not
/// answer says nothing about it. Its znode lives by its session.
fn seen(cluster: &Cluster, now: Timestamp) -> Vec<Candidate> {
    let reached = |(source, link): (&SourceId, &LinkState)| matches!(source, SourceId::Patroni(_)) && link.is_up();
    let mut all = candidates(cluster, now);
    if !cluster.links.iter().any(reached) {
        for one in &mut all {
            if let Err(obstacles) = &mut one.verdict {
                obstacles.retain(|obstacle| *obstacle != Obstacle::PatroniDown);
                if obstacles.is_empty() {
                    one.verdict = Ok(());
                }
            }
        }
    }
    all
}

/// A failover goes where a switchover does not: Patroni asks only whether the candidate is there and may lead.
fn forced(cluster: &Cluster, candidate: &MemberName, now: Timestamp) -> Vec<String> {
    let mut found = Vec::new();
    if cluster.lock_holder() == Some(candidate) {
        found.push(format!("{candidate} leads already"));
    }
    if let Some(request) = pending(cluster) {
        found.push(format!("{request} is asked for already: flush that first"));
    }
    let bars = |obstacle: &Obstacle| {
        !matches!(
            obstacle,
            Obstacle::Lag { .. }
                | Obstacle::PositionUnknown
                | Obstacle::NotSynchronous
                | Obstacle::Votes { .. }
                | Obstacle::PrimaryAlive(_)
        )
    };
    let all = seen(cluster, now);
    match all.iter().find(|one| one.member == *candidate) {
        Some(one) => found.extend(against(one, bars).map(|why| format!("{candidate} cannot take over: {why}"))),
        None if cluster.lock_holder() == Some(candidate) => {}
        None => found.push(format!("no member is called {candidate}")),
    }
    found
}

fn restartable(cluster: &Cluster, member: &MemberName, only_pending: bool, later: bool) -> Vec<String> {
    let mut found: Vec<_> = reachable(cluster, member).into_iter().collect();
    if let Some(entry) = entry(cluster, member) {
        if only_pending && !later && !entry.pending_restart {
            found.push(format!("no setting of {member} waits for a restart"));
        }
        if let Some(at) = entry.scheduled_restart.as_ref().filter(|_| later) {
            found.push(format!("a restart of {member} is scheduled already, at {at}"));
        }
    }
    found
}

/// Only its own Patroni can do it.
pub(super) fn reachable(cluster: &Cluster, member: &MemberName) -> Option<String> {
    let Some(node) = cluster.targets.nodes.iter().find(|node| node.member == *member) else {
        return Some(format!("no member is called {member}"));
    };
    if node.rest.is_none() {
        return Some(format!("the address of Patroni's REST API of {member} is not known"));
    }
    let link = cluster.links.get(&SourceId::Patroni(member.clone()));
    let cause = link.and_then(|link| link.cause());
    cause.map(|cause| format!("Patroni of {member} does not answer: {cause}"))
}

fn edit(cluster: &Cluster, version: Option<i32>, changes: usize) -> Vec<String> {
    let mut found = Vec::new();
    if changes == 0 {
        found.push("nothing is changed".to_owned());
    }
    let current = cluster.snapshot().and_then(|dcs| dcs.node("config"));
    if let (Some(version), Some(current)) = (version, current)
        && version != current.stat.version
    {
        found.push(format!(
            "the configuration was changed meanwhile: version {} instead of {version}",
            current.stat.version
        ));
    }
    found
}

fn server_of<'a>(cluster: &'a Cluster, proxy: &str, pool: &str, server: &str) -> Option<&'a ProxyServer> {
    let (_, known) = cluster.proxies.iter().find(|(name, _)| name.as_str() == proxy)?;
    let pool = known.value.pools.iter().find(|one| one.name == pool)?;
    pool.servers.iter().find(|one| one.name == server)
}

fn handover(cluster: &Cluster, leader: &MemberName, candidate: Option<&MemberName>, now: Timestamp) -> Vec<String> {
    let mut lines = vec![format!(
        "{leader} is shut down cleanly and follows afterwards; sessions on it end. Nothing committed is lost."
    )];
    let able: Vec<String> = seen(cluster, now)
        .iter()
        .filter(|one| against(one, |_| true).next().is_none())
        .map(|one| one.member.to_string())
        .collect();
    if candidate.is_none() && !able.is_empty() {
        lines.push(format!("Patroni chooses among {}.", able.join(", ")));
    }
    lines.extend(candidate.and_then(|name| loss(cluster, name, now)));
    lines.extend(expected(cluster, now));
    lines
}

fn failover(cluster: &Cluster, candidate: &MemberName, now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    match cluster.lock_holder() {
        Some(leader) => lines.push(format!(
            "{leader} leads: a switchover is the way that loses nothing; a failover does not wait for {candidate} to \
             have everything."
        )),
        None => lines.push(format!("Nobody leads: {candidate} is promoted as it is.")),
    }
    lines.extend(loss(cluster, candidate, now));
    lines.extend(expected(cluster, now));
    lines
}

/// What stands against a candidate that Patroni promotes all the same.
fn loss(cluster: &Cluster, name: &MemberName, now: Timestamp) -> Option<String> {
    let all = seen(cluster, now);
    let obstacles = all.iter().find(|one| one.member == *name)?.verdict.as_ref().err()?;
    let serious = obstacles
        .iter()
        .filter(|obstacle| !matches!(obstacle, Obstacle::Paused | Obstacle::Requested(_)));
    let texts: Vec<String> = serious.map(ToString::to_string).collect();
    (!texts.is_empty()).then(|| format!("Against {name}: {}. Writes may be lost.", texts.join("; ")))
}

pub(super) fn expected(cluster: &Cluster, now: Timestamp) -> Option<String> {
    let predicted = predict(&Hit::Leader, Fault::Requested, &Timing::of(cluster, now))?;
    Some(format!("Predicted: no writes for {}.", predicted.total.text()))
}

fn restart(cluster: &Cluster, member: &MemberName, now: Timestamp) -> Vec<String> {
    if cluster.lock_holder() == Some(member) {
        return vec![
            format!("{member} is the leader: clients cannot write until it is up again, and their sessions end."),
            "Where a start takes longer than primary_start_timeout another one takes over.".to_owned(),
        ];
    }
    let mut lines = vec![format!("{member} is a standby: its sessions end, the leader goes on.")];
    lines.extend(alone(cluster, member, now));
    lines
}

fn reinitialise(cluster: &Cluster, member: &MemberName, now: Timestamp) -> Vec<String> {
    let mut lines = vec![format!(
        "All data of {member} is removed and copied anew from the cluster; until then it cannot be used."
    )];
    lines.extend(alone(cluster, member, now));
    lines
}

/// Who else could take over meanwhile.
fn alone(cluster: &Cluster, member: &MemberName, now: Timestamp) -> Option<String> {
    let able: Vec<_> = seen(cluster, now)
        .into_iter()
        .filter(|one| one.verdict.is_ok())
        .collect();
    let counts = able.iter().any(|one| one.member == *member);
    let others = able.len() - usize::from(counts);
    match others {
        0 => Some("Meanwhile nobody can take over.".to_owned()),
        _ if !counts => None,
        others => Some(format!("Meanwhile {} can take over.", several(others, "other standby"))),
    }
}
