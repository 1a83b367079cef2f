//! What is wrong with a member, one sentence each.

use super::super::container::ContainerState;
use super::super::dcs::PatroniRole;
use super::super::fact::exit_text;
use super::super::link::{LinkState, SourceId};
use super::super::postgres::Privileged;
use super::{MemberRole, Sight};

impl Sight<'_> {
    pub(super) fn problems(&self, role: MemberRole) -> Vec<String> {
        [
            self.rogue(role),
            self.down(),
            self.foreign(),
            self.diverged(),
            self.detached(role),
            self.unreachable(),
            self.unregistered(),
            self.session(),
        ]
        .into_iter()
        .flatten()
        .chain(self.details())
        .collect()
    }

    fn rogue(&self, role: MemberRole) -> Option<String> {
        let holder = || match self.cluster.lock_holder() {
            Some(holder) => format!("it belongs to {holder}"),
            None => "it is free".to_owned(),
        };
        let claims = matches!(self.dcs?.role, PatroniRole::Primary | PatroniRole::Promoted);
        if role == MemberRole::PrimaryWithoutLock {
            Some(format!("is a primary without the lock: {}", holder()))
        } else if claims
            && self.store_fresh()
            && !self.holds_lock()
            && self.sql.is_none()
            && self.not_running().is_none()
        {
            Some(format!(
                "calls itself primary in ZooKeeper, without the lock: {}",
                holder()
            ))
        } else {
            None
        }
    }

    fn down(&self) -> Option<String> {
        let container = self.not_running()?;
        let how = match &container.state {
            ContainerState::Exited { code } if container.oom_killed => format!("exited {code} (out of memory)"),
            ContainerState::Exited { code } => exit_text(*code),
            ContainerState::Paused => "paused".to_owned(),
            _ => "not running".to_owned(),
        };
        let outlook = if !self.store_fresh() {
            return Some(format!("container {how}"));
        } else if self.holds_lock() {
            "and ZooKeeper still holds its lock"
        } else if self.dcs.is_some() {
            "a ghost in ZooKeeper until its session expires"
        } else {
            return Some(format!("container {how}"));
        };
        Some(format!("container {how}, {outlook}"))
    }

    fn foreign(&self) -> Option<String> {
        let own = self.sql.map(|sql| sql.system_id.as_str());
        let own = own.or_else(|| self.rest.and_then(|rest| rest.system_id.as_deref()))?;
        let cluster = self
            .cluster
            .snapshot()?
            .initialize
            .as_deref()
            .filter(|id| !id.is_empty())?;
        (own != cluster && !own.is_empty())
            .then(|| format!("belongs to another cluster: system identifier {own}, here {cluster}"))
    }

    fn diverged(&self) -> Option<String> {
        let leader = self.cluster.lock_holder()?;
        let leaders = Sight::new(self.cluster, leader, self.now).timeline()?;
        let own = self.timeline()?;
        self.is_diverged()
            .then(|| format!("diverged: on timeline {own}, leader on {leaders}; does not replicate"))
    }

    fn detached(&self, role: MemberRole) -> Option<String> {
        let standby = self.standby().filter(|_| !role.leads())?;
        let leader = self.cluster.lock_holder()?;
        let leader_runs = Sight::new(self.cluster, leader, self.now).is_primary();
        (leader_runs && self.streams(standby) == Some(false) && self.not_running().is_none())
            .then(|| format!("does not stream from {leader}"))
    }

    fn unreachable(&self) -> Option<String> {
        let link = self.cluster.links.get(&SourceId::Postgres(self.name.clone()));
        let cause = link.and_then(LinkState::cause)?;
        (self.not_running().is_none()).then(|| format!("PostgreSQL not readable: {cause}"))
    }

    fn unregistered(&self) -> Option<String> {
        (self.dcs.is_none() && self.store_fresh() && self.not_running().is_none())
            .then(|| "not in ZooKeeper".to_owned())
    }

    fn session(&self) -> Option<String> {
        let lock = self.cluster.snapshot()?.leader.as_ref()?;
        let member = self.dcs.filter(|_| self.holds_lock())?;
        (lock.session != member.session).then(|| "its lock belongs to an earlier session".to_owned())
    }

    fn details(&self) -> Vec<String> {
        let mut details = Vec::new();
        if let Some(standby) = self.standby() {
            if standby.replay_paused {
                details.push("replay is paused".to_owned());
            }
            if let Some(Privileged::Denied(grant)) = &standby.receiver {
                details.push(format!("walreceiver not visible: {grant}"));
            }
        }
        let Some(sql) = self.sql else { return details };
        if let (Privileged::Denied(grant), true) = (&sql.walsenders, self.is_primary()) {
            details.push(format!("walsenders not visible: {grant}"));
        }
        if sql.read_only_default && self.is_primary() {
            details.push("default_transaction_read_only is on".to_owned());
        }
        for slot in &sql.slots {
            if slot.wal_status.as_deref() == Some("lost") {
                details.push(format!("slot {} is lost: its standby needs a new copy", slot.name));
            }
        }
        details
    }
}
