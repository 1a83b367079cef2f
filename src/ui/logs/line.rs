//! One line: its time, where it came from, how serious it is, and its text with the colours of its writer and what was
//! found in it.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};

use super::super::pen::{self, Pen};
use super::super::scene::Scene;
use super::super::theme::Theme;
use super::super::units;
use super::{names, page};
use crate::app::logs::{Pattern, Position, Shown};
use crate::app::reading::{Asked, Clock, Wanted, letter};
use crate::app::view::Overlay;
use crate::model::log::{self, Level, Span, meaning};
use crate::model::name::ContainerName;
use crate::model::text::{self, columns};
use crate::model::time::Timestamp;

/// Columns that a container's name takes at most.
const NAME: u16 = 20;

/// Where the parts of a line stand.
pub(super) struct Columns {
    clock: Clock,
    /// Lines of several containers: each says whose it is.
    origin: bool,
    /// Columns of the names, if they have room.
    names: Option<u16>,
    containers: Vec<ContainerName>,
    /// What all their names begin with.
    shared: String,
    width: u16,
}

/// What is looked for and pointed at, once for all lines.
pub(super) struct Look<'a> {
    patterns: Vec<(Pattern, Style)>,
    marked: Option<Position>,
    selected: Option<(Position, Position)>,
    theme: &'a Theme,
    colours: bool,
}

impl<'a> Look<'a> {
    pub(super) fn of(scene: &Scene<'a>, marked: Option<Position>) -> Self {
        let logs = &scene.app.view.logs;
        let shows = |style: Modifier| Style::new().add_modifier(style);
        let mut patterns = Vec::new();
        // A filter is shown in the lines while it is typed, before it takes any away.
        let typed = match &scene.app.view.overlay {
            Some(Overlay::Log(Asked::Text(prompt)))
                if matches!(prompt.wanted, Wanted::Matching | Wanted::Excluding) =>
            {
                Pattern::parse(&prompt.text).ok()
            }
            _ => None,
        };
        let filter = typed.or_else(|| logs.lens.matching.clone());
        patterns.extend(filter.map(|pattern| (pattern, shows(Modifier::UNDERLINED | Modifier::BOLD))));
        patterns.extend(logs.search.clone().map(|pattern| (pattern, shows(Modifier::REVERSED))));
        Self {
            patterns,
            marked,
            selected: logs.selected(),
            theme: scene.theme,
            colours: scene.theme.has_colours(),
        }
    }

    /// The styles within the text of a line up to that byte.
    fn stretches(&self, text: &str, spans: &[Span], end: usize) -> Vec<(Range<usize>, Style)> {
        let mut stretches = Vec::new();
        for span in spans {
            let range =
                usize::try_from(span.start).unwrap_or(usize::MAX)..usize::try_from(span.end).unwrap_or(usize::MAX);
            if range.start < end {
                stretches.push((range, self.style(span.style)));
            }
        }
        for (pattern, style) in &self.patterns {
            let near = pattern.find_all(text).take_while(|range| range.start < end);
            stretches.extend(near.map(|range| (range, *style)));
        }
        stretches
    }

    /// The style that a writer gave its text; its colours only where the theme has any.
    fn style(&self, of: text::Style) -> Style {
        let colour = |colour: text::Color| match colour {
            text::Color::Indexed(index) => Color::Indexed(index),
            text::Color::Rgb(red, green, blue) => Color::Rgb(red, green, blue),
        };
        let mut style = Style::new();
        if self.colours {
            style.fg = of.foreground.map(colour);
            style.bg = of.background.map(colour);
        }
        for (is_on, modifier) in [
            (of.bold, Modifier::BOLD),
            (of.dim, Modifier::DIM),
            (of.italic, Modifier::ITALIC),
            (of.underline, Modifier::UNDERLINED),
            (of.reverse, Modifier::REVERSED),
            (of.crossed_out, Modifier::CROSSED_OUT),
        ] {
            if is_on {
                style = style.add_modifier(modifier);
            }
        }
        style
    }
}

