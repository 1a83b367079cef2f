//! Lines that are older than those that were read at the start: how far back to go.

use jiff::{SignedDuration, SpanRelativeTo};

use crate::app::App;
use crate::app::event::Effect;
use crate::model::log_start::LogStart;
use crate::model::time::Timestamp;

/// Lines of each container that are proposed.
pub(super) const MORE: u32 = 1_000;

impl App {
    /// Reads them; what is shown stays where it is.
    pub(super) fn read_older(&mut self, start: LogStart) -> Vec<Effect> {
        self.view.overlay = None;
        self.tell(
            match start {
                LogStart::Tail(lines) => format!("reading up to {lines} older lines of each container"),
                LogStart::Since(_) => "reading older lines back to that time".to_owned(),
                LogStart::All => "reading every older line".to_owned(),
            },
            false,
        );
        vec![Effect::LogDepth(start)]
    }

    /// Docker has lines of the containers shown that are older than those that were read.
    pub fn has_older(&self) -> bool {
        self.unread.iter().any(|name| self.view.logs.lens.has(name))
    }
}

/// `1000` more of each container, `2h` back from now or from a time on, or `all`.
pub(super) fn depth(text: &str, now: Timestamp) -> Result<LogStart, String> {
    let text = text.trim();
    if text == "all" {
        return Ok(LogStart::All);
    }
    if let Ok(lines @ 1..) = text.parse() {
        return Ok(LogStart::Tail(lines));
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(LogStart::Since(Timestamp::from_micros(time.as_microsecond())));
    }
    let back = |span: jiff::Span| span.to_duration(SpanRelativeTo::days_are_24_hours()).ok();
    let span = text.parse::<jiff::Span>().ok().and_then(back);
    match span
        .filter(SignedDuration::is_positive)
        .map(SignedDuration::unsigned_abs)
    {
        Some(span) => Ok(LogStart::Since(now.minus(span))),
        None => {
            Err("a number of lines, a span such as 2h or 1d, a time such as 2026-11-22T19:17:51Z, or all".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_depth_is_a_number_a_span_a_time_or_all() {
        let now = Timestamp::from_millis(1_763_839_071_000);
        let back = |seconds: u64| LogStart::Since(now.minus(std::time::Duration::from_secs(seconds)));
        for (text, expected) in [
            ("1000", LogStart::Tail(1_000)),
            (" all ", LogStart::All),
            ("90s", back(90)),
            ("1h30m", back(5_400)),
            ("2d", back(172_800)),
            ("2025-11-22T19:17:51Z", LogStart::Since(now)),
        ] {
            assert_eq!(depth(text, now), Ok(expected), "{text}");
        }
        for text in ["", "0", "-5", "-2h", "soon", "99999999999", "1mo"] {
            assert!(depth(text, now).is_err(), "{text}");
        }
    }
}
