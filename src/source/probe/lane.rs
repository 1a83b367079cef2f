//! The lanes: attempts that begin at their time, whatever became of those before. Waiting for an answer before the next
//! attempt would hide exactly the stalls that are looked for.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::session::{Row, Session, Target};
use super::{decode, table};
use crate::model::probe::{Attempt, Class, Lane, Mode, Outcome, Run, Server};
use crate::source::Context;

/// For the connection and the login together.
const CONNECT: Duration = Duration::from_secs(1);
/// For a whole attempt.
const ATTEMPT: Duration = Duration::from_secs(2);
/// So many at once are ordinary: a few that are slow.
const ORDINARY: usize = 2;
/// More than that are under way: answers hang, and a proxy may keep what is given up on for the server that does not
/// answer. It must never run out of places because of us, so attempts are spaced.
const SPACED: Duration = Duration::from_millis(300);
/// After this long with answers that hang they are spaced wider.
const PATIENCE: Duration = Duration::from_secs(6);
/// To this.
const SPACED_WIDER: Duration = Duration::from_millis(500);
/// And on lanes other than the first to this, from the beginning.
const SPARING: Duration = Duration::from_secs(2);
/// Most attempts of a lane at once.
const AT_ONCE: usize = 8;

/// What all lanes of a run share.
pub(super) struct Common {
    pub(super) context: Context,
    pub(super) run: Run,
    /// Number of the last row.
    numbers: AtomicI64,
    pub(super) tell: mpsc::Sender<Attempt>,
    /// From one attempt to the next of a lane that reads.
    pub(super) pace: watch::Receiver<Duration>,
    /// All lanes begin at the same instants: one awakening for all of them.
    pub(super) begin: Instant,
}

impl Common {
    pub(super) fn new(
        context: Context,
        run: Run,
        tell: mpsc::Sender<Attempt>,
        pace: watch::Receiver<Duration>,
    ) -> Self {
        Self {
            context,
            run,
            numbers: AtomicI64::new(0),
            tell,
            pace,
            begin: Instant::now(),
        }
    }

    fn next(&self) -> i64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    async fn say(&self, attempt: Attempt) {
        // Without a receiver the run has ended.
        let _ = self.tell.send(attempt).await;
    }

    async fn skip(&self, lane: &Lane) {
        let now = self.context.now();
        self.say(Attempt {
            lane: lane.clone(),
            seq: None,
            sent_at: now,
            ended_at: now,
            outcome: Outcome::Skipped,
            server: None,
        })
        .await;
    }
}

/// When the attempts of a lane begin.
struct Schedule {
    every: Duration,
    pace: Option<watch::Receiver<Duration>>,
    next: Instant,
}

impl Schedule {
    fn new(common: &Common, lane: &Lane) -> Self {
        let pace = (!lane.is_write()).then(|| common.pace.clone());
        let every = pace.as_ref().map_or(common.run.every, |pace| *pace.borrow());
        let next = common.begin;
        Self { every, pace, next }
    }

    /// Waits for the next time; gives how many were missed because this program or the machine stood still.
    async fn tick(&mut self) -> u32 {
        loop {
            let changed = async {
                if let Some(pace) = &mut self.pace
                    && pace.changed().await.is_ok()
                {
                    return *pace.borrow();
                }
                // Without a sender the run ends anyway.
                std::future::pending().await
            };
            tokio::select! {
                biased;
                () = tokio::time::sleep_until(self.next) => break,
                every = changed => {
                    if every < self.every {
                        self.next = self.next.min(Instant::now());
                    }
                    self.every = every;
                }
            }
        }
        let late = self.next.elapsed().as_micros() / self.every.as_micros().max(1);
        let missed = u32::try_from(late).unwrap_or(u32::MAX);
        self.next += self.every * missed.saturating_add(1);
        missed
    }
}

