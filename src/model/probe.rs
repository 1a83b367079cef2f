//! What clients see: attempts to write and to read, each with its outcome, and what follows from them.
//!
//! Pure. A write has three outcomes: acknowledged, failed, and unknown, which is one that was sent and of which nobody
//! knows whether it happened. An instant of an attempt is by our own clock, which never steps.

mod clients;
mod track;
mod watch;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::fact::{Fact, FactKind, SourceKind};
use super::ledger::{Judgement, Ledger, Reading};
use super::name::MemberName;
use super::time::Timestamp;
use super::wal::Timeline;

pub use clients::{Clients, Outage, Seen};
pub use track::{Stretch, Track};
use watch::Watch;

/// Rows of the table, so that it never grows: a sequence number's row is that number modulo this.
pub const RING: i64 = 8_192;
/// Outages with a loss that are kept.
const LOSSES: usize = 16;

/// One row of attempts, each at its time whatever became of those before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Writes through the entry point, each on a new connection: whether the entry is open.
    Write,
    /// Writes through the entry point on one session, opened anew after an error: what a pool feels.
    Session,
    /// Reads through the entry point, each on a new connection.
    Read,
    /// Reads straight at a member.
    Member(MemberName),
}

impl Lane {
    /// True for one that writes.
    pub fn is_write(&self) -> bool {
        matches!(self, Self::Write | Self::Session)
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write => f.pad("writes"),
            Self::Session => f.pad("session"),
            Self::Read => f.pad("reads"),
            Self::Member(member) => f.pad(member.as_str()),
        }
    }
}

/// Why an attempt was not acknowledged; it names the part that is to blame.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Nothing listens there.
    Refused,
    /// No route to it.
    Unreachable,
    /// Its name does not resolve.
    Dns,
    /// No TCP connection in time.
    ConnectTimeout,
    /// Connected, and no login in time: something accepts connections and does not answer.
    LoginTimeout,
    /// Sent, and no answer in time.
    ReplyTimeout,
    /// The connection was closed or reset: HAProxy without a server, or a server that died.
    Closed,
    /// Committed on the leader, and the wait for a synchronous standby was given up (warning 01000).
    LocalOnly,
    /// The server's own code.
    Sql(String),
    /// No answer as it should be.
    Garbled,
}

impl Class {
    /// SQLSTATE 53100.
    pub fn is_disk_full(&self) -> bool {
        matches!(self, Self::Sql(code) if code == "53100")
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Self::Refused => "refused",
            Self::Unreachable => "no route",
            Self::Dns => "name not resolved",
            Self::ConnectTimeout => "no connection in time",
            Self::LoginTimeout => "no login in time",
            Self::ReplyTimeout => "no reply in time",
            Self::Closed => "connection closed",
            Self::LocalOnly => "committed locally only (01000)",
            Self::Garbled => "unreadable answer",
            Self::Sql(code) => {
                let meaning = match code.as_str() {
                    "57P01" | "57P02" => "terminated",
                    "57P03" => "starting or shutting down",
                    "25006" => "read-only",
                    "53300" => "too many connections",
                    "53100" => "disk full",
                    "42501" => "no privilege",
                    "42P01" => "no table",
                    "42601" | "42703" => "table changed",
                    _ => return write!(f, "SQLSTATE {code}"),
                };
                return write!(f, "{meaning} ({code})");
            }
        };
        f.write_str(words)
    }
}

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The server said that it is done.
    Acknowledged,
    /// It did certainly not happen.
    Failed(Class),
    /// It was sent, and nobody knows.
    Unknown(Class),
    /// Its time came while too much was under way: nothing was sent. Never counted as well.
    Skipped,
}

impl Outcome {
    /// True for one that a client would call an error.
    pub fn is_bad(&self) -> bool {
        matches!(self, Self::Failed(_) | Self::Unknown(_))
    }

    /// Why it was not acknowledged.
    pub fn class(&self) -> Option<&Class> {
        match self {
            Self::Failed(class) | Self::Unknown(class) => Some(class),
            Self::Acknowledged | Self::Skipped => None,
        }
    }
}

/// Who answered.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Server {
    /// Its address as it sees itself: inside the cluster's network.
    pub address: String,
    /// Its timeline; a standby does not say.
    pub timeline: Option<Timeline>,
    /// It is in recovery.
    pub standby: bool,
}

/// One attempt that has ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// Of which lane.
    pub lane: Lane,
    /// Of a write: its row, `None` if nothing was sent. Of a read: the newest row of this run that it saw.
    pub seq: Option<i64>,
    /// When it began.
    pub sent_at: Timestamp,
    /// When its outcome was known.
    pub ended_at: Timestamp,
    /// What became of it.
    pub outcome: Outcome,
    /// Who answered, if somebody did.
    pub server: Option<Server>,
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Writes and reads.
    Write,
    /// Reads only.
    Read,
}

