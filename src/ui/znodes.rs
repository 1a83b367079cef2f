//! The znode browser: the tree at the left; at the right what ZooKeeper keeps in the selected one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::frame;
use super::hints;
use super::pen::{Pen, columns};
use super::scene::Scene;
use super::units::{self, NOT_APPLICABLE};
use super::wrap::wrapped;
use crate::app::command::{Command, Context};
use crate::model::dcs::{DcsSnapshot, Znode};
use crate::model::link::SourceId;

/// Columns of the tree at most.
const TREE: u16 = 44;

/// Draws it over `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, selected: &str, scroll: u16, scene: &Scene<'_>) {
    let theme = scene.theme;
    let snapshot = scene.app.cluster.snapshot();
    let title = snapshot.map_or_else(|| "Znodes".to_owned(), |dcs| format!("Znodes below {}", dcs.root));
    let inside = frame::dialog(buffer, area, &title, &scene.silence(&SourceId::ZooKeeper), theme);
    hints::close(buffer, area, scene);
    let Some(dcs) = snapshot.filter(|dcs| !dcs.nodes.is_empty()) else {
        Pen::at(buffer, inside, 0).put("ZooKeeper has not been read yet", theme.dim);
        return;
    };
    let current = dcs.nodes.iter().position(|node| node.path == selected).unwrap_or(0);
    let width = tree_width(dcs).min(inside.width * 2 / 5);
    let tree_area = Rect { width, ..inside };
    tree(buffer, tree_area, dcs, current, scene);
    let rest = inside.width.saturating_sub(width + 3);
    for row in 0..inside.height {
        Pen::at(
            buffer,
            Rect {
                x: inside.x + width + 1,
                width: 1,
                ..inside
            },
            row,
        )
        .put("│", theme.border);
    }
    if let Some(node) = dcs.nodes.get(current) {
        value(
            buffer,
            Rect {
                x: inside.x + width + 3,
                width: rest,
                ..inside
            },
            &format!("{}/{}", dcs.root, node.path),
            node,
            scroll,
            scene,
        );
    }
}

fn tree_width(dcs: &DcsSnapshot) -> u16 {
    dcs.nodes
        .iter()
        .map(|node| columns(name(node, dcs)) + depth(node) * 2 + 3)
        .max()
        .unwrap_or(0)
        .clamp(16, TREE)
}

fn depth(node: &Znode) -> u16 {
    if node.path.is_empty() {
        0
    } else {
        u16::try_from(node.path.matches('/').count() + 1).unwrap_or(u16::MAX)
    }
}

/// The last part of its path.
fn name<'a>(node: &'a Znode, dcs: &'a DcsSnapshot) -> &'a str {
    let path = if node.path.is_empty() { &dcs.root } else { &node.path };
    path.rsplit('/').next().unwrap_or(path)
}

fn tree(buffer: &mut Buffer, area: Rect, dcs: &DcsSnapshot, current: usize, scene: &Scene<'_>) {
    let theme = scene.theme;
    let rows = usize::from(area.height).max(1);
    let first = (current + 1).saturating_sub(rows);
    for (row, (at, node)) in (0..).zip(dcs.nodes.iter().enumerate().skip(first).take(rows)) {
        let mut pen = Pen::at(buffer, area, row);
        pen.put(if at == current { ">" } else { " " }, theme.title)
            .skip(depth(node) * 2);
        let style = if node.stat.owner.is_some() {
            theme.value
        } else {
            theme.text
        };
        pen.put(name(node, dcs), style);
        if node.stat.owner.is_some() {
            pen.put(" *", theme.dim);
        }
        if at == current {
            pen.paint(area, theme.selected);
        }
    }
}

fn value(buffer: &mut Buffer, area: Rect, path: &str, node: &Znode, scroll: u16, scene: &Scene<'_>) {
    let theme = scene.theme;
    let stat = &node.stat;
    let time = |at| format!("{}  ({} ago)", units::date_and_clock(at, scene.zone), scene.age(at));
    let owner = stat
        .owner
        .map_or_else(|| NOT_APPLICABLE.to_owned(), |owner| format!("{owner} (* ephemeral)"));
    let facts = [
        ("written", time(stat.modified)),
        ("created", time(stat.created)),
        ("version", stat.version.to_string()),
        ("session", owner),
        ("mzxid", format!("{:#x}", stat.mzxid)),
        ("czxid", format!("{:#x}", stat.czxid)),
    ];
    Pen::at(buffer, area, 0).put(path.trim_end_matches('/'), theme.title);
    let mut row = 1;
    for (label, text) in &facts {
        Pen::at(buffer, area, row)
            .column(label, theme.dim, 9, false)
            .put(text, theme.text);
        row += 1;
    }
    row += 1;
    if node.value.is_empty() {
        Pen::at(buffer, area, row).put("no value", theme.dim);
        return;
    }
    let pretty = pretty(&node.value);
    let lines = wrapped(&pretty, area.width);
    let room = usize::from(area.height.saturating_sub(row));
    let page = if lines.len() > room {
        room.saturating_sub(1)
    } else {
        room
    };
    let first = usize::from(scroll).min(lines.len().saturating_sub(page));
    for line in lines.iter().skip(first).take(page) {
        Pen::at(buffer, area, row).put(line, theme.value);
        row += 1;
    }
    if lines.len() > room {
        let (above, below) = (first, lines.len().saturating_sub(first + page));
        let key = |command| hints::key(scene, command, Context::Anywhere);
        let keys = format!("{} {}", key(Command::PageUp), key(Command::PageDown));
        Pen::at(buffer, area, area.height.saturating_sub(1))
            .put(&format!("↑ {above} ↓ {below} more lines: {keys}"), theme.dim);
    }
}

/// JSON with line breaks; anything else as it is.
fn pretty(value: &str) -> String {
    let json: Option<serde_json::Value> = serde_json::from_str(value).ok();
    let pretty = json
        .filter(|json| json.is_object() || json.is_array())
        .and_then(|json| serde_json::to_string_pretty(&json).ok());
    // Escapes in JSON strings can name control characters that the raw text did not contain.
    pretty.map_or_else(|| value.to_owned(), |pretty| crate::model::text::clean(&pretty))
}
