//! Carries out operations of Patroni: through its REST API where a member is reached, else straight in ZooKeeper with the
//! version that was read, as `patronictl` falls back to.
//!
//! Whatever is asked for, what happened is read from ZooKeeper and from the members, never from Patroni's answer alone.
//! Without ZooKeeper nothing is done: neither what was confirmed nor the effect could be seen, and Patroni itself needs it.

pub mod document;
mod handover;
mod member;
mod request;
mod rolling;
mod settings;
mod sight;

use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::operation::Teller;
use crate::model::dcs::DcsSnapshot;
use crate::model::name::MemberName;
use crate::model::operation::{Operation, Outcome, Plan};
use crate::model::topology::StoreTarget;
use crate::net::http::{Answer, BasicAuth, Lost};

use document::Document;
use request::{Request, Verdict};
use sight::{Eyes, Sight};

/// Pause between two looks.
const LOOK: Duration = Duration::from_millis(250);
/// Deadline of a request that Patroni answers at once.
const PROMPT: Duration = Duration::from_secs(10);

/// Carries out `plan`; how it ended.
pub(super) async fn perform(plan: &Plan, login: Option<&BasicAuth>, teller: &Teller) -> Outcome {
    let Some(eyes) = plan.store.as_ref().and_then(|store| Eyes::of(store, &plan.rest)) else {
        return Outcome::Refused("no scope in ZooKeeper is known".to_owned());
    };
    let operator = Operator {
        plan,
        login,
        teller: teller.clone(),
        eyes,
        under_way: JoinSet::new(),
    };
    operator.run().await.unwrap_or_else(|outcome| outcome)
}

/// The dynamic configuration as it is in ZooKeeper.
///
/// # Errors
/// Why it cannot be read, for people.
pub async fn configuration(store: &StoreTarget) -> Result<Document, String> {
    let mut eyes = Eyes::of(store, &[]).ok_or("no scope in ZooKeeper is known")?;
    settings::read(&mut eyes).await
}

struct Operator<'a> {
    plan: &'a Plan,
    login: Option<&'a BasicAuth>,
    teller: Teller,
    eyes: Eyes,
    /// A request that Patroni answers when it is through.
    under_way: JoinSet<(MemberName, Result<Answer, Lost>)>,
}

/// What a look has shown.
enum Seen<T = ()> {
    /// Not yet there.
    Not,
    /// There, and how to say it.
    Yes(T, String),
    /// It will never be.
    Never(Outcome),
}

