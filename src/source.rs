//! The outside world, read. May name `model` and `net` only.
//!
//! Every source is one supervised task with a deadline on every call. It sends [`Signal`]s and never keeps state that
//! the screen needs. Each has a pure `decode` of bytes or rows, tested on recorded samples; Patroni's forms are
//! read in [`crate::net`], which changing it needs too.
//!
//! To add a source: a variant of [`SourceId`], a snapshot type in `model`, a file here with `watch` and a
//! `decode` file, a line in `runtime`'s conductor.

pub mod docker;
#[cfg(test)]
pub(crate) mod fake;
pub mod haproxy;
pub mod patroni;
pub mod postgres;
pub mod probe;
mod rounds;
pub mod zookeeper;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::model::link::{Cause, LinkState, SourceId};
use crate::model::pace::Pace;
use crate::model::signal::{Report, Signal};
use crate::model::text::clean_line;
use crate::model::time::Timestamp;

/// Longest pause between two attempts to reach a source again.
pub const RETRY: Duration = Duration::from_secs(1);

/// What a source needs of the runtime.
#[derive(Clone)]
pub struct Context {
    /// Where its signals go; bounded, so sending waits while the screen is busy.
    pub signals: mpsc::Sender<Signal>,
    /// The one clock.
    pub clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    /// How often it asks, if it is one that asks.
    pub pace: watch::Receiver<Pace>,
    /// Cancelled when the source is no longer wanted.
    pub stop: CancellationToken,
}

impl Context {
    /// A pace that stays as it is, where nothing is measured.
    pub fn calm() -> watch::Receiver<Pace> {
        watch::channel(Pace::Calm).1
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Sends a signal. A receiver that is gone means that the program ends, so that is no error.
    pub async fn send(&self, signal: Signal) {
        if self.signals.send(signal).await.is_err() {
            self.stop.cancel();
        }
    }
}

/// Keeps the link state of one source and sends what changes.
pub struct Reporter {
    context: Context,
    source: SourceId,
    link: LinkState,
}

impl Reporter {
    /// For a source that was not reached yet; says so.
    pub async fn start(context: Context, source: SourceId) -> Self {
        let link = LinkState::Connecting;
        context
            .send(Signal::Link {
                source: source.clone(),
                state: link.clone(),
            })
            .await;
        Self { context, source, link }
    }

    /// The source answered with this snapshot.
    pub async fn report(&mut self, report: Report) {
        let at = self.context.now();
        self.reached().await;
        self.context
            .send(Signal::Report {
                source: self.source.clone(),
                at,
                report,
            })
            .await;
    }

    /// The source answered, with nothing new to tell.
    pub async fn reached(&mut self) {
        self.turn(Ok(())).await;
    }

    /// A call failed.
    pub async fn failed(&mut self, cause: Cause) {
        self.turn(Err(cause)).await;
    }

    async fn turn(&mut self, outcome: Result<(), Cause>) {
        let next = self.link.after(outcome, self.context.now());
        // Each failure counts anew: what happens after it did not happen before it.
        if next == self.link && next.is_up() {
            return;
        }
        if let (LinkState::Down { cause, .. }, true) = (&next, self.link.is_up()) {
            log::warn!("{}: {cause}", self.source);
        } else if next.is_up() {
            log::info!("{}: reached", self.source);
        }
        self.link = next;
        self.context
            .send(Signal::Link {
                source: self.source.clone(),
                state: self.link.clone(),
            })
            .await;
    }
}

/// Runs `watch` until the context stops; a panic in it becomes a down link, and it is started again.
pub async fn supervise<F, W>(context: Context, source: SourceId, mut watch: W)
where
    W: FnMut() -> F,
    F: Future<Output = ()>,
{
    loop {
        let run = AssertUnwindSafe(watch()).catch_unwind();
        let ended = tokio::select! {
            () = context.stop.cancelled() => return,
            ended = run => ended,
        };
        let cause = match ended {
            Ok(()) => Cause::Closed,
            Err(panic) => Cause::Other(format!("error in pgherd: {}", panic_text(panic.as_ref()))),
        };
        log::error!("{source}: {cause}");
        let since = context.now();
        context
            .send(Signal::Link {
                source: source.clone(),
                state: LinkState::Down { since, cause },
            })
            .await;
        tokio::select! {
            () = context.stop.cancelled() => return,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    clean_line(text.unwrap_or("panic without text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_a_down_link_and_the_source_starts_again() {
        let (signals, mut inbox) = mpsc::channel(16);
        let clock: Arc<dyn Fn() -> Timestamp + Send + Sync> = Arc::new(|| Timestamp::from_millis(7));
        let context = Context {
            signals,
            clock,
            pace: Context::calm(),
            stop: CancellationToken::new(),
        };
        let stop = context.stop.clone();
        let mut runs = 0;
        let task = supervise(context, SourceId::Docker, || {
            runs += 1;
            let last = runs == 2;
            let stop = stop.clone();
            async move {
                if last {
                    stop.cancel();
                    std::future::pending::<()>().await;
                }
                panic!("boom")
            }
        });
        task.await;
        assert_eq!(runs, 2);
        let Some(Signal::Link {
            state: LinkState::Down { cause, .. },
            ..
        }) = inbox.recv().await
        else {
            panic!()
        };
        assert_eq!(cause.to_string(), "error in pgherd: boom");
    }
}
