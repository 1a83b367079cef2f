//! Log lines of the containers, with the cluster's changes among them; or the program's own log.
//!
//! A frame costs what is on it: rows are asked for by their number, and of a long line only what fits is looked at.

mod asked;
mod inspect;
mod line;
mod names;
mod page;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget;
use tui_logger::{TuiLoggerLevelOutput, TuiLoggerWidget};

use super::frame;
use super::pen::{Pen, columns};
use super::scene::Scene;
use super::theme::Theme;
use super::units;
use crate::app::logs::{Counts, Position};
use crate::app::reading::letter;
use crate::model::log::Level;
use crate::model::name::ContainerName;
use crate::model::text;

pub(super) use asked::{draw as ask, prompt};
use page::Page;

/// Under this width containers are told apart by their letters alone, which the title explains.
const WIDE: u16 = 100;

/// Draws it.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, focused: bool) {
    let mut title = title(scene, area.width < WIDE);
    // Where it stands and what was found is never pushed out by names.
    let room = area.width.saturating_sub(columns(&note(scene, 0)) + 9);
    if columns(&title) > room {
        let (head, _) = text::columns::split(&title, room.saturating_sub(1).into());
        title = format!("{head}…");
    }
    let note = note(scene, area.width.saturating_sub(columns(&title) + 9));
    let inside = frame::pane(buffer, area, &title, &note, focused, scene.theme);
    body(buffer, inside, scene);
}

/// Whose lines it shows; with the letters that stand for them.
pub(super) fn title(scene: &Scene<'_>, letters: bool) -> String {
    let logs = &scene.app.view.logs;
    if logs.own {
        return "pgherd's own log".to_owned();
    }
    if let Some(only) = logs.only() {
        return format!("Logs of {only}");
    }
    let all = scene.app.log_containers();
    let shared = names::shared(&all);
    let called = |(place, name): (usize, &ContainerName)| {
        let (shown, name) = (logs.lens.has(name), names::short(name, shared));
        shown.then(|| match letter(place) {
            Some(letter) if letters => format!("{letter} {name}"),
            _ => name.to_owned(),
        })
    };
    let names: Vec<String> = all.iter().enumerate().filter_map(called).collect();
    match (letters, &logs.lens.containers) {
        (true, _) => format!("Logs: {}", names.join(" ")),
        (false, Some(_)) => format!("Logs of {}", names.join(", ")),
        (false, None) => "Logs of all".to_owned(),
    }
}

/// Where it stands, what was found and what is missing; as much of it as has room, the first first.
pub(super) fn note(scene: &Scene<'_>, room: u16) -> String {
    let logs = &scene.app.view.logs;
    if logs.own {
        return "follows".to_owned();
    }
    let Counts { kept, dropped, .. } = scene.app.logs.counts(&logs.lens);
    // What was asked for comes first.
    let mut parts = Vec::from_iter(found(scene));
    parts.push(match (logs.end, logs.around) {
        _ if logs.anchor.is_some() => "selecting: y copies".to_owned(),
        (Some(_), Some(at)) => format!("around {}", units::clock_millis(at, scene.zone)),
        (Some(_), None) => "standing still".to_owned(),
        (None, _) => "follows".to_owned(),
    });
    if dropped > 0 {
        parts.push(format!("{dropped} older dropped"));
    }
    parts.push(units::count(kept, "line"));
    if scene.app.has_older() {
        parts.push("O older".to_owned());
    }
    if logs.pan > 0 {
        parts.push(format!("from column {}", logs.pan + 1));
    }
    while parts.len() > 1 && columns(&parts.join(" · ")) > room {
        parts.pop();
    }
    parts.join(" · ")
}

/// `match 3 of 41`, `41 matches so far`.
fn found(scene: &Scene<'_>) -> Option<String> {
    let logs = &scene.app.view.logs;
    let tally = scene.app.logs.tally(logs.search.as_ref()?, &logs.lens, logs.pick);
    let far = if tally.complete { "" } else { " so far" };
    Some(match logs.pick {
        _ if tally.lines == 0 => format!("no match{far}"),
        Some(_) => format!("match {} of {}{far}", tally.until, tally.lines),
        None if tally.lines == 1 => format!("1 match{far}"),
        None => format!("{} matches{far}", tally.lines),
    })
}

/// Draws what is inside the border.
pub(super) fn body(buffer: &mut Buffer, inside: Rect, scene: &Scene<'_>) {
    if scene.app.view.logs.own {
        return own_log(buffer, inside, scene.theme);
    }
    let rest = below_sieve(inside, scene);
    if rest.height < inside.height {
        sieve(&mut Pen::at(buffer, inside, 0), scene);
    }
    Page::of(scene, rest.width, rest.height).draw(buffer, rest, scene);
}

/// What a place of that size shows.
pub(super) fn measure(inside: Rect, scene: &Scene<'_>) -> Measured {
    let (rest, logs) = (below_sieve(inside, scene), &scene.app.view.logs);
    let broken = logs.wrap && !logs.own;
    let page = broken.then(|| Page::of(scene, rest.width, rest.height));
    Measured {
        rows: rest.height,
        page: page.and_then(|page| page.ends()),
    }
}

/// What is known of the log pane once it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Rows for lines.
    pub rows: u16,
    /// The first and the last line of it, if long lines are broken: else the rows tell.
    pub page: Option<(Position, Position)>,
}

/// The row that is drawn at that place.
pub(super) fn line_at(inside: Rect, y: u16, scene: &Scene<'_>) -> Option<Position> {
    let rest = below_sieve(inside, scene);
    Page::of(scene, rest.width, rest.height).line_at(y.checked_sub(rest.y)?)
}

/// The place below the row that says what is left out, if something is.
fn below_sieve(inside: Rect, scene: &Scene<'_>) -> Rect {
    let rows = u16::from(scene.app.view.logs.lens.sifts()).min(inside.height);
    Rect {
        y: inside.y + rows,
        height: inside.height - rows,
        ..inside
    }
}

/// What is left out, in words: nothing is hidden without it.
fn sieve(pen: &mut Pen<'_>, scene: &Scene<'_>) {
    let (lens, theme) = (&scene.app.view.logs.lens, scene.theme);
    let mut parts = Vec::new();
    if let Some(pattern) = &lens.matching {
        parts.push(format!("with {pattern}"));
    }
    if let Some(pattern) = &lens.excluding {
        parts.push(format!("without {pattern}"));
    }
    parts.extend(match lens.least {
        Level::Debug => None,
        Level::Info => Some("no debug".to_owned()),
        Level::Warning => Some("warnings and worse".to_owned()),
        Level::Error => Some("errors and worse".to_owned()),
        Level::Fatal => Some("fatal ones".to_owned()),
    });
    if lens.hide_noise {
        parts.push("pgherd's own noise hidden".to_owned());
    }
    if lens.context > 0 {
        parts.push(format!("and {} around each", lens.context));
    }
    let counts = scene.app.logs.counts(lens);
    let tally = counts.matches.unwrap_or_default();
    let far = if tally.complete { "" } else { " so far" };
    pen.put(" ONLY ", theme.badge)
        .skip(1)
        .put(
            &format!("{} of {}{far}", tally.lines, units::count(counts.kept, "line")),
            theme.title,
        )
        .put(": ", theme.dim)
        .put(&parts.join(" · "), theme.warning);
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
