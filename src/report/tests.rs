//! Reports of the simulated cluster: the whole text, the schema's fields, XML that parses, and what outside text may do.

mod played;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use serde_json::Value;

use played::Played;

use super::{Matter, Report, json, markdown, of, svg};
use crate::model::clock::StepKind;
use crate::model::fixture::{BEGIN, LEADER, REPLICA};
use crate::model::ledger::Judgement;
use crate::model::log::Level;
use crate::model::probe::{Class, Clients, Lane, Outage, Outcome, Seen};

/// Without what differs from version to version.
fn text(report: &Report) -> String {
    markdown(report, Some("waterfall.svg")).replace(env!("CARGO_PKG_VERSION"), "[version]")
}

#[test]
fn a_kill_as_it_is_handed_in() {
    insta::assert_snapshot!(text(&Played::killed().report()));
}

#[test]
fn a_freeze_that_nothing_came_of() {
    insta::assert_snapshot!(text(&Played::nothing().report()));
}

#[test]
fn one_that_goes_on_says_so() {
    let mut played = Played::healthy();
    let facts = played.world.kill(LEADER);
    played.take(facts);
    played.pass(8);
    let report = played.report();
    assert_eq!((report.episode.verdict, report.episode.ended.is_none()), (None, true));
    assert!(report.outage.is_none() && report.phases.iter().any(|phase| phase.to.is_none()));
    let text = text(&report);
    for said in ["open: it goes on", "goes on", "so far 8.", "and no end"] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(svg(&report).contains("s so far"));
}

#[test]
fn each_state_has_its_moment_and_shows_it() {
    let report = Played::killed().report();
    let moments: Vec<_> = report.states.iter().map(|state| state.moment).collect();
    assert_eq!(
        moments,
        ["before", "struck", "lock free", "lock taken", "writable", "over"]
    );
    let row = |moment: &str, member: usize| {
        let state = report.states.iter().find(|state| state.moment == moment).unwrap();
        let member = &state.members[member];
        (member.role, member.state.clone(), state.containers[0].exit_code)
    };
    assert_eq!(row("before", 0), ("Leader", "running".to_owned(), None));
    assert_eq!(row("struck", 0), ("Leader", "exited 137".to_owned(), Some(137)));
    assert_eq!(row("lock free", 0).0, "was Leader");
    assert_eq!(row("lock taken", 1).0, "Leader");
    assert_eq!(row("over", 0), ("Replica", "streaming".to_owned(), None));
    assert!(report.states[0].at.offset_s < 0.0 && report.states[0].at.offset_s > -2.5);
    assert_eq!(report.states[0].members[1].receive_lag, Some(0));
    assert_eq!(report.states[0].containers[0].ports, "0.0.0.0:5433->5432/tcp, 8008/tcp");
}

#[test]
fn the_schema_is_what_its_version_promises() {
    let document: Value = serde_json::from_str(&json(&Played::killed().report()).unwrap()).unwrap();
    assert_eq!(
        (document["schema"].as_str(), document["version"].as_u64()),
        (Some("pgherd.episode"), Some(1))
    );
    let mut paths = BTreeSet::new();
    fields(&document, "", &mut paths);
    let paths: Vec<String> = paths.into_iter().collect();
    insta::assert_snapshot!(paths.join("\n"));
    assert_eq!(document["episode"]["began"]["offset_s"], 0.0);
    let at: jiff::Timestamp = document["episode"]["began"]["at"].as_str().unwrap().parse().unwrap();
    assert!(at.as_microsecond() > BEGIN.micros());
}

/// Every field of a document and the kind of its value; lists as their elements.
fn fields(value: &Value, path: &str, paths: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => {
            for (name, value) in map {
                fields(value, &format!("{path}.{name}"), paths);
            }
        }
        Value::Array(list) => {
            for value in list {
                fields(value, &format!("{path}[]"), paths);
            }
        }
        Value::Null => {
            paths.insert(format!("{path} null"));
        }
        Value::Bool(_) => {
            paths.insert(format!("{path} bool"));
        }
        Value::Number(_) => {
            paths.insert(format!("{path} number"));
        }
        Value::String(_) => {
            paths.insert(format!("{path} text"));
        }
    }
}

