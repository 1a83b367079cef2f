//! A frame, and what is compared of it.

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::super::{Look, Theme, draw};
use crate::app::App;

pub(super) fn frame(app: &App, theme: &str, width: u16, height: u16) -> Buffer {
    let look = Look {
        theme: Theme::named(theme).unwrap(),
        zone: TimeZone::UTC,
    };
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, app, &look)).unwrap();
    terminal.backend().buffer().clone()
}

/// The text of a frame, the same grid with a letter for each cell's style, and what the letters mean.
pub(super) fn picture(buffer: &Buffer) -> String {
    let mut legend: Vec<(Color, Color, Modifier)> = Vec::new();
    let (mut text, mut styles) = (String::new(), String::new());
    for y in 0..buffer.area.height {
        let (mut letters, mut marks) = (String::new(), String::new());
        for x in 0..buffer.area.width {
            let cell = &buffer[(x, y)];
            let style = (cell.fg, cell.bg, cell.modifier);
            let at = legend.iter().position(|known| *known == style).unwrap_or_else(|| {
                legend.push(style);
                legend.len() - 1
            });
            letters.push_str(cell.symbol());
            marks.push(if style == PLAIN {
                ' '
            } else {
                char::from(b'a' + u8::try_from(at).unwrap())
            });
        }
        writeln!(text, "{}", letters.trim_end()).unwrap();
        writeln!(styles, "{}", marks.trim_end()).unwrap();
    }
    let mut meaning = String::new();
    for (at, style) in legend.iter().enumerate().filter(|(_, style)| **style != PLAIN) {
        let letter = char::from(b'a' + u8::try_from(at).unwrap());
        writeln!(meaning, "{letter} = {} on {} {:?}", style.0, style.1, style.2).unwrap();
    }
    format!("{text}{}\n{styles}{}\n{meaning}", "=".repeat(20), "=".repeat(20))
}

const PLAIN: (Color, Color, Modifier) = (Color::Reset, Color::Reset, Modifier::empty());

pub(super) fn texts(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width);
    let rows = buffer.content.chunks(width);
    rows.map(|row| row.iter().map(Cell::symbol).collect::<String>() + "\n")
        .collect()
}
