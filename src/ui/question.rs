//! The question before an act: what would happen, and what changed while it stood there.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::Pen;
use super::scene::Scene;
use super::wrap::wrapped;
use super::{frame, hints};
use crate::app::command::{Command, Context};
use crate::app::question::Question;

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
    /// The word for yes.
    pub yes: &'static str,
}

/// Draws the question before an act over `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, question: &Question, scene: &Scene<'_>) {
    let asked = Asked {
        title: question.title(),
        changed: question.changed.clone(),
        sentences: question.consequences(),
        yes: if question.changed.is_some() {
            "I have seen it, ask again"
        } else {
            question.act.word()
        },
    };
    ask(buffer, area, &asked, scene);
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
    let keys = [
        (hints::key(Command::Confirm, Context::Question), asked.yes),
        (hints::key(Command::Back, Context::Question), "leave it"),
    ];
    hints::keys(&mut Pen::at(buffer, inside, last), &keys, scene);
}
