//! The log pane by its keys.

mod paging;

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Asked, Clock, MOST_COPIED, Save, Saved};
use crate::app::App;
use crate::app::event::{Effect, Event};
use crate::app::logs::Position;
use crate::app::view::{Overlay, Pane};
use crate::model::fixture::{LEADER, World};
use crate::model::log::{Level, LogLine};
use crate::model::signal::Signal;

/// An app with the focus on a log pane of ten rows, and lines of two containers in turn.
struct Desk {
    app: App,
    world: World,
}

impl Desk {
    fn with(lines: &[&str]) -> Self {
        let world = World::healthy();
        let mut app = App {
            cluster: world.cluster.clone(),
            now: world.now,
            ..App::default()
        };
        app.view.size = (120, 40);
        app.view.focus = Pane::Logs;
        app.view.logs.lens.fold = false;
        let mut desk = Self { app, world };
        desk.event(Event::LogRows(10));
        let lines = lines.iter().enumerate().map(|(at, text)| LogLine {
            at: desk.world.now.plus(Duration::from_secs(at as u64)),
            container: if at % 2 == 0 { "pg-master" } else { "pg-slave" }.into(),
            stderr: false,
            level: if text.contains("ERROR") {
                Level::Error
            } else {
                Level::Info
            },
            text: (*text).to_owned(),
            spans: Vec::new(),
        });
        let lines = lines.collect();
        desk.event(Event::Signal(Signal::Logs(lines)));
        desk
    }

    fn event(&mut self, event: Event) -> Vec<Effect> {
        let now = self.world.now;
        let (mut effects, _) = self.app.update(event, now);
        // As the runtime does when nothing else waits.
        while effects.contains(&Effect::Scan) {
            effects.retain(|effect| *effect != Effect::Scan);
            effects.extend(self.app.update(Event::Scan, now).0);
        }
        effects.retain(|effect| !matches!(effect, Effect::Pace(_)));
        effects
    }

    fn press(&mut self, code: KeyCode) -> Vec<Effect> {
        self.event(Event::Key(KeyEvent::new(code, KeyModifiers::NONE)))
    }

    fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let code = |key| match key {
            '\n' => KeyCode::Enter,
            '\u{1b}' => KeyCode::Esc,
            key => KeyCode::Char(key),
        };
        keys.chars().flat_map(|key| self.press(code(key))).collect()
    }

    fn text(&self, at: Option<Position>) -> String {
        let rows = self.app.logs.window(&self.app.view.logs.lens, at, 1);
        rows.first().map_or(String::new(), |row| row.line.text.to_owned())
    }

    /// The line that is pointed at.
    fn picked(&self) -> String {
        self.app.view.logs.pick.map_or(String::new(), |at| self.text(Some(at)))
    }

    fn shown(&self) -> Vec<String> {
        let logs = &self.app.view.logs;
        let rows = self.app.logs.window(&logs.lens, logs.end, 10);
        rows.iter().map(|row| row.line.text.to_owned()).collect()
    }

    fn notice(&self) -> &str {
        self.app.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }
}

fn numbered(count: usize) -> Vec<String> {
    (0..count)
        .map(|at| {
            if at % 10 == 3 {
                format!("ERROR {at}")
            } else {
                format!("line {at}")
            }
        })
        .collect()
}

