//! The waterfall as a picture that stands alone: one row a phase, its bar by time, beside it what was predicted. Colours
//! follow the reader's light or dark mode; text stays text; the evidence is in the title of each bar.

use std::fmt::Write as _;

use super::scale::Scale;
use super::schema::{Phase, Report};

/// Width of the picture.
const WIDTH: f64 = 960.0;
/// Where the bars begin, and how wide the widest is.
const BARS: (f64, f64) = (116.0, 560.0);
/// Where the figures begin.
const FIGURES: f64 = BARS.0 + BARS.1 + 22.0;
/// Top of the first row, and height of each.
const ROWS: (f64, f64) = (116.0, 42.0);
/// Below the last row: the axis and the legend.
const FOOT: f64 = 62.0;
/// No bar is narrower, so that it is seen.
const THIN: f64 = 2.0;
/// Letters of a line of the head that fit.
const LETTERS: usize = 118;

/// Colours by class: once as they are, once for a dark ground. No variables: not every program that draws SVG has them.
const STYLE: &str = "\
text{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;font-size:13px;fill:#1f2328}\
.title{font-size:17px;font-weight:600}.name{font-weight:600}.dim{fill:#59636e}.small{font-size:11.5px}\
.num{text-anchor:end}.mid{text-anchor:middle}\
.ground{fill:#ffffff}.grid{stroke:#d8dee4;stroke-width:1}.zebra{fill:#f6f8fa}\
.bar{fill:#3b76c4}.most{fill:#c4532a}.open{fill:#b58a1b}.doubt{fill-opacity:.4}\
.band{fill:#8b949e;fill-opacity:.28;stroke:#6e7781;stroke-width:1}\
.mark{stroke:#1a7f37;stroke-width:1.5;stroke-dasharray:4 3}.marked{fill:#1a7f37}\
@media (prefers-color-scheme:dark){\
text{fill:#e6edf3}.dim{fill:#9198a1}.ground{fill:#0d1117}.grid{stroke:#30363d}.zebra{fill:#151b23}\
.bar{fill:#4f8fe0}.most{fill:#e0723f}.open{fill:#d0a43a}\
.band{fill:#9198a1;stroke:#8b949e}.mark{stroke:#3fb950}.marked{fill:#3fb950}}";

/// The waterfall of a report.
pub fn svg(report: &Report) -> String {
    let scale = Scale::of(report);
    let rows = f64::from(u16::try_from(report.phases.len()).unwrap_or(u16::MAX));
    let bottom = ROWS.0 + rows * ROWS.1;
    let height = bottom + FOOT;
    let title = format!("Episode #{}: {}", report.episode.number, report.episode.title);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" \
         height=\"{height}\" role=\"img\" aria-labelledby=\"title\">\n<title id=\"title\">{}</title>\n\
         <style>{STYLE}</style>\n<rect class=\"ground\" width=\"{WIDTH}\" height=\"{height}\" rx=\"8\"/>\n",
        escaped(&title)
    );
    text(&mut out, "title", 20.0, 34.0, &shortened(&title));
    text(&mut out, "dim", 20.0, 57.0, &shortened(&headline(report)));
    let most = report.phases.iter().find(|phase| phase.dominates);
    let knob = || Some(format!("decided by: {}", most?.predicted.as_ref()?.knob));
    if let Some(note) = report.episode.invalid.clone().or_else(knob) {
        text(&mut out, "dim", 20.0, 76.0, &shortened(&note));
    }
    if !report.phases.is_empty() {
        text(&mut out, "dim small", FIGURES, ROWS.0 - 10.0, "measured");
        text(&mut out, "dim small", FIGURES + 110.0, ROWS.0 - 10.0, "predicted");
    }
    let tops = || (0_u16..).map(|row| ROWS.0 + ROWS.1 * f64::from(row));
    for (_, top) in report.phases.iter().zip(tops()).step_by(2) {
        rect(&mut out, "zebra", (12.0, top), (WIDTH - 24.0, ROWS.1), None);
    }
    axis(&mut out, &scale, bottom);
    for (phase, top) in report.phases.iter().zip(tops()) {
        line(&mut out, phase, top, &scale, report);
    }
    writable(&mut out, report, &scale, bottom);
    legend(&mut out, report, bottom + 44.0);
    out + "</svg>\n"
}

fn headline(report: &Report) -> String {
    let verdict = report.episode.verdict.unwrap_or("goes on");
    match &report.outage {
        Some(outage) => format!("{verdict}: {}", outage.text),
        None => verdict.to_owned(),
    }
}

