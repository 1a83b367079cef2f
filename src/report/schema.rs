//! What a report says, in the form in which JSON has it: types of its own, so that the document stays as it is when the
//! model changes. See [`super`] for units.

mod clients;

use serde::{Serialize, Serializer};

use crate::model::time::Timestamp;

pub use clients::{Clients, Lane, LaneOutage, Ledger, Reading};

/// Name of the schema.
pub const NAME: &str = "pgherd.episode";
/// Its version.
pub const VERSION: u32 = 1;

/// One episode.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// [`NAME`].
    pub schema: &'static str,
    /// [`VERSION`].
    pub version: u32,
    /// Who wrote it.
    pub program: Program,
    /// As of when: the last thing that was known.
    pub written: Instant,
    /// Which cluster.
    pub cluster: Cluster,
    /// What it is about.
    pub episode: Head,
    /// One paragraph.
    pub summary: String,
    /// How long clients could not write: as they measured it, else by what the servers said. `null` if they could all the
    /// time, or cannot yet.
    pub outage: Option<Outage>,
    /// What clients saw.
    pub clients: Clients,
    /// What was expected of the whole; `null` where nothing can be said.
    pub predicted: Option<Predicted>,
    /// The steps that were taken, in their order.
    pub steps: Vec<Step>,
    /// The bars of the waterfall.
    pub phases: Vec<Phase>,
    /// Everything that was told, by its instant.
    pub facts: Vec<Fact>,
    /// The cluster before, during and after.
    pub states: Vec<State>,
    /// Who could take over, as it was last known before somebody did.
    pub candidates: Vec<Candidate>,
    /// Log lines.
    pub logs: Logs,
    /// What decides how long things take, as it was before the fault or when it was first known.
    pub configuration: Vec<Setting>,
    /// Why, in plain words: one sentence or two each. What clients saw stands by itself.
    pub explanation: Vec<String>,
}

/// A program.
#[derive(Clone, Debug, Serialize)]
pub struct Program {
    /// `pgherd`.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
}

/// A cluster.
#[derive(Clone, Debug, Serialize)]
pub struct Cluster {
    /// Patroni's scope.
    pub scope: Option<String>,
    /// PostgreSQL's system identifier.
    pub system_id: Option<String>,
}

/// What an episode was.
#[derive(Clone, Debug, Serialize)]
pub struct Head {
    /// Counted from 1 in its run.
    pub number: u32,
    /// `SIGKILL postgresql0 → postgresql1`.
    pub title: String,
    /// `failover`, `switchover`, `restart in place`, …; `null` while it may still become one thing or another.
    pub verdict: Option<&'static str>,
    /// What came first: `SIGKILL`, `no answer`, …
    pub fault: String,
    /// `leader`, `replica`, `ZooKeeper`, `HAProxy`; `clients` where writes failed and nothing says why.
    pub hit: &'static str,
    /// Who led before.
    pub old_leader: Option<String>,
    /// Who took over; `null` if nobody did.
    pub new_leader: Option<String>,
    /// It was done from pgherd.
    pub caused_here: bool,
    /// Why none of its times is valid, where the clock was set or the machine stood still; `null` where all are.
    pub invalid: Option<String>,
    /// The fault.
    pub began: Instant,
    /// `null` while it goes on.
    pub ended: Option<Instant>,
}

/// A span with its bounds, seconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Span {
    /// At least.
    pub least_s: f64,
    /// As it was told.
    pub told_s: f64,
    /// At most.
    pub most_s: f64,
}

/// A time without writes.
#[derive(Clone, Debug, Serialize)]
pub struct Outage {
    /// Its beginning.
    pub from: Instant,
    /// Its end.
    pub until: Instant,
    /// How long.
    pub span: Span,
    /// In words, with what was predicted.
    pub text: String,
}

/// A band that was expected, seconds.
#[derive(Clone, Debug, Serialize)]
pub struct Predicted {
    /// At least.
    pub least_s: f64,
    /// At most.
    pub most_s: f64,
    /// The same as text: `26–40 s`.
    pub text: String,
    /// What decides it: one knob for a phase, empty for the whole.
    pub knob: String,
    /// Settings that could not be read, in words.
    pub assumed: Vec<String>,
}

/// An instant on the way.
#[derive(Clone, Debug, Serialize)]
pub struct Step {
    /// `lock free`, `lock taken by postgresql1`, …
    pub name: String,
    /// As it was told.
    pub at: Instant,
    /// Not before this, seconds after the fault.
    pub earliest_s: f64,
    /// Not after this.
    pub latest_s: f64,
    /// Which fact says so: its place in [`Report::facts`]; `null` for what no fact tells.
    pub evidence: Option<usize>,
}

/// A stretch.
#[derive(Clone, Debug, Serialize)]
pub struct Phase {
    /// `detect`, `elect`, `promote`, `route`, `old out`, `recover`, `store`, `redundancy`.
    pub name: &'static str,
    /// What it is, in words.
    pub what: &'static str,
    /// Its beginning.
    pub from: Instant,
    /// Its end; `null` while it lasts, and if it never came to one.
    pub to: Option<Instant>,
    /// How long; `null` without an end.
    pub span: Option<Span>,
    /// What was expected.
    pub predicted: Option<Predicted>,
    /// It took most of the time without writes.
    pub dominates: bool,
    /// Which fact ended it: its place in [`Report::facts`].
    pub evidence: Option<usize>,
}

