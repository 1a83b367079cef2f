//! Log lines of the containers, or the program's own.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::widgets::Widget;
use tui_logger::{TuiLoggerLevelOutput, TuiLoggerWidget};

use super::frame;
use super::pen::{Pen, columns};
use super::scene::Scene;
use super::theme::Theme;
use super::units;
use crate::app::logs::Counts;
use crate::model::log::Level;
use crate::model::text::columns::without;

/// Columns that a container's name takes at most, on a wide and on a narrow pane.
const NAME: (u16, u16) = (20, 10);
/// What is a wide pane.
const WIDE: u16 = 80;

/// Draws it.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, focused: bool) {
    let inside = frame::pane(buffer, area, &title(scene), &note(scene), focused, scene.theme);
    body(buffer, inside, scene);
}

/// Whose lines it shows.
pub(super) fn title(scene: &Scene<'_>) -> String {
    let logs = &scene.app.view.logs;
    match &logs.only {
        _ if logs.own => "pgherd's own log".to_owned(),
        Some(container) => format!("Logs of {container}"),
        None => "Logs of all".to_owned(),
    }
}

/// Whether it follows, and what is missing.
pub(super) fn note(scene: &Scene<'_>) -> String {
    let logs = &scene.app.view.logs;
    if logs.own {
        return "follows".to_owned();
    }
    let Counts { kept, dropped, .. } = scene.app.logs.counts(&logs.lens());
    let mut parts = vec![match (logs.end, logs.around) {
        (Some(_), Some(at)) => format!("around {}", units::clock_millis(at, scene.zone)),
        (Some(_), None) => "standing still".to_owned(),
        (None, _) => "follows".to_owned(),
    }];
    parts.push(units::count(kept, "line"));
    if dropped > 0 {
        parts.push(format!("{dropped} older dropped"));
    }
    if logs.pan > 0 {
        parts.push(format!("from column {}", logs.pan + 1));
    }
    parts.join(" · ")
}

/// Draws what is inside the border.
pub(super) fn body(buffer: &mut Buffer, inside: Rect, scene: &Scene<'_>) {
    let logs = &scene.app.view.logs;
    if logs.own {
        return own_log(buffer, inside, scene.theme);
    }
    let lines = scene
        .app
        .logs
        .window(&logs.lens(), logs.end, usize::from(inside.height));
    if lines.is_empty() {
        Pen::at(buffer, inside, 0).skip(1).put("no line yet", scene.theme.dim);
        return;
    }
    let names: Vec<&str> = scene
        .app
        .containers()
        .map(|container| container.name.as_str())
        .collect();
    // Lines stay longer than their container does.
    let shown = lines.iter().map(|shown| shown.line.container.as_str());
    let width = names
        .iter()
        .copied()
        .chain(shown)
        .map(columns)
        .max()
        .unwrap_or(0)
        .min(if inside.width < WIDE { NAME.1 } else { NAME.0 });
    let around = logs.around.filter(|_| logs.end.is_some());
    // The first line that is not before the instant, or the last one.
    let marked = around.map(|at| {
        let after = lines.iter().position(|shown| shown.line.at >= at);
        after.unwrap_or(lines.len().saturating_sub(1))
    });
    for (row, shown) in (0..).zip(&lines) {
        let (line, theme) = (&shown.line, scene.theme);
        let mut pen = Pen::at(buffer, inside, row);
        let mark = if marked == Some(usize::from(row)) { "▸" } else { " " };
        pen.put(mark, theme.border_focused)
            .put(&units::clock_millis(line.at, scene.zone), theme.dim)
            .skip(1);
        if logs.only.is_none() {
            let place = names.iter().position(|name| *name == line.container.as_str());
            pen.column(
                line.container.as_str(),
                theme.container(place.unwrap_or(names.len())),
                width,
                false,
            )
            .skip(1);
        }
        let (letter, style) = look(line.level, theme);
        let (blanks, message) = without(line.message(), usize::from(logs.pan));
        let blanks = u16::try_from(blanks).unwrap_or(u16::MAX);
        pen.put(letter, style).skip(1).skip(blanks).put(message, style);
    }
}

/// A level as a letter, none for what is normal.
fn look(level: Level, theme: &Theme) -> (&'static str, Style) {
    match level {
        Level::Debug => ("D", theme.log_debug),
        Level::Info => (" ", theme.log_info),
        Level::Warning => ("W", theme.log_warning),
        Level::Error => ("E", theme.log_error),
        Level::Fatal => ("F", theme.log_fatal),
    }
}

fn own_log(buffer: &mut Buffer, inside: Rect, theme: &Theme) {
    TuiLoggerWidget::default()
        .style(theme.log_info)
        .style_error(theme.log_error)
        .style_warn(theme.log_warning)
        .style_info(theme.log_info)
        .style_debug(theme.log_debug)
        .style_trace(theme.log_debug)
        .output_level(Some(TuiLoggerLevelOutput::Abbreviated))
        .output_separator(' ')
        .output_target(true)
        .output_file(false)
        .output_line(false)
        .render(
            Rect {
                x: inside.x.saturating_add(1),
                width: inside.width.saturating_sub(1),
                ..inside
            },
            buffer,
        );
}
