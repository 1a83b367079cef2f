//! What is wrong now, why, and what to do about it: the confusions that operators of such clusters meet, found before
//! they are met.
//!
//! Pure. A finding is true of what was read: where a source is silent, nothing follows from its silence.
//!
//! To add one: a variant of [`Kind`], a function in the file below that looks at the same things, a case in the tests.

mod networks;
mod nodes;
mod progress;
mod resources;
mod rules;
mod writes;

use super::cluster::Cluster;
use super::dcs::DcsSnapshot;
use super::link::SourceId;
use super::member::{self, Member};
use super::name::{MemberName, ProxyName};
use super::postgres::SqlStatus;
use super::proxy::ProxySnapshot;
use super::time::Timestamp;

/// Something that is wrong, or will be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Which of those that are known.
    pub kind: Kind,
    /// How much it matters.
    pub weight: Weight,
    /// What is so, in a line.
    pub what: String,
    /// Why, as far as that is known.
    pub cause: String,
    /// What to do.
    pub advice: String,
    /// Since when at least, if that is known.
    pub since: Option<Timestamp>,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Weight {
    /// All is well, and will not be as expected.
    Hint,
    /// Something that should be there is not.
    Warning,
    /// Data is in danger, or clients cannot write.
    Alarm,
}

/// What can be found, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Several members accept writes.
    TwoPrimaries,
    /// Commits wait for a synchronous standby that is not there.
    CommitsWait,
    /// HAProxy sends writes to a member that is read-only.
    ReadOnlyRouted,
    /// HAProxy has no server for a pool.
    NoServer,
    /// HAProxy lets no more clients in.
    Full,
    /// The lock is held by a member that is dead.
    DeadHolder,
    /// Nobody has data, and ZooKeeper remembers some.
    NoData,
    /// A member's data is of another cluster.
    ForeignData,
    /// A member is on a timeline that the leader does not have.
    Diverged,
    /// ZooKeeper does not answer.
    StoreAway,
    /// A Patroni does not reach ZooKeeper, which we do.
    OutOfReach,
    /// A member's disk is full.
    DiskFull,
    /// A Patroni is silent, and its PostgreSQL is not.
    PatroniSilent,
    /// A member's container is off a network that it needs.
    CutOff,
    /// The leader stays by failsafe mode.
    Failsafe,
    /// Nobody could take over from the leader.
    NoSuccessor,
    /// A standby runs and does not stream.
    NotStreaming,
    /// A standby receives or replays nothing, although there is more.
    StandsStill,
    /// A standby is too far behind to take over.
    Lagging,
    /// Synchronous mode, and nobody is synchronous.
    NoSyncStandby,
    /// A server of the ensemble is away; the others are enough.
    ServerAway,
    /// Maintenance mode was left on.
    Paused,
    /// A container was killed.
    Killed,
    /// Writes take much longer than usual.
    SlowWrites,
    /// A container uses up its CPU limit.
    Throttled,
    /// A replication slot keeps WAL.
    SlotHolds,
    /// The wall clock was set while we watched.
    ClockSet,
    /// The lock belongs to another session than its holder.
    OldLock,
    /// A member is in ZooKeeper, and nothing runs it.
    GhostMember,
    /// HAProxy knows a server that no member stands behind.
    GhostServer,
    /// `loop_wait + 2 × retry_timeout` is more than the ttl.
    TimingRule,
    /// ZooKeeper does not give the session timeout that the ttl asks for.
    TtlClamped,
}

/// All that can be found now, the worst first.
pub fn findings(cluster: &Cluster, now: Timestamp) -> Vec<Finding> {
    let view = View::of(cluster, now);
    let mut all = writes::findings(&view);
    all.extend(networks::findings(&view));
    all.extend(nodes::findings(&view));
    all.extend(progress::findings(&view));
    all.extend(resources::findings(&view));
    all.extend(rules::findings(&view));
    all.sort_by(|one, other| (other.weight, one.kind, &one.what).cmp(&(one.weight, other.kind, &other.what)));
    all
}

/// Commits wait for a synchronous standby that is not there.
pub fn commits_wait(cluster: &Cluster, now: Timestamp) -> bool {
    writes::commits_wait(&View::of(cluster, now)).is_some()
}

/// What the checks look at.
struct View<'a> {
    cluster: &'a Cluster,
    now: Timestamp,
    members: Vec<Member>,
    /// The znodes, if ZooKeeper answers.
    dcs: Option<&'a DcsSnapshot>,
}

impl<'a> View<'a> {
    fn of(cluster: &'a Cluster, now: Timestamp) -> Self {
        let fresh = cluster.freshness(&SourceId::ZooKeeper, now).is_fresh();
        Self {
            cluster,
            now,
            members: member::members(cluster, now),
            dcs: cluster.snapshot().filter(|_| fresh),
        }
    }

    /// Who holds the lock, if ZooKeeper answers.
    fn holder(&self) -> Option<&'a MemberName> {
        self.dcs?.leader.as_ref().map(|lock| &lock.holder)
    }

    /// What a member's PostgreSQL says now.
    fn sql(&self, member: &MemberName) -> Option<&'a SqlStatus> {
        self.cluster.fresh_sql(member, self.now)
    }

    /// The holder of the lock and what its PostgreSQL says, if it accepts writes.
    fn leader(&self) -> Option<(&'a MemberName, &'a SqlStatus)> {
        let holder = self.holder()?;
        Some((holder, self.sql(holder).filter(|sql| sql.is_writable())?))
    }

    /// Those proxies that answer.
    fn proxies(&self) -> impl Iterator<Item = (&'a ProxyName, &'a ProxySnapshot)> + use<'a> {
        let (cluster, now) = (self.cluster, self.now);
        let fresh = move |name: &ProxyName| cluster.freshness(&SourceId::Proxy(name.clone()), now).is_fresh();
        let all = cluster.proxies.iter().filter(move |(name, _)| fresh(name));
        all.map(|(name, known)| (name, &known.value))
    }

    fn docker_answers(&self) -> bool {
        self.cluster.freshness(&SourceId::Docker, self.now).is_fresh()
    }
}

fn list<'a>(names: impl IntoIterator<Item = &'a MemberName>) -> String {
    names.into_iter().map(MemberName::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
