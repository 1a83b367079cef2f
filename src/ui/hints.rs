//! The last row: what just happened, or the keys that make sense now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::logs;
use super::pen::{Pen, columns};
use super::scene::Scene;
use crate::app::App;
use crate::app::Stage;
use crate::app::command::{Command, Context, Entry, Keymap, entries};
use crate::app::view::{Overlay, Pane};
use crate::model::act::ContainerAct;
use crate::model::container::ContainerState;

use super::theme::Theme;

/// What the operator is told, which takes the whole line (true), and what is under way.
pub(super) fn news(pen: &mut Pen<'_>, app: &App, theme: &Theme) -> bool {
    if let Some(notice) = &app.notice {
        let (mark, style) = if notice.bad {
            ("✗ ", theme.bad)
        } else {
            ("✓ ", theme.ok)
        };
        pen.put(mark, style).put(&notice.text, style);
        return true;
    }
    if let Some(acting) = &app.acting {
        pen.put("… ", theme.warning).put(acting, theme.warning).skip(2);
    }
    false
}

/// Draws it.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let (app, theme) = (scene.app, scene.theme);
    let mut pen = Pen::at(buffer, area, 0);
    pen.skip(1);
    if logs::prompt(&mut pen, app, theme) || news(&mut pen, app, theme) {
        return;
    }
    let (last, first): (Vec<_>, Vec<_>) = hints(scene).into_iter().partition(|(_, entry)| stays(entry.command));
    let width = |hints: &[(String, &Entry)]| {
        hints
            .iter()
            .map(|(key, entry)| length(key, word(entry, scene)))
            .sum::<u16>()
    };
    let mut room = pen.room().saturating_sub(width(&last));
    if let Some(on) = acts_on(scene) {
        let on = format!("{on}: ");
        room = room.saturating_sub(columns(&on));
        pen.put(&on, theme.title);
    }
    for (key, entry) in first.iter().chain(&last) {
        let word = word(entry, scene);
        let needed = length(key, word);
        if !stays(entry.command) {
            if needed > room {
                room = 0;
                continue;
            }
            room -= needed;
        }
        pen.put(key, theme.key).skip(1).put(word, theme.hint).skip(2);
    }
}

/// Draws the keys of a context in a row, as in a dialog.
pub(super) fn keys(pen: &mut Pen<'_>, hints: &[(String, &str)], scene: &Scene<'_>) {
    for (key, word) in hints {
        pen.put(key, scene.theme.key)
            .put(" ", scene.theme.hint)
            .put(word, scene.theme.hint)
            .put("   ", scene.theme.hint);
    }
}

/// Writes on the lower border of a dialog how to leave it.
pub(super) fn close(buffer: &mut Buffer, dialog: Rect, scene: &Scene<'_>) {
    let foot = Rect {
        x: dialog.x.saturating_add(2),
        y: dialog.bottom().saturating_sub(1),
        width: dialog.width.saturating_sub(4),
        height: 1,
    };
    let mut pen = Pen::at(buffer, foot, 0);
    pen.put(" ", scene.theme.hint)
        .put(&key(scene, Command::Back, Context::Anywhere), scene.theme.key);
    pen.put(" close ", scene.theme.hint);
}

/// The first key of a command in a context.
pub(super) fn key(scene: &Scene<'_>, command: Command, context: Context) -> String {
    let key = scene.app.options.keymap.key_of(command, Some(context));
    key.map(|key| key.to_string()).unwrap_or_default()
}

/// The same for an answer to a question, whose keys never change.
pub(super) fn answer(command: Command, context: Context) -> String {
    let key = Keymap::default().key_of(command, Some(context));
    key.map(|key| key.to_string()).unwrap_or_default()
}

/// What a key does here, in a word.
fn word(entry: &Entry, scene: &Scene<'_>) -> &'static str {
    match entry.command {
        Command::Open if matches!(scene.app.stage(), Stage::Choosing(_)) => "watch",
        _ => entry.hint,
    }
}

fn length(key: &str, hint: &str) -> u16 {
    columns(key) + columns(hint) + 3
}

/// Hints that stay when the row is narrow.
fn stays(command: Command) -> bool {
    matches!(command, Command::Help | Command::Quit)
}

fn hints(scene: &Scene<'_>) -> Vec<(String, &'static Entry)> {
    let contexts = scene.app.contexts();
    let shown = entries().filter(|entry| contexts.contains(&entry.context) && !entry.hint.is_empty());
    let mut sensible: Vec<&Entry> = shown.filter(|entry| makes_sense(entry.command, scene)).collect();
    // What is special here comes first.
    sensible.sort_by_key(|entry| contexts.iter().position(|context| *context == entry.context));
    sensible
        .into_iter()
        .filter_map(|entry| Some((scene.app.options.keymap.keys(entry).first()?.to_string(), entry)))
        .collect()
}

/// The container that keys act on, while they do.
fn acts_on(scene: &Scene<'_>) -> Option<String> {
    // In the log pane its own keys have the row.
    if scene.app.contexts().contains(&Context::Logs) {
        return None;
    }
    if scene.app.view.overlay.is_some() || scene.app.is_read_only() || !scene.is_watching() {
        return None;
    }
    scene.acting_on.as_ref().map(ToString::to_string)
}

fn makes_sense(command: Command, scene: &Scene<'_>) -> bool {
    let view = &scene.app.view;
    let watching = scene.is_watching();
    match command {
        Command::Ask(act) => watching && !scene.app.is_read_only() && applies(act, scene),
        Command::Operations => watching && !scene.app.is_read_only(),
        Command::Acts => watching && !scene.app.is_read_only() && scene.acting_on.is_some(),
        Command::Faults => scene.app.active_faults().next().is_some() || !scene.app.faults.planned.is_empty(),
        Command::Findings => watching && !scene.findings.is_empty(),
        Command::Follow => watching && view.focus == Pane::Logs && !view.logs.own,
        Command::Open => !matches!(
            view.overlay,
            Some(Overlay::Question(_) | Overlay::AskCheck { .. } | Overlay::AskOperation(_))
        ),
        Command::Enter | Command::NextPart => scene.app.chronicle.last().is_some(),
        Command::NextPane | Command::Zoom | Command::LogScope | Command::Znodes | Command::Check => watching,
        _ => true,
    }
}

fn applies(act: ContainerAct, scene: &Scene<'_>) -> bool {
    let Some(name) = &scene.acting_on else { return false };
    let state = scene
        .app
        .containers()
        .find(|container| container.name == *name)
        .map(|container| &container.state);
    match state {
        Some(ContainerState::Exited { .. } | ContainerState::Created) => act == ContainerAct::Start,
        Some(ContainerState::Paused) => matches!(act, ContainerAct::Unpause | ContainerAct::Kill),
        Some(ContainerState::Running) => !matches!(act, ContainerAct::Start | ContainerAct::Unpause),
        Some(ContainerState::Restarting | ContainerState::Other(_)) => true,
        None => false,
    }
}
