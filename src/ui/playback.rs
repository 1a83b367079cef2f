//! The last two rows while a recording is played: its keys, and where it stands. Says in every frame that this is a
//! recording, and of when.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::Look;
use super::hints;
use super::logs;
use super::pen::{Pen, columns};
use super::units;
use crate::app::App;
use crate::app::command::{Command, Context, Entry, entries};
use crate::app::playback::Playback;

/// Columns of the bar that are worth drawing.
const LEAST_BAR: u16 = 8;

/// Columns of what is played.
const NAME: u16 = 40;

/// Draws them at the bottom of `area`. What the recorded screen told its operator comes before the keys.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, app: &App, playback: &Playback, look: &Look) {
    let last = area.height.saturating_sub(1);
    if let Some(row) = last.checked_sub(1) {
        said_and_keys(&mut cleared(buffer, area, row, look), app, playback, look);
    }
    place(&mut cleared(buffer, area, last, look), playback, look);
}

fn cleared<'a>(buffer: &'a mut Buffer, area: Rect, row: u16, look: &Look) -> Pen<'a> {
    Pen::at(buffer, area, row).put(&" ".repeat(usize::from(area.width)), look.theme.text);
    Pen::at(buffer, area, row)
}

fn said_and_keys(pen: &mut Pen<'_>, app: &App, playback: &Playback, look: &Look) {
    let theme = &look.theme;
    pen.skip(1);
    if let Some(notice) = &playback.notice {
        pen.put("✗ ", theme.bad).put(notice, theme.bad);
        return;
    }
    if logs::prompt(pen, app, theme) || hints::news(pen, app, theme) {
        return;
    }
    let travels = entries().filter(|entry| entry.context == Context::Recording);
    let always =
        |entry: &&Entry| entry.context == Context::Anywhere && matches!(entry.command, Command::Help | Command::Quit);
    for entry in travels.chain(entries().filter(always)) {
        let Some(key) = app.options.keymap.keys(entry).first().map(ToString::to_string) else {
            continue;
        };
        if entry.hint.is_empty() || pen.room() < columns(&key) + columns(entry.hint) + 3 {
            continue;
        }
        pen.put(&key, theme.key).skip(1).put(entry.hint, theme.hint).skip(2);
    }
}

fn place(pen: &mut Pen<'_>, playback: &Playback, look: &Look) {
    let theme = &look.theme;
    let (mark, state) = if playback.seeking {
        ("…", ", seeking")
    } else if playback.is_over() {
        ("■", ", over")
    } else if playback.paused {
        ("‖", ", paused")
    } else {
        ("▶", "")
    };
    let whole = playback.ends.since(playback.begins);
    let now = playback.at.since(playback.begins);
    pen.put(&format!(" {mark} RECORDING{state} "), theme.badge).put(
        &format!(" {}", units::date_and_clock(playback.at, &look.zone)),
        theme.title,
    );
    let passed = format!("  {} of {}", units::uptime(now), units::uptime(whole));
    pen.put(&passed, theme.dim);
    if playback.speed != 1 {
        pen.put(&format!("  {}x", playback.speed), theme.warning);
    }
    if playback.own_view {
        pen.put("  own view", theme.dim);
    }
    if let Some(flaw) = &playback.flaw {
        pen.put(&format!("  ✗ {flaw}"), theme.bad);
    }
    pen.skip(2).put_within(&playback.name, theme.text, NAME).skip(2);
    let room = pen.room().saturating_sub(1);
    if room < LEAST_BAR {
        return;
    }
    let share = now.as_secs_f64() / whole.as_secs_f64().max(0.001);
    let done = (0..room)
        .filter(|column| f64::from(*column) < share * f64::from(room))
        .count();
    pen.put(&"━".repeat(done), theme.ok)
        .put(&"─".repeat(usize::from(room) - done), theme.dim);
}
