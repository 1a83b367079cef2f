//! A rolling restart: every PostgreSQL starts anew, the replicas one after the other, and clients lose writes once, while the
//! leader hands over.

use tokio::time::Instant;

use super::handover::FOLLOWS;
use super::member::{again, started, streams};
use super::sight::Sight;
use super::{Operator, Seen};
use crate::model::check::State;
use crate::model::name::MemberName;
use crate::model::operation::Outcome;

impl Operator<'_> {
    /// Ends at the first that is not as it should be; the end tells what was done by then.
    pub(super) async fn rolling_restart(
        &mut self,
        leader: &MemberName,
        replicas: &[MemberName],
    ) -> Result<Outcome, Outcome> {
        let mut done = Vec::new();
        let end = self.roll(leader, replicas, &mut done).await;
        end.map_err(|outcome| after(&done, outcome))
    }

    async fn roll(
        &mut self,
        leader: &MemberName,
        replicas: &[MemberName],
        done: &mut Vec<String>,
    ) -> Result<Outcome, Outcome> {
        for replica in replicas {
            self.around(replica, Some(leader)).await?;
            done.push(format!("{replica} was started anew"));
        }
        self.teller.about(format!("{leader} hands over"));
        let before = self.leads_still(leader, leader).await?;
        let old = started(&before, leader)?;
        self.switchover(&before, leader, None, None).await?;
        done.push(format!("{leader} handed over"));
        let now = self.sight(leader).await?;
        let status = now.rest.get(leader);
        if status.is_some_and(|status| again(status, old.as_ref())) {
            // A leader that hands over is shut down, and starts as a standby.
            self.teller.about(leader.to_string());
            self.teller.state(
                "started anew by the handover",
                State::Passed {
                    detail: status.and_then(|status| status.started.clone()).unwrap_or_default(),
                    took: std::time::Duration::ZERO,
                },
            );
        } else {
            self.around(leader, None).await?;
        }
        let leads = now.dcs.leader.as_ref().map(|lock| &lock.holder);
        let leads = leads.map_or_else(|| "nobody leads".to_owned(), |holder| format!("{holder} leads"));
        Ok(Outcome::Done(format!(
            "all {} were started anew; {leads}",
            replicas.len() + 1
        )))
    }

    /// Restarts a standby, and waits until it streams.
    async fn around(&mut self, member: &MemberName, leader: Option<&MemberName>) -> Result<(), Outcome> {
        self.teller.about(member.to_string());
        let before = match leader {
            Some(leader) => self.leads_still(leader, member).await?,
            None => self.follows_now(member).await?,
        };
        let old = started(&before, member)?;
        self.restart(&before, member, false, None).await?;
        let deadline = Instant::now() + FOLLOWS;
        let seen = |sight: &Sight| {
            let new = sight.rest.get(member).is_some_and(|status| again(status, old.as_ref()));
            if new && streams(sight, member) {
                Seen::Yes((), String::new())
            } else {
                Seen::Not
            }
        };
        self.until("streams again", std::slice::from_ref(member), deadline, seen)
            .await
    }

    /// What is there now, if nobody else leads meanwhile.
    async fn leads_still(&mut self, leader: &MemberName, asked: &MemberName) -> Result<Sight, Outcome> {
        let sight = self.sight(asked).await?;
        match sight.dcs.leader.as_ref().map(|lock| &lock.holder) {
            Some(holder) if holder == leader => Ok(sight),
            Some(holder) => Err(Outcome::Refused(format!("{holder} leads now, not {leader}"))),
            None => Err(Outcome::Refused("nobody leads now".to_owned())),
        }
    }

    /// What is there now, if this one does not lead.
    async fn follows_now(&mut self, member: &MemberName) -> Result<Sight, Outcome> {
        let sight = self.sight(member).await?;
        if sight.dcs.leader.as_ref().is_some_and(|lock| lock.holder == *member) {
            return Err(Outcome::Refused(format!("{member} leads again")));
        }
        Ok(sight)
    }

    async fn sight(&mut self, asked: &MemberName) -> Result<Sight, Outcome> {
        let sight = self.eyes.look(std::slice::from_ref(asked)).await;
        sight.map_err(|cause| Outcome::Unconfirmed(format!("ZooKeeper does not answer: {cause}")))
    }
}

/// The end with what was done before it: a refusal in the middle has changed something.
fn after(done: &[String], end: Outcome) -> Outcome {
    if done.is_empty() {
        return end;
    }
    Outcome::Unconfirmed(format!("stopped: {}. Done before: {}", end.text(), done.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_it_stopped_is_told() {
        let refused = || Outcome::Refused("postgresql1 leads now, not postgresql0".to_owned());
        assert_eq!(after(&[], refused()), refused());
        let later = after(&["postgresql2 was started anew".to_owned()], refused());
        assert_eq!(
            later.to_string(),
            "unconfirmed: stopped: postgresql1 leads now, not postgresql0. Done before: postgresql2 was started anew"
        );
    }
}
