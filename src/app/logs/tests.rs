//! What the store promises: by example, and against a list of lines that is gone through naively.

mod naive;
mod properties;

use super::*;
use crate::model::log::Level;

fn line(container: &str, millis: i64, text: &str) -> LogLine {
    LogLine {
        at: Timestamp::from_millis(millis),
        container: container.into(),
        stderr: false,
        level: Level::Info,
        text: text.to_owned(),
        spans: Vec::new(),
    }
}

fn store(lines: &[(&str, i64, &str)]) -> LogStore {
    let mut store = LogStore::default();
    for (container, at, text) in lines {
        store.push(line(container, *at, text));
    }
    store
}

fn texts(rows: &[Shown<'_>]) -> Vec<String> {
    let text = |row: &Shown<'_>| match row.repeats {
        1 => row.line.text.to_owned(),
        repeats => format!("{} ×{repeats}", row.line.text),
    };
    rows.iter().map(text).collect()
}

fn pattern(text: &str) -> Pattern {
    Pattern::parse(text).unwrap()
}

#[test]
fn merges_by_time_and_pages_without_moving() {
    let all = Lens::default();
    let mut store = store(&[
        ("a", 1, "a1"),
        ("a", 4, "a4"),
        ("b", 2, "b2"),
        ("b", 3, "b3"),
        ("a", 3, "a3 late"),
    ]);
    assert_eq!(texts(&store.window(&all, None, 9)), ["a1", "b2", "b3", "a4", "a3 late"]);
    let late = store.window(&all, None, 1)[0].line;
    assert_eq!(late.at, Timestamp::from_millis(3), "its own stamp is kept");
    let only = Lens::of(Some(&"b".into()));
    assert_eq!(texts(&store.window(&only, None, 9)), ["b2", "b3"]);
    let back = store.moved(&all, None, true, 2);
    assert_eq!(texts(&store.window(&all, back, 2)), ["b2", "b3"]);
    store.push(line("b", 9, "b9"));
    assert_eq!(
        texts(&store.window(&all, back, 2)),
        ["b2", "b3"],
        "a new line does not move what is shown"
    );
    let forth = store.moved(&all, back, false, 1);
    assert_eq!(texts(&store.window(&all, forth, 1)), ["a4"]);
    assert_eq!(texts(&store.window(&all, store.first_page(&all, 2), 2)), ["a1", "b2"]);
}

#[test]
fn a_chatty_container_drops_only_its_own_lines_and_counts_them() {
    let mut store = LogStore::bounded(2 << 20);
    store.push(line("quiet", 0, "kept"));
    let long = "x".repeat(100_000);
    for at in 0..50 {
        store.push(line("chatty", at, &long));
    }
    let counts = |container: &str| store.counts(&Lens::of(Some(&container.into())));
    let chatty = counts("chatty");
    assert_eq!(chatty.kept as u64 + chatty.dropped, 50);
    assert!((15..=20).contains(&chatty.kept), "{chatty:?}");
    assert_eq!((counts("quiet").kept, counts("quiet").dropped), (1, 0));
}

#[test]
fn who_comes_late_gets_a_fair_share() {
    let mut store = LogStore::bounded(2 << 20);
    let fill = |store: &mut LogStore, container: &str, lines: i64| {
        for at in 0..lines {
            store.push(line(container, at, "a line of some forty letters, like others"));
        }
    };
    let kept = |store: &LogStore, container: &str| store.counts(&Lens::of(Some(&container.into()))).kept;
    fill(&mut store, "first", 100_000);
    let alone = kept(&store, "first");
    assert!(alone > 30_000, "alone it may have it all: {alone}");
    fill(&mut store, "second", 100_000);
    fill(&mut store, "modest", 5_000);
    let shares = ["first", "second", "modest"].map(|container| kept(&store, container));
    assert!(shares[0] > alone / 3 && shares[1] > alone / 3, "{shares:?}");
    assert_eq!(shares[2], 5_000);
    assert!(store.bytes() <= 2 << 20);
}

