//! What is asked over the log pane: the line that is typed, and small dialogs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::pen::{Pen, columns};
use super::super::question;
use super::super::scene::Scene;
use super::super::theme::Theme;
use super::super::{frame, hints, units};
use super::inspect;
use crate::app::App;
use crate::app::logs::Lens;
use crate::app::reading::{Asked, Prompt, Wanted, letter};
use crate::app::view::Overlay;

/// Columns of the dialogs.
const WIDTH: u16 = 74;

/// Draws a dialog over `area`; what is typed has its place on the last row instead.
pub(in crate::ui) fn draw(buffer: &mut Buffer, area: Rect, asked: &Asked, scene: &Scene<'_>) {
    match asked {
        Asked::Text(_) => {}
        Asked::Mark | Asked::Jump => marks(buffer, area, matches!(asked, Asked::Jump), scene),
        Asked::Containers(selected) => containers(buffer, area, *selected, scene),
        Asked::Replace(save) => {
            let asked = question::Asked {
                title: "Replace the file?".to_owned(),
                changed: None,
                sentences: vec![
                    format!("There is a file {} already.", save.file),
                    "What is in it now would be lost.".to_owned(),
                ],
                keys: question::yes_or_no("replace it"),
            };
            question::ask(buffer, area, &asked, scene);
        }
        Asked::Line { at, scroll } => inspect::draw(buffer, area, *at, *scroll, scene),
    }
}

/// The line that is typed, which takes the last row (true).
pub(in crate::ui) fn prompt(pen: &mut Pen<'_>, app: &App, theme: &Theme) -> bool {
    let Some(Overlay::Log(Asked::Text(prompt))) = &app.view.overlay else {
        return false;
    };
    pen.put(&before(prompt), theme.key);
    // The end of a long text is what is being typed.
    let room = pen.room().saturating_sub(2);
    let cut = columns(&prompt.text).saturating_sub(room.min(pen.room() * 2 / 3));
    let (_, text) = crate::model::text::columns::without(&prompt.text, cut.into());
    pen.put(text, theme.text).put("▏", theme.text).skip(2);
    if let Some(problem) = &prompt.problem {
        pen.put("✗ ", theme.bad).put(problem, theme.bad);
        return true;
    }
    for (key, word) in keys(prompt) {
        if pen.room() < columns(key) + columns(word) + 3 {
            break;
        }
        pen.put(key, theme.key).skip(1).put(word, theme.hint).skip(2);
    }
    true
}

fn before(prompt: &Prompt) -> String {
    match prompt.wanted {
        Wanted::Search => "/".to_owned(),
        Wanted::Matching => "only lines with: ".to_owned(),
        Wanted::Excluding => "no lines with: ".to_owned(),
        Wanted::Older => "older lines of each container: ".to_owned(),
        Wanted::File { everything: false } => "save what is shown to: ".to_owned(),
        Wanted::File { everything: true } => "save every line kept to: ".to_owned(),
    }
}

fn keys(prompt: &Prompt) -> &'static [(&'static str, &'static str)] {
    match prompt.wanted {
        Wanted::Search => &[("enter", "search"), ("esc", "leave it"), ("ctrl-u", "empty it")],
        Wanted::Matching | Wanted::Excluding => &[("enter", "filter"), ("esc", "leave it"), ("ctrl-u", "empty it")],
        Wanted::Older => &[("enter", "read"), ("esc", "leave it"), ("or", "2h, a time, all")],
        Wanted::File { .. } => &[("enter", "save"), ("tab", "shown or all"), ("esc", "leave it")],
    }
}

/// The marked lines with their letters.
fn marks(buffer: &mut Buffer, area: Rect, jump: bool, scene: &Scene<'_>) {
    let (marks, theme) = (&scene.app.view.logs.marks, scene.theme);
    let height = u16::try_from(marks.len()).unwrap_or(u16::MAX).saturating_add(3);
    let place = frame::centred(area, WIDTH, height);
    let title = if jump {
        "Go to which mark?"
    } else {
        "Mark with which letter?"
    };
    let inside = frame::dialog(buffer, place, title, &units::count(marks.len(), "mark"), theme);
    let last = inside.height.saturating_sub(1);
    for (row, (letter, position)) in (0..last).zip(marks) {
        let mut pen = Pen::at(buffer, inside, row);
        pen.put(letter.encode_utf8(&mut [0; 4]), theme.key).skip(2);
        let shown = scene.app.logs.window(&Lens::default(), Some(*position), 1);
        match shown.first().filter(|row| row.position == *position) {
            Some(row) => pen
                .put(&units::clock_or_day(row.line.at, scene.now, scene.zone), theme.dim)
                .skip(1)
                .put(row.line.message(), theme.text),
            None => pen.put("not kept any more", theme.dim),
        };
    }
    let word = if jump { "go there" } else { "set, or move it" };
    let keys = [("a letter".to_owned(), word), ("esc".to_owned(), "leave it")];
    hints::keys(&mut Pen::at(buffer, inside, last), &keys, scene);
}

/// The containers with their letters, and which of them are shown.
fn containers(buffer: &mut Buffer, area: Rect, selected: usize, scene: &Scene<'_>) {
    let (app, theme) = (scene.app, scene.theme);
    let names = app.log_containers();
    let height = u16::try_from(names.len()).unwrap_or(u16::MAX).saturating_add(4);
    let place = frame::centred(area, WIDTH, height);
    let lens = &app.view.logs.lens;
    let shown = names.iter().filter(|name| lens.has(name)).count();
    let note = format!("{shown} of {}", names.len());
    let inside = frame::dialog(buffer, place, "Whose lines?", &note, theme);
    let room = inside.height.saturating_sub(2);
    let first = (selected + 1).saturating_sub(room.into());
    for (row, (at, name)) in (0..room).zip(names.iter().enumerate().skip(first)) {
        let mut pen = Pen::at(buffer, inside, row);
        let mark = if lens.has(name) { "[✓] " } else { "[ ] " };
        pen.put(if at == selected { ">" } else { " " }, theme.key);
        pen.put(mark, theme.text);
        if let Some(letter) = letter(at) {
            pen.put(letter.encode_utf8(&mut [0; 4]), theme.key);
        }
        let one = Lens::of(Some(name));
        let counts = app.logs.counts(&one);
        pen.skip(2).put(name.as_str(), theme.container(at)).skip(2);
        let mut said = units::count(counts.kept, "line");
        if counts.dropped > 0 {
            said = format!("{said}, {} older dropped", counts.dropped);
        }
        pen.put(&said, theme.dim);
    }
    let keys = [
        ("a-z".to_owned(), "on or off"),
        ("A-Z".to_owned(), "only that"),
        ("0".to_owned(), "all"),
        ("esc".to_owned(), "close"),
    ];
    hints::keys(
        &mut Pen::at(buffer, inside, inside.height.saturating_sub(1)),
        &keys,
        scene,
    );
}