/// Attempts that each make their own connection.
pub(super) async fn fresh(common: Arc<Common>, lane: Lane, target: Target) {
    let mut schedule = Schedule::new(&common, &lane);
    let target = Arc::new(target);
    let mut flying = JoinSet::new();
    let mut began = Instant::now();
    let mut hanging: Option<Instant> = None;
    loop {
        let missed = tokio::select! {
            missed = schedule.tick() => missed,
            Some(ended) = flying.join_next() => {
                propagate(ended);
                continue;
            }
        };
        for _ in 0..missed.min(100) {
            common.skip(&lane).await;
        }
        if flying.len() <= ORDINARY {
            hanging = None;
        } else {
            let since = *hanging.get_or_insert_with(Instant::now);
            let space = match lane {
                Lane::Write if since.elapsed() < PATIENCE => SPACED,
                Lane::Write => SPACED_WIDER,
                _ => SPARING,
            };
            if began.elapsed() < space || flying.len() >= AT_ONCE {
                common.skip(&lane).await;
                continue;
            }
        }
        began = Instant::now();
        let (common, lane, target) = (Arc::clone(&common), lane.clone(), Arc::clone(&target));
        flying.spawn(async move {
            let (mut session, deadline) = (None, Instant::now() + ATTEMPT);
            let attempt = attempt(&common, &lane, &target, &mut session, deadline).await;
            common.say(attempt).await;
            if let Some(session) = session {
                session.close().await;
            }
        });
    }
}

/// Attempts on one session, which is opened anew after an error.
pub(super) async fn kept(common: Arc<Common>, lane: Lane, target: Target) {
    let mut schedule = Schedule::new(&common, &lane);
    let mut session = None;
    // While one is under way its time passes for the next ones.
    let mut not_before = Instant::now();
    loop {
        let missed = schedule.tick().await;
        for _ in 0..missed.min(100) {
            common.skip(&lane).await;
        }
        if Instant::now() < not_before {
            common.skip(&lane).await;
            continue;
        }
        let attempt = attempt(&common, &lane, &target, &mut session, Instant::now() + ATTEMPT).await;
        let hangs = matches!(
            attempt.outcome.class(),
            Some(Class::ConnectTimeout | Class::LoginTimeout | Class::ReplyTimeout)
        );
        if hangs {
            not_before = Instant::now() + SPARING;
        }
        common.say(attempt).await;
    }
}

/// One attempt, on the session if there is one. What is left in `session` may be used again.
async fn attempt(
    common: &Common,
    lane: &Lane,
    target: &Target,
    session: &mut Option<Session>,
    deadline: Instant,
) -> Attempt {
    let now = || common.context.now();
    let sent_at = now();
    let mut attempt = Attempt {
        lane: lane.clone(),
        seq: None,
        sent_at,
        ended_at: sent_at,
        outcome: Outcome::Skipped,
        server: None,
    };
    let opened = match session.take() {
        Some(open) => Ok(open),
        None => Session::open(target, Instant::now() + CONNECT).await,
    };
    let mut open = match opened {
        Ok(open) => open,
        Err(class) => {
            attempt.ended_at = now();
            attempt.outcome = Outcome::Failed(class);
            return attempt;
        }
    };
    let row;
    if lane.is_write() {
        let numbered = || {
            let seq = common.next();
            attempt.seq = Some(seq);
            table::write(common.run.id, seq)
        };
        (attempt.outcome, row) = open.write(numbered, deadline).await;
        attempt.server = row.as_ref().and_then(|row| decode::answer(row)).map(|(server, _)| server);
    } else {
        let run = (common.run.mode == Mode::Write).then_some(common.run.id);
        match open.read(&table::read(run), deadline).await.and_then(|rows| seen(&rows)) {
            Ok((server, seq)) => {
                attempt.outcome = Outcome::Acknowledged;
                (attempt.server, attempt.seq) = (Some(server), seq);
            }
            Err(class) => attempt.outcome = Outcome::Failed(class),
        }
    }
    attempt.ended_at = now();
    // After an ERROR a session is as good as before; after silence the answer may still come.
    let usable = match attempt.outcome.class() {
        None => true,
        Some(Class::Sql(code)) => !code.starts_with("57P"),
        Some(Class::LocalOnly) => true,
        Some(_) => false,
    };
    if usable {
        *session = Some(open);
    }
    attempt
}

fn seen(rows: &[Row]) -> Result<(Server, Option<i64>), Class> {
    rows.first().and_then(|row| decode::answer(row)).ok_or(Class::Garbled)
}

/// An error of ours in a task is one of whoever waits for it.
pub(super) fn propagate(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended
        && error.is_panic()
    {
        std::panic::resume_unwind(error.into_panic());
    }
}
