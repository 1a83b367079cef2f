//! The time that a program itself puts before a line.

use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

use super::level::named;
use crate::model::time::Timestamp;

/// `2026-11-22 19:17:51`
const SHAPE: &[u8] = b"0000-00-00 00:00:00";
/// No zone is further from another's than a day.
const DAY: i64 = 24 * 3600 * 1_000_000;
/// Zones lie whole quarters of an hour apart.
const QUARTER: i64 = 15 * 60 * 1_000_000;

/// What a program says of a line's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp<'a> {
    /// `2026-11-22 19:17:51.025`, as it stands there.
    pub time: &'a str,
    /// `UTC`, `CET`, `+01`, `Z`; many give none and mean the container's.
    pub zone: Option<&'a str>,
}

impl Stamp<'_> {
    /// The instant, if the zone is one that says how far from UTC it is.
    pub fn instant(&self) -> Option<Timestamp> {
        let offset = match self.zone? {
            "UTC" | "GMT" | "Z" => Offset::UTC,
            zone => hours(zone)?,
        };
        let zoned = TimeZone::fixed(offset).to_zoned(self.civil()?).ok()?;
        Some(Timestamp::from_micros(zoned.timestamp().as_microsecond()))
    }

    /// Microseconds from this stamp until `docker`'s, negative if it is later. Where the zone is not known, the one that
    /// makes the two lie nearest, so nothing beyond 7 minutes is seen then.
    pub fn behind(&self, docker: Timestamp) -> Option<i64> {
        if let Some(instant) = self.instant() {
            return Some(docker.micros().saturating_sub(instant.micros()));
        }
        let local = TimeZone::UTC.to_zoned(self.civil()?).ok()?.timestamp().as_microsecond();
        let apart = docker.micros().checked_sub(local)?;
        (apart.checked_abs()? <= DAY).then(|| (apart + QUARTER / 2).rem_euclid(QUARTER) - QUARTER / 2)
    }

    fn civil(&self) -> Option<DateTime> {
        if self.time.contains(',') {
            return self.time.replace(',', ".").parse().ok();
        }
        self.time.parse().ok()
    }
}

/// `+01`, `-0330`, `+05:45`.
fn hours(zone: &str) -> Option<Offset> {
    let (sign, digits) = match zone.split_at_checked(1)? {
        ("+", digits) => (1, digits),
        ("-", digits) => (-1, digits),
        _ => return None,
    };
    let hours: i32 = digits.get(..2)?.parse().ok()?;
    let minutes = digits.get(2..)?.trim_start_matches(':');
    let minutes: i32 = if minutes.is_empty() { 0 } else { minutes.parse().ok()? };
    Offset::from_seconds(sign * (hours * 3600 + minutes * 60)).ok()
}

/// The stamp that `text` begins with, in brackets or not, and what is behind it.
pub(super) fn split(text: &str) -> Option<(Stamp<'_>, &str)> {
    let inside = text.strip_prefix('[');
    let (time, rest) = time(inside.unwrap_or(text))?;
    let (zone, rest) = zone(rest);
    let rest = if inside.is_some() {
        rest.strip_prefix(']')?
    } else {
        rest
    };
    Some((Stamp { time, zone }, rest.strip_prefix(' ')?))
}

/// `text` as a stamp, if it is nothing else.
pub(super) fn whole(text: &str) -> Option<Stamp<'_>> {
    let (time, rest) = time(text)?;
    let zone = rest.strip_prefix(' ').unwrap_or(rest);
    let is_zone = zone.len() <= 6
        && zone
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-:".contains(&byte));
    is_zone.then_some(Stamp {
        time,
        zone: (!zone.is_empty()).then_some(zone),
    })
}

fn time(text: &str) -> Option<(&str, &str)> {
    let bytes = text.as_bytes();
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        b' ' => matches!(byte, b' ' | b'T'),
        other => byte == other,
    };
    if !bytes.get(..SHAPE.len())?.iter().zip(SHAPE).all(fits) {
        return None;
    }
    let behind = bytes.get(SHAPE.len()..)?;
    let fraction = match behind.split_first() {
        Some((b'.' | b',', digits)) => match digits.iter().take_while(|byte| byte.is_ascii_digit()).count() {
            0 => 0,
            digits => digits + 1,
        },
        _ => 0,
    };
    text.split_at_checked(SHAPE.len() + fraction)
}

