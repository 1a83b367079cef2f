//! Reads and writes of our own, as any client would make them: what the screen says of clients is measured, not inferred.
//!
//! One supervised task holds the lanes of a run, sends what they see in batches, and has the rows read back after an
//! outage. The table is made by [`install`] and never by watching, but on a lab of ours.

mod decode;
mod lane;
mod reading;
mod session;
mod table;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch as channel};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use self::lane::{Common, propagate};
use self::reading::Reader;
use self::session::Session;
use super::postgres::{Login, Password};
use super::{Context, RETRY, Reporter};
use crate::model::failover::STABLE;
use crate::model::link::{Cause, SourceId};
use crate::model::name::MemberName;
use crate::model::probe::{Attempt, Class, Lane, Mode, News, Outcome, Run};
use crate::model::signal::Signal;

pub use self::session::Target;
pub use self::table::Defect;

/// From one attempt of a lane that writes to the next.
const EVERY: Duration = Duration::from_millis(100);
/// The same for reads while all is well: who reads is not in question then.
const CALM: Duration = Duration::from_secs(1);
/// Longest wait of what was seen while all is well; it costs a frame each time.
const BATCH: Duration = Duration::from_secs(1);
/// And while something fails.
const BATCH_SOON: Duration = Duration::from_millis(250);
/// Between two looks whether all has become calm.
const LOOKS: Duration = Duration::from_secs(1);
/// For a statement that prepares a run.
const PREPARE: Duration = Duration::from_secs(3);

/// SQLSTATE of a missing privilege.
const DENIED: &str = "42501";

/// What to try, and where.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The entry point.
    pub entry: Option<Target>,
    /// Each member, straight.
    pub members: Vec<(MemberName, Target)>,
    /// Whether to write.
    pub mode: Mode,
    /// A login at the entry point that may make the table and our role: on a lab of ours only.
    pub installer: Option<Target>,
}

/// Watches until the context stops.
pub async fn watch(context: Context, plan: Plan) {
    let mut reporter = Reporter::start(context.clone(), SourceId::Probe).await;
    loop {
        let before = match prepare(&plan).await {
            Ok(before) => before,
            Err(obstacle) => {
                let patience = obstacle.patience();
                reporter.failed(obstacle.cause()).await;
                tokio::time::sleep(patience).await;
                continue;
            }
        };
        reporter.reached().await;
        let began = context.now();
        let run = Run {
            id: began.micros(),
            began,
            mode: plan.mode,
            every: EVERY,
        };
        context.send(Signal::Probe(News::Began(run.clone()))).await;
        let cause = Watcher::start(&context, &plan, run, &before).watch().await;
        let cause = defect(&plan).await.unwrap_or(cause);
        reporter.failed(cause).await;
        tokio::time::sleep(RETRY).await;
    }
}

/// Makes the table, or makes it anew if it is of another version; with a password the role too.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn install(target: &Target, role: &str, password: Option<&str>) -> Result<(), Cause> {
    execute(target, &table::install(role, password)).await
}

/// Removes the table, and a role that was made for it.
///
/// # Errors
/// The server cannot be reached, or refuses.
pub async fn uninstall(target: &Target, role: Option<&str>) -> Result<(), Cause> {
    execute(target, &table::uninstall(role)).await
}

async fn execute(target: &Target, sql: &str) -> Result<(), Cause> {
    let connection = super::postgres::Connection::open(&target.address, &target.login).await?;
    let answer = connection.ask(sql).await;
    answer.map(drop).map_err(|refusal| {
        let denied = refusal.code.as_deref() == Some(DENIED);
        let code = refusal.code.map(|code| format!("{code} ")).unwrap_or_default();
        let help = if denied {
            ": log in as a superuser, or as who owns the schema pgherd"
        } else {
            ""
        };
        Cause::Other(format!("{code}{}{help}", refusal.text))
    })
}

/// Why a run cannot begin.
enum Obstacle {
    /// The server, or the way to it.
    Server(Cause),
    /// The table.
    Table(Defect),
    /// It was to be mended, and the server refused that: what is wrong, and the refusal.
    Refused(Box<Obstacle>, Cause),
}

