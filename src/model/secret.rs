//! Passwords in text from outside, hidden before anything keeps it: log lines, values of znodes, command lines.
//!
//! Pure, and cheap for what holds none: one look over the bytes. Where it is not sure how far a password goes, more is
//! hidden, never less. What nothing marks as a password (the parameters of a prepared statement) it cannot know.

use std::borrow::Cow;

/// What stands for a password.
pub const HIDDEN: &str = "***";

/// Names end so when what they name is a password: `PGPASSWORD`, `rest_password`, `--password`, `primary_passwd`.
const NAMES: [&str; 3] = ["password", "passwd", "passphrase"];

/// `text` without passwords: `://user:…@`, `password=…`, `"password": "…"`, `PASSWORD '…'` as in `ALTER ROLE`,
/// `--password …`, and the same of longer names that end so.
pub fn mask(text: &str) -> Cow<'_, str> {
    if !may_hold(text.as_bytes()) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::new();
    let mut done = 0;
    let mut at = 0;
    while let Some((begin, end)) = next(text, at) {
        masked.push_str(text.get(done..begin).unwrap_or_default());
        masked.push_str(HIDDEN);
        (done, at) = (end, end);
    }
    if done == 0 {
        return Cow::Borrowed(text);
    }
    masked.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(masked)
}

/// Whether a URL or one of the [`NAMES`] may be in it: `://` or `pas`. Looks at every byte without a branch, since nearly
/// no text holds any.
fn may_hold(text: &[u8]) -> bool {
    let (second, third) = (text.get(1..).unwrap_or_default(), text.get(2..).unwrap_or_default());
    let triples = text.iter().zip(second).zip(third);
    triples.fold(false, |found, ((a, b), c)| {
        let url = *a == b':' && *b == b'/' && *c == b'/';
        let name = *a | 0x20 == b'p' && *b | 0x20 == b'a' && *c | 0x20 == b's';
        found | url | name
    })
}

/// [`mask`] for the words of a command line, where a password may be a word of its own behind its option.
pub fn mask_words(words: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut named = false;
    let hide = |word: String| {
        let hidden = std::mem::replace(&mut named, word.starts_with('-') && name_at_end(&word));
        if hidden {
            HIDDEN.to_owned()
        } else {
            mask(&word).into_owned()
        }
    };
    words.into_iter().map(hide).collect()
}

/// Where the next password at or behind `from` begins and ends; never empty.
fn next(text: &str, from: usize) -> Option<(usize, usize)> {
    let mut plain = 0;
    let bytes = text.as_bytes().iter().enumerate().skip(from);
    bytes.into_iter().find_map(|(at, byte)| {
        let found = match byte {
            b':' if at >= plain => in_url(text, at, &mut plain),
            b'p' | b'P' => behind_name(text, at),
            _ => None,
        };
        found.filter(|(begin, end)| begin < end)
    })
}

/// The password of a URL whose `://` is at `at`: from the first colon to the last `@`, since it may itself hold slashes
/// and more of these signs. `plain` becomes where a word ends in which no URL holds any, so that it is read only once.
fn in_url(text: &str, at: usize, plain: &mut usize) -> Option<(usize, usize)> {
    let begin = at + 3;
    let rest = text.get(at..)?.strip_prefix("://")?;
    let word = rest.get(..bare_end(rest))?;
    let login = word.rfind('@').and_then(|sign| word.get(..sign));
    let password = login.and_then(|login| login.find(':').map(|colon| (begin + colon + 1, begin + login.len())));
    if password.is_none() {
        *plain = begin + word.len();
    }
    password
}

/// What a name at `at` gives as a password, if it is one and gives any.
fn behind_name(text: &str, at: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes().get(at..)?;
    let is_name = |name: &&&str| {
        bytes
            .get(..name.len())
            .is_some_and(|word| word.eq_ignore_ascii_case(name.as_bytes()))
    };
    let begin = at + NAMES.iter().find(is_name)?.len();
    let rest = text.get(begin..)?;
    let blanks = [' ', '\t'];
    // The closing quote of the name, escaped or not: `"password": `, `\"password\": `.
    let unquoted = rest.trim_start_matches('\\').trim_start_matches(['"', '\'']);
    let quoted_name = unquoted.len() < rest.len();
    let value = unquoted.trim_start_matches(blanks);
    let sign = value.trim_start_matches([':', '=', '>']);
    let assigned = sign.len() < value.len();
    let value = sign.trim_start_matches(blanks);
    let option = || {
        text.get(..at)
            .is_some_and(|before| word_before(before).starts_with('-'))
    };
    let apart = unquoted.starts_with(blanks) && !quoted_name;
    let sql = apart && !assigned && !option();
    let quote = opening(value, sql);
    let value_at = text.len() - value.len();
    match quote {
        Some(quote) if assigned || apart => {
            let inside = value_at + quote.prefix;
            let end = quote.end(text.get(inside..)?);
            Some((inside, inside + end))
        }
        None if assigned || (apart && option()) => {
            let end = if quoted_name {
                value.find([',', '}', ']', '\n'])
            } else {
                None
            };
            let end = end.unwrap_or_else(|| bare_end(value));
            let word = value.get(..end)?;
            (!matches!(word.trim(), "null" | "NULL" | "None")).then_some((value_at, value_at + end))
        }
        _ => None,
    }
}

