//! Numbers as people read them: bytes, spans, ages, clock times. Pure text, no styles.

use std::time::Duration;

use jiff::tz::TimeZone;

use crate::model::time::Timestamp;

/// A value that should be there and is not known.
pub const UNKNOWN: &str = "?";
/// A value that does not exist here.
pub const NOT_APPLICABLE: &str = "–";

/// `0 B`, `1.2 kB`, `12 MB`: powers of 1024, as PostgreSQL's `pg_size_pretty` and its settings count.
pub fn bytes(count: u64) -> String {
    const UNITS: [&str; 6] = ["kB", "MB", "GB", "TB", "PB", "EB"];
    let (mut size, mut unit) = (count, "B");
    let mut tenths = 0;
    for next in UNITS {
        // 10 240 B are `10 kB`: without a fraction from there on.
        if size < 1024 {
            break;
        }
        tenths = size % 1024 * 10 / 1024;
        (size, unit) = (size / 1024, next);
    }
    if tenths > 0 && size < 10 {
        format!("{size}.{tenths} {unit}")
    } else {
        format!("{size} {unit}")
    }
}

/// `0.4 s`, `12 s`, `3m 12s`, `2h 05m`, `3d 04h`.
pub fn span(span: Duration) -> String {
    let (whole, tenths) = (span.as_secs(), span.subsec_millis() / 100);
    match whole {
        0..=9 => format!("{whole}.{tenths} s"),
        10..=59 => format!("{whole} s"),
        60..=3_599 => format!("{}m {:02}s", whole / 60, whole % 60),
        3_600..=86_399 => format!("{}h {:02}m", whole / 3_600, whole % 3_600 / 60),
        _ => format!("{}d {:02}h", whole / 86_400, whole % 86_400 / 3_600),
    }
}

/// A span of which only whole seconds are known: `0 s`, `4 s`, else as [`span`].
pub fn whole_seconds(time: Duration) -> String {
    if time.as_secs() < 10 {
        format!("{} s", time.as_secs())
    } else {
        span(time)
    }
}

/// `00:11:04`, from a day on `3d 04:11`.
pub fn uptime(up: Duration) -> String {
    let (days, rest) = (up.as_secs() / 86_400, up.as_secs() % 86_400);
    let (hours, minutes, seconds) = (rest / 3_600, rest / 60 % 60, rest % 60);
    if days == 0 {
        format!("{hours:02}:{minutes:02}:{seconds:02}")
    } else {
        format!("{days}d {hours:02}:{minutes:02}")
    }
}

/// `12.4 ms`, `850 µs`, `1.2 s`: of calls.
pub fn latency(time: Duration) -> String {
    match time.as_micros() {
        micros @ 0..=999 => format!("{micros} µs"),
        micros @ 1_000..=99_999 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        micros @ 100_000..=999_999 => format!("{} ms", micros / 1_000),
        _ => span(time),
    }
}

/// `2 %`: of one core.
pub fn percent(share: f64) -> String {
    format!("{share:.0} %")
}

/// `20:07:31` in that zone.
pub fn clock(at: Timestamp, zone: &TimeZone) -> String {
    let (seconds, _) = local(at, zone);
    format!(
        "{:02}:{:02}:{:02}",
        hour(seconds),
        minute(seconds),
        seconds.rem_euclid(60)
    )
}

/// `20:07:31.204` in that zone.
pub fn clock_millis(at: Timestamp, zone: &TimeZone) -> String {
    let (seconds, millis) = local(at, zone);
    format!(
        "{:02}:{:02}:{:02}.{millis:03}",
        hour(seconds),
        minute(seconds),
        seconds.rem_euclid(60)
    )
}

/// As [`clock_millis`], or `11-21 20:07` if that is another day than `now`.
pub fn clock_or_day(at: Timestamp, now: Timestamp, zone: &TimeZone) -> String {
    let day = |at| local(at, zone).0.div_euclid(86_400);
    if day(at) == day(now) {
        return clock_millis(at, zone);
    }
    jiff::Timestamp::from_microsecond(at.micros()).map_or_else(
        |_| UNKNOWN.to_owned(),
        |at| at.to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string(),
    )
}

/// `2026-11-22 20:07:31` in that zone.
pub fn date_and_clock(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_microsecond(at.micros()).map_or_else(
        |_| UNKNOWN.to_owned(),
        |at| at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string(),
    )
}

