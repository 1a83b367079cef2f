//! The facts of a failover, and what happened before it: lists in which a row is selected.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::app::App;
use crate::app::page::{Key, Past};
use crate::model::dcs::TimelineSwitch;
use crate::model::explanation;
use crate::model::fact::{Fact, Severity};
use crate::model::failover::Episode;
use crate::model::time::Timestamp;
use crate::ui::pen::Pen;
use crate::ui::scene::Scene;
use crate::ui::{frame, hints, units};

/// From this width on a fact has its clock time too.
const ROOMY: u16 = 100;
/// A fact is said to lie between two instants if they are so far apart.
const DOUBT: std::time::Duration = std::time::Duration::from_millis(200);

/// Draws every fact of an episode, with the one at `place` selected.
pub(super) fn facts(buffer: &mut Buffer, area: Rect, title: &str, episode: &Episode, place: usize, scene: &Scene<'_>) {
    let begin = episode.timeline(scene.now).fault.at;
    let entries = App::facts_of(episode);
    let selected = entries.iter().position(|(at, _)| *at == place).unwrap_or(0);
    let rows: Vec<_> = entries
        .iter()
        .map(|(_, entry)| fact(&entry.fact, begin, area.width, scene))
        .collect();
    list(buffer, area, title, &rows, selected, scene);
}

/// Draws what happened in this run and by Patroni's history.
pub(super) fn past(buffer: &mut Buffer, area: Rect, title: &str, key: Option<Key>, scene: &Scene<'_>) {
    let past = scene.app.past();
    let selected = past.iter().position(|past| Some(past.key()) == key).unwrap_or(0);
    let rows: Vec<_> = past
        .iter()
        .map(|past| match past {
            Past::Episode(_, one) => episode(one, scene),
            Past::Switch(one, number) => (switch(one, *number, scene), scene.theme.text),
        })
        .collect();
    list(buffer, area, title, &rows, selected, scene);
}

fn list(buffer: &mut Buffer, area: Rect, title: &str, rows: &[(String, Style)], selected: usize, scene: &Scene<'_>) {
    let note = format!("{} of {}", (selected + 1).min(rows.len()), rows.len());
    let inside = frame::dialog(buffer, area, title, &note, scene.theme);
    if rows.is_empty() {
        Pen::at(buffer, inside, 0).put("none", scene.theme.dim);
    }
    // The selected row stands in the middle where there is something above and below it.
    let height = usize::from(inside.height);
    let first = selected
        .saturating_sub(height / 2)
        .min(rows.len().saturating_sub(height));
    for (row, (at, (text, style))) in (0..).zip(rows.iter().enumerate().skip(first).take(height)) {
        let mut pen = Pen::at(buffer, inside, row);
        let mark = if at == selected { ">" } else { " " };
        pen.put(mark, scene.theme.border_focused).put(text, *style);
        if at == selected {
            pen.paint(
                Rect {
                    y: inside.y + row,
                    height: 1,
                    ..inside
                },
                scene.theme.selected,
            );
        }
    }
    hints::close(buffer, area, scene);
}

fn fact(fact: &Fact, begin: Timestamp, width: u16, scene: &Scene<'_>) -> (String, Style) {
    let theme = scene.theme;
    let clock = if width >= ROOMY {
        format!("{} ", units::clock_millis(fact.at, scene.zone))
    } else {
        String::new()
    };
    let since = fact.after.filter(|after| fact.at.since(*after) >= DOUBT);
    let since = since.map_or_else(String::new, |after| format!("  (not before {})", offset(after, begin)));
    let subject = fact.subject.as_deref().unwrap_or_default();
    let text = format!(
        "{clock}{:>8}  {:<10} {subject} {}{since}",
        offset(fact.at, begin),
        fact.source.name(),
        fact.describe()
    );
    let style = match fact.severity() {
        Severity::Good => theme.ok,
        Severity::Info => theme.text,
        Severity::Notable => theme.warning,
        Severity::Bad => theme.bad,
    };
    (text, style)
}

/// `+25.20`, seconds after the fault.
fn offset(at: Timestamp, begin: Timestamp) -> String {
    if at < begin {
        format!("-{:.2}", begin.since(at).as_secs_f64())
    } else {
        format!("+{:.2}", at.since(begin).as_secs_f64())
    }
}

fn episode(episode: &Episode, scene: &Scene<'_>) -> (String, Style) {
    let begin = episode.timeline(scene.now).fault.at;
    let (mark, style) = super::mark(episode, scene);
    let verdict = episode.verdict(scene.now);
    let text = format!(
        "#{} {} {mark} {}, {}: {}",
        episode.number,
        units::clock(begin, scene.zone),
        explanation::title(episode, scene.now),
        verdict.as_ref().map_or("going on", |verdict| verdict.name()),
        explanation::headline(episode, scene.now)
    );
    (text, style)
}

fn switch(switch: &TimelineSwitch, number: Option<u32>, scene: &Scene<'_>) -> String {
    let when = switch
        .promoted
        .map_or_else(|| units::UNKNOWN.to_owned(), |at| units::date_and_clock(at, scene.zone));
    let who = switch
        .leader
        .as_ref()
        .map_or_else(|| units::UNKNOWN.to_owned(), ToString::to_string);
    let place = switch.at_lsn.map_or_else(String::new, |lsn| format!(" at {lsn}"));
    let number = number.map_or_else(String::new, |number| format!("  (#{number})"));
    let to = switch.old.0.saturating_add(1);
    format!(
        "{when}  Patroni: timeline {} → {to}  {who}{place}  {}{number}",
        switch.old, switch.reason
    )
}
