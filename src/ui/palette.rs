//! Everything that can be done, found by its name; of a fault, its card.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pen::{Pen, columns};
use super::scene::Scene;
use super::wrap::wrapped;
use super::{frame, units};
use crate::app::palette::{Choice, Item, Kind, Palette};
use crate::model::act::Act;

const WIDTH: u16 = 78;
/// Rows of the list at most.
const LIST: u16 = 18;
/// Rows below it for the card.
const CARD: u16 = 7;
/// Columns of a key.
const KEY: u16 = 7;

/// Draws it over `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, palette: &Palette, scene: &Scene<'_>) {
    let theme = scene.theme;
    let items = scene.app.palette_items(palette);
    let width = WIDTH.min(area.width.saturating_sub(2));
    let height = (LIST + CARD + 4).min(area.height);
    let place = frame::centred(area, width, height);
    let title = match (&scene.acting_on, palette.kind) {
        (Some(container), Kind::Acts) => format!("What to do to {container}"),
        (None, Kind::Acts) => "What to do to the selected node".to_owned(),
        (_, Kind::Operations) => "What to ask Patroni and HAProxy for".to_owned(),
        (_, Kind::All) => "Find".to_owned(),
    };
    let inside = frame::dialog(buffer, place, &title, &units::count(items.len(), "choice"), theme);
    let mut pen = Pen::at(buffer, inside, 0);
    pen.put(":", theme.key).put(&format!("{}▏", palette.text), theme.text);
    let rows = inside.height.saturating_sub(CARD + 2);
    // The selected one is always on the screen.
    let first = palette.selected.saturating_sub(usize::from(rows.saturating_sub(1)));
    for (row, (at, item)) in (1..=rows).zip(items.iter().enumerate().skip(first)) {
        let style = match (at == palette.selected, &item.refused) {
            (true, _) => theme.selected,
            (false, Some(_)) => theme.dim,
            (false, None) => theme.text,
        };
        let mark = if at == palette.selected { ">" } else { " " };
        let mut pen = Pen::at(buffer, inside, row);
        pen.put(mark, theme.border_focused)
            .column(&item.key, theme.key, KEY, false)
            .skip(1)
            .put(&item.title, style);
    }
    if items.is_empty() {
        Pen::at(buffer, inside, 1).skip(1).put("nothing fits", theme.dim);
    }
    let card = Rect {
        y: inside.bottom().saturating_sub(CARD),
        height: CARD.min(inside.height),
        ..inside
    };
    if let Some(item) = items.get(palette.selected) {
        describe(buffer, card, item, scene);
    }
    let last = inside.height.saturating_sub(1);
    let mut pen = Pen::at(buffer, inside, last);
    for (key, word) in [("enter", "choose"), ("↑↓", "move"), ("esc", "leave it")] {
        pen.put(key, theme.key).skip(1).put(word, theme.hint).skip(3);
    }
}

/// What the selected one does, and what to expect.
fn describe(buffer: &mut Buffer, place: Rect, item: &Item, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut parts: Vec<(&str, &str)> = Vec::new();
    if let Some(why) = &item.refused {
        parts.push(("Not now: ", why));
    }
    match &item.choice {
        Choice::Act(Act::Drill(drill)) => {
            let card = drill.card();
            parts.extend([("", card.does), ("Expect: ", card.expect), ("Watch: ", card.watch)]);
        }
        Choice::Act(Act::Container(_)) | Choice::Operation(_) | Choice::Configuration => parts.push(("", item.help)),
        Choice::Command(_) => {}
    }
    let mut row = 0;
    let last = place.height.saturating_sub(1);
    for (label, text) in parts {
        let text = format!("{label}{text}");
        for (at, line) in wrapped(&text, place.width).into_iter().enumerate() {
            if row >= last {
                return;
            }
            let mut pen = Pen::at(buffer, place, row);
            if at == 0 && !label.is_empty() {
                let skipped = usize::from(columns(label));
                pen.put(label, theme.title)
                    .put(line.get(skipped..).unwrap_or_default(), theme.text);
            } else {
                pen.put(line, theme.text);
            }
            row += 1;
        }
    }
}
