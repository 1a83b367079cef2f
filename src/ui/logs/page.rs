//! What stands on the pane: which lines, which of the cluster's changes among them, and in which rows.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::changes;
use super::super::pen::Pen;
use super::super::scene::Scene;
use super::super::units;
use super::WIDE;
use super::line::{Columns, Look};
use crate::app::logs::{Position, Shown};
use crate::model::fact::{Fact, Severity};
use crate::model::time::Timestamp;

/// Something that takes a row or more.
enum Row<'a> {
    /// What is before the oldest line.
    Top,
    /// A change of the cluster.
    Fact(&'a Fact),
    /// A line, with its number of rows.
    Line(Shown<'a>, u16),
}

impl Row<'_> {
    fn height(&self) -> u16 {
        match self {
            Row::Top | Row::Fact(_) => 1,
            Row::Line(_, height) => *height,
        }
    }
}

/// The rows of a frame, from the uppermost.
pub(super) struct Page<'a> {
    rows: Vec<Row<'a>>,
    columns: Columns,
    /// The row that a fact led to.
    marked: Option<Position>,
}

impl<'a> Page<'a> {
    /// What fits into so many columns and rows.
    pub(super) fn of(scene: &Scene<'a>, width: u16, height: u16) -> Self {
        let logs = &scene.app.view.logs;
        let (store, room) = (&scene.app.logs, usize::from(height));
        let mut lines = store.window(&logs.lens, logs.end, room);
        let at_begin = lines.len() < room && logs.end.is_some();
        if at_begin {
            // At the oldest lines the page is filled from below.
            let end = store.moved(&logs.lens, logs.end, false, room - 1 - lines.len());
            lines = store.window(&logs.lens, end, room);
        }
        let columns = Columns::of(scene, width, &lines);
        let around = logs.around.filter(|_| logs.end.is_some() && logs.pick.is_none());
        // The first line that is not before the instant, or the last one.
        let marked = around.and_then(|at| {
            let after = lines.iter().find(|row| row.line.at >= at);
            after.or(lines.last()).map(|row| row.position)
        });
        let mut page = Self {
            rows: Vec::with_capacity(room * 2),
            columns,
            marked,
        };
        if lines.len() < room && !lines.is_empty() {
            page.rows.push(Row::Top);
        }
        page.take(scene, lines, height);
        if !page.begins(scene, height, at_begin) {
            page.cut(scene, height);
        }
        page
    }

    /// Takes the lines and the changes among them, in the order of time.
    fn take(&mut self, scene: &Scene<'a>, lines: Vec<Shown<'a>>, height: u16) {
        let logs = &scene.app.view.logs;
        let from = lines.first().map_or(Timestamp::default(), |row| row.line.at);
        let to = match (logs.end, lines.last()) {
            (Some(_), Some(last)) => last.line.at,
            _ => scene.now,
        };
        let told = |fact: &&Fact| logs.events && fact.severity() != Severity::Info;
        let mut facts = scene.app.feed.between(from, to).filter(told).peekable();
        for row in lines {
            while let Some(fact) = facts.next_if(|fact| fact.at < row.line.at) {
                self.rows.push(Row::Fact(fact));
            }
            let rows = if logs.wrap {
                // No line takes the whole screen from the others: all of it is in its details.
                self.columns.rows_of(&row, scene).min((height / 2).max(1))
            } else {
                1
            };
            self.rows.push(Row::Line(row, rows));
        }
        self.rows.extend(facts.map(Row::Fact));
    }

    /// The first and the last line.
    pub(super) fn ends(&self) -> Option<(Position, Position)> {
        let mut lines = self.rows.iter().filter_map(|row| match row {
            Row::Line(row, _) => Some(row.position),
            Row::Top | Row::Fact(_) => None,
        });
        let first = lines.next()?;
        Some((first, lines.next_back().unwrap_or(first)))
    }

