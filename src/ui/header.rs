//! The header: which cluster, who leads it since when, and whether each source can be read.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::faults;
use super::pen::{Pen, columns};
use super::scene::Scene;
use super::units::{self, UNKNOWN};
use crate::app::options::Mark;
use crate::model::authority::Verdict;
use crate::model::link::{LinkState, SourceId};
use crate::model::probe::{Lane, Mode};
use crate::model::takeover;

/// From this width on one row is enough.
const ONE_ROW: u16 = 150;

/// Columns that the probe takes beside that.
const PROBE: u16 = 24;

/// Rows that it needs.
pub(super) fn rows(width: u16, scene: &Scene<'_>) -> u16 {
    let probed = scene.app.cluster.links.contains_key(&SourceId::Probe);
    if width >= ONE_ROW + if probed { PROBE } else { 0 } {
        1
    } else {
        2
    }
}

/// Draws it.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    identity(&mut Pen::at(buffer, area, 0), scene);
    let one_row = area.height == 1;
    let groups = groups(scene);
    let length = |short: bool| {
        groups
            .iter()
            .map(|group| columns(&group.text(short, scene)) + 2)
            .sum::<u16>()
    };
    let short = one_row || length(false) > area.width;
    let mut pen = Pen::at(buffer, area, area.height.saturating_sub(1));
    if one_row {
        pen.skip_to_last(length(short));
    } else {
        pen.skip(1);
    }
    for group in &groups {
        pen.put(&group.text(short, scene), group.style(scene)).skip(2);
    }
}

fn identity(pen: &mut Pen<'_>, scene: &Scene<'_>) {
    let (cluster, theme) = (&scene.app.cluster, scene.theme);
    pen.skip(1)
        .put(cluster.scope.as_deref().unwrap_or("no cluster yet"), theme.title);
    for badge in badges(scene) {
        pen.skip(1).put(badge, theme.badge);
    }
    if let Some(badge) = faults::badge(scene) {
        pen.skip(1).put(&badge, theme.alarm);
    }
    let Some(dcs) = cluster.snapshot() else { return };
    let fresh = scene.is_fresh(&SourceId::ZooKeeper);
    let style = |style: Style| if fresh { style } else { theme.stale };
    let separator = " · ";
    pen.put(separator, theme.dim);
    match &dcs.leader {
        Some(lock) => {
            // The lock outlives its holder: a leader it is only while nobody contradicts.
            let agreed = matches!(scene.authorities.verdict, Verdict::Agree(_));
            let word = if agreed { "leader " } else { "lock held by " };
            pen.put(word, theme.dim).put(
                lock.holder.as_str(),
                style(if agreed { theme.leader } else { theme.warning }),
            );
            pen.put(" for ", theme.dim)
                .put(&units::uptime(scene.now.since(lock.since)), style(theme.text));
        }
        None => drop(pen.put("no leader", style(theme.bad))),
    }
    let mode = dcs.config.as_ref().map_or(UNKNOWN, |config| {
        match (config.synchronous_mode, config.synchronous_mode_strict) {
            (true, true) => "sync strict",
            (true, false) => "sync",
            (false, _) => "async",
        }
    });
    let newest = || scene.members.iter().filter_map(|member| member.timeline).max();
    let timeline = takeover::timeline(dcs, &scene.members).or_else(newest);
    let timeline = timeline.map_or(UNKNOWN.to_owned(), |timeline| timeline.to_string());
    pen.put(separator, theme.dim)
        .put(&format!("TL {timeline}"), style(theme.text));
    pen.put(separator, theme.dim).put(mode, style(theme.text));
    let id = match dcs.initialize.as_deref() {
        None => "not initialized",
        Some("") => "bootstrapping",
        Some(id) => id,
    };
    pen.put(separator, theme.dim).put(id, style(theme.dim));
}

fn badges<'a>(scene: &'a Scene<'_>) -> impl Iterator<Item = &'static str> + 'a {
    let cluster = &scene.app.cluster;
    let config = cluster.snapshot().and_then(|dcs| dcs.config.as_ref());
    let paused = config.is_some_and(|config| config.pause);
    let failsafe = config.is_some_and(|config| config.failsafe_mode) && scene.failsafe_is_active();
    [
        (paused, " PAUSED "),
        (failsafe, " FAILSAFE "),
        (cluster.clock_set().is_some(), " CLOCK SET "),
        (scene.app.is_read_only(), " READ-ONLY "),
        (scene.app.options.mark == Mark::Protected, " PROTECTED "),
        (scene.app.recording.is_some(), " REC "),
    ]
    .into_iter()
    .filter_map(|(on, badge)| on.then_some(badge))
}

