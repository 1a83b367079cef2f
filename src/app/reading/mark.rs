//! Rows marked with a letter, to come back to.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Asked;
use crate::app::App;
use crate::app::event::{Effect, Leave};
use crate::app::view::Overlay;

/// The mark that is set by itself where a jump begins.
const BEFORE: char = '\'';

impl App {
    /// Asks for the letter of a mark.
    pub(super) fn ask_letter(&mut self, jump: bool) {
        if jump && self.view.logs.marks.is_empty() {
            return self.tell("no line is marked: m and a letter mark one".to_owned(), true);
        }
        self.view.overlay = Some(Overlay::Log(if jump { Asked::Jump } else { Asked::Mark }));
    }

    /// The letter, or anything else to leave it.
    pub(super) fn take_letter(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let jump = matches!(self.view.overlay, Some(Overlay::Log(Asked::Jump)));
        self.view.overlay = None;
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return vec![Effect::Leave(Leave::Quit)];
            }
            KeyCode::Char(letter) if jump => self.jump_to(letter),
            KeyCode::Char(letter) if letter.is_alphanumeric() => self.mark(letter),
            KeyCode::Char(_) => self.tell("a mark is a letter or a digit".to_owned(), true),
            _ => {}
        }
        Vec::new()
    }

    fn mark(&mut self, letter: char) {
        match self.current_line() {
            Some(line) => {
                self.view.logs.marks.insert(letter, line);
                self.tell(format!("marked: ' {letter} comes back here"), false);
            }
            None => self.tell("there is no line to mark".to_owned(), true),
        }
    }

    fn jump_to(&mut self, letter: char) {
        let Some(place) = self.view.logs.marks.get(&letter).copied() else {
            return self.tell(format!("no line is marked {letter}"), true);
        };
        if let Some(here) = self.current_line() {
            self.view.logs.marks.insert(BEFORE, here);
        }
        self.point_at(place);
        let shown = self.logs.window(&self.view.logs.lens, Some(place), 1);
        if shown.first().is_none_or(|row| row.position != place) {
            self.tell(
                "that line is hidden here or not kept any more: this is its place".to_owned(),
                true,
            );
        }
    }
}
