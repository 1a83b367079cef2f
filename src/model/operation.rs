//! What an operator asks of Patroni and of HAProxy: what it is called, what it will do, what stands against it now, and
//! what it is bound to once it was confirmed.
//!
//! Pure: [`crate::action::operation`] carries it out and tells of it in [`Progress`].

mod preflight;
mod rolling;

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::check::Step;
use super::cluster::Cluster;
use super::dcs::DcsSnapshot;
use super::name::{MemberName, ProxyName};
use super::prediction::DEFAULT_LOOP_WAIT;
use super::time::Timestamp;
use super::topology::{AdminSocket, StoreTarget};

/// What is asked for. Names are those that the operator saw.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// The leader hands over, planned and without loss.
    Switchover {
        /// Who leads and has to when it begins.
        leader: MemberName,
        /// Who takes over; `None` leaves the choice to Patroni.
        candidate: Option<MemberName>,
        /// When; `None` is now.
        at: Option<Timestamp>,
    },
    /// Somebody takes over, also without a leader, also at a loss.
    Failover {
        /// Who.
        candidate: MemberName,
    },
    /// A member's PostgreSQL restarts, under Patroni.
    Restart {
        /// Whose.
        member: MemberName,
        /// Only if new settings wait for it.
        only_pending: bool,
        /// When; `None` is now.
        at: Option<Timestamp>,
    },
    /// Every PostgreSQL restarts: the replicas one after the other, then the leader hands over.
    RollingRestart {
        /// Who leads and has to when it begins.
        leader: MemberName,
        /// The others, in their order.
        replicas: Vec<MemberName>,
    },
    /// A member's Patroni reads its configuration file again.
    Reload {
        /// Whose.
        member: MemberName,
    },
    /// A replica throws its data away and is made anew from the leader.
    Reinitialise {
        /// Whose.
        member: MemberName,
    },
    /// Maintenance mode: Patroni watches and changes nothing by itself.
    Pause,
    /// The end of that.
    Resume,
    /// A switchover or failover that is asked for and not begun is withdrawn.
    FlushSwitchover,
    /// A scheduled restart is withdrawn.
    FlushRestart {
        /// Whose.
        member: MemberName,
    },
    /// The dynamic configuration changes.
    EditConfig {
        /// Version of the `config` znode to which the changes belong, if ZooKeeper could be asked for it.
        version: Option<i32>,
        /// What changes.
        changes: Vec<Change>,
    },
    /// A server of an HAProxy changes its administrative state.
    SetServer {
        /// Which HAProxy.
        proxy: ProxyName,
        /// Its section (`pxname`).
        pool: String,
        /// The server in it (`svname`).
        server: String,
        /// The state.
        state: ServerState,
    },
}

/// A change of one value of the dynamic configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The keys that lead to it: `postgresql`, `parameters`, `max_connections`.
    pub path: Vec<String>,
    /// Its value before, as JSON; `None` is absent.
    pub from: Option<String>,
    /// Its value after, as JSON; `None` removes it.
    pub to: Option<String>,
}

impl fmt::Display for Change {
    /// `ttl: 30 → 20`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "not set".to_owned());
        write!(
            f,
            "{}: {} → {}",
            self.path.join("."),
            shown(&self.from),
            shown(&self.to)
        )
    }
}

/// `set server … state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ServerState {
    /// In use as its checks say.
    Ready,
    /// Finishes its sessions, takes no new one.
    Drain,
    /// Out of use, and not checked.
    Maint,
}

impl ServerState {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 3] = [Self::Ready, Self::Drain, Self::Maint];

    /// HAProxy's own word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Drain => "drain",
            Self::Maint => "maint",
        }
    }
}

impl Operation {
    /// Its name, as in `patronictl`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Switchover { .. } => "switchover",
            Self::Failover { .. } => "failover",
            Self::Restart { .. } => "restart",
            Self::RollingRestart { .. } => "rolling restart",
            Self::Reload { .. } => "reload",
            Self::Reinitialise { .. } => "reinit",
            Self::Pause => "pause",
            Self::Resume => "resume",
            Self::FlushSwitchover => "flush switchover",
            Self::FlushRestart { .. } => "flush restart",
            Self::EditConfig { .. } => "edit-config",
            Self::SetServer { .. } => "set server",
        }
    }

    /// The member on which it works alone.
    pub fn member(&self) -> Option<&MemberName> {
        match self {
            Self::Restart { member, .. }
            | Self::Reload { member }
            | Self::Reinitialise { member }
            | Self::FlushRestart { member } => Some(member),
            Self::Failover { candidate } => Some(candidate),
            Self::Switchover { candidate, .. } => candidate.as_ref(),
            _ => None,
        }
    }

    /// When it is due, if not now.
    pub fn at(&self) -> Option<Timestamp> {
        match self {
            Self::Switchover { at, .. } | Self::Restart { at, .. } => *at,
            _ => None,
        }
    }
}

impl Operation {
    /// It is due at that time, where Patroni keeps one.
    pub fn put_off(&mut self, until: Timestamp) {
        if let Self::Switchover { at, .. } | Self::Restart { at, .. } = self {
            *at = Some(until);
        }
    }
}

