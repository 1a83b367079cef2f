//! The fields of a line that is one JSON object, as Patroni (`log.type: json`) and PostgreSQL (`jsonlog`) write them.
//!
//! Reads no more than it needs: values stay as they stand there, escapes included, so that a place in one is a place in
//! the line.

/// The fields of the object that `text` is, up to where it is none any more.
pub(super) fn fields(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text.trim_start().strip_prefix('{').unwrap_or_default();
    std::iter::from_fn(move || {
        let name = rest.trim_start_matches([' ', '\t', ',']).strip_prefix('"')?;
        let (name, behind) = string(name)?;
        let value = behind.trim_start().strip_prefix(':')?.trim_start();
        let (value, behind) = match value.strip_prefix('"') {
            Some(value) => string(value)?,
            None => value.split_at_checked(bare(value)?)?,
        };
        rest = behind;
        Some((name, value))
    })
}

/// What is inside a string whose opening quote is gone, and what is behind the closing one.
fn string(text: &str) -> Option<(&str, &str)> {
    let mut escaped = false;
    let end = text.bytes().position(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    })?;
    Some((text.get(..end)?, text.get(end + 1..)?))
}

/// Where a value that is no string ends: a number, a word, or an object or a list with all it holds.
fn bare(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_u32, false, false);
    text.bytes().position(|byte| {
        if quoted {
            quoted = byte != b'"' || escaped;
            escaped = byte == b'\\' && !escaped;
            return false;
        }
        match byte {
            b'"' => quoted = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 0 => depth -= 1,
            b',' | b'}' | b']' => return depth == 0,
            _ => {}
        }
        false
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_is_whole() {
        let text = r#"{"a": "x\"y", "n": 19,"o": {"p": ["}", 1]}, "m":"end"}"#;
        let read: Vec<_> = fields(text).collect();
        assert_eq!(
            read,
            [("a", r#"x\"y"#), ("n", "19"), ("o", r#"{"p": ["}", 1]}"#), ("m", "end")]
        );
        for broken in [
            "",
            "{",
            "{\"a",
            "{\"a\"",
            "{\"a\":",
            "{\"a\":\"b",
            "{\"a\":1",
            "{]",
            "[1]",
            "{\"a\":[}",
        ] {
            assert_eq!(fields(broken).count(), 0, "{broken}");
        }
    }
}
