//! The Docker daemon, read: containers, events, usage and logs. Changes nothing, see `action::container` for that.
//!
//! One task a stream, and one owner of the link: the daemon is up while it says something each second, if only to a ping,
//! and gives the list of containers. When it comes back after an outage, every stream is opened again, since an old one
//! may be deaf.

mod connect;
mod decode;
mod events;
mod list;
mod logs;
mod recognise;
mod stats;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use bollard::Docker;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::{Instant, sleep, timeout};

pub use self::connect::{ConnectError, DEFAULT_SOCKET, connect, reach};
use self::list::{Hint, Table};
#[doc(hidden)]
pub use self::logs::{Joined, joined};
pub use self::recognise::{Making, recognise};
use super::{Context, Reporter};
use crate::model::container::{Container, Usage};
use crate::model::link::{Cause, SourceId};
use crate::model::log_start::LogStart;
use crate::model::name::ContainerName;
use crate::model::signal::{Report, Signal};
use crate::model::text::clean_line;

/// From one sign of life to the next, and a ping's deadline: a frozen daemon is noticed within two seconds.
const PING: Duration = Duration::from_secs(1);
/// The same while the daemon does not answer.
const PING_WHILE_DOWN: Duration = Duration::from_millis(500);

/// Where the lines of a container go.
pub type Outlet = Arc<dyn Fn(&ContainerName) -> mpsc::Sender<Signal> + Send + Sync>;

/// What is read of the logs, and where their lines go.
#[derive(Clone)]
pub struct LogPlan {
    /// For each container where [`Signal::Logs`] and its like go. Bounded, so that a log waits while its lines are not
    /// taken; and not the way of everything else, so that nothing else waits behind lines.
    pub outlet: Outlet,
    /// Where the log of a container begins when it is first followed. Another value makes older lines be read, of which
    /// [`LogStart::Tail`] counts those that are wanted more.
    pub start: watch::Receiver<LogStart>,
    /// Goes on with what is written later; else each log ends with what there is, and its sender is dropped.
    pub follow: bool,
}

impl LogPlan {
    /// All lines to one place, from the same beginning for ever.
    pub fn following(lines: mpsc::Sender<Signal>, start: LogStart) -> Self {
        Self {
            outlet: Arc::new(move |_| lines.clone()),
            start: watch::channel(start).1,
            follow: true,
        }
    }
}

/// What the tasks of this source tell its owner.
enum News {
    Beat(Result<(), Cause>),
    Listed(Result<Vec<Container>, Cause>),
    /// `None`: it does not run any more.
    Usage(ContainerName, Option<Usage>),
}

/// Reads the daemon until dropped: [`Report::Containers`] when something changed and every 5 s, [`Report::Usage`] each
/// second, container events, and the logs and usage of the containers in `followed`, which may change at any time.
pub async fn watch(
    context: Context,
    docker: Docker,
    mut followed: watch::Receiver<BTreeSet<ContainerName>>,
    logs: LogPlan,
) {
    let mut owner = Owner::new(context.clone(), logs, docker.clone()).await;
    let (news, mut inbox) = mpsc::channel(64);
    let (hints, heard) = mpsc::channel(256);
    let (table, _) = watch::channel(Table::new());
    owner.table = table.subscribe();
    let tasks = &mut owner.tasks;
    tasks.spawn(beat(docker.clone(), owner.heard.subscribe(), news.clone()));
    tasks.spawn(events::follow(
        context,
        docker.clone(),
        table.subscribe(),
        hints.clone(),
        owner.epoch.subscribe(),
    ));
    tasks.spawn(list::keep(docker, heard, news.clone(), table));
    let mut heeded = true;
    owner.follow(&followed.borrow_and_update().clone(), &news);
    loop {
        tokio::select! {
            Some(told) = inbox.recv() => owner.hear(told, &hints).await,
            changed = followed.changed(), if heeded => {
                heeded = changed.is_ok();
                owner.follow(&followed.borrow_and_update().clone(), &news);
            }
            Some(ended) = owner.tasks.join_next() => {
                if let Err(error) = ended
                    && error.is_panic()
                {
                    // `supervise` tells and starts this source again.
                    std::panic::resume_unwind(error.into_panic());
                }
            }
        }
    }
}

struct Owner {
    context: Context,
    docker: Docker,
    logs: LogPlan,
    /// One log at a time is read for older lines.
    turns: logs::Turns,
    link: Reporter,
    tasks: JoinSet<()>,
    followers: BTreeMap<ContainerName, Vec<AbortHandle>>,
    table: watch::Receiver<Table>,
    /// Counts the outages that are over.
    epoch: watch::Sender<u64>,
    /// The last ping failed.
    lost: bool,
    /// The list failed while pings are answered.
    unlisted: Option<Cause>,
    usage: BTreeMap<ContainerName, Usage>,
    usage_is_new: bool,
    /// When a sample came last: the daemon lived then.
    heard: watch::Sender<Option<Instant>>,
}

