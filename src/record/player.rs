//! Plays a record: the same entries through the same transition. Going back starts from a copy of the state that was kept
//! on the way.

use std::fs::File;
use std::io::{self, Cursor};
use std::path::Path;

use super::line::Entry;
use super::read::{Medium, Record};
use super::{Header, RecordError};
use crate::app::App;
use crate::model::time::Timestamp;

/// Copies of the state kept at most; then every other one goes.
const COPIES: usize = 48;
/// Entries between two copies, at first.
const SPACING: usize = 256;
/// Places noted at most: more changes than anybody steps through.
const MOST_MARKS: usize = 200_000;

/// A record, and the state at one place in it.
pub struct Player {
    pub(super) record: Record,
    app: App,
    /// Entries that the state has taken.
    pub(super) place: usize,
    /// The furthest place so far: everything before it is marked.
    furthest: usize,
    copies: Vec<(usize, App)>,
    spacing: usize,
    /// Places after an entry that brought a change, and whether it was a step of a failover.
    marks: Vec<(usize, bool)>,
    pub(super) unknown: usize,
    /// Why it ended by itself.
    ended: Option<String>,
    way: Option<Way>,
}

/// A place to go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// The last entry at or before that instant.
    At(Timestamp),
    /// Just after the next one of these; the end if there is none.
    Next(Kind),
    /// Just after the one before; the start if there is none.
    Previous(Kind),
    /// The first entry.
    Start,
    /// The last entry.
    End,
}

/// What can be stepped by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Anything that stands among the changes.
    Change,
    /// A fault, the beginning or end of a phase, the end of a failover.
    FailoverStep,
}

/// What is still to be done to be there.
#[derive(Clone, Copy, Debug)]
enum Way {
    Place(usize),
    At(Timestamp),
    Next(Kind),
    End,
}

/// What a step of a failover changes: number of episodes, phases begun and ended of the last, whether it is over.
type Step = (u32, usize, usize, bool);

impl Player {
    /// Opens a file and stands at its first entry, the state with which it begins.
    ///
    /// # Errors
    /// There is nothing in it that could be played.
    pub fn open(path: &Path) -> Result<Self, RecordError> {
        // Looked at before it is opened: opening a pipe waits for whoever writes to it.
        if !std::fs::metadata(path)?.is_file() {
            return Err(RecordError::Unreadable(io::Error::other("not a plain file")));
        }
        Self::new(Box::new(File::open(path)?))
    }

    /// The same of a record in memory.
    ///
    /// # Errors
    /// There is nothing in it that could be played.
    pub fn of_bytes(bytes: &'static [u8]) -> Result<Self, RecordError> {
        Self::new(Box::new(Cursor::new(bytes)))
    }

    pub(super) fn new(medium: Box<dyn Medium>) -> Result<Self, RecordError> {
        let mut player = Self {
            record: Record::open(medium)?,
            app: App::default(),
            place: 0,
            furthest: 0,
            copies: Vec::new(),
            spacing: SPACING,
            marks: Vec::new(),
            unknown: 0,
            ended: None,
            way: None,
        };
        player.step()?;
        if player.unknown > 0 {
            // Without the state that it begins with nothing after it means anything.
            return Err(RecordError::Strange(player.header().program.clone()));
        }
        Ok(player)
    }

    /// Who wrote it, and when it began.
    pub fn header(&self) -> &Header {
        &self.record.header
    }

    /// The state at this place.
    pub fn app(&self) -> &App {
        &self.app
    }

    /// The same, for a look at something else than what was recorded. Only the view may be changed, and has to be put
    /// back before the next step.
    pub fn app_mut(&mut self) -> &mut App {
        &mut self.app
    }

    /// Time of the last entry.
    pub fn ends(&self) -> Timestamp {
        self.record.ends
    }

    /// All entries are taken.
    pub fn is_over(&self) -> bool {
        self.place >= self.record.entries
    }

    /// Why it is not all there: the file is cut off or damaged, it was full, or this version does not know some of the
    /// entries so far.
    pub fn flaw(&self) -> Option<String> {
        let flaws = [
            self.record.flaw.map(|flaw| flaw.to_string()),
            self.ended.clone().filter(|_| self.is_over()),
            (self.unknown > 0).then(|| format!("{} not known to this version", entries(self.unknown))),
        ];
        let flaws: Vec<String> = flaws.into_iter().flatten().collect();
        (!flaws.is_empty()).then(|| flaws.join("; "))
    }

