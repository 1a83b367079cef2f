//! Rows and columns: columns are as wide as what stands in them, and leave by priority where the screen is narrow.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::{Pen, columns};
use super::theme::Theme;

/// Columns between two columns, where all find room with it.
const GAP: u16 = 2;
/// The same where they do not.
const NARROW_GAP: u16 = 1;
/// The mark of the selected row, and the space where it stands.
const MARK: &str = ">";

/// A column.
pub(super) struct Column {
    /// Its heading.
    pub title: &'static str,
    /// Not narrower than this: below it leaves.
    pub least: u16,
    /// Not wider than this.
    pub most: u16,
    /// The higher, the later it leaves; the highest stays always.
    pub weight: u8,
    /// Its text stands at the right edge.
    pub right: bool,
    /// Takes columns that are left over, up to `most`.
    pub grows: bool,
    /// Others leave before its text is cut.
    pub whole: bool,
}

impl Column {
    /// For text: at the left edge, between so many columns.
    pub(super) const fn text(title: &'static str, weight: u8, least: u16, most: u16) -> Self {
        Self {
            title,
            least,
            most,
            weight,
            right: false,
            grows: false,
            whole: false,
        }
    }

    /// For a number: at the right edge and always so wide, so that values that change do not push their neighbours.
    pub(super) const fn number(title: &'static str, weight: u8, width: u16) -> Self {
        Self {
            title,
            least: width,
            most: width,
            weight,
            right: true,
            grows: false,
            whole: false,
        }
    }

    /// Others leave before its text is cut.
    pub(super) const fn whole(self) -> Self {
        Self { whole: true, ..self }
    }

    /// Takes what is left over.
    pub(super) const fn growing(self) -> Self {
        Self { grows: true, ..self }
    }
}

/// What stands in a row's column.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    text: Cow<'static, str>,
    style: Style,
}

/// A cell.
pub(super) fn cell(text: impl Into<Cow<'static, str>>, style: Style) -> Cell {
    Cell {
        text: text.into(),
        style,
    }
}

/// A row: one cell a column.
pub(super) struct Row {
    /// The cells, in the order of the columns.
    pub cells: Vec<Cell>,
    /// Keys act on it, or would if its pane had the focus.
    pub mark: Mark,
}

/// Whether a row is selected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mark {
    /// It is not.
    None,
    /// It is, in a pane that has not the focus.
    Selected,
    /// It is, and keys act on it.
    Active,
}

/// Widths of the columns that fit into `width`, 0 for those that leave; and the gap between them.
pub(super) fn widths(table: &[Column], rows: &[Row], width: u16) -> (Vec<u16>, u16) {
    let natural = |at: usize, column: &Column| {
        let cells = rows
            .iter()
            .filter_map(|row| row.cells.get(at))
            .map(|cell| columns(&cell.text))
            .max()
            .unwrap_or(0);
        cells.max(columns(column.title)).clamp(column.least, column.most)
    };
    let wanted: Vec<u16> = table
        .iter()
        .enumerate()
        .map(|(at, column)| natural(at, column))
        .collect();
    let mut kept: Vec<usize> = (0..table.len()).collect();
    kept.sort_by_key(|at| std::cmp::Reverse(table.get(*at).map_or(0, |column| column.weight)));
    let least_of = |at: usize| {
        let wanted = wanted.get(at).copied().unwrap_or(0);
        table.get(at).map_or(0, |column| {
            if column.whole {
                wanted
            } else {
                column.least.max(columns(column.title))
            }
        })
    };
    let least = |kept: &[usize], gap: u16| -> u16 {
        kept.iter()
            .map(|at| least_of(*at) + gap)
            .sum::<u16>()
            .saturating_sub(gap)
    };
    while kept.len() > 1 && least(&kept, NARROW_GAP) > width {
        kept.pop();
    }
    let natural: u16 = kept
        .iter()
        .filter_map(|at| wanted.get(*at))
        .map(|wanted| wanted + GAP)
        .sum();
    let gap = if natural.saturating_sub(GAP) > width {
        NARROW_GAP
    } else {
        GAP
    };
    let mut left = width.saturating_sub(least(&kept, gap));
    let mut widths = vec![0; table.len()];
    let mut give = |limit: &dyn Fn(usize, &Column) -> u16, widths: &mut Vec<u16>| {
        for at in &kept {
            let (Some(column), Some(own)) = (table.get(*at), widths.get_mut(*at)) else {
                continue;
            };
            if *own == 0 {
                *own = least_of(*at).min(width);
            }
            let more = limit(*at, column).saturating_sub(*own).min(left);
            *own += more;
            left -= more;
        }
    };
    give(&|at, _| wanted.get(at).copied().unwrap_or(0), &mut widths);
    give(&|_, column| if column.grows { column.most } else { 0 }, &mut widths);
    (widths, gap)
}

