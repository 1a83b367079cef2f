//! The screen: [`draw`] makes a frame of the state and changes nothing. May name `model` and `app` only.
//!
//! Invariants:
//! - a value that is not known is shown as `?`, one that does not exist as `–`, one that is old dimmed and with its age;
//! - meaning never hangs on colour alone: a word or a mark says the same;
//! - panes name roles of a [`Theme`], never colours;
//! - only what is visible is worked on: no list is handed over whole.
//!
//! To add a pane: a variant of [`Pane`], a file here with `draw` and `rows`, a place in `layout`. To add a role: a line in
//! `theme` and in every file of `themes`.

mod audit;
mod changes;
mod check;
mod containers;
mod details;
mod document;
mod failover;
mod faults;
mod findings;
mod first;
mod frame;
mod header;
mod help;
mod hints;
mod layout;
mod leads;
mod logs;
mod members;
mod note;
mod operation;
mod palette;
mod pen;
mod playback;
mod proxy;
mod question;
mod scene;
mod table;
pub mod theme;
pub mod units;
mod wrap;
mod znodes;

#[cfg(test)]
mod tests;

use jiff::tz::TimeZone;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::logs::Position;
use crate::app::playback::Playback;
use crate::app::view::{Overlay, Pane};
use crate::app::{App, Stage};
use layout::{Plan, Wanted};
use pen::{Pen, columns};
use scene::Scene;

pub use layout::LEAST;
pub use logs::Measured;
pub use theme::{Theme, ThemeError};

/// How the screen looks: its styles, and the zone of its clock times.
#[derive(Clone, Debug)]
pub struct Look {
    /// The styles.
    pub theme: Theme,
    /// The zone.
    pub zone: TimeZone,
}

impl Look {
    /// That theme, in the time zone of this machine.
    pub fn local(theme: Theme) -> Self {
        Self {
            theme,
            zone: TimeZone::system(),
        }
    }
}

/// Draws the whole screen.
pub fn draw(frame: &mut Frame<'_>, app: &App, look: &Look) {
    draw_and_measure(frame, app, look);
}

/// Draws the whole screen; gives what is known of the log pane by then, if it is on it.
pub fn draw_and_measure(frame: &mut Frame<'_>, app: &App, look: &Look) -> Option<Measured> {
    let area = frame.area();
    screen(frame.buffer_mut(), area, app, look)
}

/// Draws a moment of a recording: the screen as it was, without its keys, and below it where in the recording it is.
///
/// Gives the same as [`draw_and_measure`].
pub fn draw_recording(frame: &mut Frame<'_>, app: &App, playback: &Playback, look: &Look) -> Option<Measured> {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let rest = Rect {
        height: area.height.saturating_sub(1),
        ..area
    };
    let measured = screen(buffer, rest, app, look);
    playback::draw(buffer, area, app, playback, look);
    measured
}

/// The pane at a place of a screen of that size, and the log line there.
pub fn place_at(
    app: &App,
    look: &Look,
    (width, height): (u16, u16),
    x: u16,
    y: u16,
) -> Option<(Pane, Option<Position>)> {
    let scene = Scene::of(app, look);
    if scene.stage != Stage::Watching || width < LEAST.0 || height < LEAST.1 {
        return None;
    }
    let plan = plan(Rect::new(0, 0, width, height), &scene);
    let at = ratatui::layout::Position { x, y };
    let shared = plan.shared.map(|place| (shared_pane(app), place));
    let mut panes = plan.panes.into_iter().chain(shared);
    let (pane, place) = panes.find(|(_, place)| place.contains(at))?;
    let line = (pane == Pane::Logs && !app.view.logs.own).then(|| logs::line_at(inside(place), y, &scene));
    Some((pane, line.flatten()))
}

fn screen(buffer: &mut Buffer, area: Rect, app: &App, look: &Look) -> Option<Measured> {
    buffer.set_style(area, look.theme.text);
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(buffer, area, look);
        return None;
    }
    let scene = Scene::of(app, look);
    let mut measured = None;
    match &scene.stage {
        Stage::Watching => measured = main(buffer, area, &scene),
        Stage::Looking => alone(buffer, area, &scene, first::looking),
        Stage::Nothing => alone(buffer, area, &scene, first::nothing),
        Stage::Choosing(names) => alone(buffer, area, &scene, |buffer, rest, scene| {
            first::choosing(buffer, rest, names, scene);
        }),
    }
    if let Some(overlay) = &app.view.overlay {
        let rest = layout::zoomed(area, 0, Pane::Members)
            .panes
            .first()
            .map_or(area, |(_, rest)| *rest);
        over(buffer, rest, overlay, &scene);
    }
    measured
}

fn too_small(buffer: &mut Buffer, area: Rect, look: &Look) {
    let text = format!(
        "too small: {}x{} needed, is {}x{}",
        LEAST.0, LEAST.1, area.width, area.height
    );
    for (row, line) in (0..).zip(wrap::wrapped(&text, area.width)) {
        Pen::at(buffer, area, row).put(line, look.theme.text);
    }
}

