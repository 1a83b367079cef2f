//! The dynamic configuration in the operator's editor, which has the terminal meanwhile; the sources go on.

use std::io;

use tokio::task::spawn_blocking;

use crate::action::patroni::document::{Document, yaml};
use crate::app::event::Edited;
use crate::model::text::clean_line;
use crate::runtime::operate::edit::{edited, in_editor};
use crate::runtime::terminal::Screen;

/// Has it edited; what differs, or why nothing does.
///
/// # Errors
/// If the terminal cannot be taken again.
pub(super) async fn edit(screen: &mut Screen, document: &Document) -> io::Result<Edited> {
    let before = match yaml(&document.value) {
        Ok(text) => text,
        Err(why) => return Ok(Edited::Failed(why)),
    };
    Screen::lend();
    let text = spawn_blocking(move || in_editor(&before)).await;
    screen.retake()?;
    let text = text.unwrap_or_else(|error| Err(clean_line(&format!("error in pgherd: {error}"))));
    let changes = text.and_then(|text| edited(document, &text));
    Ok(match changes {
        Ok(changes) => Edited::Changes {
            version: document.version,
            changes,
        },
        Err(why) => Edited::Failed(why),
    })
}
