//! Text from outside, made harmless before anything else sees it.

mod ansi;
pub mod columns;

use std::borrow::Cow;

pub use self::ansi::{Color, Span, Style, Styled};

/// Longest text that is kept of one value, in bytes.
pub const LONGEST: usize = 64 * 1024;
/// Stands where text was cut.
const CUT: char = '…';

/// `raw` without escape sequences, control characters, and the invisible characters that reorder or hide text.
///
/// Bytes that are not UTF-8 become U+FFFD; tabs become one space; newlines stay. Cut at [`LONGEST`] bytes with an `…`.
pub fn clean_bytes(raw: &[u8]) -> String {
    styled_bytes(raw).text
}

/// [`clean_bytes`] for text.
pub fn clean(raw: &str) -> String {
    if is_clean(raw) {
        return raw.to_owned();
    }
    ansi::styled(raw).text
}

/// [`clean_bytes`], and the colours that the escape sequences gave the text.
pub fn styled_bytes(raw: &[u8]) -> Styled {
    let raw = raw.get(..LONGEST * 2).unwrap_or(raw);
    let text = match str::from_utf8(raw) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(raw),
    };
    if is_clean(&text) {
        return Styled {
            text: text.into_owned(),
            spans: Vec::new(),
        };
    }
    ansi::styled(&text)
}

/// [`clean`] on one line: line breaks become spaces, the ends are trimmed.
pub fn clean_line(raw: &str) -> String {
    clean(raw).replace('\n', " ").trim().to_owned()
}

/// At most `most` characters of `text`, the last of them `…` if there are more.
pub fn shortened(text: &str, most: usize) -> Cow<'_, str> {
    if text.char_indices().nth(most).is_none() {
        return Cow::Borrowed(text);
    }
    let kept = text.chars().take(most.saturating_sub(1));
    Cow::Owned(kept.chain(['…']).collect())
}

/// Nothing has to be left out or cut. Nearly all text is plain ASCII.
fn is_clean(text: &str) -> bool {
    text.len() <= LONGEST && (columns::all_plain(text.as_bytes()) || text.chars().all(is_harmless))
}

/// A newline, or a character that draws something and only where it stands.
fn is_harmless(c: char) -> bool {
    c == '\n' || !(c.is_control() || is_invisible(c))
}

/// Bidirectional controls, zero-width characters and tags: they draw nothing and change how the rest reads.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn takes_out_whole_sequences_and_keeps_the_text() {
        let cases = [
            ("plain", "plain"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}after", "after"),
            ("\u{1b}]52;c;aGk=\u{1b}\\copied", "copied"),
            ("a\tb", "a b"),
            ("two\nlines", "two\nlines"),
            ("\u{9b}2Jx", "2Jx"),
            ("evil\u{202e}txt", "eviltxt"),
            ("na\u{200b}me", "name"),
            ("naïve 漢字 é", "naïve 漢字 é"),
        ];
        for (raw, expected) in cases {
            assert_eq!(clean(raw), expected, "{raw:?}");
        }
        assert_eq!(clean_bytes(b"a\xff\xfeb"), "a\u{fffd}\u{fffd}b");
        assert_eq!(clean_line(" a\nb \n"), "a b");
    }

    #[test]
    fn cuts_what_is_too_long() {
        let text = clean(&"é".repeat(LONGEST));
        assert!(text.len() <= LONGEST + '…'.len_utf8());
        assert!(text.ends_with('…'));
    }

    #[test]
    fn shortens_by_characters() {
        assert_eq!(shortened("naïve", 5), "naïve");
        assert_eq!(shortened("naïvely", 5), "naïv…");
        assert_eq!(shortened("", 0), "");
    }

    proptest! {
        #[test]
        fn never_leaves_a_control_character(raw in prop::collection::vec(any::<u8>(), 0..400)) {
            let text = clean_bytes(&raw);
            prop_assert!(text.chars().all(|c| c == '\n' || !(c.is_control() || is_invisible(c))), "{text:?}");
        }

        #[test]
        fn is_idempotent(raw in ".{0,200}") {
            let once = clean(&raw);
            prop_assert_eq!(clean(&once), once);
        }
    }
}
