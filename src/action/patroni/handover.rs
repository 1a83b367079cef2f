//! Another leader: switchover, failover, and the withdrawal of either.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::member::streams;
use super::request::Request;
use super::sight::Sight;
use super::{Operator, PROMPT, Seen, object};
use crate::model::dcs::{DcsSnapshot, FailoverRequest, PatroniRole};
use crate::model::name::MemberName;
use crate::model::operation::{Outcome, request};
use crate::model::time::Timestamp;
use crate::model::wal::Timeline;
use crate::net::zookeeper::write::{Unwritten, put};

/// A shutdown may have much to write, and the successor much to replay.
const HANDOVER: Duration = Duration::from_secs(120);

/// It may have to be rewound first.
pub(super) const FOLLOWS: Duration = Duration::from_secs(90);

impl Operator<'_> {
    pub(super) async fn switchover(
        &mut self,
        before: &Sight,
        leader: &MemberName,
        candidate: Option<&MemberName>,
        at: Option<Timestamp>,
    ) -> Result<Outcome, Outcome> {
        free(&before.dcs)?;
        let at = at.map(iso);
        let text = |name: &MemberName| Value::from(name.as_str());
        let body = object([
            ("leader", Some(text(leader))),
            ("candidate", candidate.map(text)),
            ("scheduled_at", at.clone().map(Value::from)),
        ]);
        // In the znode the candidate is called `member`.
        let znode = object([
            ("leader", Some(text(leader))),
            ("member", candidate.map(text)),
            ("scheduled_at", at.clone().map(Value::from)),
        ]);
        let withdrawn = self.request(before, Request::post("/switchover", body), &znode).await?;
        let Some(at) = at else {
            let outcome = self.followed(before, candidate, withdrawn).await?;
            self.follows(leader).await?;
            return Ok(outcome);
        };
        let deadline = self.rounds(1);
        let seen = |sight: &Sight| match &sight.dcs.failover {
            Some(found) if due(found) == instant(&at) && found.leader.as_ref() == Some(leader) => {
                Seen::Yes((), request(&sight.dcs).unwrap_or_default())
            }
            _ => Seen::Not,
        };
        self.until("scheduled in ZooKeeper", &[], deadline, seen).await?;
        Ok(Outcome::Done(format!("Patroni begins it at {at}")))
    }

    pub(super) async fn failover(&mut self, before: &Sight, candidate: &MemberName) -> Result<Outcome, Outcome> {
        free(&before.dcs)?;
        let body = json!({ "candidate": candidate.as_str() });
        let znode = json!({ "member": candidate.as_str() });
        let withdrawn = self.request(before, Request::post("/failover", body), &znode).await?;
        self.followed(before, Some(candidate), withdrawn).await
    }

    pub(super) async fn flush_switchover(&mut self, before: &Sight) -> Result<Outcome, Outcome> {
        let Some(pending) = request(&before.dcs) else {
            return Err(Outcome::Refused("no switchover is asked for".to_owned()));
        };
        // Over REST Patroni withdraws only what is scheduled.
        let scheduled = before.dcs.failover.as_ref().is_some_and(|it| it.scheduled_at.is_some());
        let to = if scheduled {
            self.anybody(&before.dcs)
        } else {
            Vec::new()
        };
        let teller = self.teller.clone();
        teller.step("withdrawn", self.withdraw(before, &to)).await?;
        let deadline = self.rounds(1);
        self.until("gone from ZooKeeper", &[], deadline, |sight| {
            match request(&sight.dcs) {
                None => Seen::Yes((), String::new()),
                Some(_) => Seen::Not,
            }
        })
        .await?;
        Ok(Outcome::Done(format!("{pending} is withdrawn")))
    }

    async fn withdraw(&mut self, before: &Sight, members: &[MemberName]) -> Result<((), String), Outcome> {
        match self.reach(members).await {
            Ok(to) => {
                let request = Request::delete("/switchover");
                let words = self.ask(&to, &request).await?;
                Ok(((), format!("{}: {words}", request.to(&to.0))))
            }
            Err(why) => {
                self.write_request(before, &json!({})).await?;
                Ok(((), in_the_znode(&why)))
            }
        }
    }

    /// Asks Patroni, or, where none is reached, writes `znode`. Whether a request that is gone again without a change of
    /// leader was refused: then only the znode tells.
    async fn request(&mut self, before: &Sight, request: Request, znode: &Value) -> Result<bool, Outcome> {
        let teller = self.teller.clone();
        let asking = async {
            match self.reach(&self.anybody(&before.dcs)).await {
                Ok(to) => {
                    let detail = request.to(&to.0);
                    // Patroni answers when it is through, after two rounds (of 10 s at least) at most.
                    let patience = self.plan.loop_wait.max(PROMPT) * 2 + PROMPT;
                    self.begin(to, request, patience);
                    Ok((false, detail))
                }
                Err(why) => {
                    self.write_request(before, znode).await?;
                    Ok((true, in_the_znode(&why)))
                }
            }
        };
        teller.step("asked for", asking).await
    }

    /// Writes the `failover` znode if nobody else did since it was read.
    async fn write_request(&mut self, before: &Sight, znode: &Value) -> Result<(), Outcome> {
        let version = before.dcs.node("failover").map(|node| node.stat.version);
        let (path, like) = (self.eyes.path("failover"), self.eyes.path("config"));
        let session = self.eyes.session().await;
        let client = &session
            .map_err(|cause| Outcome::Refused(format!("ZooKeeper does not answer: {cause}")))?
            .client;
        match put(client, &path, znode.to_string().as_bytes(), version, &like).await {
            Ok(_) => Ok(()),
            Err(Unwritten::Changed) => Err(self.somebody_else().await),
            Err(Unwritten::Forbidden) => Err(Outcome::Refused(format!(
                "ZooKeeper does not let us write {path}: ask through Patroni's REST API"
            ))),
            Err(Unwritten::Failed(cause)) => Err(Outcome::Refused(format!("{path} is not written: {cause}"))),
            Err(Unwritten::Lost(cause)) => Err(Outcome::Unconfirmed(format!("{path} may be written: {cause}"))),
        }
    }

    /// What is in the way now.
    async fn somebody_else(&mut self) -> Outcome {
        let now = self.eyes.look(&[]).await.ok();
        let now = now.and_then(|sight| request(&sight.dcs));
        Outcome::Conflict(match now {
            Some(other) => format!("somebody else asked meanwhile for {other}"),
            None => "somebody else wrote the failover znode meanwhile".to_owned(),
        })
    }

    /// Waits until the old leader is a standby of the new one: only then is the redundancy back.
    async fn follows(&mut self, leader: &MemberName) -> Result<(), Outcome> {
        let name = format!("{leader} follows");
        let deadline = Instant::now() + FOLLOWS + self.plan.loop_wait * 2;
        let members = [leader.clone()];
        let seen = |sight: &Sight| {
            if streams(sight, leader) {
                Seen::Yes((), "streams".to_owned())
            } else {
                Seen::Not
            }
        };
        self.until(&name, &members, deadline, seen)
            .await
            .map_err(|outcome| match outcome {
                Outcome::Unconfirmed(why) => {
                    Outcome::Unconfirmed(format!("another one leads, and {leader} does not follow: {why}"))
                }
                other => other,
            })
    }

    /// Watches the lock change hands until the new leader is promoted.
    async fn followed(
        &mut self,
        before: &Sight,
        candidate: Option<&MemberName>,
        only_znode_tells: bool,
    ) -> Result<Outcome, Outcome> {
        let deadline = Instant::now() + HANDOVER + self.plan.loop_wait * 2;
        let old = before.dcs.leader.as_ref().map(|lock| (lock.holder.clone(), lock.czxid));
        if let Some((leader, czxid)) = old.clone() {
            let name = format!("lock released by {leader}");
            self.until(&name, &[], deadline, |sight| match &sight.dcs.leader {
                Some(lock) if lock.czxid == czxid => {
                    if only_znode_tells && request(&sight.dcs).is_none() {
                        let why = "Patroni took the request back without doing it; the log of its leader says why";
                        return Seen::Never(Outcome::Refused(why.to_owned()));
                    }
                    Seen::Not
                }
                _ => Seen::Yes((), String::new()),
            })
            .await?;
        }
        let czxid = old.as_ref().map(|(_, czxid)| *czxid);
        self.until("lock taken", &[], deadline, |sight| match &sight.dcs.leader {
            Some(lock) if Some(lock.czxid) != czxid => Seen::Yes((), lock.holder.to_string()),
            _ => Seen::Not,
        })
        .await?;
        let members: Vec<MemberName> = self.plan.rest.iter().map(|(member, _)| member.clone()).collect();
        let timeline = timeline(&before.dcs);
        let seen = |sight: &Sight| match promoted(sight, timeline) {
            Some((name, detail)) => Seen::Yes(name, detail),
            None => Seen::Not,
        };
        let new = self.until("promoted", &members, deadline, seen).await?;
        Ok(match (candidate, old) {
            (Some(wanted), _) if *wanted != new => Outcome::Unconfirmed(format!("{new} leads instead of {wanted}")),
            (None, Some((old, _))) if old == new => Outcome::Unconfirmed(format!("{new} leads again")),
            _ => Outcome::Done(format!("{new} leads")),
        })
    }
}

