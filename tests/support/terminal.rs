//! The real binary in a real terminal: keys in, screen out.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    clippy::print_stdout,
    reason = "each test uses its own part of this and fails by panicking"
)]

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Time between two looks at the screen while waiting.
const LOOK: Duration = Duration::from_millis(5);

/// A running program and its screen.
pub(crate) struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    master: Box<dyn MasterPty + Send>,
    writer: Arc<Mutex<Box<dyn Write + Send>>>,
    parser: Arc<Mutex<vt100::Parser>>,
    raw: Arc<Mutex<Vec<u8>>>,
    /// How often the screen changed.
    changes: Arc<AtomicUsize>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Starts `program` with `args` and `environment` on a screen of that size.
    pub(crate) fn start(
        program: &str,
        args: &[&str],
        environment: &[(&str, &str)],
        (columns, rows): (u16, u16),
    ) -> Self {
        let pair = native_pty_system().openpty(size(columns, rows)).unwrap();
        let mut command = CommandBuilder::new(program);
        command.args(args);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        for (name, value) in environment {
            command.env(name, value);
        }
        command.cwd(Path::new(env!("CARGO_MANIFEST_DIR")));
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let parser = Arc::new(Mutex::new(vt100::Parser::new(cells(rows), cells(columns), 0)));
        let raw = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::new(Mutex::new(pair.master.take_writer().unwrap()));
        let mut reader = pair.master.try_clone_reader().unwrap();
        let changes = Arc::new(AtomicUsize::new(0));
        let (screen, bytes, counter) = (Arc::clone(&parser), Arc::clone(&raw), Arc::clone(&changes));
        let reader = thread::spawn(move || {
            let mut buffer = [0; 65_536];
            let mut pending = Vec::new();
            while let Ok(count @ 1..) = reader.read(&mut buffer) {
                bytes.lock().unwrap().extend_from_slice(&buffer[..count]);
                pending.extend_from_slice(&buffer[..count]);
                let whole: Vec<u8> = pending.drain(..complete(&pending)).collect();
                screen.lock().unwrap().process(&whole);
                counter.fetch_add(1, Ordering::Release);
            }
            screen.lock().unwrap().process(&pending);
        });
        Self {
            child,
            master: pair.master,
            writer,
            parser,
            raw,
            changes,
            reader,
        }
    }

    /// The screen as text, a line a row.
    pub(crate) fn screen(&self) -> String {
        self.parser.lock().unwrap().screen().contents()
    }

    /// How often the screen changed so far: before it changes again, another look shows nothing new.
    pub(crate) fn changes(&self) -> usize {
        self.changes.load(Ordering::Acquire)
    }

    /// The first row of the screen that contains `text`.
    pub(crate) fn row(&self, text: &str) -> Option<String> {
        self.screen()
            .lines()
            .find(|line| line.contains(text))
            .map(str::to_owned)
    }

    /// Everything that was written to the terminal so far.
    pub(crate) fn raw(&self) -> Vec<u8> {
        self.raw.lock().unwrap().clone()
    }

    /// True while the program has the alternate screen.
    pub(crate) fn is_full_screen(&self) -> bool {
        self.parser.lock().unwrap().screen().alternate_screen()
    }

    /// Types text or an escape sequence.
    pub(crate) fn keys(&self, keys: &str) {
        let mut writer = self.writer.lock().unwrap();
        writer.write_all(keys.as_bytes()).unwrap();
        writer.flush().unwrap();
    }

    /// Waits until `ready` says so; fails with the screen after `limit`. Gives the time it took.
    pub(crate) fn wait(&self, what: &str, limit: Duration, ready: impl Fn(&str) -> bool) -> Duration {
        let begun = Instant::now();
        loop {
            let screen = self.screen();
            if ready(&screen) {
                return begun.elapsed();
            }
            assert!(begun.elapsed() < limit, "not seen within {limit:?}: {what}\n{screen}");
            thread::sleep(LOOK);
        }
    }

    /// Whether a text comes.
    pub(crate) fn shows_within(&self, text: &str, limit: Duration) -> bool {
        let begun = Instant::now();
        while begun.elapsed() < limit {
            if self.screen().contains(text) {
                return true;
            }
            thread::sleep(LOOK);
        }
        false
    }

    /// Waits for a text.
    pub(crate) fn wait_for(&self, text: &str, limit: Duration) -> Duration {
        self.wait(text, limit, |screen| screen.contains(text))
    }

    /// Presses `?`, waits for the help, closes it again; gives the longer of the two answers' times.
    pub(crate) fn key_latency(&self) -> Duration {
        let limit = Duration::from_secs(5);
        self.keys("?");
        let opened = self.wait("the help", limit, |screen| screen.contains(HELP));
        self.keys("\u{1b}");
        opened.max(self.wait("the help closed", limit, |screen| !screen.contains(HELP)))
    }

    /// Presses keys for `span`; gives the slowest answer, less what the machine itself stood still meanwhile.
    pub(crate) fn slowest_key(&self, span: Duration) -> Duration {
        let standstill = Standstill::watch();
        let begun = Instant::now();
        let mut slowest = Duration::ZERO;
        while begun.elapsed() < span {
            slowest = slowest.max(self.key_latency());
        }
        let stall = standstill.end();
        println!("slowest key {slowest:?}, the machine stood still for {stall:?}");
        slowest.saturating_sub(stall)
    }

    /// Changes the size of the terminal.
    pub(crate) fn resize(&self, columns: u16, rows: u16) {
        self.parser
            .lock()
            .unwrap()
            .screen_mut()
            .set_size(cells(rows), cells(columns));
        self.master.resize(size(columns, rows)).unwrap();
    }

    /// Sends a signal by its name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args(["-s", name, &pid])
            .status()
            .unwrap();
        assert!(status.success());
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.process_id().unwrap()
    }

    /// Waits for the end, and until its last words are on the screen; gives the exit code.
    pub(crate) fn exit_code(&mut self, limit: Duration) -> u32 {
        let begun = Instant::now();
        let mut ended = None;
        loop {
            ended = ended.or(self.child.try_wait().unwrap());
            if let Some(status) = &ended
                && self.reader.is_finished()
            {
                return status.exit_code();
            }
            assert!(
                begun.elapsed() < limit,
                "still running after {limit:?}\n{}",
                self.screen()
            );
            thread::sleep(LOOK);
        }
    }
}

