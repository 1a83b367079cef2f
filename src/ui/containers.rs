//! The containers, as `docker-compose ps` would list them.

use std::net::IpAddr;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::frame;
use super::pen::Pen;
use super::scene::Scene;
use super::table::{self, Column, Mark, Row, cell};
use super::theme::Theme;
use super::units::{self, NOT_APPLICABLE};
use crate::app::question::state_word;
use crate::app::view::Pane;
use crate::model::container::{Container, ContainerState, Port};
use crate::model::fact::exit_text;
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
        cell(command(container), own(theme.dim)),
        cell(state(container), own(state_style(container, theme))),
        cell(health.to_owned(), own(health_style)),
        cell(ports(&container.ports), own(theme.text)),
        since(container, scene).map_or(cell(NOT_APPLICABLE, theme.dim), |text| cell(text, own(theme.text))),
        cell(container.image.clone(), own(theme.dim)),
    ];
    Row { cells, mark }
}

/// The command without the folders of its first word: `docker-entrypoint.sh patroni /postgres0.yml`.
pub(super) fn command(container: &Container) -> String {
    let mut words = container.command.iter().map(String::as_str);
    let first = words.next().unwrap_or_default();
    let first = first.rsplit('/').next().unwrap_or(first);
    std::iter::once(first).chain(words).collect::<Vec<_>>().join(" ")
}

/// `running`, `exited 137 (SIGKILL)`, `exited 137 (out of memory)`.
pub(super) fn state(container: &Container) -> String {
    match &container.state {
        ContainerState::Exited { code } if container.oom_killed => format!("exited {code} (out of memory)"),
        ContainerState::Exited { code } => exit_text(*code),
        other => state_word(other),
    }
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

/// `0.0.0.0:5433->5432/tcp, 8008/tcp`: published, then merely exposed. The same port on IPv4 and IPv6 stands once.
pub(super) fn ports(ports: &[Port]) -> String {
    let doubled = |port: &Port, host: IpAddr, public: u16| {
        host.is_ipv6()
            && ports.iter().any(|other| {
                other.private == port.private
                    && other
                        .published
                        .is_some_and(|(host, other)| host.is_ipv4() && other == public)
            })
    };
    let mut texts: Vec<(bool, u16, String)> = ports
        .iter()
        .filter_map(|port| match port.published {
            Some((host, public)) if doubled(port, host, public) => None,
            Some((host @ IpAddr::V6(_), public)) => Some((
                false,
                public,
                format!("[{host}]:{public}->{}/{}", port.private, port.protocol),
            )),
            Some((host, public)) => Some((
                false,
                public,
                format!("{host}:{public}->{}/{}", port.private, port.protocol),
            )),
            None => Some((true, port.private, format!("{}/{}", port.private, port.protocol))),
        })
        .collect();
    texts.sort();
    texts.dedup();
    texts
        .into_iter()
        .map(|(_, _, text)| text)
        .collect::<Vec<_>>()
        .join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_published_ports_from_exposed_ones() {
        let port = |private, published: Option<(&str, u16)>| Port {
            private,
            protocol: "tcp".to_owned(),
            published: published.map(|(host, port)| (host.parse().unwrap(), port)),
        };
        let both = [
            port(8008, None),
            port(5432, Some(("0.0.0.0", 5433))),
            port(5432, Some(("::", 5433))),
        ];
        assert_eq!(ports(&both), "0.0.0.0:5433->5432/tcp, 8008/tcp");
        assert_eq!(ports(&[port(5432, Some(("::1", 5433)))]), "[::1]:5433->5432/tcp");
        assert_eq!(ports(&[]), "");
    }
}
