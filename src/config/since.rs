//! From when on logs are read: what may be written, and what it means at a time. Pure but for the zone of this machine.

use std::time::Duration;

use super::Origin;
use super::settings::Settings;
use crate::model::log_start::LogStart;
use crate::model::time::Timestamp;

/// From when on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// From the beginning.
    All,
    /// So long ago.
    Ago(Duration),
    /// From a point in time.
    At(Timestamp),
    /// From a time of day in the zone of the times shown.
    Local(jiff::civil::DateTime),
}

/// `all`, `10m` or `1h30m` ago, a day, a day and a time, or an RFC 3339 time.
pub(super) fn parse(text: &str) -> Result<Since, String> {
    let ago = || text.parse::<jiff::SignedDuration>().ok();
    let days = || {
        let span: jiff::Span = text.parse().ok()?;
        span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()
    };
    if text == "all" {
        return Ok(Since::All);
    }
    if let Some(ago) = ago().or_else(days)
        && let Ok(ago) = ago.try_into()
    {
        return Ok(Since::Ago(ago));
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Since::At(Timestamp::from_micros(time.as_microsecond())));
    }
    text.parse().map(Since::Local).map_err(|_| {
        format!("{text:?} is neither all, nor a span such as 10m, nor a time such as 2026-11-22T19:17:51Z or 2026-11-22 19:17")
    })
}

impl std::fmt::Display for Since {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Ago(ago) => match jiff::SignedDuration::try_from(*ago) {
                Ok(ago) => write!(f, "{ago:#}"),
                Err(_) => write!(f, "{ago:?}"),
            },
            Self::At(at) => match jiff::Timestamp::from_microsecond(at.micros()) {
                Ok(at) => write!(f, "{at}"),
                Err(_) => write!(f, "{at:?}"),
            },
            Self::Local(at) => write!(f, "{at}"),
        }
    }
}

impl Settings {
    /// How far back logs are read, at that time.
    pub fn log_start(&self, now: Timestamp) -> LogStart {
        let flagged = |from: &Origin| matches!(from, Origin::Flag(_));
        let tail = LogStart::Tail(self.tail.value);
        if flagged(&self.tail.from) && !flagged(&self.since.from) {
            return tail;
        }
        match self.since.value {
            None => tail,
            Some(Since::All) => LogStart::All,
            Some(Since::Ago(ago)) => LogStart::Since(now.minus(ago)),
            Some(Since::At(at)) => LogStart::Since(at),
            Some(Since::Local(at)) => {
                let zone = self.time_zone.value.zone();
                let at = at.to_zoned(zone).map(|at| at.timestamp().as_microsecond());
                at.map_or(LogStart::All, |at| LogStart::Since(Timestamp::from_micros(at)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_beginning_is_written_in_several_ways() {
        let at = Timestamp::from_millis(1_763_839_071_000);
        for (text, expected) in [
            ("all", Since::All),
            ("10m", Since::Ago(Duration::from_secs(600))),
            ("1h30m", Since::Ago(Duration::from_secs(5_400))),
            ("2d", Since::Ago(Duration::from_secs(172_800))),
            ("2025-11-22T19:17:51Z", Since::At(at)),
            ("2025-11-22T20:17:51+01:00", Since::At(at)),
            (
                "2025-11-22 19:17",
                Since::Local(jiff::civil::date(2025, 11, 22).at(19, 17, 0, 0)),
            ),
            (
                "2025-11-22",
                Since::Local(jiff::civil::date(2025, 11, 22).at(0, 0, 0, 0)),
            ),
        ] {
            assert_eq!(parse(text), Ok(expected), "{text}");
            assert_eq!(parse(&expected.to_string()), Ok(expected), "{expected}");
        }
        for text in ["", "soon", "-10m", "10", "2025-99-01"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
