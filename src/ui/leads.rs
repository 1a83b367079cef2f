//! Who leads, as the four say who can know; their disagreement is the alarm. Below: what becomes of the lock, and who
//! could take over.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::findings;
use super::pen::Pen;
use super::scene::Scene;
use super::units;
use crate::model::authority::{Opinion, Says, Verdict};
use crate::model::dcs::DcsSnapshot;
use crate::model::link::SourceId;
use crate::model::lock::{DEFAULT_TICK, LockOutlook, SessionTimeout};
use crate::model::name::MemberName;
use crate::model::takeover::{Candidate, Obstacle};

/// Rows that it would like: two for the four, one each for verdict, lock and redundancy, and one for what else is wrong.
pub(super) fn rows(scene: &Scene<'_>) -> u16 {
    5 + u16::from(findings::line(scene).is_some())
}

/// Draws it. Where rows are few the last lines leave first.
pub(super) fn draw(buffer: &mut Buffer, area: Rect, scene: &Scene<'_>) {
    let four = &scene.authorities;
    let opinions = [
        ("ZooKeeper", " lock", &four.store),
        ("Patroni", " leads", &four.patroni),
        ("PostgreSQL", " writes", &four.sql),
        ("HAProxy", " writes to", &four.proxy),
    ];
    let width = area.width.saturating_sub(1) / 4;
    let long = width > 18;
    let ago = width > 23;
    for (row, is_label) in [(0, true), (1, false)] {
        let mut pen = Pen::at(buffer, area, row);
        pen.skip(1);
        for (who, what, opinion) in opinions {
            let label = || {
                (
                    if long { format!("{who}{what}") } else { who.to_owned() },
                    scene.theme.dim,
                )
            };
            let (text, style) = if is_label { label() } else { says(opinion, ago, scene) };
            pen.column(&text, style, width.saturating_sub(1), false).skip(1);
        }
    }
    let (line, style) = verdict(scene);
    let mut pen = Pen::at(buffer, area, 2);
    pen.put(&line, style);
    if style == scene.theme.alarm {
        pen.paint(area, style);
    }
    let lines = [lock(scene), Some(redundancy(scene)), findings::line(scene)];
    for (row, (line, style)) in (3..).zip(lines.into_iter().flatten()) {
        Pen::at(buffer, area, row).put(&line, style);
    }
}

fn says(opinion: &Opinion, long: bool, scene: &Scene<'_>) -> (String, Style) {
    let theme = scene.theme;
    let agreed = matches!(&scene.authorities.verdict, Verdict::Agree(_));
    let (text, style) = match &opinion.says {
        Says::Leader(member) if agreed => (format!("✓ {member}"), theme.leader),
        Says::Leader(member) => (format!("● {member}"), theme.warning),
        Says::Several(members) => (format!("✗ {}", names(members)), theme.bad),
        Says::Nobody => ("✗ nobody".to_owned(), theme.bad),
        Says::Unknown(why) => (format!("? {why}"), theme.stale),
    };
    let Some(since) = opinion.as_of.filter(|_| opinion.stale) else {
        return (text, style);
    };
    let ago = if long { " ago" } else { "" };
    (
        format!("{} {}{ago}", text.replace(['✓', '●'], "○"), scene.age(since)),
        theme.stale,
    )
}

fn verdict(scene: &Scene<'_>) -> (String, Style) {
    let theme = scene.theme;
    match &scene.authorities.verdict {
        Verdict::Agree(leader) => (format!(" ✓ {:<11} {leader} leads", agreement(scene)), theme.ok),
        Verdict::Disagree(how) => (format!(" ✗ DISAGREE    {how} "), theme.alarm),
        Verdict::NoLeader => (
            " ✗ NO LEADER   the lock is free and nobody accepts writes ".to_owned(),
            theme.alarm,
        ),
        Verdict::Unknown(missing) => (format!(" ? NOT KNOWN   {missing} "), theme.warning),
    }
}

/// `agree`, or how many of them when some cannot be asked. A cluster without HAProxy has one less.
fn agreement(scene: &Scene<'_>) -> String {
    let four = &scene.authorities;
    let heard = [&four.store, &four.patroni, &four.sql, &four.proxy]
        .into_iter()
        .filter(|opinion| opinion.is_heard())
        .count();
    let all = if scene.app.cluster.targets.proxies.is_empty() {
        3
    } else {
        4
    };
    if heard < all {
        format!("{heard} of {all} agree")
    } else {
        "agree".to_owned()
    }
}

