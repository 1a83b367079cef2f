//! How the log lines are read: what of them is shown, where the view stands, what is sought, marked and selected. Each
//! file below is one of these topics; the lines themselves are in [`super::logs`].

mod mark;
mod menu;
mod older;
mod paging;
mod prompt;
mod save;
mod search;
mod select;
mod view;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::event::Effect;
use crate::app::logs::Position;
use crate::app::view::Overlay;
use crate::model::log::Level;

pub use menu::letter;
pub use prompt::{Prompt, Wanted};
pub use save::{LONGEST_NAME, Save, Saved};
pub use select::MOST_COPIED;
pub use view::{Clock, LogView};

/// Lines around a match, step by step.
const CONTEXT: [u8; 4] = [0, 2, 5, 20];

/// What can be meant in the log pane.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogCommand {
    /// Ask for something on a line of its own.
    Ask(Wanted),
    /// To the next match (false) or the one before (true).
    Seek(bool),
    /// More lines around each match.
    Context,
    /// Only what is more serious.
    Level,
    /// Repeats as one row, or each.
    Fold,
    /// Without the lines that pgherd causes, or with them.
    Noise,
    /// Changes of the cluster among the lines, or not.
    Events,
    /// Choose whose lines.
    Containers,
    /// Mark the line with a letter.
    Mark,
    /// To a marked line.
    Jump,
    /// Begin to select lines.
    Select,
    /// Copy what is selected.
    Copy,
    /// Another way to write the time.
    Clock,
    /// Break long lines, or cut them.
    Wrap,
    /// Everything known of the line.
    Inspect,
}

/// What is asked over the log pane.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// A text is typed.
    Text(Prompt),
    /// The letter of a new mark.
    Mark,
    /// The letter of a mark to go to.
    Jump,
    /// Whose lines are shown; with the selected row.
    Containers(usize),
    /// The file is there: whether to replace it.
    Replace(Save),
    /// Everything known of a line, scrolled by so many lines. Asks for nothing.
    Line {
        /// Which.
        at: Position,
        /// Scrolled by so many.
        scroll: u16,
    },
}

impl App {
    /// Does what was meant in the log pane.
    pub(super) fn read(&mut self, command: LogCommand) -> Vec<Effect> {
        let logs = &mut self.view.logs;
        match command {
            LogCommand::Ask(wanted) => self.prompt(wanted),
            LogCommand::Seek(back) => self.seek_on(back),
            LogCommand::Context => {
                let next = CONTEXT.iter().find(|lines| **lines > logs.lens.context);
                logs.lens.context = next.copied().unwrap_or(0);
                if logs.lens.matching.is_none() && logs.lens.least == Level::Debug {
                    self.tell("lines around matches: choose the matches with & or L".to_owned(), false);
                }
            }
            LogCommand::Level => {
                logs.lens.least = match logs.lens.least {
                    Level::Debug | Level::Info => Level::Warning,
                    Level::Warning => Level::Error,
                    Level::Error => Level::Fatal,
                    Level::Fatal => Level::Debug,
                };
            }
            LogCommand::Fold => logs.lens.fold = !logs.lens.fold,
            LogCommand::Noise => logs.lens.hide_noise = !logs.lens.hide_noise,
            LogCommand::Events => logs.events = !logs.events,
            LogCommand::Clock => logs.clock = logs.clock.next(),
            LogCommand::Wrap => {
                (logs.wrap, logs.pan) = (!logs.wrap, 0);
                // How many lines fit is another now.
                (logs.top, logs.page) = (None, None);
            }
            LogCommand::Containers => self.view.overlay = Some(Overlay::Log(Asked::Containers(0))),
            LogCommand::Mark | LogCommand::Jump => self.ask_letter(command == LogCommand::Jump),
            LogCommand::Select => self.select(),
            LogCommand::Copy => return self.copy(),
            LogCommand::Inspect => {
                if let Some(at) = self.current_line() {
                    self.view.overlay = Some(Overlay::Log(Asked::Line { at, scroll: 0 }));
                }
            }
        }
        self.aim();
        Vec::new()
    }

    /// Takes up the lens and what is sought: they are worked off in steps, see [`App::scan_logs`].
    pub(super) fn aim(&mut self) {
        let logs = &self.view.logs;
        self.logs.aim(&logs.lens, logs.search.as_ref(), logs.end);
    }

    /// A key while something is asked over the log pane: none of them is a command. `None` if nothing is asked.
    pub fn answer(&mut self, key: &crossterm::event::KeyEvent) -> Option<Vec<Effect>> {
        let Some(Overlay::Log(asked)) = &self.view.overlay else {
            return None;
        };
        match asked {
            Asked::Text(_) => Some(self.type_in_prompt(key)),
            Asked::Mark | Asked::Jump => Some(self.take_letter(key)),
            Asked::Containers(_) => Some(self.choose_containers(key)),
            Asked::Replace(_) => Some(self.answer_replace(key)),
            Asked::Line { .. } => None,
        }
    }

    /// The line that keys are about: the picked one if it is on the screen, else the last one shown.
    pub fn current_line(&self) -> Option<Position> {
        let logs = &self.view.logs;
        let picked = logs.pick.filter(|pick| self.is_on_screen(*pick));
        picked.or(logs.end).or_else(|| self.logs.newest(&logs.lens))
    }

    /// Whether that row is among those shown, as far as rows are lines.
    fn is_on_screen(&self, position: Position) -> bool {
        let logs = &self.view.logs;
        let rows = self.view.log_rows().saturating_sub(1);
        let first = self.logs.moved(&logs.lens, logs.end, true, rows);
        logs.end.is_none_or(|end| position <= end) && first.is_none_or(|first| position >= first)
    }

    /// Brings a row onto the screen, a third from the bottom unless it is there already, and points at it.
    pub(super) fn point_at(&mut self, position: Position) {
        let end = if self.is_on_screen(position) {
            let newest = || self.logs.newest(&self.view.logs.lens);
            self.view.logs.end.or_else(newest)
        } else {
            let below = self.view.log_rows() / 3;
            self.logs.moved(&self.view.logs.lens, Some(position), false, below)
        };
        self.view.logs.pick = Some(position);
        self.view.logs.end = end;
    }
}

#[cfg(test)]
mod tests;
