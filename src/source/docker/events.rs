//! Docker's event stream: what happened to containers, with the daemon's own time. The screen's order of a failover
//! comes from here, so that no event may be lost or doubled when the stream has to be opened again.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{EventMessage, EventMessageTypeEnum};
use bollard::query_parameters::{EventsOptions, EventsOptionsBuilder};
use futures_util::StreamExt;
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep};

use super::connect::cause;
use super::list::{Hint, Table};
use crate::model::container::{ContainerAction, ContainerEvent};
use crate::model::name::ContainerName;
use crate::model::signal::Signal;
use crate::model::text::clean_line;
use crate::model::time::Timestamp;
use crate::source::{Context, RETRY};

/// Asked for; the daemon leaves out the rest, above all the three `exec_` events of every health check.
const ACTIONS: [&str; 15] = [
    "create",
    "start",
    "restart",
    "stop",
    "kill",
    "die",
    "oom",
    "pause",
    "unpause",
    "destroy",
    "rename",
    "update",
    "health_status",
    "connect",
    "disconnect",
];
/// Asked for again when the stream is opened again; what was seen is dropped.
const OVERLAP_NS: i64 = 1_000_000_000;
/// More than a daemon remembers (256).
const REMEMBERED: usize = 1024;
/// Before the stream is opened again, if it had been open for some time.
const PAUSE: Duration = Duration::from_millis(200);
const SOME_TIME: Duration = Duration::from_secs(5);

/// One event, decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    /// Nanoseconds since the epoch, the daemon's clock.
    nanos: i64,
    /// Container id.
    id: String,
    /// Container name, where the event tells it.
    name: Option<ContainerName>,
    /// `None` means only that the container is to be read again.
    action: Option<ContainerAction>,
}

/// Reads one event. `None` for what concerns no container's state.
pub(super) fn decode(message: &EventMessage) -> Option<Happening> {
    let actor = message.actor.as_ref()?;
    let none = HashMap::new();
    let attributes = actor.attributes.as_ref().unwrap_or(&none);
    let attribute = |key: &str| attributes.get(key).map(String::as_str);
    let nanos = message.time_nano.or_else(|| message.time?.checked_mul(1_000_000_000))?;
    let action = message.action.as_deref()?;
    let (id, name, action) = match message.typ? {
        EventMessageTypeEnum::CONTAINER => {
            let done = match action {
                "kill" => Some(ContainerAction::Killed {
                    signal: attribute("signal")?.parse().ok()?,
                }),
                "die" => Some(ContainerAction::Died {
                    code: attribute("exitCode")?.parse().ok()?,
                }),
                "stop" => Some(ContainerAction::Stopped),
                "start" => Some(ContainerAction::Started),
                "restart" => Some(ContainerAction::Restarted),
                "pause" => Some(ContainerAction::Paused),
                "unpause" => Some(ContainerAction::Unpaused),
                "oom" => Some(ContainerAction::OutOfMemory),
                "create" => Some(ContainerAction::Created),
                "destroy" => Some(ContainerAction::Removed),
                "rename" | "update" => None,
                other => Some(ContainerAction::Health(clean_line(
                    other.strip_prefix("health_status:")?,
                ))),
            };
            (actor.id.as_deref()?, attribute("name"), done)
        }
        EventMessageTypeEnum::NETWORK => {
            let network = clean_line(attribute("name").unwrap_or_default());
            let done = match action {
                "connect" => ContainerAction::Connected(network),
                "disconnect" => ContainerAction::Disconnected(network),
                _ => return None,
            };
            (attribute("container")?, None, Some(done))
        }
        _ => return None,
    };
    Some(Happening {
        nanos,
        id: clean_line(id),
        name: name.map(ContainerName::from),
        action,
    })
}

/// Drops what was seen before, and the second of Docker 20.10's two `disconnect` events.
#[derive(Default)]
pub(super) struct Seen {
    last: VecDeque<Happening>,
    newest: Option<i64>,
    cut: HashMap<(String, String), i64>,
}

