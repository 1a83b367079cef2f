//! HAProxy: every pool with its servers, as a table and, where there is no room, in one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::Pen;
use super::scene::Scene;
use super::table::{self, Column, Mark, Row, cell};
use super::theme::Theme;
use super::units::{self, NOT_APPLICABLE, UNKNOWN};
use super::{frame, members};
use crate::app::view::Pane;
use crate::model::authority;
use crate::model::link::SourceId;
use crate::model::proxy::{Pool, ProxyServer, ProxySnapshot, ServerStatus};

const COLUMNS: &[Column] = &[
    Column::text("server", 15, 12, 26).whole(),
    Column::text("member", 6, 8, 18).whole(),
    Column::text("status", 14, 8, 12),
    Column::number("since", 12, 7),
    Column::text("check", 13, 9, 13),
    Column::number("now", 9, 4),
    Column::number("total", 7, 6),
    Column::number("err", 8, 4),
    Column::text("last check", 4, 16, 60).growing(),
];

/// Rows that it needs, border included.
pub(super) fn rows(scene: &Scene<'_>) -> u16 {
    let pools = scene
        .app
        .cluster
        .proxies
        .values()
        .flat_map(|proxy| served(&proxy.value));
    let rows: usize = pools.map(|pool| pool.servers.len() + 1).sum();
    u16::try_from(rows + 3).unwrap_or(u16::MAX)
}

/// Draws it.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, focused: bool) {
    let inside = frame::pane(buffer, area, &title(scene), &note(scene), focused, scene.theme);
    body(buffer, inside, scene);
}

/// Its title.
pub(super) fn title(scene: &Scene<'_>) -> String {
    match scene.app.cluster.proxies.keys().next() {
        Some(name) if name.as_str().eq_ignore_ascii_case("haproxy") => "HAProxy".to_owned(),
        Some(name) => format!("HAProxy {name}"),
        None => "HAProxy".to_owned(),
    }
}

/// Why what it shows is no news.
pub(super) fn note(scene: &Scene<'_>) -> String {
    sources(scene)
        .map(|source| scene.silence(&source))
        .find(|note| !note.is_empty())
        .unwrap_or_default()
}

/// Draws what is inside the border.
pub(super) fn body(buffer: &mut Buffer, inside: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    if scene.app.cluster.proxies.is_empty() {
        let text = if sources(scene).next().is_some() {
            note(scene)
        } else {
            "no HAProxy was found".to_owned()
        };
        Pen::at(buffer, inside, 0).skip(1).put(&text, theme.dim);
        return;
    }
    let mut rows = Vec::new();
    let several = scene.app.cluster.proxies.len() > 1;
    // A HAProxy that Docker runs is named as its container.
    let selected = scene.app.selected_proxy().filter(|_| several);
    let mut mark = if scene.app.view.focus == Pane::Proxy {
        Mark::Active
    } else {
        Mark::Selected
    };
    for (name, known) in &scene.app.cluster.proxies {
        let fresh = scene.is_fresh(&SourceId::Proxy(name.clone()));
        for pool in served(&known.value) {
            let title = if several {
                format!("{name} {}", pool.name)
            } else {
                pool.name.clone()
            };
            let mut row = pool_row(title, pool, fresh, theme);
            if selected
                .as_ref()
                .is_some_and(|selected| selected.as_str() == name.as_str())
            {
                row.mark = std::mem::replace(&mut mark, Mark::None);
            }
            rows.push(row);
            let served = is_served(pool);
            rows.extend(
                pool.servers
                    .iter()
                    .map(|server| server_row(server, scene, fresh, served)),
            );
        }
    }
    table::draw(buffer, inside, COLUMNS, &rows, theme);
}

/// Draws the pool for writes in one line.
pub(super) fn line(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut pen = Pen::at(buffer, area, 0);
    pen.skip(1).put("HAProxy ", theme.dim);
    let first = scene
        .app
        .cluster
        .proxies
        .iter()
        .find_map(|(name, known)| Some((name, authority::write_pool(&known.value)?)));
    let Some((name, pool)) = first else {
        let text = if sources(scene).next().is_some() {
            note(scene)
        } else {
            "none was found".to_owned()
        };
        pen.put(&text, theme.dim);
        return;
    };
    let source = SourceId::Proxy(name.clone());
    let fresh = scene.is_fresh(&source);
    if !fresh {
        pen.put(&scene.silence(&source), theme.bad).skip(2);
    }
    pen.put(&pool.name, aged(theme.text, fresh, theme));
    let served = is_served(pool);
    for server in &pool.servers {
        pen.put("  ", theme.dim).put(&server.name, theme.dim).skip(1);
        pen.put(
            &format!("{} {}", server.status, since(server.since_change)),
            aged(status_style(&server.status, served, theme), fresh, theme),
        );
        pen.skip(1).put(&check(server), theme.dim);
    }
}

