//! Patroni's znodes, and the ensemble that keeps them. May name `model` and `net` only; writes nothing to ZooKeeper.
//!
//! One session at a time: a recursive watch on the scope, and at each event the whole tree read anew (some twenty
//! znodes, a few milliseconds), so that every snapshot is whole and an event that is lost costs ten seconds at most.

mod health;

use std::convert::Infallible;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use zookeeper_client::{AddWatchMode, Client, Error, EventType, PersistentWatcher, WatchedEvent};

use self::health::Health;
use super::{Context, RETRY, Reporter};
use crate::model::link::{Cause, SourceId};
use crate::model::signal::Report;
use crate::model::text::clean_line;
use crate::model::topology::StoreTarget;
use crate::net::zookeeper::session::{self, Session, usable, within};
use crate::net::zookeeper::{absolute, decode, root, tree};

/// Pause between two attempts to open a session.
const PAUSE: Duration = Duration::from_millis(250);
/// Pause between two liveness requests. With their deadline it makes a silent server known within two seconds.
const PROBE: Duration = Duration::from_secs(1);
/// How long more events are awaited after one before the tree is read: those of one transaction come together.
const BURST: Duration = Duration::from_millis(3);
/// Everything is read this often without an event: the safety net.
const REREAD: Duration = Duration::from_secs(10);
/// The same where the server has no recursive watches.
const POLL: Duration = Duration::from_secs(1);
/// Pause between two lists of scopes.
const SCOPES: Duration = Duration::from_secs(2);

/// Reads ZooKeeper for as long as it is polled: one scope, or, with none chosen, which scopes there are.
///
/// Sends [`Report::Dcs`] at each change and as the first thing of each session, [`Report::Store`] every ten seconds,
/// or [`Report::Scopes`] when that list changes.
pub async fn watch(context: Context, target: StoreTarget) {
    let mut reader = Reader {
        reporter: Reporter::start(context, SourceId::ZooKeeper).await,
        root: root(&target),
        health: Health::default(),
        target,
    };
    loop {
        let begun = Instant::now();
        let opened = session::open(&reader.target.servers).await;
        let was_open = opened.is_ok();
        let Err(cause) = match opened {
            Ok(session) => reader.read(&session).await,
            Err(cause) => Err(cause),
        };
        reader.reporter.failed(cause).await;
        // A session costs the ensemble a transaction: where each is spoilt at once they come slower.
        let spoilt = was_open && begun.elapsed() < RETRY;
        sleep(if spoilt { RETRY } else { PAUSE }).await;
    }
}

/// What outlives a session.
struct Reader {
    reporter: Reporter,
    target: StoreTarget,
    root: Option<String>,
    health: Health,
}

impl Reader {
    /// Reads as long as the session is good.
    async fn read(&mut self, session: &Session) -> Result<Infallible, Cause> {
        match self.root.clone() {
            Some(root) => self.follow(session, &root).await,
            None => self.list_scopes(&session.client).await,
        }
    }

    async fn list_scopes(&mut self, client: &Client) -> Result<Infallible, Cause> {
        let namespace = absolute(&self.target.namespace);
        let mut state = client.state_watcher();
        let mut last = None;
        loop {
            let scopes = within("scopes", tree::scopes(client, &namespace)).await?;
            let scopes: Vec<_> = scopes.iter().map(|scope| clean_line(scope)).collect();
            if last.as_ref() == Some(&scopes) {
                self.reporter.reached().await;
            } else {
                self.reporter.report(Report::Scopes(scopes.clone())).await;
                last = Some(scopes);
            }
            tokio::select! {
                () = sleep(SCOPES) => {}
                state = state.changed() => usable(state)?,
            }
        }
    }

    async fn follow(&mut self, session: &Session, root: &str) -> Result<Infallible, Cause> {
        let client = &session.client;
        let mut state = client.state_watcher();
        let mut watcher = arm(session, root).await?;
        let mut known = Vec::new();
        let mut last = None;
        let mut rounds = JoinSet::new();
        let mut round_at = Instant::now();
        self.health.new_session();
        loop {
            let tree = within("read", tree::read(client, root, &known)).await?;
            let snapshot = decode::decode(root, &tree.nodes, &tree.problems);
            known = tree.nodes;
            if self.health.saw(&snapshot) {
                round_at = round_at.min(Instant::now() + health::SOON);
            }
            if last.as_ref() == Some(&snapshot) {
                self.reporter.reached().await;
            } else {
                self.reporter.report(Report::Dcs(Box::new(snapshot.clone()))).await;
                last = Some(snapshot);
            }
            let reread_at = Instant::now() + if watcher.is_some() { REREAD } else { POLL };
            loop {
                let probe_at = Instant::now() + PROBE;
                tokio::select! {
                    event = next(watcher.as_mut()) => {
                        check(&event)?;
                        drain(watcher.as_mut()).await?;
                        break;
                    }
                    state = state.changed() => usable(state)?,
                    () = sleep_until(reread_at) => break,
                    () = sleep_until(probe_at) => {
                        session::alive(client).await?;
                        self.reporter.reached().await;
                    }
                    () = sleep_until(round_at), if rounds.is_empty() => {
                        rounds.spawn(health::round(self.target.servers.clone(), self.health.plan()));
                        round_at = Instant::now() + health::ROUND;
                    }
                    Some(Ok(round)) = rounds.join_next() => {
                        let health = self.health.learn(round);
                        self.reporter.report(Report::Store(health)).await;
                    }
                }
            }
        }
    }
}

/// The watch on the scope, which may not exist yet; nothing where the server has none.
async fn arm(session: &Session, root: &str) -> Result<Option<PersistentWatcher>, Cause> {
    if !session.recursive_watch {
        return Ok(None);
    }
    let watch = async {
        match session.client.watch(root, AddWatchMode::PersistentRecursive).await {
            Ok(watcher) => Ok(Some(watcher)),
            Err(Error::Unimplemented) => Ok(None),
            Err(error) => Err(error),
        }
    };
    within("watch", watch).await
}

async fn next(watcher: Option<&mut PersistentWatcher>) -> WatchedEvent {
    match watcher {
        Some(watcher) => watcher.changed().await,
        None => std::future::pending().await,
    }
}

/// Takes the events that come right after one, since one read serves them all.
async fn drain(watcher: Option<&mut PersistentWatcher>) -> Result<(), Cause> {
    let Some(watcher) = watcher else {
        return Ok(());
    };
    let until = Instant::now() + BURST;
    while let Ok(event) = timeout_at(until, watcher.changed()).await {
        check(&event)?;
    }
    Ok(())
}

/// An error is final: a watcher must not be asked again after it told of the session's end.
fn check(event: &WatchedEvent) -> Result<(), Cause> {
    match event.event_type {
        EventType::Session => usable(event.session_state),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