impl Columns {
    /// For lines of such containers in so many columns.
    pub(super) fn of(scene: &Scene<'_>, width: u16, lines: &[Shown<'_>]) -> Self {
        let logs = &scene.app.view.logs;
        let containers = scene.app.log_containers();
        let shared = names::shared(&containers).to_owned();
        let origin = logs.only().is_none();
        // Lines stay longer than their container does.
        let shown = lines.iter().map(|row| row.line.container);
        let widest = containers
            .iter()
            .chain(shown)
            .map(|name| pen::columns(names::short(name, &shared)))
            .max();
        let names = (origin && page::has_names(width)).then(|| widest.unwrap_or(0).min(NAME));
        Self {
            clock: logs.clock,
            origin,
            names,
            containers,
            shared,
            width,
        }
    }

    /// Columns before the message.
    fn before(&self, row: &Shown<'_>) -> u16 {
        let clock = match self.clock {
            Clock::Local => 13,
            Clock::Utc => 14,
            Clock::Age => 9,
            Clock::None => 0,
        };
        let origin = if self.origin {
            2 + self.names.map_or(0, |names| names + 1)
        } else {
            0
        };
        1 + clock + origin + 2 + repeats(row).map_or(0, |text| pen::columns(&text))
    }

    /// Rows that the line takes if it is broken.
    pub(super) fn rows_of(&self, row: &Shown<'_>, _: &Scene<'_>) -> u16 {
        let room = self.width.saturating_sub(self.before(row)).max(1);
        let rows = pieces(log::message(row.line.text), room)
            .take(usize::from(u16::MAX))
            .count();
        u16::try_from(rows.max(1)).unwrap_or(u16::MAX)
    }

    /// The time, in its column.
    pub(super) fn clock(&self, pen: &mut Pen<'_>, at: Timestamp, scene: &Scene<'_>) {
        let dim = scene.theme.dim;
        match self.clock {
            Clock::Local => pen
                .column(&units::clock_or_day(at, scene.now, scene.zone), dim, 12, false)
                .skip(1),
            Clock::Utc => {
                let utc = units::clock_or_day(at, scene.now, &jiff::tz::TimeZone::UTC);
                pen.column(&format!("{utc}Z"), dim, 13, false).skip(1)
            }
            Clock::Age => pen.column(&page::age(at, scene.now), dim, 8, true).skip(1),
            Clock::None => pen,
        };
    }

    /// Whose it is, in its columns: a letter and a name.
    pub(super) fn origin(&self, pen: &mut Pen<'_>, (mark, name): (&str, &str), letter: Style, named: Style) {
        if !self.origin {
            return;
        }
        pen.column(mark, letter, 1, false).skip(1);
        if let Some(width) = self.names {
            pen.column(name, named, width, false).skip(1);
        }
    }

    /// Draws a line into so many rows from `y` on.
    pub(super) fn draw(
        &self,
        buffer: &mut Buffer,
        area: Rect,
        y: u16,
        (row, rows): (&Shown<'_>, u16),
        look: &Look<'_>,
        scene: &Scene<'_>,
    ) {
        let (logs, theme, line) = (&scene.app.view.logs, look.theme, &row.line);
        let selected = look
            .selected
            .is_some_and(|(first, last)| (first..=last).contains(&row.position));
        let pointed = logs.pick == Some(row.position) || look.marked == Some(row.position);
        let mark = logs
            .marks
            .iter()
            .find(|(letter, place)| **place == row.position && letter.is_alphanumeric());
        let mut gutter = [0; 4];
        let gutter = match mark {
            _ if pointed => "▸",
            Some((letter, _)) => &*letter.encode_utf8(&mut gutter),
            None if selected => "┃",
            None => " ",
        };
        let mut pen = Pen::at(buffer, area, y);
        pen.put(gutter, theme.border_focused);
        self.clock(&mut pen, line.at, scene);
        let place = self.containers.iter().position(|name| name == line.container);
        let style = theme.container(place.unwrap_or(self.containers.len()));
        let mut buf = [0; 4];
        let mark = place
            .and_then(letter)
            .map_or("·", |letter| &*letter.encode_utf8(&mut buf));
        let name = names::short(line.container, &self.shared);
        self.origin(&mut pen, (mark, name), style, style);
        let (level, style) = of_level(line.level, theme);
        let style = if row.is_match { style } else { theme.dim };
        pen.put(level, style).skip(1);
        if let Some(repeats) = repeats(row) {
            pen.put(&repeats, theme.title);
        }

        let message = log::message(line.text);
        let begin = line.text.len() - message.len();
        let room = pen.room();
        let (blanks, rest) = columns::without(message, usize::from(logs.pan));
        let parts: Vec<&str> = if logs.wrap {
            pieces(message, room.max(1)).take(rows.into()).collect()
        } else {
            pen.skip(u16::try_from(blanks).unwrap_or(u16::MAX));
            vec![rest]
        };
        let mut at = if logs.wrap { begin } else { line.text.len() - rest.len() };
        // No letter takes more bytes than that in a column that is seen.
        let end = at.saturating_add(usize::from(room).saturating_mul(16).saturating_mul(parts.len().max(1)));
        let stretches = look.stretches(line.text, line.spans, end);
        let last = parts.len().saturating_sub(1);
        for (place, part) in parts.iter().enumerate() {
            if place > 0 {
                pen = Pen::at(buffer, area, y.saturating_add(u16::try_from(place).unwrap_or(u16::MAX)));
                pen.skip(self.width.saturating_sub(room));
            }
            let here: Vec<(Range<usize>, Style)> = stretches
                .iter()
                .filter(|(range, _)| range.end > at && range.start < at + part.len())
                .map(|(range, style)| (range.start.saturating_sub(at)..range.end - at, *style))
                .collect();
            // The blank at which it is broken needs no column.
            let seen = if place < last { part.trim_end_matches(' ') } else { part };
            pen.put_with(seen, style, &here);
            at += part.len();
            if place == last && at >= line.text.len() {
                explain(&mut pen, line.text, theme);
            } else if place == last && logs.wrap {
                pen.skip_to_last(1).put("…", theme.dim);
            }
        }
        if selected {
            for row in y..y.saturating_add(rows) {
                Pen::at(buffer, area, row).paint(area, theme.selected);
            }
        }
    }
}

