//! The present failover as a waterfall: a bar for each phase, filling in while it lasts, beside what was expected of it.

mod document;
mod lists;
mod strip;

use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::frame;
use super::pen::Pen;
use super::scene::Scene;
use super::units::NOT_APPLICABLE;
use crate::model::explanation;
use crate::model::failover::{Episode, Hit, Phase, PhaseKind, Timeline, Verdict};
use crate::model::prediction::{Expected, Prediction};
use crate::model::probe::Seen;
use crate::model::time::Timestamp;

pub(super) use document::draw as document;

/// Rows of its phases, border included: a headline, six phases, what decided.
const ROWS: u16 = 10;
/// It stays for so long after its end.
const AFTERWARDS: Duration = Duration::from_secs(60);
/// Columns of a phase's name, of its time, of what was expected.
const COLUMNS: (u16, u16, u16) = (11, 8, 12);
/// From this width on every phase says what decides it.
const ROOMY: u16 = 100;
/// Columns for that.
const KNOB: u16 = 44;

/// The episode that the main screen shows now.
fn shown<'a>(scene: &Scene<'a>) -> Option<&'a Episode> {
    let episode = scene.app.chronicle.last()?;
    let timeline = episode.timeline(scene.now);
    if episode.closed.is_some() && episode.verdict(scene.now) == Some(Verdict::Nothing) {
        return None;
    }
    let over = match (&episode.hit, timeline.stable) {
        (Hit::Replica(_), _) => Some(timeline.fault.at),
        (_, stable) => stable.or(episode.closed),
    };
    over.is_none_or(|over| scene.now.since(over) <= AFTERWARDS)
        .then_some(episode)
}

/// Rows that it needs, border included.
pub(super) fn rows(scene: &Scene<'_>) -> u16 {
    let clients = shown(scene).and_then(|episode| episode.clients.as_ref());
    let strips = clients.map_or(0, |clients| strip::lanes(clients).count());
    ROWS + u16::try_from(strips).unwrap_or(0)
}

/// It takes its place on the main screen.
pub(super) fn is_shown(scene: &Scene<'_>) -> bool {
    shown(scene).is_some()
}

/// Draws it with its border.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let title = shown(scene).map(|episode| {
        format!(
            "Episode #{}  {}",
            episode.number,
            explanation::title(episode, scene.now)
        )
    });
    let inside = frame::pane(
        buffer,
        area,
        &title.unwrap_or_default(),
        "w: in full",
        false,
        scene.theme,
    );
    body(buffer, inside, scene);
}

/// Draws what is inside the border. Where rows are few the last phases leave first.
pub(super) fn body(buffer: &mut Buffer, inside: Rect, scene: &Scene<'_>) {
    let Some(episode) = shown(scene) else { return };
    let timeline = episode.timeline(scene.now);
    let prediction = episode.prediction();
    headline(&mut Pen::at(buffer, inside, 0), episode, scene);
    let decisive = explanation::decisive(episode, &timeline);
    let mut phases = timeline.phases(episode);
    // What clients measured stands above, as they saw it.
    phases.retain(|phase| phase.kind != PhaseKind::Writes);
    let scale = Scale::of(&phases, prediction.as_ref(), &timeline, scene.now);
    let mut last = 1;
    for seen in episode.clients.iter().flat_map(strip::lanes) {
        clients(&mut Pen::at(buffer, inside, last), inside.width, seen, &scale, scene);
        last += 1;
    }
    let rows = inside.height.saturating_sub(u16::from(decisive.is_some()));
    for (row, phase) in (last..rows).zip(&phases) {
        let expected = prediction.as_ref().and_then(|prediction| prediction.phase(phase.kind));
        line(
            &mut Pen::at(buffer, inside, row),
            inside.width,
            phase,
            expected,
            &scale,
            scene,
        );
        last = row + 1;
    }
    if let Some(decisive) = decisive {
        Pen::at(buffer, inside, last)
            .skip(1)
            .put("most in ", scene.theme.dim)
            .put(&decisive, scene.theme.title);
    }
}

fn headline(pen: &mut Pen<'_>, episode: &Episode, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (mark, style) = mark(episode, scene);
    let what = episode
        .verdict(scene.now)
        .map_or_else(|| "going on".to_owned(), |verdict| verdict.name().to_owned());
    pen.skip(1)
        .put(mark, style)
        .skip(1)
        .put(&what, style)
        .put(": ", theme.dim);
    let alarm = explanation::two_primaries(episode, &episode.timeline(scene.now)).is_some();
    let judgement = episode.clients.as_ref().and_then(|clients| clients.judgement.as_ref());
    let style = match judgement {
        _ if alarm => theme.alarm,
        Some(judgement) if judgement.is_bad() => theme.bad,
        _ => theme.text,
    };
    pen.put(&explanation::headline(episode, scene.now), style);
}

/// A mark and its style: well again, lost, or going on.
fn mark(episode: &Episode, scene: &Scene<'_>) -> (&'static str, Style) {
    let theme = scene.theme;
    let stable = episode.timeline(scene.now).stable.is_some();
    match episode.verdict(scene.now) {
        Some(Verdict::NoSuccessor) => ("✗", theme.bad),
        _ if stable || episode.closed.is_some() => ("✓", theme.ok),
        _ => ("●", theme.warning),
    }
}

