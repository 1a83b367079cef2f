//! What is looked for in log lines: a regular expression as it was typed.

use std::fmt;
use std::ops::Range;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes that a compiled expression may take; more is refused.
const LARGEST: usize = 1 << 20;
/// Bytes of its text at most.
const LONGEST: usize = 1_000;

/// A regular expression with smart case: it matches either case until it has an upper-case letter of its own.
#[derive(Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
    in_line: bool,
}

impl Pattern {
    /// Compiles what was typed.
    ///
    /// # Errors
    /// It is no regular expression, and why, in one line; or it is empty or too long.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.is_empty() {
            return Err("nothing to look for".to_owned());
        }
        if text.len() > LONGEST {
            return Err(format!("longer than {LONGEST} bytes"));
        }
        let regex = RegexBuilder::new(text)
            .case_insensitive(!has_upper_case(text))
            .size_limit(LARGEST)
            .dfa_size_limit(LARGEST)
            .build()
            .map_err(|error| reason(&error))?;
        Ok(Self {
            text: text.to_owned(),
            in_line: stays_in_line(text),
            regex,
        })
    }

    /// As it was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it occurs in that text.
    pub fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Somewhere in its first occurrence in that text that does not begin before `begin`, or just after it: where it is
    /// known that it occurs, which is found sooner than where it begins.
    pub(super) fn find_from(&self, text: &str, begin: usize) -> Option<usize> {
        if begin > text.len() {
            return None;
        }
        self.regex.shortest_match_at(text, begin)
    }

    /// Where it occurs, in bytes of that text, in order and without overlap. Empty matches are left out: there is
    /// nothing to see of them.
    pub fn find_all<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        let found = self.regex.find_iter(text).map(|found| found.range());
        found.filter(|range| !range.is_empty())
    }

    /// It finds the same in a text of many lines as in each line alone. False if in doubt.
    pub(super) fn stays_in_line(&self) -> bool {
        self.in_line
    }
}

/// Nothing in it can match a line break, or the beginning or end of the text. A dot cannot; a class can if it is negated,
/// has an escape in it or names one, as `[[:space:]]`; an anchor and a flag are about the whole text.
fn stays_in_line(text: &str) -> bool {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        let fits = match letter {
            '\\' => letters
                .next()
                .is_some_and(|escaped| matches!(escaped, 'd' | 'w' | 'S' | 'b') || escaped.is_ascii_punctuation()),
            '^' | '$' => false,
            letter => !letter.is_control(),
        };
        if !fits {
            return false;
        }
    }
    !text.contains("(?") && !text.contains("[:")
}

/// An upper-case letter that stands for itself: not the one of `\S`, nor a name in `\p{…}` or `(?P<…>`.
fn has_upper_case(text: &str) -> bool {
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => {
                let class = letters.next().is_some_and(|escaped| matches!(escaped, 'p' | 'P'));
                if class && letters.next() == Some('{') {
                    letters.by_ref().find(|letter| *letter == '}');
                }
            }
            '(' => {
                let mut ahead = letters.clone();
                if ahead.next() == Some('?') {
                    // A group's name, or flags: up to what ends them.
                    ahead.find(|letter| matches!(letter, '>' | ':' | ')'));
                    letters = ahead;
                }
            }
            letter if letter.is_uppercase() => return true,
            _ => {}
        }
    }
    false
}

/// The last line of the library's message says what is wrong; those before it draw the expression again.
fn reason(error: &regex::Error) -> String {
    match error {
        regex::Error::CompiledTooBig(_) => "too large when compiled".to_owned(),
        other => {
            let message = other.to_string();
            let last = message.lines().last().unwrap_or_default();
            last.trim_start_matches("error:").trim().to_owned()
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Pattern {}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{}/", self.text)
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finds(pattern: &str, text: &str) -> bool {
        Pattern::parse(pattern).unwrap().is_match(text)
    }

    #[test]
    fn an_upper_case_letter_makes_case_matter() {
        assert!(finds("error", "an ERROR"));
        assert!(!finds("Error", "an ERROR"));
        assert!(finds("Error", "an Error"));
        assert!(finds(r"\Serror", "xERROR"));
        assert!(finds(r"\p{L}rror", "ERROR"));
        assert!(finds("(?P<Name>error)", "ERROR"));
        assert!(!finds("(?:E)rror", "error"));
        assert!(!finds(r"(?i)é", "è"));
        assert!(finds("straße", "STRAßE"));
    }

    #[test]
    fn a_bad_one_is_explained_in_one_line() {
        for (text, words) in [
            ("a(b", "unclosed group"),
            ("*", "repetition"),
            ("[z-a]", "range"),
            ("", "nothing"),
        ] {
            let why = Pattern::parse(text).unwrap_err();
            assert!(why.contains(words) && !why.contains('\n'), "{text}: {why}");
        }
        assert!(Pattern::parse(r"(\w{500}){500}").unwrap_err().contains("too large"));
        assert!(Pattern::parse(&"x".repeat(LONGEST + 1)).is_err());
    }

    #[test]
    fn says_where() {
        let pattern = Pattern::parse("a+").unwrap();
        assert_eq!(pattern.find_all("xaaxA").collect::<Vec<_>>(), [1..3, 4..5]);
        assert_eq!(
            Pattern::parse("a*").unwrap().find_all("xay").collect::<Vec<_>>(),
            std::iter::once(1..2).collect::<Vec<_>>()
        );
    }

    #[test]
    fn knows_what_never_goes_beyond_a_line() {
        for text in ["no action", "owner.*lock", r"\d+\.", "[a-z]*", r"x\$", "a{2,3}|b"] {
            assert!(Pattern::parse(text).unwrap().stays_in_line(), "{text}");
        }
        for text in [
            r"a\s",
            "[^a]b",
            "^a",
            "a$",
            "(?s).",
            r"\n",
            r"[\t-z]",
            "[[:^alpha:]]",
            "lock[[:space:]]",
            r"\W",
            r"\PL",
            "a\tb",
        ] {
            assert!(!Pattern::parse(text).unwrap().stays_in_line(), "{text}");
        }
    }
}