fn desk(count: usize) -> Desk {
    let lines = numbered(count);
    Desk::with(&lines.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_search_goes_up_first_then_both_ways_and_around() {
    let mut desk = desk(50);
    desk.keys("/error\n");
    assert_eq!(desk.picked(), "ERROR 43");
    assert!(desk.app.view.logs.end.is_some(), "it does not scroll away");
    let tally = desk.app.logs.tally(
        desk.app.view.logs.search.as_ref().unwrap(),
        &desk.app.view.logs.lens,
        desk.app.view.logs.pick,
    );
    assert_eq!((tally.until, tally.lines, tally.complete), (5, 5, true));
    desk.keys("NN");
    assert_eq!(desk.picked(), "ERROR 23");
    assert!(desk.shown().contains(&"ERROR 23".to_owned()));
    desk.keys("n");
    assert_eq!(desk.picked(), "ERROR 33");
    desk.keys("nn");
    assert_eq!(
        (desk.picked().as_str(), desk.notice()),
        ("ERROR 3", "no more matches this way: from the oldest again")
    );
    desk.keys("\u{1b}");
    assert_eq!(desk.app.view.logs.search, None);
    desk.keys("n");
    assert!(desk.notice().starts_with("nothing is sought"), "{}", desk.notice());
}

#[test]
fn letters_are_typed_and_a_bad_expression_is_explained_meanwhile() {
    let mut desk = desk(20);
    desk.keys("/K(q");
    let Some(Overlay::Log(Asked::Text(prompt))) = &desk.app.view.overlay else {
        panic!("{:?}", desk.app.view.overlay);
    };
    assert_eq!(prompt.text, "K(q");
    assert!(
        prompt.problem.as_ref().unwrap().contains("unclosed group"),
        "{prompt:?}"
    );
    desk.keys("\n");
    assert!(desk.app.view.overlay.is_some(), "it is not taken");
    desk.event(Event::Paste(")|err\u{1b}[31m\nor".to_owned()));
    desk.keys("\n");
    assert_eq!(desk.app.view.logs.search.as_ref().unwrap().text(), "K(q)|err or");
    assert_eq!(desk.notice(), "no line with K(q)|err or");
    let search = desk.app.view.logs.search.clone();
    desk.keys("/line\u{1b}");
    assert_eq!(
        (&desk.app.view.logs.search, &desk.app.view.overlay),
        (&search, &None),
        "given up"
    );
}

#[test]
fn a_filter_leaves_matches_and_their_context_and_says_so_through_the_lens() {
    let mut desk = desk(30);
    desk.keys("&ERROR\n");
    assert_eq!(desk.shown(), ["ERROR 3", "ERROR 13", "ERROR 23"]);
    desk.keys("A");
    assert!(
        desk.shown().contains(&"line 19".to_owned()),
        "two lines of the same container around: {:?}",
        desk.shown()
    );
    desk.keys("AAA!13\n");
    assert_eq!(desk.shown(), ["ERROR 3", "ERROR 23"]);
    let counts = desk.app.logs.counts(&desk.app.view.logs.lens);
    assert_eq!((counts.kept, counts.matches.unwrap().lines), (30, 2));
    desk.keys("&\n");
    assert_eq!(
        desk.app.view.logs.lens.matching.as_ref().unwrap().text(),
        "ERROR",
        "it may be edited"
    );
    desk.keys("&");
    for _ in 0..5 {
        desk.press(KeyCode::Backspace);
    }
    desk.keys("\n");
    assert_eq!(desk.app.view.logs.lens.matching, None);
    desk.keys("LL");
    assert_eq!(desk.shown(), ["ERROR 3", "ERROR 23"], "errors and worse");
    desk.keys("LL");
    assert_eq!(desk.app.view.logs.lens.least, Level::Debug);
}

#[test]
fn containers_are_chosen_by_letters() {
    let mut desk = desk(6);
    let all = desk.app.log_containers();
    let place = all.iter().position(|name| name.as_str() == "pg-slave").unwrap();
    let letter = super::letter(place).unwrap();
    desk.keys(&format!("c{letter}\u{1b}"));
    assert_eq!(desk.shown(), ["line 0", "line 2", "line 4"]);
    desk.keys(&format!("c{}\n", letter.to_ascii_uppercase()));
    assert_eq!(desk.app.view.logs.only().unwrap().as_str(), "pg-slave");
    desk.keys("c0\n");
    assert_eq!(desk.app.view.logs.lens.containers, None);
    desk.keys(&format!("c{}{letter}\n", letter.to_ascii_uppercase()));
    assert_eq!(
        desk.app.view.logs.lens.containers, None,
        "none of them would be no view"
    );
}

#[test]
fn a_selection_copies_the_text_alone() {
    let mut desk = desk(40);
    desk.keys("Vkk");
    assert_eq!(desk.keys("y"), [Effect::Copy("line 37\nline 38\nline 39\n".to_owned())]);
    assert_eq!(desk.notice(), "3 lines sent to the terminal's clipboard");
    assert_eq!(desk.app.view.logs.anchor, None);
    assert_eq!(
        desk.keys("y"),
        [Effect::Copy("line 37".to_owned())],
        "the line pointed at"
    );
    desk.keys("Vg");
    assert!(
        desk.shown().contains(&"line 0".to_owned()),
        "the view goes along: {:?}",
        desk.shown()
    );
    desk.keys("\u{1b}");
    assert_eq!(desk.app.view.logs.anchor, None, "left");
    let long = "x".repeat(MOST_COPIED / 3);
    let mut desk = Desk::with(&[long.as_str(); 5]);
    desk.keys("Vg");
    let effects = desk.keys("y");
    assert!(matches!(effects.as_slice(), [Effect::Copy(text)] if text.len() <= MOST_COPIED + 2));
    assert!(
        desk.notice().starts_with("only the first 2 lines copied"),
        "{}",
        desk.notice()
    );
}

#[test]
fn marks_bring_back_and_back_again() {
    let mut desk = desk(60);
    desk.keys("'");
    assert!(desk.notice().starts_with("no line is marked"));
    desk.keys("kkma");
    desk.keys("g");
    assert_eq!(desk.shown().first().unwrap(), "line 0");
    desk.keys("'a");
    assert_eq!(desk.picked(), "line 57");
    assert!(desk.shown().contains(&"line 57".to_owned()));
    desk.keys("''");
    assert!(desk.shown().contains(&"line 8".to_owned()), "{:?}", desk.shown());
    desk.keys("'z");
    assert_eq!(desk.notice(), "no line is marked z");
    desk.keys("m\u{1b}m/");
    assert_eq!(desk.app.view.overlay, None);
    assert_eq!(desk.notice(), "a mark is a letter or a digit");
}

#[test]
fn a_file_is_named_asked_for_and_never_replaced_unasked() {
    let mut desk = desk(5);
    desk.keys("S");
    let Some(Overlay::Log(Asked::Text(prompt))) = &desk.app.view.overlay else {
        panic!("{:?}", desk.app.view.overlay);
    };
    let name = prompt.text.clone();
    assert!(
        name.starts_with("pgherd-") && name.contains("Z.log") && !name.contains('/'),
        "{name}"
    );
    desk.press(KeyCode::Tab);
    let save = Save {
        file: name.clone(),
        everything: true,
        replace: false,
    };
    assert_eq!(desk.keys("\n"), [Effect::Save(save.clone())]);
    desk.event(Event::Saved(Saved::Exists(save.clone())));
    assert!(desk.keys("xq\n").is_empty(), "only yes is yes");
    assert_eq!(
        desk.keys("y"),
        [Effect::Save(Save {
            replace: true,
            ..save.clone()
        })]
    );
    desk.event(Event::Saved(Saved::Written {
        file: "/tmp/x".to_owned(),
        lines: 5,
    }));
    assert_eq!(desk.notice(), "5 lines written to /tmp/x");
    desk.event(Event::Saved(Saved::Exists(save)));
    assert!(desk.keys("n").is_empty());
    assert_eq!(desk.app.view.overlay, None);
}

#[test]
fn letters_of_the_pane_are_those_of_the_main_screen_elsewhere() {
    let mut desk = desk(5);
    desk.keys("tb");
    assert_eq!((desk.app.view.logs.clock, desk.app.view.logs.wrap), (Clock::Utc, true));
    desk.keys("ttt");
    assert_eq!(desk.app.view.logs.clock, Clock::Local);
    desk.keys("o");
    desk.keys("t");
    assert!(
        matches!(desk.app.view.overlay, Some(Overlay::Znodes { .. })),
        "the program's own log has no such keys"
    );
    desk.keys("\u{1b}o");
    desk.app.view.focus = Pane::Members;
    desk.keys("n");
    assert!(matches!(desk.app.view.overlay, Some(Overlay::Note(_))));
}

#[test]
fn a_change_leads_to_the_lines_around_it_and_escape_back() {
    let mut desk = desk(20);
    let facts = desk.world.kill(LEADER);
    (desk.app.cluster, desk.app.now) = (desk.world.cluster.clone(), desk.world.now);
    desk.app.tell_facts(facts);
    desk.app.view.focus = Pane::Changes;
    desk.keys("\n");
    assert_eq!((desk.app.view.focus, desk.app.view.zoomed), (Pane::Logs, true));
    assert!(desk.app.view.logs.around.is_some());
    desk.keys("\u{1b}");
    assert_eq!((desk.app.view.focus, desk.app.view.zoomed), (Pane::Changes, false));
}

#[test]
fn the_mouse_is_the_terminals_until_it_is_asked_for() {
    let mut desk = desk(40);
    assert_eq!(desk.keys("M"), [Effect::Mouse(true)]);
    desk.app.view.focus = Pane::Members;
    let pane = Some(Pane::Logs);
    desk.event(Event::Wheel { pane, back: true });
    assert_eq!(
        (desk.app.view.focus, desk.shown().last().unwrap().as_str()),
        (Pane::Members, "line 36")
    );
    let line = desk.app.view.logs.end;
    desk.event(Event::Click { pane: Pane::Logs, line });
    assert_eq!((desk.app.view.focus, desk.picked().as_str()), (Pane::Logs, "line 36"));
    desk.event(Event::Wheel { pane, back: false });
    assert_eq!(desk.app.view.logs.end, None, "at the newest it follows again");
    desk.keys("?");
    desk.event(Event::Click {
        pane: Pane::Members,
        line: None,
    });
    assert_eq!(desk.app.view.focus, Pane::Logs, "not through what covers it");
    assert_eq!(desk.keys("\u{1b}M"), [Effect::Mouse(false)]);
}
