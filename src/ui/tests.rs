//! Frames of whole situations, with their styles. The snapshots lie beside this file.

mod asked;
mod extremes;
mod operating;
mod picture;
mod reading;
mod stage;

use std::time::Duration;

use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::style::Color;

use self::picture::{frame, picture, texts};
use self::stage::Stage;
use super::{Look, Theme, draw_recording};
use crate::app::Notice;
use crate::app::page::Spot;
use crate::app::palette::{Kind, Palette};
use crate::app::playback::Playback;
use crate::app::view::{Overlay, Pane, Subject};
use crate::model::act::ContainerAct;
use crate::model::fixture::REPLICA;
use crate::model::operation::Outcome;

macro_rules! snapshots {
    ($($name:ident: $stage:expr, $sizes:expr;)*) => {
        $(#[test]
        fn $name() {
            let stage: Stage = $stage;
            for (width, height) in $sizes {
                let frame = stage.frame(width, height);
                insta::assert_snapshot!(format!("{}_{width}x{height}", stringify!($name)), picture(&frame));
            }
        })*
    };
}

snapshots! {
    healthy: Stage::healthy(), [(40, 10), (80, 24), (120, 40), (200, 50)];
    leader_killed: Stage::killed(8), [(60, 16), (80, 24), (120, 40)];
    no_leader: Stage::leaderless(), [(80, 24), (120, 40)];
    new_leader: Stage::failed_over(), [(80, 24), (120, 40), (200, 50)];
    everything_silent: Stage::silent(), [(80, 24), (120, 40)];
    nothing_found: Stage::nothing(), [(80, 24)];
    question: Stage::healthy().ask(ContainerAct::Kill), [(80, 24)];
    question_changed: Stage::changed(), [(80, 24)];
    details_of_member: Stage::failed_over().with(details(REPLICA)), [(120, 40)];
    details_of_container: Stage::failed_over().with(Overlay::Details { subject: Subject::Container("pg-master".into()), scroll: 0 }), [(80, 24)];
    failover_in_full: Stage::failed_over().page(Spot::Story(0)), [(80, 24), (120, 40)];
    failover_probed: Stage::probed(), [(80, 24), (120, 40), (200, 50)];
    failover_probed_in_full: Stage::probed().page(Spot::Story(0)), [(120, 40)];
    failover_facts: Stage::failed_over().page(Spot::Fact(9)), [(80, 24), (120, 40)];
    failovers_past: Stage::failed_over().page(Spot::Past(None)), [(80, 24), (120, 40)];
    no_failover_yet: Stage::healthy().page(Spot::Story(0)), [(80, 24)];
    question_typed: Stage::healthy().typing(), [(80, 24), (120, 40)];
    faults: Stage::healthy().faulty().with(Overlay::Faults { selected: 1 }), [(80, 24), (120, 40)];
    fault_in_header: Stage::healthy().faulty(), [(80, 24), (120, 40)];
    leaving: Stage::healthy().faulty().with(Overlay::Leaving), [(80, 24)];
    menu_of_acts: Stage::healthy().with(Overlay::Palette(Palette { selected: 6, kind: Kind::Acts, ..Palette::default() })), [(80, 24), (120, 40)];
    menu_of_operations: Stage::healthy().keys("X"), [(80, 24), (120, 40)];
    operation_asked: Stage::healthy().keys("Xswitchover postgresql1\n"), [(80, 24), (120, 40)];
    operation_running: Stage::healthy().operating(None), [(80, 24), (120, 40)];
    operation_refused: Stage::healthy().operating(Some(Outcome::Refused("postgresql1 leads now".to_owned()))), [(80, 24), (120, 40)];
    palette: Stage::healthy().with(Overlay::Palette(Palette { text: "zook".to_owned(), ..Palette::default() })), [(80, 24), (120, 40)];
    note: Stage::killed(8).noting(), [(80, 24)];
    finding: Stage::misconfigured(), [(60, 16), (80, 24), (120, 40)];
    audit_list: Stage::audited(), [(80, 24), (120, 40)];
    findings: Stage::misconfigured().with(Overlay::Findings(0)), [(80, 24), (120, 40)];
    details_of_store: Stage::healthy().with(Overlay::Details { subject: Subject::Container("zoo".into()), scroll: 900 }), [(80, 24)];
    znode_browser: Stage::healthy().with(Overlay::Znodes { selected: "config".to_owned(), scroll: 0 }), [(80, 24)];
    help: Stage::healthy().with(Overlay::Help(0)), [(80, 24)];
    check_asked: Stage::healthy().asked_to_check(), [(80, 24)];
    check_running: Stage::healthy().checked(false), [(80, 24)];
    check_failed: Stage::healthy().checked(true), [(60, 16), (120, 40)];
    logs_zoomed: Stage::healthy().zoom(Pane::Logs), [(80, 24), (200, 50)];
    logs_searched: Stage::healthy().reading("/lock\nN"), [(80, 24), (200, 50)];
    logs_filtered: Stage::healthy().reading("&lock\nA"), [(80, 24), (200, 50)];
    logs_selected: Stage::healthy().reading("Vkk"), [(80, 24), (200, 50)];
    logs_broken: Stage::healthy().reading("btt"), [(80, 24), (200, 50)];
    logs_among_changes: Stage::failed_over().reading("x"), [(80, 24), (200, 50)];
    logs_containers: Stage::healthy().reading("c"), [(80, 24), (200, 50)];
    logs_prompt: Stage::healthy().reading("&lock("), [(80, 24), (200, 50)];
    logs_saving: Stage::healthy().reading("S"), [(80, 24), (200, 50)];
    logs_older: Stage::healthy().unread().reading("gO"), [(80, 24), (200, 50)];
    logs_of_one: Stage::healthy().reading("cA\n"), [(80, 24), (200, 50)];
    logs_excluded: Stage::healthy().reading("!DOWN\n"), [(80, 24), (200, 50)];
    logs_serious: Stage::healthy().reading("LL"), [(80, 24), (200, 50)];
    logs_panned: Stage::healthy().reading("→→"), [(80, 24), (200, 50)];
    logs_line: Stage::healthy().reading("kk\n"), [(80, 24), (200, 50)];
    logs_marks: Stage::healthy().reading("ma'"), [(80, 24), (200, 50)];
    logs_oldest: Stage::healthy().reading("g"), [(80, 24), (200, 50)];
    logs_coloured: Stage::coloured(), [(80, 24), (200, 50)];
    containers_focused: Stage::failed_over().focus(Pane::Containers), [(80, 24)];
    proxy_focused: Stage::killed(12).focus(Pane::Proxy), [(80, 24)];
}

