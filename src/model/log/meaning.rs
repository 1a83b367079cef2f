//! Lines that matter for a failover, and what they mean.

mod leading;
mod postgres;
mod serving;
mod zookeeper;

use super::head::{Head, Program};

/// What a line tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The leader lock was taken, kept, lost or released.
    Lock,
    /// Who may take the lock, and why another may not.
    Race,
    /// A standby becomes primary.
    Promotion,
    /// A primary gives up leading.
    Demotion,
    /// An operator asked for something.
    Request,
    /// A server stops or has died.
    Stop,
    /// A server starts or recovers.
    Start,
    /// A standby gets the primary's changes, or does not.
    Replication,
    /// Histories that went apart, and how they are brought together.
    Rewind,
    /// A data folder is made.
    Bootstrap,
    /// ZooKeeper is reached or lost.
    Dcs,
    /// HAProxy takes a server in or out, or has none.
    Proxy,
    /// Synchronous replication.
    Sync,
    /// Maintenance mode.
    Pause,
    /// Something that makes everything slow or fail.
    Trouble,
}

/// Why a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What it tells of.
    pub kind: Kind,
    /// True if something happens there once; false for a state that the program repeats while it lasts.
    pub step: bool,
    /// In plain words, without a full stop.
    pub words: &'static str,
}

/// How a message begins, and what that means.
type Phrase = (&'static str, Meaning);

const fn step(begin: &'static str, kind: Kind, words: &'static str) -> Phrase {
    let step = true;
    (begin, Meaning { kind, step, words })
}

const fn state(begin: &'static str, kind: Kind, words: &'static str) -> Phrase {
    let step = false;
    (begin, Meaning { kind, step, words })
}

/// What a line means for a failover, if anything.
pub fn meaning(text: &str) -> Option<Meaning> {
    of(&Head::of(text))
}

/// The same of a line that was taken apart already.
pub(super) fn of(head: &Head<'_>) -> Option<Meaning> {
    match head.program {
        Program::Patroni => patroni(head.message),
        Program::PostgreSQL => known(postgres::PHRASES, head.message),
        Program::ZooKeeper => known(zookeeper::PHRASES, head.message),
        Program::HAProxy => haproxy(head.message),
        Program::Other => None,
    }
}

/// The phrase that `message` begins with. None begins with another, so it is the last that is not behind the message.
fn known(phrases: &[Phrase], message: &str) -> Option<Meaning> {
    let behind = phrases.partition_point(|(begin, _)| *begin <= message);
    let (begin, meaning) = phrases.get(behind.checked_sub(1)?)?;
    message.starts_with(begin).then_some(*meaning)
}

/// Also what is done in maintenance mode, and `switchover: demote in progress`, which begins with what was asked for.
fn patroni(message: &str) -> Option<Meaning> {
    let state = |kind, words| {
        let step = false;
        Some(Meaning { kind, step, words })
    };
    if let Some(paused) = message.strip_prefix("PAUSE: ") {
        return patroni(paused).or_else(|| state(Kind::Pause, "maintenance mode: Patroni looks and does not act"));
    }
    if message.ends_with(": demote in progress") {
        return state(
            Kind::Demotion,
            "stops leading; the lock is given away when PostgreSQL has stopped",
        );
    }
    let found = known(leading::PHRASES, message).or_else(|| known(serving::PHRASES, message))?;
    // What began a round ago and still goes on.
    let step = found.step && !message.ends_with(" in progress");
    Some(Meaning { step, ..found })
}

/// `Server primary/pg1 is DOWN, reason: …`, `proxy primary has no server available!`, and sessions that found no server.
fn haproxy(message: &str) -> Option<Meaning> {
    let meaning = |step, words| {
        let kind = Kind::Proxy;
        Some(Meaning { kind, step, words })
    };
    if message.ends_with("has no server available!") {
        return meaning(
            true,
            "clients of this entry are turned away at once until a server is up",
        );
    }
    if message.contains("/<NOSRV> ") {
        return meaning(false, "a client was turned away: no server was up");
    }
    if !(message.starts_with("Server ") || message.starts_with("Backup Server ")) {
        return None;
    }
    if message.contains(" now enters maintenance ") {
        return meaning(
            true,
            "this member's address is not known any more: its container has stopped",
        );
    }
    if let Some((_, state)) = message.split_once(" is ") {
        return match state {
            _ if state.starts_with("DOWN") && state.contains("code: 503") => meaning(
                true,
                "this member does not have the role any more: no clients are sent to it",
            ),
            _ if state.starts_with("DOWN") => meaning(true, "this member does not answer: no clients are sent to it"),
            _ if state.starts_with("UP/READY") => meaning(
                true,
                "this member's address is known again; the next checks tell whether it has the role",
            ),
            _ if state.starts_with("UP") => meaning(true, "this member has the role now: clients are sent to it"),
            _ => None,
        };
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phrases_are_in_order_and_none_begins_with_another() {
        for phrases in [
            leading::PHRASES,
            serving::PHRASES,
            postgres::PHRASES,
            zookeeper::PHRASES,
        ] {
            for pair in phrases.windows(2) {
                assert!(pair[0].0 < pair[1].0, "{} / {}", pair[0].0, pair[1].0);
                assert!(!pair[1].0.starts_with(pair[0].0), "{} / {}", pair[0].0, pair[1].0);
            }
            for (begin, meaning) in phrases {
                assert_eq!(known(phrases, &format!("{begin} and more")), Some(*meaning), "{begin}");
            }
        }
    }

    #[test]
    fn tells_what_lines_mean() {
        let cases = [
            (
                "2026-11-22 19:17:51,025 INFO: promoted self to leader by acquiring session lock",
                Some((Kind::Promotion, true)),
            ),
            (
                "2026-11-22 19:17:51,025 INFO: switchover: demote in progress",
                Some((Kind::Demotion, false)),
            ),
            (
                "{\"asctime\": \"2026-11-22 19:17:51,025\", \"levelname\": \"INFO\", \"message\": \"Leader key released\"}",
                Some((Kind::Lock, true)),
            ),
            (
                "2026-11-22 19:17:51.026 UTC [19] LOG:  received promote request",
                Some((Kind::Promotion, true)),
            ),
            ("server promoting", Some((Kind::Promotion, true))),
            (
                "2026-11-22 19:17:51,026 [myid:] - INFO  [SessionTracker:o.a.z.s.ZooKeeperServer@628] - Expiring session 0x1, timeout of 2000ms exceeded",
                Some((Kind::Lock, true)),
            ),
            (
                "[WARNING]  (1) : Server primary/pg1 is DOWN, reason: Layer7 wrong status, code: 503, info: \"x\"",
                Some((Kind::Proxy, true)),
            ),
            ("proxy primary has no server available!", Some((Kind::Proxy, true))),
            (
                "172.30.0.1:57928 [22/Nov/2026:19:17:40.769] primary primary/<NOSRV> -1/-1/0 0 SC 1/1/0/0/0 0/0",
                Some((Kind::Proxy, false)),
            ),
            (
                "2026-11-22 19:17:51,025 INFO: no action. I am (pg1), the leader with the lock",
                None,
            ),
            ("2026-11-22 19:17:51.026 UTC [19] LOG:  checkpoint starting: time", None),
            ("received promote request", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = meaning(text).map(|meaning| (meaning.kind, meaning.step));
            assert_eq!(found, expected, "{text}");
        }
    }
}