impl fmt::Display for Operation {
    /// `switchover from postgresql0 to postgresql1`; without the time.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = self.word();
        match self {
            Self::Switchover { leader, candidate, .. } => {
                let to = candidate.as_ref().map_or("the best standby", MemberName::as_str);
                write!(f, "{word} from {leader} to {to}")
            }
            Self::Failover { candidate } => write!(f, "{word} to {candidate}"),
            Self::Restart {
                member,
                only_pending: true,
                ..
            } => write!(f, "{word} of {member} if settings wait for it"),
            Self::Restart { member, .. }
            | Self::Reload { member }
            | Self::Reinitialise { member }
            | Self::FlushRestart { member } => write!(f, "{word} of {member}"),
            Self::Pause | Self::Resume | Self::RollingRestart { .. } => write!(f, "{word} of the cluster"),
            Self::FlushSwitchover => f.write_str(word),
            Self::EditConfig { changes, .. } => write!(f, "{word}: {}", several(changes.len(), "change")),
            Self::SetServer {
                pool, server, state, ..
            } => write!(f, "{word} {pool}/{server} {}", state.word()),
        }
    }
}

/// A request in `failover`, in words: `the switchover from postgresql0 to postgresql1 at 2026-11-22T21:00:00+00:00`.
pub fn request(dcs: &DcsSnapshot) -> Option<String> {
    let request = dcs.failover.as_ref()?;
    let word = if request.leader.is_some() {
        "switchover"
    } else {
        "failover"
    };
    let mut text = format!("the {word}");
    for (before, name) in [(" from ", &request.leader), (" to ", &request.candidate)] {
        if let Some(name) = name {
            text.push_str(before);
            text.push_str(name.as_str());
        }
    }
    if let Some(at) = &request.scheduled_at {
        text.push_str(" at ");
        text.push_str(at);
    }
    Some(text)
}

fn several(count: usize, thing: &str) -> String {
    match count {
        1 => format!("1 {thing}"),
        count => format!("{count} {thing}s"),
    }
}

/// An operation with all that it needs and is bound to; fixed when it is confirmed. Two that are equal do the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What is asked for.
    pub operation: Operation,
    /// Where the znodes are.
    pub store: Option<StoreTarget>,
    /// The Patroni REST API of each member that can be reached from here, without path.
    pub rest: Vec<(MemberName, String)>,
    /// Where the HAProxy takes commands.
    pub admin: Option<AdminSocket>,
    /// Who led.
    pub leader: Option<MemberName>,
    /// The cluster's system identifier.
    pub system_id: Option<String>,
    /// `api_url` of the member on which it works, as in ZooKeeper.
    pub api_url: Option<String>,
    /// Id of that member's container: another one is another plan.
    pub container: Option<String>,
    /// Pause between two rounds of Patroni's loop.
    pub loop_wait: Duration,
}

impl Plan {
    /// The plan for `operation` on the cluster as it is known now.
    pub fn of(cluster: &Cluster, operation: Operation) -> Self {
        let dcs = cluster.snapshot();
        let targets = &cluster.targets;
        let member = operation.member();
        let entry = member.zip(dcs).and_then(|(member, dcs)| dcs.member(member));
        let rest = targets.nodes.iter();
        let rest = rest.filter_map(|node| Some((node.member.clone(), node.rest.clone()?)));
        let config = dcs.and_then(|dcs| dcs.config.as_ref());
        // A scope that was found and not configured is known by what was read.
        let store = targets.store.clone().map(|store| StoreTarget {
            scope: dcs.map(|dcs| dcs.root.clone()).or(store.scope),
            ..store
        });
        Self {
            store,
            rest: rest.collect(),
            admin: match &operation {
                Operation::SetServer { proxy, .. } => admin(cluster, proxy),
                _ => None,
            },
            leader: cluster.lock_holder().cloned(),
            system_id: dcs.and_then(|dcs| dcs.initialize.clone()).filter(|id| !id.is_empty()),
            api_url: entry.and_then(|entry| entry.api_url.clone()),
            container: member
                .and_then(|member| cluster.container_of(member))
                .map(|container| container.id.clone()),
            loop_wait: config.and_then(|config| config.loop_wait).unwrap_or(DEFAULT_LOOP_WAIT),
            operation,
        }
    }

    /// Where the REST API of a member is.
    pub fn rest_of(&self, member: &MemberName) -> Option<&str> {
        let mut rest = self.rest.iter();
        rest.find(|(name, _)| name == member).map(|(_, url)| url.as_str())
    }
}

fn admin(cluster: &Cluster, proxy: &ProxyName) -> Option<AdminSocket> {
    let mut proxies = cluster.targets.proxies.iter();
    proxies.find(|target| target.name == *proxy)?.admin.clone()
}

/// What an operation tells while it is carried out. The end is the last that comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Progress {
    /// A step began or ended.
    Step(Step),
    /// It is over.
    Ended(Outcome),
}

/// How an operation ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// The cluster has changed: what was seen of it.
    Done(String),
    /// Patroni took it on, and nothing that can be seen from outside tells when it is through.
    Accepted(String),
    /// Not done, and nothing was changed: what is not as confirmed, or Patroni's reason.
    Refused(String),
    /// Not done, since somebody else changed the same thing meanwhile: what and when.
    Conflict(String),
    /// Asked for, and its effect was not seen: it may still come.
    Unconfirmed(String),
}

impl Outcome {
    /// It is as the operator wanted it.
    pub fn is_good(&self) -> bool {
        matches!(self, Self::Done(_) | Self::Accepted(_))
    }

    /// `done`, `refused`, …
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done(_) => "done",
            Self::Accepted(_) => "accepted",
            Self::Refused(_) => "refused",
            Self::Conflict(_) => "conflict",
            Self::Unconfirmed(_) => "unconfirmed",
        }
    }

    /// The rest of the sentence.
    pub fn text(&self) -> &str {
        match self {
            Self::Done(text)
            | Self::Accepted(text)
            | Self::Refused(text)
            | Self::Conflict(text)
            | Self::Unconfirmed(text) => text,
        }
    }
}

impl fmt::Display for Outcome {
    /// `refused: postgresql1 leads now`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.word(), self.text())
    }
}

#[cfg(test)]
mod tests;
