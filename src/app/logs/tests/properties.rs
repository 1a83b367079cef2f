//! Any lines, in any order, through any lens: the store and the naive list agree.

use proptest::prelude::*;

use super::super::{Found, Lens, Line, LogStore, Pattern, Position, Shown};
use super::naive::{Naive, Row, place};
use crate::model::log::{Level, LogLine, Span, Style};
use crate::model::time::Timestamp;

/// What happens to a store.
#[derive(Clone, Debug)]
enum Act {
    Push(LogLine),
    /// So many at once: chunks close and are dropped.
    Flood(LogLine, usize),
    Prepend(usize, Vec<LogLine>),
    Hold,
    Scan(usize),
    /// Looks elsewhere, and comes back to the lines of that time.
    Return(i64),
    /// Through a record and back.
    Restore,
}

const CONTAINERS: [&str; 3] = ["a", "b", "c"];
const LIMIT: usize = 150 << 10;

fn span(end: u32) -> Span {
    let style = Style {
        bold: true,
        ..Style::default()
    };
    Span { start: 0, end, style }
}

fn a_line() -> impl Strategy<Value = LogLine> {
    let text = prop_oneof![
        4 => "no action [0-9]{1,2}",
        2 => "ERROR (lock|disk) [0-9]",
        1 => "[a-c]{0,3}",
        1 => Just("API thread: 127.0.0.1 - - \"GET /patroni HTTP/1.1\" 200 -".to_owned()),
    ];
    let level = prop::sample::select(vec![Level::Debug, Level::Info, Level::Warning, Level::Fatal]);
    (0_usize..3, -20_i64..40, any::<bool>(), level, text).prop_map(|(container, at, stderr, level, text)| LogLine {
        at: Timestamp::from_millis(at),
        container: CONTAINERS[container].into(),
        stderr,
        level,
        spans: match text.len() {
            0..2 => Vec::new(),
            length => vec![span(u32::try_from(length).unwrap()); length % 3],
        },
        text,
    })
}

fn an_act() -> impl Strategy<Value = Act> {
    prop_oneof![
        30 => a_line().prop_map(Act::Push),
        1 => (a_line(), 200_usize..900).prop_map(|(line, times)| Act::Flood(line, times)),
        2 => (0_usize..3, prop::collection::vec(a_line(), 0..5)).prop_map(|(at, lines)| Act::Prepend(at, lines)),
        2 => Just(Act::Hold),
        4 => (1_usize..2_000).prop_map(Act::Scan),
        2 => (-20_i64..40).prop_map(Act::Return),
        1 => Just(Act::Restore),
    ]
}

fn a_lens() -> impl Strategy<Value = Lens> {
    let text = || {
        prop::option::of(prop::sample::select(vec![
            "lock",
            "[0-4]$",
            "a",
            "^$",
            "ERR",
            "no .*3",
            "x*",
            r"\D$",
            r"\w+ [12]",
        ]))
    };
    let containers = prop::option::of(prop::collection::btree_set(prop::sample::select(&CONTAINERS[..]), 0..3));
    let least = prop::sample::select(vec![Level::Debug, Level::Debug, Level::Info, Level::Warning]);
    (containers, least, text(), text(), 0_u8..4, any::<bool>(), any::<bool>()).prop_map(
        |(containers, least, matching, excluding, context, hide_noise, fold)| Lens {
            containers: containers.map(|names| names.into_iter().map(Into::into).collect()),
            least,
            matching: matching.map(|text| Pattern::parse(text).unwrap()),
            excluding: excluding.map(|text| Pattern::parse(text).unwrap()),
            context,
            hide_noise,
            fold,
        },
    )
}

/// Both after the same acts; the store has aimed at that lens all the while.
fn after(acts: Vec<Act>, lens: &Lens, sought: &Pattern) -> (LogStore, Naive, usize) {
    let (mut store, mut naive) = (LogStore::bounded(LIMIT), Naive::default());
    let mut received = 0;
    for act in acts {
        match act {
            Act::Push(line) => {
                received += 1;
                store.push(&line);
                naive.push(line);
            }
            Act::Flood(line, times) => {
                received += times;
                for number in 0..times {
                    let mut line = line.clone();
                    line.text = format!("{} {number:0150}", line.text);
                    store.push(&line);
                    naive.push(line);
                }
            }
            Act::Prepend(at, mut lines) => {
                for line in &mut lines {
                    line.container = CONTAINERS[at].into();
                }
                received += lines.len();
                store.prepend(&CONTAINERS[at].into(), &lines);
                naive.prepend(&CONTAINERS[at].into(), &lines);
            }
            Act::Hold => {
                store.hold();
                naive.hold();
            }
            Act::Scan(bytes) => {
                store.aim(lens, Some(sought), None);
                store.scan(bytes);
            }
            Act::Return(at) => {
                let place = store.place_of(&Lens::default(), Timestamp::from_millis(at));
                store.aim(&Lens::default(), None, None);
                store.aim(lens, Some(sought), place.map(|(position, _)| position));
            }
            Act::Restore => store = serde_json::from_str(&serde_json::to_string(&store).unwrap()).unwrap(),
        }
        naive.follow(&store);
    }
    (store, naive, received)
}

