//! Where everything stands, by the size of the screen. Knows sizes only, not what is drawn.

use ratatui::layout::Rect;

use crate::app::view::Pane;

/// Smallest screen that is drawn on.
pub const LEAST: (u16, u16) = (60, 16);
/// From this size on every pane is on the screen at once.
const ROOMY: (u16, u16) = (110, 34);
/// From this width on logs stand beside the other panes.
const WIDE: u16 = 170;

/// Rows that are left to the logs during a failover, borders included.
const LOGS: u16 = 6;

/// How many rows the parts would like, borders included.
pub(super) struct Wanted {
    /// Header.
    pub header: u16,
    /// Who leads, with its alarms.
    pub leads: u16,
    /// The members.
    pub members: u16,
    /// HAProxy.
    pub proxy: u16,
    /// The containers, or a failover in their place.
    pub containers: u16,
    /// It is a failover: it comes before the logs, whose lines tell of it too.
    pub fails: bool,
}

/// The places.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Header.
    pub header: Rect,
    /// Who leads.
    pub leads: Rect,
    /// Panes that stand for themselves.
    pub panes: Vec<(Pane, Rect)>,
    /// The one place that all other panes share, if there is not room for all.
    pub shared: Option<Rect>,
    /// HAProxy in one line, where its pane is hidden.
    pub proxy_line: Option<Rect>,
    /// Hints.
    pub hints: Rect,
}

/// Splits `area`.
pub(super) fn plan(area: Rect, wanted: &Wanted) -> Plan {
    let roomy = area.width >= ROOMY.0 && area.height >= ROOMY.1;
    let mut rest = area;
    let header = top(&mut rest, wanted.header);
    let hints = bottom(&mut rest, 1);
    let most = rest.height * 3 / 10;
    let leads = top(&mut rest, wanted.leads.min(most));
    if !roomy {
        let (members, proxy_line, shared) = small(rest, wanted);
        let panes = vec![(Pane::Members, members)];
        return Plan {
            header,
            leads,
            panes,
            shared: Some(shared),
            proxy_line,
            hints,
        };
    }
    let most = rest.height / 3;
    let members = top(&mut rest, wanted.members.min(most));
    let panes = if area.width >= WIDE {
        wide(rest, wanted)
    } else {
        tall(rest, wanted)
    };
    let panes = std::iter::once((Pane::Members, members)).chain(panes).collect();
    Plan {
        header,
        leads,
        panes,
        hints,
        ..Plan::default()
    }
}

/// Only the focused pane between header and hints.
pub(super) fn zoomed(area: Rect, header: u16, pane: Pane) -> Plan {
    let mut rest = area;
    let header = top(&mut rest, header);
    let hints = bottom(&mut rest, 1);
    Plan {
        header,
        hints,
        panes: vec![(pane, rest)],
        ..Plan::default()
    }
}

/// The members, HAProxy's line if there is room for it, and what all other panes share.
fn small(mut rest: Rect, wanted: &Wanted) -> (Rect, Option<Rect>, Rect) {
    let most = rest.height.div_ceil(2).max(4);
    let members = top(&mut rest, wanted.members.min(most));
    let proxy_line = (rest.height >= 8).then(|| top(&mut rest, 1));
    (members, proxy_line, rest)
}

fn tall(mut rest: Rect, wanted: &Wanted) -> Vec<(Pane, Rect)> {
    let row = wanted.proxy.max(rest.height * 2 / 5).min(rest.height / 2);
    let mut beside = top(&mut rest, row);
    let half = beside.width / 2;
    let proxy = left(&mut beside, half);
    let half = rest.height / 2;
    let most = if wanted.fails {
        rest.height.saturating_sub(LOGS).max(half)
    } else {
        half
    };
    let containers = top(&mut rest, wanted.containers.min(most));
    vec![
        (Pane::Proxy, proxy),
        (Pane::Changes, beside),
        (Pane::Containers, containers),
        (Pane::Logs, rest),
    ]
}

fn wide(mut rest: Rect, wanted: &Wanted) -> Vec<(Pane, Rect)> {
    let share = rest.width * 11 / 20;
    let mut column = left(&mut rest, share);
    let most = column.height / 3;
    let proxy = top(&mut column, wanted.proxy.min(most));
    let containers = top(&mut column, wanted.containers.min(most));
    vec![
        (Pane::Proxy, proxy),
        (Pane::Containers, containers),
        (Pane::Changes, column),
        (Pane::Logs, rest),
    ]
}

fn top(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    let taken = Rect { height: rows, ..*rest };
    *rest = Rect {
        y: rest.y + rows,
        height: rest.height - rows,
        ..*rest
    };
    taken
}

fn bottom(rest: &mut Rect, rows: u16) -> Rect {
    let rows = rows.min(rest.height);
    rest.height -= rows;
    Rect {
        y: rest.bottom(),
        height: rows,
        ..*rest
    }
}

fn left(rest: &mut Rect, width: u16) -> Rect {
    let width = width.min(rest.width);
    let taken = Rect { width, ..*rest };
    *rest = Rect {
        x: rest.x + width,
        width: rest.width - width,
        ..*rest
    };
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    const WANTED: Wanted = Wanted {
        header: 1,
        leads: 3,
        members: 5,
        proxy: 6,
        containers: 7,
        fails: false,
    };

    #[test]
    fn covers_every_cell_once_at_every_size() {
        for (width, height) in (60..=220)
            .step_by(10)
            .flat_map(|width| (16..=60).map(move |height| (width, height)))
        {
            let area = Rect::new(0, 0, width, height);
            let plan = plan(
                area,
                &Wanted {
                    fails: width % 20 == 0,
                    ..WANTED
                },
            );
            let places = plan
                .panes
                .iter()
                .map(|(_, place)| *place)
                .chain([plan.header, plan.leads, plan.hints]);
            let places: Vec<Rect> = places.chain(plan.shared).chain(plan.proxy_line).collect();
            let covered: u32 = places.iter().map(|place| place.area()).sum();
            assert_eq!(covered, area.area(), "{width}x{height}: {plan:?}");
            for (at, one) in places.iter().enumerate() {
                assert!(
                    places[at + 1..].iter().all(|other| !one.intersects(*other)),
                    "{width}x{height}: {plan:?}"
                );
            }
        }
    }

    #[test]
    fn the_smallest_screen_has_room_for_two_members_and_a_pane() {
        let plan = plan(Rect::new(0, 0, LEAST.0, LEAST.1), &Wanted { header: 2, ..WANTED });
        assert_eq!(plan.panes.first().map(|(_, place)| place.height), Some(5));
        assert!(plan.shared.is_some_and(|place| place.height >= 4));
    }
}
