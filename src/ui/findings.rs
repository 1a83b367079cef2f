//! What is wrong and what to do: one line on the main screen for what nothing else there says, and all of it on a page.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::document::Document;
use super::hints;
use super::scene::Scene;
use super::units;
use crate::app::command::{Command, Context};
use crate::model::finding::{Finding, Kind, Weight};

/// Columns of the dialog.
const WIDTH: u16 = 108;

/// The worst that no other line of the main screen says, and how many there are beside it.
pub(super) fn line(scene: &Scene<'_>) -> Option<(String, Style)> {
    let finding = scene.findings.iter().find(|finding| !is_told(finding))?;
    let (mark, style) = look(finding.weight, scene);
    let since = since(finding, scene);
    let more = match scene.findings.len() {
        1 => String::new(),
        count => format!(", {} more", count - 1),
    };
    let key = hints::key(scene, Command::Findings, Context::Main);
    Some((
        format!(" {mark} finding     {}{since} ({key}: why{more})", finding.what),
        style,
    ))
}

/// For the border of the members, in whose rows most findings show first; empty without any.
pub(super) fn note(scene: &Scene<'_>) -> String {
    match scene.findings.len() {
        0 => String::new(),
        count => format!(
            "{}: {}",
            hints::key(scene, Command::Findings, Context::Main),
            units::count(count, "finding")
        ),
    }
}

/// Draws the page over `area`, scrolled by so many lines.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scroll: u16, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut document = Document::new("Findings", 5);
    if scene.findings.is_empty() {
        document.text("Nothing is wrong, as far as what was read shows it.", theme.text);
    }
    for finding in &scene.findings {
        let (mark, style) = look(finding.weight, scene);
        document.heading(format!("{mark} {}{}", finding.what, since(finding, scene)), style);
        document.field("why", finding.cause.clone(), theme.text);
        document.field("do", finding.advice.clone(), theme.text);
    }
    document.draw(buffer, area, WIDTH, scroll, scene);
}

fn since(finding: &Finding, scene: &Scene<'_>) -> String {
    let since = finding.since.filter(|since| *since <= scene.now);
    let Some(age) = since.map(|since| scene.age(since)) else {
        return String::new();
    };
    match finding.kind {
        Kind::Killed => format!(", {age} ago"),
        // What tells it may have been written anew meanwhile.
        Kind::Paused | Kind::NoSyncStandby => format!(", for at least {age}"),
        _ => format!(", for {age}"),
    }
}

fn look(weight: Weight, scene: &Scene<'_>) -> (&'static str, Style) {
    match weight {
        Weight::Alarm => ("✗", scene.theme.bad),
        Weight::Warning => ("!", scene.theme.warning),
        Weight::Hint => ("·", scene.theme.text),
    }
}

/// The rows of members and containers, the verdict, the lock or the header say it already.
fn is_told(finding: &Finding) -> bool {
    match finding.kind {
        Kind::TwoPrimaries
        | Kind::ReadOnlyRouted
        | Kind::DeadHolder
        | Kind::ForeignData
        | Kind::Diverged
        | Kind::StoreAway
        | Kind::Failsafe
        | Kind::NoSuccessor
        | Kind::NotStreaming
        | Kind::Killed
        | Kind::OldLock => true,
        // A pool without servers is the verdict's only if it takes writes.
        Kind::NoServer => finding.weight == Weight::Alarm,
        _ => false,
    }
}
