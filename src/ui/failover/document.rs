//! A failover in full: why, and its phases with their evidence; beside it every fact, and those before it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::lists;
use crate::app::page::Spot;
use crate::model::explanation;
use crate::model::failover::{Episode, Mark};
use crate::model::prediction::Prediction;
use crate::ui::document::Document;
use crate::ui::scene::Scene;
use crate::ui::units;

/// Columns of the dialog.
const WIDTH: u16 = 116;

/// Draws the page over `area`: that part of the `back`th last episode.
pub(in crate::ui) fn draw(buffer: &mut Buffer, area: Rect, back: usize, at: Spot, scene: &Scene<'_>) {
    let episode = scene.app.episode(back);
    let title = title(episode, at, scene);
    match (at, episode) {
        (Spot::Past(key), _) => lists::past(buffer, area, &title, key, scene),
        (Spot::Fact(place), Some(episode)) => lists::facts(buffer, area, &title, episode, place, scene),
        (Spot::Story(scroll), Some(episode)) => {
            let mut document = Document::new(title, 11);
            why(&mut document, episode, scene);
            phases(&mut document, episode, scene);
            measured(&mut document, episode, scene);
            document.draw(buffer, area, WIDTH, scroll, scene);
        }
        (Spot::Story(_) | Spot::Fact(_), None) => {
            let mut document = Document::new(title, 11);
            document.text("Nothing has failed since pgherd looks.", scene.theme.text);
            document.draw(buffer, area, WIDTH, 0, scene);
        }
    }
}

/// The parts, the shown one marked, and which failover it is.
fn title(episode: Option<&Episode>, at: Spot, scene: &Scene<'_>) -> String {
    let facts = episode.map_or(0, |episode| episode.entries.len());
    let mark = |shown: bool| if shown { "▷ " } else { "" };
    let parts = format!(
        "{}Story │ {}Facts {facts} │ {}Past {}",
        mark(matches!(at, Spot::Story(_))),
        mark(matches!(at, Spot::Fact(_))),
        mark(matches!(at, Spot::Past(_))),
        scene.app.past().len()
    );
    match episode {
        Some(episode) => format!(
            "{parts}  #{} {}",
            episode.number,
            explanation::title(episode, scene.now)
        ),
        None => parts,
    }
}

fn why(document: &mut Document, episode: &Episode, scene: &Scene<'_>) {
    let (mark, style) = super::mark(episode, scene);
    let verdict = episode.verdict(scene.now);
    let name = verdict.as_ref().map_or("going on", |verdict| verdict.name());
    document.section("What happened");
    document.field("verdict", format!("{mark} {name}"), style);
    let begin = episode.timeline(scene.now).fault.at;
    document.field("began", units::date_and_clock(begin, scene.zone), scene.theme.text);
    let mut label = "why";
    for sentence in explanation::explain(episode, scene.now) {
        document.field(label, sentence, scene.theme.text);
        label = "";
    }
}

fn phases(document: &mut Document, episode: &Episode, scene: &Scene<'_>) {
    let timeline = episode.timeline(scene.now);
    let prediction = episode.prediction();
    document.section("Phases");
    for phase in timeline.phases(episode) {
        let mut text = match &phase.to {
            Some(to) => span(to, &phase.from),
            None => format!("{:.1} s so far", scene.now.since(phase.from.at).as_secs_f64()),
        };
        if let Some(expected) = prediction.as_ref().and_then(|prediction| prediction.phase(phase.kind)) {
            text = format!("{text}, {} predicted: {}", expected.band.text(), expected.knob);
        }
        if let Some(entry) = phase.to.and_then(|to| episode.entries.get(to.evidence?)) {
            let subject = entry.fact.subject.as_deref().unwrap_or_default();
            text = format!(
                "{text} [{} {subject} {}]",
                entry.fact.source.name(),
                entry.fact.describe()
            );
        }
        document.field(phase.kind.name(), text, scene.theme.text);
    }
    if let Some(Prediction { total, assumed, .. }) = &prediction {
        let assumed = if assumed.is_empty() {
            String::new()
        } else {
            format!(" ({})", assumed.join(", "))
        };
        document.field(
            "predicted",
            format!("{} without writes{assumed}", total.text()),
            scene.theme.dim,
        );
    }
}

/// `20.4 s (19.3–20.5)`: as told, and between which bounds.
fn span(to: &Mark, from: &Mark) -> String {
    let (least, time, most) = to.since(from);
    let (least, time, most) = (least.as_secs_f64(), time.as_secs_f64(), most.as_secs_f64());
    if most - least < 0.15 {
        format!("{time:.2} s")
    } else {
        format!("{time:.1} s ({least:.1}–{most:.1})")
    }
}

/// For how long those who can know did not agree, and two were primaries.
fn measured(document: &mut Document, episode: &Episode, scene: &Scene<'_>) {
    let until = episode.closed.unwrap_or(scene.now);
    let doubles = explanation::together(&episode.timeline(scene.now).doubles, until);
    let discords = explanation::together(&episode.discords, until);
    if doubles.is_none() && discords.is_none() {
        return;
    }
    document.section("Measured");
    if let Some(time) = doubles {
        document.field("2 primaries", time, scene.theme.bad);
    }
    if let Some(time) = discords {
        document.field("disagreed", time, scene.theme.text);
    }
}
