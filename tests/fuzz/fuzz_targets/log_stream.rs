//! Any bytes as the pieces of a container's log: joined to lines, read again from the start.

#![no_main]

use std::collections::BTreeSet;

use libfuzzer_sys::fuzz_target;
use pgherd::source::docker::joined;

fuzz_target!(|data: &[u8]| {
    // Each piece begins with a byte that says where it was written and how much later, and ends with a zero byte. Some
    // bring a stamp of their own, or none.
    let mut nanos = 0;
    let mut foreign = false;
    let pieces = data.split(|byte| *byte == 0).map(|piece| {
        let (how, text) = piece.split_first().unwrap_or((&0, &[]));
        let stamp = if how >> 1 == 0x7f {
            foreign = true;
            String::new()
        } else {
            nanos += u32::from(how >> 2);
            format!("2026-11-22T20:57:15.{nanos:09}Z ")
        };
        (how & 1 == 1, [stamp.as_bytes(), text].concat())
    });
    let pieces: Vec<(bool, Vec<u8>)> = pieces.collect();
    let whole: usize = pieces.iter().map(|(_, piece)| piece.len()).sum();
    let (lines, [new, again]) = joined(&pieces);
    let kept: usize = lines.iter().map(|line| line.2.len()).sum();
    assert!(lines.len() <= pieces.len() && kept <= whole, "lines come from nowhere");
    // With one stamp and the same words, a line is taken for one that Docker gave twice.
    let different = lines.iter().collect::<BTreeSet<_>>().len();
    assert!(foreign || new >= different, "{new} of {different} lines are taken for new");
    assert!(foreign || again == 0, "{again} lines that were seen are taken for new");
});