/// Sources of one kind, whose state stands together.
struct Group<'a> {
    long: &'static str,
    short: &'static str,
    links: Vec<&'a LinkState>,
    /// Only the number tells how many of them there should be.
    counted: bool,
    /// What is said beside its state, and whether that is bad.
    note: Option<(String, bool)>,
}

impl Group<'_> {
    fn down_since(&self) -> Option<crate::model::time::Timestamp> {
        let since = |link: &&LinkState| {
            if let LinkState::Down { since, .. } = link {
                Some(*since)
            } else {
                None
            }
        };
        self.links.iter().filter_map(since).min()
    }

    fn ups(&self) -> usize {
        self.links.iter().filter(|link| link.is_up()).count()
    }

    fn text(&self, short: bool, scene: &Scene<'_>) -> String {
        let name = if short { self.short } else { self.long };
        let number = if self.counted {
            format!(" {}/{}", self.ups(), self.links.len())
        } else {
            String::new()
        };
        if let (None, Some((note, bad))) = (self.down_since(), &self.note) {
            return format!("{name} {} {note}", if *bad { "✗" } else { "●" });
        }
        match self.down_since() {
            Some(since) => format!("{name}{number} ✗ {}", units::whole_seconds(scene.now.since(since))),
            None if self.links.is_empty() => format!("{name} –"),
            None if self.ups() == self.links.len() => format!("{name}{number} ●"),
            None => format!("{name}{number} ○"),
        }
    }

    fn style(&self, scene: &Scene<'_>) -> Style {
        match self.down_since() {
            Some(_) => scene.theme.bad,
            None if self.note.as_ref().is_some_and(|(_, bad)| *bad) => scene.theme.bad,
            None if self.links.is_empty() => scene.theme.dim,
            None if self.ups() == self.links.len() => scene.theme.ok,
            None => scene.theme.warning,
        }
    }
}

fn groups<'a>(scene: &Scene<'a>) -> Vec<Group<'a>> {
    let links = &scene.app.cluster.links;
    let group = |long, short, counted, belongs: fn(&SourceId) -> bool| {
        let links = links
            .iter()
            .filter(|(source, _)| belongs(source))
            .map(|(_, link)| link)
            .collect();
        Group {
            long,
            short,
            links,
            counted,
            note: None,
        }
    };
    let probe = Group {
        note: probe(scene),
        ..group("probe", "probe", false, |source| matches!(source, SourceId::Probe))
    };
    // It is no part of the cluster: without one nothing is missing.
    let probe = (!probe.links.is_empty()).then_some(probe);
    let groups = [
        group("ZooKeeper", "ZK", false, |source| matches!(source, SourceId::ZooKeeper)),
        group("PostgreSQL", "PG", true, |source| {
            matches!(source, SourceId::Postgres(_))
        }),
        group("Patroni", "REST", true, |source| matches!(source, SourceId::Patroni(_))),
        group("HAProxy", "HAProxy", false, |source| {
            matches!(source, SourceId::Proxy(_))
        }),
        group("Docker", "Docker", false, |source| matches!(source, SourceId::Docker)),
    ];
    groups.into_iter().chain(probe).collect()
}

/// `10/s 3.1 ms`: how often clients try and what it takes; or since when they try in vain.
fn probe(scene: &Scene<'_>) -> Option<(String, bool)> {
    let probe = &scene.app.cluster.probe;
    let run = probe.run.as_ref()?;
    let (lane, word) = match run.mode {
        Mode::Write => (Lane::Write, "no writes"),
        Mode::Read => (Lane::Read, "no reads"),
    };
    if let Some(since) = probe.failing(&lane) {
        return Some((format!("{word} {}", units::span(scene.now.since(since))), true));
    }
    let latency = probe.track(&lane)?.latency()?;
    let text = match run.mode {
        Mode::Write => format!("{}/s {}", 1_000 / run.every.as_millis().max(1), units::latency(latency)),
        Mode::Read => format!("reads {}", units::latency(latency)),
    };
    Some((text, false))
}