/// How long the machine stands still at most: a thread that only sleeps notices.
pub(crate) struct Standstill {
    running: Arc<AtomicBool>,
    sleeper: JoinHandle<Duration>,
}

impl Standstill {
    /// From now on.
    pub(crate) fn watch() -> Self {
        let running = Arc::new(AtomicBool::new(true));
        let flag = Arc::clone(&running);
        let sleeper = thread::spawn(move || {
            let mut longest = Duration::ZERO;
            while flag.load(Ordering::SeqCst) {
                let begun = Instant::now();
                thread::sleep(LOOK);
                longest = longest.max(begun.elapsed().saturating_sub(LOOK));
            }
            longest
        });
        Self { running, sleeper }
    }

    /// Until now.
    pub(crate) fn end(self) -> Duration {
        self.running.store(false, Ordering::SeqCst);
        self.sleeper.join().unwrap()
    }
}

/// A text that only the help shows.
const HELP: &str = "Stop the selected node cleanly";

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How much of what came may be shown: a synchronized update only as a whole, as a real terminal shows it.
fn complete(bytes: &[u8]) -> usize {
    const BEGIN: &[u8] = b"\x1b[?2026h";
    const END: &[u8] = b"\x1b[?2026l";
    let last = |mark: &[u8]| bytes.windows(mark.len()).rposition(|window| window == mark);
    match (last(BEGIN), last(END)) {
        (Some(begin), end) if end.is_none_or(|end| end < begin) => begin,
        _ => bytes.len(),
    }
}

fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        pixel_width: 0,
        pixel_height: 0,
    }
}
