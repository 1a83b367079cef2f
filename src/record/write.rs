//! Writes a record beside everything else: entries go through a bounded channel to a thread of its own.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, channel, sync_channel};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossterm::event::KeyCode;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::line::Entry;
use super::{FORMAT, Header, LONGEST, VERSION};
use crate::app::App;
use crate::app::event::Event;
use crate::model::text;
use crate::model::time::Timestamp;

/// What came is written after this at the latest: so much is lost in a crash.
const FLUSH: Duration = Duration::from_secs(1);
/// A member is closed after this long, or at this length before compression: so much is lost where a file is damaged.
const MEMBER: (Duration, usize) = (Duration::from_secs(10), 1 << 20);
/// Entries that wait for the thread.
const WAITING: usize = 4_096;
/// The thread is woken early after so many.
const MANY: usize = 256;
/// Bytes of log lines that a state brings along.
const LOGS: usize = 12 << 20;
/// How long the end waits for the disk.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A new file for a record, for the owner alone: log lines may tell more than everybody should read.
///
/// # Errors
/// It exists, or cannot be made.
pub fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
}

/// The same in a folder, which is made if it is missing.
///
/// # Errors
/// The file exists, or one of both cannot be made.
pub fn create_in(folder: &Path, name: &str) -> io::Result<File> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    create(&folder.join(name))
}

/// A record that is being written. Dropped, its thread writes the rest if the process lives that long.
#[derive(Debug)]
pub struct Recorder {
    /// `None` when it ends.
    entries: Option<SyncSender<Entry>>,
    sent: usize,
    /// The thread did not keep up.
    overrun: bool,
    thread: Thread,
    /// The thread's last word: why it ended, unless it was told to.
    end: Receiver<Result<(), String>>,
}

impl Recorder {
    /// Begins a record with the state as it is, at most about `limit` bytes long, in the file that `open` gives; that
    /// runs on the recorder's own thread.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn begin(open: impl FnOnce() -> io::Result<File> + Send + 'static, app: &App, limit: u64) -> io::Result<Self> {
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            program: env!("CARGO_PKG_VERSION").to_owned(),
            began: app.now,
        };
        let (entries, coming) = sync_channel(WAITING);
        let (last_word, end) = channel();
        let thread = thread::Builder::new().name("record".to_owned()).spawn(move || {
            let result = match open() {
                Ok(file) => write(file, &header, &coming, limit),
                Err(error) => Err(error.to_string()),
            };
            // Nobody may be there any more to hear it.
            let _ = last_word.send(result);
        })?;
        let mut recorder = Self {
            entries: Some(entries),
            sent: 0,
            overrun: false,
            thread: thread.thread().clone(),
            end,
        };
        recorder.state(app);
        Ok(recorder)
    }

    /// The state from here on, instead of what follows from the entries so far.
    pub fn state(&mut self, app: &App) {
        let mut app = Box::new(app.clone());
        app.logs.shorten(LOGS);
        self.send(Entry::State(app));
    }

    /// An event, before the state takes it.
    pub fn event(&mut self, event: &Event, now: Timestamp) {
        if !is_unwritable(event) {
            self.send(Entry::Event(now, Box::new(event.clone())));
        }
    }

    fn send(&mut self, entry: Entry) {
        let Some(entries) = &self.entries else { return };
        if let Err(TrySendError::Full(_)) = entries.try_send(entry) {
            // The thread writes what it has, and `ended` says why there is no more.
            self.overrun = true;
            return self.close();
        }
        self.sent += 1;
        if self.sent.is_multiple_of(MANY) {
            self.thread.unpark();
        }
    }

    /// Takes no more entries; [`Recorder::ended`] says when the file is whole.
    pub fn close(&mut self) {
        self.entries = None;
        self.thread.unpark();
    }

    /// How it ended, once it has: the last entries are in the file, or why it ended by itself or they are not.
    pub fn ended(&self) -> Option<Result<(), String>> {
        match self.end.try_recv() {
            Ok(result) if self.overrun => Some(result.and(Err("the disk is too slow".to_owned()))),
            Ok(result) => Some(result),
            Err(TryRecvError::Empty) if self.overrun => Some(Err("the disk is too slow".to_owned())),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => Some(Err("its thread ended".to_owned())),
        }
    }

    /// Writes the rest and closes the file, which takes two seconds at most.
    ///
    /// # Errors
    /// Why the last entries are not in it.
    pub fn finish(mut self) -> Result<(), String> {
        self.close();
        match self.end.recv_timeout(LAST_WORDS) {
            Ok(result) => result,
            Err(RecvTimeoutError::Timeout) => Err("the disk does not answer".to_owned()),
            Err(RecvTimeoutError::Disconnected) => Err("its thread ended".to_owned()),
        }
    }
}

