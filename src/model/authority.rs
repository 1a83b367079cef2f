//! Who leads, asked of the four that can know: ZooKeeper's lock, Patroni, PostgreSQL, HAProxy. Their disagreement is
//! the alarm.
//!
//! Pure. Only a fresh answer can make agreement: after a kill ZooKeeper names the dead leader until its session expires.

mod verdict;

use super::cluster::{Cluster, Freshness, STALE_AFTER};
use super::dcs::PatroniRole;
use super::link::{LinkState, SourceId};
use super::name::{ContainerName, MemberName, ProxyName};
use super::proxy::{Pool, ProxyServer, ProxySnapshot};
use super::time::Timestamp;

/// The four opinions and what follows from them.
#[derive(Clone, Debug, PartialEq)]
pub struct Authorities {
    /// Who holds the lock.
    pub store: Opinion,
    /// Which Patroni says that it leads.
    pub patroni: Opinion,
    /// Who accepts writes.
    pub sql: Opinion,
    /// Where HAProxy sends writes.
    pub proxy: Opinion,
    /// What follows.
    pub verdict: Verdict,
}

/// What one of them says.
#[derive(Clone, Debug, PartialEq)]
pub struct Opinion {
    /// What.
    pub says: Says,
    /// When that was last known to be true, if it is stale.
    pub as_of: Option<Timestamp>,
    /// It may not be true any more.
    pub stale: bool,
}

/// Who leads, in the eyes of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// This one.
    Leader(MemberName),
    /// More than one.
    Several(Vec<MemberName>),
    /// None of those that answer.
    Nobody,
    /// It cannot be asked, and why.
    Unknown(String),
}

/// What follows from all four; the texts fit 60 columns with names of usual length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// All that can be asked name this one.
    Agree(MemberName),
    /// They contradict each other: this is how.
    Disagree(String),
    /// The lock is free and nobody accepts writes.
    NoLeader,
    /// Too little is known: this is missing.
    Unknown(String),
}

impl Opinion {
    fn fresh(says: Says) -> Self {
        Self {
            says,
            as_of: None,
            stale: false,
        }
    }

    fn unknown(why: impl Into<String>) -> Self {
        Self::fresh(Says::Unknown(why.into()))
    }

    /// It can be asked, and its answer is fresh.
    pub fn is_heard(&self) -> bool {
        !self.stale && !matches!(self.says, Says::Unknown(_))
    }

    /// Who leads, if it is one and the answer is fresh.
    pub fn leader(&self) -> Option<&MemberName> {
        match &self.says {
            Says::Leader(member) if !self.stale => Some(member),
            _ => None,
        }
    }
}

impl Says {
    fn of(mut members: Vec<MemberName>) -> Self {
        members.sort();
        members.dedup();
        match members.as_slice() {
            [] => Self::Nobody,
            [one] => Self::Leader(one.clone()),
            _ => Self::Several(members),
        }
    }
}

/// The four and the verdict.
pub fn authorities(cluster: &Cluster, now: Timestamp) -> Authorities {
    let (store, patroni) = (store(cluster, now), patroni(cluster, now));
    let (sql, proxy) = (sql(cluster, now), proxy(cluster, now));
    let verdict = verdict::verdict(cluster, now, &store, &patroni, &sql, &proxy);
    Authorities {
        store,
        patroni,
        sql,
        proxy,
        verdict,
    }
}

fn store(cluster: &Cluster, now: Timestamp) -> Opinion {
    let Some(dcs) = cluster.snapshot() else {
        return Opinion::unknown(why_silent(cluster, &SourceId::ZooKeeper));
    };
    let says = Says::of(dcs.leader.iter().map(|lock| lock.holder.clone()).collect());
    aged(says, cluster.freshness(&SourceId::ZooKeeper, now))
}

