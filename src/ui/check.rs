//! The check of the cluster: the question before it, and its steps as they happen.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::document::{Document, Entry};
use super::question::{self, Asked};
use super::scene::Scene;
use super::theme::Theme;
use crate::model::check::{PREFIX, Plan, Report, SCHEMA, State, Verdict};

/// Columns of the dialog.
const WIDTH: u16 = 100;

/// Draws the steps over `area`, scrolled by so many lines.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, report: &Report, scroll: u16, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut document = Document::new("Check", 10);
    steps(&mut document, report, theme);
    let style = match report.verdict() {
        Verdict::Running => theme.warning,
        Verdict::Passed { .. } => theme.ok,
        Verdict::Failed(_) => theme.bad,
    };
    document.text(String::new(), theme.text);
    document.text(report.summary(), style);
    document.draw(buffer, area, WIDTH, scroll, scene);
}

/// Appends a line for each step.
pub(super) fn steps(document: &mut Document, report: &Report, theme: &Theme) {
    for step in &report.steps {
        let (label, style) = match step.state {
            State::Running => ("… running", theme.warning),
            State::Passed { .. } => ("✓ passed", theme.text),
            State::Failed(_) => ("✗ failed", theme.bad),
            State::Skipped(_) => ("– skipped", theme.dim),
        };
        document.push(Entry::Field(label, step.to_string(), style));
    }
}

/// Draws the question over `area`.
pub(super) fn ask(buffer: &mut Buffer, area: Rect, plan: &Plan, changed: bool, scene: &Scene<'_>) {
    let leader = plan
        .holder
        .as_ref()
        .map_or_else(String::new, |holder| format!(" {holder}"));
    let entry = plan
        .entry
        .as_ref()
        .map_or_else(String::new, |entry| format!(" and through {entry}"));
    let asked = Asked {
        title: "Check this cluster with a write?".to_owned(),
        changed: changed.then(|| "it is not the cluster that it was".to_owned()),
        sentences: vec![
            format!(
                "Makes a table {SCHEMA}.{PREFIX}… on the leader{leader}, writes two rows and reads them on {} members{entry}.",
                plan.members.len()
            ),
            "A write on each replica is tried, which must be refused.".to_owned(),
            "The table is removed again, also after a failure.".to_owned(),
        ],
        keys: question::yes_or_no("check"),
    };
    question::ask(buffer, area, &asked, scene);
}
