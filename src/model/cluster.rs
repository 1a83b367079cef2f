//! Everything that is known about one cluster: the last snapshot of every source, and how each source can be reached.
//!
//! Pure; [`Cluster::apply`] is its only transition and answers with the [`Fact`]s that follow from it.

mod containers;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::clock::Step;
use super::container::{Container, Usage};
use super::dcs::{DcsMember, DcsSnapshot, SyncState};
use super::fact::{Fact, FactKind, Memory};
use super::link::{Known, LinkState, SourceId};
use super::log::{Level, LogLine};
use super::name::{ContainerName, MemberName, ProxyName};
use super::patroni::RestStatus;
use super::postgres::SqlStatus;
use super::probe::Probe;
use super::proxy::ProxySnapshot;
use super::signal::{Report, Signal};
use super::store::StoreHealth;
use super::time::Timestamp;
use super::topology::Targets;
use super::wal::Lsn;

/// A polled value older than this is stale even if no call failed since: the source hangs.
pub const STALE_AFTER: Duration = Duration::from_secs(3);

/// Breaks in time that are kept.
const STEPS: usize = 16;

/// The last known values. An outage never empties them: see [`Cluster::freshness`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Cluster {
    /// The scope that is shown, once one is chosen or read.
    pub scope: Option<String>,
    /// Scopes that exist in ZooKeeper, while none was chosen.
    pub scopes: Vec<String>,
    /// Patroni's znodes.
    pub dcs: Option<Known<DcsSnapshot>>,
    /// The ZooKeeper servers.
    pub store: Option<Known<StoreHealth>>,
    /// Each member's PostgreSQL.
    pub sql: BTreeMap<MemberName, Known<SqlStatus>>,
    /// Each member's Patroni.
    pub rest: BTreeMap<MemberName, Known<RestStatus>>,
    /// Each HAProxy.
    pub proxies: BTreeMap<ProxyName, Known<ProxySnapshot>>,
    /// Every container of the daemon; [`Cluster::ours`] are those of this cluster.
    pub containers: Option<Known<Vec<Container>>>,
    /// What each running container uses.
    pub usage: BTreeMap<ContainerName, Known<Usage>>,
    /// What clients see.
    pub probe: Probe,
    /// Breaks in time of this run, the last ones.
    pub steps: Vec<Step>,
    /// The way to each source.
    #[serde(with = "super::pairs")]
    pub links: BTreeMap<SourceId, LinkState>,
    /// What is read now, as last given to [`Cluster::forget`].
    pub targets: Targets,
    /// What finding changes needs beside the snapshots.
    pub memory: Memory,
}

/// Whether a value still describes the present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// There is no value yet.
    Never,
    /// It does.
    Fresh,
    /// It was true last at `since`.
    Stale {
        /// Last instant at which it is known to have been true.
        since: Timestamp,
    },
}

impl Freshness {
    /// True for a value that describes the present.
    pub fn is_fresh(self) -> bool {
        self == Self::Fresh
    }
}

impl Cluster {
    /// Takes in a signal; log lines are not its business. Gives what changed, oldest first.
    pub fn apply(&mut self, signal: Signal, now: Timestamp) -> Vec<Fact> {
        let mut facts = self.memory.overdue(now);
        match signal {
            Signal::Report { source, at, report } => self.report(source, at, report, &mut facts),
            Signal::Link { source, state } => self.link(source, state, now, &mut facts),
            Signal::Container(event) => {
                if self.is_ours(&event.name) {
                    facts.extend(self.memory.container_event(&event, now));
                }
            }
            Signal::Probe(news) => facts.extend(self.probe.take(news, now)),
            Signal::ClockStepped(step) => {
                let spare = (self.steps.len() + 1).saturating_sub(STEPS);
                self.steps.drain(..spare);
                self.steps.push(step);
                facts.push(Fact {
                    seen: now,
                    kind: FactKind::ClockStepped(step),
                    ..Fact::ours(step.at, None, String::new())
                });
            }
            Signal::Logs(_) | Signal::OlderLogs { .. } | Signal::LogGap { .. } => {}
        }
        facts.sort_by_key(|fact| fact.at);
        facts
    }

    /// Takes in a line of a log, as far as it tells what no source does: a PostgreSQL that cannot write to its disk may
    /// not even get as far as to refuse a connection.
    pub fn overhear(&mut self, line: &LogLine) {
        if line.level >= Level::Error
            && super::fact::says_disk_full(&line.text)
            && let Some(container) = self.container(&line.container)
            && container.is_patroni()
        {
            let member = self.member_in(container);
            self.memory.disk_is_full(member, line.at);
        }
    }