impl Owner {
    async fn new(context: Context, logs: LogPlan, docker: Docker) -> Self {
        Self {
            link: Reporter::start(context.clone(), SourceId::Docker).await,
            context,
            docker,
            logs,
            turns: Arc::new(Semaphore::new(1)),
            tasks: JoinSet::new(),
            followers: BTreeMap::new(),
            table: watch::channel(Table::new()).1,
            epoch: watch::channel(0).0,
            lost: false,
            unlisted: None,
            usage: BTreeMap::new(),
            usage_is_new: false,
            heard: watch::channel(None).0,
        }
    }

    async fn hear(&mut self, told: News, hints: &mpsc::Sender<Hint>) {
        match told {
            News::Beat(Ok(())) => {
                if std::mem::take(&mut self.lost) {
                    self.epoch.send_modify(|epoch| *epoch += 1);
                    // A full queue makes the list be read again as well.
                    let _ = hints.try_send(Hint::All);
                }
                if let Some(cause) = self.unlisted.clone() {
                    self.link.failed(cause).await;
                } else if std::mem::take(&mut self.usage_is_new) {
                    self.link.report(Report::Usage(self.usage.clone())).await;
                } else {
                    self.link.reached().await;
                }
            }
            News::Beat(Err(cause)) => {
                self.lost = true;
                self.link.failed(cause).await;
            }
            News::Listed(Ok(containers)) => {
                self.unlisted = None;
                self.link.report(Report::Containers(containers)).await;
            }
            News::Listed(Err(cause)) => {
                // While nothing answers, the ping tells why.
                if !self.lost {
                    self.link.failed(cause.clone()).await;
                }
                self.unlisted = Some(cause);
            }
            News::Usage(name, usage) => {
                if usage.is_some() {
                    self.heard.send_replace(Some(Instant::now()));
                }
                self.note_usage(name, usage);
            }
        }
    }

    fn note_usage(&mut self, name: ContainerName, usage: Option<Usage>) {
        let before = match usage {
            // A last sample of a container that is not followed any more may still be in the queue.
            Some(usage) if self.followers.contains_key(&name) => self.usage.insert(name, usage),
            _ => self.usage.remove(&name),
        };
        self.usage_is_new |= before != usage;
    }

    /// Starts and ends the followers of logs and usage.
    fn follow(&mut self, wanted: &BTreeSet<ContainerName>, news: &mpsc::Sender<News>) {
        let followers = std::mem::take(&mut self.followers);
        for (name, handles) in followers {
            if wanted.contains(&name) {
                self.followers.insert(name, handles);
            } else {
                handles.iter().for_each(AbortHandle::abort);
                self.note_usage(name, None);
            }
        }
        for name in wanted {
            if self.followers.contains_key(name) {
                continue;
            }
            let (docker, table, epoch) = (&self.docker, &self.table, &self.epoch);
            let usage = stats::follow(
                docker.clone(),
                name.clone(),
                table.clone(),
                epoch.subscribe(),
                news.clone(),
            );
            let mut handles = vec![self.tasks.spawn(usage)];
            let extent = logs::SharedExtent::default();
            if self.logs.follow {
                handles.push(self.tasks.spawn(logs::follow_older(
                    docker.clone(),
                    name.clone(),
                    self.logs.clone(),
                    Arc::clone(&extent),
                    table.clone(),
                    Arc::clone(&self.turns),
                )));
            }
            handles.push(self.tasks.spawn(logs::follow(
                self.context.clone(),
                docker.clone(),
                name.clone(),
                self.logs.clone(),
                extent,
                table.clone(),
                epoch.subscribe(),
            )));
            self.followers.insert(name.clone(), handles);
        }
    }
}

/// Tells each second whether the daemon is there, and asks it where nothing was heard meanwhile; never ends.
async fn beat(docker: Docker, heard: watch::Receiver<Option<Instant>>, news: mpsc::Sender<News>) {
    loop {
        let lately = heard.borrow().is_some_and(|at| at.elapsed() < PING);
        let outcome = if lately { Ok(()) } else { ping(&docker).await };
        let pause = if outcome.is_ok() { PING } else { PING_WHILE_DOWN };
        if news.send(News::Beat(outcome)).await.is_err() {
            return;
        }
        sleep(pause).await;
    }
}

async fn ping(docker: &Docker) -> Result<(), Cause> {
    match timeout(PING, docker.ping()).await {
        Err(_) => Err(Cause::Timeout("ping".into())),
        Ok(Err(error)) => Err(connect::cause(&error)),
        Ok(Ok(answer)) if answer.trim() == "OK" => Ok(()),
        Ok(Ok(answer)) => Err(Cause::Garbled(clean_line(&answer.chars().take(80).collect::<String>()))),
    }
}
