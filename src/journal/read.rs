//! What the journals of all runs say together.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{FlockOperation, flock};

use super::ENDING;
use super::line::{Deed, Line, VERSION, Who};
use crate::model::act::fault::{Fault, FaultId};
use crate::model::text::clean_line;
use crate::model::time::Timestamp;

/// A run's journal is not longer, unless it is none.
const LONGEST: u64 = 16 << 20;

/// All that was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// In the order of time.
    pub entries: Vec<Entry>,
    /// Files that could not be read, each with the reason.
    pub unreadable: Vec<String>,
    /// Files of ended runs that left nothing to heal, oldest first.
    pub closed: Vec<PathBuf>,
}

/// One act.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: Who,
    /// The run is still going on.
    pub alive: bool,
    /// What, and what became of it.
    pub outcome: Outcome,
}

/// What was done, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A fault.
    Fault {
        /// As it was planned.
        fault: Fault,
        /// `None`: the run ended before it knew. `Some(Err)`: it failed, perhaps in part.
        caused: Option<Result<(), String>>,
        /// When it was over, and by what.
        over: Option<(Timestamp, String)>,
    },
    /// Anything else.
    Deed(Deed),
}

impl Account {
    /// Faults that last and that no living run looks after.
    pub fn left(&self) -> impl Iterator<Item = &Fault> {
        self.open().filter(|(entry, _)| !entry.alive).map(|(_, fault)| fault)
    }

    /// Faults that last, of any run.
    pub fn open(&self) -> impl Iterator<Item = (&Entry, &Fault)> {
        self.entries.iter().filter_map(|entry| match &entry.outcome {
            Outcome::Fault { fault, over: None, .. } if !fault.undo.is_empty() => Some((entry, fault)),
            _ => None,
        })
    }
}

/// Reads all journals of a folder; one that is not there is empty.
pub fn read(folder: &Path) -> Account {
    let mut account = Account::default();
    let mut over = BTreeMap::new();
    let mut runs: Vec<(PathBuf, bool, Vec<Line>)> = Vec::new();
    let mut paths = match fs::read_dir(folder) {
        Ok(files) => files.flatten().map(|file| file.path()).collect(),
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            account
                .unreadable
                .push(clean_line(&format!("{}: {error}", folder.display())));
            return account;
        }
    };
    paths.sort();
    for path in paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|ending| ending == ENDING))
    {
        match lines(&path) {
            Ok((alive, lines)) => {
                for line in &lines {
                    if let Line::Over { id, at, how } = line {
                        over.insert(id.clone(), (*at, how.clone()));
                    }
                }
                runs.push((path, alive, lines));
            }
            Err(why) => account
                .unreadable
                .push(clean_line(&format!("{}: {why}", path.display()))),
        }
    }
    for (path, alive, lines) in runs {
        let begun = account.entries.len();
        take(&mut account.entries, alive, lines, &over);
        let of_run = account.entries.get(begun..).unwrap_or_default();
        let left = of_run
            .iter()
            .any(|entry| matches!(&entry.outcome, Outcome::Fault { fault, over: None, .. } if !fault.undo.is_empty()));
        if !alive && !left {
            account.closed.push(path);
        }
    }
    account.entries.sort_by_key(|entry| entry.at);
    account
}

fn take(entries: &mut Vec<Entry>, alive: bool, lines: Vec<Line>, over: &BTreeMap<FaultId, (Timestamp, String)>) {
    let mut who = Who::default();
    let begun = entries.len();
    for line in lines {
        let (at, outcome) = match line {
            Line::Begun { who: found, .. } => {
                who = found;
                continue;
            }
            Line::Over { .. } => continue,
            Line::Planned(fault) => {
                let over = over.get(&fault.id).cloned();
                (
                    fault.at,
                    Outcome::Fault {
                        fault,
                        caused: None,
                        over,
                    },
                )
            }
            Line::Caused { number, failed, .. } => {
                for entry in entries.iter_mut().skip(begun) {
                    if let Outcome::Fault { fault, caused, .. } = &mut entry.outcome
                        && fault.id.number == number
                    {
                        *caused = Some(failed.clone().map_or(Ok(()), Err));
                    }
                }
                continue;
            }
            Line::Did { at, deed } => (at, Outcome::Deed(deed)),
        };
        entries.push(Entry {
            at,
            who: who.clone(),
            alive,
            outcome,
        });
    }
}

/// The lines of one file, and whether its run goes on. A last line that a crash cut off was never followed by an act.
fn lines(path: &Path) -> Result<(bool, Vec<Line>), String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    let alive = flock(&file, FlockOperation::NonBlockingLockShared).is_err();
    let mut text = String::new();
    file.take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| error.to_string())?;
    let whole = text.rfind('\n').map_or("", |end| text.get(..end).unwrap_or_default());
    let mut lines = Vec::new();
    for (number, line) in whole.lines().enumerate() {
        let line: Line = serde_json::from_str(line).map_err(|error| format!("line {}: {error}", number + 1))?;
        if let Line::Begun { version, .. } = &line
            && *version > VERSION
        {
            return Err(format!("its version is {version}, this pgherd knows {VERSION}"));
        }
        lines.push(line);
    }
    match lines.first() {
        None | Some(Line::Begun { .. }) => Ok((alive, lines)),
        Some(_) => Err("it does not begin as a journal does".to_owned()),
    }
}
