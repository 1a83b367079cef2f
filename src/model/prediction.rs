//! How long a failover takes, before it happens: a band for each phase and in total, from the live settings.
//!
//! Pure. Formulas by their parts: ZooKeeper drops a session between `session − ping` and `session + tick` after its
//! process died, with kazoo's ping every `max(loop_wait − 2, 2) / 2`; a candidate asks every member, 2 s for one that does
//! not answer; HAProxy needs `rise` checks for the new server and `fall` for the old one, each of which takes as long as the
//! server lets it hang. Routing begins with the lock, beside the promotion: `/primary` answers 200 from then on.

mod timing;

use std::time::Duration;

use super::failover::{Episode, Fault, Hit, Mark, PhaseKind, Timeline};

pub use timing::{Basis, Checks, DEFAULT_INTER, DEFAULT_LOOP_WAIT, DEFAULT_RETRY, Setting, Timing, is_before};

/// Wait of a candidate for a member that does not answer: 2 s, less what the news of the free lock may be late.
const PATIENCE: Duration = Duration::from_millis(1_900);
/// The same at most, and a little.
const RACE: Duration = Duration::from_millis(2_200);
/// A promotion with nothing left to replay.
const PROMOTION: Band = Band::millis(50, 1_000);
/// PostgreSQL's fast shutdown, Patroni's look at it once a second, and its second of grace.
const CLEAN_STOP: Band = Band::millis(50, 3_000);
/// One check of a server that answers.
const CHECK: Duration = Duration::from_millis(300);
/// Crash recovery of a server with little to replay; a guess.
const CRASH_RECOVERY: Duration = Duration::from_secs(5);

/// From the least to the most.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Band {
    /// At least.
    pub least: Duration,
    /// At most.
    pub most: Duration,
}

impl Band {
    const fn millis(least: u64, most: u64) -> Self {
        Self {
            least: Duration::from_millis(least),
            most: Duration::from_millis(most),
        }
    }

    fn then(self, next: Self) -> Self {
        Self {
            least: self.least + next.least,
            most: self.most + next.most,
        }
    }

    fn beside(self, other: Self) -> Self {
        Self {
            least: self.least.max(other.least),
            most: self.most.max(other.most),
        }
    }

    /// `20–24 s`, `1.1–6.6 s`.
    pub fn text(&self) -> String {
        let (least, most) = (self.least.as_secs_f64(), self.most.as_secs_f64());
        if most >= 10.0 {
            format!("{:.0}–{:.0} s", least.floor(), most.ceil())
        } else {
            format!("{least:.1}–{most:.1} s")
        }
    }

    /// A measured interval touches it.
    pub fn touches(&self, least: Duration, most: Duration) -> bool {
        most >= self.least && least <= self.most
    }
}

/// A phase as it is to be expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Which.
    pub kind: PhaseKind,
    /// How long.
    pub band: Band,
    /// What decides that, in words.
    pub knob: String,
}

/// What is to be expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Prediction {
    /// Its phases.
    pub phases: Vec<Expected>,
    /// How long clients cannot write.
    pub total: Band,
    /// Settings that could not be read, in words.
    pub assumed: Vec<String>,
}

impl Prediction {
    /// What is expected of a phase.
    pub fn phase(&self, kind: PhaseKind) -> Option<&Expected> {
        self.phases.iter().find(|expected| expected.kind == kind)
    }
}

/// What is to be expected of this fault; `None` where nothing can be said: an outage lasts as long as its cause.
pub fn predict(hit: &Hit, fault: Fault, timing: &Timing) -> Option<Prediction> {
    if *hit != Hit::Leader {
        return None;
    }
    let detection = match fault {
        Fault::Stopped => expected(
            PhaseKind::Detection,
            CLEAN_STOP,
            "PostgreSQL's shutdown, at which Patroni looks once a second".to_owned(),
        ),
        Fault::Requested => {
            let most = CLEAN_STOP.most + timing.loop_wait.value;
            let band = Band { most, ..CLEAN_STOP };
            expected(
                PhaseKind::Detection,
                band,
                "Patroni's next round, then PostgreSQL's shutdown".to_owned(),
            )
        }
        Fault::Gone => return Some(restart(timing)),
        Fault::Found | Fault::LockLost => return None,
        _ => expected(PhaseKind::Detection, expiry(timing), session_text(timing)),
    };
    let election = election(timing, fault);
    let promotion = expected(
        PhaseKind::Promotion,
        PROMOTION,
        "PostgreSQL replays what is left".to_owned(),
    );
    let mut total = detection.band.then(election.band);
    let released = detection.band;
    let mut phases = vec![detection, election, promotion];
    if let Some(checks) = &timing.checks {
        let routing = routing(checks);
        total = total.then(PROMOTION.beside(routing.band));
        phases.push(routing);
        phases.push(draining(checks, fault, released));
    } else {
        total = total.then(PROMOTION);
    }
    Some(Prediction {
        phases,
        total,
        assumed: assumed(timing),
    })
}

/// How long after its loss of ZooKeeper a leader demotes itself, if it does.
pub fn demotion(timing: &Timing) -> Band {
    Band {
        least: timing.retry_timeout.value.mul_f64(0.7),
        most: timing.loop_wait.value + timing.retry_timeout.value,
    }
}

fn expected(kind: PhaseKind, band: Band, knob: String) -> Expected {
    Expected { kind, band, knob }
}

/// From the death of a process until its session is dropped.
fn expiry(timing: &Timing) -> Band {
    let ping = timing
        .loop_wait
        .value
        .saturating_sub(Duration::from_secs(2))
        .max(Duration::from_secs(2))
        / 2;
    Band {
        least: timing.session.value.saturating_sub(ping),
        most: timing.session.value + timing.tick.value,
    }
}

