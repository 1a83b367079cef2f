//! The containers, as `docker-compose ps` would list them.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::frame;
use super::pen::Pen;
use super::scene::Scene;
use super::table::{self, Column, Mark, Row, cell};
use super::theme::Theme;
use super::units::{self, NOT_APPLICABLE};
use crate::app::view::Pane;
use crate::model::container::{Container, ContainerState};
use crate::model::link::SourceId;

const COLUMNS: &[Column] = &[
    Column::text("name", 15, 8, 20).whole(),
    Column::text("service", 6, 10, 16),
    Column::text("command", 5, 14, 46).growing(),
    Column::text("state", 14, 20, 27).whole(),
    Column::text("health", 8, 7, 9),
    Column::text("ports", 10, 24, 70).growing(),
    Column::number("for", 12, 9),
    Column::text("image", 2, 12, 30),
];

/// Rows that it needs, border included.
pub(super) fn rows(scene: &Scene<'_>) -> u16 {
    u16::try_from(scene.app.containers().count().max(1) + 3).unwrap_or(u16::MAX)
}

/// Draws it.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, focused: bool) {
    let inside = frame::pane(buffer, area, "Containers", &note(scene), focused, scene.theme);
    body(buffer, inside, scene);
}

/// Why what it shows is no news.
pub(super) fn note(scene: &Scene<'_>) -> String {
    scene.silence(&SourceId::Docker)
}

/// Draws what is inside the border.
pub(super) fn body(buffer: &mut Buffer, inside: Rect, scene: &Scene<'_>) {
    let selected = scene.app.selected_container();
    let acts = scene.app.view.focus == Pane::Containers;
    let fresh = scene.is_fresh(&SourceId::Docker);
    let rows: Vec<Row> = scene
        .app
        .containers()
        .map(|container| {
            let mark = match (selected.as_ref() == Some(&container.name), acts) {
                (false, _) => Mark::None,
                (true, false) => Mark::Selected,
                (true, true) => Mark::Active,
            };
            row(container, mark, fresh, scene)
        })
        .collect();
    if rows.is_empty() {
        Pen::at(buffer, inside, 0)
            .skip(1)
            .put("no container of this cluster is known", scene.theme.dim);
        return;
    }
    table::draw(buffer, inside, COLUMNS, &rows, scene.theme);
}

fn row(container: &Container, mark: Mark, fresh: bool, scene: &Scene<'_>) -> Row {
    let theme = scene.theme;
    let own = |style: Style| if fresh { style } else { theme.stale };
    let service = container
        .compose
        .as_ref()
        .map_or(NOT_APPLICABLE, |compose| &compose.service);
    let (health, health_style) = match container.health.as_deref() {
        None => (NOT_APPLICABLE, theme.dim),
        Some("healthy") => ("healthy", theme.ok),
        Some("unhealthy") => ("unhealthy", theme.bad),
        Some(other) => (other, theme.warning),
    };
    let cells = vec![
        cell(container.name.to_string(), own(theme.text)),
        cell(service.to_owned(), own(theme.dim)),
        cell(container.command_text(), own(theme.dim)),
        cell(container.state_text(), own(state_style(container, theme))),
        cell(health.to_owned(), own(health_style)),
        cell(container.ports_text(), own(theme.text)),
        since(container, scene).map_or(cell(NOT_APPLICABLE, theme.dim), |text| cell(text, own(theme.text))),
        cell(container.image.clone(), own(theme.dim)),
    ];
    Row { cells, mark }
}

/// The style of its state.
pub(super) fn state_style(container: &Container, theme: &Theme) -> Style {
    match &container.state {
        ContainerState::Running => theme.ok,
        ContainerState::Exited { .. } | ContainerState::Other(_) => theme.bad,
        ContainerState::Paused | ContainerState::Restarting | ContainerState::Created => theme.warning,
    }
}

/// How long it is in that state: runs or is down.
fn since(container: &Container, scene: &Scene<'_>) -> Option<String> {
    let since = match container.state {
        ContainerState::Running | ContainerState::Paused => container.started,
        ContainerState::Exited { .. } => container.finished,
        _ => None,
    };
    since.map(|since| units::uptime(scene.now.since(since)))
}
