//! A failover in full: why, its phases with their evidence, every fact, and those before it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::model::explanation;
use crate::model::failover::{Episode, Mark};
use crate::model::prediction::Prediction;
use crate::ui::document::Document;
use crate::ui::scene::Scene;
use crate::ui::units;

/// Columns of the dialog.
const WIDTH: u16 = 116;

/// Draws the `back`th last episode over `area`, scrolled by so many lines.
pub(in crate::ui) fn draw(buffer: &mut Buffer, area: Rect, back: usize, scroll: u16, scene: &Scene<'_>) {
    let chronicle = &scene.app.chronicle;
    let back = back.min(chronicle.episodes().len().saturating_sub(1));
    let Some(episode) = chronicle.episodes().rev().nth(back) else {
        let mut document = Document::new("Failovers", 11);
        document.text("Nothing has failed since pgherd looks.", scene.theme.text);
        history(&mut document, scene);
        return document.draw(buffer, area, WIDTH, scroll, scene);
    };
    let title = explanation::title(episode, scene.now);
    let mut document = Document::new(format!("Failover #{}  {title}", episode.number), 11);
    why(&mut document, episode, scene);
    phases(&mut document, episode, scene);
    facts(&mut document, episode, scene);
    others(&mut document, scene);
    history(&mut document, scene);
    document.draw(buffer, area, WIDTH, scroll, scene);
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

fn facts(document: &mut Document, episode: &Episode, scene: &Scene<'_>) {
    document.section("Facts");
    let begin = episode.timeline(scene.now).fault.at;
    let mut entries: Vec<_> = episode.entries.iter().collect();
    entries.sort_by_key(|entry| entry.fact.at);
    for entry in entries {
        let fact = &entry.fact;
        let (sign, offset) = if fact.at < begin {
            ('-', begin.since(fact.at))
        } else {
            ('+', fact.at.since(begin))
        };
        let offset = format!("{sign}{:.2}", offset.as_secs_f64());
        let subject = fact.subject.as_deref().unwrap_or_default();
        document.text(
            format!("{offset:>8}  {:<10} {subject} {}", fact.source.name(), fact.describe()),
            scene.theme.text,
        );
    }
}

fn others(document: &mut Document, scene: &Scene<'_>) {
    document.section("In this run (← →)");
    for episode in scene.app.chronicle.episodes().rev() {
        let begin = episode.timeline(scene.now).fault.at;
        let (mark, style) = super::mark(episode, scene);
        document.text(
            format!(
                "#{} {} {mark} {}: {}",
                episode.number,
                units::clock(begin, scene.zone),
                explanation::title(episode, scene.now),
                explanation::headline(episode, scene.now)
            ),
            style,
        );
    }
}

fn history(document: &mut Document, scene: &Scene<'_>) {
    document.section("Promotions in Patroni's history");
    let switches = scene
        .app
        .cluster
        .snapshot()
        .map_or(&[][..], |dcs| dcs.history.as_slice());
    if switches.is_empty() {
        document.text("none", scene.theme.dim);
    }
    for switch in switches.iter().rev() {
        let when = switch
            .promoted
            .map_or_else(|| units::UNKNOWN.to_owned(), |at| units::date_and_clock(at, scene.zone));
        let who = switch
            .leader
            .as_ref()
            .map_or_else(|| units::UNKNOWN.to_owned(), ToString::to_string);
        let to = switch.old.0.saturating_add(1);
        let place = switch.at_lsn.map_or_else(String::new, |lsn| format!(" at {lsn}"));
        document.text(
            format!(
                "{when}  timeline {} → {to}  {who}{place}  {}",
                switch.old, switch.reason
            ),
            scene.theme.text,
        );
    }
}
