//! Reports of the recorded runs, as somebody would hand them in. The records hold no containers and no settings: these
//! reports say so.

use pgherd::app::App;
use pgherd::report;

use super::run;

/// The report as text, without the program's version.
fn markdown(path: &str) -> String {
    let run = run(path);
    let mut app = App::default();
    app.chronicle = run.chronicle;
    app.now = run.now;
    let report = report::of(&app, app.chronicle.last().unwrap());
    let picture = report::svg(&report);
    let picture = roxmltree::Document::parse(&picture).unwrap();
    let titles: Vec<&str> = picture
        .descendants()
        .filter(|node| node.has_tag_name("title"))
        .filter_map(|node| node.text())
        .collect();
    for phase in &report.phases {
        assert!(
            titles.iter().any(|title| title.starts_with(phase.name)),
            "{path}: {}",
            phase.name
        );
    }
    let document: serde_json::Value = serde_json::from_str(&report::json(&report).unwrap()).unwrap();
    assert_eq!(document["facts"].as_array().unwrap().len(), report.facts.len());
    report::markdown(&report, None).replace(env!("CARGO_PKG_VERSION"), "[version]")
}

#[test]
fn a_kill_is_reported() {
    insta::assert_snapshot!(markdown("p414/02_sigkill"));
}

#[test]
fn a_stop_is_reported() {
    insta::assert_snapshot!(markdown("p414/01_sigterm"));
}

#[test]
fn a_restart_in_place_is_reported() {
    insta::assert_snapshot!(markdown("p414/04_pgcrash"));
}

#[test]
fn an_outage_of_zookeeper_is_reported() {
    insta::assert_snapshot!(markdown("p302/07_zk_loss"));
}
