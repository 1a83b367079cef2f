//! Through the log: older lines, and pages of lines that are broken.

use std::time::Duration;

use crossterm::event::KeyCode;

use super::super::Asked;
use super::{Desk, desk};
use crate::app::event::{Effect, Event};
use crate::app::logs::Lens;
use crate::app::view::Overlay;
use crate::model::log::{Level, LogLine};
use crate::model::log_start::LogStart;
use crate::model::signal::Signal;

#[test]
fn older_lines_are_asked_for_and_come_above_without_moving_the_view() {
    let mut desk = desk(50);
    desk.event(Event::Signal(Signal::OlderLogs {
        container: "pg-slave".into(),
        lines: Vec::new(),
        complete: false,
    }));
    assert!(desk.app.has_older());
    desk.keys("g");
    let before = desk.shown();
    assert_eq!(before.first().unwrap(), "line 0");
    desk.keys("Ox\n");
    let Some(Overlay::Log(Asked::Text(prompt))) = &desk.app.view.overlay else {
        panic!("{:?}", desk.app.view.overlay);
    };
    assert!(prompt.problem.as_ref().unwrap().contains("such as 2h"), "{prompt:?}");
    for _ in 0..5 {
        desk.press(KeyCode::Backspace);
    }
    desk.keys("700");
    let effects = desk.press(KeyCode::Enter);
    assert_eq!(effects, [Effect::LogDepth(LogStart::Tail(700))]);
    let first = desk
        .app
        .logs
        .window(&Lens::default(), None, 50)
        .first()
        .unwrap()
        .line
        .at;
    let older = (1..=5).map(|back| LogLine {
        at: first.minus(Duration::from_secs(10 - back)),
        container: "pg-slave".into(),
        stderr: false,
        level: Level::Info,
        text: format!("older {back}"),
        spans: Vec::new(),
    });
    desk.event(Event::Signal(Signal::OlderLogs {
        container: "pg-slave".into(),
        lines: older.collect(),
        complete: true,
    }));
    assert_eq!(desk.shown().last(), before.last(), "the view stands still");
    assert!(!desk.app.has_older());
    desk.keys("g");
    assert_eq!(desk.shown().first().unwrap(), "older 1");
}

#[test]
fn pages_of_broken_lines_are_turned_by_what_was_drawn() {
    let mut desk = desk(50);
    desk.keys("b");
    let at = |desk: &Desk, line: usize| {
        let rows = desk.app.logs.window(&Lens::default(), None, 50);
        rows.iter()
            .find(|row| row.line.text.ends_with(&format!(" {line}")))
            .unwrap()
            .position
    };
    // As if four lines fitted.
    let draw = |desk: &mut Desk, first, last| {
        let page = (at(desk, first), at(desk, last));
        desk.event(Event::LogPage(page.0, page.1));
    };
    draw(&mut desk, 46, 49);
    desk.press(KeyCode::PageUp);
    assert_eq!(desk.app.view.logs.end, Some(at(&desk, 46)), "that one stays");
    draw(&mut desk, 42, 46);
    desk.press(KeyCode::PageUp);
    draw(&mut desk, 39, 42);
    desk.press(KeyCode::PageDown);
    assert_eq!(desk.app.view.logs.top, Some(at(&desk, 42)));
    draw(&mut desk, 42, 47);
    assert_eq!(
        (desk.app.view.logs.top, desk.app.view.logs.end),
        (None, Some(at(&desk, 47)))
    );
    desk.press(KeyCode::PageDown);
    draw(&mut desk, 47, 49);
    assert_eq!(desk.app.view.logs.end, None, "it follows again");
    desk.keys("g");
    assert_eq!(desk.app.view.logs.end, Some(at(&desk, 0)));
    draw(&mut desk, 0, 5);
    desk.keys("j");
    assert_eq!(desk.app.view.logs.end, Some(at(&desk, 6)), "each step is seen");
}