/// A fact.
#[derive(Clone, Debug, Serialize)]
pub struct Fact {
    /// When it happened, as its source says.
    pub at: Instant,
    /// Seconds from then until it was noticed.
    pub noticed_after_s: f64,
    /// It may have happened by so many seconds earlier: polled sources tell late.
    pub doubt_s: f64,
    /// `Docker`, `ZooKeeper`, `PostgreSQL`, `Patroni`, `HAProxy`, `pgherd`.
    pub source: &'static str,
    /// Which member, container or server.
    pub subject: Option<String>,
    /// What.
    pub text: String,
    /// `good`, `info`, `notable`, `bad`.
    pub severity: &'static str,
}

/// The cluster at one instant.
#[derive(Clone, Debug, Serialize)]
pub struct State {
    /// `before`, `struck`, `lock free`, `lock taken`, `writable`, `over`.
    pub moment: &'static str,
    /// When.
    pub at: Instant,
    /// The members.
    pub members: Vec<Member>,
    /// The containers.
    pub containers: Vec<Container>,
    /// HAProxy's servers for writes.
    pub servers: Vec<Server>,
}

/// A member.
#[derive(Clone, Debug, Serialize)]
pub struct Member {
    /// Name.
    pub name: String,
    /// Host and port among the members, else its container.
    pub host: Option<String>,
    /// As patronictl writes it.
    pub role: &'static str,
    /// State in few words.
    pub state: String,
    /// Timeline.
    pub timeline: Option<u32>,
    /// Bytes not received; `null` for a leader and where it is not known.
    pub receive_lag: Option<u64>,
    /// Bytes not replayed.
    pub replay_lag: Option<u64>,
    /// A lag would mean something: it follows.
    pub follows: bool,
}

/// A container.
#[derive(Clone, Debug, Serialize)]
pub struct Container {
    /// Name.
    pub name: String,
    /// Compose service.
    pub service: Option<String>,
    /// Command.
    pub command: String,
    /// Image.
    pub image: String,
    /// Docker's word: `running`, `exited`, `paused`, …
    pub status: String,
    /// The status in full: `exited 137 (SIGKILL)`.
    pub text: String,
    /// Of a container that ended.
    pub exit_code: Option<i64>,
    /// `healthy`, `unhealthy`, `starting`; `null` without a health check.
    pub health: Option<String>,
    /// `0.0.0.0:5433->5432/tcp, 8008/tcp`.
    pub ports: String,
}

/// A server of HAProxy.
#[derive(Clone, Debug, Serialize)]
pub struct Server {
    /// Pool.
    pub pool: String,
    /// Name.
    pub name: String,
    /// `UP`, `DOWN`, `DOWN 1/2`, …
    pub status: String,
    /// Its last check: `L7STS/503`.
    pub check: Option<String>,
}

/// Somebody who could take over, or not.
#[derive(Clone, Debug, Serialize)]
pub struct Candidate {
    /// Name.
    pub member: String,
    /// It could.
    pub able: bool,
    /// What stood against it.
    pub obstacles: Vec<String>,
}

/// Log lines that matter.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Logs {
    /// By their stamps.
    pub lines: Vec<Line>,
    /// Lines of that time that are not here.
    pub left_out: usize,
    /// Where lines are missing, in words.
    pub gaps: Vec<String>,
}

/// A log line.
#[derive(Clone, Debug, Serialize)]
pub struct Line {
    /// Docker's stamp.
    pub at: Instant,
    /// Container.
    pub container: String,
    /// `debug`, `info`, `warning`, `error`, `fatal`.
    pub level: &'static str,
    /// Text without the program's own stamp.
    pub text: String,
    /// So many like it followed each other in this container.
    pub count: usize,
}

/// A setting.
#[derive(Clone, Debug, Serialize)]
pub struct Setting {
    /// Whose.
    pub part: &'static str,
    /// Its name there.
    pub name: &'static str,
    /// Its value; `null` if it is not known.
    pub value: Option<String>,
    /// Where it is known from.
    pub known_from: &'static str,
}

/// An instant and its distance from the fault.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Instant {
    /// When.
    #[serde(serialize_with = "rfc3339")]
    pub at: Timestamp,
    /// Seconds after the fault.
    pub offset_s: f64,
}

impl Instant {
    /// `at`, as it lies to the fault.
    pub(super) fn new(at: Timestamp, fault: Timestamp) -> Self {
        Self {
            at,
            offset_s: offset(at, fault),
        }
    }
}

/// Seconds from the fault, in milliseconds.
pub(super) fn offset(at: Timestamp, fault: Timestamp) -> f64 {
    if at < fault {
        -seconds(fault.since(at))
    } else {
        seconds(at.since(fault))
    }
}

/// Seconds, rounded to milliseconds.
pub(super) fn seconds(span: std::time::Duration) -> f64 {
    (span.as_secs_f64() * 1_000.0).round() / 1_000.0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for it")]
fn rfc3339<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let text = jiff::Timestamp::from_microsecond(at.micros()).map_or_else(|_| String::new(), |at| format!("{at:.6}"));
    serializer.serialize_str(&text)
}