    /// Of a page that has a certain beginning, what does not fit is below. False if it has none, or if the row that is
    /// pointed at would not be seen.
    fn begins(&mut self, scene: &Scene<'_>, height: u16, at_begin: bool) -> bool {
        let logs = &scene.app.view.logs;
        if let Some(top) = logs.top {
            let is_top = |row: &Row<'_>| matches!(row, Row::Line(row, _) if row.position >= top);
            let begin = self.rows.iter().position(is_top).unwrap_or(0);
            self.rows.drain(..begin);
        } else if !at_begin {
            return false;
        }
        let mut room = height;
        let fits = |row: &&Row<'_>| {
            let left = room.checked_sub(row.height());
            room = left.unwrap_or(0);
            left.is_some()
        };
        let shown = self.rows.iter().take_while(fits).count();
        if logs.top.is_none() && self.wanted(scene).is_some_and(|row| row >= shown) {
            return false;
        }
        self.rows.truncate(shown);
        true
    }

    /// The row that is pointed at, if it is here.
    fn wanted(&self, scene: &Scene<'_>) -> Option<usize> {
        let is_wanted = |position| Some(position) == scene.app.view.logs.pick || Some(position) == self.marked;
        self.rows.iter().position(|row| match row {
            Row::Line(row, _) => is_wanted(row.position),
            Row::Top | Row::Fact(_) => false,
        })
    }

    /// Leaves out what does not fit: the upper rows, unless the one that is pointed at is among them.
    fn cut(&mut self, scene: &Scene<'_>, height: u16) {
        let picked = self.wanted(scene);
        let mut room = height;
        let fits = |row: &&Row<'_>| match room.checked_sub(row.height()) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        };
        let shown = self.rows.iter().rev().take_while(fits).count();
        let first = self.rows.len().saturating_sub(shown);
        let standing = scene.app.view.logs.end.is_some();
        let first = picked.filter(|_| standing).map_or(first, |picked| picked.min(first));
        self.rows.drain(..first);
    }

    /// The line that is drawn in that row.
    pub(super) fn line_at(&self, row: u16) -> Option<Position> {
        let mut below = row;
        for shown in &self.rows {
            match below.checked_sub(shown.height()) {
                Some(left) => below = left,
                None => {
                    return match shown {
                        Row::Line(row, _) => Some(row.position),
                        Row::Top | Row::Fact(_) => None,
                    };
                }
            }
        }
        None
    }

    pub(super) fn draw(&self, buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
        if self.rows.is_empty() {
            let sifts = scene.app.view.logs.lens.sifts();
            let text = if sifts { "no line is left" } else { "no line yet" };
            Pen::at(buffer, area, 0).skip(1).put(text, scene.theme.dim);
            return;
        }
        let look = Look::of(scene, self.marked);
        let mut y = 0;
        for row in &self.rows {
            match row {
                Row::Top => top(&mut Pen::at(buffer, area, y), scene),
                Row::Fact(fact) => self.fact(&mut Pen::at(buffer, area, y), fact, scene),
                Row::Line(row, rows) => self.columns.draw(buffer, area, y, (row, *rows), &look, scene),
            }
            y += row.height();
        }
    }

    /// A change of the cluster, as wide as the pane, so that it parts the lines before it from those after.
    fn fact(&self, pen: &mut Pen<'_>, fact: &Fact, scene: &Scene<'_>) {
        let theme = scene.theme;
        let (mark, style) = changes::look(fact, scene);
        pen.skip(1);
        self.columns.clock(pen, fact.at, scene);
        self.columns.origin(pen, ("◆", fact.source.name()), style, theme.dim);
        pen.put(mark, style).skip(1);
        if let Some(subject) = &fact.subject {
            pen.put(subject, style).skip(1);
        }
        pen.put(&fact.describe(), style).skip(1);
        let rest = "─".repeat(pen.room().saturating_sub(1).into());
        pen.put(&rest, theme.border);
    }
}

/// What is before the oldest line: nothing is hidden without saying so.
fn top(pen: &mut Pen<'_>, scene: &Scene<'_>) {
    let counts = scene.app.logs.counts(&scene.app.view.logs.lens);
    let text = match counts.dropped {
        0 if scene.app.has_older() => "Docker has older lines: O reads them".to_owned(),
        0 => "the oldest line that was read".to_owned(),
        dropped => format!(
            "{dropped} older {} dropped for space",
            if dropped == 1 { "line was" } else { "lines were" }
        ),
    };
    pen.put(&format!("── {text} "), scene.theme.dim);
    let rest = "─".repeat(pen.room().into());
    pen.put(&rest, scene.theme.border);
}

/// Whether names have room beside letters.
pub(super) fn has_names(width: u16) -> bool {
    width + 2 >= WIDE
}

/// How old, `-12 s`.
pub(super) fn age(at: Timestamp, now: Timestamp) -> String {
    format!("-{}", units::span(now.since(at)))
}
