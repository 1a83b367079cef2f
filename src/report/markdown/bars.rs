//! The waterfall in letters: a bar for each phase, and below it what was expected.

use crate::report::scale::Scale;
use crate::report::schema::{Phase, Report};

/// Letters of the widest bar.
const LETTERS: u16 = 56;
const WIDTH: usize = LETTERS as usize;
/// Letters of a name.
const NAME: usize = 12;

/// All phases.
pub(super) fn bars(report: &Report) -> String {
    let scale = Scale::of(report);
    let ruler = format!("{:.1} s", scale.whole);
    let mut lines = vec![format!("{:NAME$}0 s{ruler:>width$}", "", width = WIDTH - 3)];
    for phase in &report.phases {
        lines.push(measured(phase, &scale));
        lines.extend(expected(phase, &scale));
    }
    lines.join("\n")
}

fn measured(phase: &Phase, scale: &Scale) -> String {
    let end = scale.end(phase);
    let text = match &phase.span {
        Some(span) => format!("{:.1} s", span.told_s),
        None => format!("{:.1} s and no end", end - phase.from.offset_s),
    };
    let block = if phase.to.is_some() { "█" } else { "▒" };
    line(phase.name, (phase.from.offset_s, end), block, scale, &text)
}

fn expected(phase: &Phase, scale: &Scale) -> Option<String> {
    let band = phase.predicted.as_ref()?;
    let from = phase.from.offset_s;
    let text = format!("{} predicted", band.text);
    Some(line("", (from + band.least_s, from + band.most_s), "░", scale, &text))
}

fn line(name: &str, (from, to): (f64, f64), block: &str, scale: &Scale, text: &str) -> String {
    let begin = column(scale.share(from)).min(WIDTH - 1);
    let end = column(scale.share(to)).clamp(begin + 1, WIDTH);
    let filled = if scale.is_beyond(to) {
        block.repeat(end - begin - 1) + "→"
    } else {
        block.repeat(end - begin)
    };
    format!(
        "{name:NAME$}{}{filled}{}  {text}",
        " ".repeat(begin),
        " ".repeat(WIDTH - end)
    )
}

/// The letter at that share of the width.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share lies between 0 and 1"
)]
fn column(share: f64) -> usize {
    usize::from((share * f64::from(LETTERS)).round() as u16)
}