fn session_text(timing: &Timing) -> String {
    let (session, ttl) = (timing.session.value, timing.ttl.value);
    if session == ttl {
        format!("ZooKeeper session timeout {} (ttl)", short(session))
    } else {
        format!(
            "ZooKeeper session timeout {}, not the ttl of {}",
            short(session),
            short(ttl)
        )
    }
}

fn election(timing: &Timing, fault: Fault) -> Expected {
    let clean = matches!(fault, Fault::Stopped | Fault::Requested);
    let sleep = if timing.sleeps && clean {
        timing.loop_wait.value
    } else {
        Duration::ZERO
    };
    // A frozen leader takes the connection of whoever asks. The address of one that is gone may be known to be gone.
    let frozen = fault == Fault::Paused;
    let band = Band {
        least: if frozen { PATIENCE } else { Duration::ZERO },
        most: RACE + sleep,
    };
    let knob = if sleep > Duration::ZERO {
        format!("Patroni before 3.2 may sleep for loop_wait {}", short(sleep))
    } else if frozen {
        "2 s for the frozen leader, which does not answer".to_owned()
    } else {
        "up to 2 s for members that do not answer".to_owned()
    };
    expected(PhaseKind::Election, band, knob)
}

/// The first good check comes within `inter`, the others every `fastinter`.
fn routing(checks: &Checks) -> Expected {
    let rest = checks.fastinter * checks.rise.saturating_sub(1);
    let band = Band {
        least: rest,
        most: checks.inter + rest + CHECK,
    };
    expected(
        PhaseKind::Routing,
        band,
        format!("HAProxy rise {} × inter {}", checks.rise, short(checks.inter)),
    )
}

/// The first bad check begins within `inter`, the others `fastinter` after the one before has ended. A check of an address
/// where nobody is ends after `inter`, that of a frozen server by `timeout check`: until its queue of connections is full,
/// then it is as if nobody was there. `released`: when a server that goes on answering begins to deny that it leads.
fn draining(checks: &Checks, fault: Fault, released: Band) -> Expected {
    let more = checks.fall.saturating_sub(1);
    let pauses = checks.fastinter * more;
    let frozen = checks.timeout.max(checks.inter);
    let (least, most) = match fault {
        Fault::Requested => (released.least, released.most + checks.inter),
        // It may deny that it leads, let a check hang until it has ended, or be gone.
        Fault::Stopped => (
            Duration::ZERO,
            (checks.inter * 2).max(released.most) + checks.inter * more,
        ),
        Fault::Paused => (
            checks.timeout + checks.inter.min(checks.timeout) * more,
            checks.inter + frozen * checks.fall,
        ),
        // Frozen or cut off: nobody knows.
        Fault::Silent => (Duration::ZERO, checks.inter + frozen * checks.fall),
        // While it dies it may refuse one check.
        _ => (checks.inter * more, checks.inter + checks.inter * checks.fall),
    };
    let band = Band {
        least: pauses + least,
        most: pauses + most + CHECK,
    };
    let mut knob = format!("HAProxy fall {} × inter {}", checks.fall, short(checks.inter));
    if fault == Fault::Paused {
        knob = format!("{knob}, timeout check {}", short(checks.timeout));
    }
    expected(PhaseKind::Draining, band, knob)
}

/// Patroni notices in its next round and starts PostgreSQL again.
fn restart(timing: &Timing) -> Prediction {
    let band = Band {
        least: Duration::from_millis(200),
        most: timing.loop_wait.value + CRASH_RECOVERY,
    };
    let knob = format!("loop_wait {}, then crash recovery", short(timing.loop_wait.value));
    Prediction {
        phases: vec![expected(PhaseKind::Recovery, band, knob)],
        total: band,
        assumed: assumed(timing),
    }
}

fn assumed(timing: &Timing) -> Vec<String> {
    let mut texts = Vec::new();
    let mut note = |name: &str, basis: Basis, value: String| match basis {
        Basis::Assumed => texts.push(format!("{name} {value} assumed")),
        Basis::Default => texts.push(format!("{name} {value} by default")),
        Basis::Read | Basis::Lab => {}
    };
    note("ttl", timing.ttl.basis, short(timing.ttl.value));
    note("loop_wait", timing.loop_wait.basis, short(timing.loop_wait.value));
    note("session timeout", timing.session.basis, short(timing.session.value));
    note("tickTime", timing.tick.basis, short(timing.tick.value));
    if let Some(checks) = &timing.checks {
        let value = format!(
            "inter {} fall {} rise {}",
            short(checks.inter),
            checks.fall,
            checks.rise
        );
        note("HAProxy", checks.basis, value);
    }
    texts
}

/// The phase that took most of the time until clients could write, with its time, and that of the whole. Of two that go
/// beside each other only the longer counts.
pub fn dominating(episode: &Episode, timeline: &Timeline) -> Option<(PhaseKind, Duration, Duration)> {
    let (from, to) = timeline.outage(episode)?;
    let whole = to.at.since(from.at);
    let ends = |mark: Option<Mark>| mark.is_some_and(|mark| mark.at <= to.at);
    let phases = timeline.phases(episode);
    let counted = phases.iter().filter(|phase| {
        !matches!(
            phase.kind,
            PhaseKind::Draining
                | PhaseKind::Redundancy
                | PhaseKind::StoreOutage
                | PhaseKind::Writes
                | PhaseKind::Brownout
        ) && ends(phase.to)
    });
    let timed = counted.filter_map(|phase| Some((phase.kind, phase.to?.at.since(phase.from.at))));
    let (kind, time) = timed.max_by_key(|(_, time)| *time)?;
    Some((kind, time, whole))
}

/// `30 s`, `0.5 s`.
fn short(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}

#[cfg(test)]
mod tests;
