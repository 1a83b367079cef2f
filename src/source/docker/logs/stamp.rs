//! The stamps that Docker puts before each line. Pure.

/// Nanoseconds since the epoch of an RFC 3339 time.
pub(super) fn nanos(stamp: &[u8]) -> Option<i64> {
    fixed(stamp).or_else(|| {
        let time: jiff::Timestamp = str::from_utf8(stamp).ok()?.parse().ok()?;
        i64::try_from(time.as_nanosecond()).ok()
    })
}

/// The one form that the daemon writes: a tenth of the time of a parser that knows all forms.
fn fixed(stamp: &[u8]) -> Option<i64> {
    const SHAPE: &[u8] = b"0000-00-00T00:00:00.000000000Z";
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    if stamp.len() != SHAPE.len() || !stamp.iter().zip(SHAPE).all(fits) {
        return None;
    }
    let number = |from: usize, to: usize| {
        let digits = stamp.get(from..to)?.iter();
        Some(digits.fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
    };
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let exists = (1970..2262).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_of(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second < 60;
    if !exists {
        return None;
    }
    let seconds = ((days_before(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    Some(seconds * 1_000_000_000 + number(20, 29)?)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from the epoch to that date. The year is taken to begin in March, so that a leap day is its last.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let months = (month + 9) % 12;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * months + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn by_jiff(stamp: &str) -> Option<i64> {
        let time: jiff::Timestamp = stamp.parse().ok()?;
        i64::try_from(time.as_nanosecond()).ok()
    }

    #[test]
    fn other_forms_are_read_as_well() {
        for (stamp, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01T01:00:00.5+01:00", Some(500_000_000)),
            ("2024-02-29T00:00:00.000000001Z", Some(1_709_164_800_000_000_001)),
            ("2023-02-29T00:00:00.000000000Z", None),
            ("2026-99-99T00:00:00.000000000Z", None),
            ("", None),
        ] {
            assert_eq!(nanos(stamp.as_bytes()), expected, "{stamp}");
        }
    }

    proptest! {
        #[test]
        fn reads_what_jiff_reads(nanos in 0_i64..9_000_000_000_000_000_000) {
            let time = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            prop_assert_eq!(fixed(format!("{time:.9}").as_bytes()), Some(nanos));
        }

        #[test]
        fn refuses_what_jiff_refuses(
            year in 1900..2300, month in 0..14, day in 0..33, hour in 0..26, minute in 0..62, second in 0..60
        ) {
            let stamp = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.123456789Z");
            prop_assert_eq!(nanos(stamp.as_bytes()), by_jiff(&stamp));
            if let Some(fixed) = fixed(stamp.as_bytes()) {
                prop_assert_eq!(Some(fixed), by_jiff(&stamp));
            }
        }
    }
}
