//! Faults of ours: the list, the mark in the header, and the question what becomes of them at the end.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::pen::Pen;
use super::scene::Scene;
use super::{frame, hints, question, units};
use crate::app::command::{Command, Context};
use crate::app::faults::{Active, Mending, Planned};

const WIDTH: u16 = 76;

/// `FAULT pause of zoo 12 s`, or how many there are; nothing without any.
pub(super) fn badge(scene: &Scene<'_>) -> Option<String> {
    let active: Vec<&Active> = scene.app.active_faults().collect();
    match (active.as_slice(), scene.app.faults.planned.as_slice()) {
        ([], []) => {
            let mending = scene.app.faults.mending.first()?;
            Some(format!(
                " HEALING {} {} ",
                mending.fault.title(),
                awaited(mending, scene)
            ))
        }
        ([], [planned, ..]) => Some(match planned.at {
            Some(at) => format!(
                " {} IN {} ",
                planned.question.order_words(),
                units::whole_seconds(at.since(scene.now))
            ),
            None => format!(" {} WITH THE NEXT ", planned.question.order_words()),
        }),
        ([one], _) => Some(format!(" FAULT {} {} ", one.fault.title(), lasting(one, scene))),
        (many, _) => Some(format!(" {} FAULTS ", many.len())),
    }
}

fn lasting(active: &Active, scene: &Scene<'_>) -> String {
    units::whole_seconds(scene.now.since(active.fault.at))
}

/// Draws the list over `area`.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, selected: usize, scene: &Scene<'_>) {
    let theme = scene.theme;
    let active: Vec<&Active> = scene.app.active_faults().collect();
    let planned = &scene.app.faults.planned;
    let rows: Vec<(String, String)> = active
        .iter()
        .map(|active| (active.fault.title(), state(active, scene)))
        .chain(planned.iter().map(|planned| waiting(planned, scene)))
        .chain(scene.app.faults.mending.iter().map(|mending| mends(mending, scene)))
        .collect();
    let height = u16::try_from(rows.len() + 6).unwrap_or(u16::MAX);
    let place = frame::centred(area, WIDTH.min(area.width.saturating_sub(2)), height.min(area.height));
    let inside = frame::dialog(
        buffer,
        place,
        "Faults of ours",
        &units::count(rows.len(), "fault"),
        theme,
    );
    let last = inside.height.saturating_sub(1);
    let left = active.iter().any(|active| active.left);
    let first = if left {
        "An earlier run of pgherd left these. Nothing else takes them back."
    } else {
        "Each lasts until it is healed. pgherd heal does it too."
    };
    Pen::at(buffer, inside, 0).put(first, theme.dim);
    for (row, (at, (title, state))) in (2..last).zip(rows.iter().enumerate()) {
        let (mark, style) = if at == selected {
            (">", theme.selected)
        } else {
            (" ", theme.text)
        };
        let mut pen = Pen::at(buffer, inside, row);
        pen.put(mark, theme.border_focused)
            .put(title, style)
            .skip(2)
            .put(state, theme.dim);
    }
    let keys = [
        (hints::answer(Command::HealSelected, Context::Faults), "heal it"),
        (hints::answer(Command::Faults, Context::Faults), "heal all"),
        (hints::key(scene, Command::Back, Context::Anywhere), "leave them"),
    ];
    hints::keys(&mut Pen::at(buffer, inside, last), &keys, scene);
}

fn state(active: &Active, scene: &Scene<'_>) -> String {
    let since = lasting(active, scene);
    match (&active.failed, active.healing, active.fault.until) {
        (_, true, _) => "being healed …".to_owned(),
        (Some(why), ..) => format!("for {since}; not healed: {why}"),
        (None, false, Some(until)) => format!(
            "for {since}, healed in {}",
            units::whole_seconds(until.since(scene.now))
        ),
        (None, false, None) => format!("for {since}"),
    }
}

fn waiting(planned: &Planned, scene: &Scene<'_>) -> (String, String) {
    let when = match planned.at {
        Some(at) => format!("in {}", units::whole_seconds(at.since(scene.now))),
        None => "together with the next one".to_owned(),
    };
    (planned.question.order_words(), format!("{when}; enter calls it off"))
}

fn awaited(mending: &Mending, scene: &Scene<'_>) -> String {
    units::whole_seconds(scene.now.since(mending.since))
}

fn mends(mending: &Mending, scene: &Scene<'_>) -> (String, String) {
    let who = scene.app.member_of(&mending.fault);
    let who = who.map_or_else(
        || "its member".to_owned(),
        |member| format!("{}, {},", member.name, member.state),
    );
    let state = format!("taken back {} ago; {who} is awaited", awaited(mending, scene));
    (mending.fault.title(), state)
}

/// Draws the question what becomes of them when the program ends.
pub(super) fn leaving(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let mut sentences: Vec<String> = scene
        .app
        .active_faults()
        .map(|active| format!("{}, for {}", active.fault.title(), lasting(active, scene)))
        .collect();
    let planned = scene.app.faults.planned.iter();
    sentences.extend(planned.map(|planned| {
        format!(
            "{} has not been done yet, and will not be",
            planned.question.order_words()
        )
    }));
    sentences.push("They are in the journal: pgherd heal, or the next start, takes them back.".to_owned());
    let asked = question::Asked {
        title: "End, with faults of ours active?".to_owned(),
        changed: None,
        sentences,
        keys: vec![
            (
                hints::answer(Command::HealAndQuit, Context::Leaving),
                "heal them, then end",
            ),
            (hints::answer(Command::Confirm, Context::Leaving), "end, leave them"),
            (hints::answer(Command::Back, Context::Leaving), "stay"),
        ],
    };
    question::ask(buffer, area, &asked, scene);
}
