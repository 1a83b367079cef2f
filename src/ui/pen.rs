//! Writes styled text on one row of the buffer, from left to right and never past its end.
//!
//! Everything that reaches the screen goes through here, so that no pane has to think of widths, and no control
//! character can pass: `Buffer::set_stringn` leaves them out.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::model::text::columns::{self, is_plain};

/// What stands for text that did not fit.
const CUT: &str = "…";

/// A place on a row, and where the row ends.
pub(super) struct Pen<'a> {
    buffer: &'a mut Buffer,
    x: u16,
    y: u16,
    end: u16,
}

impl<'a> Pen<'a> {
    /// At the start of the `row`th row of `area`; a row below the area has no room for anything.
    pub(super) fn at(buffer: &'a mut Buffer, area: Rect, row: u16) -> Self {
        let area = area.intersection(buffer.area);
        let inside = row < area.height;
        let y = area.y.saturating_add(row);
        Self {
            buffer,
            x: area.x,
            y,
            end: if inside { area.right() } else { area.x },
        }
    }

    /// Columns that are left.
    pub(super) fn room(&self) -> u16 {
        self.end.saturating_sub(self.x)
    }

    /// Writes `text`, cut with an `…` where the row ends.
    pub(super) fn put(&mut self, text: &str, style: Style) -> &mut Self {
        self.put_within(text, style, self.room())
    }

    /// Writes `text` cut to `width`, and nothing after it.
    pub(super) fn put_within(&mut self, text: &str, style: Style, width: u16) -> &mut Self {
        let width = width.min(self.room());
        if width == 0 || text.is_empty() {
            return self;
        }
        let (text, is_cut) = head(text, usize::from(width));
        let text_width = if is_cut { width - 1 } else { width };
        self.write(text, style, text_width);
        if is_cut {
            self.write(CUT, style, 1);
        }
        self
    }

    /// Writes `text` as [`Pen::put`] does; stretches of it, in bytes, have styles of their own over that.
    pub(super) fn put_with(&mut self, text: &str, style: Style, stretches: &[(Range<usize>, Style)]) -> &mut Self {
        let (from, room) = (self.x, self.room());
        self.put(text, style);
        let (head, _) = head(text, usize::from(room));
        let column = |at: usize| head.get(..at.min(head.len())).map(columns);
        for (range, style) in stretches {
            let (Some(start), Some(end)) = (column(range.start), column(range.end)) else {
                continue;
            };
            let end = end.min(room);
            if start < end {
                let place = Rect::new(from.saturating_add(start), self.y, end - start, 1);
                self.buffer.set_style(place.intersection(self.buffer.area), *style);
            }
        }
        self
    }

    fn write(&mut self, text: &str, style: Style, width: u16) {
        if !text.bytes().all(is_plain) {
            (self.x, _) = self.buffer.set_stringn(self.x, self.y, text, usize::from(width), style);
            return;
        }
        // Nearly all text is plain ASCII: one cell a byte, without looking for graphemes.
        let mut buffer = [0; 4];
        for letter in text.chars().take(usize::from(width)) {
            if let Some(cell) = self.buffer.cell_mut((self.x, self.y)) {
                cell.set_symbol(letter.encode_utf8(&mut buffer)).set_style(style);
            }
            self.x += 1;
        }
    }

    /// Writes `text` in a column of that width, at its left or right edge, and goes to the column's end.
    pub(super) fn column(&mut self, text: &str, style: Style, width: u16, right: bool) -> &mut Self {
        let end = self.x.saturating_add(width).min(self.end);
        if right {
            self.skip(width.saturating_sub(columns(text)));
        }
        self.put_within(text, style, end.saturating_sub(self.x));
        self.x = end;
        self
    }

    /// Leaves columns as they are.
    pub(super) fn skip(&mut self, columns: u16) -> &mut Self {
        self.x = self.x.saturating_add(columns).min(self.end);
        self
    }