    /// Keeps only what belongs to these targets, so that a member that was removed does not stay on the screen.
    pub fn forget(&mut self, keep: &Targets) {
        let node = |member: &MemberName| keep.nodes.iter().find(|node| node.member == *member);
        let has_sql = |member: &MemberName| node(member).is_some_and(|node| node.postgres.is_some());
        let has_rest = |member: &MemberName| node(member).is_some_and(|node| node.rest.is_some());
        let has_proxy = |proxy: &ProxyName| keep.proxies.iter().any(|target| target.name == *proxy);
        self.sql.retain(|member, _| has_sql(member));
        self.rest.retain(|member, _| has_rest(member));
        self.proxies.retain(|proxy, _| has_proxy(proxy));
        self.usage.retain(|container, _| keep.containers.contains(container));
        self.links.retain(|source, _| match source {
            SourceId::Docker | SourceId::Probe => true,
            SourceId::ZooKeeper => keep.store.is_some(),
            SourceId::Postgres(member) => has_sql(member),
            SourceId::Patroni(member) => has_rest(member),
            SourceId::Proxy(proxy) => has_proxy(proxy),
        });
        self.memory.forget(&self.links);
        self.targets = keep.clone();
        self.meet_containers();
        self.note_homes();
    }

    /// Whether what `source` said last is still true. Watched sources (ZooKeeper, Docker) are fresh while their link
    /// is up; polled ones also have to answer every [`STALE_AFTER`].
    pub fn freshness(&self, source: &SourceId, now: Timestamp) -> Freshness {
        let link = self.links.get(source);
        let up = link.is_some_and(LinkState::is_up);
        let watched = |at: Timestamp| match link {
            Some(LinkState::Up { .. }) => Freshness::Fresh,
            Some(LinkState::Down { since, .. }) => Freshness::Stale { since: at.max(*since) },
            Some(LinkState::Connecting) | None => Freshness::Stale { since: at },
        };
        let polled = |at: Timestamp| {
            if up && now.since(at) <= STALE_AFTER {
                Freshness::Fresh
            } else {
                Freshness::Stale { since: at }
            }
        };
        match source {
            SourceId::Docker => self.containers.as_ref().map(|known| watched(known.at)),
            SourceId::Probe => self.probe.run.as_ref().map(|run| watched(run.began)),
            SourceId::ZooKeeper => self.dcs.as_ref().map(|known| watched(known.at)),
            SourceId::Postgres(member) => self.sql.get(member).map(|known| polled(known.at)),
            SourceId::Patroni(member) => self.rest.get(member).map(|known| polled(known.at)),
            SourceId::Proxy(proxy) => self.proxies.get(proxy).map(|known| polled(known.at)),
        }
        .unwrap_or(Freshness::Never)
    }

    /// The wall clock was set during this run: since then stamps of others do not fit ours. The last time that was.
    pub fn clock_set(&self) -> Option<&Step> {
        self.steps.iter().rfind(|step| step.lasts())
    }

    /// The last znodes, fresh or not.
    pub fn snapshot(&self) -> Option<&DcsSnapshot> {
        self.dcs.as_ref().map(|known| &known.value)
    }

    /// What a member's PostgreSQL says, if that is fresh.
    pub fn fresh_sql(&self, member: &MemberName, now: Timestamp) -> Option<&SqlStatus> {
        let fresh = self.freshness(&SourceId::Postgres(member.clone()), now).is_fresh();
        self.sql.get(member).filter(|_| fresh).map(|known| &known.value)
    }

    /// What a member's Patroni says, if that is fresh.
    pub fn fresh_rest(&self, member: &MemberName, now: Timestamp) -> Option<&RestStatus> {
        let fresh = self.freshness(&SourceId::Patroni(member.clone()), now).is_fresh();
        self.rest.get(member).filter(|_| fresh).map(|known| &known.value)
    }

    /// Who holds the lock by the last znodes, fresh or not.
    pub fn lock_holder(&self) -> Option<&MemberName> {
        self.snapshot()?.leader.as_ref().map(|lock| &lock.holder)
    }

    /// How far the leader's log goes, as its PostgreSQL says now.
    pub fn written(&self, now: Timestamp) -> Option<Lsn> {
        self.fresh_sql(self.lock_holder()?, now)?.current()
    }

    /// Whether the holder of the lock, a standby by `sql`, was started after it took the lock: it is no new leader on its
    /// way up, but one that Patroni demoted or that crashed. By the clocks of two servers, which may differ.
    pub fn fell_back(&self, sql: &SqlStatus) -> bool {
        let lock = self.snapshot().and_then(|dcs| dcs.leader.as_ref());
        lock.zip(sql.started)
            .is_some_and(|(lock, started)| started > lock.since)
    }