#[test]
fn repeats_are_one_row_that_does_not_grow_where_the_view_stands() {
    let lens = Lens {
        fold: true,
        ..Lens::default()
    };
    let mut store = store(&[
        ("a", 1, "no action 1"),
        ("b", 2, "b"),
        ("a", 3, "no action 2"),
        ("a", 4, "promoted"),
        ("a", 5, "no action 3"),
        ("a", 6, "no action 4"),
    ]);
    assert_eq!(
        texts(&store.window(&lens, None, 9)),
        ["b", "no action 2 ×2", "promoted", "no action 4 ×2"]
    );
    let end = store.newest(&lens);
    store.hold();
    store.push(line("a", 7, "no action 5"));
    store.push(line("a", 8, "no action 6"));
    assert_eq!(texts(&store.window(&lens, end, 1)), ["no action 4 ×2"]);
    assert_eq!(
        texts(&store.window(&lens, None, 2)),
        ["no action 4 ×2", "no action 6 ×2"]
    );
}

#[test]
fn a_run_whose_beginning_was_dropped_counts_what_is_left() {
    let lens = Lens {
        fold: true,
        ..Lens::default()
    };
    let mut store = LogStore::bounded(200 << 10);
    for at in 0..10_000 {
        store.push(line("a", at, &format!("no action. {at:090}")));
    }
    let kept = store.counts(&lens).kept;
    let rows = store.window(&lens, None, 9);
    assert_eq!((rows.len(), rows[0].repeats as usize), (1, kept));
    store.prepend(&"a".into(), &[line("a", -2, "older"), line("a", -1, "no action. 7")]);
    let rows = texts(&store.window(&lens, None, 9));
    assert_eq!(rows[..2], ["older", "no action. 7"], "{rows:?}");
    assert!(rows[2].ends_with(&format!("×{kept}")), "{rows:?}");
}

#[test]
fn a_filter_shows_its_matches_so_far_and_says_so() {
    let mut store = LogStore::default();
    for at in 0..20_000 {
        let text = if at % 1_000 == 0 { "needle" } else { "hay, a lot of it" };
        store.push(line(if at % 3 == 0 { "a" } else { "b" }, at, text));
    }
    let lens = Lens {
        matching: Some(pattern("need")),
        ..Lens::default()
    };
    store.aim(&lens, None, None);
    assert_eq!(store.window(&lens, None, 9).len(), 0);
    let before = |store: &LogStore| store.counts(&lens).matches.unwrap();
    assert!(store.scan(1));
    let so_far = before(&store);
    assert!(!so_far.complete && so_far.lines < 20, "{so_far:?}");
    assert!(so_far.lines > 0, "the newest come first: {so_far:?}");
    while store.scan(10_000) {}
    assert_eq!((before(&store).complete, before(&store).lines), (true, 20));
    store.push(line("a", 30_000, "another needle"));
    assert!(!before(&store).complete);
    assert!(!store.scan(1_000));
    assert_eq!(before(&store).lines, 21);
    let newest = store.window(&lens, None, 2);
    assert_eq!(texts(&newest), ["needle", "another needle"]);
    assert_eq!(newest[0].position.at, Timestamp::from_millis(19_000));
}

#[test]
fn context_stays_within_a_container_and_is_told_from_matches() {
    let store = store(&[
        ("a", 1, "a1"),
        ("b", 2, "b2"),
        ("a", 3, "a3"),
        ("a", 4, "ERROR"),
        ("b", 5, "b5"),
        ("a", 6, "a6"),
        ("a", 7, "a7"),
    ]);
    let lens = Lens {
        matching: Some(pattern("ERR")),
        context: 1,
        ..Lens::default()
    };
    let rows = store.window(&lens, None, 9);
    assert_eq!(texts(&rows), ["a3", "ERROR", "a6"]);
    let matches: Vec<bool> = rows.iter().map(|row| row.is_match).collect();
    assert_eq!(matches, [false, true, false]);
}