/// One run of the probe: its rows bear its number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its number: the microsecond in which it began.
    pub id: i64,
    /// When it began.
    pub began: Timestamp,
    /// What it tries.
    pub mode: Mode,
    /// From one attempt of a lane to the next while nothing hangs; lanes that read are slower while all is well.
    pub every: Duration,
}

/// What the probe tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// A run begins; what was before does not belong to it.
    Began(Run),
    /// Attempts that ended, in any order.
    Attempts(Vec<Attempt>),
    /// The rows of the run, read back.
    Reading(Reading),
}

/// Everything that is known of a run.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Probe {
    /// The run; `None` before the first.
    pub run: Option<Run>,
    #[serde(with = "super::pairs")]
    tracks: BTreeMap<Lane, Track>,
    #[serde(with = "super::pairs")]
    watches: BTreeMap<Lane, Watch>,
    ledger: Ledger,
    judgement: Option<Judgement>,
    /// Those before it that were bad: a later outage does not make them good.
    losses: Vec<Judgement>,
}

impl Probe {
    /// Takes what it tells; gives what changed.
    pub fn take(&mut self, news: News, now: Timestamp) -> Vec<Fact> {
        match news {
            News::Began(run) => {
                *self = Self {
                    run: Some(run),
                    ..Self::default()
                };
                Vec::new()
            }
            News::Attempts(mut attempts) => {
                attempts.sort_by_key(|attempt| attempt.sent_at);
                attempts
                    .iter()
                    .filter_map(|attempt| self.attempt(attempt, now))
                    .collect()
            }
            News::Reading(reading) => self.reading(&reading, now).into_iter().collect(),
        }
    }

    /// Every lane, those that write first.
    pub fn tracks(&self) -> impl Iterator<Item = (&Lane, &Track)> {
        self.tracks.iter()
    }

    /// One lane.
    pub fn track(&self, lane: &Lane) -> Option<&Track> {
        self.tracks.get(lane)
    }

    /// Since when nothing succeeds on a lane that is told of: that of writes, or of reads.
    pub fn failing(&self, lane: &Lane) -> Option<Timestamp> {
        self.watches.get(lane)?.failing()
    }

    /// What the last reading of the rows came to.
    pub fn judgement(&self) -> Option<&Judgement> {
        self.judgement.as_ref()
    }

    /// What clients saw between two instants, if the probe ran.
    pub fn clients(&self, from: Timestamp, until: Timestamp) -> Option<Clients> {
        self.run.as_ref()?;
        Some(Clients {
            lanes: self
                .tracks
                .iter()
                .map(|(lane, track)| Seen::of(lane.clone(), track, from, until))
                .collect(),
            judgement: self.judged_since(from),
            stepped: None,
        })
    }

    /// Everything that was found since then, put together.
    fn judged_since(&self, from: Timestamp) -> Option<Judgement> {
        let all = self.losses.iter().chain(&self.judgement);
        all.filter(|judgement| judgement.at >= from)
            .cloned()
            .reduce(Judgement::and)
    }

    fn attempt(&mut self, attempt: &Attempt, now: Timestamp) -> Option<Fact> {
        self.tracks.entry(attempt.lane.clone()).or_default().push(attempt);
        if attempt.lane.is_write() {
            self.ledger.take(attempt);
        }
        if !matches!(attempt.lane, Lane::Write | Lane::Read) {
            return None;
        }
        let watch = self.watches.entry(attempt.lane.clone()).or_default();
        let told = watch.take(attempt)?;
        if told.begins && attempt.lane.is_write() {
            // What the outage before cost has been told: what follows is counted anew.
            self.ledger.settle();
            self.losses.extend(self.judgement.take().filter(Judgement::is_bad));
            let spare = self.losses.len().saturating_sub(LOSSES);
            self.losses.drain(..spare);
        }
        Some(fact(told.at, now, Some(attempt.lane.to_string()), told.kind))
    }

    fn reading(&mut self, reading: &Reading, now: Timestamp) -> Option<Fact> {
        let judgement = self.ledger.judge(reading, self.judgement.as_ref())?;
        let news = judgement.differs(self.judgement.as_ref());
        let kind = FactKind::Counted {
            text: judgement.text(),
            bad: judgement.is_bad(),
        };
        let at = judgement.at;
        self.judgement = Some(judgement);
        news.then(|| fact(at, now, None, kind))
    }
}

fn fact(at: Timestamp, seen: Timestamp, subject: Option<String>, kind: FactKind) -> Fact {
    Fact {
        at,
        seen,
        after: None,
        source: SourceKind::Probe,
        subject,
        kind,
    }
}

#[cfg(test)]
mod tests;
