//! Everything known of one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::super::document::Document;
use super::super::scene::Scene;
use super::super::units;
use crate::app::logs::Position;
use crate::model::log::{Head, Level, Program, meaning};

/// Columns of the dialog.
const WIDTH: u16 = 110;

/// Draws it over `area`, scrolled by so many lines.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, at: Position, scroll: u16, scene: &Scene<'_>) {
    let theme = scene.theme;
    let mut document = Document::new("Log line", 15);
    let lens = &scene.app.view.logs.lens;
    let shown = scene.app.logs.window(lens, Some(at), 1);
    let Some(row) = shown.first().filter(|row| row.position == at) else {
        document.text("it is hidden here, or not kept any more", theme.dim);
        return document.draw(buffer, area, WIDTH, scroll, scene);
    };
    let (line, head) = (&row.line, Head::of(row.line.text));
    if let Some(meaning) = meaning(line.text) {
        document.section("What it means");
        document.field("for leading", meaning.words, theme.value);
    }
    document.section("Where and when");
    let stream = if line.stderr {
        "standard error"
    } else {
        "standard output"
    };
    document.field("container", format!("{}, {stream}", line.container), theme.text);
    let millis = units::clock_millis(line.at, scene.zone);
    let day = units::date_and_clock(line.at, scene.zone);
    let day = day.split(' ').next().unwrap_or_default();
    let age = units::span(scene.now.since(line.at));
    document.field("Docker's time", format!("{day} {millis}, {age} ago"), theme.text);
    if let Some(stamp) = &head.stamp {
        let zone = stamp.zone.map(|zone| format!(" {zone}")).unwrap_or_default();
        document.field("its own time", format!("{}{zone}", stamp.time), theme.text);
    }
    let program = match head.program {
        Program::Patroni => "Patroni",
        Program::PostgreSQL => "PostgreSQL",
        Program::HAProxy => "HAProxy",
        Program::ZooKeeper => "ZooKeeper",
        Program::Other => units::UNKNOWN,
    };
    let process = head.pid.map(|pid| format!(", process {pid}")).unwrap_or_default();
    document.field("program", format!("{program}{process}"), theme.text);
    let level = match line.level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warning => "warning",
        Level::Error => "error",
        Level::Fatal => "fatal",
    };
    document.field("level", level, theme.text);
    if row.repeats > 1 {
        document.field(
            "repeats",
            format!("the last of {}; x shows each", row.repeats),
            theme.text,
        );
    }
    document.section("Text");
    document.field("", line.text, theme.text);
    document.draw(buffer, area, WIDTH, scroll, scene);
}