#[test]
fn a_search_goes_from_match_to_match_and_counts_them() {
    let store = store(&[
        ("a", 1, "lock"),
        ("b", 2, "other"),
        ("b", 3, "a lock"),
        ("a", 4, "none"),
        ("a", 5, "locks"),
    ]);
    let (all, lock) = (Lens::default(), pattern("lock"));
    let mut at = None;
    let mut found = Vec::new();
    while let Found::At(position) = store.find(&lock, &all, at, true) {
        found.push(position.at.micros() / 1_000);
        at = Some(position);
    }
    assert_eq!(found, [5, 3, 1]);
    let tally = store.tally(&lock, &all, store.find_position(3));
    assert_eq!((tally.lines, tally.until, tally.complete), (3, 2, true));
    assert_eq!(store.find(&pattern("LOCK"), &all, None, false), Found::Nowhere);
}

impl LogStore {
    fn find_position(&self, millis: i64) -> Option<Position> {
        let place = self.place_of(&Lens::default(), Timestamp::from_millis(millis));
        place.map(|(position, _)| position)
    }
}

#[test]
fn the_form_of_older_records_is_read() {
    let old = r#"{"rings":{"pg":{"lines":[
        {"position":{"at":5000,"arrival":1},"line":{"at":5000,"container":"pg","stderr":false,"level":"info","text":"no action 1"}},
        {"position":{"at":5000,"arrival":2},"line":{"at":4000,"container":"pg","stderr":true,"level":"error","text":"no action 2"}}
        ],"bytes":300,"dropped":7}},"arrivals":2}"#;
    let store: LogStore = serde_json::from_str(old).unwrap();
    let counts = store.counts(&Lens::default());
    assert_eq!((counts.kept, counts.dropped), (2, 7));
    let rows = store.window(&Lens::default(), None, 9);
    let last = rows[1].line;
    assert_eq!(
        (last.stderr, last.level, last.at),
        (true, Level::Error, Timestamp::from_micros(4_000))
    );
    let fold = Lens {
        fold: true,
        ..Lens::default()
    };
    assert_eq!(texts(&store.window(&fold, None, 9)), ["no action 2 ×2"]);
}

#[test]
fn a_copy_shares_the_lines() {
    let mut store = LogStore::default();
    for at in 0..50_000 {
        store.push(line(
            "a",
            at,
            &format!("a line of a hundred letters or so, and a number as well {at:050}"),
        ));
    }
    let copy = store.clone();
    store.push(line("a", 60_000, "after"));
    assert_eq!(copy.counts(&Lens::default()).kept, 50_000);
    let shared = store.rings.values().zip(copy.rings.values()).all(|(mine, its)| {
        let (mine, its) = (mine.chunks(), its.chunks());
        let pairs = mine.iter().zip(its).take(its.len() - 1);
        mine.len() > 50 && pairs.into_iter().all(|(mine, its)| std::sync::Arc::ptr_eq(mine, its))
    });
    assert!(shared);
}

#[test]
fn context_goes_beyond_older_lines_that_are_gone_through_together_with_newer_ones() {
    let lens = Lens {
        matching: Some(pattern("lock")),
        context: 1,
        ..Lens::default()
    };
    let mut store = store(&[("a", 5, "next")]);
    store.aim(&lens, None, None);
    while store.scan(1_000) {}
    store.aim(&Lens::default(), None, None);
    store.push(line("a", 6, "new"));
    store.prepend(&"a".into(), &[line("a", 1, "before"), line("a", 2, "lock")]);
    store.aim(&lens, None, store.first_page(&Lens::default(), 1));
    while store.scan(1_000) {}
    assert_eq!(texts(&store.window(&lens, None, 9)), ["before", "lock", "next"]);
}
