//! The line on which a search, a filter or the name of a file is typed. What is wrong with it is said while it is typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};

use super::Asked;
use super::older::{MORE, depth};
use super::save::{LONGEST_NAME, Save};
use crate::app::App;
use crate::app::event::{Effect, Leave};
use crate::app::logs::{Pattern, Position};
use crate::app::typing::{add, edit};
use crate::app::view::Overlay;
use crate::model::text::clean_line;

/// What a typed text is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// To look for it.
    Search,
    /// To show only lines with it.
    Matching,
    /// To show no line with it.
    Excluding,
    /// To read older lines: how many, or since when.
    Older,
    /// To write lines into a file of that name.
    File {
        /// Every line that is kept, not only those shown.
        everything: bool,
    },
}

/// A text that is being typed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Prompt {
    /// What for.
    pub wanted: Wanted,
    /// So far; clean.
    pub text: String,
    /// What is wrong with it.
    pub problem: Option<String>,
    /// The search, the end of the view and the row pointed at before, for one that is given up.
    #[serde(default)]
    before: (Option<Pattern>, Option<Position>, Option<Position>),
}

impl App {
    /// Opens the line.
    pub(super) fn prompt(&mut self, wanted: Wanted) {
        let logs = &self.view.logs;
        let of = |pattern: &Option<Pattern>| {
            let text = pattern.as_ref().map(|pattern| pattern.text().to_owned());
            text.unwrap_or_default()
        };
        let text = match wanted {
            Wanted::Search => String::new(),
            Wanted::Matching => of(&logs.lens.matching),
            Wanted::Excluding => of(&logs.lens.excluding),
            Wanted::Older => MORE.to_string(),
            Wanted::File { .. } => self.proposed_name(),
        };
        self.view.overlay = Some(Overlay::Log(Asked::Text(Prompt {
            wanted,
            text,
            problem: None,
            before: (logs.search.clone(), logs.end, logs.pick),
        })));
    }

    pub(super) fn type_in_prompt(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Log(Asked::Text(prompt))) = &mut self.view.overlay else {
            return Vec::new();
        };
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return vec![Effect::Leave(Leave::Quit)],
            KeyCode::Esc => return self.give_up(),
            // As in less: what is taken away from an empty line is the line.
            KeyCode::Backspace if prompt.text.is_empty() => return self.give_up(),
            KeyCode::Enter => return self.take_prompt(),
            KeyCode::Tab => {
                if let Wanted::File { everything } = &mut prompt.wanted {
                    *everything = !*everything;
                }
                return Vec::new();
            }
            _ if edit(&mut prompt.text, key) => {}
            _ => return Vec::new(),
        }
        self.typed()
    }

    /// Pasted text is part of what is typed.
    pub fn paste_in_prompt(&mut self, text: &str) -> Option<Vec<Effect>> {
        let Some(Overlay::Log(Asked::Text(prompt))) = &mut self.view.overlay else {
            return None;
        };
        add(&mut prompt.text, &clean_line(text), LONGEST_NAME);
        Some(self.typed())
    }

    /// Says what is wrong; a search is shown while it is typed.
    fn typed(&mut self) -> Vec<Effect> {
        let Some(Overlay::Log(Asked::Text(prompt))) = &mut self.view.overlay else {
            return Vec::new();
        };
        if matches!(prompt.wanted, Wanted::File { .. }) || prompt.text.is_empty() {
            prompt.problem = None;
            return Vec::new();
        }
        if prompt.wanted == Wanted::Older {
            prompt.problem = depth(&prompt.text, self.now).err();
            return Vec::new();
        }
        let parsed = Pattern::parse(&prompt.text);
        prompt.problem = parsed.as_ref().err().cloned();
        if prompt.wanted != Wanted::Search {
            return Vec::new();
        }
        if let Ok(pattern) = parsed {
            self.view.logs.search = Some(pattern);
        }
        self.aim();
        Vec::new()
    }

    fn give_up(&mut self) -> Vec<Effect> {
        if let Some(Overlay::Log(Asked::Text(prompt))) = self.view.overlay.take()
            && prompt.wanted == Wanted::Search
        {
            let logs = &mut self.view.logs;
            (logs.search, logs.end, logs.pick) = prompt.before;
        }
        self.aim();
        Vec::new()
    }

    fn take_prompt(&mut self) -> Vec<Effect> {
        let Some(Overlay::Log(Asked::Text(prompt))) = &mut self.view.overlay else {
            return Vec::new();
        };
        if let Wanted::File { everything } = prompt.wanted {
            let save = Save {
                file: prompt.text.trim().to_owned(),
                everything,
                replace: false,
            };
            return self.save(save);
        }
        if prompt.wanted == Wanted::Older {
            return match depth(&prompt.text, self.now) {
                Ok(start) => self.read_older(start),
                Err(why) => {
                    prompt.problem = Some(why);
                    Vec::new()
                }
            };
        }
        let pattern = match Pattern::parse(&prompt.text) {
            Ok(pattern) => Some(pattern),
            Err(_) if prompt.text.is_empty() => None,
            Err(why) => {
                prompt.problem = Some(why);
                return Vec::new();
            }
        };
        let (wanted, (before, ..)) = (prompt.wanted, prompt.before.clone());
        self.view.overlay = None;
        let logs = &mut self.view.logs;
        match wanted {
            // An empty search is the one before, once more.
            Wanted::Search => logs.search = pattern.or(before),
            Wanted::Matching => logs.lens.matching = pattern,
            Wanted::Excluding => logs.lens.excluding = pattern,
            Wanted::Older | Wanted::File { .. } => {}
        }
        self.aim();
        if wanted == Wanted::Search && self.view.logs.search.is_some() {
            self.seek_near();
        }
        Vec::new()
    }
}
