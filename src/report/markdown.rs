//! The report as Markdown, to be handed in or to be put into a post-mortem.

mod bars;
mod boxes;
mod text;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::schema::{Fact, Instant, Lane, Phase, Report, Span, State};

pub(super) use text::date_and_clock;
use text::{UNKNOWN, block, clock, escaped, offset, table};

/// The whole; `svg` names the file of the waterfall, if it stands beside this one.
pub fn markdown(report: &Report, svg: Option<&str>) -> String {
    let episode = &report.episode;
    let mut out = format!(
        "# Episode #{}: {}\n\n{}\n\n",
        episode.number,
        escaped(&episode.title),
        escaped(&report.summary)
    );
    out += &facts_in_short(report);
    section(&mut out, "Why", &list(&report.explanation));
    section(&mut out, "Where the time went", &waterfall(report, svg));
    section(&mut out, "Clients", &clients(report));
    section(&mut out, "Timeline", &timeline(&report.facts));
    section(&mut out, "The cluster before, during and after", &states(report));
    section(&mut out, "Logs", &logs(report));
    section(&mut out, "Who could take over", &candidates(report));
    section(&mut out, "Configuration at the beginning", &configuration(report));
    let _ = write!(
        out,
        "\n---\nWritten by {} {} from what was known at {} UTC. All times are UTC; offsets are seconds after the fault.\n",
        report.program.name,
        report.program.version,
        date_and_clock(report.written.at)
    );
    out
}

fn section(out: &mut String, title: &str, text: &str) {
    if !text.is_empty() {
        let _ = write!(out, "\n## {title}\n\n{text}");
    }
}

fn list(sentences: &[String]) -> String {
    sentences
        .iter()
        .fold(String::new(), |list, sentence| list + "- " + &escaped(sentence) + "\n")
}

fn facts_in_short(report: &Report) -> String {
    let episode = &report.episode;
    let name = |name: &Option<String>| name.clone().unwrap_or_else(|| UNKNOWN.to_owned());
    let by = if episode.caused_here { ", done from pgherd" } else { "" };
    let ended = episode.ended.map_or_else(
        || "goes on".to_owned(),
        |at| format!("{}, {} s", date_and_clock(at.at), offset(at.offset_s)),
    );
    let leader = match &episode.new_leader {
        Some(new) => format!("{} before, {new} after", name(&episode.old_leader)),
        None => name(&episode.old_leader),
    };
    let mut rows = vec![
        (
            "Cluster",
            format!("{} ({})", name(&report.cluster.scope), name(&report.cluster.system_id)),
        ),
        ("Verdict", episode.verdict.unwrap_or("open: it goes on").to_owned()),
        (
            "Fault",
            format!("{} at {} UTC{by}", episode.fault, date_and_clock(episode.began.at)),
        ),
        ("Leader", leader),
    ];
    if let Some(why) = &episode.invalid {
        rows.push(("Times", why.clone()));
    }
    if let Some(outage) = &report.outage {
        rows.push(("Writes", outage.text.clone()));
    }
    rows.push(("Ended", ended));
    let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]);
    table(&["", ""], rows)
}

fn waterfall(report: &Report, svg: Option<&str>) -> String {
    if report.phases.is_empty() {
        return String::new();
    }
    let mut out = String::new();
    if let Some(file) = svg {
        let _ = write!(out, "![The phases as bars, beside what was predicted]({file})\n\n");
    }
    out += &block(&bars::bars(report));
    out += "\nMeasured against predicted; what is polled is told late, so that a phase lies between two bounds:\n\n";
    let rows = report.phases.iter().map(|phase| {
        let predicted = phase.predicted.as_ref();
        let most = if phase.dominates { " (most of the time)" } else { "" };
        vec![
            format!("{}{most}", phase.name),
            phase.what.to_owned(),
            phase.span.as_ref().map_or_else(|| so_far(phase, report), span),
            predicted.map_or_else(|| "–".to_owned(), |band| band.text.clone()),
            phase.span.zip(predicted).map_or_else(String::new, |(span, band)| {
                against(span.least_s, span.most_s, band.least_s, band.most_s).to_owned()
            }),
            predicted.map_or_else(String::new, |band| band.knob.clone()),
        ]
    });
    let mut rows: Vec<Vec<String>> = rows.collect();
    if let Some(predicted) = &report.predicted {
        let outage = report.outage.as_ref().map(|outage| outage.span);
        rows.push(vec![
            "whole".to_owned(),
            "without writes".to_owned(),
            outage.as_ref().map_or_else(|| UNKNOWN.to_owned(), span),
            predicted.text.clone(),
            outage.map_or_else(String::new, |span| {
                against(span.least_s, span.most_s, predicted.least_s, predicted.most_s).to_owned()
            }),
            predicted.assumed.join(", "),
        ]);
    }
    out + &table(&["phase", "what", "measured", "predicted", "", "what decides it"], rows)
}

