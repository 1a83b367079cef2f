//! Changes of containers: from Docker's events, and from its lists where an event was missed.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::container::{Container, ContainerAction, ContainerEvent, ContainerState};
use super::super::name::ContainerName;
use super::super::time::Timestamp;
use super::memory::Memory;
use super::{Ending, Fact, FactKind, SourceKind, signal_name};

/// A list may have been made just before an event that was already told: it is believed only when this much later.
const SETTLED: Duration = Duration::from_secs(2);

/// A container that ends leaves its networks: after its end, and since Docker 28 some milliseconds before. So it was cut off
/// only if it has not ended this long after.
const PARTING: Duration = Duration::from_millis(500);

/// SIGKILL this long after SIGTERM is Docker's patience at its end, not two hands.
const GRACE: RangeInclusive<Duration> = Duration::from_millis(900)..=Duration::from_secs(300);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Run {
    Running,
    Paused(Timestamp),
    Ended,
}

/// What Docker last said about a container.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Life {
    run: Run,
    started: Option<Timestamp>,
    heard: Option<Timestamp>,
    terminated: Option<Timestamp>,
    killed: Option<Timestamp>,
    out_of_memory: bool,
    /// Networks that it left, when, and when that was heard: not yet told.
    #[serde(default)]
    parted: Vec<(String, Timestamp, Timestamp)>,
}

impl Life {
    fn new(run: Run, started: Option<Timestamp>) -> Self {
        Self {
            run,
            started,
            heard: None,
            terminated: None,
            killed: None,
            out_of_memory: false,
            parted: Vec::new(),
        }
    }

    pub(super) fn paused_since(&self) -> Option<Timestamp> {
        match self.run {
            Run::Paused(since) => Some(since),
            Run::Running | Run::Ended => None,
        }
    }

    pub(super) fn ending(&self) -> Ending {
        if self.out_of_memory {
            return Ending::OutOfMemory;
        }
        match (self.terminated, self.killed) {
            (Some(asked), Some(killed)) if GRACE.contains(&killed.since(asked)) => {
                Ending::GraceOver(killed.since(asked))
            }
            _ => Ending::Plain,
        }
    }
}

impl Memory {
    /// A fact for each event that means something: what Docker does to the network of a container that starts or ends
    /// and the `stop` after a `die` say nothing new.
    pub(in crate::model) fn container_event(&mut self, event: &ContainerEvent, now: Timestamp) -> Option<Fact> {
        use ContainerAction as A;
        let life = self
            .lives
            .entry(event.name.clone())
            .or_insert(Life::new(Run::Ended, None));
        let was_running = life.run != Run::Ended;
        life.heard = Some(now);
        let kind = match &event.action {
            A::Died { code } => {
                life.run = Run::Ended;
                life.parted.clear();
                FactKind::ContainerDied {
                    code: *code,
                    ending: life.ending(),
                }
            }
            A::Killed { signal } => {
                match signal {
                    9 => life.killed = Some(event.at),
                    15 => life.terminated = Some(event.at),
                    _ => {}
                }
                FactKind::Container(event.action.clone())
            }
            A::Started => {
                *life = Life::new(Run::Running, Some(event.at));
                life.heard = Some(now);
                FactKind::Container(A::Started)
            }
            A::Paused => {
                life.run = Run::Paused(event.at);
                FactKind::Container(A::Paused)
            }
            A::Unpaused => {
                life.run = Run::Running;
                FactKind::Container(A::Unpaused)
            }
            A::OutOfMemory => {
                life.out_of_memory = true;
                FactKind::Container(A::OutOfMemory)
            }
            A::Stopped | A::Restarted => return None,
            A::Connected(_) | A::Disconnected(_) if !was_running => return None,
            A::Disconnected(network) => {
                life.parted.push((network.clone(), event.at, now));
                return None;
            }
            other => FactKind::Container(other.clone()),
        };
        if event.action == A::Removed {
            self.lives.remove(&event.name);
        }
        Some(fact(&event.name, event.at, now, kind))
    }

