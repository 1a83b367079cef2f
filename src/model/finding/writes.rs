//! What stands between clients and their writes: primaries, commits, HAProxy.

use super::super::authority::{member_behind, write_pool};
use super::super::container::Container;
use super::super::name::{MemberName, ProxyName};
use super::super::postgres::{Privileged, SqlRole, SqlStatus};
use super::super::proxy::{Pool, ProxyServer, ProxySnapshot};
use super::{Finding, Kind, View, Weight, list};

pub(super) fn findings(view: &View<'_>) -> Vec<Finding> {
    let mut all: Vec<Finding> = [two_primaries(view), commits_wait(view), no_sync_standby(view)]
        .into_iter()
        .flatten()
        .collect();
    for (name, proxy) in view.proxies() {
        for pool in proxy.pools.iter().filter(|pool| !pool.servers.is_empty()) {
            all.extend(no_server(view, name, pool, is_for_writes(proxy, pool)));
            all.extend(ghost_servers(view, pool));
            all.extend(full(name, pool));
        }
        all.extend(
            write_pool(proxy)
                .into_iter()
                .flat_map(|pool| read_only_routed(view, pool)),
        );
    }
    all
}

fn is_for_writes(proxy: &ProxySnapshot, pool: &Pool) -> bool {
    write_pool(proxy).is_some_and(|writes| writes.name == pool.name)
}

fn two_primaries(view: &View<'_>) -> Option<Finding> {
    let writable = |name: &&MemberName| view.sql(name).is_some_and(SqlStatus::is_writable);
    let primaries: Vec<&MemberName> = view.cluster.sql.keys().filter(writable).collect();
    let wrong = || primaries.iter().find(|name| Some(**name) != view.holder());
    (primaries.len() > 1).then(|| Finding {
        kind: Kind::TwoPrimaries,
        weight: Weight::Alarm,
        what: format!("{} accept writes at once", list(primaries.iter().copied())),
        cause: "One of them was frozen or cut off while the other took over, or runs without its Patroni. What is \
                written to the one without the lock is thrown away when it joins again."
            .to_owned(),
        advice: match (view.holder(), wrong()) {
            (Some(holder), Some(wrong)) => format!(
                "{holder} has the lock. Its Patroni demotes {wrong} within a second if it lives; if it does not, stop \
                 {wrong}, and save what only it has before it is rewound."
            ),
            _ => "Nobody holds the lock: stop one of them, and save what only it has before it is rewound.".to_owned(),
        },
        since: None,
    })
}

/// PostgreSQL waits for a standby that it names and that does not stream.
pub(super) fn commits_wait(view: &View<'_>) -> Option<Finding> {
    let (leader, sql) = view.leader()?;
    let Privileged::Seen(senders) = &sql.walsenders else {
        return None;
    };
    let serves = |state: &str| matches!(state, "sync" | "quorum");
    let lax = sql
        .settings
        .iter()
        .any(|(name, value)| name == "synchronous_commit" && matches!(value.as_str(), "off" | "local"));
    if sql.synchronous_standby_names.is_empty() || lax || senders.iter().any(|sender| serves(&sender.sync_state)) {
        return None;
    }
    let strict = view
        .dcs?
        .config
        .as_ref()
        .is_some_and(|config| config.synchronous_mode_strict);
    let advice = if strict {
        "Start a standby, or set synchronous_mode_strict to false: then writes go on without one. A write that a client \
         gave up may be committed all the same."
    } else {
        "Patroni takes a lost standby out of synchronous_standby_names in its next round, at most loop_wait later. If it \
         does not, nobody but an administrator set that name: start a standby that bears it, or clear it."
    };
    Some(Finding {
        kind: Kind::CommitsWait,
        weight: Weight::Alarm,
        what: format!("commits on {leader} wait: there is no synchronous standby"),
        cause: format!(
            "synchronous_standby_names is {}{}, and no such standby streams. The leader and the way to it are well.",
            sql.synchronous_standby_names,
            if strict { " (synchronous_mode_strict)" } else { "" }
        ),
        advice: advice.to_owned(),
        since: None,
    })
}

fn no_sync_standby(view: &View<'_>) -> Option<Finding> {
    let dcs = view.dcs?;
    let config = dcs.config.as_ref()?;
    let sync = dcs.sync.as_ref().filter(|sync| sync.leader.is_some())?;
    (config.synchronous_mode && sync.standbys.is_empty()).then(|| Finding {
        kind: Kind::NoSyncStandby,
        weight: Weight::Warning,
        what: "synchronous mode without a synchronous standby".to_owned(),
        cause: "Patroni lists nobody in /sync: no standby streams, or all bear the tag nosync.".to_owned(),
        advice: format!(
            "Start a standby. Until then only {} may lead: if it is lost, nobody takes over.",
            list(&sync.leader)
        ),
        since: dcs.node("sync").map(|node| node.stat.modified),
    })
}

