//! The one table of commands: keys, hints and help all come from here.
//!
//! To add a command: a variant, a row in `table`, an arm in [`App::command`](super::App::command).

mod key;
mod keymap;
mod name;
mod table;

pub use self::key::Key;
pub use self::keymap::{Keymap, Refused};
pub use self::table::entries;
use crate::app::playback::Travel;
use crate::app::reading::{LogCommand, Wanted};
use crate::model::act::ContainerAct;

/// What the operator meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// One row up, or scroll up.
    Up,
    /// One row down.
    Down,
    /// A page up.
    PageUp,
    /// A page down.
    PageDown,
    /// To the first row.
    First,
    /// To the last row.
    Last,
    /// Pan left.
    Left,
    /// Pan right.
    Right,
    /// Next pane.
    NextPane,
    /// Previous pane.
    PreviousPane,
    /// Show the focused pane alone, or all again.
    Zoom,
    /// Open what is selected.
    Open,
    /// Close what is open.
    Back,
    /// Logs of the selected container only, or of all.
    LogScope,
    /// Stay at the newest line.
    Follow,
    /// Browse the znodes.
    Znodes,
    /// The present or last failover in full, and those before it.
    Failovers,
    /// The next part of the page of failovers.
    NextPart,
    /// From a fact to the log lines around it, or into an episode.
    Enter,
    /// Write a note.
    Note,
    /// What is wrong, why, and what to do.
    Findings,
    /// What was done by all runs.
    Audit,
    /// Write the report of the failover that is shown, or of the last one.
    Report,
    /// Something in the log pane.
    Logs(LogCommand),
    /// Let the terminal tell of the mouse, or not any more.
    Mouse,
    /// Show or hide the program's own log.
    OwnLog,
    /// Next colour theme.
    Theme,
    /// Choose from everything that can be done.
    Palette,
    /// Choose from what can be done to the selected container.
    Acts,
    /// Choose from what Patroni and HAProxy can be asked for.
    Operations,
    /// Faults of ours; in their list, heal all.
    Faults,
    /// Heal the selected one.
    HealSelected,
    /// Heal all, then end.
    HealAndQuit,
    /// Change nothing from here any more, or again.
    ReadOnly,
    /// Ask to do this to the selected container.
    Ask(ContainerAct),
    /// Check the cluster with a write, or show the check that runs.
    Check,
    /// Yes, to a question.
    Confirm,
    /// Start the example cluster.
    StartLab,
    /// Show the recorded failover.
    Demo,
    /// Record this run, or end that.
    Record,
    /// Move in a recording.
    Travel(Travel),
    /// Help.
    Help,
    /// Stop this process until `fg`.
    Suspend,
    /// End.
    Quit,
}

impl Command {
    /// It changes what is looked at and nothing else, so that it is of use in a recording too.
    pub const fn only_looks(self) -> bool {
        // Older lines are Docker's to give.
        !matches!(self, Self::Logs(LogCommand::Ask(Wanted::Older)))
            && matches!(
                self,
                Self::Up
                    | Self::Down
                    | Self::PageUp
                    | Self::PageDown
                    | Self::First
                    | Self::Last
                    | Self::Left
                    | Self::Right
                    | Self::NextPane
                    | Self::PreviousPane
                    | Self::Zoom
                    | Self::Open
                    | Self::Back
                    | Self::LogScope
                    | Self::Follow
                    | Self::Znodes
                    | Self::Failovers
                    | Self::NextPart
                    | Self::Enter
                    | Self::Findings
                    | Self::OwnLog
                    | Self::Logs(_)
                    | Self::Mouse
                    | Self::Help
            )
    }
}

/// Where a key means something. A key stands once in each, and never both in `Main` and `Anywhere`. In the log pane some
/// letters mean something else than on the main screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Context {
    /// Always, except in a question.
    Anywhere,
    /// On the main screen.
    Main,
    /// In the log pane, before `Main`.
    Logs,
    /// On the page of failovers.
    Failover,
    /// While a question is open.
    Question,
    /// In the list of faults of ours.
    Faults,
    /// While it is asked what becomes of them.
    Leaving,
    /// While nothing was found to watch.
    Nothing,
    /// While a recording is played, beside `Main` and `Anywhere`.
    Recording,
}

impl Context {
    /// Answers to a question are always given by the same keys.
    pub const fn is_bindable(self) -> bool {
        !matches!(self, Self::Question | Self::Faults | Self::Leaving)
    }

    /// One key cannot mean something in both.
    pub fn meets(self, other: Self) -> bool {
        use Context::{Anywhere, Failover, Logs, Main, Nothing, Recording};
        let both = |one: Self, others: &[Self]| {
            (self == one && others.contains(&other)) || (other == one && others.contains(&self))
        };
        let screens = [Main, Failover, Logs];
        self == other || both(Anywhere, &screens) || both(Anywhere, &[Nothing, Recording]) || both(Recording, &screens)
    }
}

/// A row of the table.
#[derive(Debug)]
pub struct Entry {
    /// The command.
    pub command: Command,
    /// Its keys; the first is shown in hints.
    pub keys: &'static [Key],
    /// Where they count.
    pub context: Context,
    /// One word for the hint line; empty: not shown there.
    pub hint: &'static str,
    /// A sentence for the help.
    pub help: &'static str,
}

#[cfg(test)]
mod tests {
    use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

    use super::*;
    use crate::app::reading::Wanted;

    fn command_for(event: &KeyEvent, contexts: &[Context]) -> Option<Command> {
        Keymap::default().command_for(event, contexts)
    }

    #[test]
    fn each_command_stands_once_in_its_context_and_has_help() {
        for (i, one) in entries().enumerate() {
            assert!(!one.help.is_empty() && !one.keys.is_empty());
            assert!(
                entries()
                    .skip(i + 1)
                    .all(|other| other.command != one.command || other.context != one.context)
            );
        }
    }

    #[test]
    fn letters_that_move_never_ask_for_a_fault() {
        let event = |code| KeyEvent::new(code, KeyModifiers::NONE);
        let of_logs = |code| command_for(&event(code), &[Context::Logs, Context::Main]);
        assert_eq!(
            of_logs(KeyCode::Char('/')),
            Some(Command::Logs(LogCommand::Ask(Wanted::Search)))
        );
        assert_eq!(
            of_logs(KeyCode::Char('n')),
            Some(Command::Logs(LogCommand::Seek(false)))
        );
        for code in ['h', 'j', 'k', 'g', 'G'].map(KeyCode::Char) {
            let command = command_for(&event(code), &[Context::Main, Context::Anywhere]);
            assert!(!matches!(command, Some(Command::Ask(_))), "{code:?} asks {command:?}");
        }
        assert_eq!(
            command_for(&KeyEvent::new(KeyCode::Char('s'), KeyModifiers::ALT), &[Context::Main]),
            None
        );
        assert_eq!(
            command_for(
                &KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL),
                &[Context::Question]
            ),
            Some(Command::Quit)
        );
    }
}