/// Asks every answer of one kind: the fresh ones if there are any, else those that came last. An older one says nothing:
/// a leader that was stopped before another took over answered as leader to the end.
fn poll<T>(
    answers: &[(MemberName, Freshness, T)],
    claims: impl Fn(&T) -> bool,
    silent: impl FnOnce() -> String,
) -> Opinion {
    let name = |(name, _, _): &(MemberName, Freshness, T)| name.clone();
    let is_fresh = |(_, freshness, _): &&(MemberName, Freshness, T)| freshness.is_fresh();
    if answers.iter().any(|answer| is_fresh(&answer)) {
        let claim = answers.iter().filter(is_fresh).filter(|(_, _, answer)| claims(answer));
        return Opinion::fresh(Says::of(claim.map(name).collect()));
    }
    let newest = answers.iter().filter_map(|(_, freshness, _)| match freshness {
        Freshness::Stale { since } => Some(*since),
        Freshness::Fresh | Freshness::Never => None,
    });
    match newest.max() {
        None => Opinion::unknown(silent()),
        Some(since) => {
            let last = |freshness: &Freshness| matches!(freshness, Freshness::Stale { since: at } if since.since(*at) <= STALE_AFTER);
            let claim = answers
                .iter()
                .filter(|(_, freshness, answer)| last(freshness) && claims(answer));
            aged(Says::of(claim.map(name).collect()), Freshness::Stale { since })
        }
    }
}

fn patroni(cluster: &Cluster, now: Timestamp) -> Opinion {
    let answers: Vec<_> = cluster
        .rest
        .iter()
        .map(|(member, known)| {
            let freshness = cluster.freshness(&SourceId::Patroni(member.clone()), now);
            (member.clone(), freshness, &known.value)
        })
        .collect();
    let leads = [PatroniRole::Primary, PatroniRole::StandbyLeader, PatroniRole::Promoted];
    poll(
        &answers,
        |rest| rest.has_lock || leads.contains(&rest.role),
        || "REST not reachable".to_owned(),
    )
}

fn sql(cluster: &Cluster, now: Timestamp) -> Opinion {
    let answers: Vec<_> = cluster
        .sql
        .iter()
        .map(|(member, known)| {
            let freshness = cluster.freshness(&SourceId::Postgres(member.clone()), now);
            (member.clone(), freshness, &known.value)
        })
        .collect();
    poll(
        &answers,
        |sql| sql.is_writable(),
        || {
            let mut nodes = cluster.targets.nodes.iter();
            let first = nodes.find_map(|node| cluster.links.get(&SourceId::Postgres(node.member.clone()))?.cause());
            first.map_or_else(|| "not read yet".to_owned(), ToString::to_string)
        },
    )
}

fn proxy(cluster: &Cluster, now: Timestamp) -> Opinion {
    let pools: Vec<_> = cluster
        .proxies
        .iter()
        .filter_map(|(name, known)| {
            let freshness = cluster.freshness(&SourceId::Proxy(name.clone()), now);
            Some((freshness, write_pool(&known.value)?))
        })
        .collect();
    let to = |wanted: fn(Freshness) -> bool| {
        let pools = pools.iter().filter(|(freshness, _)| wanted(*freshness));
        let served = pools.flat_map(|(_, pool)| &pool.servers);
        let served = served.filter(|server| server.status.takes_connections());
        Says::of(served.map(|server| member_behind(cluster, server)).collect())
    };
    if pools.iter().any(|(freshness, _)| freshness.is_fresh()) {
        return Opinion::fresh(to(Freshness::is_fresh));
    }
    let newest = pools.iter().filter_map(|(freshness, _)| match freshness {
        Freshness::Stale { since } => Some(*since),
        Freshness::Fresh | Freshness::Never => None,
    });
    if let Some(since) = newest.max() {
        return aged(to(|_| true), Freshness::Stale { since });
    }
    match cluster.targets.proxies.first() {
        None => Opinion::unknown("no HAProxy"),
        Some(_) if !cluster.proxies.is_empty() => Opinion::unknown("no pool for writes"),
        Some(proxy) => Opinion::unknown(why_silent(cluster, &SourceId::Proxy(proxy.name.clone()))),
    }
}

fn aged(says: Says, freshness: Freshness) -> Opinion {
    match freshness {
        Freshness::Fresh | Freshness::Never => Opinion::fresh(says),
        Freshness::Stale { since } => Opinion {
            says,
            as_of: Some(since),
            stale: true,
        },
    }
}

