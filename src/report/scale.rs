//! From seconds to the width of a bar: one scale for the waterfall in text and in SVG.

use super::schema::{Phase, Report};

/// What would widen the others by more than this is cut off, be it a bar or what was expected of one.
const STRETCH: f64 = 1.3;
/// No waterfall is shorter than this, seconds.
const LEAST: f64 = 1.0;
/// Beside all others, and often so much longer that nothing else would be seen.
const LONG: &str = "redundancy";

/// The seconds that the width stands for; it begins with the fault.
pub(super) struct Scale {
    /// All of it.
    pub(super) whole: f64,
    now: f64,
}

impl Scale {
    /// So that each bar fits with what was expected of it.
    pub(super) fn of(report: &Report) -> Self {
        let now = report.episode.ended.unwrap_or(report.written).offset_s;
        let mut scale = Self { whole: LEAST, now };
        let (long, short): (Vec<&Phase>, Vec<&Phase>) = report.phases.iter().partition(|phase| phase.name == LONG);
        let longest = |phases: &[&Phase]| phases.iter().map(|phase| scale.end(phase)).fold(0.0, f64::max);
        let (long, short) = (longest(&long), longest(&short));
        let bars = if short == 0.0 || long <= short * STRETCH {
            long.max(short)
        } else {
            short
        };
        let bands = report.phases.iter().filter_map(|phase| {
            let band = phase.predicted.as_ref()?;
            Some(phase.from.offset_s + band.most_s)
        });
        let whole = bands.filter(|band| *band <= bars * STRETCH).fold(bars, f64::max);
        scale.whole = whole.max(LEAST);
        scale
    }

    /// Where a phase ends, or has come to, in seconds.
    pub(super) fn end(&self, phase: &Phase) -> f64 {
        phase.to.map_or(self.now, |to| to.offset_s).max(phase.from.offset_s)
    }

    /// The share of the width at which that second lies, 0 to 1.
    pub(super) fn share(&self, second: f64) -> f64 {
        (second / self.whole).clamp(0.0, 1.0)
    }

    /// That second lies beyond the width.
    pub(super) fn is_beyond(&self, second: f64) -> bool {
        second > self.whole * 1.001
    }
}