fn in_the_znode(why: &str) -> String {
    if why.is_empty() {
        "in ZooKeeper".to_owned()
    } else {
        format!("in ZooKeeper ({why})")
    }
}

/// Nothing is asked for yet: Patroni would forget the older request.
fn free(dcs: &DcsSnapshot) -> Result<(), Outcome> {
    match request(dcs) {
        None => Ok(()),
        Some(other) => Err(Outcome::Conflict(format!(
            "{other} is asked for already: flush that first"
        ))),
    }
}

/// The cluster's timeline before.
fn timeline(dcs: &DcsSnapshot) -> Timeline {
    let leader = dcs.leader.as_ref().and_then(|lock| dcs.member(&lock.holder));
    dcs.timeline()
        .max(leader.and_then(|leader| leader.timeline).unwrap_or(Timeline(0)))
}

/// The holder of the lock, once it is a primary on a later timeline (or leads a standby cluster): by its own word, else
/// as its Patroni wrote.
fn promoted(sight: &Sight, before: Timeline) -> Option<(MemberName, String)> {
    let holder = &sight.dcs.leader.as_ref()?.holder;
    let own = sight.rest.get(holder).map(|status| (&status.role, status.timeline));
    let written = sight.dcs.member(holder).map(|entry| (&entry.role, entry.timeline));
    let (role, timeline) = own.or(written)?;
    match (role, timeline) {
        (PatroniRole::Primary, Some(timeline)) if timeline > before => {
            Some((holder.clone(), format!("{holder}, timeline {timeline}")))
        }
        (PatroniRole::StandbyLeader, _) => Some((holder.clone(), format!("{holder}, leader of a standby cluster"))),
        _ => None,
    }
}

/// As Patroni reads it: with a zone.
pub(super) fn iso(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

fn instant(text: &str) -> Option<jiff::Timestamp> {
    text.parse().ok()
}

fn due(request: &FailoverRequest) -> Option<jiff::Timestamp> {
    instant(request.scheduled_at.as_deref()?)
}