    fn is_ours(&self, name: &ContainerName) -> bool {
        self.targets.containers.contains(name)
    }

    fn link(&mut self, source: SourceId, state: LinkState, now: Timestamp, facts: &mut Vec<Fact>) {
        let answered = match &source {
            SourceId::Postgres(member) => self.sql.get(member).map(|known| known.at),
            SourceId::Patroni(member) => self.rest.get(member).map(|known| known.at),
            SourceId::Proxy(proxy) => self.proxies.get(proxy).map(|known| known.at),
            SourceId::Docker | SourceId::ZooKeeper | SourceId::Probe => None,
        };
        facts.extend(self.memory.link(&source, &state, answered, now));
        if let (SourceId::Postgres(member), LinkState::Down { .. }) = (&source, &state) {
            facts.extend(self.memory.deposed(member, now));
        }
        self.links.insert(source, state);
    }

    fn report(&mut self, source: SourceId, at: Timestamp, report: Report, facts: &mut Vec<Fact>) {
        match (report, source) {
            (Report::Containers(new), _) => {
                for container in &new {
                    if self.is_ours(&container.name) {
                        facts.extend(self.memory.container_listed(container, at));
                    }
                }
                self.containers = Some(Known { value: new, at });
                self.note_homes();
            }
            (Report::Usage(all), _) => {
                let known = |(name, value)| (name, Known { value, at });
                self.usage = all.into_iter().map(known).collect();
            }
            (Report::Scopes(scopes), _) => self.scopes = scopes,
            (Report::Dcs(new), _) => {
                facts.extend(self.memory.dcs(self.dcs.as_ref().map(|known| &known.value), &new, at));
                if self.scope.is_none() {
                    self.scope = new.root.rsplit('/').next().map(str::to_owned);
                }
                self.dcs = Some(Known { value: *new, at });
                self.note_homes();
            }
            (Report::Store(value), _) => self.store = Some(Known { value, at }),
            (Report::Sql(value), SourceId::Postgres(member)) => {
                let old = self.sql.get(&member);
                facts.extend(self.memory.sql(&member, old, &value, at));
                self.memory.moved(&member, value.standby(), self.written(at), at);
                self.sql.insert(member, Known { value: *value, at });
            }
            (Report::Rest(value), SourceId::Patroni(member)) => {
                let old = self.rest.get(&member);
                facts.extend(super::fact::rest(&member, old, &value, at));
                let home = self.container_of(&member).map(|container| container.name.clone());
                let named = value.name.clone().filter(|name| *name != member);
                self.memory.settle(named.zip(home));
                self.rest.insert(member, Known { value: *value, at });
            }
            (Report::Proxy(value), SourceId::Proxy(proxy)) => {
                if let Some(old) = self.proxies.get(&proxy) {
                    facts.extend(super::fact::proxy(&proxy, old, &value, at));
                }
                self.proxies.insert(proxy, Known { value, at });
            }
            // A source that reports as somebody else: nothing can be made of it.
            (Report::Sql(_) | Report::Rest(_) | Report::Proxy(_), _) => {}
        }
    }

    /// Lets the memory know of containers that became ours only now, so that their next change is one.
    fn meet_containers(&mut self) {
        let Some(known) = &self.containers else { return };
        for container in &known.value {
            if self.is_ours(&container.name) {
                self.memory.container_met(container, known.at);
            }
        }
    }

    /// Remembers where each member lives, for the time when ZooKeeper has forgotten it.
    fn note_homes(&mut self) {
        let Some(dcs) = &self.dcs else { return };
        let mut homes = Vec::new();
        for member in &dcs.value.members {
            let lives = |container: &&Container| member.host().is_some_and(|host| container.answers_to(host));
            if let Some(container) = self.ours().find(lives) {
                homes.push((member.name.clone(), container.name.clone()));
            }
        }
        self.memory.settle(homes);
    }
}

impl SyncState {
    /// True if it names this member as a synchronous standby; Patroni compares without regard to case.
    pub fn lists(&self, member: &MemberName) -> bool {
        self.standbys
            .iter()
            .any(|standby| standby.as_str().eq_ignore_ascii_case(member.as_str()))
    }
}

impl DcsMember {
    /// The host part of its connect address.
    pub fn host(&self) -> Option<&str> {
        self.connect.as_ref().map(|(host, _)| host.as_str())
    }
}
