//! What the store promises, by example.

use super::*;

pub(super) fn line(container: &str, millis: i64, text: &str) -> LogLine {
    LogLine {
        at: Timestamp::from_millis(millis),
        container: container.into(),
        stderr: false,
        level: Level::Info,
        text: text.to_owned(),
    }
}

fn texts(rows: &[Shown<'_>]) -> Vec<String> {
    rows.iter().map(|row| row.line.text.to_owned()).collect()
}

#[test]
fn merges_by_time_and_pages_without_moving() {
    let (mut store, all) = (LogStore::default(), Lens::default());
    for (container, at, text) in [
        ("a", 1, "a1"),
        ("a", 4, "a4"),
        ("b", 2, "b2"),
        ("b", 3, "b3"),
        ("a", 3, "a3 late"),
    ] {
        store.push(line(container, at, text));
    }
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
    assert!(chatty.dropped > 20, "{chatty:?}");
    assert_eq!((counts("quiet").kept, counts("quiet").dropped), (1, 0));
}