impl Obstacle {
    /// Making table and role anew would help.
    fn is_ours_to_mend(&self) -> bool {
        match self {
            Self::Server(cause) => matches!(cause, Cause::Rejected(_)),
            Self::Table(defect) => *defect != Defect::Foreign(None),
            Self::Refused(..) => false,
        }
    }

    /// When to look again: what only people can change is not asked for all the time.
    fn patience(&self) -> Duration {
        match self {
            Self::Server(_) => RETRY,
            Self::Table(_) => Duration::from_secs(3),
            Self::Refused(..) => Duration::from_secs(30),
        }
    }

    fn cause(self) -> Cause {
        match self {
            Self::Server(cause) => cause,
            Self::Refused(obstacle, refusal) => Cause::Other(format!("{}; refused: {refusal}", obstacle.cause())),
            Self::Table(defect) => Cause::from(&defect),
        }
    }
}

/// Makes sure that a run can begin; gives the runs that have rows, with the newest of each.
async fn prepare(plan: &Plan) -> Result<Vec<(i64, i64)>, Obstacle> {
    let nowhere = || {
        Obstacle::Server(Cause::Other(
            "no entry point is known: HAProxy was not found".to_owned(),
        ))
    };
    let entry = plan.entry.as_ref().ok_or_else(nowhere)?;
    if let Some(cause) = entry.login.sslmode.refusal() {
        return Err(Obstacle::Server(cause));
    }
    if plan.mode == Mode::Read {
        return Ok(Vec::new());
    }
    // A standby knows as well whether the table is there: a run may begin in the middle of an outage.
    let places = std::iter::once(entry).chain(plan.members.iter().map(|(_, target)| target));
    let mut found = Err(nowhere());
    for place in places {
        found = look(place).await;
        let Err(obstacle) = found else { break };
        if let Some(installer) = plan.installer.as_ref().filter(|_| obstacle.is_ours_to_mend()) {
            let Login { user, password, .. } = &entry.login;
            let password = match password {
                Password::Given(secret) => Some(secret.expose()),
                Password::None | Password::Command(_) => None,
            };
            let made = install(installer, user, password).await;
            made.map_err(|cause| match &cause {
                Cause::Other(text) if text.starts_with(DENIED) => Obstacle::Refused(Box::new(obstacle), cause),
                _ => Obstacle::Server(cause),
            })?;
            return look(place).await;
        }
        found = Err(obstacle);
    }
    found
}

/// What the table lacks after a run ended: that says more than the server's code did, and what to do.
async fn defect(plan: &Plan) -> Option<Cause> {
    let entry = plan.entry.as_ref().filter(|_| plan.mode == Mode::Write)?;
    match look(entry).await {
        Err(Obstacle::Table(defect)) => Some(Cause::from(&defect)),
        _ => None,
    }
}

async fn look(target: &Target) -> Result<Vec<(i64, i64)>, Obstacle> {
    let deadline = Instant::now() + PREPARE;
    let told = |class: Class| Obstacle::Server(decode::cause(&class));
    let mut session = Session::open(target, deadline).await.map_err(told)?;
    let rows = session.read(table::CHECK, deadline).await.map_err(told)?;
    table::verify(&rows).map_err(Obstacle::Table)?;
    let runs = session.read(table::RUNS, deadline).await.map_err(told)?;
    session.close().await;
    Ok(runs.iter().filter_map(reading::pair).collect())
}

/// One run.
struct Watcher {
    context: Context,
    inbox: mpsc::Receiver<Attempt>,
    lanes: JoinSet<()>,
    pace: channel::Sender<Duration>,
    reader: Option<Reader>,
    /// Not sent yet.
    batch: Vec<Attempt>,
    /// When to send them.
    due: Option<Instant>,
    /// How the last attempt of each lane ended: bad or not.
    bad: BTreeMap<Lane, bool>,
    /// When something was bad last.
    trouble: Option<Instant>,
}

