//! The dynamic configuration in the operator's editor, which has the terminal meanwhile; all else goes on.

use tokio::task::JoinSet;

use crate::action::patroni::document::{Document, yaml};
use crate::app::event::Edited;
use crate::model::text::clean_line;
use crate::runtime::operate::edit::{edited, in_editor};
use crate::runtime::terminal::Screen;

/// Gives the terminal to the editor. What comes of it is the set's only result; then the terminal has to be taken again.
pub(super) fn begin(document: Document) -> JoinSet<Edited> {
    let mut editor = JoinSet::new();
    Screen::lend();
    editor.spawn_blocking(move || {
        let text = yaml(&document.value).and_then(|before| in_editor(&before));
        match text.and_then(|text| edited(&document, &text)) {
            Ok(changes) => Edited::Changes {
                version: document.version,
                changes,
            },
            Err(why) => Edited::Failed(why),
        }
    });
    editor
}

/// What came of it.
pub(super) fn told(edited: Option<Result<Edited, tokio::task::JoinError>>) -> Edited {
    match edited {
        Some(Ok(edited)) => edited,
        Some(Err(error)) => Edited::Failed(clean_line(&format!("error in pgherd: {error}"))),
        None => Edited::Failed("error in pgherd: no editor was begun".to_owned()),
    }
}