/// The header, one thing, and the hints.
fn alone(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, what: impl Fn(&mut Buffer, Rect, &Scene<'_>)) {
    let plan = layout::zoomed(area, header::rows(area.width, scene), Pane::Members);
    header::draw(buffer, plan.header, scene);
    if let Some((_, rest)) = plan.panes.first() {
        what(buffer, *rest, scene);
    }
    hints::draw(buffer, plan.hints, scene);
}

/// Where everything stands while a cluster is watched.
fn plan(area: Rect, scene: &Scene<'_>) -> Plan {
    let view = &scene.app.view;
    let header = header::rows(area.width, scene);
    if view.zoomed {
        return layout::zoomed(area, header, view.focus);
    }
    let wanted = Wanted {
        header,
        leads: leads::rows(scene),
        members: members::rows(scene),
        proxy: proxy::rows(scene),
        fails: failover::is_shown(scene),
        containers: if failover::is_shown(scene) {
            failover::rows(scene)
        } else {
            containers::rows(scene)
        },
    };
    layout::plan(area, &wanted)
}

/// Inside the border of a pane.
fn inside(place: Rect) -> Rect {
    place.inner(ratatui::layout::Margin::new(1, 1))
}

/// The pane that the shared place shows.
fn shared_pane(app: &App) -> Pane {
    match app.view.focus {
        Pane::Members => Pane::Changes,
        focus => focus,
    }
}

fn main(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) -> Option<Measured> {
    let view = &scene.app.view;
    let plan = plan(area, scene);
    header::draw(buffer, plan.header, scene);
    leads::draw(buffer, plan.leads, scene);
    for (pane, place) in &plan.panes {
        draw_pane(buffer, *place, *pane, scene, *pane == view.focus);
    }
    if let Some(place) = plan.shared {
        shared(buffer, place, scene);
    }
    if let Some(place) = plan.proxy_line {
        proxy::line(buffer, place, scene);
    }
    hints::draw(buffer, plan.hints, scene);
    let shared = plan.shared.map(|place| (shared_pane(scene.app), place));
    let mut panes = plan.panes.into_iter().chain(shared);
    let (_, place) = panes.find(|(pane, _)| *pane == Pane::Logs)?;
    Some(logs::measure(inside(place), scene))
}

fn draw_pane(buffer: &mut Buffer, place: Rect, pane: Pane, scene: &Scene<'_>, focused: bool) {
    match pane {
        Pane::Members => members::draw(buffer, place, scene, focused),
        Pane::Proxy => proxy::draw(buffer, place, scene, focused),
        Pane::Containers if !focused && failover::is_shown(scene) => failover::draw(buffer, place, scene),
        Pane::Containers => containers::draw(buffer, place, scene, focused),
        Pane::Changes => changes::draw(buffer, place, scene, focused),
        Pane::Logs => logs::draw(buffer, place, scene, focused),
    }
}

/// The place that all panes but the members share: the focused one of them, else what changed.
fn shared(buffer: &mut Buffer, place: Rect, scene: &Scene<'_>) {
    let focus = scene.app.view.focus;
    let shown = shared_pane(scene.app);
    let logs = logs::title(scene, false);
    // Nobody looks at another pane: a failover comes before all of them.
    let fails = focus == Pane::Members && failover::is_shown(scene);
    let names = [
        (Pane::Proxy, "HAProxy"),
        (Pane::Containers, "Containers"),
        (Pane::Changes, "Changes"),
        (Pane::Logs, if shown == Pane::Logs { logs.as_str() } else { "Logs" }),
    ];
    let mut tabs: Vec<_> = names
        .iter()
        .map(|(pane, name)| (*name, *pane == shown && !fails))
        .collect();
    if fails {
        tabs.insert(0, ("Failover", true));
    }
    let note = match shown {
        _ if fails => "w: in full".to_owned(),
        Pane::Proxy => proxy::note(scene),
        Pane::Containers => containers::note(scene),
        Pane::Logs => logs::note(scene, place.width.saturating_sub(46 + columns(&logs))),
        Pane::Changes | Pane::Members => changes::note(scene),
    };
    let inside = frame::tabs(buffer, place, &tabs, &note, focus != Pane::Members, scene.theme);
    match shown {
        _ if fails => failover::body(buffer, inside, scene),
        Pane::Proxy => proxy::body(buffer, inside, scene),
        Pane::Containers => containers::body(buffer, inside, scene),
        Pane::Logs => logs::body(buffer, inside, scene),
        Pane::Changes | Pane::Members => changes::body(buffer, inside, scene),
    }
}

fn over(buffer: &mut Buffer, area: Rect, overlay: &Overlay, scene: &Scene<'_>) {
    match overlay {
        Overlay::Findings(scroll) => findings::draw(buffer, area, *scroll, scene),
        Overlay::Audit { scroll, audit } => audit::draw(buffer, area, audit.as_deref(), *scroll, scene),
        Overlay::Help(scroll) => help::draw(buffer, area, *scroll, scene),
        Overlay::Details { subject, scroll } => details::draw(buffer, area, subject, *scroll, scene),
        Overlay::Znodes { selected, scroll } => znodes::draw(buffer, area, selected, *scroll, scene),
        Overlay::Failover { back, at } => failover::document(buffer, area, *back, *at, scene),
        Overlay::Log(asked) => logs::ask(buffer, area, asked, scene),
        Overlay::Note(draft) => note::draw(buffer, area, draft, scene),
        Overlay::Faults { selected } => faults::draw(buffer, area, *selected, scene),
        Overlay::Leaving => faults::leaving(buffer, area, scene),
        Overlay::Palette(palette) => palette::draw(buffer, area, palette, scene),
        Overlay::Question(question) => question::draw(buffer, area, question, scene),
        Overlay::AskCheck { plan, changed } => check::ask(buffer, area, plan, *changed, scene),
        Overlay::AskOperation(asked) => operation::ask(buffer, area, asked, scene),
        Overlay::Operation(scroll) => {
            if let Some(operating) = &scene.app.operating {
                operation::draw(buffer, area, operating, *scroll, scene);
            }
        }
        Overlay::Check(scroll) => {
            if let Some(report) = &scene.app.check {
                check::draw(buffer, area, report, *scroll, scene);
            }
        }
    }
}
