//! Lines into a file: which, under what name, and what became of it.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Serialize};

use super::Asked;
use crate::app::App;
use crate::app::event::{Effect, Leave, Urgency};
use crate::app::view::Overlay;

/// Characters that the name of a file may have.
pub const LONGEST_NAME: usize = 200;

/// Lines to write.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Save {
    /// The file, as it was typed.
    pub file: String,
    /// Every line that is kept; else those that the lens shows, each repeat by itself.
    pub everything: bool,
    /// A file that is there was agreed to be replaced.
    pub replace: bool,
}

/// What became of an [`Effect::Save`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Saved {
    /// So many lines are in that file.
    Written {
        /// Its path, for people.
        file: String,
        /// Lines.
        lines: usize,
    },
    /// There is such a file, and nobody said to replace it.
    Exists(Save),
    /// Why not.
    Failed(String),
}

impl App {
    /// `pgherd-my_cluster-20261122T191751Z.log`
    pub(super) fn proposed_name(&self) -> String {
        let plain = |c: char| {
            if c.is_alphanumeric() || matches!(c, '-' | '_') {
                c
            } else {
                '_'
            }
        };
        let scope = self.cluster.scope.as_deref().unwrap_or("logs");
        let scope: String = scope.chars().map(plain).take(80).collect();
        let time = jiff::Timestamp::from_microsecond(self.now.micros()).unwrap_or_default();
        format!("pgherd-{scope}-{}.log", time.strftime("%Y%m%dT%H%M%SZ"))
    }

    pub(super) fn save(&mut self, save: Save) -> Vec<Effect> {
        if save.file.is_empty() {
            if let Some(Overlay::Log(Asked::Text(prompt))) = &mut self.view.overlay {
                prompt.problem = Some("a file needs a name".to_owned());
            }
            return Vec::new();
        }
        self.view.overlay = None;
        vec![Effect::Save(save)]
    }

    /// Yes or no to replacing a file.
    pub(super) fn answer_replace(&mut self, key: &KeyEvent) -> Vec<Effect> {
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return vec![Effect::Leave(Leave::Quit)];
            }
            KeyCode::Char('y') => {
                if let Some(Overlay::Log(Asked::Replace(save))) = self.view.overlay.take() {
                    return vec![Effect::Save(Save { replace: true, ..save })];
                }
            }
            KeyCode::Char('n') | KeyCode::Esc => self.view.overlay = None,
            _ => {}
        }
        Vec::new()
    }

    /// What became of it.
    pub fn saved(&mut self, saved: Saved) -> Urgency {
        match saved {
            Saved::Written { file, lines } => {
                let noun = if lines == 1 { "line" } else { "lines" };
                self.tell(format!("{lines} {noun} written to {file}"), false);
            }
            // Something else may be asked by now: that is not pushed aside.
            Saved::Exists(save) if self.view.overlay.is_none() => {
                self.view.overlay = Some(Overlay::Log(Asked::Replace(save)));
            }
            Saved::Exists(save) => self.tell(format!("{} is there already: nothing was written", save.file), true),
            Saved::Failed(why) => self.tell(format!("nothing was written: {why}"), true),
        }
        Urgency::AtOnce
    }
}
