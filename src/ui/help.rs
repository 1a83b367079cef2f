//! Help: the command table, written out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::document::{Document, Entry};
use super::scene::Scene;
use crate::app::command::{Context, entries};

/// What keys alone do not tell of the log pane.
const LOGS: &[(&str, &str)] = &[
    (
        "▸",
        "the line that keys are about; without it they are about the last one",
    ),
    (
        "×12",
        "so many lines of a container that differ in numbers only; the last of them is shown",
    ),
    ("←", "what the line means for a failover"),
    (
        "◆ ───",
        "a change of the cluster, as among the changes; enter there leads here, esc back",
    ),
    (
        "y",
        "copies by OSC 52: the terminal must allow it; tmux does after: set -s set-clipboard on",
    ),
    (
        "M",
        "the mouse is the terminal's until you ask for it: with it shift-drag selects text as before",
    ),
];

/// Draws it over `area`, scrolled by so many lines.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scroll: u16, scene: &Scene<'_>) {
    let mut document = Document::new("Help", 16);
    for (context, title) in [
        (Context::Main, "Main screen"),
        (Context::Anywhere, "Everywhere"),
        (Context::Logs, "In the log pane"),
        (Context::Failover, "On the page of episodes"),
        (Context::Faults, "In the list of faults of ours"),
        (Context::Question, "When asked"),
        (Context::Nothing, "When there is nothing to watch"),
        (Context::Recording, "In a recording"),
    ] {
        document.push(Entry::Section(title.to_owned()));
        for entry in entries().filter(|entry| entry.context == context) {
            let keys = scene.app.options.keymap.keys(entry).iter();
            let keys: Vec<String> = keys.map(ToString::to_string).collect();
            document.push(Entry::Key(keys.join(" "), entry.help));
        }
    }
    document.push(Entry::Section("Reading logs".to_owned()));
    for (mark, meaning) in LOGS {
        document.push(Entry::Key((*mark).to_owned(), meaning));
    }
    document.push(Entry::Section("Marks".to_owned()));
    for (mark, meaning) in [
        (
            "●  ○  ✗",
            "a source answers, is being reached, does not answer and for how long",
        ),
        ("?  –", "not known; there is no such value here"),
        (
            "~1 kB",
            "a lag from what Patroni last wrote to ZooKeeper: as old as its last round",
        ),
        (
            "D ZK PG R HA ✎",
            "who says so: Docker, ZooKeeper, PostgreSQL, Patroni's REST, HAProxy, pgherd itself",
        ),
        (
            "▁▂▃▄▅▆▇█",
            "lag: 0, from 1 B, 16 B, 256 B, 4 kB, 64 kB, 1 MB, 16 MB; · not known",
        ),
    ] {
        document.push(Entry::Key(mark.to_owned(), meaning));
    }
    document.draw(buffer, area, 92, scroll, scene);
}