fn details(member: &str) -> Overlay {
    Overlay::Details {
        subject: Subject::Member(member.into()),
        scroll: 0,
    }
}

#[test]
fn without_colours_everything_is_still_said() {
    let frame = frame(&Stage::killed(8).app, "mono", 80, 24);
    assert!(
        frame
            .content
            .iter()
            .all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset))
    );
    let text = texts(&frame);
    for said in [
        "✗ DISAGREE",
        "free in 23 s at the latest",
        "PostgreSQL 1/2 ✗ 8 s",
        "▶ Members",
        ">postgresql0",
        "exited 137",
    ] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
}

#[test]
fn a_clock_that_was_set_is_said_as_long_as_the_run_goes_on() {
    let stage = Stage::clock_set();
    let text = texts(&stage.frame(120, 40));
    for said in [
        " CLOCK SET ",
        "! finding     clock set back by 3600.0 s: times of this run are not valid",
        "clock set back by 3600.0 s: times n",
    ] {
        assert!(text.contains(said), "{said}:\n{text}");
    }
}

#[test]
fn the_lock_counts_down_and_says_when_it_is_overdue() {
    let line = |seconds| {
        texts(&Stage::killed(seconds).frame(120, 40))
            .lines()
            .nth(5)
            .unwrap()
            .trim()
            .to_owned()
    };
    assert_eq!(
        line(0),
        "✗ lock        postgresql0, down, session 30 s: free in 31 s at the latest (20:01:17)"
    );
    assert_eq!(
        line(30),
        "✗ lock        postgresql0, down, session 30 s: free in 1 s at the latest (20:01:17)"
    );
    assert_eq!(
        line(35),
        "✗ lock        postgresql0, down: overdue for 3 s, session 30 s (= ttl)"
    );
}

#[test]
fn what_just_happened_takes_the_place_of_the_hints() {
    let mut stage = Stage::healthy();
    let last = |stage: &Stage| texts(&stage.frame(80, 24)).lines().last().unwrap().trim().to_owned();
    assert!(
        last(&stage).starts_with("pg-master: s stop  K kill"),
        "{}",
        last(&stage)
    );
    assert!(last(&stage).ends_with("? help  q quit"));
    stage.app.options.read_only = true;
    assert!(!last(&stage).contains("kill"), "{}", last(&stage));
    stage.app.acting = Some("stop pg-master …".to_owned());
    assert!(last(&stage).starts_with("… stop pg-master …"));
    let until = stage.app.now.plus(Duration::from_secs(8));
    stage.app.notice = Some(Notice {
        text: "read-only: kill is refused".to_owned(),
        bad: true,
        until,
    });
    assert_eq!(last(&stage), "✗ read-only: kill is refused");
}

