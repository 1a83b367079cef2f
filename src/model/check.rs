//! The check: does a write reach every replica, and do clients reach the leader? What is checked, how each step ended,
//! and what follows from it.
//!
//! Pure: [`crate::action`] carries it out. Every step bears a name that is its own within one check.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cluster::Cluster;
use super::container::ContainerState;
use super::name::MemberName;
use super::time::Timestamp;
use super::topology::Address;
use super::wal::Timeline;

/// Schema in which the table is made.
pub const SCHEMA: &str = "public";
/// How the names of our tables begin; then follows the start of the check in microseconds, hexadecimal.
pub const PREFIX: &str = "pgherd_check_";

/// What is checked, fixed when it begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Every member that is known.
    pub members: Vec<Target>,
    /// Where clients reach the leader.
    pub entry: Option<Address>,
    /// Who holds the leader lock, if that is known.
    pub holder: Option<MemberName>,
    /// The cluster is a lab of ours.
    pub lab: bool,
}

/// A member to check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// Its name.
    pub member: MemberName,
    /// Where its PostgreSQL is, or why that is not known.
    pub address: Result<Address, String>,
}

impl Plan {
    /// The check of the cluster as it is known now; `None` if no member is.
    pub fn of(cluster: &Cluster) -> Option<Self> {
        let targets = &cluster.targets;
        let members: Vec<Target> = targets
            .nodes
            .iter()
            .map(|node| Target {
                member: node.member.clone(),
                address: node.postgres.clone().ok_or_else(|| unreachable(cluster, &node.member)),
            })
            .collect();
        (!members.is_empty()).then(|| Self {
            members,
            entry: targets.entry.clone(),
            holder: cluster.lock_holder().cloned(),
            lab: targets.lab,
        })
    }
}

fn unreachable(cluster: &Cluster, member: &MemberName) -> String {
    match cluster.container_of(member).map(|container| &container.state) {
        Some(ContainerState::Exited { code }) => {
            format!("its container does not run (exited {code}) and has no address")
        }
        Some(ContainerState::Created) => "its container was never started and has no address".to_owned(),
        _ => "no address of its PostgreSQL is known".to_owned(),
    }
}

/// The name of a table of ours. No other table is ever removed, and such a name needs no quotes in SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableName(String);

impl TableName {
    /// The table of a check that begins now.
    pub fn at(now: Timestamp) -> Self {
        Self(format!("{PREFIX}{:x}", now.micros()))
    }

    /// A name as [`TableName::at`] gives it; `None` for any other.
    pub fn parse(name: &str) -> Option<Self> {
        let run = name.strip_prefix(PREFIX)?;
        let hexadecimal = run.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        ((1..=16).contains(&run.len()) && hexadecimal).then(|| Self(name.to_owned()))
    }

    /// The name without its schema.
    pub fn name(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TableName {
    /// With its schema.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEMA}.{}", self.0)
    }
}

/// How a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Under way.
    Running,
    /// As it should be.
    Passed {
        /// What was seen.
        detail: String,
        /// How long it took.
        took: Duration,
    },
    /// Not as it should be, and why.
    Failed(String),
    /// Not done, and why.
    Skipped(String),
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does: `row seen on postgresql1`.
    pub name: String,
    /// How it stands.
    pub state: State,
}

impl State {
    /// `passed`, `failed`, …
    pub fn word(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Passed { .. } => "passed",
            Self::Failed(_) => "failed",
            Self::Skipped(_) => "skipped",
        }
    }
}

impl fmt::Display for Step {
    /// `row seen on postgresql1: 12 ms after the commit (13 ms)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.state {
            State::Running => f.write_str(name),
            State::Passed { detail, took } if detail.is_empty() => write!(f, "{name} ({})", span(*took)),
            State::Passed { detail, took } => write!(f, "{name}: {detail} ({})", span(*took)),
            State::Failed(why) | State::Skipped(why) => write!(f, "{name}: {why}"),
        }
    }
}

/// `12 ms`, `1.24 s`
pub fn span(span: Duration) -> String {
    if span < Duration::from_secs(1) {
        format!("{} ms", span.as_millis())
    } else {
        format!("{:.2} s", span.as_secs_f64())
    }
}

/// The steps so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// In the order in which they began.
    pub steps: Vec<Step>,
    /// Nothing more will come.
    pub ended: bool,
}

/// What follows from a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on.
    Running,
    /// No step failed, and this many were left out.
    Passed {
        /// Steps not done.
        skipped: usize,
    },
    /// So many steps failed.
    Failed(usize),
}

impl Report {
    /// Takes in how a step stands now.
    pub fn take(&mut self, step: Step) {
        match self.steps.iter_mut().find(|known| known.name == step.name) {
            Some(known) => known.state = step.state,
            None => self.steps.push(step),
        }
    }

    /// Nothing more comes: what still ran has failed.
    pub fn end(&mut self) {
        self.ended = true;
        for step in &mut self.steps {
            if step.state == State::Running {
                step.state = State::Failed("it was broken off".to_owned());
            }
        }
    }

    /// Steps that failed.
    pub fn failed(&self) -> impl Iterator<Item = &Step> {
        self.steps.iter().filter(|step| matches!(step.state, State::Failed(_)))
    }

