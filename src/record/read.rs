//! Reads a record: once through at the beginning, to learn where its members are and how far they are whole; then member
//! by member as they are played. Never more than one member is in memory.

use std::fmt;
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Seek, SeekFrom};

use flate2::bufread::GzDecoder;

use super::line::{self, Entry};
use super::{FORMAT, Header, LONGEST, RecordError, VERSION};
use crate::model::text::clean_line;
use crate::model::time::Timestamp;

/// More members than this are not looked for: months.
const MOST_MEMBERS: usize = 1 << 20;
/// Longest member before compression.
const LONGEST_MEMBER: usize = LONGEST + (4 << 20);

/// Where a record lies.
pub(super) trait Medium: Read + Seek + Send {}

impl<T: Read + Seek + Send> Medium for T {}

/// A record that was looked through.
pub(super) struct Record {
    source: BufReader<Box<dyn Medium>>,
    pub(super) header: Header,
    members: Vec<Member>,
    /// Number of entries.
    pub(super) entries: usize,
    /// Time of the last entry.
    pub(super) ends: Timestamp,
    /// Why it is not whole.
    pub(super) flaw: Option<Flaw>,
    /// The member that was read last.
    held: Option<(usize, Text)>,
}

/// Why a record is not whole. Displayed for the viewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It ends within a member.
    Cut,
    /// A checksum is wrong, or what follows is no member.
    Damaged,
    /// It has a member or more members than can be read.
    TooLong,
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Cut => "it was cut off: the last moments are missing",
            Self::Damaged => "it is damaged: what comes after is lost",
            Self::TooLong => "it is longer than what can be read",
        })
    }
}

/// A member of the file.
#[derive(Clone, Copy, Debug)]
struct Member {
    offset: u64,
    /// Number of its first entry.
    first: usize,
    /// Time of its first entry.
    begins: Timestamp,
}

/// The entries of a member, as text.
struct Text {
    bytes: Vec<u8>,
    /// Where each line begins, and the end of the last.
    breaks: Vec<usize>,
}

impl Text {
    /// Whole lines only; the first `skip` are no entries.
    fn of(bytes: Vec<u8>, skip: usize) -> Self {
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        let breaks = std::iter::once(0)
            .chain(ends.map(|(at, _)| at + 1))
            .skip(skip)
            .collect();
        Self { bytes, breaks }
    }

    fn count(&self) -> usize {
        self.breaks.len().saturating_sub(1)
    }

    fn line(&self, number: usize) -> Option<&[u8]> {
        let (from, to) = (self.breaks.get(number)?, self.breaks.get(number + 1)?);
        self.bytes.get(*from..*to)
    }
}

impl Record {
    /// Looks through all of it.
    ///
    /// # Errors
    /// There is nothing in it that could be played.
    pub(super) fn open(medium: Box<dyn Medium>) -> Result<Self, RecordError> {
        let mut source = BufReader::with_capacity(1 << 16, medium);
        if source.fill_buf()?.is_empty() {
            return Err(RecordError::Empty);
        }
        let (bytes, flaw) = member(&mut source)?;
        let header = header(&bytes, flaw)?;
        let mut record = Self {
            source,
            ends: header.began,
            header,
            members: Vec::new(),
            entries: 0,
            flaw: None,
            held: None,
        };
        record.take(0, &Text::of(bytes, 1), flaw);
        while record.flaw.is_none() {
            let offset = record.source.stream_position()?;
            if record.source.fill_buf()?.is_empty() {
                break;
            }
            if record.members.len() >= MOST_MEMBERS {
                record.flaw = Some(Flaw::TooLong);
                break;
            }
            let (bytes, flaw) = member(&mut record.source)?;
            record.take(offset, &Text::of(bytes, 0), flaw);
        }
        if record.entries == 0 {
            return Err(RecordError::Headless);
        }
        Ok(record)
    }

    fn take(&mut self, offset: u64, text: &Text, flaw: Option<Flaw>) {
        let count = text.count();
        let times = (0..count).filter_map(|number| line::time(text.line(number)?));
        let begins = times.clone().next();
        self.ends = times.fold(self.ends, Timestamp::max);
        self.flaw = flaw;
        if count > 0 {
            self.members.push(Member {
                offset,
                first: self.entries,
                begins: begins.unwrap_or(self.ends),
            });
            self.entries += count;
        }
    }

    /// The time of an entry; `None` if it has none, or there is no such entry.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub(super) fn time(&mut self, entry: usize) -> io::Result<Option<Timestamp>> {
        Ok(self.line(entry)?.and_then(line::time))
    }

    /// An entry; `None` if this version does not know it.
    ///
    /// # Errors
    /// The file cannot be read any more.
    pub(super) fn entry(&mut self, entry: usize) -> io::Result<Option<Entry>> {
        Ok(self.line(entry)?.and_then(Entry::read))
    }

    /// An entry before which everything is at or before `at`, close to it.
    pub(super) fn near(&self, at: Timestamp) -> usize {
        let after = self.members.partition_point(|member| member.begins <= at);
        let member = after.checked_sub(1).and_then(|place| self.members.get(place));
        member.map_or(0, |member| member.first)
    }

    fn line(&mut self, entry: usize) -> io::Result<Option<&[u8]>> {
        let after = self.members.partition_point(|member| member.first <= entry);
        let Some(place) = after.checked_sub(1) else {
            return Ok(None);
        };
        let Some(Member { offset, first, .. }) = self.members.get(place).copied() else {
            return Ok(None);
        };
        if self.held.as_ref().is_none_or(|(held, _)| *held != place) {
            self.source.seek(SeekFrom::Start(offset))?;
            let (bytes, _) = member(&mut self.source)?;
            self.held = Some((place, Text::of(bytes, usize::from(offset == 0))));
        }
        Ok(self.held.as_ref().and_then(|(_, text)| text.line(entry - first)))
    }
}

/// The text of the member that begins here, and why it is not whole: all of it where the checksum is right, what there
/// is where the file ends, nothing where it is damaged.
fn member(source: &mut impl BufRead) -> io::Result<(Vec<u8>, Option<Flaw>)> {
    let mut bytes = Vec::new();
    let limit = u64::try_from(LONGEST_MEMBER).unwrap_or(u64::MAX);
    let read = GzDecoder::new(source).take(limit).read_to_end(&mut bytes);
    match read {
        Ok(length) if length >= LONGEST_MEMBER => Ok((Vec::new(), Some(Flaw::TooLong))),
        Ok(_) => Ok((bytes, None)),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok((bytes, Some(Flaw::Cut))),
        Err(error) if matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::InvalidInput) => {
            Ok((Vec::new(), Some(Flaw::Damaged)))
        }
        Err(error) => Err(error),
    }
}

fn header(bytes: &[u8], flaw: Option<Flaw>) -> Result<Header, RecordError> {
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        // A file that begins like a record and ends at once may have been one.
        let begins = br#"{"format":"pgherd-record""#;
        let alike = flaw == Some(Flaw::Cut) && (bytes.starts_with(begins) || begins.starts_with(bytes));
        return Err(if alike {
            RecordError::Headless
        } else {
            RecordError::Foreign
        });
    };
    let line = bytes.get(..end).unwrap_or_default();
    let mut header: Header = serde_json::from_slice(line).map_err(|_| RecordError::Foreign)?;
    header.program = clean_line(&header.program);
    if header.format != FORMAT {
        return Err(RecordError::Foreign);
    }
    if header.version > VERSION {
        return Err(RecordError::Newer {
            version: header.version,
            program: header.program,
        });
    }
    Ok(header)
}
