//! For tests: a server that behaves as badly as it is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::net::port::Port;

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(crate) enum Behaviour {
    /// Writes these bytes and closes.
    Say(Vec<u8>),
    /// Writes these bytes and takes the next request on the same connection.
    Keep(Vec<u8>),
    /// Writes these bytes and then neither answers nor closes.
    Hang(Vec<u8>),
    /// Waits, then writes these bytes and closes.
    Late(Duration, Vec<u8>),
    /// Does what stands with the first of these that the request begins with (`POST /restart`), else says 404.
    By(Vec<(&'static str, Behaviour)>),
}

/// An answer with a length, as HTTP/1.1.
pub(crate) fn answer(status: u16, body: &[u8]) -> Vec<u8> {
    let mut raw = format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n", body.len()).into_bytes();
    raw.extend_from_slice(body);
    raw
}

/// What the server saw.
#[derive(Default)]
pub(crate) struct Seen {
    connections: AtomicUsize,
    hangups: AtomicUsize,
    requests: std::sync::Mutex<Vec<String>>,
}

impl Seen {
    /// Connections so far.
    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    /// Clients that hung up before they had their late answer.
    pub(crate) fn hangups(&self) -> usize {
        self.hangups.load(Ordering::SeqCst)
    }

    /// The requests that begin so, with their bodies.
    pub(crate) fn all(&self, beginning: &str) -> Vec<String> {
        let requests = self.requests.lock().unwrap();
        requests
            .iter()
            .filter(|request| request.starts_with(beginning))
            .cloned()
            .collect()
    }

    /// The last request.
    pub(crate) fn last(&self) -> String {
        self.requests.lock().unwrap().last().cloned().unwrap_or_default()
    }
}

/// The server; dropping it closes everything.
pub(crate) struct Fake {
    port: Port,
    behaviour: watch::Sender<Behaviour>,
    /// What it saw.
    pub(crate) seen: Arc<Seen>,
    tasks: JoinSet<()>,
}

impl Fake {
    /// On a free port.
    pub(crate) fn start(behaviour: Behaviour) -> Self {
        Self::at(Port::take(), behaviour)
    }

    /// It goes; the port stays ours.
    pub(crate) async fn stop(self) -> Port {
        let Self { port, mut tasks, .. } = self;
        tasks.shutdown().await;
        port
    }

    /// On that port.
    pub(crate) fn at(port: Port, behaviour: Behaviour) -> Self {
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
    pub(crate) fn url(&self) -> String {
        self.port.url()
    }

    /// Behaves like that from the next request on.
    pub(crate) fn becomes(&self, behaviour: Behaviour) {
        self.behaviour.send_replace(behaviour);
    }
}

async fn serve(mut stream: TcpStream, behaviour: watch::Receiver<Behaviour>, seen: Arc<Seen>) {
    while let Some(request) = read_request(&mut stream).await {
        let mut behaviour = behaviour.borrow().clone();
        while let Behaviour::By(routes) = behaviour {
            let route = routes.into_iter().find(|(beginning, _)| request.starts_with(beginning));
            behaviour = route.map_or_else(|| Behaviour::Say(answer(404, b"no such path")), |(_, does)| does);
        }
        seen.requests.lock().unwrap().push(request);
        match behaviour {
            Behaviour::By(_) => return,
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
    let head = String::from_utf8(raw).ok()?;
    let length = head.to_lowercase();
    let length = length
        .lines()
        .find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).await.ok()?;
    Some(head + &String::from_utf8(body).ok()?)
}