#[test]
fn agreement_says_when_not_all_were_asked() {
    let line = |stage: &Stage| texts(&stage.frame(120, 40)).lines().nth(4).unwrap().trim().to_owned();
    let mut stage = Stage::healthy();
    assert_eq!(line(&stage), "✓ agree       postgresql0 leads");
    stage.app.cluster.sql.clear();
    assert_eq!(line(&stage), "✓ 3 of 4 agree postgresql0 leads");
    stage.app.cluster.proxies.clear();
    stage.app.cluster.targets.proxies.clear();
    assert_eq!(line(&stage), "✓ 2 of 3 agree postgresql0 leads");
}

#[test]
fn a_long_value_of_a_znode_scrolls_to_its_end() {
    let mut stage = Stage::healthy();
    let dcs = stage.app.cluster.dcs.as_mut().unwrap();
    let config = dcs.value.nodes.iter_mut().find(|node| node.path == "config").unwrap();
    config.value = "another line\n".repeat(99) + "the last line";
    let mut shown = |scroll| {
        let selected = "config".to_owned();
        stage.app.view.overlay = Some(Overlay::Znodes { selected, scroll });
        texts(&stage.frame(80, 24))
    };
    let first = shown(0);
    assert!(
        !first.contains("the last line") && first.contains("more lines: pgup pgdn"),
        "{first}"
    );
    let last = shown(2_000);
    assert!(
        last.contains("the last line") && last.contains("↓ 0 more lines"),
        "{last}"
    );
}

#[test]
fn lines_of_a_container_that_was_removed_keep_its_name() {
    let mut stage = Stage::healthy();
    stage.app.cluster.containers.as_mut().unwrap().value.clear();
    stage.app.view.focus = Pane::Logs;
    stage.app.view.zoomed = true;
    assert!(texts(&stage.frame(120, 40)).contains(" postgres_entrypoint "));
}

#[test]
fn a_scroll_past_the_end_shows_the_last_page() {
    let mut stage = Stage::failed_over();
    stage.app.view.changes_back = 10_000;
    stage.app.view.focus = Pane::Changes;
    assert!(texts(&stage.frame(80, 24)).contains("SIGKILL sent"));
    stage.app.view.overlay = Some(Overlay::Help(2_000));
    assert!(texts(&stage.frame(80, 24)).contains("lag: 0, from 1 B"));
}

#[test]
fn a_recording_says_that_it_is_one_in_every_frame() {
    let stage = Stage::killed(8);
    let now = stage.app.now;
    let playback = Playback {
        name: "my_cluster-20261122T191751Z.pgherd".to_owned(),
        begins: now.minus(Duration::from_secs(30)),
        ends: now.plus(Duration::from_secs(90)),
        at: now,
        speed: 1,
        ..Playback::default()
    };
    let paused = Playback {
        paused: true,
        own_view: true,
        speed: 10,
        ..playback.clone()
    };
    let over = Playback {
        at: playback.ends,
        flaw: Some("it was cut off: the last moments are missing".to_owned()),
        notice: Some("this is a recording: nothing can be done to it".to_owned()),
        ..playback.clone()
    };
    let mut said = stage.app.clone();
    said.acting = Some("kill pg-master …".to_owned());
    let look = Look {
        theme: Theme::named("dark").unwrap(),
        zone: TimeZone::UTC,
    };
    let mut rows = String::new();
    for (app, playback) in [(&stage.app, &playback), (&said, &paused), (&stage.app, &over)] {
        for (width, height) in [(60, 17), (80, 24), (140, 41)] {
            let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
            terminal
                .draw(|frame| {
                    draw_recording(frame, app, playback, &look);
                })
                .unwrap();
            let buffer = terminal.backend().buffer();
            let screen: Vec<String> = (0..height)
                .map(|row| (0..width).map(|column| buffer[(column, row)].symbol()).collect())
                .collect();
            assert!(screen.last().unwrap().contains("RECORDING"));
            assert!(screen.concat().contains("postgresql0"), "the screen is there");
            for row in screen.iter().rev().take(2).rev() {
                rows += row.trim_end();
                rows.push('\n');
            }
        }
    }
    insta::assert_snapshot!("recording", rows);
}
