//! The line on which the operator writes a note.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pen::Pen;
use super::scene::Scene;
use super::wrap::wrapped;
use super::{frame, units};
use crate::app::noting::{Draft, LONGEST_NOTE};

/// Columns of the dialog.
const WIDTH: u16 = 74;
/// Rows for the text: as many as the longest note needs on a small screen, with those of its keys and border.
const HEIGHT: u16 = 8;

/// Draws it over `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, draft: &Draft, scene: &Scene<'_>) {
    let theme = scene.theme;
    let place = frame::centred(area, WIDTH, HEIGHT);
    let title = match draft.episode {
        Some(number) => format!("A note on #{number}"),
        None => "A note".to_owned(),
    };
    let left = LONGEST_NOTE.saturating_sub(draft.text.chars().count());
    let inside = frame::dialog(buffer, place, &title, &units::count(left, "letter"), theme);
    let text = format!("{}▏", draft.text);
    let last = inside.height.saturating_sub(1);
    let lines = wrapped(&text, inside.width);
    let first = lines.len().saturating_sub(usize::from(last));
    for (row, line) in (0..last).zip(lines.iter().skip(first)) {
        Pen::at(buffer, inside, row).put(line, theme.text);
    }
    let mut pen = Pen::at(buffer, inside, last);
    for (key, word) in [("enter", "keep it"), ("esc", "leave it"), ("ctrl-u", "empty it")] {
        pen.put(key, theme.key).skip(1).put(word, theme.hint).skip(3);
    }
}
