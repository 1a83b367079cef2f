//! Text from outside as Markdown: nothing in it may act as markup. Times as text.

use jiff::tz::TimeZone;

use crate::model::time::Timestamp;

/// What is not known.
pub(super) const UNKNOWN: &str = "unknown";

/// `text` as it is, in a paragraph or a cell of a table.
pub(super) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut before = ' ';
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let next = letters.peek().copied();
        let inside_word = before.is_alphanumeric() && next.is_some_and(char::is_alphanumeric);
        // What begins a list, a rule or an underline, where a line begins.
        let opens = !next.is_some_and(char::is_alphanumeric);
        match c {
            '\n' => out.push(' '),
            // As entities: some renderers look for tags and cells before they look for backslashes.
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '|' => out.push_str("&#124;"),
            '_' if inside_word => out.push(c),
            '\\' | '`' | '*' | '_' | '[' | ']' | '~' | '$' => out.extend(['\\', c]),
            '#' if out.is_empty() => out.extend(['\\', c]),
            '+' | '-' | '=' if opens && out.is_empty() => out.extend(['\\', c]),
            '.' | ')' if opens && !out.is_empty() && out.chars().all(|c| c.is_ascii_digit()) => out.extend(['\\', c]),
            c => out.push(c),
        }
        before = c;
    }
    out
}

/// A block that is shown as it is. Its fence is longer than any in the text.
pub(super) fn block(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", text.trim_end())
}

/// A table; cells are escaped here.
pub(super) fn table(head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let line = |cells: &mut dyn Iterator<Item = String>| format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "));
    let mut out = line(&mut head.iter().map(|name| (*name).to_owned()));
    out += &line(&mut head.iter().map(|_| "---".to_owned()));
    for row in rows {
        out += &line(&mut row.iter().map(|cell| escaped(cell)));
    }
    out
}

/// `2026-11-22 20:07:31`, UTC.
pub(in crate::report) fn date_and_clock(at: Timestamp) -> String {
    utc(at, "%Y-%m-%d %H:%M:%S")
}

/// `20:07:31.204`, UTC.
pub(super) fn clock(at: Timestamp) -> String {
    utc(at, "%H:%M:%S%.3f")
}

fn utc(at: Timestamp, form: &str) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).map_or_else(
        |_| UNKNOWN.to_owned(),
        |at| at.to_zoned(TimeZone::UTC).strftime(form).to_string(),
    )
}

/// `+20.41`, `-0.02`.
pub(super) fn offset(seconds: f64) -> String {
    format!("{seconds:+.2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn markup_from_outside_is_text() {
        let cases = [
            ("postgresql0", "postgresql0"),
            ("pg_master_1", "pg_master_1"),
            ("_pg_", "\\_pg\\_"),
            ("a|b", "a&#124;b"),
            ("<script>", "&lt;script&gt;"),
            ("a & b", "a &amp; b"),
            ("`x`", "\\`x\\`"),
            ("*b* [l](u) $x$ ~s~", "\\*b\\* \\[l\\](u) \\$x\\$ \\~s\\~"),
            ("# no title", "\\# no title"),
            ("1. no list", "1\\. no list"),
            ("- no list", "\\- no list"),
            ("--- no rule", "\\--- no rule"),
            ("26.9 s", "26.9 s"),
            ("+0.12", "+0.12"),
            ("two\nlines", "two lines"),
            ("\\", "\\\\"),
        ];
        for (text, expected) in cases {
            assert_eq!(escaped(text), expected);
        }
    }

    #[test]
    fn no_text_ends_its_block() {
        assert_eq!(block("a\n```\nb\n"), "````text\na\n```\nb\n````\n");
        assert_eq!(block("a"), "```text\na\n```\n");
    }

    proptest! {
        #[test]
        fn a_row_keeps_its_cells(cells in prop::collection::vec(".{0,20}", 3)) {
            let text = table(&["a", "b", "c"], [cells]);
            let row = text.lines().nth(2).unwrap();
            prop_assert_eq!(row.matches('|').count(), 4);
            prop_assert!(!row.contains('<'));
        }
    }
}