    /// Takes the next entry. False at the end.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub fn step(&mut self) -> io::Result<bool> {
        if self.is_over() {
            return Ok(false);
        }
        let is_new = self.place >= self.furthest;
        let before = is_new.then(|| (self.changes(), self.failover()));
        match self.record.entry(self.place)? {
            Some(Entry::State(app)) => self.app = *app,
            // What it asks to be done was done then.
            Some(Entry::Event(at, event)) => drop(self.app.update(*event, at)),
            Some(Entry::End(_, why)) => self.ended = Some(why),
            None => self.unknown += usize::from(is_new),
        }
        self.place += 1;
        if let Some((changes, failover)) = before {
            self.furthest = self.place;
            let moved = self.failover() != failover;
            if (moved || self.changes() != changes) && self.marks.len() < MOST_MARKS {
                self.marks.push((self.place, moved));
            }
            self.keep();
        }
        Ok(true)
    }

    /// Sets out for a place; [`Player::proceed`] goes there. What lies behind is near: a copy of the state is taken up.
    pub fn head_for(&mut self, goal: Goal) {
        let place = match goal {
            Goal::At(at) if at < self.app.now => Some(self.record.near(at).max(1)),
            Goal::Start => Some(1),
            Goal::Previous(kind) => {
                let earlier = self
                    .marks
                    .iter()
                    .rev()
                    .filter(|(_, step)| *step || kind == Kind::Change);
                let place = earlier.map(|(place, _)| *place).find(|place| *place < self.place);
                Some(place.unwrap_or(1))
            }
            Goal::At(_) | Goal::Next(_) | Goal::End => None,
        };
        let target = place.unwrap_or(self.place);
        if target < self.place {
            let after = self.copies.partition_point(|(kept, _)| *kept <= target);
            if let Some((kept, app)) = after.checked_sub(1).and_then(|at| self.copies.get(at)) {
                (self.place, self.app) = (*kept, app.clone());
            }
        }
        self.way = Some(match goal {
            Goal::Start | Goal::Previous(_) => Way::Place(target),
            Goal::At(at) => Way::At(at),
            Goal::Next(kind) => Way::Next(kind),
            Goal::End => Way::End,
        });
    }

    /// Takes at most so many entries on the way. True once it is there.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub fn proceed(&mut self, entries: usize) -> io::Result<bool> {
        for _ in 0..entries {
            let Some(way) = self.way else { return Ok(true) };
            let ahead = match way {
                Way::Place(place) => self.place < place,
                Way::At(at) => self.record.time(self.place)?.is_none_or(|next| next <= at),
                Way::Next(_) | Way::End => true,
            };
            let there = !ahead || !self.step()? || matches!(way, Way::Next(kind) if self.is_marked(kind));
            if there {
                self.way = None;
            }
        }
        Ok(self.way.is_none())
    }

    /// Goes all the way.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub fn go(&mut self, goal: Goal) -> io::Result<()> {
        self.head_for(goal);
        self.proceed(usize::MAX).map(drop)
    }

    /// The last entry brought such a change.
    fn is_marked(&self, kind: Kind) -> bool {
        let after = self.marks.partition_point(|(place, _)| *place < self.place);
        let mark = self.marks.get(after).filter(|(place, _)| *place == self.place);
        mark.is_some_and(|(_, step)| *step || kind == Kind::Change)
    }

    fn keep(&mut self) {
        let last = self.copies.last().map_or(0, |(place, _)| *place);
        if !self.copies.is_empty() && self.place < last + self.spacing {
            return;
        }
        self.copies.push((self.place, self.app.clone()));
        if self.copies.len() > COPIES {
            let mut odd = false;
            self.copies.retain(|_| {
                odd = !odd;
                odd
            });
            self.spacing *= 2;
        }
    }

    fn changes(&self) -> u64 {
        let (kept, dropped) = self.app.feed.counts();
        kept as u64 + dropped
    }

    fn failover(&self) -> Option<Step> {
        let episode = self.app.chronicle.last()?;
        if episode.closed.is_some() {
            return Some((episode.number, 0, 0, true));
        }
        let phases = episode.timeline(self.app.now).phases(episode);
        let ended = phases.iter().filter(|phase| phase.to.is_some()).count();
        Some((episode.number, phases.len(), ended, false))
    }
}

fn entries(count: usize) -> String {
    if count == 1 {
        "1 entry".to_owned()
    } else {
        format!("{count} entries")
    }
}
