//! A member's state in a word or two: the truest of Docker, SQL, REST and ZooKeeper, in this order.

use super::super::container::{Container, ContainerState};
use super::super::link::{Cause, LinkState, SourceId};
use super::super::postgres::{Privileged, SqlRole, SqlStatus, Standby};
use super::{Condition, MemberRole, Sight};

impl Sight<'_> {
    pub(super) fn state(&self, role: MemberRole) -> (String, Condition) {
        if let Some(container) = self.not_running() {
            return of_container(container);
        }
        if let Some(sql) = self.sql {
            return self.of_sql(sql, role);
        }
        let (postgres, patroni) = (
            SourceId::Postgres(self.name.clone()),
            SourceId::Patroni(self.name.clone()),
        );
        let cause = self.cluster.links.get(&postgres).and_then(LinkState::cause);
        match cause {
            Some(Cause::Starting) => return ("starting".to_owned(), Condition::Changing),
            Some(Cause::ShuttingDown) => return ("stopping".to_owned(), Condition::Changing),
            _ => {}
        }
        if let Some(rest) = self.rest {
            return of_words(&rest.state, rest.replication_state.as_deref());
        }
        // Where PostgreSQL itself is asked, the silence of its Patroni says nothing of it.
        let asked = self.cluster.links.contains_key(&postgres);
        let by_patroni = || self.cluster.links.get(&patroni).and_then(LinkState::cause);
        let silent = cause.or_else(|| by_patroni().filter(|_| !asked));
        match silent {
            Some(Cause::Refused) => ("refused".to_owned(), Condition::Down),
            Some(Cause::Unreachable(_)) => ("unreachable".to_owned(), Condition::Down),
            Some(Cause::Timeout(_) | Cause::Closed | Cause::Other(_)) => ("no answer".to_owned(), Condition::Down),
            _ if self.cluster.sql.contains_key(self.name) || self.cluster.rest.contains_key(self.name) => {
                ("no answer".to_owned(), Condition::Down)
            }
            _ => match self.dcs {
                Some(member) => of_words(&member.state, member.replication_state.as_deref()),
                None => ("unknown".to_owned(), Condition::Unknown),
            },
        }
    }

    fn of_sql(&self, sql: &SqlStatus, role: MemberRole) -> (String, Condition) {
        let (word, condition) = match &sql.role {
            SqlRole::Primary { .. } if sql.read_only_default => ("read-only", Condition::Impaired),
            SqlRole::Primary { .. } if role == MemberRole::PrimaryWithoutLock => ("running", Condition::Impaired),
            SqlRole::Primary { .. } => ("running", Condition::Well),
            SqlRole::Standby(_) if role == MemberRole::Leader && self.cluster.fell_back(sql) => {
                ("in recovery", Condition::Changing)
            }
            SqlRole::Standby(_) if role == MemberRole::Leader => ("promoting", Condition::Changing),
            SqlRole::Standby(standby) => match self.streams(standby) {
                Some(true) => ("streaming", Condition::Well),
                Some(false) => ("not streaming", Condition::Impaired),
                None => ("running", Condition::Well),
            },
        };
        (word.to_owned(), condition)
    }

    /// Whether a standby streams: by its walreceiver, else by the leader's walsender, else by its Patroni.
    pub(super) fn streams(&self, standby: &Standby) -> Option<bool> {
        if let Some(Privileged::Seen(receiver)) = &standby.receiver {
            return Some(receiver.as_ref().is_some_and(|receiver| receiver.status == "streaming"));
        }
        let sender = self.walsender().map(|sender| sender.state == "streaming");
        let patroni = || {
            let rest = self.rest.and_then(|rest| rest.replication_state.as_deref());
            let word = rest.or_else(|| self.dcs.and_then(|member| member.replication_state.as_deref()));
            word.map(|word| word == "streaming")
        };
        sender.or_else(patroni)
    }
}

fn of_container(container: &Container) -> (String, Condition) {
    match &container.state {
        ContainerState::Running => ("running".to_owned(), Condition::Well),
        ContainerState::Created => ("created".to_owned(), Condition::Down),
        ContainerState::Paused => ("paused".to_owned(), Condition::Down),
        ContainerState::Restarting => ("restarting".to_owned(), Condition::Changing),
        ContainerState::Exited { code } => (format!("exited {code}"), Condition::Down),
        ContainerState::Other(word) => (word.clone(), Condition::Down),
    }
}

/// Patroni's words, where neither Docker nor SQL tells more.
fn of_words(state: &str, replication: Option<&str>) -> (String, Condition) {
    let condition = match state {
        "running" => Condition::Well,
        "" | "unknown" => Condition::Unknown,
        "stopped" | "crashed" => Condition::Down,
        failed if failed.contains("failed") => Condition::Down,
        _ => Condition::Changing,
    };
    let word = match (state, replication) {
        ("running", Some(replication)) => replication,
        ("", _) => "unknown",
        _ => state,
    };
    (word.to_owned(), condition)
}