    /// What follows. A check without a step that passed did not pass.
    pub fn verdict(&self) -> Verdict {
        if !self.ended {
            return Verdict::Running;
        }
        let count = |word: &str| self.steps.iter().filter(|step| step.state.word() == word).count();
        match (count("passed"), count("failed")) {
            (1.., 0) => Verdict::Passed {
                skipped: count("skipped"),
            },
            (_, failed) => Verdict::Failed(failed),
        }
    }

    /// The verdict in words: `check passed: 12 steps`.
    pub fn summary(&self) -> String {
        let all = self.steps.len();
        match self.verdict() {
            Verdict::Running => "check running".to_owned(),
            Verdict::Passed { skipped: 0 } => format!("check passed: {all} steps"),
            Verdict::Passed { skipped } => format!("check passed: {all} steps, {skipped} of them skipped"),
            Verdict::Failed(failed) => format!("check failed: {failed} of {all} steps failed"),
        }
    }
}

/// Who answered on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// In recovery.
    pub standby: bool,
    /// `system_identifier`: the same on all members of a cluster.
    pub system_id: String,
    /// When its postmaster started, as the server writes it: tells servers apart that share everything else.
    pub started: String,
    /// Address and port as the server itself sees them.
    pub address: String,
    /// Its timeline; a standby knows it only while it streams and lets privileged roles see it.
    pub timeline: Option<Timeline>,
    /// Our role there.
    pub user: String,
    /// The database there.
    pub database: String,
}

impl Identity {
    /// True if both are the same running server.
    pub fn is_same_server(&self, other: &Self) -> bool {
        self.system_id == other.system_id && self.started == other.started && self.address == other.address
    }
}

impl fmt::Display for Identity {
    /// `primary at 172.20.0.3:5432, timeline 4`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let role = if self.standby { "standby" } else { "primary" };
        write!(f, "{role} at {}", self.address)?;
        match self.timeline {
            Some(timeline) => write!(f, ", timeline {}", timeline.0),
            None => Ok(()),
        }
    }
}

/// Finds the one primary among those that answered.
///
/// # Errors
/// There is none, there are several, or it is not the one that holds the lock.
pub fn primary<'a>(
    members: impl IntoIterator<Item = (&'a MemberName, &'a Identity)>,
    holder: Option<&MemberName>,
) -> Result<&'a MemberName, String> {
    let primaries: Vec<&MemberName> = members
        .into_iter()
        .filter(|(_, identity)| !identity.standby)
        .map(|(name, _)| name)
        .collect();
    match (primaries.as_slice(), holder) {
        ([], _) => Err("no member that answers is a primary".to_owned()),
        ([only], Some(holder)) if *only != holder => {
            Err(format!("{only} is the primary and {holder} holds the leader lock"))
        }
        ([only], _) => Ok(only),
        (several, _) => {
            let names: Vec<&str> = several.iter().map(|name| name.as_str()).collect();
            Err(format!("several primaries: {}", names.join(", ")))
        }
    }
}

/// Compares all connections: one cluster, one timeline.
///
/// # Errors
/// What differs, all of it.
pub fn one_cluster<'a>(members: impl IntoIterator<Item = (&'a MemberName, &'a Identity)>) -> Result<String, String> {
    let members: Vec<_> = members.into_iter().collect();
    let listed = |value: &dyn Fn(&Identity) -> Option<String>| {
        let each = members
            .iter()
            .filter_map(|(name, identity)| Some((name, value(identity)?)));
        let distinct: BTreeSet<String> = each.clone().map(|(_, value)| value).collect();
        let text: Vec<String> = each.map(|(name, value)| format!("{name} {value}")).collect();
        (distinct, text.join(", "))
    };
    let (ids, each_id) = listed(&|identity| Some(identity.system_id.clone()));
    let (timelines, each_timeline) = listed(&|identity| identity.timeline.map(|timeline| timeline.0.to_string()));
    let mut wrong = Vec::new();
    if ids.len() > 1 {
        wrong.push(format!("different system identifiers: {each_id}"));
    }
    if timelines.len() > 1 {
        wrong.push(format!("different timelines: {each_timeline}"));
    }
    if !wrong.is_empty() {
        return Err(wrong.join("; "));
    }
    let first = |values: BTreeSet<String>| values.into_iter().next().unwrap_or_else(|| "?".to_owned());
    Ok(format!("system {}, timeline {}", first(ids), first(timelines)))
}

/// Whether the entry point led to the leader.
///
/// # Errors
/// Where it led instead.
pub fn entry_leads_to(leader: (&MemberName, &Identity), entry: &Identity) -> Result<String, String> {
    let (name, identity) = leader;
    if entry.system_id != identity.system_id {
        return Err(format!(
            "it leads to another cluster: system {}, and {name} is of system {}",
            entry.system_id, identity.system_id
        ));
    }
    if entry.is_same_server(identity) {
        return Ok(format!("{name}, {entry}"));
    }
    Err(format!("it leads to a {entry}, and the leader {name} is a {identity}"))
}

#[cfg(test)]
mod tests;
