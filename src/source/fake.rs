//! For tests: an inbox for what a source says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Context;
use crate::model::link::{Cause, LinkState};
use crate::model::signal::Signal;
use crate::model::time::Timestamp;
use crate::net::http::fake::{Behaviour, Fake};

/// What a source sends while it runs.
pub(crate) struct Inbox {
    signals: mpsc::Receiver<Signal>,
    _watch: JoinSet<()>,
}

impl Inbox {
    /// Starts the source.
    pub(crate) fn of<F>(watch: impl FnOnce(Context) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, signals) = mpsc::channel(16);
        let context = Context {
            signals: sender,
            clock: Arc::new(|| Timestamp::from_millis(1)),
            pace: Context::calm(),
            stop: CancellationToken::new(),
        };
        let mut task = JoinSet::new();
        task.spawn(watch(context));
        Self { signals, _watch: task }
    }

    /// The next signal; sources may not be silent for longer than two slow rounds.
    pub(crate) async fn next(&mut self) -> Signal {
        let signal = tokio::time::timeout(Duration::from_secs(4), self.signals.recv()).await;
        signal.expect("a signal in time").expect("a running source")
    }

    /// The next report.
    pub(crate) async fn report(&mut self) -> Signal {
        loop {
            let signal = self.next().await;
            if matches!(signal, Signal::Report { .. }) {
                return signal;
            }
        }
    }

    /// Waits until the link is up.
    pub(crate) async fn up(&mut self) {
        while !matches!(self.next().await, Signal::Link { state, .. } if state.is_up()) {}
    }

    /// Waits until the link is down; why.
    pub(crate) async fn down(&mut self) -> Cause {
        loop {
            if let Signal::Link {
                state: LinkState::Down { cause, .. },
                ..
            } = self.next().await
            {
                return cause;
            }
        }
    }

    /// The server goes, which must show as refused, and one that does `behaviour` takes its place: the source finds it.
    pub(crate) async fn sees_a_restart(&mut self, fake: Fake, behaviour: Behaviour) {
        let port = fake.stop().await;
        assert_eq!(self.down().await, Cause::Refused);
        let _fake = Fake::at(port, behaviour);
        let begin = Instant::now();
        self.up().await;
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }
}
