//! Columns on a screen: how wide a text is, and where to cut it.
//!
//! Text is cut between what a reader takes for one letter (grapheme clusters), as ratatui writes it: a letter with its
//! accents, a flag, a family joined from several faces.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Columns that `text` takes.
pub fn columns(text: &str) -> usize {
    if all_plain(text.as_bytes()) {
        return text.len();
    }
    text.graphemes(true).map(UnicodeWidthStr::width).sum()
}

/// Parts `text` where its first `room` columns end: what fits into them, and the rest. A wide letter that fits only by
/// half belongs to the rest.
pub fn split(text: &str, room: usize) -> (&str, &str) {
    // A plain byte is a letter of its own only if no accent follows.
    let plain = text
        .bytes()
        .take(room.saturating_add(1))
        .take_while(|byte| is_plain(*byte))
        .count();
    if plain > room || plain == text.len() {
        return text.split_at_checked(plain.min(room)).unwrap_or((text, ""));
    }
    let mut used = 0;
    let cut = text.grapheme_indices(true).find(|(_, letter)| {
        used += letter.width();
        used > room
    });
    let at = cut.map_or(text.len(), |(at, _)| at);
    text.split_at_checked(at).unwrap_or((text, ""))
}

/// `text` without its first `gone` columns, and the columns to leave blank before it, since a wide letter was cut in two.
pub fn without(text: &str, gone: usize) -> (usize, &str) {
    let (head, rest) = split(text, gone);
    let missing = gone.saturating_sub(columns(head));
    let Some(letter) = rest.graphemes(true).next().filter(|_| missing > 0) else {
        return (0, rest);
    };
    let left = rest.get(letter.len()..).unwrap_or_default();
    (letter.width().saturating_sub(missing), left)
}

/// Whether every byte is a letter of one column. Looks at all of them, which is faster than to stop at the first that is
/// not.
pub fn all_plain(text: &[u8]) -> bool {
    text.iter().fold(true, |plain, byte| plain & is_plain(*byte))
}

/// A byte that is a letter of one column.
pub fn is_plain(byte: u8) -> bool {
    matches!(byte, b' '..=b'~')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn letters_are_as_wide_as_they_are_drawn() {
        let cases = [
            ("", 0),
            ("plain", 5),
            ("漢字", 4),
            ("e\u{301}", 1),
            ("한국", 4),
            ("👩\u{200d}🔬", 2),
            ("🇩🇪", 2),
            ("👍🏽", 2),
            ("❤\u{fe0f}", 2),
        ];
        for (text, expected) in cases {
            assert_eq!(columns(text), expected, "{text:?}");
        }
    }

    #[test]
    fn cuts_between_letters_only() {
        let cases = [
            ("abc", 2, ("ab", "c")),
            ("abc", 9, ("abc", "")),
            ("漢字", 3, ("漢", "字")),
            ("ae\u{301}b", 2, ("ae\u{301}", "b")),
            ("ae\u{301}b", 1, ("a", "e\u{301}b")),
            ("e\u{301}", 0, ("", "e\u{301}")),
            ("x👩\u{200d}🔬y", 2, ("x", "👩\u{200d}🔬y")),
            ("x👩\u{200d}🔬y", 3, ("x👩\u{200d}🔬", "y")),
        ];
        for (text, room, expected) in cases {
            assert_eq!(split(text, room), expected, "{text:?} at {room}");
        }
    }

    #[test]
    fn half_a_letter_that_is_gone_leaves_a_blank() {
        assert_eq!(without("漢字x", 1), (1, "字x"));
        assert_eq!(without("漢字x", 2), (0, "字x"));
        assert_eq!(without("漢字x", 3), (1, "x"));
        assert_eq!(without("ab", 9), (0, ""));
        assert_eq!(without("ab", 0), (0, "ab"));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_wide(text in "\\PC{0,40}|[a漢é\u{301}👩\u{200d}🔬]{0,20}", room in 0_usize..50) {
            let (head, rest) = split(&text, room);
            prop_assert_eq!([head, rest].concat(), text.as_str());
            prop_assert!(columns(head) <= room);
            let (blanks, left) = without(&text, room);
            if columns(&text) >= room {
                prop_assert_eq!(room + blanks + columns(left), columns(&text));
            }
        }
    }
}