    /// Networks that a container left without ending.
    pub(super) fn cut_off(&mut self, now: Timestamp) -> Vec<Fact> {
        let mut facts = Vec::new();
        for (name, life) in &mut self.lives {
            let late = |(_, _, heard): &mut (String, Timestamp, Timestamp)| now.since(*heard) >= PARTING;
            facts.extend(life.parted.extract_if(.., late).map(|(network, at, _)| {
                let kind = FactKind::Container(ContainerAction::Disconnected(network));
                fact(name, at, now, kind)
            }));
        }
        facts
    }

    /// Learns how a container is, if nothing was known of it.
    pub(in crate::model) fn container_met(&mut self, container: &Container, at: Timestamp) {
        self.lives
            .entry(container.name.clone())
            .or_insert_with(|| Life::new(run_of(container, at), container.started));
    }

    /// A fact if a container changed without an event: Docker was not reachable when it happened.
    pub(in crate::model) fn container_listed(&mut self, container: &Container, at: Timestamp) -> Option<Fact> {
        let life = self
            .lives
            .entry(container.name.clone())
            .or_insert_with(|| Life::new(run_of(container, at), container.started));
        if life.heard.is_some_and(|heard| at.since(heard) < SETTLED) {
            return None;
        }
        let (now, again) = (run_of(container, at), container.started != life.started);
        let (instant, kind) = match (life.run, now) {
            (Run::Ended, Run::Ended) => return None,
            (_, Run::Ended) => {
                if container.oom_killed {
                    life.out_of_memory = true;
                }
                let kind = match container.state {
                    ContainerState::Exited { code } => FactKind::ContainerDied {
                        code,
                        ending: life.ending(),
                    },
                    _ => FactKind::Container(ContainerAction::Stopped),
                };
                (container.finished, kind)
            }
            (Run::Running | Run::Ended, Run::Paused(_)) => (None, FactKind::Container(ContainerAction::Paused)),
            (Run::Paused(_), Run::Running) if !again => (None, FactKind::Container(ContainerAction::Unpaused)),
            (Run::Ended, Run::Running) => (container.started, FactKind::Container(ContainerAction::Started)),
            (Run::Running | Run::Paused(_), Run::Running) if again && life.heard.is_none() => {
                (container.started, FactKind::Container(ContainerAction::Restarted))
            }
            _ => {
                life.started = container.started;
                return None;
            }
        };
        life.run = now;
        life.started = container.started;
        Some(fact(&container.name, instant.unwrap_or(at), at, kind))
    }
}

fn run_of(container: &Container, at: Timestamp) -> Run {
    match container.state {
        ContainerState::Running => Run::Running,
        ContainerState::Paused => Run::Paused(at),
        _ => Run::Ended,
    }
}

fn fact(name: &ContainerName, at: Timestamp, seen: Timestamp, kind: FactKind) -> Fact {
    Fact {
        at,
        seen,
        after: None,
        source: SourceKind::Docker,
        subject: Some(name.to_string()),
        kind,
    }
}

/// How an action reads.
pub(super) fn describe(action: &ContainerAction) -> String {
    use ContainerAction as A;
    match action {
        A::Killed { signal } => format!("{} sent", signal_name(*signal)),
        A::Died { code } => super::exit_text(*code),
        A::Stopped => "stopped".to_owned(),
        A::Started => "started".to_owned(),
        A::Restarted => "restarted".to_owned(),
        A::Paused => "paused".to_owned(),
        A::Unpaused => "unpaused".to_owned(),
        A::OutOfMemory => "out of memory".to_owned(),
        A::Health(health) => format!("health: {health}"),
        A::Connected(network) => format!("connected to network {network}"),
        A::Disconnected(network) => format!("cut off from network {network}"),
        A::Created => "created".to_owned(),
        A::Removed => "removed".to_owned(),
    }
}