fn sources<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = SourceId> + 'a {
    scene
        .app
        .cluster
        .links
        .keys()
        .filter(|source| matches!(source, SourceId::Proxy(_)))
        .cloned()
}

/// Its pools that have servers: the others only show statistics.
fn served(proxy: &ProxySnapshot) -> impl Iterator<Item = &Pool> {
    proxy.pools.iter().filter(|pool| !pool.servers.is_empty())
}

fn pool_row(title: String, pool: &Pool, fresh: bool, theme: &Theme) -> Row {
    let own = |style: Style| aged(style, fresh, theme);
    let Some(backend) = &pool.backend else {
        return Row {
            cells: vec![cell(title, own(theme.title))],
            mark: Mark::None,
        };
    };
    let queued = if backend.queued > 0 {
        format!("{} queued", backend.queued)
    } else {
        String::new()
    };
    let cells = vec![
        cell(title, own(theme.title)),
        cell("", theme.text),
        cell(
            backend.status.to_string(),
            own(status_style(&backend.status, false, theme)),
        ),
        cell(since(backend.since_change), own(theme.text)),
        cell(queued, own(theme.warning)),
        cell(backend.sessions.to_string(), own(theme.text)),
        cell(backend.total_sessions.to_string(), own(theme.text)),
        cell(backend.errors.to_string(), own(error_style(backend.errors, theme))),
        cell(
            if backend.status.takes_connections() {
                ""
            } else {
                "no server: clients are sent away"
            },
            own(theme.bad),
        ),
    ];
    Row {
        cells,
        mark: Mark::None,
    }
}

fn server_row(server: &ProxyServer, scene: &Scene<'_>, fresh: bool, pool_is_served: bool) -> Row {
    let theme = scene.theme;
    let own = |style: Style| aged(style, fresh, theme);
    let member = authority::member_behind(&scene.app.cluster, server);
    let role = scene
        .member(&member)
        .map_or(theme.text, |member| members::role_style(member.role, theme));
    let cells = vec![
        cell(format!("  {}", server.name), own(role)),
        cell(member.to_string(), own(role)),
        cell(
            server.status.to_string(),
            own(status_style(&server.status, pool_is_served, theme)),
        ),
        cell(since(server.since_change), own(theme.text)),
        cell(check(server), own(check_style(server, theme))),
        cell(server.sessions.to_string(), own(theme.text)),
        cell(server.total_sessions.to_string(), own(theme.text)),
        cell(server.errors.to_string(), own(error_style(server.errors, theme))),
        cell(server.check_text.clone().unwrap_or_default(), own(theme.dim)),
    ];
    Row {
        cells,
        mark: Mark::None,
    }
}

fn since(change: Option<std::time::Duration>) -> String {
    change.map_or_else(|| UNKNOWN.to_owned(), units::whole_seconds)
}

/// `L7OK/200`, `L4TOUT`.
fn check(server: &ProxyServer) -> String {
    match (&server.check, server.check_code) {
        (Some(check), Some(code)) => format!("{check}/{code}"),
        (Some(check), None) => check.clone(),
        (None, _) => NOT_APPLICABLE.to_owned(),
    }
}

fn check_style(server: &ProxyServer, theme: &Theme) -> Style {
    let passed = server.check.as_ref().is_some_and(|check| check.ends_with("OK"));
    if passed { theme.text } else { theme.dim }
}

fn error_style(errors: u64, theme: &Theme) -> Style {
    if errors == 0 { theme.dim } else { theme.warning }
}

/// Some server of the pool takes connections.
fn is_served(pool: &Pool) -> bool {
    pool.servers.iter().any(|server| server.status.takes_connections())
}

/// A server that is down is as it should be while another one serves its pool: only one of them leads.
fn status_style(status: &ServerStatus, served: bool, theme: &Theme) -> Style {
    match status {
        ServerStatus::Up | ServerStatus::Unchecked => theme.ok,
        ServerStatus::Failing { .. } | ServerStatus::Rising { .. } | ServerStatus::Draining => theme.warning,
        ServerStatus::Down if served => theme.dim,
        ServerStatus::Down => theme.bad,
        ServerStatus::Maintenance | ServerStatus::Other(_) => theme.dim,
    }
}

fn aged(style: Style, fresh: bool, theme: &Theme) -> Style {
    if fresh { style } else { theme.stale }
}
