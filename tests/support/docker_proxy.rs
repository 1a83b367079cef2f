//! A stand-in for Docker's socket: passes everything on to the real one, until told to hang, to close or to answer
//! garbage. Plain threads, so that it works beside any runtime and under the real binary.
//!
//! ```ignore
//! let proxy = DockerProxy::start(&folder.path().join("docker.sock"), Path::new("/var/run/docker.sock"))?;
//! let host = proxy.host(); // DOCKER_HOST for the program under test
//! proxy.set(Mode::Hang);   // open streams fall silent, new calls get no answer
//! proxy.set(Mode::Pass);   // what was held back is delivered
//! ```

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    reason = "each test uses its own part of this and fails by panicking"
)]

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

/// What the stand-in does with calls, and with the streams that are open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Mode {
    /// Passes everything on.
    Pass,
    /// Accepts, and neither asks nor answers; nothing is lost.
    Hang,
    /// Closes every connection at once.
    Close,
    /// Answers something that is not HTTP; open streams are closed.
    Garbage,
    /// Answers HTTP with a body that is not JSON; open streams are closed.
    BadJson,
    /// Passes on what only looks, and refuses everything else as an authorization plugin does.
    Refuse,
    /// The same, as a daemon does for a container that is being removed.
    Conflict,
    /// The same, as a daemon does whose driver fails.
    Broken,
}

impl Mode {
    /// Status and message of its refusal; `None` if it refuses nothing.
    fn refusal(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Refuse => Some(("403 Forbidden", "authorization denied: only a look")),
            Self::Conflict => Some(("409 Conflict", "removal of the container is already in progress")),
            Self::Broken => Some(("500 Internal Server Error", "cannot kill it: the driver failed")),
            Self::Pass | Self::Hang | Self::Close | Self::Garbage | Self::BadJson => None,
        }
    }
}

/// How often a thread looks at the mode.
const TICK: Duration = Duration::from_millis(5);

/// The stand-in; its socket vanishes when it is dropped.
pub(crate) struct DockerProxy {
    shared: Arc<Shared>,
    path: PathBuf,
}

struct Shared {
    mode: AtomicU8,
    /// Raised by `set`, and by `Drop`, to the highest value.
    ended: AtomicU8,
    open: AtomicUsize,
    served: AtomicUsize,
}

impl Shared {
    fn mode(&self) -> Mode {
        match self.mode.load(Ordering::SeqCst) {
            0 => Mode::Pass,
            1 => Mode::Hang,
            2 => Mode::Close,
            3 => Mode::Garbage,
            4 => Mode::BadJson,
            5 => Mode::Refuse,
            6 => Mode::Conflict,
            _ => Mode::Broken,
        }
    }

    fn ended(&self) -> bool {
        self.ended.load(Ordering::SeqCst) != 0
    }
}

impl DockerProxy {
    /// Listens at `path`, in front of the daemon at `real`.
    pub(crate) fn start(path: &Path, real: &Path) -> io::Result<Self> {
        let listener = UnixListener::bind(path)?;
        let shared = Arc::new(Shared {
            mode: AtomicU8::new(Mode::Pass as u8),
            ended: AtomicU8::new(0),
            open: AtomicUsize::new(0),
            served: AtomicUsize::new(0),
        });
        let (ready, is_ready) = mpsc::channel();
        let (accepting, real) = (Arc::clone(&shared), real.to_owned());
        thread::spawn(move || {
            let _ = ready.send(());
            for client in listener.incoming() {
                let Ok(client) = client else { continue };
                if accepting.ended() {
                    return;
                }
                let (shared, real) = (Arc::clone(&accepting), real.clone());
                thread::spawn(move || {
                    shared.served.fetch_add(1, Ordering::SeqCst);
                    shared.open.fetch_add(1, Ordering::SeqCst);
                    let _ = serve(client, &real, &shared);
                    shared.open.fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        let _ = is_ready.recv();
        Ok(Self {
            shared,
            path: path.to_owned(),
        })
    }

    /// Its address, as in `DOCKER_HOST`.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.path.display())
    }

    /// From now on, for open and new connections.
    pub(crate) fn set(&self, mode: Mode) {
        self.shared.mode.store(mode as u8, Ordering::SeqCst);
    }

    /// Connections that are open now, and that there ever were.
    pub(crate) fn connections(&self) -> (usize, usize) {
        (
            self.shared.open.load(Ordering::SeqCst),
            self.shared.served.load(Ordering::SeqCst),
        )
    }
}

impl Drop for DockerProxy {
    fn drop(&mut self) {
        self.shared.ended.store(1, Ordering::SeqCst);
        let _ = UnixStream::connect(&self.path); // wakes the thread that accepts
        let _ = std::fs::remove_file(&self.path);
    }
}

fn serve(mut client: UnixStream, real: &Path, shared: &Arc<Shared>) -> io::Result<()> {
    match wait_while_hanging(shared) {
        Mode::Garbage => return babble(&mut client, b"\x00\xff\x1b[2Jthis is not HTTP\r\n\r\n"),
        Mode::BadJson => {
            let body = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 9\r\nConnection: close\r\n\r\n{\"a\": [}}";
            return babble(&mut client, body);
        }
        Mode::Close => return client.shutdown(Shutdown::Both),
        Mode::Pass | Mode::Hang | Mode::Refuse | Mode::Conflict | Mode::Broken => {}
    }
    let daemon = UnixStream::connect(real)?;
    let (asking, answering) = (client.try_clone()?, daemon.try_clone()?);
    let up = Arc::clone(shared);
    let upward = thread::spawn(move || pump(asking, answering, &up));
    let _ = pump(daemon, client, shared);
    let _ = upward.join();
    Ok(())
}

/// Reads the question first: a client whose question is not taken sees a broken pipe instead of the answer.
fn babble(client: &mut UnixStream, answer: &[u8]) -> io::Result<()> {
    client.set_read_timeout(Some(Duration::from_secs(1)))?;
    let mut question = [0; 16 * 1024];
    let _ = client.read(&mut question);
    client.write_all(answer)?;
    client.shutdown(Shutdown::Both)
}

fn wait_while_hanging(shared: &Shared) -> Mode {
    while shared.mode() == Mode::Hang && !shared.ended() {
        thread::sleep(TICK);
    }
    shared.mode()
}

/// Copies until the end, or until the mode wants open connections closed.
fn pump(mut from: UnixStream, mut to: UnixStream, shared: &Shared) -> io::Result<()> {
    from.set_read_timeout(Some(TICK))?;
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(read) => Some(read),
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                None
            }
            Err(_) => Some(0),
        };
        let mode = wait_while_hanging(shared);
        let done = shared.ended() || matches!(mode, Mode::Close | Mode::Garbage | Mode::BadJson);
        if let Some((status, message)) = mode.refusal()
            && buffer[..read.unwrap_or(0)].starts_with(b"POST ")
        {
            let body = format!("{{\"message\":\"{message}\"}}");
            let head = format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nConnection: close");
            write!(from, "{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len())?;
            let _ = to.shutdown(Shutdown::Both);
            return from.shutdown(Shutdown::Both);
        }
        match read {
            Some(read) if read > 0 && !done => to.write_all(&buffer[..read])?,
            None if !done => {}
            _ => {
                let _ = from.shutdown(Shutdown::Both);
                return to.shutdown(Shutdown::Both);
            }
        }
    }
}
