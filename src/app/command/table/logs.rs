//! The rows of the log pane.

use crossterm::event::KeyCode;

use super::{Context, Entry, Key, letter, row};
use crate::app::command::Command;
use crate::app::reading::{LogCommand as L, Wanted};

/// What counts in the log pane before everything else.
pub(super) const TABLE: &[Entry] = &[
    logs(
        L::Ask(Wanted::Search),
        &[letter('/')],
        "search",
        "Search: a regular expression; small letters match capitals too",
    ),
    logs(L::Seek(false), &[letter('n')], "next", "To the next match"),
    logs(L::Seek(true), &[letter('N')], "", "To the match before"),
    logs(
        L::Ask(Wanted::Matching),
        &[letter('&')],
        "filter",
        "Only lines that match; empty for all",
    ),
    logs(
        L::Ask(Wanted::Excluding),
        &[letter('!')],
        "",
        "No lines that match; empty for all",
    ),
    logs(L::Context, &[letter('A')], "", "Lines around each match: 0, 2, 5, 20"),
    logs(
        L::Level,
        &[letter('L')],
        "level",
        "Only warnings and worse, only errors, …",
    ),
    logs(
        L::Containers,
        &[letter('c')],
        "containers",
        "Choose whose lines are shown",
    ),
    logs(
        L::Select,
        &[letter('V')],
        "select",
        "Select lines: move, then y copies them",
    ),
    logs(
        L::Copy,
        &[letter('y')],
        "",
        "Copy the selected lines, or the one pointed at, into the terminal's clipboard (OSC 52)",
    ),
    logs(
        L::Ask(Wanted::File { everything: false }),
        &[letter('S')],
        "save",
        "Save what is shown, or everything, to a file",
    ),
    logs(
        L::Ask(Wanted::Older),
        &[letter('O')],
        "older",
        "Read older lines: so many more of each container, since when, or all",
    ),
    logs(
        L::Inspect,
        &[Key::Plain(KeyCode::Enter)],
        "line",
        "Everything known of the line pointed at, or of the last",
    ),
    logs(L::Clock, &[letter('t')], "time", "Time as local, UTC, age or none"),
    logs(L::Wrap, &[letter('b')], "break", "Break long lines, or cut them"),
    logs(
        L::Fold,
        &[letter('x')],
        "",
        "Lines that repeat: one row with ×N, or each",
    ),
    logs(
        L::Noise,
        &[letter('i')],
        "",
        "Without the lines that pgherd's own questions cause, or with them",
    ),
    logs(
        L::Events,
        &[letter('e')],
        "",
        "Changes of the cluster among the lines, or not",
    ),
    logs(L::Mark, &[letter('m')], "", "Mark the line with the next letter"),
    logs(
        L::Jump,
        &[letter('\'')],
        "",
        "To the line marked with the next letter; '' back",
    ),
];

const fn logs(command: L, keys: &'static [Key], hint: &'static str, help: &'static str) -> Entry {
    row(Command::Logs(command), keys, Context::Logs, hint, help)
}
