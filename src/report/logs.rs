//! The log lines that matter: warnings and worse, and those that tell of locks, promotions and servers. Bounded.

use std::collections::BTreeMap;
use std::time::Duration;

use super::schema::{Instant, Line, Logs};
use crate::app::logs::{self, LogStore};
use crate::model::log::{Level, meaning, shape};
use crate::model::name::ContainerName;
use crate::model::secret::mask;
use crate::model::time::Timestamp;

/// Lines at most.
const LINES: usize = 60;
/// Characters of a line.
const LONGEST: usize = 300;
/// What led to a fault, and what followed its last phase.
const AROUND: Duration = Duration::from_secs(2);
/// The lines from a little before the fault until a little after `end`.
pub(super) fn logs(store: &LogStore, fault: Timestamp, end: Timestamp) -> Logs {
    let from = fault.minus(AROUND);
    let all = store.between(from, end.plus(AROUND));
    let total = all.len();
    let mut kept: Vec<(u8, Line)> = Vec::new();
    let mut last: BTreeMap<&ContainerName, (usize, u64)> = BTreeMap::new();
    for stored in all {
        let Some(weight) = weight(&stored) else { continue };
        let shape = shape(stored.text);
        if let Some((place, before)) = last.get(stored.container)
            && *before == shape
            && let Some((_, line)) = kept.get_mut(*place)
        {
            line.count += 1;
            continue;
        }
        last.insert(stored.container, (kept.len(), shape));
        kept.push((weight, line(&stored, fault)));
    }
    if kept.len() > LINES {
        // Steps before errors before warnings, early before late.
        kept.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
        kept.truncate(LINES);
        kept.sort_by_key(|(_, line)| line.at.at);
    }
    let lines: Vec<Line> = kept.into_iter().map(|(_, line)| line).collect();
    let shown: usize = lines.iter().map(|line| line.count).sum();
    Logs {
        left_out: total.saturating_sub(shown),
        lines,
        gaps: store
            .cut_after(from)
            .map(|container| format!("{container}: the lines of the beginning are not kept any more"))
            .collect(),
    }
}

/// How much it matters; `None` for not at all.
fn weight(stored: &logs::Line<'_>) -> Option<u8> {
    let meaning = meaning(stored.text);
    if meaning.is_some_and(|meaning| meaning.step) {
        return Some(3);
    }
    match stored.level {
        Level::Fatal | Level::Error => Some(2),
        Level::Warning => Some(1),
        Level::Info | Level::Debug => meaning.map(|_| 1),
    }
}

fn line(stored: &logs::Line<'_>, fault: Timestamp) -> Line {
    // Hidden already where it was read; once more, since a report leaves the house.
    let message = mask(stored.message());
    let mut text: String = message.chars().take(LONGEST).collect();
    if text.len() < message.len() {
        text.push('…');
    }
    Line {
        at: Instant::new(stored.at, fault),
        container: stored.container.to_string(),
        level: match stored.level {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Warning => "warning",
            Level::Error => "error",
            Level::Fatal => "fatal",
        },
        text,
        count: 1,
    }
}