fn no_server(view: &View<'_>, proxy: &ProxyName, pool: &Pool, writes: bool) -> Option<Finding> {
    if pool.servers.iter().any(|server| server.status.takes_connections()) {
        return None;
    }
    let checks: Vec<String> = pool.servers.iter().map(check).collect();
    let leader = view.leader().filter(|_| writes);
    let of_leader = leader.and_then(|(leader, _)| {
        let mut servers = pool.servers.iter();
        servers.find(|server| member_behind(view.cluster, server) == *leader)
    });
    let advice = match (leader, of_leader) {
        (None, _) if writes => "No member leads: HAProxy has a server again once one does.".to_owned(),
        (None, _) => "No member fits this pool: start one.".to_owned(),
        (Some((leader, _)), None) => format!("None of its servers is {leader}, which leads: add it."),
        (Some((leader, _)), Some(server)) => format!("{leader} leads. {}", by_check(server)),
    };
    let since = pool.backend.as_ref().and_then(|backend| backend.since_change);
    Some(Finding {
        kind: Kind::NoServer,
        weight: if writes { Weight::Alarm } else { Weight::Warning },
        what: format!("HAProxy {proxy}, pool {}: no server available", pool.name),
        cause: format!("Clients are sent away at once. Last checks: {}.", checks.join(", ")),
        advice,
        since: since.map(|since| view.now.minus(since)),
    })
}

/// The listening socket goes on taking connections, which nobody answers: clients see a timeout, no refusal.
fn full(proxy: &ProxyName, pool: &Pool) -> Option<Finding> {
    let entry = pool.entry.as_ref().filter(|entry| entry.is_full())?;
    let at_servers: u64 = pool.servers.iter().map(|server| server.sessions).sum();
    Some(Finding {
        kind: Kind::Full,
        weight: Weight::Alarm,
        what: format!(
            "HAProxy {proxy}, {} is full: {} of {} sessions",
            pool.name,
            entry.sessions,
            entry.limit.unwrap_or_default()
        ),
        cause: format!(
            "Who connects now waits until somebody leaves. {at_servers} of the sessions are at a server; the others wait for \
             one, or belong to clients that gave up."
        ),
        advice: "Raise maxconn, let clients share connections, or restart HAProxy if it keeps dead ones.".to_owned(),
        since: None,
    })
}

/// `pg-master L7STS/503`.
fn check(server: &ProxyServer) -> String {
    let code = server.check_code.map_or_else(String::new, |code| format!("/{code}"));
    let check = server.check.as_deref().unwrap_or("no check");
    format!("{} {check}{code}", server.name)
}

/// What the last check of a server says that should be in use.
fn by_check(server: &ProxyServer) -> &'static str {
    match server.check.as_deref() {
        Some("L7OK") => "Its checks succeed: it is in use after rise of them.",
        Some("L7STS") => {
            "Its Patroni answers and refuses: it has lost ZooKeeper, or the check asks for another path than /primary."
        }
        Some("L7TOUT") => "Its Patroni takes the check and does not answer: it hangs or is frozen.",
        Some("L4CON") => {
            "Nothing listens where HAProxy checks: look at the check port, and where Patroni's REST listens."
        }
        Some("L4TOUT") => "HAProxy does not reach it: look at its address, which HAProxy may know from its own start.",
        _ => "Look at its checks.",
    }
}

fn read_only_routed(view: &View<'_>, pool: &Pool) -> Vec<Finding> {
    let served = pool.servers.iter().filter(|server| server.status.takes_connections());
    let routed = served.filter_map(|server| {
        let member = member_behind(view.cluster, server);
        let sql = view.sql(&member).filter(|sql| !sql.is_writable())?;
        let how = match sql.role {
            SqlRole::Standby(_) => "in recovery",
            SqlRole::Primary { .. } => "read-only by default",
        };
        Some(Finding {
            kind: Kind::ReadOnlyRouted,
            weight: Weight::Alarm,
            what: format!("HAProxy sends writes to {member}, which is read-only ({how})"),
            cause:
                "For a moment after a change of leader that is normal: the old server leaves after fall failed checks, \
                    and Patroni answers for the new one from the lock on, before it is promoted."
                    .to_owned(),
            advice:
                "Clients get SQLSTATE 25006 and may try again. If it stays, look at the check of that pool: it has to \
                     ask Patroni for /primary and expect 200."
                    .to_owned(),
            since: None,
        })
    });
    routed.collect()
}

/// Servers that are down and that nobody knows, beside others that are known.
fn ghost_servers(view: &View<'_>, pool: &Pool) -> Vec<Finding> {
    // A container that is down may be the one, under a name that it has not told yet.
    let all_run = view.cluster.patroni_containers().all(Container::is_running);
    if view.dcs.is_none() || !view.docker_answers() || !all_run {
        return Vec::new();
    }
    let known = |server: &&ProxyServer| {
        let member = member_behind(view.cluster, server);
        view.members.iter().any(|one| one.name == member)
    };
    if !pool.servers.iter().any(|server| known(&server)) {
        return Vec::new();
    }
    let down = pool.servers.iter().filter(|server| !server.status.takes_connections());
    let ghosts = down.filter(|server| !known(server)).map(|server| Finding {
        kind: Kind::GhostServer,
        weight: Weight::Warning,
        what: format!("HAProxy's server {} in pool {} is no member", server.name, pool.name),
        cause: format!(
            "Its checks fail ({}), and neither ZooKeeper nor Docker knows it.",
            check(server)
        ),
        advice: "Take it out of HAProxy's configuration, or start the member that it was made for.".to_owned(),
        since: server.since_change.map(|since| view.now.minus(since)),
    });
    ghosts.collect()
}