/// From instants to columns: the time until clients can write fills the bar, or what is expected of it.
struct Scale {
    begin: Timestamp,
    whole: Duration,
    now: Timestamp,
}

impl Scale {
    fn of(phases: &[Phase], prediction: Option<&Prediction>, timeline: &Timeline, now: Timestamp) -> Self {
        let begin = timeline.fault.at;
        let ends = phases
            .iter()
            .filter(|phase| phase.kind != PhaseKind::Redundancy || phases.len() == 1);
        let end = ends.map(|phase| phase.to.map_or(now, |to| to.at)).max().unwrap_or(now);
        let expected = prediction
            .filter(|_| timeline.writable.is_none())
            .map(|prediction| prediction.total.most);
        let whole = end
            .since(begin)
            .max(expected.unwrap_or_default())
            .max(Duration::from_secs(1));
        Self { begin, whole, now }
    }

    /// Where a column of a bar of that width begins.
    fn instant(&self, column: u16, width: u16) -> Timestamp {
        self.begin
            .plus(self.whole * u32::from(column) / u32::from(width.max(1)))
    }

    /// The column of an instant in a bar of that width.
    fn column(&self, at: Timestamp, width: u16) -> u16 {
        let share = at.since(self.begin).as_secs_f64() / self.whole.as_secs_f64();
        let column = (share * f64::from(width)).round().clamp(0.0, f64::from(width));
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "between 0 and a u16"
        )]
        let column = column as u16;
        column
    }
}

fn line(pen: &mut Pen<'_>, width: u16, phase: &Phase, expected: Option<&Expected>, scale: &Scale, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (label, time, band) = COLUMNS;
    let knob = if width >= ROOMY { KNOB } else { 0 };
    let bar_width = width.saturating_sub(label + time + band + knob + 3);
    let runs = phase.to.is_none();
    let style = if runs { theme.warning } else { theme.text };
    pen.skip(1).column(
        phase.kind.name(),
        if runs { theme.warning } else { theme.dim },
        label,
        false,
    );
    bar(pen, bar_width, phase, expected, scale, style);
    let took = phase.to.map_or(scale.now, |to| to.at).since(phase.from.at);
    pen.column(&format!("{:.1} s", took.as_secs_f64()), style, time, true);
    let predicted = expected.map_or_else(|| NOT_APPLICABLE.to_owned(), |expected| expected.band.text());
    pen.column(&predicted, theme.dim, band, true).skip(2);
    if let (true, Some(expected)) = (knob > 0, expected) {
        pen.put(&expected.knob, theme.dim);
    }
}

/// What clients saw on one lane.
fn clients(pen: &mut Pen<'_>, width: u16, seen: &Seen, scale: &Scale, scene: &Scene<'_>) {
    let theme = scene.theme;
    let (label, time, band) = COLUMNS;
    let knob = if width >= ROOMY { KNOB } else { 0 };
    let strip = width.saturating_sub(label + time + band + knob + 3);
    pen.skip(1).column(&seen.lane.to_string(), theme.dim, label, false);
    strip::draw(pen, strip, seen, scale, theme);
    let outage = seen.outage(scene.now).map(|outage| outage.span(scene.now));
    let out = outage.map_or_else(|| "–".to_owned(), |span| format!("{:.1} s", span.as_secs_f64()));
    let style = if outage.is_some() { theme.text } else { theme.dim };
    pen.column(&out, style, time, true);
    let failed: u32 = [false, true]
        .iter()
        .flat_map(|unknown| seen.classes(*unknown).into_values())
        .sum();
    pen.column(&format!("{failed} fail"), theme.dim, band, true).skip(2);
    if knob > 0 {
        pen.put(&seen.text(), theme.dim);
    }
}

fn bar(pen: &mut Pen<'_>, width: u16, phase: &Phase, expected: Option<&Expected>, scale: &Scale, style: Style) {
    let from = scale.column(phase.from.at, width).min(width.saturating_sub(1));
    let end = phase.to.map_or(scale.now, |to| to.at);
    let to = scale.column(end, width).max(from + 1).min(width);
    let beyond = end > scale.begin.plus(scale.whole);
    let still = expected.filter(|_| phase.to.is_none()).map_or(to, |expected| {
        scale
            .column(phase.from.at.plus(expected.band.most), width)
            .clamp(to, width)
    });
    let block = match phase.to {
        Some(_) if from + 1 == to && end.since(phase.from.at) < scale.whole / (u32::from(width.max(1)) * 2) => "▏",
        Some(_) => "█",
        None => "▒",
    };
    pen.skip(from);
    let filled = usize::from(to - from);
    let text: String = if beyond {
        block.repeat(filled.saturating_sub(1)) + "→"
    } else {
        block.repeat(filled)
    };
    pen.put(&text, style);
    pen.put(&"·".repeat(usize::from(still - to)), style);
    pen.skip(width - still);
}
