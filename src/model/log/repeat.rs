//! Which lines say the same again.

use super::head::Head;
use super::level::Level;
use super::meaning;

/// Equal for lines that differ only in times, counts, positions, processes and ports. Names and addresses count: they
/// say who. `None` for a line that must be seen by itself: errors, a [step](super::Meaning::step), and the parts of a
/// message of several lines.
pub fn repeat_key(text: &str) -> Option<u64> {
    may_repeat(text).then(|| shape(text))
}

/// Whether a line has a [`repeat_key`].
pub fn may_repeat(text: &str) -> bool {
    if text.is_empty() || text.starts_with([' ', '\t']) {
        return false;
    }
    let head = Head::of(text);
    head.level < Some(Level::Error) && !meaning::of(&head).is_some_and(|meaning| meaning.step)
}

/// What is left of any line when its numbers are taken out, as a hash: [`repeat_key`] without its exceptions.
pub fn shape(text: &str) -> u64 {
    let text = text.as_bytes();
    let mut hash = 0;
    // What is read and not yet in the hash begins here.
    let mut kept = 0;
    let mut at = 0;
    while let Some(first) = text.get(at) {
        if !is_of_word(*first) {
            at += 1;
            continue;
        }
        let rest = text.get(at..).unwrap_or_default();
        let word = rest.iter().take_while(|byte| is_of_word(**byte)).count();
        match number(rest, word) {
            Some(length) => {
                hash = mixed(hash, text.get(kept..at).unwrap_or_default());
                at += length;
                kept = at;
            }
            None => at += word,
        }
    }
    mixed(hash, text.get(kept..).unwrap_or_default())
}

/// The hash so far with `text` and its length in it, eight bytes at a time.
fn mixed(hash: u64, text: &[u8]) -> u64 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let add = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = text.as_chunks::<8>();
    let hash = words.iter().fold(add(hash, text.len() as u64), |hash, word| {
        add(hash, u64::from_le_bytes(*word))
    });
    let rest = rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
    add(hash, rest)
}

/// A name is one word with all that hangs on it: `pg-1`, `node_2.local`.
fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.') || !byte.is_ascii()
}

/// How long the number is that `text` begins with, whose first word has `word` bytes: a word that begins with a digit,
/// or a position in the WAL.
fn number(text: &[u8], word: usize) -> Option<usize> {
    if !matches!(text.first()?, b'0'..=b'9' | b'-' | b'A'..=b'F') {
        return None;
    }
    let hex = |text: &[u8]| {
        text.iter()
            .take_while(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
            .count()
    };
    let high = hex(text);
    if (1..=8).contains(&high) && high == word && text.get(high) == Some(&b'/') {
        let behind = text.get(high + 1..)?;
        let low = hex(behind);
        let ends = behind
            .get(low)
            .is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'/');
        if (1..=8).contains(&low) && ends {
            return Some(high + 1 + low);
        }
    }
    let first = text.get(..word)?;
    let digits = first.strip_prefix(b"-").unwrap_or(first);
    (digits.first()?.is_ascii_digit() && !is_address(first)).then_some(word)
}

/// `172.30.0.11`: it says who, not how much.
fn is_address(word: &[u8]) -> bool {
    let mut parts = 0;
    let fits = word.split(|byte| *byte == b'.').all(|part| {
        parts += 1;
        (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit)
    });
    fits && parts == 4
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_same_but_for_numbers_is_the_same() {
        let same = [
            (
                "2026-11-22 19:17:51,025 INFO: no action. I am (pg1), the leader with the lock",
                "2026-11-22 19:18:01,026 INFO: no action. I am (pg1), the leader with the lock",
            ),
            (
                "2026-11-22 19:17:51.026 UTC [19] LOG:  waiting for WAL to become available at 0/30001A8",
                "2026-11-22 19:17:56.026 UTC [7] LOG:  waiting for WAL to become available at A/B0",
            ),
            (
                "2026-11-22 19:17:51.026 UTC [19] LOG:  checkpoint complete: wrote 3 buffers (0.0%); write=0.1 s",
                "2026-11-22 19:17:51.026 UTC [19] LOG:  checkpoint complete: wrote 93 buffers (0.6%); write=9.1 s",
            ),
            (
                "localhost:5432 - rejecting connections",
                "localhost:5433 - rejecting connections",
            ),
            (
                "client 10.0.0.1:4711 in 12ms, session 0x1000ac",
                "client 10.0.0.1:9 in 7ms, session 0x1000ad",
            ),
        ];
        for (one, other) in same {
            assert!(repeat_key(one).is_some(), "{one}");
            assert_eq!(repeat_key(one), repeat_key(other), "{one}");
        }
        let other = [
            ("Lock owner: pg1; I am pg1", "Lock owner: pg2; I am pg1"),
            ("Lock owner: pg-1; I am pg-1", "Lock owner: pg-2; I am pg-1"),
            ("Lock owner: db1; I am db1", "Lock owner: db2; I am db1"),
            ("Lock owner: node_1.local", "Lock owner: node_2.local"),
            ("refused 10.0.0.1", "refused 10.0.0.2"),
            ("a", "b"),
        ];
        for (one, other) in other {
            assert_ne!(repeat_key(one), repeat_key(other), "{one}");
        }
    }

    #[test]
    fn what_must_be_seen_is_never_folded() {
        for text in [
            "2026-11-22 19:17:51,025 ERROR: get_cluster",
            "2026-11-22 19:17:51.026 UTC [19] FATAL:  the database system is starting up",
            "2026-11-22 19:17:51,025 INFO: promoted self to leader by acquiring session lock",
            "  File \"x\", line 3, in run",
            "",
        ] {
            assert_eq!(repeat_key(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn numbers_do_not_count(
            words in prop::collection::vec("[a-z(]{1,6}[=: ]", 1..8),
            one in prop::collection::vec(any::<u32>(), 8),
            other in prop::collection::vec(any::<u32>(), 8),
        ) {
            let line = |numbers: &[u32]| {
                let pairs = words.iter().zip(numbers);
                pairs.fold(String::new(), |line, (word, number)| format!("{line}{word}{number} "))
            };
            prop_assert_eq!(repeat_key(&line(&one)), repeat_key(&line(&other)));
        }

        #[test]
        fn positions_do_not_count(one: u64, other: u64) {
            let line = |lsn: u64| format!("redo at {:X}/{:X}.", lsn >> 32, lsn & 0xffff_ffff);
            prop_assert_eq!(repeat_key(&line(one)), repeat_key(&line(other)));
        }
    }
}