fn lock(scene: &Scene<'_>) -> Option<(String, Style)> {
    let theme = scene.theme;
    let dcs = scene.app.cluster.snapshot()?;
    if !scene.is_fresh(&SourceId::ZooKeeper) {
        // While it is away no session expires and no lock is taken: there is nothing to count down to.
        let last = dcs
            .leader
            .as_ref()
            .map_or_else(|| "free".to_owned(), |lock| format!("held by {}", lock.holder));
        return Some((
            format!(" ? lock        {last} when ZooKeeper last answered"),
            theme.warning,
        ));
    }
    if dcs.leader.is_none() {
        return Some((" ✗ lock        free: nobody holds it".to_owned(), theme.bad));
    }
    let outlook = scene.lock.as_ref()?;
    let LockOutlook { holder, .. } = outlook;
    let store = scene.app.cluster.store.as_ref();
    let tick = store.and_then(|store| store.value.tick).unwrap_or(DEFAULT_TICK);
    let most = units::whole_seconds(outlook.session_timeout.value() + tick);
    let basis = basis(outlook.session_timeout, dcs);
    let session = units::whole_seconds(outlook.session_timeout.value());
    Some(match (outlook.expires_by, outlook.holder_alive) {
        (Some(by), _) if by > scene.now => {
            let (clock, left) = (units::clock(by, scene.zone), units::whole_seconds(by.since(scene.now)));
            (
                format!(" ✗ lock        {holder}, down, session {session}: free in {left} at the latest ({clock})"),
                theme.bad,
            )
        }
        (Some(by), _) => (
            format!(
                " ✗ lock        {holder}, down: overdue for {}, session {session} ({basis})",
                scene.age(by)
            ),
            theme.bad,
        ),
        (None, Some(false)) => (
            format!(" ✗ lock        {holder}, down, session {session} ({basis}): when it expires is not known"),
            theme.bad,
        ),
        (None, Some(true)) => (
            format!(" · lock        {holder}, session {session} ({basis}): crash: free in ≤ {most}"),
            theme.dim,
        ),
        (None, None) => (
            format!(" ? lock        held by {holder}: nothing tells whether that lives"),
            theme.warning,
        ),
    })
}

/// Where the session timeout comes from, and whether it is the ttl.
fn basis(timeout: SessionTimeout, dcs: &DcsSnapshot) -> String {
    let ttl = dcs.config.as_ref().and_then(|config| config.ttl);
    let ttl = match ttl {
        Some(ttl) if ttl == timeout.value() => "= ttl".to_owned(),
        Some(ttl) => format!("not the ttl {}", units::whole_seconds(ttl)),
        None => "ttl not known".to_owned(),
    };
    match timeout {
        SessionTimeout::Measured(_) => format!("{ttl}, read"),
        SessionTimeout::Negotiated(_) => ttl,
        SessionTimeout::Assumed(_) => format!("{ttl}, assumed"),
    }
}

fn redundancy(scene: &Scene<'_>) -> (String, Style) {
    let theme = scene.theme;
    if scene.members.is_empty() {
        return (" ? redundancy  no member is known".to_owned(), theme.stale);
    }
    let able: Vec<MemberName> = scene
        .candidates
        .iter()
        .filter(|one| one.verdict.is_ok())
        .map(|one| one.member.clone())
        .collect();
    if !able.is_empty() {
        let who = if scene.has_leader() {
            units::count(able.len(), "standby")
        } else {
            units::count(able.len(), "member")
        };
        return (
            format!(" ✓ redundancy  {who} can take over: {}", names(&able)),
            theme.ok,
        );
    }
    let reason = |obstacles: &[Obstacle]| obstacles.first().map_or_else(String::new, ToString::to_string);
    let hindered: Vec<String> = scene
        .candidates
        .iter()
        .filter_map(|one| Some(format!("{} {}", one.member, reason(one.verdict.as_ref().err()?))))
        .collect();
    if hindered.is_empty() {
        return (
            " ✗ redundancy  nobody can take over: there is no standby".to_owned(),
            theme.bad,
        );
    }
    let how = if scene.candidates.iter().any(Candidate::at_a_loss) {
        "only at a loss"
    } else {
        "nobody can take over"
    };
    (format!(" ✗ redundancy  {how}: {}", hindered.join(", ")), theme.bad)
}

fn names(members: &[MemberName]) -> String {
    members.iter().map(MemberName::as_str).collect::<Vec<_>>().join(", ")
}
