//! What is remembered between snapshots, because no single pair of them shows it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::dcs::DcsMember;
use super::super::link::{LinkState, SourceId};
use super::super::name::{ContainerName, MemberName};
use super::super::postgres::Standby;
use super::super::time::Timestamp;
use super::super::wal::{Lsn, Timeline};
use super::container::Life;
use super::link::Reach;
use super::primaries::Primaries;
use super::{Ending, Fact, FactKind, SourceKind, Standstill};

/// A member znode that vanishes is gone only after this long: Patroni up to 3.1 deletes and writes it anew in place, and
/// a clean stop writes it once more from a new session.
pub(super) const RETURN: Duration = Duration::from_secs(2);

/// Without another word of it for so long, a disk is taken to have room again: PostgreSQL tries every few seconds.
const FULL: Duration = Duration::from_secs(20);

/// Opaque to all but the comparisons.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// Who held the lock last.
    pub(super) last_holder: Option<MemberName>,
    /// Members that vanished, and when: not yet told.
    pub(super) departed: BTreeMap<MemberName, (DcsMember, Timestamp)>,
    /// Last timeline that came from an exact source.
    pub(super) timelines: BTreeMap<MemberName, Timeline>,
    /// The last thing that was told about the way to a source.
    #[serde(with = "super::super::pairs")]
    pub(super) reach: BTreeMap<SourceId, Reach>,
    /// What Docker last said about each container.
    pub(super) lives: BTreeMap<ContainerName, Life>,
    /// When ZooKeeper answered again after an outage.
    pub(super) store_back: Option<Timestamp>,
    /// Who answers as primary.
    pub(super) primaries: Primaries,
    homes: BTreeMap<MemberName, ContainerName>,
    standstills: BTreeMap<MemberName, Standstill>,
    /// First and last time that a member's PostgreSQL spoke of a full disk.
    full_disks: BTreeMap<MemberName, (Timestamp, Timestamp)>,
}

impl Memory {
    /// The container in which a member was last seen to live.
    pub fn home(&self, member: &MemberName) -> Option<&ContainerName> {
        self.homes.get(member)
    }

    /// Every member that was ever seen to live in a container, with that container.
    pub fn homes(&self) -> impl Iterator<Item = (&MemberName, &ContainerName)> {
        self.homes.iter()
    }

    /// Who held the lock last, even if it is free now.
    pub fn last_holder(&self) -> Option<&MemberName> {
        self.last_holder.as_ref()
    }

    /// Since when a container is paused: Docker's time, or when it was first seen so, which is later.
    pub fn paused_since(&self, container: &ContainerName) -> Option<Timestamp> {
        self.lives.get(container).and_then(Life::paused_since)
    }

    /// How a container came to its last end, as far as Docker was seen to do it.
    pub fn ending(&self, container: &ContainerName) -> Ending {
        self.lives.get(container).map_or(Ending::Plain, Life::ending)
    }

    /// When ZooKeeper answered again after an outage, if there was one.
    pub fn store_back(&self) -> Option<Timestamp> {
        self.store_back
    }

    /// Since when a standby stands still, by its answers so far.
    pub fn standstill(&self, member: &MemberName) -> Standstill {
        self.standstills.get(member).copied().unwrap_or_default()
    }

    /// Since when a member's PostgreSQL says that its disk is full, if it said so lately. In between it says other things:
    /// it crashes and starts, or goes on without what it could not write.
    pub fn disk_full_since(&self, member: &MemberName, now: Timestamp) -> Option<Timestamp> {
        let (since, last) = self.full_disks.get(member)?;
        (now.since(*last) < FULL).then_some(*since)
    }

    /// A member's PostgreSQL says that its disk is full.
    pub(in crate::model) fn disk_is_full(&mut self, member: MemberName, at: Timestamp) {
        let (since, last) = self.full_disks.entry(member).or_insert((at, at));
        if at.since(*last) >= FULL {
            *since = at;
        }
        *last = at.max(*last);
    }

    /// A member's next answer: of a standby its positions and that of its leader, if that is known now.
    pub(in crate::model) fn moved(
        &mut self,
        member: &MemberName,
        standby: Option<&Standby>,
        head: Option<Lsn>,
        at: Timestamp,
    ) {
        match standby {
            Some(standby) => {
                let next = self.standstill(member).after(standby, head, at);
                self.standstills.insert(member.clone(), next);
            }
            None => drop(self.standstills.remove(member)),
        }
    }

    /// A member's PostgreSQL does not answer: it is no primary that anybody could write to.
    pub(in crate::model) fn deposed(&mut self, member: &MemberName, now: Timestamp) -> Option<Fact> {
        self.primaries.silence(member, now, now)
    }

    /// What is told only some time after it was heard: members whose znode stayed away for [`RETURN`], and containers
    /// that left a network and went on.
    pub(in crate::model) fn overdue(&mut self, now: Timestamp) -> Vec<Fact> {
        let late = |gone: &Timestamp| now.since(*gone) > RETURN;
        let told: Vec<_> = self
            .departed
            .iter()
            .filter(|(_, (_, gone))| late(gone))
            .map(|(member, (_, gone))| Fact {
                at: *gone,
                seen: now,
                after: None,
                source: SourceKind::ZooKeeper,
                subject: Some(member.to_string()),
                kind: FactKind::MemberGone,
            })
            .collect();
        self.departed.retain(|_, (_, gone)| !late(gone));
        told.into_iter().chain(self.cut_off(now)).collect()
    }

    pub(in crate::model) fn settle(&mut self, homes: impl IntoIterator<Item = (MemberName, ContainerName)>) {
        self.homes.extend(homes);
    }

    pub(in crate::model) fn forget(&mut self, links: &BTreeMap<SourceId, LinkState>) {
        self.reach.retain(|source, _| links.contains_key(source));
        let has_sql = |member: &MemberName| links.contains_key(&SourceId::Postgres(member.clone()));
        self.standstills.retain(|member, _| has_sql(member));
        self.full_disks.retain(|member, _| has_sql(member));
        self.primaries
            .forget(|member| links.contains_key(&SourceId::Postgres(member.clone())));
    }
}
