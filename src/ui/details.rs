//! Everything that is known of one member or one container.

mod container;
mod member;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::document::Document;
use super::scene::Scene;
use crate::app::view::Subject;

/// Columns of the labels.
const LABEL: u16 = 18;
/// Columns of the dialog at most.
const WIDTH: u16 = 130;

/// Draws them over `area`, scrolled by so many lines.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, subject: &Subject, scroll: u16, scene: &Scene<'_>) {
    let document = match subject {
        Subject::Member(name) => {
            let mut document = Document::new(format!("Member {name}"), LABEL);
            member::describe(&mut document, name, scene);
            document
        }
        Subject::Container(name) => {
            let mut document = Document::new(format!("Container {name}"), LABEL);
            container::describe(&mut document, name, scene);
            document
        }
    };
    document.draw(buffer, area, WIDTH, scroll, scene);
}