impl Seen {
    /// True if the event is a new one.
    pub(super) fn is_new(&mut self, happening: &Happening) -> bool {
        if self.last.contains(happening) {
            return false;
        }
        self.last.push_back(happening.clone());
        if self.last.len() > REMEMBERED {
            self.last.pop_front();
        }
        self.newest = self.newest.max(Some(happening.nanos));
        match &happening.action {
            Some(ContainerAction::Disconnected(network)) => {
                let before = self
                    .cut
                    .insert((happening.id.clone(), network.clone()), happening.nanos);
                before.is_none_or(|before| happening.nanos.abs_diff(before) > OVERLAP_NS.unsigned_abs())
            }
            Some(ContainerAction::Connected(network)) => {
                self.cut.remove(&(happening.id.clone(), network.clone()));
                true
            }
            Some(ContainerAction::Removed) => {
                self.cut.retain(|(id, _), _| *id != happening.id);
                true
            }
            _ => true,
        }
    }
}

/// Follows the events; never ends. `epoch` changes when the daemon came back: a stream from before may be deaf.
pub(super) async fn follow(
    context: Context,
    docker: Docker,
    table: watch::Receiver<Table>,
    hints: mpsc::Sender<Hint>,
    mut epoch: watch::Receiver<u64>,
) {
    let mut seen = Seen::default();
    let mut names = HashMap::new();
    let mut since = None;
    loop {
        epoch.mark_unchanged();
        let opened = Instant::now();
        let newest_before = seen.newest;
        let mut events = pin!(docker.events(Some(options(since))));
        let ended = loop {
            let message = tokio::select! {
                message = events.next() => message,
                Ok(()) = epoch.changed() => break None,
            };
            match message {
                None => break None,
                Some(Err(error)) => break Some(error),
                Some(Ok(message)) => {
                    let Some(happening) = decode(&message).filter(|happening| seen.is_new(happening)) else {
                        continue;
                    };
                    pass_on(&context, happening, &table, &mut names, &hints).await;
                }
            }
        };
        // bollard ends the stream at an event of a type that it does not know. Asked for again, that event comes again:
        // if nothing new came before it, go on behind it. (The list heals what might have been missed.)
        let unreadable = matches!(ended, Some(Error::JsonDataError { .. } | Error::JsonSerdeError { .. }));
        since = if unreadable && newest_before == seen.newest {
            context.now().micros().checked_mul(1_000)
        } else {
            seen.newest.map(|newest| newest.saturating_sub(OVERLAP_NS))
        };
        if let Some(error) = ended {
            log::debug!("events: {}", cause(&error));
        }
        // A daemon that refuses events is at least listed once a second.
        sleep(if opened.elapsed() > SOME_TIME { PAUSE } else { RETRY }).await;
        if hints.send(Hint::All).await.is_err() {
            return;
        }
    }
}

