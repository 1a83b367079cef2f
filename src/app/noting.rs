//! A note of the operator: typed or pasted, cleaned, bounded, and then a fact like any other.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::event::{Effect, Leave};
use crate::app::typing::{add, edit};
use crate::app::view::Overlay;
use crate::model::fact::{Fact, FactKind};
use crate::model::text::clean_line;

/// Characters that a note may have.
pub const LONGEST_NOTE: usize = 200;

/// A note that is being written.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// So far; clean.
    pub text: String,
    /// The episode that it is about; `None` is the one that goes on, if one does.
    pub episode: Option<u32>,
    /// What lay over the screen before, and does again after.
    from: Option<Box<Overlay>>,
}

impl App {
    /// Opens the line for a note: about the episode that is looked at.
    pub(super) fn begin_note(&mut self) {
        let from = self.view.overlay.take();
        let episode = match &from {
            Some(Overlay::Failover { back, .. }) => self.episode(*back).map(|episode| episode.number),
            _ => None,
        };
        self.view.overlay = Some(Overlay::Note(Draft {
            text: String::new(),
            episode,
            from: from.map(Box::new),
        }));
    }

    /// A key while a note is written: none of them is a command but those that end it.
    pub(super) fn type_note(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Note(draft)) = &mut self.view.overlay else {
            return Vec::new();
        };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return vec![Effect::Leave(Leave::Quit)],
            KeyCode::Esc => self.close_note(),
            KeyCode::Enter => self.take_note(),
            _ => drop(edit(&mut draft.text, key)),
        }
        Vec::new()
    }

    /// Pasted text is part of a note, and nothing anywhere else.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        let Some(Overlay::Note(draft)) = &mut self.view.overlay else {
            return false;
        };
        add(&mut draft.text, &clean_line(text), LONGEST_NOTE);
        true
    }

    fn close_note(&mut self) {
        if let Some(Overlay::Note(draft)) = self.view.overlay.take() {
            self.view.overlay = draft.from.map(|from| *from);
        }
    }

    fn take_note(&mut self) {
        let Some(Overlay::Note(draft)) = &self.view.overlay else {
            return;
        };
        let (text, episode) = (clean_line(&draft.text), draft.episode);
        self.close_note();
        if text.is_empty() {
            return;
        }
        let fact = Fact {
            kind: FactKind::Noted(text),
            ..Fact::ours(self.now, None, String::new())
        };
        self.chronicle.note(episode, &fact);
        self.feed.push(fact);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::event::{Event, Urgency};
    use crate::model::fixture::{LEADER, World};

    fn press(app: &mut App, code: KeyCode) {
        app.update(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)), app.now);
    }

    fn notes(app: &App) -> Vec<String> {
        let told = app
            .feed
            .window(0, 100)
            .filter(|fact| matches!(fact.kind, FactKind::Noted(_)));
        told.map(Fact::describe).collect()
    }

    fn failing() -> App {
        let mut world = World::healthy();
        let facts = world.kill(LEADER);
        let mut app = App {
            cluster: world.cluster.clone(),
            now: world.now,
            ..App::default()
        };
        app.tell_facts(facts);
        app
    }

    #[test]
    fn letters_are_text_and_the_note_is_a_fact_of_the_episode() {
        let mut app = failing();
        for key in "wnquit K?".chars() {
            press(&mut app, KeyCode::Char(key));
        }
        press(&mut app, KeyCode::Backspace);
        let (_, urgency) = app.update(Event::Paste("pulled\x1b[31m the\nplug\u{202e}".to_owned()), app.now);
        assert_eq!(urgency, Urgency::AtOnce);
        press(&mut app, KeyCode::Enter);
        assert_eq!(notes(&app), ["note: quit Kpulled the plug"]);
        assert!(matches!(app.view.overlay, Some(Overlay::Failover { .. })));
        let last = app.chronicle.last().unwrap().entries.last().unwrap();
        assert_eq!(last.fact.describe(), "note: quit Kpulled the plug");
    }

    #[test]
    fn escape_leaves_nothing_and_a_paste_elsewhere_is_nothing() {
        let mut app = failing();
        app.update(Event::Paste("q".to_owned()), app.now);
        assert_eq!(app.view.overlay, None);
        press(&mut app, KeyCode::Char('n'));
        press(&mut app, KeyCode::Char('x'));
        press(&mut app, KeyCode::Esc);
        press(&mut app, KeyCode::Char('n'));
        press(&mut app, KeyCode::Char(' '));
        press(&mut app, KeyCode::Enter);
        assert_eq!((notes(&app), &app.view.overlay), (Vec::new(), &None));
    }

    #[test]
    fn a_note_is_bounded() {
        let mut app = failing();
        press(&mut app, KeyCode::Char('n'));
        app.update(Event::Paste("é".repeat(LONGEST_NOTE + 50)), app.now);
        press(&mut app, KeyCode::Char('x'));
        press(&mut app, KeyCode::Enter);
        assert_eq!(notes(&app), [format!("note: {}", "é".repeat(LONGEST_NOTE))]);
    }
}
