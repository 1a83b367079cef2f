//! An operation: the question before it, and its steps as they happen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::check::steps;
use super::document::Document;
use super::hints;
use super::question;
use super::scene::Scene;
use crate::app::command::{Command, Context};
use crate::app::operating::{Asked, Operating};

/// Columns of the dialog.
const WIDTH: u16 = 100;

/// Draws the question over `area`.
pub(super) fn ask(buffer: &mut Buffer, area: Rect, asked: &Asked, scene: &Scene<'_>) {
    let operation = &asked.plan.operation;
    let mut sentences: Vec<String> = asked
        .obstacles
        .iter()
        .map(|why| format!("Cannot be done now: {why}."))
        .collect();
    sentences.extend(asked.sentences.iter().cloned());
    if asked.takes_time() {
        let when = match asked.delay {
            0 => "at once".to_owned(),
            1 => "in a minute".to_owned(),
            minutes => format!("in {minutes} minutes"),
        };
        sentences.push(format!("↑↓ {when}"));
    }
    let leave = (hints::answer(Command::Back, Context::Question), "leave it");
    let keys = match &asked.typed {
        _ if !asked.obstacles.is_empty() => vec![leave],
        _ if asked.changed.is_some() => question::yes_or_no("I have seen it, ask again"),
        Some(typed) => {
            sentences.push(format!("Because {}, type {} to do it:", typed.because, typed.wanted));
            sentences.push(format!("{}▏", typed.text));
            let enter = if asked.may_be_answered() {
                operation.word()
            } else {
                "once it is typed"
            };
            vec![("enter".to_owned(), enter), ("esc".to_owned(), "leave it")]
        }
        None => question::yes_or_no(operation.word()),
    };
    let title = capitalised(&format!("{operation}?"));
    let changed = asked.changed.clone();
    question::ask(
        buffer,
        area,
        &question::Asked {
            title,
            changed,
            sentences,
            keys,
        },
        scene,
    );
}

/// Draws the steps over `area`, scrolled by so many lines.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, operating: &Operating, scroll: u16, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut document = Document::new(capitalised(&operating.operation.to_string()), 10);
    steps(&mut document, &operating.report, theme);
    document.text(String::new(), theme.text);
    match &operating.outcome {
        None => document.text("under way; it goes on when this is closed".to_owned(), theme.warning),
        Some(outcome) if outcome.is_good() => document.text(outcome.to_string(), theme.ok),
        Some(outcome) => document.text(outcome.to_string(), theme.bad),
    }
    document.draw(buffer, area, WIDTH, scroll, scene);
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
