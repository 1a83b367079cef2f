use proptest::prelude::*;

use super::*;

#[test]
fn text_is_what_a_terminal_would_show() {
    let cases: [(&[u8], &str); 8] = [
        (b"plain\r", "plain"),
        (b"10%\r50%\r100%\r", "100%"),
        (b"  indented  ", "  indented"),
        (b"\x1b[31mred\x1b[0m", "red"),
        (b"caf\xe9", "caf\u{fffd}"),
        (b"\r", ""),
        (b"a\tb", "a b"),
        (b"postgres://u:secret@h/db", "postgres://u:***@h/db"),
    ];
    for (raw, expected) in cases {
        assert_eq!(tidy(raw).text, expected, "{raw:?}");
    }
}

#[test]
fn colours_end_with_the_text_and_give_way_to_a_hidden_password() {
    let found = tidy(b"\x1b[31mred  \x1b[32m  ");
    assert_eq!((found.text.as_str(), found.spans.len()), ("red", 1));
    assert_eq!((found.spans[0].start, found.spans[0].end), (0, 3));
    let found = tidy(b"\x1b[31mpassword=\x1b[32msecret");
    assert_eq!((found.text.as_str(), found.spans.len()), ("password=***", 0));
}

#[test]
fn a_stamp_of_its_own_is_not_said_twice() {
    let message = |text: &str| {
        let line = LogLine {
            at: Timestamp::default(),
            container: "c".into(),
            stderr: false,
            level: Level::Info,
            text: text.to_owned(),
            spans: Vec::new(),
        };
        line.message().to_owned()
    };
    assert_eq!(message("2026-11-22 19:17:51,025 INFO: no action."), "INFO: no action.");
    assert_eq!(message("2026-11-22 19:17:51.026 UTC [19] LOG:  x"), "[19] LOG:  x");
    assert_eq!(message("server promoting"), "server promoting");
}

#[test]
fn a_line_without_colours_is_written_as_before() {
    let old = r#"{"at":1,"container":"c","stderr":false,"level":"info","text":"x"}"#;
    let line: LogLine = serde_json::from_str(old).unwrap();
    assert_eq!(serde_json::to_string(&line).unwrap(), old);
    let colored = LogLine {
        spans: tidy(b"\x1b[1;38;5;9mx").spans,
        ..line
    };
    let json = serde_json::to_string(&colored).unwrap();
    assert!(
        json.ends_with(r#""spans":[{"start":0,"end":1,"style":{"foreground":{"indexed":9},"bold":true}}]}"#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<LogLine>(&json).unwrap(), colored);
}

/// One line of every form that Patroni 3.0.2, 4.0.7 and 4.1.4, PostgreSQL 15 and 17, HAProxy 2.6 and 3.0 and ZooKeeper 3.8
/// and 3.9 wrote in real failovers, and what is known from it.
#[test]
fn real_lines_are_understood() {
    let known = include_str!("../../../tests/samples/logs/lines.txt")
        .lines()
        .map(|text| {
            let program = format!("{:?}", Head::of(text).program);
            let level = format!("{:?}", level(text));
            let meaning = meaning(text).map_or(String::new(), |meaning| {
                format!("{:?}{}", meaning.kind, if meaning.step { "!" } else { "" })
            });
            let fold = if repeat_key(text).is_some() { "×" } else { " " };
            format!("{program:<10} {level:<7} {meaning:<12} {fold} {}", message(text))
        });
    insta::assert_snapshot!(known.collect::<Vec<_>>().join("\n"));
}

/// Lines that look like those of the programs, and worse.
fn some_line() -> impl Strategy<Value = String> {
    let stamp = prop_oneof![
        Just("2026-11-22 19:17:51,025 ".to_owned()),
        Just("2026-11-22 19:17:51.026 UTC [19] ".to_owned()),
        Just("[2026-11-22 19:17:51,026] ".to_owned()),
        Just("2026-11-22 19:17:51,026 [myid:] - INFO  [x] - ".to_owned()),
        Just("[WARNING]  (8) : ".to_owned()),
        Just("<5>".to_owned()),
        Just("{\"level\":\"x\",\"message\":\"".to_owned()),
        Just("172.30.0.1:1 [22/Nov/2026:19:17:32.347] ".to_owned()),
        "[0-9T:., \\[\\]+-]{0,30}",
        Just(String::new()),
    ];
    let rest = prop_oneof![
        "(INFO|LOG|FATAL|DETAIL|WARN)?:? {0,2}\\PC{0,40}",
        "\\PC{0,60}",
        "[ -~]{0,60}"
    ];
    (stamp, rest).prop_map(|(stamp, rest)| stamp + &rest)
}

proptest! {
    #[test]
    fn no_line_makes_a_parser_fail(before in some_line(), text in some_line(), docker: i64) {
        let head = Head::of(&text);
        prop_assert!(text.contains(head.message));
        if let Some(stamp) = head.stamp {
            stamp.behind(Timestamp::from_micros(docker));
        }
        level(&text);
        meaning(&text);
        is_noise(&text);
        repeat_key(&text);
        continues(&before, &text);
    }

    #[test]
    fn no_bytes_make_tidying_fail(raw in prop::collection::vec(any::<u8>(), 0..200)) {
        let line = tidy(&raw);
        prop_assert!(line.text.chars().all(|c| !c.is_control()));
        prop_assert_eq!(&tidy(line.text.as_bytes()).text, &line.text);
        for span in &line.spans {
            prop_assert!(line.text.get(span.start as usize..span.end as usize).is_some());
        }
    }
}
