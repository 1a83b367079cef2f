//! The question before an act: what would happen, and what changed while it stood there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::Pen;
use super::scene::Scene;
use super::wrap::wrapped;
use super::{frame, hints};
use crate::app::command::{Command, Context};
use crate::app::question::{Means, Question};

/// Columns of the dialog.
const WIDTH: u16 = 68;

/// What a question shows.
pub(super) struct Asked {
    /// The question itself.
    pub title: String,
    /// What changed since it was asked: then the next yes only takes note.
    pub changed: Option<String>,
    /// What would happen; the last one is of less weight.
    pub sentences: Vec<String>,
    /// Keys, each with what it does.
    pub keys: Vec<(String, &'static str)>,
}

/// The keys of a question that is answered by yes or no.
pub(super) fn yes_or_no(yes: &'static str) -> Vec<(String, &'static str)> {
    vec![
        (hints::answer(Command::Confirm, Context::Question), yes),
        (hints::answer(Command::Back, Context::Question), "leave it"),
    ]
}

/// Draws the question before an act over `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, question: &Question, scene: &Scene<'_>) {
    let mut sentences = Vec::new();
    if let Means::Missing(why) = &question.means {
        sentences.push(format!("Cannot be done here: {why}."));
    }
    sentences.extend(question.warnings.clone());
    sentences.extend(question.consequences());
    let at = sentences.len().saturating_sub(1);
    if question.act.is_fault() {
        sentences.insert(at, times(question));
    }
    let yes = if question.changed.is_some() {
        "I have seen it, ask again"
    } else {
        question.act.name()
    };
    let keys = match &question.typed {
        _ if matches!(question.means, Means::Missing(_)) => {
            vec![(hints::answer(Command::Back, Context::Question), "leave it")]
        }
        Some(typed) if question.changed.is_none() => {
            sentences.push(format!("Because {}, type {} to do it:", typed.because, typed.wanted));
            sentences.push(format!("{}▏", typed.text));
            let enter = if question.may_be_answered() {
                yes
            } else {
                "once it is typed"
            };
            vec![("enter".to_owned(), enter), ("esc".to_owned(), "leave it")]
        }
        Some(_) => vec![("enter".to_owned(), yes), ("esc".to_owned(), "leave it")],
        None => yes_or_no(yes),
    };
    let asked = Asked {
        title: question.title(),
        changed: question.changed.clone(),
        sentences,
        keys,
    };
    ask(buffer, area, &asked, scene);
}

/// When it is done and how long it lasts, with the keys that change that.
fn times(question: &Question) -> String {
    let when = format!("↑↓ {}", question.when.words());
    if question.act.lasts() {
        format!("{when}   ←→ {}", question.lasts.words())
    } else {
        when
    }
}

/// Draws any question over `area`.
pub(super) fn ask(buffer: &mut Buffer, area: Rect, asked: &Asked, scene: &Scene<'_>) {
    let theme = scene.theme;
    let width = WIDTH.min(area.width.saturating_sub(2));
    let inner = width.saturating_sub(4);
    let changed = asked
        .changed
        .as_ref()
        .map(|what| format!("Changed while you were reading: {what}."));
    let mut lines: Vec<(&str, Style)> = vec![("", theme.text)];
    if let Some(changed) = &changed {
        lines.extend(wrapped(changed, inner).into_iter().map(|line| (line, theme.alarm)));
        lines.push(("", theme.text));
    }
    for (at, sentence) in asked.sentences.iter().enumerate() {
        let style = if at + 1 == asked.sentences.len() {
            theme.dim
        } else {
            theme.text
        };
        lines.extend(wrapped(sentence, inner).into_iter().map(|line| (line, style)));
    }
    lines.push(("", theme.text));
    let height = u16::try_from(lines.len() + 3).unwrap_or(u16::MAX);
    let place = frame::centred(area, width, height);
    let inside = frame::dialog(buffer, place, &asked.title, "", theme);
    // The keys stand there even where the text does not fit.
    let last = inside.height.saturating_sub(1);
    for (row, (text, style)) in (0..last).zip(lines) {
        Pen::at(buffer, inside, row).put(text, style);
    }
    hints::keys(&mut Pen::at(buffer, inside, last), &asked.keys, scene);
}