fn so_far(phase: &Phase, report: &Report) -> String {
    let until = report.episode.ended.unwrap_or(report.written).offset_s;
    let word = if report.episode.ended.is_some() {
        "no end after"
    } else {
        "so far"
    };
    format!("{word} {:.1} s", (until - phase.from.offset_s).max(0.0))
}

/// `20.4 s (19.3–20.5)`.
fn span(span: &Span) -> String {
    if span.most_s - span.least_s < 0.15 {
        format!("{:.2} s", span.told_s)
    } else {
        format!("{:.1} s ({:.1}–{:.1})", span.told_s, span.least_s, span.most_s)
    }
}

fn against(least: f64, most: f64, from: f64, to: f64) -> &'static str {
    if most < from {
        "shorter"
    } else if least > to {
        "longer"
    } else {
        "as predicted"
    }
}

fn clients(report: &Report) -> String {
    let clients = &report.clients;
    let mut out = list(&clients.text);
    if !clients.lanes.is_empty() {
        let head = [
            "attempts",
            "acknowledged",
            "failed",
            "outcome unknown",
            "without a success",
        ];
        out += "\n";
        out += &table(&head, clients.lanes.iter().map(lane));
    }
    if let Some(ledger) = &clients.ledger {
        let read: Vec<&str> = ledger.readings.iter().map(|reading| reading.server.as_str()).collect();
        let _ = write!(
            out,
            "\nRows read back at {} from {}: {} looked for, {} lost; of those with unknown outcome {} are there and {} are not.\n",
            when(ledger.at),
            escaped(&read.join(", ")),
            ledger.acknowledged,
            ledger.lost.len(),
            ledger.recovered,
            ledger.absent
        );
    }
    out
}

fn lane(lane: &Lane) -> Vec<String> {
    let counted = |classes: &BTreeMap<String, u32>| {
        let classes: Vec<String> = classes
            .iter()
            .map(|(class, count)| format!("{count} {class}"))
            .collect();
        if classes.is_empty() {
            "0".to_owned()
        } else {
            classes.join(", ")
        }
    };
    let outages: Vec<String> = lane
        .outages
        .iter()
        .map(|outage| {
            let until = outage
                .until
                .map_or_else(|| "its end".to_owned(), |until| offset(until.offset_s));
            format!("{} to {until} ({} failed)", offset(outage.from.offset_s), outage.failed)
        })
        .collect();
    vec![
        lane.lane.clone(),
        lane.acknowledged.to_string(),
        counted(&lane.failed),
        counted(&lane.unknown),
        if outages.is_empty() {
            "none".to_owned()
        } else {
            outages.join(", ")
        },
    ]
}

fn timeline(facts: &[Fact]) -> String {
    let rows = facts.iter().map(|fact| {
        let doubt = if fact.doubt_s >= 0.01 {
            format!("up to {:.2} s earlier", fact.doubt_s)
        } else {
            "exact".to_owned()
        };
        let late = fact.noticed_after_s;
        let late = if late >= 0.5 {
            format!("; noticed {late:.1} s later")
        } else {
            String::new()
        };
        vec![
            clock(fact.at.at),
            offset(fact.at.offset_s),
            fact.source.to_owned(),
            fact.subject.clone().unwrap_or_default(),
            fact.text.clone(),
            doubt + &late,
        ]
    });
    table(&["UTC", "offset", "source", "about", "what", "how exact"], rows)
}