/// Draws headings and the rows around the marked one; answers with the rows that it took, headings included.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, table: &[Column], rows: &[Row], theme: &Theme) -> u16 {
    // A column of air before the border.
    let body = area.width.saturating_sub(columns(MARK) + 1);
    let (widths, gap) = widths(table, rows, body);
    let mut pen = Pen::at(buffer, area, 0);
    pen.skip(columns(MARK));
    for (column, width) in table.iter().zip(&widths).filter(|(_, width)| **width > 0) {
        pen.column(column.title, theme.dim, *width, column.right).skip(gap);
    }
    let visible = usize::from(area.height.saturating_sub(1));
    let marked = rows.iter().position(|row| row.mark != Mark::None).unwrap_or(0);
    let first = (marked + 1).saturating_sub(visible);
    let columns: Vec<(&Column, u16)> = table.iter().zip(widths.iter().copied()).collect();
    let mut line = 1;
    for row in rows.iter().skip(first).take(visible) {
        draw_row(buffer, area, line, row, (&columns, gap), theme);
        line += 1;
    }
    line.min(area.height)
}

fn draw_row(
    buffer: &mut Buffer,
    area: Rect,
    line: u16,
    row: &Row,
    (table, gap): (&[(&Column, u16)], u16),
    theme: &Theme,
) {
    let mut pen = Pen::at(buffer, area, line);
    match row.mark {
        Mark::None => pen.skip(columns(MARK)),
        Mark::Selected => pen.put(MARK, theme.dim),
        Mark::Active => pen.put(MARK, theme.title),
    };
    for (cell, (column, width)) in row.cells.iter().zip(table).filter(|(_, (_, width))| *width > 0) {
        pen.column(&cell.text, cell.style, *width, column.right).skip(gap);
    }
    if row.mark == Mark::Active {
        pen.paint(area, theme.selected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &[Column] = &[
        Column::text("name", 9, 6, 12),
        Column::number("lag", 5, 7),
        Column::text("bars", 1, 4, 20).growing(),
        Column::text("state", 7, 5, 10),
    ];

    fn row(name: &'static str) -> Row {
        let plain = Style::new();
        Row {
            cells: vec![
                cell(name, plain),
                cell("1 kB", plain),
                cell("▁▁", plain),
                cell("running", plain),
            ],
            mark: Mark::None,
        }
    }

    #[test]
    fn columns_leave_by_weight_and_the_growing_one_fills() {
        let rows = [row("postgresql0")];
        for (width, expected) in [
            (60, [11, 7, 20, 7]),
            (36, [11, 7, 5, 7]),
            (34, [11, 7, 6, 7]),
            (24, [10, 7, 0, 5]),
            (15, [9, 0, 0, 5]),
            (6, [6, 0, 0, 0]),
        ] {
            assert_eq!(widths(TABLE, &rows, width).0, expected, "{width}");
        }
    }

    #[test]
    fn never_wider_than_the_room() {
        let rows = [row("a-very-long-name-of-a-member")];
        for width in 6..80 {
            let (widths, gap) = widths(TABLE, &rows, width);
            let taken: Vec<u16> = widths.into_iter().filter(|width| *width > 0).collect();
            let gaps = gap * u16::try_from(taken.len() - 1).unwrap();
            assert!(taken.iter().sum::<u16>() + gaps <= width, "{width}: {taken:?}");
        }
    }

    #[test]
    fn the_marked_row_is_always_visible() {
        let theme = Theme::named("mono").unwrap();
        let mut rows: Vec<Row> = ["m0", "m1", "m2", "m3"].map(row).into();
        rows[3].mark = Mark::Active;
        let area = Rect::new(0, 0, 40, 3);
        let mut buffer = Buffer::empty(area);
        draw(&mut buffer, area, TABLE, &rows, &theme);
        let last: String = buffer.content[80..].iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(last.starts_with(">m3"), "{last}");
    }
}
