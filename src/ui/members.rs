//! The members: one row each, and below what is wrong with them.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::findings;
use super::pen::Pen;
use super::scene::Scene;
use super::table::{self, Cell, Column, Mark, Row, cell};
use super::units::{self, NOT_APPLICABLE, UNKNOWN};
use super::{frame, theme::Theme};
use crate::app::history::SAMPLES;
use crate::app::view::Pane;
use crate::model::cluster::Freshness;
use crate::model::link::SourceId;
use crate::model::member::{Condition, Lag, Member, MemberRole};

/// Columns of the sparkline at most: one a second.
const BARS: u16 = 60;

const COLUMNS: &[Column] = &[
    Column::text("member", 15, 8, 24).whole(),
    Column::text("container", 6, 9, 20),
    Column::text("role", 14, 7, 16).whole(),
    Column::text("state", 13, 13, 26).whole(),
    Column::number("TL", 12, 2),
    Column::number("receive", 9, 8),
    Column::number("replay", 11, 8),
    Column::number("time", 8, 6),
    Column::text("lag 60 s", 5, 8, BARS).growing(),
    Column::number("cpu", 3, 5),
    Column::number("mem", 4, 7),
    Column::number("up", 7, 9),
    Column::number("seen", 10, 8),
];

/// Rows that it needs, border included.
pub(super) fn rows(scene: &Scene<'_>) -> u16 {
    let problems: usize = scene.members.iter().map(|member| notes(member).len()).sum();
    u16::try_from(scene.members.len().max(1) + problems.min(4) + 3).unwrap_or(u16::MAX)
}

/// Draws it.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>, focused: bool) {
    let theme = scene.theme;
    let hidden = scene.members.len() + 3 > usize::from(area.height);
    let note = match (hidden, findings::note(scene)) {
        (true, findings) if findings.is_empty() => scene.members.len().to_string(),
        (true, findings) => format!("{} · {findings}", scene.members.len()),
        (false, findings) => findings,
    };
    let inside = frame::pane(buffer, area, "Members", &note, focused, theme);
    if scene.members.is_empty() {
        Pen::at(buffer, inside, 0)
            .skip(1)
            .put("no member is known yet", theme.dim);
        return;
    }
    let acts = matches!(scene.app.view.focus, Pane::Members | Pane::Changes | Pane::Logs);
    let bars = usize::from(table_width_of_bars(scene, inside.width));
    let rows: Vec<Row> = scene
        .members
        .iter()
        .map(|member| {
            let mark = match (scene.selected_member() == Some(&member.name), acts) {
                (false, _) => Mark::None,
                (true, false) => Mark::Selected,
                (true, true) => Mark::Active,
            };
            Row {
                cells: cells(member, scene, bars),
                mark,
            }
        })
        .collect();
    let mut line = table::draw(buffer, inside, COLUMNS, &rows, theme);
    let notes: Vec<String> = scene
        .members
        .iter()
        .flat_map(|member| {
            notes(member)
                .into_iter()
                .map(move |note| format!("! {}: {note}", member.name))
        })
        .collect();
    let room = usize::from(inside.height.saturating_sub(line));
    let shown = if notes.len() > room {
        room.saturating_sub(1)
    } else {
        room
    };
    for note in notes.iter().take(shown) {
        Pen::at(buffer, inside, line).skip(1).put(note, theme.warning);
        line += 1;
    }
    if notes.len() > shown {
        Pen::at(buffer, inside, line)
            .skip(1)
            .put(&format!("! {} more: see details", notes.len() - shown), theme.warning);
    }
}

/// What is wrong or unusual about a member, one sentence each.
fn notes(member: &Member) -> Vec<Cow<'_, str>> {
    let mut notes: Vec<Cow<'_, str>> = member
        .problems
        .iter()
        .map(|problem| Cow::Borrowed(problem.as_str()))
        .collect();
    let mut flags = Vec::new();
    if member.pending_restart {
        flags.push("pending restart".to_owned());
    }
    if member.tags.nofailover {
        flags.push("nofailover".to_owned());
    }
    match member.tags.failover_priority {
        Some(priority) if priority != 1 => flags.push(format!("failover_priority {priority}")),
        _ => {}
    }
    if !flags.is_empty() {
        notes.push(Cow::Owned(flags.join(" · ")));
    }
    notes
}

fn cells(member: &Member, scene: &Scene<'_>, bars: usize) -> Vec<Cell> {
    let theme = scene.theme;
    let live = member.freshness.is_fresh();
    // What the member itself says is old when it does not answer; what Docker and ZooKeeper say is not.
    let own = |style: Style| if live { style } else { theme.stale };
    let dockers = |style: Style| {
        if scene.is_fresh(&SourceId::Docker) {
            style
        } else {
            theme.stale
        }
    };
    let container = member
        .container
        .as_ref()
        .map_or(Cow::Borrowed(NOT_APPLICABLE), |name| name.to_string().into());
    let usage = |text: fn(&crate::model::container::Usage) -> String| {
        member.usage.as_ref().map_or(cell(NOT_APPLICABLE, theme.dim), |usage| {
            cell(text(usage), dockers(theme.text))
        })
    };
    let role = if member.condition == Condition::Down {
        dead_role_style(member.role, theme)
    } else {
        role_style(member.role, theme)
    };
    vec![
        cell(member.name.to_string(), role),
        cell(container, theme.text),
        cell(member.role.name(), role),
        cell(member.state.clone(), condition_style(member.condition, theme)),
        cell(
            member
                .timeline
                .map_or(UNKNOWN.to_owned(), |timeline| timeline.to_string()),
            own(theme.text),
        ),
        lag(member.receive_lag, member, scene),
        lag(member.replay_lag, member, scene),
        time_lag(member, theme),
        cell(sparkline(member, scene, bars), own(theme.value)),
        usage(|usage| units::percent(usage.cpu_percent)),
        usage(|usage| units::bytes(usage.memory)),
        match member.up_since {
            Some(since) => cell(units::uptime(scene.now.since(since)), dockers(theme.text)),
            None => cell(NOT_APPLICABLE, theme.dim),
        },
        seen(member, scene),
    ]
}

