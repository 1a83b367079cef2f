//! The rows of the table, in the order of the help. Nothing else: what a row means is told beside [`Entry`].

mod answers;
mod logs;

use crossterm::event::KeyCode;

use super::{Command, Context, Entry, Key};
use crate::app::playback::Travel;
use crate::model::act::ContainerAct;

const fn letter(letter: char) -> Key {
    Key::Plain(KeyCode::Char(letter))
}

const fn row(
    command: Command,
    keys: &'static [Key],
    context: Context,
    hint: &'static str,
    help: &'static str,
) -> Entry {
    Entry {
        command,
        keys,
        context,
        hint,
        help,
    }
}

const fn travel(travel: Travel, keys: &'static [Key], hint: &'static str, help: &'static str) -> Entry {
    row(Command::Travel(travel), keys, Context::Recording, hint, help)
}

/// Every command, in the order of the help.
pub fn entries() -> impl Iterator<Item = &'static Entry> {
    TABLE.iter().chain(answers::TABLE).chain(logs::TABLE)
}

const TABLE: &[Entry] = &[
    row(
        Command::Ask(ContainerAct::Stop),
        &[letter('s')],
        Context::Main,
        "stop",
        "Stop the selected node cleanly (SIGTERM, with its grace period)",
    ),
    row(
        Command::Ask(ContainerAct::Kill),
        &[letter('K')],
        Context::Main,
        "kill",
        "Kill the selected node (SIGKILL)",
    ),
    row(
        Command::Ask(ContainerAct::Start),
        &[letter('u')],
        Context::Main,
        "start",
        "Start the selected node",
    ),
    row(
        Command::Ask(ContainerAct::Restart),
        &[letter('r')],
        Context::Main,
        "restart",
        "Restart the selected node",
    ),
    row(
        Command::Ask(ContainerAct::Pause),
        &[letter('p')],
        Context::Main,
        "pause",
        "Freeze the selected node",
    ),
    row(
        Command::Ask(ContainerAct::Unpause),
        &[letter('P')],
        Context::Main,
        "unpause",
        "Let a frozen node go on",
    ),
    row(
        Command::Acts,
        &[letter('F')],
        Context::Main,
        "faults",
        "All that can be done to the selected node: every fault of a drill, with what to expect",
    ),
    row(
        Command::Operations,
        &[letter('X')],
        Context::Main,
        "operate",
        "All that Patroni and HAProxy can be asked for: switchover, restart, pause, configuration, …",
    ),
    row(
        Command::Faults,
        &[letter('H')],
        Context::Main,
        "heal",
        "Faults of ours that are active, and acts that wait: heal them, call them off",
    ),
    row(
        Command::Palette,
        &[letter(':')],
        Context::Main,
        "",
        "Find anything that can be done by its name",
    ),
    row(
        Command::ReadOnly,
        &[letter('R')],
        Context::Main,
        "",
        "Read-only from here on, or not any more",
    ),
    row(
        Command::Open,
        &[Key::Plain(KeyCode::Enter)],
        Context::Main,
        "details",
        "Everything known of what is selected",
    ),
    row(
        Command::NextPane,
        &[Key::Plain(KeyCode::Tab)],
        Context::Main,
        "pane",
        "Next pane: members, HAProxy, containers, changes, logs",
    ),
    row(
        Command::PreviousPane,
        &[Key::Plain(KeyCode::BackTab)],
        Context::Main,
        "",
        "Previous pane",
    ),
    row(
        Command::Zoom,
        &[letter('z')],
        Context::Main,
        "zoom",
        "The focused pane alone, or all again",
    ),
    row(
        Command::LogScope,
        &[letter('l')],
        Context::Main,
        "logs",
        "Logs of the selected container only, or of all",
    ),
    row(
        Command::Follow,
        &[letter('f')],
        Context::Main,
        "follow",
        "Stay at the newest log line, or stand still",
    ),
    row(
        Command::Znodes,
        &[letter('t')],
        Context::Main,
        "znodes",
        "Browse what Patroni keeps in ZooKeeper",
    ),
    row(
        Command::Check,
        &[letter('C')],
        Context::Main,
        "",
        "Check the cluster: write on the leader, see it on every replica and through the entry point",
    ),
    row(
        Command::Failovers,
        &[letter('w')],
        Context::Main,
        "",
        "The episode in full: phases, facts, why; ← → for others",
    ),
    row(
        Command::Note,
        &[letter('n')],
        Context::Main,
        "",
        "Write a note: it becomes a change, and a fact of the episode that goes on",
    ),
    row(
        Command::Findings,
        &[letter('a')],
        Context::Main,
        "advice",
        "What is wrong, why, and what to do about it",
    ),
    row(
        Command::Audit,
        &[letter('J')],
        Context::Main,
        "",
        "All that was done from here: when, by whom, what became of it",
    ),
    row(
        Command::Report,
        &[letter('W')],
        Context::Anywhere,
        "",
        "Write a report of the episode shown, or of the last: Markdown, JSON, SVG",
    ),
    row(
        Command::OwnLog,
        &[letter('o')],
        Context::Main,
        "",
        "The program's own log, or the containers' again",
    ),
    row(
        Command::Mouse,
        &[letter('M')],
        Context::Main,
        "",
        "Use the mouse: wheel and click; the terminal then selects text only with shift",
    ),
    row(Command::Theme, &[letter('T')], Context::Main, "", "Next colour theme"),
    row(
        Command::Record,
        &[Key::Ctrl('r')],
        Context::Main,
        "",
        "Record this run into a file, or end the record",
    ),
    row(
        Command::Up,
        &[Key::Plain(KeyCode::Up), letter('k')],
        Context::Anywhere,
        "",
        "Up",
    ),
    row(
        Command::Down,
        &[Key::Plain(KeyCode::Down), letter('j')],
        Context::Anywhere,
        "",
        "Down",
    ),
    row(
        Command::PageUp,
        &[Key::Plain(KeyCode::PageUp), Key::Ctrl('b')],
        Context::Anywhere,
        "",
        "A page up",
    ),
    row(
        Command::PageDown,
        &[Key::Plain(KeyCode::PageDown), Key::Ctrl('f')],
        Context::Anywhere,
        "",
        "A page down",
    ),
    row(
        Command::First,
        &[letter('g'), Key::Plain(KeyCode::Home)],
        Context::Anywhere,
        "",
        "To the first row, or the oldest line",
    ),
    row(
        Command::Last,
        &[letter('G'), Key::Plain(KeyCode::End)],
        Context::Anywhere,
        "",
        "To the last row, or the newest line",
    ),
    row(
        Command::Left,
        &[Key::Plain(KeyCode::Left), letter('h')],
        Context::Anywhere,
        "",
        "Pan long lines to the left",
    ),
    row(
        Command::Right,
        &[Key::Plain(KeyCode::Right)],
        Context::Anywhere,
        "",
        "Pan long lines to the right",
    ),
    row(
        Command::Back,
        &[Key::Plain(KeyCode::Esc)],
        Context::Anywhere,
        "",
        "Close what is open",
    ),
    row(Command::Help, &[letter('?')], Context::Anywhere, "help", "This help"),
    row(
        Command::Suspend,
        &[Key::Ctrl('z')],
        Context::Anywhere,
        "",
        "Back to the shell; fg returns",
    ),
    row(
        Command::Quit,
        &[letter('q'), Key::Ctrl('c')],
        Context::Anywhere,
        "quit",
        "End",
    ),
    row(
        Command::NextPart,
        &[Key::Plain(KeyCode::Tab)],
        Context::Failover,
        "part",
        "Next part: the story, the facts, those before",
    ),
    row(
        Command::Enter,
        &[Key::Plain(KeyCode::Enter)],
        Context::Failover,
        "log lines",
        "From a fact to the log lines around it; from the list into an episode",
    ),
    row(
        Command::Note,
        &[letter('n')],
        Context::Failover,
        "note",
        "Write a note: it becomes a fact of this episode",
    ),
    row(
        Command::StartLab,
        &[letter('L')],
        Context::Nothing,
        "start the lab",
        "Start the example cluster on this machine and watch it",
    ),
    row(
        Command::Demo,
        &[letter('D')],
        Context::Nothing,
        "demo",
        "Play the recording of a failover that is built in",
    ),
    travel(Travel::Pause, &[letter(' ')], "pause", "Stand still, or play on"),
    travel(Travel::NextFact, &[letter('.')], "fact", "To the next change"),
    travel(Travel::PreviousFact, &[letter(',')], "", "Back to the change before"),
    travel(
        Travel::NextPhase,
        &[letter('>')],
        "phase",
        "To the next fault, phase or end of one",
    ),
    travel(Travel::PreviousPhase, &[letter('<')], "", "Back to the one before"),
    travel(Travel::Forward(10), &[letter(']')], "+10 s", "10 s on"),
    travel(Travel::Back(10), &[letter('[')], "−10 s", "10 s back"),
    travel(Travel::Forward(60), &[letter('}')], "", "A minute on"),
    travel(Travel::Back(60), &[letter('{')], "", "A minute back"),
    travel(Travel::Faster, &[letter('+'), letter('=')], "faster", "Play faster"),
    travel(Travel::Slower, &[letter('-')], "", "Play slower"),
    travel(Travel::Start, &[letter('^')], "", "To the start of the recording"),
    travel(Travel::End, &[letter('$')], "", "To its end"),
    travel(
        Travel::Follow,
        &[letter('v')],
        "",
        "The view as it was recorded again, after a look at something else",
    ),
];