impl Operator<'_> {
    async fn run(mut self) -> Result<Outcome, Outcome> {
        let teller = self.teller.clone();
        let before = teller.step("as confirmed", self.confirm()).await?;
        match &self.plan.operation {
            Operation::Switchover { leader, candidate, at } => {
                self.switchover(&before, leader, candidate.as_ref(), *at).await
            }
            Operation::Failover { candidate } => self.failover(&before, candidate).await,
            Operation::FlushSwitchover => self.flush_switchover(&before).await,
            Operation::Restart {
                member,
                only_pending,
                at,
            } => self.restart(&before, member, *only_pending, *at).await,
            Operation::RollingRestart { leader, replicas } => self.rolling_restart(leader, replicas).await,
            Operation::Reload { member } => self.reload(member).await,
            Operation::Reinitialise { member } => self.reinitialise(&before, member).await,
            Operation::FlushRestart { member } => self.flush_restart(member).await,
            Operation::Pause => self.set_pause(true).await,
            Operation::Resume => self.set_pause(false).await,
            Operation::EditConfig { version, changes } => self.edit_config(*version, changes).await,
            Operation::SetServer { .. } => Err(Outcome::Refused("Patroni knows nothing of HAProxy".to_owned())),
        }
    }

    /// Looks whether the cluster still is what was confirmed.
    async fn confirm(&mut self) -> Result<(Sight, String), Outcome> {
        let members: Vec<MemberName> = self.plan.operation.member().into_iter().cloned().collect();
        let sight = self.eyes.look(&members).await.map_err(|cause| {
            Outcome::Refused(format!(
                "ZooKeeper does not answer ({cause}): what was confirmed cannot be seen"
            ))
        })?;
        match still_so(self.plan, &sight) {
            Ok(detail) => Ok((sight, detail)),
            Err(why) => Err(Outcome::Refused(why)),
        }
    }

    /// Waits until `seen` says yes, asking the Patroni of `members` too. An answer of Patroni that refuses ends it.
    async fn until<T>(
        &mut self,
        name: &str,
        members: &[MemberName],
        deadline: Instant,
        seen: impl Fn(&Sight) -> Seen<T>,
    ) -> Result<T, Outcome> {
        let teller = self.teller.clone();
        teller.step(name, self.watch(members, deadline, seen)).await
    }

    async fn watch<T>(
        &mut self,
        members: &[MemberName],
        deadline: Instant,
        seen: impl Fn(&Sight) -> Seen<T>,
    ) -> Result<(T, String), Outcome> {
        loop {
            let looked = self.eyes.look(members).await;
            match looked.as_ref().map(&seen) {
                Ok(Seen::Yes(found, detail)) => return Ok((found, detail)),
                Ok(Seen::Never(outcome)) => return Err(outcome),
                Ok(Seen::Not) | Err(_) => {}
            }
            // After the look: what was done by the time of the answer counts as done.
            if let Some(Ok((member, answer))) = self.under_way.try_join_next() {
                match request::verdict(&member, &answer) {
                    Verdict::Taken(_) | Verdict::Unknown(_) => {}
                    Verdict::Refused(outcome) => return Err(outcome),
                }
            }
            if Instant::now() >= deadline {
                let blind = looked.err();
                let why = blind.map_or_else(String::new, |cause| format!("; ZooKeeper does not answer: {cause}"));
                return Err(Outcome::Unconfirmed(format!(
                    "not seen in time; it may still come{why}"
                )));
            }
            sleep(LOOK).await;
        }
    }

    /// The Patroni to ask: the first of these that answers and is of the cluster that was confirmed; else why none.
    async fn reach(&self, members: &[MemberName]) -> Result<(MemberName, String), String> {
        let mut reasons = Vec::new();
        for member in members {
            let Some(url) = self.plan.rest_of(member) else {
                reasons.push(format!("no address of Patroni of {member} is known"));
                continue;
            };
            let status = sight::status(url).await;
            match status.map_err(|cause| cause.to_string()).and_then(|status| {
                let theirs = (status.system_id.as_ref(), status.name.as_ref());
                own(self.plan, member, theirs)
            }) {
                Ok(()) => return Ok((member.clone(), url.to_owned())),
                Err(why) => reasons.push(format!("Patroni of {member}: {why}")),
            }
        }
        Err(reasons.join("; "))
    }

    /// The members whose Patroni can take a request for the cluster, the leader first.
    fn anybody(&self, dcs: &DcsSnapshot) -> Vec<MemberName> {
        let leader = dcs.leader.as_ref().map(|lock| &lock.holder);
        let mut members: Vec<MemberName> = self.plan.rest.iter().map(|(member, _)| member.clone()).collect();
        members.sort_by_key(|member| Some(member) != leader);
        members
    }

    /// Sends a request that Patroni answers at once.
    async fn ask(&self, to: &(MemberName, String), request: &Request) -> Result<String, Outcome> {
        let (member, url) = to;
        let answer = request.send(url, self.login, PROMPT).await;
        match request::verdict(member, &answer) {
            Verdict::Taken(words) => Ok(words),
            Verdict::Refused(outcome) => Err(outcome),
            Verdict::Unknown(why) => Err(Outcome::Unconfirmed(why)),
        }
    }

    /// Sends a request whose answer comes when all is done; [`Operator::watch`] reads it.
    fn begin(&mut self, to: (MemberName, String), request: Request, deadline: Duration) {
        let login = self.login.cloned();
        let (member, url) = to;
        self.under_way.spawn(async move {
            let answer = request.send(&url, login.as_ref(), deadline).await;
            (member, answer)
        });
    }

    /// A few rounds of Patroni's loop from now.
    fn rounds(&self, count: u32) -> Instant {
        Instant::now() + self.plan.loop_wait * count + PROMPT
    }
}

/// A status document that is of another cluster or member than was confirmed says which.
fn own(
    plan: &Plan,
    member: &MemberName,
    (system_id, name): (Option<&String>, Option<&MemberName>),
) -> Result<(), String> {
    if let (Some(confirmed), Some(found)) = (&plan.system_id, system_id)
        && confirmed != found
    {
        return Err(format!(
            "another cluster answers there: system {found}, not {confirmed}"
        ));
    }
    match name {
        Some(found) if found != member => Err(format!("another member answers there: {found}")),
        _ => Ok(()),
    }
}

/// Whether what the plan is bound to still holds, in words.
fn still_so(plan: &Plan, sight: &Sight) -> Result<String, String> {
    let dcs = &sight.dcs;
    if let (Some(confirmed), Some(found)) = (&plan.system_id, &dcs.initialize)
        && confirmed != found
    {
        return Err(format!("this is another cluster now: system {found}, not {confirmed}"));
    }
    let leader = dcs.leader.as_ref().map(|lock| &lock.holder);
    if leader != plan.leader.as_ref() {
        let shown = |leader: Option<&MemberName>| leader.map_or("nobody".to_owned(), MemberName::to_string);
        return Err(format!(
            "{} leads now, {} did when it was confirmed",
            shown(leader),
            shown(plan.leader.as_ref())
        ));
    }
    if let Some(member) = plan.operation.member() {
        let entry = dcs
            .member(member)
            .ok_or_else(|| format!("{member} is no longer in ZooKeeper"))?;
        if plan.api_url.is_some() && entry.api_url != plan.api_url {
            return Err(format!("{member} is another one now: its Patroni has moved"));
        }
        if let Some(status) = sight.rest.get(member) {
            own(plan, member, (status.system_id.as_ref(), status.name.as_ref()))?;
        }
    }
    Ok(match leader {
        Some(leader) => format!("{leader} leads"),
        None => "nobody leads".to_owned(),
    })
}

/// A JSON object of the fields that are there.
fn object<const N: usize>(fields: [(&str, Option<Value>); N]) -> Value {
    let fields = fields.into_iter();
    Value::Object(
        fields
            .filter_map(|(key, value)| Some((key.to_owned(), value?)))
            .collect(),
    )
}

#[cfg(test)]
mod tests;