/// The style of a role.
pub(super) fn role_style(role: MemberRole, theme: &Theme) -> Style {
    match role {
        MemberRole::Leader | MemberRole::StandbyLeader => theme.leader,
        MemberRole::SyncStandby | MemberRole::QuorumStandby => theme.sync_standby,
        MemberRole::Replica => theme.replica,
        MemberRole::PrimaryWithoutLock => theme.bad,
        MemberRole::FormerLeader => theme.warning,
        MemberRole::Unknown => theme.stale,
    }
}

/// The same for a member that is down: it may hold the lock, and nobody is led.
fn dead_role_style(role: MemberRole, theme: &Theme) -> Style {
    if role.leads() { theme.warning } else { theme.dim }
}

/// The style of a state.
pub(super) fn condition_style(condition: Condition, theme: &Theme) -> Style {
    match condition {
        Condition::Well => theme.ok,
        Condition::Changing | Condition::Impaired => theme.warning,
        Condition::Down => theme.bad,
        Condition::Unknown => theme.stale,
    }
}

/// A lag as text; `~` marks one that is as old as Patroni's last round.
pub(super) fn lag_text(lag: Lag, estimated: bool) -> Cow<'static, str> {
    match lag {
        Lag::NotApplicable => NOT_APPLICABLE.into(),
        Lag::Unknown => UNKNOWN.into(),
        Lag::Bytes(bytes) if estimated => format!("~{}", units::bytes(bytes)).into(),
        Lag::Bytes(bytes) => units::bytes(bytes).into(),
    }
}

fn lag(lag: Lag, member: &Member, scene: &Scene<'_>) -> Cell {
    let theme = scene.theme;
    let style = match lag {
        Lag::NotApplicable => theme.dim,
        Lag::Unknown => theme.stale,
        Lag::Bytes(bytes) if bytes > scene.lag_allowed() => theme.bad,
        Lag::Bytes(_) if !member.freshness.is_fresh() => theme.stale,
        Lag::Bytes(_) => theme.text,
    };
    cell(lag_text(lag, member.lag_estimated), style)
}

fn time_lag(member: &Member, theme: &Theme) -> Cell {
    match member.time_lag {
        Some(behind) => cell(
            units::span(behind),
            if member.freshness.is_fresh() {
                theme.text
            } else {
                theme.stale
            },
        ),
        None if member.role.leads() => cell(NOT_APPLICABLE, theme.dim),
        None => cell(UNKNOWN, theme.stale),
    }
}

fn seen(member: &Member, scene: &Scene<'_>) -> Cell {
    let Some(seen) = member.seen else {
        return cell("never", scene.theme.stale);
    };
    let age = scene.now.since(seen);
    match member.freshness {
        Freshness::Fresh => cell(units::span(age), scene.theme.dim),
        Freshness::Never | Freshness::Stale { .. } => cell(format!("{} ✗", units::whole_seconds(age)), scene.theme.bad),
    }
}

/// The last minute in so many bars, the newest at the right; each bar is the worst of its seconds.
fn sparkline(member: &Member, scene: &Scene<'_>, bars: usize) -> String {
    if member.role.leads() {
        return NOT_APPLICABLE.to_owned();
    }
    let bars = bars.clamp(1, SAMPLES);
    let samples = scene.app.history.lag(&member.name);
    let per_bar = SAMPLES.div_ceil(bars);
    let missing = SAMPLES - samples.len().min(SAMPLES);
    let mut worst: Vec<Option<Option<u64>>> = vec![None; bars];
    for (at, sample) in samples.enumerate() {
        // Buckets end at the newest sample.
        let from_end = (SAMPLES - 1).saturating_sub(missing + at) / per_bar;
        if let Some(bar) = bars.checked_sub(from_end + 1).and_then(|bar| worst.get_mut(bar)) {
            *bar = Some(bar.flatten().max(sample));
        }
    }
    worst
        .into_iter()
        .map(|bar| match bar {
            None => ' ',
            Some(None) => '·',
            Some(Some(bytes)) => units::lag_bar(bytes),
        })
        .collect()
}

/// How wide the sparkline's column will be: it takes what the others leave.
fn table_width_of_bars(scene: &Scene<'_>, width: u16) -> u16 {
    let rows: Vec<Row> = scene
        .members
        .iter()
        .map(|member| Row {
            cells: cells(member, scene, 1),
            mark: Mark::None,
        })
        .collect();
    let bars = COLUMNS.iter().position(|column| column.grows);
    let (widths, _) = table::widths(COLUMNS, &rows, width.saturating_sub(2));
    bars.and_then(|at| widths.get(at)).copied().unwrap_or(0)
}
