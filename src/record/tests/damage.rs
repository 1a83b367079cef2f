//! Records that were cut off, damaged, forged or full.

use super::*;

#[test]
fn cut_off_at_any_byte_it_opens_up_to_the_last_whole_entry() {
    let (_, bytes) = failover(0);
    let mut whole = played(&bytes).unwrap();
    let all = whole.record.entries;
    whole.go(Goal::End).unwrap();
    let mut most = 0;
    for length in (0..bytes.len())
        .step_by(bytes.len() / 97 + 1)
        .chain([1, 5, 15, bytes.len() - 1])
    {
        match played(&bytes[..length]) {
            Ok(mut player) => {
                assert!(player.flaw().is_some() || player.record.entries == 1, "{length}");
                player.go(Goal::End).unwrap();
                assert_eq!(player.unknown, 0);
                most = most.max(player.record.entries);
                assert!(player.record.entries <= all);
            }
            Err(RecordError::Empty) => assert_eq!(length, 0),
            Err(RecordError::Headless | RecordError::Foreign) => assert!(length < 5_000, "{length}"),
            Err(other) => panic!("{length}: {other}"),
        }
    }
    // The last entry may be lost with its last byte, the checksum; nothing else.
    assert!(most + 1 >= all, "{most} of {all}");
}

#[test]
fn a_crash_loses_a_second_at_most() {
    let (_folder, path) = scratch();
    let run = Run::failover();
    let mut recorder = recorder(&path, &run.begun);
    for (now, event) in &run.events {
        recorder.event(event, *now);
    }
    let began = std::time::Instant::now();
    // Nothing is closed: what is in the file is what a crash would leave.
    loop {
        let opened = std::fs::read(&path).map(|bytes| played(&bytes));
        // One more: the state.
        if matches!(opened, Ok(Ok(player)) if player.record.entries == run.events.len() + 1) {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(recorder);
}

#[test]
fn damage_is_noticed_and_what_is_before_it_plays() {
    let (_folder, path) = scratch();
    let run = Run::failover();
    let mut recorder = recorder(&path, &run.begun);
    recorder.state(&run.app);
    recorder.finish().unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let whole = played(&bytes).unwrap().record.entries;
    assert_eq!(whole, 2);
    let near_the_end = bytes.len() - 200;
    bytes[near_the_end] ^= 0x55;
    let mut player = played(&bytes).unwrap();
    assert!(player.flaw().unwrap().contains("damaged"));
    player.go(Goal::End).unwrap();
    assert!(told(player.app()) == told(&run.begun));
    // Garbage behind a whole record takes nothing away from it.
    let (_, mut bytes) = failover(0);
    let entries = played(&bytes).unwrap().record.entries;
    bytes.extend([0; 512]);
    let player = played(&bytes).unwrap();
    assert_eq!(player.record.entries, entries);
    assert!(player.flaw().is_some());
}

#[test]
fn what_cannot_be_played_is_said() {
    let (_, bytes) = failover(0);
    let mut text = String::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    let said = |bytes: &[u8]| played(bytes).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(said(b"").contains("empty"));
    assert!(said(b"#!/bin/sh\n").contains("no record of pgherd"));
    assert!(said(&file_of("{}\n")).contains("no record of pgherd"));
    assert!(said(&file_of(text.lines().next().unwrap())).contains("no record"));
    let (header, rest) = text.split_once('\n').unwrap();
    assert!(said(&file_of(&format!("{header}\n"))).contains("before its first entry"));
    let newer = header.replace("\"version\":1", "\"version\":7");
    assert!(said(&file_of(&format!("{newer}\n{rest}"))).contains("version 7"));
    assert!(said(&file_of(&format!("{header}\n{{\"at\":1,\"state\":7}}\n"))).contains("does not understand"));
    assert!(Player::open(Path::new("/")).is_err_and(|error| error.to_string().contains("plain file")));
    assert!(Player::open(Path::new("/no/such")).is_err_and(|error| error.to_string().contains("cannot read")));
    // An entry of a later version is left out, and that is said.
    let with_unknown = text
        .replace("{\"tick\"", "{\"tock\"")
        .replacen("\"event\":\"tick\"", "\"event\":\"tock\"", 1);
    let mut player = played(&file_of(&with_unknown)).unwrap();
    player.go(Goal::End).unwrap();
    assert!(
        player.flaw().unwrap().contains("1 entry not known"),
        "{:?}",
        player.flaw()
    );
}

#[test]
fn nothing_that_a_record_says_reaches_the_screen_raw() {
    let (_, bytes) = failover(0);
    let mut text = String::new();
    MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut text).unwrap();
    let hostile = text
        .replace("no action", "\\u001b]0;owned\\u0007\\u001b[2J\u{202e}no action")
        .replace("\"secs\":", "\"secs\":18446744073709551");
    let mut player = played(&file_of(&hostile)).unwrap();
    while player.step().unwrap() {
        let frame = drawn(player.app());
        assert!(
            frame
                .content()
                .iter()
                .all(|cell| !cell.symbol().contains(|c: char| c.is_control() || c == '\u{202e}'))
        );
    }
    assert!(!told(player.app()).contains("owned"));
}

#[test]
fn a_full_record_ends_and_says_so() {
    let (_folder, path) = scratch();
    let run = Run::failover();
    let file = path.clone();
    let mut recorder = Recorder::begin(move || create_in(file.parent().unwrap(), "run.pgherd"), &run.begun, 1).unwrap();
    for (now, event) in &run.events {
        recorder.event(event, *now);
    }
    let why = recorder.finish();
    let mut player = Player::open(&path).unwrap();
    player.go(Goal::End).unwrap();
    // Told to end at the same time, it may have come to its end first.
    assert!(why.is_ok() || (why.unwrap_err().contains("limit") && player.flaw().unwrap().contains("limit")));
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full");
    let recorder = Recorder::begin(full, &run.begun, 1 << 30).unwrap();
    assert!(recorder.finish().unwrap_err().contains("No space left"));
    let recorder = Recorder::begin(|| Err(std::io::Error::other("no room")), &run.begun, 1).unwrap();
    assert_eq!(recorder.finish(), Err("no room".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn garbage_is_no_record(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(played(&bytes).is_err());
    }

    #[test]
    fn a_record_that_was_tampered_with_never_panics(places in proptest::collection::vec((any::<usize>(), any::<u8>()), 1..40)) {
        use std::sync::OnceLock;
        static TEXT: OnceLock<Vec<u8>> = OnceLock::new();
        let text = TEXT.get_or_init(|| {
            let mut text = Vec::new();
            MultiGzDecoder::new(failover(0).1.as_slice()).read_to_end(&mut text).unwrap();
            text
        });
        let mut text = text.clone();
        let header = text.iter().position(|byte| *byte == b'\n').unwrap() + 1;
        for (place, byte) in places {
            // Digits for digits and letters for letters, so that much of it is still read.
            let length = text.len();
            let at = header + place % (length - header);
            text[at] = match text[at] {
                b'0'..=b'9' => b'0' + byte % 10,
                b'a'..=b'z' => b'a' + byte % 26,
                _ => byte,
            };
        }
        if let Ok(mut player) = played(&file_of(&String::from_utf8_lossy(&text))) {
            player.go(Goal::End).unwrap();
            drawn(player.app());
        }
    }
}