fn states(report: &Report) -> String {
    if report.states.is_empty() {
        return "Not known: pgherd did not look at the cluster then.\n".to_owned();
    }
    let mut out = String::new();
    if report.states.first().is_some_and(|state| state.moment != "before") {
        out += "Before: not known, pgherd did not look at the cluster then.\n\n";
    }
    let during = ["lock free", "lock taken", "struck"]
        .iter()
        .find_map(|moment| report.states.iter().find(|state| state.moment == *moment))
        .map(|state| state.moment);
    for state in &report.states {
        let whole = ["before", "over"].contains(&state.moment) || Some(state.moment) == during;
        let _ = write!(out, "### {}\n\n", moment(state));
        out += &block(&boxes::members(&report.cluster, state));
        if whole && !state.containers.is_empty() {
            out += "\n";
            out += &block(&boxes::containers(&state.containers));
        }
        if whole && !state.servers.is_empty() {
            out += "\n";
            out += &block(&boxes::servers(&state.servers));
        }
        out += "\n";
    }
    out.truncate(out.trim_end().len());
    out + "\n"
}

fn moment(state: &State) -> String {
    let words = match state.moment {
        "before" => "Before",
        "struck" => "During: just after the fault",
        "lock free" => "During: the lock is free",
        "lock taken" => "During: the lock is taken",
        "writable" => "During: clients can write again",
        _ => "After",
    };
    format!("{words} ({})", when(state.at))
}

fn when(at: Instant) -> String {
    format!("{}, {} s", clock(at.at), offset(at.offset_s))
}

/// The lines in their order, with the steps between them.
fn logs(report: &Report) -> String {
    let logs = &report.logs;
    let mut out = String::new();
    if logs.lines.is_empty() {
        out += "No line of that time tells anything of it, or none is kept.\n";
    } else {
        out += &block(&log_lines(report));
    }
    match logs.left_out {
        0 => {}
        1 => out += "\nOne other line of that time is not shown.\n",
        more => {
            let _ = write!(out, "\n{more} other lines of that time are not shown.\n");
        }
    }
    for gap in &logs.gaps {
        let _ = write!(out, "\n{}.\n", escaped(gap));
    }
    out
}

fn log_lines(report: &Report) -> String {
    let lines = &report.logs.lines;
    let width = lines
        .iter()
        .map(|line| line.container.chars().count())
        .max()
        .unwrap_or(0);
    let mut steps = report.steps.iter().peekable();
    let mut out = String::new();
    for line in lines {
        while let Some(step) = steps.next_if(|step| step.at.at <= line.at.at) {
            let _ = writeln!(out, "──────────── {:>8}  {}", offset(step.at.offset_s), step.name);
        }
        let level = match line.level {
            "info" | "debug" => "",
            level => level,
        };
        let count = if line.count > 1 {
            format!(" (×{})", line.count)
        } else {
            String::new()
        };
        let _ = writeln!(
            out,
            "{} {:>8}  {:width$}  {level:7}  {}{count}",
            clock(line.at.at),
            offset(line.at.offset_s),
            line.container,
            line.text
        );
    }
    for step in steps {
        let _ = writeln!(out, "──────────── {:>8}  {}", offset(step.at.offset_s), step.name);
    }
    out
}

fn candidates(report: &Report) -> String {
    let rows = report.candidates.iter().map(|candidate| {
        let verdict = if candidate.able {
            "yes".to_owned()
        } else {
            format!("no: {}", candidate.obstacles.join(", "))
        };
        vec![candidate.member.clone(), verdict]
    });
    if report.candidates.is_empty() {
        return String::new();
    }
    table(&["member", "before somebody took over"], rows)
}

fn configuration(report: &Report) -> String {
    let rows = report.configuration.iter().map(|setting| {
        vec![
            setting.part.to_owned(),
            setting.name.to_owned(),
            setting.value.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
            setting.known_from.to_owned(),
        ]
    });
    table(&["part", "setting", "value", "known from"], rows)
}
