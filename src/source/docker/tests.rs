//! The whole source against a daemon made for it.

mod daemon;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use self::daemon::{Daemon, Mood, START};
use super::*;
use crate::model::container::ContainerAction;
use crate::model::link::LinkState;
use crate::model::signal::Signal;
use crate::model::time::Timestamp;

struct Watched {
    inbox: mpsc::Receiver<Signal>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watched {
    async fn start(daemon: &Daemon, followed: &[&str]) -> Self {
        let (signals, inbox) = mpsc::channel(1024);
        let began = Instant::now();
        let clock = move || Timestamp::from_micros(START / 1_000).plus(began.elapsed());
        let context = Context {
            signals,
            clock: Arc::new(clock),
            pace: Context::calm(),
            stop: CancellationToken::new(),
        };
        let docker = connect(daemon.path.to_str()).await.unwrap();
        let followed = followed.iter().map(|name| ContainerName::from(*name)).collect();
        let task = tokio::spawn(async move {
            let (_keep, followed) = watch::channel(followed);
            let logs = LogPlan::following(context.signals.clone(), LogStart::All);
            super::watch(context, docker, followed, logs).await;
        });
        Self { inbox, task }
    }

    /// The first signal for which `pick` gives something, within `limit`.
    async fn until<T>(&mut self, limit: Duration, mut pick: impl FnMut(&Signal) -> Option<T>) -> T {
        let found = timeout(limit, async {
            loop {
                let signal = self.inbox.recv().await.unwrap();
                if let Some(found) = pick(&signal) {
                    return found;
                }
            }
        });
        found.await.expect("in time")
    }

    async fn down(&mut self, limit: Duration) -> Cause {
        let down = |signal: &Signal| match signal {
            Signal::Link {
                state: LinkState::Down { cause, .. },
                ..
            } => Some(cause.clone()),
            _ => None,
        };
        self.until(limit, down).await
    }

    async fn up(&mut self, limit: Duration) {
        let up = |signal: &Signal| {
            matches!(
                signal,
                Signal::Link {
                    state: LinkState::Up { .. },
                    ..
                }
            )
            .then_some(())
        };
        self.until(limit, up).await;
    }

    /// What happens within `time`.
    async fn all(&mut self, time: Duration) -> Vec<Signal> {
        let mut all = Vec::new();
        let _ = timeout(time, async {
            while let Some(signal) = self.inbox.recv().await {
                all.push(signal);
            }
        })
        .await;
        all
    }
}

/// Longer than anything here takes that has no time of its own.
const SOON: Duration = Duration::from_secs(5);
/// An outage and its end must be seen within two seconds; the rest is for a machine that stands still meanwhile.
const TWO_SECONDS: Duration = Duration::from_secs(3);

#[tokio::test]
async fn an_inspect_that_hangs_hides_no_container() {
    let daemon = Daemon::start();
    let mut watched = Watched::start(&daemon, &[]).await;
    let names = |signal: &Signal| match signal {
        Signal::Report {
            report: Report::Containers(all),
            ..
        } => Some(
            all.iter()
                .map(|one| (one.name.to_string(), one.started.is_some()))
                .collect::<Vec<_>>(),
        ),
        _ => None,
    };
    let first = watched.until(SOON, names).await;
    assert_eq!(
        first,
        [("one".to_owned(), true)],
        "reported while the other still hangs"
    );
    let second = watched.until(SOON, names).await;
    assert_eq!(second, [("one".to_owned(), true), ("stuck".to_owned(), false)]);
}

type Judge = fn(&Cause) -> bool;

#[tokio::test]
async fn every_kind_of_outage_is_seen_and_its_end_too() {
    let daemon = Daemon::start();
    let mut watched = Watched::start(&daemon, &[]).await;
    watched.up(SOON).await;
    let kinds: [(Mood, Judge); 4] = [
        (Mood::Frozen, |cause| matches!(cause, Cause::Timeout(_))),
        (Mood::HangsUp, |cause| *cause == Cause::Closed),
        (Mood::Babbles, |cause| matches!(cause, Cause::Garbled(_))),
        (Mood::NoList, |cause| matches!(cause, Cause::Garbled(_))),
    ];
    for (mood, expected) in kinds {
        daemon.mood(mood);
        // Only the safety net reads the list again when nothing happens.
        let limit = if mood == Mood::NoList {
            Duration::from_secs(7)
        } else {
            TWO_SECONDS
        };
        let cause = watched.down(limit).await;
        assert!(expected(&cause), "{cause:?}");
        daemon.mood(Mood::Well);
        watched.up(TWO_SECONDS).await;
    }
}

#[tokio::test]
async fn no_event_is_lost_or_doubled() {
    let daemon = Daemon::start();
    let mut watched = Watched::start(&daemon, &[]).await;
    watched.up(SOON).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    daemon.event(10, "container", "die");
    tokio::time::sleep(Duration::from_millis(50)).await;
    daemon.cut();
    daemon.event(20, "container", "start"); // while nobody listens
    tokio::time::sleep(Duration::from_millis(1300)).await;
    daemon.event(1_000_000, "flurb", "die"); // ends bollard's stream, and again when asked for again
    tokio::time::sleep(Duration::from_millis(2500)).await;
    daemon.event(9_000_000_000, "container", "pause");
    let seen: Vec<_> = watched
        .all(Duration::from_millis(1500))
        .await
        .into_iter()
        .filter_map(|signal| match signal {
            Signal::Container(event) => Some((event.at.micros() - START / 1_000, event.action)),
            _ => None,
        })
        .collect();
    let expected = [
        (0, ContainerAction::Died { code: 137 }),
        (0, ContainerAction::Started),
        (9_000_000, ContainerAction::Paused),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn no_log_line_is_lost_or_doubled() {
    let daemon = Daemon::start();
    // Many with the same stamp.
    for number in 0..300 {
        daemon.log(number / 7 * 1_000_000, &format!("line {number}"));
    }
    let mut watched = Watched::start(&daemon, &["one"]).await;
    let mut signals = watched.all(Duration::from_millis(400)).await;
    for round in 0..3 {
        daemon.log(43_000_000, &format!("line {}", 300 + 2 * round));
        daemon.cut();
        daemon.log(43_000_000, &format!("line {}", 301 + 2 * round));
        signals.extend(watched.all(Duration::from_millis(1300)).await);
    }
    daemon.mood(Mood::Frozen);
    watched.down(TWO_SECONDS).await;
    daemon.log(44_000_000, "line 306");
    daemon.mood(Mood::Well);
    signals.extend(watched.all(TWO_SECONDS).await);
    let batches: Vec<usize> = signals
        .iter()
        .filter_map(|signal| {
            if let Signal::Logs(lines) = signal {
                Some(lines.len())
            } else {
                None
            }
        })
        .collect();
    let lines: Vec<String> = signals
        .into_iter()
        .filter_map(|signal| {
            if let Signal::Logs(lines) = signal {
                Some(lines)
            } else {
                None
            }
        })
        .flatten()
        .map(|line| line.text)
        .collect();
    let expected: Vec<String> = (0..307).map(|number| format!("line {number}")).collect();
    assert_eq!(lines, expected);
    assert!(batches.len() < 60, "{batches:?}");
}
