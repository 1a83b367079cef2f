//! The list of what was done by all runs, the newest first.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::document::Document;
use super::scene::Scene;
use super::units;
use crate::model::audit::Audit;

/// Columns at most.
const WIDTH: u16 = 110;

/// Draws it over `area`, scrolled by so many lines; without a list, that it is being read.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, audit: Option<&Audit>, scroll: u16, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut document = Document::new("What was done", 5);
    match audit {
        None => document.text("The journals are being read … A recording leaves them out.", theme.dim),
        Some(audit) => {
            for why in &audit.unread {
                document.heading(format!("✗ not read: {why}"), theme.bad);
            }
            if audit.acts.is_empty() && audit.unread.is_empty() {
                document.text("Nothing was done yet.", theme.text);
            }
            for act in audit.acts.iter().rev() {
                let at = units::date_and_clock(act.at, scene.zone);
                let (mark, style) = if act.failed {
                    ("✗", theme.bad)
                } else {
                    ("·", theme.text)
                };
                document.heading(format!("{mark} {at}  {}: {}", act.what, act.result), style);
                document.text(format!("    {}", act.who), theme.dim);
            }
        }
    }
    document.draw(buffer, area, WIDTH, scroll, scene);
}