/// A step of a search, which is no news; what other runs did, which is none of this one; or a key that no command can have,
/// and whose character would not survive the reading.
fn is_unwritable(event: &Event) -> bool {
    match event {
        Event::Scan | Event::Audited(_) => true,
        Event::Key(key) => match key.code {
            KeyCode::Char(letter) => text::clean(letter.encode_utf8(&mut [0; 4])).is_empty(),
            _ => false,
        },
        _ => false,
    }
}

fn write(file: File, header: &Header, entries: &Receiver<Entry>, limit: u64) -> Result<(), String> {
    let failed = |error: io::Error| error.to_string();
    let mut writing = Writing {
        member: None,
        opened: Instant::now(),
        length: 0,
        file: Counted { file, bytes: 0 },
    };
    let mut line = serde_json::to_vec(header).map_err(|error| error.to_string())?;
    line.push(b'\n');
    writing.append(&line).and_then(|()| writing.close()).map_err(failed)?;
    line.clear();
    let mut last = header.began;
    loop {
        let mut open = true;
        loop {
            let entry = match entries.try_recv() {
                Ok(entry) => entry,
                Err(TryRecvError::Empty) => break,
                Err(TryRecvError::Disconnected) => {
                    open = false;
                    break;
                }
            };
            if let Entry::Event(at, _) = &entry {
                last = *at;
            }
            entry.write(&mut line).map_err(|error| error.to_string())?;
            if line.len() > LONGEST {
                return Err(format!("an entry of {} MB is too long for it", line.len() >> 20));
            }
            writing.append(&line).map_err(failed)?;
            line.clear();
            if matches!(entry, Entry::State(_)) {
                // Nothing behind it can be played without it.
                writing.close().map_err(failed)?;
            }
        }
        writing.flush().map_err(failed)?;
        if !open {
            return writing.end().map_err(failed);
        }
        if writing.file.bytes >= limit {
            let why = format!("it is full: its limit is {} MB", limit >> 20);
            line.clear();
            Entry::End(last, why.clone())
                .write(&mut line)
                .map_err(|error| error.to_string())?;
            writing.append(&line).map_err(failed)?;
            writing.end().map_err(failed)?;
            return Err(why);
        }
        thread::park_timeout(FLUSH);
    }
}

/// The file, and the member that is open in it.
struct Writing {
    member: Option<GzEncoder<Vec<u8>>>,
    opened: Instant,
    /// Of the member, before compression.
    length: usize,
    file: Counted,
}

impl Writing {
    fn append(&mut self, line: &[u8]) -> io::Result<()> {
        let member = self.member.get_or_insert_with(|| {
            (self.opened, self.length) = (Instant::now(), 0);
            GzEncoder::new(Vec::new(), Compression::default())
        });
        member.write_all(line)?;
        self.length += line.len();
        if self.length >= MEMBER.1 {
            self.close()?;
        }
        Ok(())
    }

    /// What was appended so far can be read from the file after this.
    fn flush(&mut self) -> io::Result<()> {
        if self.opened.elapsed() >= MEMBER.0 {
            return self.close();
        }
        let Some(member) = &mut self.member else { return Ok(()) };
        member.flush()?;
        self.file.write(member.get_ref())?;
        member.get_mut().clear();
        Ok(())
    }

    fn close(&mut self) -> io::Result<()> {
        match self.member.take() {
            Some(member) => self.file.write(&member.finish()?),
            None => Ok(()),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        self.close()?;
        self.file.file.sync_all()
    }
}

struct Counted {
    file: File,
    bytes: u64,
}

impl Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        self.file.write_all(bytes)
    }
}