/// How a quoted value begins.
struct Quote<'a> {
    /// Bytes before its first letter.
    prefix: usize,
    /// What ends it: a quote, with the backslashes that escape it here, or the tag of `$tag$`.
    mark: &'a str,
}

/// The quote that `value` begins with: `'`, `"`, `\"`, and in SQL `E'`, `U&'`, `$tag$`.
fn opening(value: &str, in_sql: bool) -> Option<Quote<'_>> {
    if in_sql && let Some(rest) = value.strip_prefix('$') {
        let tag = rest.find('$')?;
        let is_tag = rest
            .get(..tag)?
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let prefix = tag + 2;
        return is_tag.then_some(Quote {
            prefix,
            mark: value.get(..prefix)?,
        });
    }
    let sql = ["E'", "e'", "U&'", "u&'", "N'", "n'"];
    let kind = sql
        .iter()
        .find(|kind| in_sql && value.starts_with(**kind))
        .map_or(0, |kind| kind.len() - 1);
    let rest = value.get(kind..)?;
    let slashes = rest.len() - rest.trim_start_matches('\\').len();
    matches!(rest.as_bytes().get(slashes)?, b'"' | b'\'').then_some(Quote {
        prefix: kind + slashes + 1,
        mark: rest.get(..=slashes)?,
    })
}

impl Quote<'_> {
    /// Where it ends in `inside`, the text behind its beginning; without an end everything is inside. A doubled quote and
    /// one behind a backslash belong to the value; where SQL and libpq read that differently, the longer value counts.
    fn end(&self, inside: &str) -> usize {
        let bytes = inside.as_bytes();
        let mark = self.mark.as_bytes();
        let quote = mark.last().copied().unwrap_or_default();
        let slashes = mark.len() - 1;
        if quote == b'$' {
            return inside.find(self.mark).unwrap_or(inside.len());
        }
        let mut before = 0;
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            match *byte {
                b'\\' => before += 1,
                byte if byte == quote => {
                    let doubled = slashes == 0 && bytes.get(at + 1) == Some(&quote);
                    let escaped = if slashes == 0 {
                        before % 2 == 1
                    } else {
                        before > slashes
                    };
                    if doubled && (quote == b'\'' || !escaped) {
                        at += 1;
                    } else if !escaped {
                        return at.saturating_sub(slashes);
                    }
                    before = 0;
                }
                _ => before = 0,
            }
            at += 1;
        }
        inside.len()
    }
}

/// Where a value without quotes ends: at a blank, or at a quote behind which something else begins, as in
/// `{"url":"postgres://u:p@h/db","a":1}`.
fn bare_end(value: &str) -> usize {
    let ends = |quotes: &str| {
        let behind = quotes.trim_start_matches(['"', '\'']);
        let goes_on = |c: char| !c.is_whitespace() && !matches!(c, ',' | '}' | ']' | ')' | ':' | ';' | '>');
        behind.len() < quotes.len() && !behind.starts_with(goes_on)
    };
    let row = |c: char| match c {
        '"' | '\'' => 'q',
        other => other,
    };
    let mut last = ' ';
    let end = value.char_indices().find(|(at, c)| {
        // All quotes of a row have the same behind them.
        let again = std::mem::replace(&mut last, row(*c)) == row(*c);
        match c {
            '"' | '\'' | '\\' => !again && value.get(*at..).is_some_and(|rest| ends(rest.trim_start_matches('\\'))),
            c => c.is_whitespace(),
        }
    });
    end.map_or(value.len(), |(at, _)| at)
}

fn name_at_end(word: &str) -> bool {
    let word = word.to_ascii_lowercase();
    NAMES.iter().any(|name| word.ends_with(name))
}

/// The word that `before` ends in the middle of.
fn word_before(before: &str) -> &str {
    before.rsplit(char::is_whitespace).next().unwrap_or_default()
}

#[cfg(test)]
mod tests;