impl Watcher {
    fn start(context: &Context, plan: &Plan, run: Run, before: &[(i64, i64)]) -> Self {
        let (tell, inbox) = mpsc::channel(256);
        let (pace, paced) = channel::channel(CALM);
        let writes = run.mode == Mode::Write;
        let reader = writes.then(|| Reader::new(context.clone(), plan, &run, before));
        let common = Arc::new(Common::new(context.clone(), run, tell, paced));
        let mut lanes = JoinSet::new();
        if let Some(entry) = &plan.entry {
            if writes {
                lanes.spawn(lane::fresh(Arc::clone(&common), Lane::Write, entry.clone()));
                lanes.spawn(lane::kept(Arc::clone(&common), Lane::Session, entry.clone()));
            }
            lanes.spawn(lane::fresh(Arc::clone(&common), Lane::Read, entry.clone()));
        }
        for (member, target) in &plan.members {
            let lane = Lane::Member(member.clone());
            lanes.spawn(lane::kept(Arc::clone(&common), lane, target.clone()));
        }
        Self {
            context: context.clone(),
            inbox,
            lanes,
            pace,
            reader,
            batch: Vec::new(),
            due: None,
            bad: BTreeMap::new(),
            trouble: None,
        }
    }

    /// Until the run cannot go on, and why.
    async fn watch(mut self) -> Cause {
        let mut looks = interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let due = self.due.unwrap_or_else(Instant::now);
            tokio::select! {
                Some(attempt) = self.inbox.recv() => {
                    if let Some(cause) = self.attempt(attempt) {
                        self.flush().await;
                        return cause;
                    }
                }
                () = sleep_until(due), if self.due.is_some() => self.flush().await,
                _ = looks.tick() => self.calm_down().await,
                Some(ended) = self.lanes.join_next() => {
                    propagate(ended);
                    return Cause::Closed;
                }
            }
        }
    }

    /// Takes one in; gives why the run cannot go on, if it cannot.
    fn attempt(&mut self, attempt: Attempt) -> Option<Cause> {
        let lane = attempt.lane.clone();
        let bad = attempt.outcome.is_bad();
        let counts = attempt.outcome != Outcome::Skipped;
        let gone = match attempt.outcome.class() {
            // The statement itself is refused: table, column or privilege is gone, which says nothing of clients.
            Some(class @ Class::Sql(code)) if lane.is_write() && (code.starts_with("42") || code == "3F000") => {
                Some(decode::cause(class))
            }
            _ => None,
        };
        self.batch.push(attempt);
        let was = if counts {
            self.bad.insert(lane.clone(), bad)
        } else {
            None
        };
        let news = counts && was != Some(bad);
        // A member that stays away troubles nobody for ever.
        if bad && (news || !matches!(lane, Lane::Member(_))) {
            self.trouble = Some(Instant::now());
            // Only on a change: every lane that reads wakes up.
            self.pace
                .send_if_modified(|pace| std::mem::replace(pace, EVERY) != EVERY);
        }
        let wait = match (news, self.trouble) {
            (true, _) => Duration::ZERO,
            (false, Some(_)) => BATCH_SOON,
            (false, None) => BATCH,
        };
        let wanted = Instant::now() + wait;
        self.due = Some(self.due.map_or(wanted, |due| due.min(wanted)));
        if let (true, Some(true), false, Some(reader)) = (counts, was, bad, &mut self.reader) {
            reader.back(&lane);
        }
        gone
    }

    async fn calm_down(&mut self) {
        if self.trouble.is_some_and(|trouble| trouble.elapsed() >= STABLE) {
            self.trouble = None;
            self.pace.send_if_modified(|pace| std::mem::replace(pace, CALM) != CALM);
            // What was acknowledged is told before the rows are read.
            self.flush().await;
            if let Some(reader) = &mut self.reader {
                reader.stable();
            }
        }
    }

    async fn flush(&mut self) {
        self.due = None;
        if !self.batch.is_empty() {
            let batch = std::mem::take(&mut self.batch);
            self.context.send(Signal::Probe(News::Attempts(batch))).await;
        }
    }
}
