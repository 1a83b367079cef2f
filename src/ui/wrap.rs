//! Breaks text into lines of a width, between words where it can.

use unicode_segmentation::UnicodeSegmentation;

use crate::model::text::columns::split;

/// The lines of `text`, none wider than `width` columns.
pub(super) fn wrapped(text: &str, width: u16) -> Vec<&str> {
    let width = usize::from(width.max(1));
    text.lines().flat_map(|line| fold(line, width)).collect()
}

fn fold(mut rest: &str, width: usize) -> Vec<&str> {
    let mut lines = Vec::new();
    while let Some(fits) = overflow(rest, width) {
        let (head, _) = rest.split_at(fits);
        // A break at a space, unless that leaves nothing on the line.
        let at = match head.rfind(' ') {
            Some(space) if !head.get(..space).unwrap_or_default().trim().is_empty() => space,
            _ => fits,
        };
        let (line, left) = rest.split_at(at);
        lines.push(line);
        rest = left.trim_start();
    }
    lines.push(rest);
    lines
}

/// Bytes that fit into `width` columns, if not all do; at least one letter.
fn overflow(text: &str, width: usize) -> Option<usize> {
    let (head, rest) = split(text, width);
    let fits = if head.is_empty() {
        rest.graphemes(true).next().map_or(0, str::len)
    } else {
        head.len()
    };
    (fits < text.len()).then_some(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn breaks_between_words_and_inside_long_ones() {
        let cases: &[(&str, u16, &[&str])] = &[
            ("", 5, &[]),
            ("one two three", 8, &["one two", "three"]),
            ("abcdefghij k", 4, &["abcd", "efgh", "ij k"]),
            ("a\nb c", 9, &["a", "b c"]),
            ("漢字漢字", 5, &["漢字", "漢字"]),
            ("漢字", 1, &["漢", "字"]),
            ("ae\u{301}b", 2, &["ae\u{301}", "b"]),
        ];
        for (text, width, lines) in cases {
            assert_eq!(wrapped(text, *width), *lines, "{text:?} in {width}");
        }
    }
}
