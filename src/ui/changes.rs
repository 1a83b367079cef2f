//! What changed, in the order of time, the newest at the bottom.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::frame;
use super::pen::Pen;
use super::scene::Scene;
use super::units;
use crate::app::view::Pane;
use crate::model::fact::{Fact, Severity, SourceKind};

/// Columns of the source's name.
const SOURCE: u16 = 10;
/// From this width on names of sources and milliseconds are written out.
const ROOMY: u16 = 70;

/// Draws it.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, focused: bool) {
    let inside = frame::pane(buffer, area, "Changes", &note(scene), focused, scene.theme);
    body(buffer, inside, scene);
}

/// Where in the past it stands.
pub(super) fn note(scene: &Scene<'_>) -> String {
    let (count, dropped) = scene.app.feed.counts();
    let back = scene.app.view.changes_back.min(count.saturating_sub(1));
    match (back, dropped) {
        (0, _) if count == 0 => String::new(),
        (0, 0) => count.to_string(),
        (0, dropped) => format!("{count}, {dropped} older dropped"),
        (back, _) => format!("scrolled back: {back} newer below"),
    }
}

/// Draws what is inside the border.
pub(super) fn body(buffer: &mut Buffer, inside: Rect, scene: &Scene<'_>) {
    let (count, _) = scene.app.feed.counts();
    if count == 0 {
        Pen::at(buffer, inside, 0)
            .skip(1)
            .put("nothing has changed since pgherd looks", scene.theme.dim);
        return;
    }
    // Scrolled to the very top the pane still shows a whole page.
    let rows = usize::from(inside.height);
    let back = scene.app.view.changes_back.min(count.saturating_sub(rows));
    // What enter is about, once keys come here: the row may stand above the last on the uppermost page.
    let picked = rows
        .min(count)
        .saturating_sub(1 + scene.app.view.changes_back.saturating_sub(back));
    let focused = scene.app.view.focus == Pane::Changes;
    for (row, fact) in (0..).zip(scene.app.feed.window(back, rows)) {
        let mut pen = Pen::at(buffer, inside, row);
        let pointed = focused && usize::from(row) == picked;
        if pointed {
            pen.put("▸", scene.theme.border_focused);
        } else {
            pen.skip(1);
        }
        line(&mut pen, inside.width, fact, scene);
    }
}

fn line(pen: &mut Pen<'_>, width: u16, fact: &Fact, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (mark, style) = look(fact, scene);
    if width >= ROOMY {
        pen.put(&units::clock_millis(fact.at, scene.zone), theme.dim).skip(1);
        pen.put(mark, style)
            .skip(1)
            .column(fact.source.name(), theme.dim, SOURCE, false)
            .skip(1);
    } else {
        pen.put(&units::clock(fact.at, scene.zone), theme.dim).skip(1);
        pen.put(mark, style)
            .skip(1)
            .column(letters(fact.source), theme.dim, 2, false)
            .skip(1);
    }
    if let Some(subject) = &fact.subject {
        pen.put(subject, theme.title).skip(1);
    }
    pen.put(&fact.describe(), style);
}

/// A source in two letters, where there is no room for its name.
fn letters(source: SourceKind) -> &'static str {
    match source {
        SourceKind::Docker => "D",
        SourceKind::ZooKeeper => "ZK",
        SourceKind::Postgres => "PG",
        SourceKind::Patroni => "R",
        SourceKind::HAProxy => "HA",
        SourceKind::Probe => "↹",
        SourceKind::Pgherd => "✎",
    }
}

/// The mark and the style of a fact.
pub(super) fn look(fact: &Fact, scene: &Scene<'_>) -> (&'static str, Style) {
    let theme = scene.theme;
    match fact.severity() {
        Severity::Good => ("✓", theme.ok),
        Severity::Info => ("·", theme.text),
        Severity::Notable => ("!", theme.warning),
        Severity::Bad => ("✗", theme.bad),
    }
}
