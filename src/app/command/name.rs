//! What commands are called in the configuration.

use super::Command;
use crate::app::playback::Travel;
use crate::app::reading::{LogCommand, Wanted};

impl Command {
    /// Its name under `[keys]`; none for the answers to a question, which always have their keys.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::PageUp => "page-up",
            Self::PageDown => "page-down",
            Self::First => "first",
            Self::Last => "last",
            Self::Left => "left",
            Self::Right => "right",
            Self::NextPane => "next-pane",
            Self::PreviousPane => "previous-pane",
            Self::Zoom => "zoom",
            Self::Open => "open",
            Self::Back => "back",
            Self::LogScope => "log-scope",
            Self::Follow => "follow",
            Self::Znodes => "znodes",
            Self::Failovers => "failovers",
            Self::NextPart => "next-part",
            Self::Enter => "enter",
            Self::Note => "note",
            Self::Findings => "advice",
            Self::Audit => "audit",
            Self::Report => "report",
            Self::Logs(command) => of_logs(command),
            Self::Mouse => "mouse",
            Self::OwnLog => "own-log",
            Self::Theme => "theme",
            Self::Palette => "palette",
            Self::Acts => "faults",
            Self::Operations => "operate",
            Self::Faults => "heal",
            Self::ReadOnly => "read-only",
            Self::Ask(act) => act.word(),
            Self::Check => "check",
            Self::StartLab => "start-lab",
            Self::Demo => "demo",
            Self::Record => "record",
            Self::Travel(travel) => of_recording(travel),
            Self::Help => "help",
            Self::Suspend => "suspend",
            Self::Quit => "quit",
            Self::HealSelected | Self::HealAndQuit | Self::Confirm => return None,
        })
    }
}

const fn of_logs(command: LogCommand) -> &'static str {
    match command {
        LogCommand::Ask(Wanted::Search) => "search",
        LogCommand::Ask(Wanted::Matching) => "filter",
        LogCommand::Ask(Wanted::Excluding) => "exclude",
        LogCommand::Ask(Wanted::Older) => "older-lines",
        LogCommand::Ask(Wanted::File { .. }) => "save-lines",
        LogCommand::Seek(false) => "next-match",
        LogCommand::Seek(true) => "previous-match",
        LogCommand::Context => "match-context",
        LogCommand::Level => "level",
        LogCommand::Fold => "fold",
        LogCommand::Noise => "noise",
        LogCommand::Events => "changes",
        LogCommand::Containers => "containers",
        LogCommand::Mark => "mark-line",
        LogCommand::Jump => "jump-to-mark",
        LogCommand::Select => "select-lines",
        LogCommand::Copy => "copy-lines",
        LogCommand::Clock => "time",
        LogCommand::Wrap => "break-lines",
        LogCommand::Inspect => "inspect-line",
    }
}

const fn of_recording(travel: Travel) -> &'static str {
    match travel {
        Travel::Pause => "play",
        Travel::NextFact => "next-fact",
        Travel::PreviousFact => "previous-fact",
        Travel::NextPhase => "next-phase",
        Travel::PreviousPhase => "previous-phase",
        Travel::Forward(..60) => "forward",
        Travel::Forward(_) => "forward-minute",
        Travel::Back(..60) => "rewind",
        Travel::Back(_) => "rewind-minute",
        Travel::Faster => "faster",
        Travel::Slower => "slower",
        Travel::Start => "recording-start",
        Travel::End => "recording-end",
        Travel::Follow => "recorded-view",
    }
}
