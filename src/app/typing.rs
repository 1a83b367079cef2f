//! A line that the operator types into.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::model::text::clean;

/// Characters that a line may have where nothing else bounds it.
const LONGEST: usize = 200;

/// Takes a key that edits; true if it was one.
pub(super) fn edit(text: &mut String, key: &KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        KeyCode::Char('u') if control => text.clear(),
        KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => return false,
        KeyCode::Char(letter) => add(text, &clean(letter.encode_utf8(&mut [0; 4])), LONGEST),
        KeyCode::Backspace => drop(text.pop()),
        _ => return false,
    }
    true
}

/// Appends what is clean already, up to `longest` characters in all.
pub(super) fn add(text: &mut String, more: &str, longest: usize) {
    let room = longest.saturating_sub(text.chars().count());
    text.extend(more.chars().take(room));
}
