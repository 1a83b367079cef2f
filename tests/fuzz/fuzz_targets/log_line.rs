//! Any bytes as two lines of a container: cleaned, taken apart by every parser, cut into columns.

#![no_main]

use libfuzzer_sys::fuzz_target;
use pgherd::model::log::{Head, continues, is_noise, level, meaning, message, repeat_key, shape, tidy};
use pgherd::model::secret::mask;
use pgherd::model::text::{clean, columns};
use pgherd::model::time::Timestamp;

fuzz_target!(|data: &[u8]| {
    let (first, second) = match data.iter().position(|byte| *byte == b'\n') {
        Some(end) => (&data[..end], &data[end + 1..]),
        None => (data, &data[..0]),
    };
    let (before, line) = (tidy(first), tidy(second));
    continues(&before.text, &line.text);
    for line in [before, line] {
        let text = line.text.as_str();
        assert!(
            !text.chars().any(char::is_control),
            "a control character stays in {text:?}"
        );
        assert_eq!(tidy(text.as_bytes()).text, text, "tidying is not idempotent");
        assert_eq!(clean(text), text);
        assert_eq!(mask(text), text, "a password stays");
        let mut end = 0;
        for span in &line.spans {
            let range = span.start as usize..span.end as usize;
            assert!(
                range.start >= end && text.get(range.clone()).is_some_and(|inside| !inside.is_empty()),
                "{span:?}"
            );
            end = range.end;
        }
        let head = Head::of(text);
        assert!(text.contains(head.message) && text.ends_with(message(text)));
        if let Some(stamp) = head.stamp {
            stamp.behind(Timestamp::from_micros(1_795_375_071_125_000));
        }
        level(text);
        meaning(text);
        is_noise(text);
        let key = repeat_key(text);
        assert!(key.is_none_or(|key| key == shape(text)));
        let room = text.len() / 2;
        let (shown, rest) = columns::split(text, room);
        assert!(columns::columns(shown) <= room && [shown, rest].concat() == text);
        columns::without(text, room);
    }
});
