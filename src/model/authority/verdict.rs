//! The verdict over the four opinions, worst first.

use super::super::cluster::Cluster;
use super::super::container::{Container, ContainerState};
use super::super::dcs::PatroniRole;
use super::super::link::{Cause, LinkState, SourceId};
use super::super::name::MemberName;
use super::super::postgres::SqlRole;
use super::super::time::Timestamp;
use super::{Opinion, Says, Verdict, silent_proxy, why_silent};

pub(super) fn verdict(
    cluster: &Cluster,
    now: Timestamp,
    store: &Opinion,
    patroni: &Opinion,
    sql: &Opinion,
    proxy: &Opinion,
) -> Verdict {
    if let (Says::Several(primaries), false) = (&sql.says, sql.stale) {
        return Verdict::Disagree(format!("TWO PRIMARIES accept writes: {}", list(primaries)));
    }
    if store.stale || matches!(store.says, Says::Unknown(_)) {
        return without_store(cluster, store, sql);
    }
    let Says::Leader(holder) = &store.says else {
        return match sql.leader().or(patroni.leader()) {
            Some(member) => Verdict::Disagree(format!("lock is free, {member} still runs as primary")),
            None => Verdict::NoLeader,
        };
    };
    of_postgres(cluster, now, holder, sql)
        .or_else(|| of_patroni(cluster, now, holder, patroni))
        .or_else(|| of_proxy(cluster, now, holder, proxy))
        .unwrap_or_else(|| {
            let agree = [patroni, sql, proxy].iter().any(|opinion| opinion.leader().is_some());
            if agree || (follows_another(cluster, holder) && !matches!(sql.says, Says::Unknown(_))) {
                Verdict::Agree(holder.clone())
            } else {
                Verdict::Unknown(format!("only ZooKeeper answers: lock held by {holder}"))
            }
        })
}

fn list(members: &[MemberName]) -> String {
    let names: Vec<_> = members.iter().map(MemberName::as_str).collect();
    names.join(", ")
}

/// A standby cluster's leader is in recovery itself.
fn follows_another(cluster: &Cluster, holder: &MemberName) -> bool {
    let member = cluster.snapshot().and_then(|dcs| dcs.member(holder));
    member.is_some_and(|member| member.role == PatroniRole::StandbyLeader)
}

fn without_store(cluster: &Cluster, store: &Opinion, sql: &Opinion) -> Verdict {
    let cause = match &store.says {
        Says::Unknown(why) => why.clone(),
        _ => why_silent(cluster, &SourceId::ZooKeeper),
    };
    Verdict::Unknown(match (sql.leader(), &sql.says) {
        (Some(member), _) => format!("ZooKeeper: {cause}; {member} accepts writes"),
        (None, Says::Nobody) if !sql.stale => format!("ZooKeeper: {cause}; nobody accepts writes"),
        _ => format!("ZooKeeper: {cause}"),
    })
}

fn of_postgres(cluster: &Cluster, now: Timestamp, holder: &MemberName, sql: &Opinion) -> Option<Verdict> {
    if let Some(why) = why_down(cluster, now, holder) {
        let other = sql.leader().filter(|member| *member != holder);
        let other = other
            .map(|member| format!("; {member} accepts writes"))
            .unwrap_or_default();
        return Some(Verdict::Disagree(format!("lock held by {holder}, which {why}{other}")));
    }
    match &sql.says {
        _ if sql.stale => Some(Verdict::Unknown("PostgreSQL does not answer on any member".to_owned())),
        Says::Leader(member) if member != holder => Some(Verdict::Disagree(format!(
            "lock held by {holder}, but {member} accepts writes"
        ))),
        Says::Nobody if follows_another(cluster, holder) => None,
        Says::Nobody => Some(match cluster.fresh_sql(holder, now).map(|sql| (sql, &sql.role)) {
            Some((sql, SqlRole::Standby(_))) if cluster.fell_back(sql) => {
                Verdict::Disagree(format!("{holder} has the lock and restarted as a standby"))
            }
            Some((_, SqlRole::Standby(_))) => {
                Verdict::Disagree(format!("{holder} has the lock and is not promoted yet"))
            }
            Some((_, SqlRole::Primary { .. })) => Verdict::Disagree(format!("{holder} has the lock and is read-only")),
            None => Verdict::Unknown(format!("PostgreSQL of {holder}, which holds the lock, is not readable")),
        }),
        _ => None,
    }
}

/// Why the holder of the lock cannot serve: Docker's word first, then that of its PostgreSQL.
fn why_down(cluster: &Cluster, now: Timestamp, holder: &MemberName) -> Option<String> {
    let container = cluster.container_of(holder).filter(|container| !container.is_running());
    if let Some(Container { state, oom_killed, .. }) = container {
        return Some(match state {
            ContainerState::Exited { code } if *oom_killed => format!("is down (exited {code}, out of memory)"),
            ContainerState::Exited { code } => format!("is down (exited {code})"),
            ContainerState::Paused => "is paused".to_owned(),
            ContainerState::Restarting => "is restarting".to_owned(),
            _ => "is not running".to_owned(),
        });
    }
    if cluster.fresh_sql(holder, now).is_some() {
        return None;
    }
    match cluster
        .links
        .get(&SourceId::Postgres(holder.clone()))
        .and_then(LinkState::cause)?
    {
        // It answers, only not to us; or it is not known whether it does.
        Cause::Rejected(_) | Cause::Garbled(_) => None,
        Cause::Starting => Some("is starting up".to_owned()),
        Cause::ShuttingDown => Some("is shutting down".to_owned()),
        cause => Some(format!("does not answer ({cause})")),
    }
}

fn of_patroni(cluster: &Cluster, now: Timestamp, holder: &MemberName, patroni: &Opinion) -> Option<Verdict> {
    match &patroni.says {
        _ if patroni.stale => Some(Verdict::Unknown("Patroni does not answer on any member".to_owned())),
        Says::Leader(member) if member != holder => Some(Verdict::Disagree(format!(
            "lock held by {holder}, Patroni of {member} says it leads"
        ))),
        Says::Several(members) => Some(Verdict::Disagree(format!("Patroni says it leads on {}", list(members)))),
        // One that is not readable does not count.
        Says::Nobody if cluster.fresh_rest(holder, now).is_none() => None,
        Says::Nobody => Some(Verdict::Disagree(format!(
            "lock held by {holder}, its Patroni does not say so"
        ))),
        Says::Leader(_) | Says::Unknown(_) => None,
    }
}

fn of_proxy(cluster: &Cluster, now: Timestamp, holder: &MemberName, proxy: &Opinion) -> Option<Verdict> {
    if let Some((name, cause)) = silent_proxy(cluster, now) {
        return Some(Verdict::Unknown(format!("HAProxy {name}: {cause}")));
    }
    match &proxy.says {
        Says::Leader(member) if member != holder => Some(Verdict::Disagree(format!(
            "{holder} leads, HAProxy sends writes to {member}"
        ))),
        Says::Several(members) => Some(Verdict::Disagree(format!("HAProxy sends writes to {}", list(members)))),
        Says::Nobody => Some(Verdict::Disagree(format!(
            "{holder} leads, HAProxy has no server for writes"
        ))),
        Says::Leader(_) | Says::Unknown(_) => None,
    }
}
