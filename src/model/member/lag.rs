//! How far a standby is behind: the leader's position less the standby's, both asked directly where they answer.
//!
//! Patroni's own figure is left aside: both of its sides are up to one `loop_wait` old, and it does not see timelines.

use std::time::Duration;

use super::super::cluster::Cluster;
use super::super::postgres::{Standby, WalSender};
use super::super::time::Timestamp;
use super::super::wal::Lsn;
use super::{Lag, MemberRole, Sight};

pub(super) struct Lags {
    pub(super) receive: Lag,
    pub(super) replay: Lag,
    pub(super) estimated: bool,
    pub(super) time: Option<Duration>,
}

/// The leader's position, and whether it is only what Patroni last wrote to ZooKeeper.
fn head(cluster: &Cluster, now: Timestamp) -> Option<(Lsn, bool)> {
    let holder = cluster.lock_holder();
    let rest = || holder.and_then(|holder| cluster.fresh_rest(holder, now)?.location);
    let optime = || cluster.snapshot().and_then(|dcs| dcs.optime);
    cluster
        .written(now)
        .or_else(rest)
        .map(|lsn| (lsn, false))
        .or_else(|| optime().map(|lsn| (lsn, true)))
}

impl Sight<'_> {
    pub(super) fn lags(&self, role: MemberRole) -> Lags {
        let nothing = |lag| Lags {
            receive: lag,
            replay: lag,
            estimated: false,
            time: None,
        };
        if role.leads() || role == MemberRole::PrimaryWithoutLock || self.holds_lock() {
            return nothing(Lag::NotApplicable);
        }
        if self.is_diverged() {
            return nothing(Lag::Unknown);
        }
        let (received, replayed, own_estimated) = self.positions();
        let head = head(self.cluster, self.now);
        let behind = |own: Option<Lsn>| match (head, own) {
            (Some((head, _)), Some(own)) => Lag::Bytes(head.bytes_since(own)),
            _ => Lag::Unknown,
        };
        Lags {
            receive: behind(received),
            replay: behind(replayed),
            estimated: own_estimated || head.is_some_and(|(_, estimated)| estimated),
            time: self.standby().and_then(|standby| self.time_lag(standby)),
        }
    }

    pub(super) fn standby(&self) -> Option<&Standby> {
        self.sql?.standby()
    }

    /// Received and replayed position, and whether they come from ZooKeeper.
    fn positions(&self) -> (Option<Lsn>, Option<Lsn>, bool) {
        if let Some(standby) = self.standby() {
            return (standby.received.max(standby.replayed), standby.replayed, false);
        }
        if let Some(rest) = self.rest {
            return (rest.location.max(rest.replayed), rest.replayed, false);
        }
        let received = self.dcs.and_then(|member| member.receive_lsn.or(member.xlog_location));
        (received, self.dcs.and_then(|member| member.replay_lsn), true)
    }

    /// The leader's row about this standby.
    pub(super) fn walsender(&self) -> Option<&WalSender> {
        let leader = self.cluster.fresh_sql(self.cluster.lock_holder()?, self.now)?;
        leader
            .walsenders
            .seen()?
            .iter()
            .find(|sender| sender.name == *self.name)
    }

    /// The commit time of the last replayed transaction ages on an idle cluster too, so it counts only while there is
    /// something left to replay. No `replay_lag` of a row that streams is none.
    fn time_lag(&self, standby: &Standby) -> Option<Duration> {
        if standby.received.is_some() && standby.received > standby.replayed {
            return standby.replayed_commit.map(|commit| self.now.since(commit));
        }
        let sender = self.walsender();
        match sender.and_then(|sender| sender.replay_lag) {
            Some(lag) => Some(lag),
            None => (self.streams(standby) == Some(true)).then_some(Duration::ZERO),
        }
    }

    /// On a timeline that the leader does not have: it does not replicate, whatever its position is.
    pub(super) fn is_diverged(&self) -> bool {
        let leader = self.cluster.lock_holder().filter(|holder| *holder != self.name);
        let leaders = leader.and_then(|leader| Sight::new(self.cluster, leader, self.now).timeline());
        matches!((self.timeline(), leaders), (Some(own), Some(leaders)) if own > leaders)
    }
}
