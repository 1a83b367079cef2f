//! The list of containers: read again when something happened, and now and then anyway. Inspects only what changed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::ContainerSummary;
use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::{StreamExt, stream};
use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, sleep_until, timeout};

use super::News;
use super::connect::cause;
use super::decode::{container, container_of_row, row_state, steady};
use crate::model::container::{Container, ContainerState};
use crate::model::link::Cause;
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;
use crate::source::RETRY;

/// A stop or a start consists of several events within a few milliseconds.
const DEBOUNCE: Duration = Duration::from_millis(50);
/// The list is read this often without any event.
const SAFETY_NET: Duration = Duration::from_secs(5);
const LIST_DEADLINE: Duration = Duration::from_secs(2);
const INSPECT_DEADLINE: Duration = Duration::from_secs(1);
/// What is known by then is reported; slower containers follow.
const PATIENCE: Duration = Duration::from_millis(100);
const AT_ONCE: usize = 8;

/// Something may have changed.
pub(super) enum Hint {
    /// The container with this id.
    One(String),
    /// Anything: events may have been missed.
    All,
}

/// What the followers of logs and usage need to know of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) id: String,
    /// Has processes: runs or is paused.
    pub(super) runs: bool,
    pub(super) started: Option<Timestamp>,
    pub(super) tty: bool,
}

/// All containers by name; empty until the first list.
pub(super) type Table = BTreeMap<ContainerName, Standing>;

/// Keeps the list; never ends.
pub(super) async fn keep(
    docker: Docker,
    mut hints: mpsc::Receiver<Hint>,
    news: mpsc::Sender<News>,
    table: watch::Sender<Table>,
) {
    let mut inventory = Inventory {
        docker,
        news,
        table,
        known: HashMap::new(),
        hung: HashSet::new(),
    };
    let mut stale = Stale {
        all: true,
        ids: HashSet::new(),
    };
    let mut whole = true;
    loop {
        let done = inventory.round(std::mem::take(&mut stale), whole).await;
        let pause = if let Err(cause) = done {
            stale.all = true;
            let _ = inventory.news.send(News::Listed(Err(cause))).await;
            RETRY
        } else {
            SAFETY_NET
        };
        tokio::select! {
            hint = hints.recv() => {
                let Some(hint) = hint else { return };
                stale.note(hint);
                whole = false;
                sleep(DEBOUNCE).await;
            }
            () = sleep(pause) => whole = true,
        }
        while let Ok(hint) = hints.try_recv() {
            stale.note(hint);
        }
    }
}

#[derive(Default)]
struct Stale {
    all: bool,
    ids: HashSet<String>,
}

impl Stale {
    fn note(&mut self, hint: Hint) {
        match hint {
            Hint::One(id) => drop(self.ids.insert(id)),
            Hint::All => self.all = true,
        }
    }
}

struct Known {
    row: ContainerSummary,
    container: Container,
}

struct Inventory {
    docker: Docker,
    news: mpsc::Sender<News>,
    table: watch::Sender<Table>,
    known: HashMap<String, Known>,
    /// Their last inspect did not answer; asked again only every [`SAFETY_NET`].
    hung: HashSet<String>,
}

impl Inventory {
    async fn round(&mut self, stale: Stale, whole: bool) -> Result<(), Cause> {
        let rows = self.rows().await?;
        self.known.retain(|id, _| rows.contains_key(id));
        self.hung.retain(|id| rows.contains_key(id));
        let mut doubtful = Vec::new();
        for (id, row) in rows {
            let same = self.known.get(&id).is_some_and(|known| known.row == row);
            let hung = self.hung.contains(&id);
            if hung && !whole {
                self.make_do(id, row);
            } else if !same || hung || stale.all || stale.ids.contains(&id) {
                doubtful.push((id, row));
            }
        }
        self.inspect(doubtful).await;
        self.tell().await;
        Ok(())
    }

    async fn rows(&self) -> Result<HashMap<String, ContainerSummary>, Cause> {
        let all = ListContainersOptionsBuilder::default().all(true).build();
        let rows = timeout(LIST_DEADLINE, self.docker.list_containers(Some(all)))
            .await
            .map_err(|_| Cause::Timeout("list of containers".into()))?
            .map_err(|error| cause(&error))?;
        Ok(rows
            .into_iter()
            .filter_map(|row| Some((row.id.clone()?, steady(row))))
            .collect())
    }

    async fn inspect(&mut self, doubtful: Vec<(String, ContainerSummary)>) {
        let docker = self.docker.clone();
        let mut answers = stream::iter(doubtful)
            .map(|(id, row)| {
                let docker = docker.clone();
                async move {
                    let answer = timeout(INSPECT_DEADLINE, docker.inspect_container(&id, None)).await;
                    (id, row, answer)
                }
            })
            .buffer_unordered(AT_ONCE);
        let patience = Instant::now() + PATIENCE;
        let mut patient = true;
        loop {
            tokio::select! {
                answer = answers.next() => match answer {
                    None => return,
                    Some((id, row, Ok(Ok(answer)))) => {
                        if let Some(container) = container(&answer) {
                            self.hung.remove(&id);
                            self.known.insert(id, Known { row, container });
                        }
                    }
                    Some((id, _, Ok(Err(Error::DockerResponseServerError { status_code: 404, .. })))) => {
                        self.known.remove(&id); // removed since it was listed
                    }
                    Some((id, row, failed)) => {
                        if self.hung.insert(id.clone()) {
                            let why = match failed {
                                Ok(Err(error)) => cause(&error),
                                _ => Cause::Timeout("inspect".into()),
                            };
                            log::warn!("container {id:.12}: {why}");
                        }
                        self.make_do(id, row);
                    }
                },
                () = sleep_until(patience), if patient => {
                    patient = false;
                    self.tell().await;
                }
            }
        }
    }

    /// The row's state on top of the last inspect, or the row alone.
    fn make_do(&mut self, id: String, row: ContainerSummary) {
        if let Some(known) = self.known.get_mut(&id) {
            known.container.state = row_state(&row);
            known.row = row;
        } else if let Some(container) = container_of_row(&row) {
            self.known.insert(id, Known { row, container });
        }
    }

    async fn tell(&self) {
        let mut containers: Vec<Container> = self.known.values().map(|known| known.container.clone()).collect();
        containers.sort_by(|a, b| a.name.cmp(&b.name));
        let table: Table = containers
            .iter()
            .map(|container| (container.name.clone(), standing(container)))
            .collect();
        self.table.send_if_modified(|last| {
            let changed = *last != table;
            *last = table;
            changed
        });
        let _ = self.news.send(News::Listed(Ok(containers))).await;
    }
}

fn standing(container: &Container) -> Standing {
    Standing {
        id: container.id.clone(),
        runs: matches!(container.state, ContainerState::Running | ContainerState::Paused),
        started: container.started,
        tty: container.tty,
    }
}
