//! What clients saw, along the same time as the phases: a mark for each column, and counts.

use std::time::Duration;

use ratatui::style::Style;

use super::Scale;
use crate::model::probe::{Lane, Outcome, Seen, Stretch};
use crate::model::time::Timestamp;
use crate::ui::pen::Pen;
use crate::ui::theme::Theme;

/// An attempt stands for the time until the next one.
const SLOT: Duration = Duration::from_millis(100);

/// What became of the attempts of one column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Column {
    acknowledged: bool,
    failed: bool,
    unknown: bool,
}

impl Column {
    fn of(stretches: &[Stretch], from: Timestamp, until: Timestamp) -> Self {
        let mut column = Self::default();
        let begin = stretches.partition_point(|stretch| stretch.last.plus(SLOT) <= from);
        for stretch in stretches.iter().skip(begin).take_while(|stretch| stretch.first < until) {
            match stretch.outcome {
                Outcome::Acknowledged => column.acknowledged = true,
                Outcome::Failed(_) => column.failed = true,
                Outcome::Unknown(_) => column.unknown = true,
                Outcome::Skipped => {}
            }
        }
        column
    }

    /// Marks differ in form: no colour is needed to read them.
    fn mark(self, theme: &Theme) -> (&'static str, Style) {
        match (self.acknowledged, self.failed, self.unknown) {
            (true, false, false) => ("━", theme.ok),
            (true, _, _) => ("▚", theme.warning),
            (false, true, _) => ("×", theme.bad),
            (false, false, true) => ("?", theme.bad),
            (false, false, false) => (" ", theme.dim),
        }
    }
}

/// Draws it in that many columns.
pub(super) fn draw(pen: &mut Pen<'_>, width: u16, seen: &Seen, scale: &Scale, theme: &Theme) {
    for column in 0..width {
        let (from, until) = (scale.instant(column, width), scale.instant(column + 1, width));
        let (mark, style) = if from >= scale.now {
            (" ", theme.dim)
        } else {
            Column::of(&seen.stretches, from, until).mark(theme)
        };
        pen.put(mark, style);
    }
}

/// The lanes of the pane: what clients write and read through the entry point.
pub(super) fn lanes(clients: &crate::model::probe::Clients) -> impl Iterator<Item = &Seen> {
    clients
        .lanes
        .iter()
        .filter(|seen| matches!(seen.lane, Lane::Write | Lane::Read) && !seen.stretches.is_empty())
}
