//! How the store stands in a record: a list for each line, since there are many; the form of older records is read too.

use std::collections::BTreeMap;

use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::LogStore;
use super::answer::Position;
use super::ring::Ring;
use crate::model::log::{Level, LogLine, Span};
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;

#[derive(Serialize)]
struct Written<'a> {
    rings: BTreeMap<&'a ContainerName, WrittenRing<'a>>,
    arrivals: i64,
    oldest: i64,
    limit: usize,
}

#[derive(Serialize)]
struct WrittenRing<'a> {
    lines: WrittenLines<'a>,
    dropped: u64,
    held: bool,
}

struct WrittenLines<'a>(&'a Ring, &'a ContainerName);

/// The lines of a record: stamp of its place, arrival, [`flags`], text; and what not every line has.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum WireLine<T> {
    Short(Timestamp, i64, u8, T),
    Long(Timestamp, i64, u8, T, Rest),
    Old { position: Position, line: Box<LogLine> },
}

#[derive(Serialize, Deserialize)]
struct Rest {
    /// Docker's stamp: the line may stand elsewhere.
    at: Timestamp,
    /// Colours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    spans: Vec<Span>,
}

/// Level, and whether the line is of stderr, and repeats the one before it.
fn flags(level: Level, stderr: bool, repeats: bool) -> u8 {
    level as u8 | if stderr { STDERR } else { 0 } | if repeats { REPEATS } else { 0 }
}

const LEVEL: u8 = 0b111;
const STDERR: u8 = 1 << 3;
const REPEATS: u8 = 1 << 4;

impl Serialize for WrittenLines<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(ring, container) = self;
        let mut lines = serializer.serialize_seq(Some(ring.len()))?;
        for number in ring.first()..=ring.last() {
            let Some((place, line)) = ring.line(number, container) else {
                continue;
            };
            let flags = flags(line.level, line.stderr, ring.run_start(number) < number);
            lines.serialize_element(&if line.at == place.at && line.spans.is_empty() {
                WireLine::Short(place.at, place.arrival, flags, line.text)
            } else {
                let rest = Rest {
                    at: line.at,
                    spans: line.spans.to_vec(),
                };
                WireLine::Long(place.at, place.arrival, flags, line.text, rest)
            })?;
        }
        lines.end()
    }
}

impl Serialize for LogStore {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ring = |(name, ring)| {
            let written = WrittenRing {
                lines: WrittenLines(ring, name),
                dropped: ring.dropped,
                held: ring.held,
            };
            (name, written)
        };
        let written = Written {
            rings: self.rings.iter().map(ring).collect(),
            arrivals: self.arrivals,
            oldest: self.oldest,
            limit: self.limit,
        };
        written.serialize(serializer)
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Read {
    rings: BTreeMap<ContainerName, ReadRing>,
    arrivals: i64,
    oldest: i64,
    limit: Option<usize>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ReadRing {
    lines: Vec<WireLine<String>>,
    dropped: u64,
    held: bool,
}

impl<'de> Deserialize<'de> for LogStore {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let mut store = Self {
            arrivals: read.arrivals,
            oldest: read.oldest,
            ..read.limit.map_or_else(Self::default, Self::bounded)
        };
        for (container, lines) in read.rings {
            let ring = ring(&container, lines);
            let ends = ring.position(ring.first()).zip(ring.position(ring.last()));
            if let Some((first, last)) = ends {
                store.oldest = store.oldest.min(first.arrival);
                store.arrivals = store.arrivals.max(last.arrival);
            }
            store.bytes += ring.bytes();
            store.rings.insert(container, ring);
        }
        store.shrink();
        Ok(store)
    }
}

fn ring(container: &ContainerName, read: ReadRing) -> Ring {
    let mut ring = Ring::default();
    for line in read.lines {
        let (at, arrival, flags, text, rest) = match line {
            WireLine::Short(at, arrival, flags, text) => {
                let spans = Vec::new();
                (at, arrival, flags, text, Rest { at, spans })
            }
            WireLine::Long(at, arrival, flags, text, rest) => (at, arrival, flags, text, rest),
            WireLine::Old { position, line } => {
                // What repeats was not known then.
                ring.place(&line, position);
                continue;
            }
        };
        let line = LogLine {
            at: rest.at,
            spans: rest.spans,
            container: container.clone(),
            stderr: flags & STDERR != 0,
            level: level(flags),
            text,
        };
        ring.put(&line, Position { at, arrival }, flags & REPEATS != 0);
    }
    ring.remember();
    (ring.dropped, ring.held) = (ring.dropped.saturating_add(read.dropped), read.held);
    ring
}

fn level(flags: u8) -> Level {
    match flags & LEVEL {
        0 => Level::Debug,
        2 => Level::Warning,
        3 => Level::Error,
        4 => Level::Fatal,
        _ => Level::Info,
    }
}