    /// The same row, so many columns further on or back from its end.
    pub(super) fn skip_to_last(&mut self, columns: u16) -> &mut Self {
        self.x = self.x.max(self.end.saturating_sub(columns));
        self
    }

    /// Gives the whole row of `area` a style under its text.
    pub(super) fn paint(self, area: Rect, style: Style) {
        let row = Rect {
            y: self.y,
            height: 1,
            ..area
        };
        self.buffer.set_style(row.intersection(self.buffer.area), style);
    }
}

/// What is worth looking at of `text` in so many columns, and whether something of it has to be left out. A line may be
/// long and the screen is not, so only its beginning is measured.
fn head(text: &str, width: usize) -> (&str, bool) {
    const BYTES_PER_COLUMN: usize = 16;
    let mut end = text.len().min(width * BYTES_PER_COLUMN);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let head = text.get(..end).unwrap_or(text);
    (head, columns::columns(head) > width || end < text.len())
}

/// Columns that `text` takes on the screen.
pub(super) fn columns(text: &str) -> u16 {
    u16::try_from(columns::columns(text)).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(width: u16, write: impl for<'p, 'b> Fn(&'p mut Pen<'b>) -> &'p mut Pen<'b>) -> String {
        let area = Rect::new(0, 0, width, 1);
        let mut buffer = Buffer::empty(area);
        write(&mut Pen::at(&mut buffer, area, 0));
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn cuts_by_columns_not_by_bytes() {
        let style = Style::new();
        assert_eq!(written(8, |pen| pen.put("äöü", style).put("12345", style)), "äöü12345");
        assert_eq!(written(8, |pen| pen.put("äöü", style).put("123456", style)), "äöü1234…");
        assert_eq!(written(6, |pen| pen.put("漢字漢字", style)).trim_end(), "漢 字 …");
        assert_eq!(written(4, |pen| pen.put("12", style).put("3456", style)), "123…");
        assert_eq!(written(4, |pen| pen.put(&"x".repeat(60_000), style)), "xxx…");
        assert_eq!(written(4, |pen| pen.put(&"é".repeat(60_000), style)), "ééé…");
        assert_eq!(written(5, |pen| pen.column("12", style, 4, true)), "  12 ");
        assert_eq!(written(5, |pen| pen.column("123456", style, 4, true)), "123… ");
    }

    #[test]
    fn lets_no_control_character_pass() {
        let text = written(20, |pen| pen.put("a\u{1b}[31mb\r\n\u{7}c\u{9b}d", Style::new()));
        assert!(text.chars().all(|c| !c.is_control()), "{text:?}");
        assert_eq!(text.trim_end(), "a[31mbcd");
    }

    #[test]
    fn stretches_lie_under_their_letters() {
        let area = Rect::new(0, 0, 8, 1);
        let mut buffer = Buffer::empty(area);
        let bold = Style::new().bold();
        // 漢 takes two columns and three bytes; the accent none.
        let text = "漢ae\u{301}bcdefgh";
        let stretches = [(3..4, bold), (7..8, bold), (11..99, bold)];
        Pen::at(&mut buffer, area, 0).put_with(text, Style::new(), &stretches);
        let is_bold = |cell: &ratatui::buffer::Cell| cell.modifier.contains(ratatui::style::Modifier::BOLD);
        let marked: Vec<usize> = (0..8).filter(|x| is_bold(&buffer.content[*x])).collect();
        assert_eq!(marked, [2, 4], "{buffer:?}");
    }

    #[test]
    fn writes_nothing_outside() {
        let area = Rect::new(0, 0, 4, 1);
        let mut buffer = Buffer::empty(area);
        Pen::at(&mut buffer, Rect::new(2, 0, 50, 9), 3).put("below", Style::new());
        Pen::at(&mut buffer, Rect::new(9, 0, 50, 9), 0).put("beside", Style::new());
        assert_eq!(buffer, Buffer::empty(area));
    }
}
