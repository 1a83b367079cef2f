//! One member: restart, reload, reinitialise, and the withdrawal of a scheduled restart. Only its own Patroni can do that.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::handover::iso;
use super::request::Request;
use super::sight::Sight;
use super::{Operator, Seen, object};
use crate::model::dcs::{DcsSnapshot, PatroniRole};
use crate::model::name::MemberName;
use crate::model::operation::Outcome;
use crate::model::patroni::RestStatus;
use crate::model::prediction::is_before;
use crate::model::time::Timestamp;

/// Patroni gives a start `primary_start_timeout`, 300 s if it is not set, and the shutdown before it needs time too.
const RESTART: Duration = Duration::from_secs(360);
/// A copy of all data; how long depends on how much there is.
const COPY: Duration = Duration::from_secs(6 * 60 * 60);

impl Operator<'_> {
    pub(super) async fn restart(
        &mut self,
        before: &Sight,
        member: &MemberName,
        only_pending: bool,
        at: Option<Timestamp>,
    ) -> Result<Outcome, Outcome> {
        let to = self.itself(member).await?;
        let at = at.map(iso);
        let body = object([
            ("restart_pending", only_pending.then_some(Value::Bool(true))),
            ("schedule", at.clone().map(Value::from)),
        ]);
        let request = Request::post("/restart", body);
        let teller = self.teller.clone();
        if let Some(at) = at {
            let asking = async { Ok(((), self.ask(&to, &request).await?)) };
            teller.step(&request.to(member), asking).await?;
            let deadline = self.rounds(2);
            let scheduled = |dcs: &DcsSnapshot| dcs.member(member)?.scheduled_restart.clone();
            self.until("scheduled in ZooKeeper", &[], deadline, |sight| {
                match scheduled(&sight.dcs) {
                    Some(at) => Seen::Yes((), at),
                    None => Seen::Not,
                }
            })
            .await?;
            return Ok(Outcome::Done(format!("{member} restarts at {at}")));
        }
        let started = started(before, member)?;
        self.begin(to, request, RESTART);
        let members = [member.clone()];
        let deadline = Instant::now() + RESTART;
        let seen = |sight: &Sight| match sight.rest.get(member) {
            Some(status) if again(status, started.as_ref()) && status.state == "running" => {
                Seen::Yes((), status.started.clone().unwrap_or_default())
            }
            _ => Seen::Not,
        };
        self.until("PostgreSQL started anew", &members, deadline, seen).await?;
        Ok(Outcome::Done(format!("{member} runs again")))
    }

    pub(super) async fn reload(&mut self, member: &MemberName) -> Result<Outcome, Outcome> {
        let to = self.itself(member).await?;
        let request = Request::post("/reload", json!({}));
        let teller = self.teller.clone();
        let asking = async {
            let words = self.ask(&to, &request).await?;
            Ok((words.clone(), words))
        };
        let words = teller.step(&request.to(member), asking).await?;
        Ok(Outcome::Accepted(format!(
            "Patroni of {member}: {words}; it happens in its next round"
        )))
    }

    pub(super) async fn reinitialise(&mut self, before: &Sight, member: &MemberName) -> Result<Outcome, Outcome> {
        if before.dcs.leader.as_ref().is_some_and(|lock| lock.holder == *member) {
            return Err(Outcome::Refused(format!(
                "{member} is the leader: it cannot be made anew"
            )));
        }
        let to = self.itself(member).await?;
        // Where PostgreSQL does not run there is no start to compare with: then any is a new one.
        let started = before.rest.get(member).and_then(|status| status.started.clone());
        let request = Request::post("/reinitialize", json!({}));
        let teller = self.teller.clone();
        let asking = async { Ok(((), self.ask(&to, &request).await?)) };
        teller.step(&request.to(member), asking).await?;
        let members = [member.clone()];
        let deadline = Instant::now() + COPY;
        self.until("data removed", &members, deadline, |sight| {
            let entry = sight.dcs.member(member);
            let copying = entry.is_some_and(|entry| entry.state == "creating replica");
            let status = sight.rest.get(member);
            if copying || status.is_some_and(|status| status.state == "creating replica") {
                Seen::Yes((), "copying".to_owned())
            } else if status.is_some_and(|status| again(status, started.as_ref())) {
                Seen::Yes((), "copied already".to_owned())
            } else {
                Seen::Not
            }
        })
        .await?;
        self.until("streams again", &members, deadline, |sight| {
            let status = sight.rest.get(member).filter(|status| again(status, started.as_ref()));
            match status.filter(|_| streams(sight, member)) {
                Some(status) => Seen::Yes((), format!("started {}", status.started.as_deref().unwrap_or_default())),
                None => Seen::Not,
            }
        })
        .await?;
        Ok(Outcome::Done(format!("{member} is made anew and streams")))
    }

    pub(super) async fn flush_restart(&mut self, member: &MemberName) -> Result<Outcome, Outcome> {
        let to = self.itself(member).await?;
        let request = Request::delete("/restart");
        let teller = self.teller.clone();
        let asking = async { Ok(((), self.ask(&to, &request).await?)) };
        teller.step(&request.to(member), asking).await?;
        let deadline = self.rounds(2);
        self.until("gone from ZooKeeper", &[], deadline, |sight| {
            match sight.dcs.member(member) {
                Some(entry) if entry.scheduled_restart.is_none() => Seen::Yes((), String::new()),
                _ => Seen::Not,
            }
        })
        .await?;
        Ok(Outcome::Done(format!("no restart of {member} is scheduled any more")))
    }

    /// The way to the member's own Patroni.
    async fn itself(&self, member: &MemberName) -> Result<(MemberName, String), Outcome> {
        let reached = self.reach(std::slice::from_ref(member)).await;
        reached.map_err(|why| Outcome::Refused(format!("only its own Patroni can do it. {why}")))
    }
}

/// When its PostgreSQL was started the last time; nothing where it does not run.
pub(super) fn started(before: &Sight, member: &MemberName) -> Result<Option<String>, Outcome> {
    let status = before.rest.get(member).ok_or_else(|| {
        Outcome::Refused(format!(
            "Patroni of {member} does not say when PostgreSQL was started: a restart would not be seen"
        ))
    })?;
    Ok(status.started.clone())
}

/// Its PostgreSQL is not the one that was started then.
pub(super) fn again(status: &RestStatus, started: Option<&String>) -> bool {
    status.started.is_some() && status.started.as_ref() != started
}

/// It runs as a standby and streams, as its Patroni wrote, which comes last, and as it says itself where it is reached.
/// Patroni before 3.0.4 does not say whether it streams.
pub(super) fn streams(sight: &Sight, member: &MemberName) -> bool {
    let Some(entry) = sight.dcs.member(member) else {
        return false;
    };
    let state = entry.replication_state.as_deref();
    let silent = is_silent(entry.version.as_deref()) && entry.xlog_location.is_some();
    let written = entry.role == PatroniRole::Replica && entry.state == "running";
    let said = |status: &RestStatus| status.role == PatroniRole::Replica && status.state == "running";
    written && (state == Some("streaming") || silent) && sight.rest.get(member).is_none_or(said)
}

fn is_silent(version: Option<&str>) -> bool {
    version.is_some_and(|version| is_before(version, (3, 1)))
}
