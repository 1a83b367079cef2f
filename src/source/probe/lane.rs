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
/// From one attempt to the next while answers hang, from so long on: a proxy may keep what is given up on for the server
/// that does not answer, and must never run out of places because of us. HAProxy with Patroni's sample configuration
/// notices a frozen server after 24 s; until then these are 75 of its 100 places. At first none is left out: a short
/// outage, such as that of a switchover, is measured as well as it can be. Any answer through the same entry point, a
/// refusal too, lifts it for the next attempt: something has changed there.
const SPACES: [(Duration, Duration); 2] = [
    (Duration::from_secs(5), Duration::from_millis(800)),
    (Duration::from_millis(2_500), Duration::from_millis(400)),
];
/// The same on the other lanes; only a success lifts it.
const SPARING: [(Duration, Duration); 2] = [
    (Duration::from_secs(3), Duration::from_secs(3)),
    (Duration::ZERO, Duration::from_secs(1)),
];
/// A member that does not answer is asked again so soon: an old leader may be readable for a moment only.
const SOON: Duration = Duration::from_millis(250);
/// Most attempts of a lane at once: as many as begin before the first that hangs is given up on, and a few that were sent.
const AT_ONCE: usize = 15;

/// What all lanes of a run share.
pub(super) struct Common {
    pub(super) context: Context,
    pub(super) run: Run,
    /// Number of the last row.
    numbers: AtomicI64,
    /// Successes through the entry point.
    served: AtomicI64,
    /// Answers through the entry point, of whatever kind: silence is none.
    answered: AtomicI64,
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
            served: AtomicI64::new(0),
            answered: AtomicI64::new(0),
            tell,
            pace,
            begin: Instant::now(),
        }
    }

    fn next(&self) -> i64 {
        self.numbers.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Signs of life through the entry point so far, of the kind that lifts a lane's spaces; a lane that does not lead
    /// there has none.
    fn signs(&self, lane: &Lane) -> i64 {
        match lane {
            Lane::Member(_) => 0,
            Lane::Write => self.answered.load(Ordering::Relaxed),
            Lane::Session | Lane::Read => self.served.load(Ordering::Relaxed),
        }
    }

    async fn say(&self, attempt: Attempt) {
        if !matches!(attempt.lane, Lane::Member(_)) {
            let served = attempt.outcome == Outcome::Acknowledged;
            let answered = served || attempt.outcome.is_bad() && !hangs(&attempt);
            self.served.fetch_add(i64::from(served), Ordering::Relaxed);
            self.answered.fetch_add(i64::from(answered), Ordering::Relaxed);
        }
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

    /// The next time is no later than after this.
    fn hasten(&mut self, wait: Duration) {
        self.next = self.next.min(Instant::now() + wait);
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
    let mut signs = 0;
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
            let spaces: &[_] = if lane == Lane::Write { &SPACES } else { &SPARING };
            let lifted = common.signs(&lane) > signs;
            let due = lifted || began.elapsed() >= space(spaces, since.elapsed());
            if !due || flying.len() >= AT_ONCE {
                common.skip(&lane).await;
                continue;
            }
        }
        began = Instant::now();
        signs = common.signs(&lane);
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
    let mut hanging: Option<Instant> = None;
    // While one is under way its time passes for the next ones.
    let mut not_before = Instant::now();
    let mut signs = 0;
    loop {
        let missed = schedule.tick().await;
        for _ in 0..missed.min(100) {
            common.skip(&lane).await;
        }
        if Instant::now() < not_before && common.signs(&lane) <= signs {
            common.skip(&lane).await;
            continue;
        }
        let attempt = attempt(&common, &lane, &target, &mut session, Instant::now() + ATTEMPT).await;
        if hangs(&attempt) {
            let since = *hanging.get_or_insert_with(Instant::now);
            not_before = Instant::now() + space(&SPARING, since.elapsed());
            signs = common.signs(&lane);
        } else {
            hanging = None;
        }
        if let (Lane::Member(_), true) = (&lane, attempt.outcome.is_bad()) {
            // Nothing in between keeps what is given up on.
            not_before = Instant::now();
            schedule.hasten(SOON);
        }
        common.say(attempt).await;
    }
}

/// Nobody answered.
fn hangs(attempt: &Attempt) -> bool {
    let class = attempt.outcome.class();
    matches!(
        class,
        Some(Class::ConnectTimeout | Class::LoginTimeout | Class::ReplyTimeout)
    )
}

/// What holds after so long.
fn space(spaces: &[(Duration, Duration)], after: Duration) -> Duration {
    let holds = spaces.iter().find(|(from, _)| after >= *from);
    holds.map_or(Duration::ZERO, |(_, space)| *space)
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
        attempt.server = row
            .as_ref()
            .and_then(|row| decode::answer(row))
            .map(|(server, _)| server);
    } else {
        let run = (common.run.mode == Mode::Write).then_some(common.run.id);
        match open
            .read(&table::read(run), deadline)
            .await
            .and_then(|rows| seen(&rows))
        {
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
        None | Some(Class::LocalOnly) => true,
        Some(Class::Sql(code)) => !code.starts_with("57P"),
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Attempts of a lane while answers hang for `whole`; the first ones are told to hang by those that are under way.
    fn attempts(spaces: &[(Duration, Duration)], ordinary: usize, every: Duration, whole: Duration) -> usize {
        let (mut count, mut now, mut last) = (ordinary, Duration::ZERO, Duration::ZERO);
        while now < whole {
            if now.saturating_sub(last) >= space(spaces, now) {
                (count, last) = (count + 1, now);
            }
            now += every;
        }
        count
    }

    #[test]
    fn until_a_frozen_server_is_noticed_a_small_proxy_keeps_places_for_others() {
        let (every, noticed) = (Duration::from_millis(100), Duration::from_secs(24));
        let writes = attempts(&SPACES, ORDINARY, every, noticed);
        let reads = attempts(&SPARING, ORDINARY, every, noticed);
        let session = attempts(&SPARING, 0, every, noticed);
        let all = writes + reads + session;
        assert!((60..=80).contains(&all), "{writes} + {reads} + {session}");
        // A short outage is seen attempt by attempt.
        let short = Duration::from_millis(2_400);
        assert_eq!(attempts(&SPACES, ORDINARY, every, short), ORDINARY + 24);
    }
}