fn hour(seconds: i64) -> i64 {
    seconds.div_euclid(3_600).rem_euclid(24)
}

fn minute(seconds: i64) -> i64 {
    seconds.div_euclid(60).rem_euclid(60)
}

/// Seconds and milliseconds of the zone's wall clock, since its epoch.
fn local(at: Timestamp, zone: &TimeZone) -> (i64, i64) {
    let instant = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    let offset = i64::from(zone.to_offset(instant).seconds());
    let millis = instant.as_microsecond().div_euclid(1_000) + offset * 1_000;
    (millis.div_euclid(1_000), millis.rem_euclid(1_000))
}

/// A bar for the sparkline of a lag. The scale is fixed, so that bars mean the same at any time: each step is sixteen
/// times the one below (1 B, 16 B, 256 B, 4 kB, 64 kB, 1 MB, 16 MB).
pub fn lag_bar(bytes: u64) -> char {
    match bytes {
        0 => '▁',
        1..0x10 => '▂',
        0x10..0x100 => '▃',
        0x100..0x1000 => '▄',
        0x1000..0x1_0000 => '▅',
        0x1_0000..0x10_0000 => '▆',
        0x10_0000..0x100_0000 => '▇',
        _ => '█',
    }
}

/// `1 standby`, `2 standbys`.
pub fn count(number: usize, word: &str) -> String {
    if number == 1 {
        format!("1 {word}")
    } else {
        format!("{number} {word}s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_like_postgresql_settings() {
        let cases = [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1 kB"),
            (1_300, "1.2 kB"),
            (10_240, "10 kB"),
            (1 << 20, "1 MB"),
            (12 << 20, "12 MB"),
            (u64::MAX, "15 EB"),
        ];
        for (count, text) in cases {
            assert_eq!(bytes(count), text);
        }
    }

    #[test]
    fn spans_keep_the_precision_that_matters() {
        let cases = [
            (0, "0.0 s"),
            (440, "0.4 s"),
            (9_990, "9.9 s"),
            (12_400, "12 s"),
            (192_000, "3m 12s"),
        ];
        for (millis, text) in cases {
            assert_eq!(span(Duration::from_millis(millis)), text);
        }
        assert_eq!(span(Duration::from_secs(7_500)), "2h 05m");
        assert_eq!(span(Duration::from_secs(3 * 86_400 + 4 * 3_600)), "3d 04h");
        assert_eq!(whole_seconds(Duration::from_secs(4)), "4 s");
        assert_eq!(uptime(Duration::from_secs(664)), "00:11:04");
        assert_eq!(
            uptime(Duration::from_secs(3 * 86_400 + 4 * 3_600 + 11 * 60)),
            "3d 04:11"
        );
        let calls = [
            (850, "850 µs"),
            (12_400, "12.4 ms"),
            (850_000, "850 ms"),
            (1_200_000, "1.2 s"),
        ];
        for (micros, text) in calls {
            assert_eq!(latency(Duration::from_micros(micros)), text);
        }
    }

    #[test]
    fn clocks_follow_the_zone() {
        let at = Timestamp::from_millis(1_732_306_051_204);
        assert_eq!(clock_millis(at, &TimeZone::UTC), "20:07:31.204");
        let kathmandu = TimeZone::fixed(jiff::tz::Offset::from_seconds(20_700).unwrap());
        assert_eq!(clock(at, &kathmandu), "01:52:31");
        assert_eq!(date_and_clock(at, &kathmandu), "2024-11-23 01:52:31");
        assert_eq!(clock_or_day(at, at, &kathmandu), "01:52:31.204");
        let later = at.plus(Duration::from_secs(23 * 3_600));
        assert_eq!(clock_or_day(at, later, &kathmandu), "11-23 01:52");
        assert_eq!(clock_millis(Timestamp::from_millis(-1), &TimeZone::UTC), "23:59:59.999");
    }

    #[test]
    fn lag_bars_never_fall_with_more_lag() {
        let bars: Vec<char> = (0..40).map(|bit| lag_bar(1 << bit)).collect();
        assert!(bars.is_sorted());
        assert_eq!((lag_bar(0), lag_bar(1 << 20), lag_bar(u64::MAX)), ('▁', '▇', '█'));
    }
}
