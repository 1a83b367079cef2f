use proptest::prelude::*;

use super::*;

fn red() -> Style {
    Style {
        foreground: Some(Color::Indexed(1)),
        ..Style::default()
    }
}

/// Each stretch with its style.
fn stretches(raw: &str) -> Vec<(String, Style)> {
    let styled = styled(raw);
    let stretch = |span: &Span| {
        (
            styled.text[span.start as usize..span.end as usize].to_owned(),
            span.style,
        )
    };
    styled.spans.iter().map(stretch).collect()
}

#[test]
fn colours_are_kept_beside_the_text() {
    let found = styled("a \u{1b}[31mred\u{1b}[0m b \u{1b}[1;4mé\u{1b}[22mx");
    assert_eq!(found.text, "a red b éx");
    let (bold, underline) = (true, true);
    let spans = [
        (2, 5, red()),
        (
            8,
            10,
            Style {
                bold,
                underline,
                ..Style::default()
            },
        ),
        (
            10,
            11,
            Style {
                underline,
                ..Style::default()
            },
        ),
    ];
    assert_eq!(found.spans, spans.map(|(start, end, style)| Span { start, end, style }));
}

#[test]
fn every_form_of_a_colour_is_read() {
    let cases = [
        ("31", Some(Color::Indexed(1)), None),
        ("97", Some(Color::Indexed(15)), None),
        ("44", None, Some(Color::Indexed(4))),
        ("100", None, Some(Color::Indexed(8))),
        ("38;5;208", Some(Color::Indexed(208)), None),
        ("38:5:208", Some(Color::Indexed(208)), None),
        ("38;2;1;2;3", Some(Color::Rgb(1, 2, 3)), None),
        ("38:2:1:2:3", Some(Color::Rgb(1, 2, 3)), None),
        ("38:2::1:2:3", Some(Color::Rgb(1, 2, 3)), None),
        ("48;2;1;2;3;31", Some(Color::Indexed(1)), Some(Color::Rgb(1, 2, 3))),
        ("58;5;1;31", Some(Color::Indexed(1)), None),
        ("31;39", None, None),
        ("31;0", None, None),
        ("31;", None, None),
        ("38;5;999", None, None),
        ("38;2;1", None, None),
        ("38", None, None),
        ("38;9;1", None, None),
        ("5;8;999", None, None),
        (">4;1", None, None),
        ("?31", None, None),
    ];
    for (codes, foreground, background) in cases {
        let expected = Style {
            foreground,
            background,
            ..Style::default()
        };
        let found = stretches(&format!("\u{1b}[{codes}mx"));
        assert_eq!(
            found.first().map_or(Style::default(), |(_, style)| *style),
            expected,
            "{codes}"
        );
    }
    let all = stretches("\u{1b}[1;2;3;4;7;9mx\u{1b}[22;23;24;27;29my");
    assert_eq!(all.len(), 1, "{all:?}");
    let style = all[0].1;
    assert!(style.bold && style.dim && style.italic && style.underline && style.reverse && style.crossed_out);
}

#[test]
fn one_look_is_one_stretch_and_no_look_is_none() {
    assert_eq!(
        stretches("\u{1b}[31ma\u{1b}[31mb\u{1b}[1m\u{1b}[22mc"),
        [("abc".to_owned(), red())]
    );
    assert_eq!(stretches("\u{1b}[31m\u{1b}[0mplain\u{1b}[31m"), []);
    assert_eq!(
        stretches("\u{1b}[40;30mhidden\u{1b}[0m").len(),
        0,
        "letters of the ground's colour are shown plain"
    );
    let many = "\u{1b}[31ma\u{1b}[32mb".repeat(MOST_SPANS);
    assert_eq!(styled(&many).spans.len(), MOST_SPANS);
}

#[test]
fn what_is_no_colour_does_nothing() {
    for raw in [
        "\u{1b}[2J\u{1b}[Hx",
        "\u{1b}]52;c;aGk=\u{7}x",
        "\u{1b}P1$r0m\u{1b}\\x",
        "\u{1b}cx",
        "\u{1b}[?1049hx",
        "\u{1b}(0x",
        "\u{1b}[31\u{18}x",
    ] {
        let found = styled(raw);
        assert_eq!((found.text.as_str(), found.spans.len()), ("x", 0), "{raw:?}");
    }
}

/// Text of pieces that mean something to a terminal.
fn terminal_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "\\PC{0,5}",
        "[\\x00-\\x1f\\x7f]",
        "\u{1b}\\[[0-9;:]{0,12}m",
        "\u{1b}[\\[\\]P(][ -~]{0,4}",
        Just("\u{1b}[38;2;1;2;3m".to_owned()),
        Just("\u{9b}31m".to_owned()),
        Just("é漢\u{301}\u{202e}".to_owned()),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_control_character_stays(raw in terminal_text()) {
        let found = styled(&raw);
        prop_assert!(found.text.chars().all(is_harmless), "{found:?}");
        prop_assert_eq!(&super::super::clean(&raw), &found.text);
        prop_assert_eq!(super::super::clean(&found.text), found.text);
    }

    #[test]
    fn spans_lie_in_the_text_in_order(raw in terminal_text()) {
        let found = styled(&raw);
        let mut end = 0;
        for span in &found.spans {
            prop_assert!(span.start >= end && span.start < span.end, "{found:?}");
            prop_assert!(found.text.get(span.start as usize..span.end as usize).is_some(), "{found:?}");
            prop_assert!(span.style != Style::default());
            end = span.end;
        }
    }
}
