//! What this program did to clusters, on disk before it is done: to take it back after a crash, and to tell who did what.
//! May name `model` only.
//!
//! A folder with one file for each run that did anything, of one JSON document a line. The run keeps its file locked for
//! as long as it lives, so that another run knows whose faults are nobody's any more. Lines are only ever added; what a
//! run heals of another's is a line in its own file.

mod line;
mod read;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use crate::model::act::fault::{Fault, FaultId};
use crate::model::time::Timestamp;

pub use line::{Deed, Who};
use line::{Line, VERSION};
pub use read::{Account, Entry, Outcome, read};

/// Readable by its owner only: names of hosts and people are in it.
const MODE: u32 = 0o600;
/// Files that are kept of runs that left nothing to heal.
const KEPT: usize = 500;
const ENDING: &str = "jsonl";

/// The journal of this run. Its file is made by the first line.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    run: String,
    who: Who,
    file: Option<File>,
    faults: u32,
}

impl Journal {
    /// For a run that began at `now`; `who` is asking.
    pub fn new(folder: PathBuf, who: Who, now: Timestamp) -> Self {
        Self {
            folder,
            run: format!("{}-{}", now.micros() / 1_000, who.process),
            who,
            file: None,
            faults: 0,
        }
    }

    /// The name of a fault that is about to be caused.
    pub fn next_id(&mut self) -> FaultId {
        self.faults += 1;
        FaultId {
            run: self.run.clone(),
            number: self.faults,
        }
    }

    /// Writes down, for good, what is about to be done. Only then may it be done.
    ///
    /// # Errors
    /// Why not, with the place.
    pub fn plan(&mut self, fault: &Fault) -> Result<(), String> {
        self.add(&Line::Planned(fault.clone()), fault.at)
    }

    /// Writes down how it went.
    ///
    /// # Errors
    /// Why not, with the place.
    pub fn caused(&mut self, id: &FaultId, result: Result<(), String>, now: Timestamp) -> Result<(), String> {
        let line = Line::Caused {
            number: id.number,
            at: now,
            failed: result.err(),
        };
        self.add(&line, now)
    }

    /// Writes down that a fault, of any run, is over, and by what.
    ///
    /// # Errors
    /// Why not, with the place.
    pub fn over(&mut self, id: &FaultId, how: &str, now: Timestamp) -> Result<(), String> {
        let line = Line::Over {
            id: id.clone(),
            at: now,
            how: how.to_owned(),
        };
        self.add(&line, now)
    }

    /// Writes down anything else that was done, and how it ended.
    ///
    /// # Errors
    /// Why not, with the place.
    pub fn did(&mut self, deed: Deed, now: Timestamp) -> Result<(), String> {
        self.add(&Line::Did { at: now, deed }, now)
    }

    fn add(&mut self, line: &Line, now: Timestamp) -> Result<(), String> {
        let path = self.path();
        let failed = |error: io::Error| format!("the journal {}: {error}", path.display());
        let mut bytes = serde_json::to_vec(line).map_err(|error| failed(error.into()))?;
        bytes.push(b'\n');
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(begin(&self.folder, &path, &self.run, &self.who, now).map_err(failed)?),
        };
        file.write_all(&bytes).and_then(|()| file.sync_all()).map_err(failed)
    }

    fn path(&self) -> PathBuf {
        self.folder.join(&self.run).with_extension(ENDING)
    }
}

/// The new file of a run, locked, with its first line.
fn begin(folder: &Path, path: &Path, run: &str, who: &Who, now: Timestamp) -> io::Result<File> {
    fs::create_dir_all(folder)?;
    tidy(folder);
    let mut file = OpenOptions::new().append(true).create_new(true).mode(MODE).open(path)?;
    flock(&file, FlockOperation::NonBlockingLockExclusive)?;
    let begun = Line::Begun {
        version: VERSION,
        run: run.to_owned(),
        at: now,
        who: who.clone(),
    };
    let mut bytes = serde_json::to_vec(&begun)?;
    bytes.push(b'\n');
    file.write_all(&bytes)?;
    // The name must outlive a crash of the machine too.
    File::open(folder)?.sync_all()?;
    Ok(file)
}

/// Removes the oldest files of runs that have ended and left nothing to heal.
fn tidy(folder: &Path) {
    let account = read(folder);
    let surplus = account.closed.len().saturating_sub(KEPT);
    for path in account.closed.iter().take(surplus) {
        // Another run may have been faster.
        let _ = fs::remove_file(path);
    }
}

#[cfg(test)]
mod tests;