fn options(since: Option<i64>) -> EventsOptions {
    let filters = HashMap::from([("type", vec!["container", "network"]), ("event", ACTIONS.to_vec())]);
    let options = EventsOptionsBuilder::default().filters(&filters);
    match since {
        None => options,
        Some(nanos) => {
            let nanos = nanos.max(0);
            options.since(&format!("{}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000))
        }
    }
    .build()
}

async fn pass_on(
    context: &Context,
    happening: Happening,
    table: &watch::Receiver<Table>,
    names: &mut HashMap<String, ContainerName>,
    hints: &mpsc::Sender<Hint>,
) {
    let Happening {
        nanos,
        id,
        name,
        action,
    } = happening;
    let name = match name {
        Some(name) => {
            names.insert(id.clone(), name.clone());
            name
        }
        None => name_of(&id, names, table),
    };
    if action == Some(ContainerAction::Removed) {
        names.remove(&id);
    }
    if let Some(action) = action {
        let at = Timestamp::from_micros(nanos / 1_000);
        let id = id.clone();
        context
            .send(Signal::Container(ContainerEvent { at, id, name, action }))
            .await;
    }
    let _ = hints.send(Hint::One(id)).await;
}

/// Network events tell the container's id only.
fn name_of(id: &str, names: &HashMap<String, ContainerName>, table: &watch::Receiver<Table>) -> ContainerName {
    let listed = || {
        let table = table.borrow();
        table
            .iter()
            .find(|(_, standing)| standing.id == id)
            .map(|(name, _)| name.clone())
    };
    names
        .get(id)
        .cloned()
        .or_else(listed)
        .unwrap_or_else(|| ContainerName::from(id.get(..12).unwrap_or(id)))
}

#[cfg(test)]
mod tests {
    use super::ContainerAction::*;
    use super::*;

    fn recorded() -> Vec<Happening> {
        let lines = include_str!("../../../tests/samples/docker/docker_events.jsonl").lines();
        lines
            .filter_map(|line| decode(&serde_json::from_str(line).unwrap()))
            .collect()
    }

    #[test]
    fn a_recorded_run_decodes_to_what_was_done() {
        let mut seen = Seen::default();
        let happenings = recorded();
        let id = happenings
            .iter()
            .find(|happening| happening.name == Some(ContainerName::from("c3")))
            .map(|happening| happening.id.clone());
        let c3: Vec<_> = happenings
            .into_iter()
            .filter(|happening| seen.is_new(happening) && Some(&happening.id) == id.as_ref())
            .filter_map(|happening| happening.action)
            .collect();
        let lab = || "labnet".to_owned();
        let expected = [
            Created,
            Connected(lab()),
            Started,
            Health("healthy".to_owned()),
            Disconnected(lab()), // recorded twice, 0.9 ms apart
            Connected(lab()),
            Killed { signal: 15 },
            Died { code: 0 },
            Disconnected(lab()),
            Stopped,
            Connected(lab()),
            Started,
            Restarted,
            Killed { signal: 1 },
            Health("healthy".to_owned()),
            Killed { signal: 9 },
            Died { code: 137 },
            Disconnected(lab()),
            Removed,
        ];
        assert_eq!(c3, expected);
    }

    #[test]
    fn health_checks_do_not_flood() {
        let count = recorded().len();
        let all = include_str!("../../../tests/samples/docker/docker_events.jsonl")
            .lines()
            .count();
        assert!(count < 50 && all == 90, "{count} of {all}");
    }

    #[test]
    fn times_are_the_daemons() {
        assert_eq!(
            recorded().first().map(|first| first.nanos),
            Some(1_795_376_411_881_046_091)
        );
    }

    #[test]
    fn what_was_seen_is_not_told_twice() {
        let mut seen = Seen::default();
        let happenings = recorded();
        let first = happenings.iter().filter(|happening| seen.is_new(happening)).count();
        assert_eq!(first, happenings.len() - 1, "all but the twin");
        assert_eq!(happenings.iter().filter(|happening| seen.is_new(happening)).count(), 0);
    }

    #[test]
    fn odd_events_are_passed_over() {
        let cases = [
            "{}",
            r#"{"Type":"container","Action":"kill","Actor":{"ID":"a","Attributes":{"signal":"?"}},"timeNano":1}"#,
            r#"{"Type":"container","Action":"resize","Actor":{"ID":"a","Attributes":{}},"timeNano":1}"#,
            r#"{"Type":"network","Action":"connect","Actor":{"ID":"n"},"timeNano":1}"#,
            r#"{"Type":"container","Action":"start","Actor":{"ID":"a"}}"#,
        ];
        for json in cases {
            assert_eq!(decode(&serde_json::from_str(json).unwrap()), None, "{json}");
        }
    }

    #[test]
    fn since_has_nanoseconds() {
        assert_eq!(
            options(Some(1_795_376_411_000_000_091)).since.as_deref(),
            Some("1795376411.000000091")
        );
        assert_eq!(options(None).since, None);
    }
}