fn why_silent(cluster: &Cluster, source: &SourceId) -> String {
    let cause = cluster.links.get(source).and_then(LinkState::cause);
    cause.map_or_else(|| "not read yet".to_owned(), ToString::to_string)
}

/// The pool that takes writes: the one whose name says so, else the first that does not say otherwise.
pub fn write_pool(proxy: &ProxySnapshot) -> Option<&Pool> {
    let with_servers = proxy.pools.iter().filter(|pool| !pool.servers.is_empty());
    let ranked = with_servers.filter_map(|pool| Some((rank(&pool.name)?, pool)));
    ranked.min_by_key(|(rank, _)| *rank).map(|(_, pool)| pool)
}

/// How likely a pool of that name takes writes, 0 first; `None` for one that does not.
fn rank(name: &str) -> Option<usize> {
    const WRITES: [&str; 7] = ["primary", "master", "leader", "write", "rw", "postgres", "pg"];
    const OTHERS: [&str; 9] = [
        "replica",
        "standby",
        "slave",
        "secondary",
        "readonly",
        "read",
        "ro",
        "stats",
        "stat",
    ];
    let name = name.to_ascii_lowercase();
    let words: Vec<&str> = name.split(|c: char| !c.is_ascii_alphanumeric()).collect();
    // Two letters are a word of their own or nothing: "ro" is part of "production".
    let says = |word: &str| match word.len() {
        0..=4 => words.contains(&word),
        _ => name.contains(word),
    };
    let writes = WRITES.iter().position(|word| says(word));
    // "readwrite" says both: what it says of writes counts. "postgres_ro" does not take them.
    match writes {
        Some(at) if at < 4 => Some(at),
        _ if OTHERS.iter().any(|word| says(word)) => None,
        Some(at) => Some(at),
        None => Some(WRITES.len()),
    }
}

/// The member that a server of a proxy is: by name, by container, by address; its own name if it is none of ours.
pub fn member_behind(cluster: &Cluster, server: &ProxyServer) -> MemberName {
    let members = || cluster.snapshot().into_iter().flat_map(|dcs| &dcs.members);
    let address = server.address.as_deref().and_then(|address| address.rsplit_once(':'));
    let host = address.map(|(host, _)| host.trim_matches(['[', ']']));
    let hosts = [Some(server.name.as_str()), host];
    let by_name = members().find(|member| member.name.as_str().eq_ignore_ascii_case(&server.name));
    let by_host = || {
        let mut hosts = hosts.iter().flatten();
        hosts.find_map(|host| {
            let container = cluster
                .patroni_containers()
                .find(|container| container.answers_to(host));
            let member = || {
                members()
                    .find(|member| member.host() == Some(*host))
                    .map(|member| member.name.clone())
            };
            container.map(|container| cluster.member_in(container)).or_else(member)
        })
    };
    // `postgresql_pg-master_5432`, as Patroni's own template names them.
    let by_part = || members().find(|member| member.host().is_some_and(|host| server.name.contains(host)));
    by_name
        .map(|member| member.name.clone())
        .or_else(by_host)
        .or_else(|| by_part().map(|member| member.name.clone()))
        .unwrap_or_else(|| MemberName::from(server.name.as_str()))
}

/// The first proxy that does not answer and should: it did before, or its container is down. With its cause.
fn silent_proxy(cluster: &Cluster, now: Timestamp) -> Option<(&ProxyName, String)> {
    let names = cluster.targets.proxies.iter().map(|target| &target.name);
    let name = names.into_iter().find(|name| {
        let container = cluster.container(&ContainerName::from(name.as_str()));
        let missed = cluster.proxies.contains_key(name) || container.is_some_and(|container| !container.is_running());
        missed && !cluster.freshness(&SourceId::Proxy((*name).clone()), now).is_fresh()
    })?;
    Some((name, why_silent(cluster, &SourceId::Proxy(name.clone()))))
}

#[cfg(test)]
mod tests;
