//! Carries out the check of [`crate::model::check`]: makes a table on the leader, writes and reads, and removes it
//! again whatever happened. Each step is told when it begins and when it ends.
//!
//! Touches no table but its own. Servers are reached through [`Connect`], so that how to log in is not known here.

mod words;

use std::future::Future;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{Instant, sleep, timeout};

use crate::model::check::{
    Identity, Plan, SCHEMA, State, Step, TableName, Target, entry_leads_to, one_cluster, primary, span,
};
use crate::model::name::MemberName;
use crate::model::postgres::Refusal;
use crate::model::topology::Address;

use words::{WHO, identity, in_words, why_not_made};

/// A password command may take most of it.
const CONNECT: Duration = Duration::from_secs(8);
/// For one statement.
const STATEMENT: Duration = Duration::from_secs(6);
/// A row must be on every replica after this.
const SEEN: Duration = Duration::from_secs(10);
/// Between two looks for it.
const LOOK: Duration = Duration::from_millis(5);

/// A row: each column as text, `None` is NULL.
pub type Row = Vec<Option<String>>;

/// The way to the servers.
pub trait Connect: Sync {
    /// A connection; dropping it ends it.
    type Session: Ask;

    /// Connects to the server at an address.
    fn connect(&self, to: &Address) -> impl Future<Output = Result<Self::Session, String>> + Send;
}

/// A connection.
pub trait Ask: Send + Sync {
    /// Asks one or more statements; their rows.
    fn ask(&self, sql: &str) -> impl Future<Output = Result<Vec<Row>, Refusal>> + Send;
}

/// Carries out `plan` with a table of that name; `tell` gets every step as it begins and as it ends.
pub async fn run<C: Connect>(servers: &C, plan: &Plan, table: &TableName, tell: UnboundedSender<Step>) {
    let check = Check {
        servers,
        plan,
        table,
        tell,
    };
    check.run().await;
}

struct Check<'a, C> {
    servers: &'a C,
    plan: &'a Plan,
    table: &'a TableName,
    tell: UnboundedSender<Step>,
}

/// A member that answers.
struct Connected<S> {
    member: MemberName,
    session: S,
    identity: Identity,
}

