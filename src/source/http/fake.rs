//! For tests: a server that behaves as badly as it is told, and an inbox for what a source says about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::model::link::{Cause, LinkState};
use crate::model::signal::Signal;
use crate::model::time::Timestamp;
use crate::source::Context;
use crate::source::port::Port;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(in crate::source) enum Behaviour {
    /// Writes these bytes and closes.
    Say(Vec<u8>),
    /// Writes these bytes and takes the next request on the same connection.
    Keep(Vec<u8>),
    /// Writes these bytes and then neither answers nor closes.
    Hang(Vec<u8>),
    /// Waits, then writes these bytes and closes.
    Late(Duration, Vec<u8>),
}

/// An answer with a length, as HTTP/1.1.
pub(in crate::source) fn answer(status: u16, body: &[u8]) -> Vec<u8> {
    let mut raw = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    raw.extend_from_slice(body);
    raw
}

/// What the server saw.
#[derive(Default)]
pub(in crate::source) struct Seen {
    connections: AtomicUsize,
    hangups: AtomicUsize,
    last: std::sync::Mutex<String>,
}

impl Seen {
    /// Connections so far.
    pub(in crate::source) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Clients that hung up before they had their late answer.
    pub(in crate::source) fn hangups(&self) -> usize {
        self.hangups.load(Ordering::SeqCst)
    }

    /// The last request.
    pub(in crate::source) fn last(&self) -> String {
        self.last.lock().unwrap().clone()
    }
}

/// The server; dropping it closes everything.
pub(in crate::source) struct Fake {
    port: Port,
    behaviour: watch::Sender<Behaviour>,
    /// What it saw.
    pub(in crate::source) seen: Arc<Seen>,
    tasks: JoinSet<()>,
}

impl Fake {
    /// On a free port.
    pub(in crate::source) fn start(behaviour: Behaviour) -> Self {
        Self::at(Port::take(), behaviour)
    }

    fn at(port: Port, behaviour: Behaviour) -> Self {
        let listener = port.listen();
        let (behaviour, current) = watch::channel(behaviour);
        let seen = Arc::new(Seen::default());
        let mut tasks = JoinSet::new();
        let eyes = seen.clone();
        tasks.spawn(async move {
            let mut served = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                eyes.connections.fetch_add(1, Ordering::SeqCst);
                served.spawn(serve(stream, current.clone(), eyes.clone()));
            }
        });
        Self {
            port,
            behaviour,
            seen,
            tasks,
        }
    }

    /// Its URL without path.
    pub(in crate::source) fn url(&self) -> String {
        self.port.url()
    }

    /// Behaves like that from the next request on.
    pub(in crate::source) fn becomes(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }
}

async fn serve(mut stream: TcpStream, behaviour: watch::Receiver<Behaviour>, seen: Arc<Seen>) {
    while let Some(request) = read_request(&mut stream).await {
        *seen.last.lock().unwrap() = request;
        let behaviour = behaviour.borrow().clone();
        match behaviour {
            Behaviour::Say(raw) => {
                let _ = stream.write_all(&raw).await;
                return;
            }
            Behaviour::Keep(raw) => {
                let _ = stream.write_all(&raw).await;
            }
            Behaviour::Hang(raw) => {
                let _ = stream.write_all(&raw).await;
                std::future::pending::<()>().await;
            }
            Behaviour::Late(pause, raw) => {
                let mut rest = [0];
                tokio::select! {
                    () = tokio::time::sleep(pause) => { let _ = stream.write_all(&raw).await; }
                    _ = stream.read(&mut rest) => { seen.hangups.fetch_add(1, Ordering::SeqCst); }
                }
                return;
            }
        }
    }
}

async fn read_request(stream: &mut TcpStream) -> Option<String> {
    let mut raw = Vec::new();
    while !raw.ends_with(b"\r\n\r\n") {
        raw.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(raw).ok()
}

/// What a source sends while it runs.
pub(in crate::source) struct Inbox {
    signals: mpsc::Receiver<Signal>,
    _watch: JoinSet<()>,
}

impl Inbox {
    /// Starts the source.
    pub(in crate::source) fn of<F>(watch: impl FnOnce(Context) -> F) -> Self
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
    pub(in crate::source) async fn next(&mut self) -> Signal {
        let signal = tokio::time::timeout(Duration::from_secs(4), self.signals.recv()).await;
        signal.expect("a signal in time").expect("a running source")
    }

    /// The next report.
    pub(in crate::source) async fn report(&mut self) -> Signal {
        loop {
            let signal = self.next().await;
            if matches!(signal, Signal::Report { .. }) {
                return signal;
            }
        }
    }

    /// Waits until the link is up.
    pub(in crate::source) async fn up(&mut self) {
        while !matches!(self.next().await, Signal::Link { state, .. } if state.is_up()) {}
    }

    /// Waits until the link is down; why.
    pub(in crate::source) async fn down(&mut self) -> Cause {
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
    pub(in crate::source) async fn sees_a_restart(&mut self, fake: Fake, behaviour: Behaviour) {
        let Fake { port, mut tasks, .. } = fake;
        tasks.shutdown().await;
        assert_eq!(self.down().await, Cause::Refused);
        let _fake = Fake::at(port, behaviour);
        let begin = Instant::now();
        self.up().await;
        assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
    }
}