/// What the line means for a failover, where there is room for it.
fn explain(pen: &mut Pen<'_>, text: &str, theme: &Theme) {
    let Some(meaning) = meaning(text) else { return };
    if pen.room() < pen::columns(meaning.words) + 5 {
        return;
    }
    let style = if meaning.step { theme.value } else { theme.dim };
    pen.put("  ← ", theme.dim)
        .put(meaning.words, style.add_modifier(Modifier::ITALIC));
}

/// `×12 ` before a line that stands for several.
fn repeats(row: &Shown<'_>) -> Option<String> {
    (row.repeats > 1).then(|| format!("×{} ", row.repeats))
}

/// A text in parts of so many columns, broken between words where one ends in the right half; one empty part for none.
fn pieces(text: &str, room: u16) -> impl Iterator<Item = &str> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let (mut head, mut tail) = columns::split(text, usize::from(room));
        if head.is_empty() && !tail.is_empty() {
            // A letter wider than the room is cut by the pen.
            let first = tail.chars().next().map_or(0, char::len_utf8);
            (head, tail) = text.split_at_checked(first).unwrap_or((text, ""));
        }
        let end = if tail.starts_with(' ') {
            Some(head.len() + 1)
        } else {
            let blank = head.rfind(' ').map(|blank| blank + 1);
            blank.filter(|end| *end >= head.len() / 2)
        };
        if let Some(end) = end.filter(|_| !tail.is_empty()) {
            (head, tail) = text.split_at_checked(end).unwrap_or((head, tail));
        }
        rest = Some(tail).filter(|tail| !tail.is_empty());
        Some(head)
    })
}

/// A level as a letter, none for what is normal.
fn of_level(level: Level, theme: &Theme) -> (&'static str, Style) {
    match level {
        Level::Debug => ("D", theme.log_debug),
        Level::Info => (" ", theme.log_info),
        Level::Warning => ("W", theme.log_warning),
        Level::Error => ("E", theme.log_error),
        Level::Fatal => ("F", theme.log_fatal),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_by_columns_and_loses_nothing() {
        let parts = |text, room| pieces(text, room).collect::<Vec<_>>();
        assert_eq!(parts("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(parts("漢字x", 3), ["漢", "字x"]);
        assert_eq!(parts("漢", 1), ["漢"]);
        assert_eq!(parts("", 3), [""]);
        assert_eq!(parts("ae\u{301}b", 2), ["ae\u{301}", "b"]);
        assert_eq!(parts("it is the leader", 8), ["it is ", "the ", "leader"]);
        assert_eq!(parts("four long", 4), ["four ", "long"]);
        assert_eq!(parts("a verylongword", 6), ["a very", "longwo", "rd"]);
    }
}