impl<C: Connect> Check<'_, C> {
    async fn run(&self) {
        let members = join_all(self.plan.members.iter().map(|target| self.member(target))).await;
        let members: Vec<_> = members.into_iter().flatten().collect();
        let each = || members.iter().map(|found| (&found.member, &found.identity));
        let leader = self
            .step("one primary", async {
                let name = primary(each(), self.plan.holder.as_ref())?;
                let found = members.iter().find(|found| found.member == *name);
                found.map(|found| (found, name.to_string())).ok_or_else(String::new)
            })
            .await;
        if !members.is_empty() {
            self.step("one cluster", async { Ok(((), one_cluster(each())?)) }).await;
        }
        let entry = self.entry(leader).await;
        let Some(leader) = leader else {
            return self.skip("write on the leader", "no leader to write to");
        };
        self.leftovers(&leader.session).await;
        if let Some(committed) = self.write(leader).await {
            let standbys = members.iter().filter(|found| found.identity.standby);
            join_all(standbys.map(|standby| self.standby(standby, committed))).await;
            match (entry, &self.plan.entry) {
                (Some(entry), _) => self.through(&entry, &leader.session).await,
                (None, Some(_)) => self.skip("write through the entry point", "it does not lead to the leader"),
                (None, None) => {}
            }
        }
        self.step("table removed", self.clean_up(&leader.session)).await;
    }

    /// Connects to a member.
    async fn member(&self, target: &Target) -> Option<Connected<C::Session>> {
        let name = &target.member;
        self.step(&format!("connect to {name}"), async {
            let (session, identity) = self.connect(target.address.as_ref()?).await?;
            let detail = identity.to_string();
            let connected = Connected {
                member: name.clone(),
                session,
                identity,
            };
            Ok((connected, detail))
        })
        .await
    }

    /// Connects through the entry point; a session if it led to the leader.
    async fn entry(&self, leader: Option<&Connected<C::Session>>) -> Option<C::Session> {
        let name = "entry point leads to the leader";
        let Some(address) = &self.plan.entry else {
            self.skip(name, "no entry point is known: no HAProxy was found");
            return None;
        };
        self.step(name, async {
            let (session, identity) = self.connect(address).await.map_err(|why| format!("{address}: {why}"))?;
            let leader =
                leader.ok_or_else(|| format!("{address} leads to a {identity}; which one leads is not known"))?;
            let detail = entry_leads_to((&leader.member, &leader.identity), &identity)?;
            Ok((session, detail))
        })
        .await
    }

    async fn connect(&self, address: &Address) -> Result<(C::Session, Identity), String> {
        let session = timeout(CONNECT, self.servers.connect(address))
            .await
            .map_err(|_| format!("no connection within {} s", CONNECT.as_secs()))??;
        let rows = ask(&session, WHO).await.map_err(in_words)?;
        let identity = rows.first().and_then(identity).ok_or("it does not say who it is")?;
        Ok((session, identity))
    }

    /// Removes what earlier checks left that were broken off. One that still runs holds a lock on its name.
    async fn leftovers(&self, leader: &C::Session) {
        self.step("leftovers of earlier checks", async {
            let sql = format!(
                "SELECT relname FROM pg_class JOIN pg_namespace AS space ON space.oid = relnamespace \
                 WHERE relkind = 'r' AND nspname = '{SCHEMA}' ORDER BY relname"
            );
            let rows = ask(leader, &sql).await.map_err(in_words)?;
            let mut removed = Vec::new();
            let names = rows.iter().filter_map(|row| row.first()?.as_deref());
            for table in names.filter_map(TableName::parse) {
                if lock(leader, &table).await? {
                    let drop = ask(leader, &format!("DROP TABLE {table}")).await;
                    drop.map_err(|refusal| format!("{table} is left and cannot be removed: {}", in_words(refusal)))?;
                    removed.push(table.to_string());
                }
            }
            let detail = match removed.as_slice() {
                [] => "none".to_owned(),
                some => format!("removed {}", some.join(", ")),
            };
            Ok(((), detail))
        })
        .await;
    }

    /// Makes the table and writes a row on the leader; when that was committed.
    async fn write(&self, leader: &Connected<C::Session>) -> Option<Instant> {
        let made = self.step("table made on the leader", async {
            lock(&leader.session, self.table).await?;
            let sql = format!("CREATE TABLE {} (id int PRIMARY KEY, way text NOT NULL)", self.table);
            let made = ask(&leader.session, &sql).await;
            made.map_err(|refusal| why_not_made(refusal, &leader.identity))?;
            Ok(((), self.table.to_string()))
        });
        made.await?;
        self.step("row written on the leader", async {
            let sql = format!("INSERT INTO {} VALUES (1, 'leader')", self.table);
            ask(&leader.session, &sql).await.map_err(in_words)?;
            Ok((Instant::now(), leader.member.to_string()))
        })
        .await
    }

    /// What must hold on a replica: it gets the row, and takes none of its own.
    async fn standby(&self, standby: &Connected<C::Session>, committed: Instant) {
        let Connected { member, session, .. } = standby;
        let name = format!("row seen on {member}");
        let seen = self.step(&name, async {
            let sql = format!("SELECT way FROM {} WHERE id = 1", self.table);
            loop {
                match ask(session, &sql).await {
                    Ok(rows) if !rows.is_empty() => {
                        return Ok(((), format!("{} after the commit", span(committed.elapsed()))));
                    }
                    Ok(_) => {}
                    // The table itself is not there yet.
                    Err(Refusal { code: Some(code), .. }) if code == "42P01" => {}
                    Err(refusal) => return Err(in_words(refusal)),
                }
                if committed.elapsed() > SEEN {
                    return Err(format!("not there {} s after the commit", SEEN.as_secs()));
                }
                sleep(LOOK).await;
            }
        });
        let name = format!("write on {member} refused");
        if seen.await.is_none() {
            return self.skip(&name, "the table is not there to write to");
        }
        self.step(&name, async {
            // Taken back in any case: nothing may stay on a server that accepts it.
            let sql = format!("BEGIN; INSERT INTO {} VALUES (3, 'replica'); ROLLBACK", self.table);
            match ask(session, &sql).await {
                Ok(_) => Err("the write was accepted: this is a second primary".to_owned()),
                Err(Refusal { code: Some(code), text }) if code == "25006" => Ok(((), format!("{code} {text}"))),
                Err(refusal) => Err(format!("refused otherwise than with 25006: {}", in_words(refusal))),
            }
        })
        .await;
    }

    /// Writes and reads as a client does.
    async fn through(&self, entry: &C::Session, leader: &C::Session) {
        let written = self.step("write through the entry point", async {
            let sql = format!("INSERT INTO {} VALUES (2, 'entry point')", self.table);
            ask(entry, &sql).await.map_err(in_words)?;
            Ok(((), String::new()))
        });
        let name = "read through the entry point";
        if written.await.is_none() {
            return self.skip(name, "nothing was written through it");
        }
        self.step(name, async {
            let sql = format!("SELECT id, way FROM {} ORDER BY id", self.table);
            let read = ask(entry, &sql).await.map_err(in_words)?;
            let there = ask(leader, &sql).await.map_err(in_words)?;
            if read == there && read.len() == 2 {
                Ok(((), "both rows, as on the leader".to_owned()))
            } else {
                Err(format!(
                    "{} rows, and {} on the leader: 2 were written",
                    read.len(),
                    there.len()
                ))
            }
        })
        .await;
    }

    /// Removes the table: on the leader's session, else wherever a primary can be reached.
    async fn clean_up(&self, leader: &C::Session) -> Result<((), String), String> {
        let mut why = match self.remove(leader).await {
            Ok(()) => return Ok(((), String::new())),
            Err(why) => why,
        };
        let members = self
            .plan
            .members
            .iter()
            .filter_map(|target| target.address.as_ref().ok());
        for address in self.plan.entry.iter().chain(members) {
            match self.connect(address).await {
                Ok((session, identity)) if !identity.standby => match self.remove(&session).await {
                    Ok(()) => return Ok(((), format!("on the second try, at {address}"))),
                    Err(again) => why = again,
                },
                Ok(_) | Err(_) => {}
            }
        }
        let table = self.table;
        Err(format!("{why}; {table} may be left, and the next check removes it"))
    }

    async fn remove(&self, session: &C::Session) -> Result<(), String> {
        let table = self.table;
        let drop = format!("DROP TABLE IF EXISTS {table}");
        ask(session, &drop).await.map_err(in_words)?;
        let there = format!("SELECT to_regclass('{table}')");
        match ask(session, &there).await.map_err(in_words)?.first().map(Vec::as_slice) {
            Some([None]) => Ok(()),
            _ => Err("it is still there".to_owned()),
        }
    }

    /// Does a step and tells of it.
    async fn step<T>(&self, name: &str, work: impl Future<Output = Result<(T, String), String>>) -> Option<T> {
        self.say(name, State::Running);
        let began = Instant::now();
        match work.await {
            Ok((value, detail)) => {
                let took = began.elapsed();
                self.say(name, State::Passed { detail, took });
                Some(value)
            }
            Err(why) => {
                self.say(name, State::Failed(why));
                None
            }
        }
    }

    fn skip(&self, name: &str, why: &str) {
        self.say(name, State::Skipped(why.to_owned()));
    }

    fn say(&self, name: &str, state: State) {
        // Nobody may listen any more; the check still cleans up.
        let _ = self.tell.send(Step {
            name: name.to_owned(),
            state,
        });
    }
}

async fn ask(session: &impl Ask, sql: &str) -> Result<Vec<Row>, Refusal> {
    timeout(STATEMENT, session.ask(sql)).await.unwrap_or_else(|_| {
        Err(Refusal {
            code: None,
            text: format!("no answer within {} s", STATEMENT.as_secs()),
        })
    })
}

/// Marks the table as in use for as long as the session lives; false if another session has done so.
async fn lock(session: &impl Ask, table: &TableName) -> Result<bool, String> {
    let sql = format!("SELECT pg_try_advisory_lock(hashtextextended('{}', 0))", table.name());
    let rows = ask(session, &sql).await.map_err(in_words)?;
    Ok(matches!(rows.first().map(Vec::as_slice), Some([Some(locked)]) if locked == "t"))
}

#[cfg(test)]
mod tests;