/// The zone right behind a time or one blank further, if there is one.
fn zone(text: &str) -> (Option<&str>, &str) {
    let word = text.strip_prefix(' ').unwrap_or(text);
    let is_sign = word.starts_with(['+', '-']);
    let letter = |byte: &u8| match byte {
        b'0'..=b'9' | b':' => is_sign,
        b'A'..=b'Z' => !is_sign,
        _ => false,
    };
    let sign = usize::from(is_sign);
    let length = sign + word.bytes().skip(sign).take_while(letter).count();
    let Some((zone, rest)) = word.split_at_checked(length) else {
        return (None, text);
    };
    let ends = rest.starts_with([' ', ']']);
    let is_zone = if is_sign {
        (3..=6).contains(&length) && hours(zone).is_some()
    } else {
        zone == "Z" || (2..=5).contains(&length) && named(zone).is_none()
    };
    if ends && is_zone {
        (Some(zone), rest)
    } else {
        (None, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_of_its_own_is_told_from_the_message() {
        let cases = [
            ("2026-11-22 19:17:51,025 INFO: no action.", None, "INFO: no action."),
            (
                "2026-11-22 19:17:51.026 UTC [19] LOG:  ready",
                Some("UTC"),
                "[19] LOG:  ready",
            ),
            (
                "2026-11-22 19:17:51 CET [19] LOG:  ready",
                Some("CET"),
                "[19] LOG:  ready",
            ),
            (
                "2026-11-22 19:17:51.026 +0330 [19] LOG:  ready",
                Some("+0330"),
                "[19] LOG:  ready",
            ),
            ("2026-11-22T19:17:51.026Z ready", Some("Z"), "ready"),
            ("2026-11-22T19:17:51.026+01:00 ready", Some("+01:00"), "ready"),
            ("2026-11-22 19:17:51,026 [myid:] - INFO  x", None, "[myid:] - INFO  x"),
            ("2026-11-22 19:17:51,026 - INFO  x", None, "- INFO  x"),
            ("2026-11-22 19:17:51,026 INFO x", None, "INFO x"),
            ("[2026-11-22 19:17:51,026] WARN x", None, "WARN x"),
        ];
        for (text, zone, message) in cases {
            let (stamp, rest) = split(text).unwrap();
            assert_eq!((stamp.zone, rest), (zone, message), "{text}");
        }
        for text in [
            "2026-11-22 19:17:51,025",
            "server promoting",
            "2026-11-22 é9:17:51,025 x",
            "2026-11-22",
            "",
        ] {
            assert_eq!(split(text), None, "{text}");
        }
    }

    #[test]
    fn tells_how_far_docker_is_behind() {
        let docker = Timestamp::from_micros(1_795_375_071_125_000); // 2026-11-22 19:17:51.125 UTC
        let behind = |text: &str| split(text).unwrap().0.behind(docker);
        assert_eq!(behind("2026-11-22 19:17:51.025 UTC x"), Some(100_000));
        assert_eq!(behind("2026-11-22 20:17:51.025 +01 x"), Some(100_000));
        assert_eq!(behind("2026-11-22T13:47:51.025-05:30 x"), Some(100_000));
        assert_eq!(behind("2026-11-22 19:17:21.125 UTC x"), Some(30_000_000));
        assert_eq!(behind("2026-11-22 19:17:52.125 UTC x"), Some(-1_000_000));
        // A zone that is not named: the nearest that there can be.
        assert_eq!(behind("2026-11-22 20:17:51,025 INFO: x"), Some(100_000));
        assert_eq!(behind("2026-11-22 20:17:51.025 CET x"), Some(100_000));
        assert_eq!(behind("2026-11-22 20:17:52,125 INFO: x"), Some(-1_000_000));
        assert_eq!(behind("2026-11-12 20:17:52,125 INFO: x"), None);
        assert_eq!(behind("2026-99-99 99:17:52,125 INFO: x"), None);
    }
}
