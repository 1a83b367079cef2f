//! The rows of questions, and of the list of faults of ours.

use crossterm::event::KeyCode;

use super::{Command, Context, Entry, Key, letter, row};

/// What counts while one of them is open.
pub(super) const TABLE: &[Entry] = &[
    row(
        Command::Confirm,
        &[letter('y'), Key::Plain(KeyCode::Enter)],
        Context::Question,
        "yes",
        "Do it",
    ),
    row(
        Command::Back,
        &[letter('n'), Key::Plain(KeyCode::Esc)],
        Context::Question,
        "no",
        "Leave it",
    ),
    row(
        Command::Left,
        &[Key::Plain(KeyCode::Left)],
        Context::Question,
        "",
        "How long a fault lasts: shorter, or until it is healed",
    ),
    row(
        Command::Right,
        &[Key::Plain(KeyCode::Right)],
        Context::Question,
        "",
        "How long a fault lasts: 5 s, 15 s, … then it is healed",
    ),
    row(
        Command::Up,
        &[Key::Plain(KeyCode::Up)],
        Context::Question,
        "",
        "When: sooner, or at any moment of Patroni's loop",
    ),
    row(
        Command::Down,
        &[Key::Plain(KeyCode::Down)],
        Context::Question,
        "",
        "When: at once, in 5 s, …",
    ),
    row(Command::Quit, &[Key::Ctrl('c')], Context::Question, "", "End"),
    row(
        Command::HealSelected,
        &[Key::Plain(KeyCode::Enter)],
        Context::Faults,
        "heal",
        "Heal the selected fault, or call off the act that waits",
    ),
    row(
        Command::Faults,
        &[letter('H')],
        Context::Faults,
        "heal all",
        "Heal all of them",
    ),
    row(
        Command::HealAndQuit,
        &[letter('h'), letter('H'), Key::Plain(KeyCode::Enter)],
        Context::Leaving,
        "heal, then end",
        "Heal all faults of ours, then end",
    ),
    row(
        Command::Confirm,
        &[letter('y'), letter('q'), Key::Ctrl('c')],
        Context::Leaving,
        "end",
        "End and leave them: pgherd heal takes them back",
    ),
    row(
        Command::Back,
        &[Key::Plain(KeyCode::Esc), letter('n')],
        Context::Leaving,
        "stay",
        "Stay",
    ),
];
