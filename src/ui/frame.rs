//! The border around a pane or a dialog, with its title and a note; the focus differs by line, mark and style.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::symbols::border;
use ratatui::widgets::{Block, Clear, Widget};

use super::pen::{Pen, columns};
use super::theme::Theme;

/// Stands before the title of the pane that keys go to.
const FOCUS: &str = "▶ ";
/// Stands before the name of the pane that is shown among others.
const SHOWN: &str = "▷ ";

/// Draws the border; answers with what is inside. The note stands at the right and leaves first, unless it is bad news
/// (`✗ …`).
pub(super) fn pane(buffer: &mut Buffer, area: Rect, title: &str, note: &str, focused: bool, theme: &Theme) -> Rect {
    let style = if focused { theme.border_focused } else { theme.border };
    let set = if focused { border::THICK } else { border::PLAIN };
    let inside = outline(buffer, area, set, style);
    let title_style = if focused { theme.border_focused } else { theme.title };
    let mut pen = top(buffer, area);
    pen.put(" ", style);
    if focused {
        pen.put(FOCUS, title_style);
    }
    pen.put(title, title_style).put(" ", style);
    put_note(&mut pen, note, theme);
    inside
}

/// Draws a pane whose title is a row of names, one of them current; `keys` says how to come to the others.
pub(super) fn tabs(
    buffer: &mut Buffer,
    area: Rect,
    names: &[(&str, bool)],
    note: &str,
    focused: bool,
    theme: &Theme,
) -> Rect {
    let style = if focused { theme.border_focused } else { theme.border };
    let set = if focused { border::THICK } else { border::PLAIN };
    let inside = outline(buffer, area, set, style);
    let mut pen = top(buffer, area);
    pen.put(" ", style);
    for (at, (name, current)) in names.iter().enumerate() {
        if at > 0 {
            pen.put(" │ ", theme.border);
        }
        match (current, focused) {
            (true, true) => pen.put(FOCUS, theme.border_focused).put(name, theme.border_focused),
            (true, false) => pen.put(SHOWN, theme.title).put(name, theme.title),
            (false, _) => pen.put(name, theme.dim),
        };
    }
    pen.put(" ", style);
    put_note(&mut pen, note, theme);
    inside
}

/// Clears a place and draws a dialog's border there; answers with what is inside, a column of air at both sides.
pub(super) fn dialog(buffer: &mut Buffer, area: Rect, title: &str, note: &str, theme: &Theme) -> Rect {
    Clear.render(area.intersection(buffer.area), buffer);
    buffer.set_style(area.intersection(buffer.area), theme.overlay);
    let inside = outline(buffer, area, border::THICK, theme.border_focused);
    let mut pen = top(buffer, area);
    pen.put(" ", theme.border_focused)
        .put(title, theme.title)
        .put(" ", theme.border_focused);
    put_note(&mut pen, note, theme);
    Rect {
        x: inside.x.saturating_add(1),
        width: inside.width.saturating_sub(2),
        ..inside
    }
}

/// A place of at most that size in the middle of `area`.
pub(super) fn centred(area: Rect, width: u16, height: u16) -> Rect {
    let (width, height) = (width.min(area.width), height.min(area.height));
    Rect {
        x: area.x + (area.width - width) / 2,
        y: area.y + (area.height - height) / 2,
        width,
        height,
    }
}

fn outline(buffer: &mut Buffer, area: Rect, set: border::Set<'_>, style: ratatui::style::Style) -> Rect {
    let block = Block::bordered().border_set(set).border_style(style);
    let inside = block.inner(area);
    block.render(area.intersection(buffer.area), buffer);
    inside
}

/// The top border between its corners.
fn top(buffer: &mut Buffer, area: Rect) -> Pen<'_> {
    Pen::at(
        buffer,
        Rect {
            x: area.x.saturating_add(1),
            width: area.width.saturating_sub(2),
            ..area
        },
        0,
    )
}

fn put_note(pen: &mut Pen<'_>, note: &str, theme: &Theme) {
    let needed = columns(note) + 2;
    let bad = note.starts_with('✗');
    if note.is_empty() || (pen.room() <= needed && !bad) {
        return;
    }
    let style = if bad { theme.bad } else { theme.dim };
    pen.skip_to_last(needed + 1)
        .put(" ", style)
        .put(note, style)
        .put(" ", style);
}