fn line(out: &mut String, phase: &Phase, top: f64, scale: &Scale, report: &Report) {
    let (from, end) = (phase.from.offset_s, scale.end(phase));
    let middle = top + ROWS.1 / 2.0;
    let title = evidence(phase, report);
    text(out, "name", 24.0, middle + 4.5, phase.name);
    let class = match (phase.to.is_some(), phase.dominates) {
        (false, _) => "bar open",
        (true, true) => "bar most",
        (true, false) => "bar",
    };
    // Sure up to the earliest end, in doubt from there on.
    let sure = phase.span.map_or(end, |span| (from + span.least_s).min(end));
    let (begin, width) = place(scale, from, sure);
    rect(out, class, (begin, top + 9.0), (width, 14.0), Some(&title));
    if end > sure {
        let (begin, width) = place(scale, sure, end);
        rect(
            out,
            &format!("{class} doubt"),
            (begin, top + 9.0),
            (width, 14.0),
            Some(&title),
        );
    }
    if scale.is_beyond(end) {
        text(out, "small", BARS.0 + BARS.1 + 4.0, top + 20.0, "→");
    }
    if let Some(band) = &phase.predicted {
        let (begin, width) = place(scale, from + band.least_s, from + band.most_s);
        let title = format!("predicted {}: {}", band.text, band.knob);
        rect(out, "band", (begin, top + 27.0), (width, 6.0), Some(&title));
        if scale.is_beyond(from + band.most_s) {
            text(out, "dim small", BARS.0 + BARS.1 + 4.0, top + 34.0, "→");
        }
        text(out, "dim", FIGURES + 110.0, middle + 4.5, &band.text);
    }
    let figure = match &phase.span {
        Some(span) => format!("{:.1} s", span.told_s),
        None if report.episode.ended.is_some() => "no end".to_owned(),
        None => format!("{:.1} s so far", end - from),
    };
    text(out, "", FIGURES, middle + 4.5, &figure);
}

/// What a pointer on a bar tells.
fn evidence(phase: &Phase, report: &Report) -> String {
    let mut title = format!("{}: {}", phase.name, phase.what);
    if let Some(span) = &phase.span {
        let _ = write!(
            title,
            "; {:.2} s (between {:.2} and {:.2} s)",
            span.told_s, span.least_s, span.most_s
        );
    }
    if let Some(fact) = phase.evidence.and_then(|place| report.facts.get(place)) {
        let subject = fact.subject.as_deref().unwrap_or_default();
        let _ = write!(
            title,
            "; ended by: {} {subject} {}, {:+.2} s",
            fact.source, fact.text, fact.at.offset_s
        );
    }
    title
}

/// Since when clients can write.
fn writable(out: &mut String, report: &Report, scale: &Scale, bottom: f64) {
    let Some(outage) = &report.outage else { return };
    let x = x(scale, outage.until.offset_s);
    let _ = writeln!(
        out,
        "<line class=\"mark\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>",
        ROWS.0 - 6.0
    );
    let label = "clients can write";
    let (class, x) = if x > BARS.0 + BARS.1 / 2.0 {
        ("marked small num", x + 4.0)
    } else {
        ("marked small", x - 4.0)
    };
    text(out, class, x, ROWS.0 - 10.0, label);
}

fn axis(out: &mut String, scale: &Scale, bottom: f64) {
    let step = step(scale.whole);
    let mut second = 0.0;
    while second <= scale.whole * 1.0001 {
        let x = x(scale, second);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{:.1}\" x2=\"{x:.1}\" y2=\"{bottom:.1}\"/>",
            ROWS.0
        );
        text(out, "dim small mid", x, bottom + 16.0, &format!("{second} s"));
        second = ((second + step) * 10.0).round() / 10.0;
    }
}

/// A round distance of the lines, of which there are five to ten.
fn step(whole: f64) -> f64 {
    const STEPS: [f64; 13] = [
        0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0,
    ];
    let fits = |step: &&f64| whole / **step <= 10.0;
    STEPS.iter().find(fits).copied().unwrap_or(whole.max(1.0))
}

fn legend(out: &mut String, report: &Report, y: f64) {
    let goes_on = report.phases.iter().any(|phase| phase.to.is_none());
    let open = goes_on.then_some(("bar open", 12.0, "without an end"));
    let entries = [
        ("bar", 12.0, "measured"),
        ("bar most", 12.0, "took most of the time"),
        ("bar doubt", 12.0, "in doubt: told late"),
        ("band", 6.0, "predicted"),
    ];
    let mut x = BARS.0;
    for (class, height, name) in entries.into_iter().chain(open) {
        rect(out, class, (x, y - 4.0 - height / 2.0), (22.0, height), None);
        text(out, "dim small", x + 28.0, y, name);
        x += 52.0 + f64::from(u16::try_from(name.len()).unwrap_or(u16::MAX)) * 6.0;
    }
}

fn x(scale: &Scale, second: f64) -> f64 {
    BARS.0 + BARS.1 * scale.share(second)
}

/// Left end and width of a bar; one that would be too thin to be seen is made thicker.
fn place(scale: &Scale, from: f64, to: f64) -> (f64, f64) {
    let (begin, end) = (x(scale, from), x(scale, to));
    let width = (end - begin).max(THIN);
    (begin.min(BARS.0 + BARS.1 - width), width)
}

fn rect(out: &mut String, class: &str, (x, y): (f64, f64), (width, height): (f64, f64), title: Option<&str>) {
    let _ = write!(
        out,
        "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"2\""
    );
    let _ = match title {
        Some(title) => writeln!(out, "><title>{}</title></rect>", escaped(title)),
        None => writeln!(out, "/>"),
    };
}

fn text(out: &mut String, class: &str, x: f64, y: f64, text: &str) {
    let class = if class.is_empty() {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    };
    let _ = writeln!(out, "<text{class} x=\"{x:.1}\" y=\"{y:.1}\">{}</text>", escaped(text));
}

fn shortened(text: &str) -> String {
    if text.chars().count() <= LETTERS {
        return text.to_owned();
    }
    text.chars().take(LETTERS - 1).chain(['…']).collect()
}

/// Text in XML: markup as entities, and nothing that XML 1.0 forbids.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\t' | '\n' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => out.push(c),
        }
    }
    out
}