fn row(shown: &Shown<'_>) -> Row {
    (
        place(shown.position),
        shown.line.text.to_owned(),
        shown.repeats,
        shown.is_match,
    )
}

/// All rows by paging back from the newest, and by stepping forth from the oldest.
fn walked(store: &LogStore, lens: &Lens, page: usize) -> (Vec<Row>, Vec<(Timestamp, i64)>) {
    let (mut pages, mut end) = (Vec::new(), None);
    loop {
        let window = store.window(lens, end, page);
        let Some(first) = window.first() else { break };
        let before = store.moved(lens, Some(first.position), true, 1);
        pages.push(window.iter().map(row).collect::<Vec<_>>());
        if before == Some(first.position) {
            break;
        }
        end = before;
    }
    pages.reverse();
    let mut forth: Vec<Position> = store.first_page(lens, 1).into_iter().collect();
    while let Some(last) = forth.last().copied() {
        let next = store.moved(lens, Some(last), false, 1).unwrap();
        if next == last {
            break;
        }
        forth.push(next);
    }
    (pages.concat(), forth.into_iter().map(place).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn shows_what_the_naive_list_shows(
        acts in prop::collection::vec(an_act(), 0..60), lens in a_lens(), sought in prop::sample::select(vec!["lock", "[13]", "o"]), page in 1_usize..7,
    ) {
        let sought = Pattern::parse(sought).unwrap();
        let (mut store, naive, received) = after(acts, &lens, &sought);
        let counts = store.counts(&Lens::default());
        prop_assert_eq!(counts.kept as u64 + counts.dropped, received as u64);
        // Each as it came.
        for (container, ring) in &naive.rings {
            let kept = store.window(&Lens::of(Some(container)), None, usize::MAX);
            prop_assert_eq!(kept.len(), ring.len());
            for (shown, kept) in kept.iter().zip(ring) {
                let Line { at, container, stderr, level, text, spans } = shown.line;
                let (container, text, spans) = (container.clone(), text.to_owned(), spans.to_vec());
                prop_assert_eq!(&LogLine { at, container, stderr, level, text, spans }, &kept.line);
            }
        }
        let rows = naive.rows(&lens);
        // Through a lens that was not aimed at, and by a scan that ended.
        let fresh: Vec<Row> = store.clone().window(&lens, None, usize::MAX).iter().map(row).collect();
        prop_assert_eq!(&fresh, &rows);
        store.aim(&lens, Some(&sought), store.newest(&Lens::default()));
        while store.scan(500) {}
        let scanned: Vec<Row> = store.window(&lens, None, usize::MAX).iter().map(row).collect();
        prop_assert_eq!(&scanned, &rows);
        if rows.len() < 100 {
            let (paged, forth) = walked(&store, &lens, page);
            prop_assert_eq!(&paged, &rows, "each row once");
            prop_assert_eq!(forth, rows.iter().map(|row| row.0).collect::<Vec<_>>());
        }
        if let Some(tally) = store.counts(&lens).matches {
            let lines = Lens { context: 0, fold: false, ..lens.clone() };
            prop_assert_eq!((tally.lines, tally.complete), (naive.rows(&lines).len(), true));
        }
        // Places between rows, and those of dropped lines, are places too.
        for at in [-21, 0, 7, 19, 50] {
            let at = Timestamp::from_millis(at);
            let before = rows.iter().rfind(|row| row.0.0 <= at);
            let expected = before.map(|row| (row.0, true)).or(rows.first().map(|row| (row.0, false)));
            prop_assert_eq!(store.place_of(&lens, at).map(|(position, exact)| (place(position), exact)), expected);
        }
        let (places, lines) = naive.found(&sought, &lens);
        prop_assert_eq!(store.tally(&sought, &lens, None).lines, lines);
        for back in [true, false] {
            let (mut found, mut from) = (Vec::new(), None);
            while let Found::At(position) = store.find(&sought, &lens, from, back) {
                found.push(place(position));
                from = Some(position);
                if found.len() > 50 {
                    break;
                }
            }
            if back {
                prop_assert_eq!(found, places.iter().rev().take(51).copied().collect::<Vec<_>>());
            } else {
                prop_assert_eq!(found, places.iter().take(51).copied().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn what_is_shown_before_the_end_is_part_of_what_is_shown_then(
        acts in prop::collection::vec(an_act(), 0..60), lens in a_lens(), steps in 0_usize..4,
    ) {
        let sought = Pattern::parse("o").unwrap();
        let (mut store, naive, _) = after(acts, &lens, &sought);
        store.aim(&lens, Some(&sought), None);
        for _ in 0..steps {
            store.scan(1);
        }
        let lines = Lens { fold: false, ..lens.clone() };
        let rows = naive.rows(&lines);
        for shown in store.window(&lines, None, usize::MAX) {
            prop_assert!(rows.iter().any(|row| row.0 == place(shown.position)), "{shown:?}");
        }
        // A match is never skipped for one that was found earlier.
        let (places, _) = naive.found(&sought, &lens);
        match store.find(&sought, &lens, None, true) {
            Found::At(position) if !lens.fold => prop_assert_eq!(Some(&place(position)), places.last()),
            Found::Nowhere => prop_assert!(places.is_empty()),
            Found::At(_) | Found::NotYet => {}
        }
    }
}
