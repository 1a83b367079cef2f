//! The screen while there is nothing to watch: looking, nothing found, or several to choose from.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::pen::Pen;
use super::scene::Scene;
use super::wrap::wrapped;
use super::{containers, frame, hints, units};
use crate::app::command::{Command, Context};

/// Columns of the text.
const WIDTH: u16 = 76;
/// Containers that are named at most.
const NAMED: usize = 6;

/// Draws that docker is being asked.
pub(super) fn looking(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut lines = vec![(
        "Asking the Docker daemon for the containers of a cluster …".to_owned(),
        theme.text,
    )];
    let silence = containers::note(scene);
    if silence.starts_with('✗') {
        lines.push((format!("Docker: {silence}"), theme.bad));
    }
    page(buffer, area, "Looking for a cluster", &lines, scene);
}

/// Draws what was looked for in vain, and what can be done.
pub(super) fn nothing(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut lines = vec![(
        "Looked for containers that run Patroni, ZooKeeper or HAProxy: by command, environment, image and ports."
            .to_owned(),
        theme.text,
    )];
    let known = scene
        .app
        .cluster
        .containers
        .as_ref()
        .map_or(&[][..], |known| known.value.as_slice());
    let docker = containers::note(scene);
    if !docker.is_empty() {
        lines.push((format!("Docker: {docker}"), theme.bad));
    } else if known.is_empty() {
        lines.push((
            "Docker answers: there is no container on this machine.".to_owned(),
            theme.text,
        ));
    } else if let Some(text) = scene.app.no_such_cluster() {
        lines.push((text, theme.bad));
    } else {
        lines.push((
            format!(
                "Docker answers: {} and none of them is one.",
                units::count(known.len(), "container")
            ),
            theme.text,
        ));
        for container in known.iter().take(NAMED) {
            lines.push((format!("  {}  {}", container.name, container.image), theme.dim));
        }
        if known.len() > NAMED {
            lines.push((format!("  … and {} more", known.len() - NAMED), theme.dim));
        }
    }
    lines.push((String::new(), theme.text));
    let lab = hints::key(scene, Command::StartLab, Context::Nothing);
    lines.push((
        format!("{lab}  starts an example cluster here and watches it, like `pgherd lab`"),
        theme.key,
    ));
    let demo = hints::key(scene, Command::Demo, Context::Nothing);
    lines.push((
        format!("{demo}  plays the recording of a real failover, like `pgherd demo`"),
        theme.key,
    ));
    lines.push(("`pgherd discover` says what was found and why".to_owned(), theme.hint));
    lines.push((
        "`pgherd --config FILE` names the addresses of a cluster elsewhere".to_owned(),
        theme.hint,
    ));
    page(buffer, area, "No cluster was found", &lines, scene);
}

/// Draws the clusters to choose from.
pub(super) fn choosing(buffer: &mut Buffer, area: Rect, names: &[String], scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut lines = vec![
        ("Which one shall be watched?".to_owned(), theme.text),
        (String::new(), theme.text),
    ];
    let chosen = scene.app.view.choice.min(names.len().saturating_sub(1));
    // Enough room for the borders, the text around the list, and the last row.
    let rows = usize::from(area.height.saturating_sub(9)).max(1);
    let first = (chosen + 1).saturating_sub(rows);
    for (at, name) in names.iter().enumerate().skip(first).take(rows) {
        let (mark, style) = if at == chosen {
            (">", theme.title.patch(theme.selected))
        } else {
            (" ", theme.text)
        };
        lines.push((format!("{mark} {name}"), style));
    }
    lines.push((String::new(), theme.text));
    let keys = [Command::Up, Command::Down]
        .map(|command| hints::key(scene, command, Context::Anywhere))
        .join(" ");
    let open = hints::key(scene, Command::Open, Context::Main);
    lines.push((format!("{keys} chooses, {open} watches it"), theme.hint));
    let title = if scene.app.cluster.targets.store.is_some() {
        "Several scopes in ZooKeeper"
    } else {
        "Several clusters were found"
    };
    page(buffer, area, title, &lines, scene);
}

fn page(buffer: &mut Buffer, area: Rect, title: &str, lines: &[(String, Style)], scene: &Scene<'_>) {
    let width = WIDTH.min(area.width);
    let inner = width.saturating_sub(4);
    let folded: Vec<(&str, Style)> = lines
        .iter()
        .flat_map(|(text, style)| {
            let parts = if text.is_empty() {
                vec![""]
            } else {
                wrapped(text, inner)
            };
            parts.into_iter().map(|part| (part, *style))
        })
        .collect();
    let place = frame::centred(area, width, u16::try_from(folded.len() + 4).unwrap_or(u16::MAX));
    let inside = frame::dialog(buffer, place, title, "", scene.theme);
    for (row, (text, style)) in (1..).zip(folded) {
        Pen::at(buffer, inside, row).put(text, style);
    }
}