#[test]
fn the_waterfall_is_xml_with_a_bar_and_a_band_for_each_phase() {
    let report = Played::killed().report();
    let text = svg(&report);
    insta::assert_snapshot!(text);
    let document = roxmltree::Document::parse(&text).unwrap();
    let bars = |class: &str| {
        let rects = document.descendants().filter(|node| node.has_tag_name("rect"));
        rects
            .filter(|node| {
                node.attribute("class")
                    .unwrap_or_default()
                    .split(' ')
                    .any(|part| part == class)
            })
            .filter_map(|node| node.children().find(|child| child.has_tag_name("title"))?.text())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    for phase in &report.phases {
        assert!(
            bars("bar").iter().any(|title| title.starts_with(phase.name)),
            "{}",
            phase.name
        );
    }
    let predicted = report.phases.iter().filter(|phase| phase.predicted.is_some()).count();
    assert_eq!(bars("band").len(), predicted);
    assert!(bars("most")[0].contains("ended by: ZooKeeper postgresql0 lost the lock: it is free"));
    for node in document.descendants().filter(|node| node.has_tag_name("rect")) {
        let number = |name: &str| node.attribute(name).map_or(0.0, |value| value.parse::<f64>().unwrap());
        assert!(number("x") >= 0.0 && number("x") + number("width") <= 960.0 && number("width") > 0.0);
    }
}

#[test]
fn what_clients_saw_and_lost_is_in_it() {
    let played = Played::killed();
    let mut episode = played.app.chronicle.last().unwrap().clone();
    let fault = episode.timeline(played.app.now).fault.at;
    let at = |millis: u64| fault.plus(Duration::from_millis(millis));
    episode.clients = Some(Clients {
        lanes: vec![Seen {
            lane: Lane::Write,
            counts: [
                (Outcome::Acknowledged, 310),
                (Outcome::Failed(Class::Closed), 12),
                (Outcome::Unknown(Class::ReplyTimeout), 1),
            ]
            .into(),
            outages: vec![Outage {
                before: Some((at(90), at(95))),
                first: at(100),
                last: at(27_300),
                after: Some((at(27_500), at(27_510))),
                failed: 13,
            }],
            stretches: Vec::new(),
        }],
        judgement: Some(Judgement {
            at: at(30_000),
            judged: 310,
            lost: vec![17, 18],
            taken: 0,
            recovered: 1,
            absent: 0,
            unexpected: 0,
            hole: false,
            readings: vec![("postgresql1".to_owned(), 2)],
        }),
        stepped: None,
    });
    let report = of(&played.app, &episode);
    assert!(
        report.summary.contains("2 of 310 acknowledged writes lost"),
        "{}",
        report.summary
    );
    let text = text(&report);
    for said in [
        "| writes | 310 | 12 connection closed | 1 no reply in time | +0.10 to +27.51 (13 failed) |",
        "Rows read back at 20:00:33.000, +30.00 s from postgresql1: 310 looked for, 2 lost",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    let document: Value = serde_json::from_str(&json(&report).unwrap()).unwrap();
    let clients = &document["clients"];
    assert_eq!(
        (clients["probed"].as_bool(), &clients["ledger"]["lost"]),
        (Some(true), &serde_json::json!([17, 18]))
    );
    assert_eq!(clients["lanes"][0]["unknown"]["no reply in time"], 1);
    roxmltree::Document::parse(&svg(&report)).unwrap();
}

#[test]
fn a_clock_that_was_set_is_said_in_every_form() {
    let mut played = Played::killed();
    let valid: Value = serde_json::from_str(&json(&played.report()).unwrap()).unwrap();
    assert_eq!(valid["episode"]["invalid"], Value::Null);
    played.pass(200);
    let facts = played.world.step(StepKind::SetForward);
    played.take(facts);
    let facts = played.world.kill(REPLICA);
    played.take(facts);
    let report = of(&played.app, played.app.chronicle.last().unwrap());
    let why = "Not valid: clock set forward by 3600.0 s";
    assert!(
        report.summary.contains("NOT VALID, clock set forward by 3600.0 s"),
        "{}",
        report.summary
    );
    assert!(text(&report).contains(&format!("| Times | {why}")), "{}", text(&report));
    assert!(svg(&report).contains(why), "{}", svg(&report));
    let document: Value = serde_json::from_str(&json(&report).unwrap()).unwrap();
    assert!(document["episode"]["invalid"].as_str().unwrap().starts_with(why));
}

#[test]
fn no_password_is_in_it() {
    let report = Played::killed().report();
    for text in [text(&report), json(&report).unwrap(), svg(&report)] {
        assert!(!text.contains("s3cret"));
    }
    assert!(text(&report).contains("password=***"));
}

#[test]
fn a_flood_of_lines_is_bounded_and_said() {
    let mut played = Played::killed();
    let at = played.world.now;
    played.world.now = BEGIN.plus(Duration::from_secs(10));
    for line in 0..8_000 {
        // Different words each time, so that none stands for another.
        let word: String = format!("{line:04}")
            .bytes()
            .map(|digit| char::from(digit + 49))
            .collect();
        played.log("chatty", Level::Warning, &format!("WARNING: {word} {}", "x".repeat(60)));
    }
    played.world.now = at;
    let begun = Instant::now();
    let matter = Matter::of(&played.app, played.app.chronicle.last().unwrap());
    println!("taken out of the state in {:?}", begun.elapsed());
    let report = matter.report();
    println!("gathered from 8000 lines in {:?}", begun.elapsed());
    assert_eq!(report.logs.lines.len(), 60);
    assert!(report.logs.left_out > 7_900);
    assert!(
        report
            .logs
            .lines
            .iter()
            .any(|line| line.text.contains("promoted self to leader"))
    );
    let repeated = Played::killed().report();
    assert!(
        repeated.logs.lines.iter().any(|line| line.count == 5),
        "{:?}",
        repeated.logs
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn any_text_from_outside_stays_text(hostile in "[a-z<>&|`\"'\\]\\[_*#\u{e9}\u{6f22}\u{fffe} ]{1,24}") {
        let mut played = Played::killed();
        played.log(&hostile, Level::Error, &hostile);
        let mut report = played.report();
        report.episode.title.clone_from(&hostile);
        for fact in &mut report.facts {
            fact.subject = Some(hostile.clone());
        }
        for state in &mut report.states {
            state.members[0].name.clone_from(&hostile);
        }
        let picture = svg(&report);
        let parsed = roxmltree::Document::parse(&picture);
        prop_assert!(parsed.is_ok(), "{parsed:?}");
        let text = markdown(&report, None);
        // Outside of its blocks no line has a tag, and each row of the timeline its cells.
        let rows = text.lines().filter(|line| line.starts_with("| 2") && line.contains(" | PostgreSQL | "));
        for row in rows {
            prop_assert_eq!(row.matches('|').count(), 7, "{}", row);
            prop_assert!(!row.contains('<'), "{}", row);
        }
    }
}
