//! All that every source says of a member, each with its age.

use std::fmt::Display;

use crate::model::dcs::DcsMember;
use crate::model::link::SourceId;
use crate::model::member::Member;
use crate::model::name::MemberName;
use crate::model::postgres::{Privileged, SqlRole, SqlStatus, Standby, TimelineSource};
use crate::ui::details::container::{self, moment};
use crate::ui::document::Document;
use crate::ui::members::{condition_style, lag_text, role_style};
use crate::ui::scene::Scene;
use crate::ui::units::{self, NOT_APPLICABLE, UNKNOWN};

/// Describes it.
pub(super) fn describe(document: &mut Document, name: &MemberName, scene: &Scene<'_>) {
    let Some(member) = scene.member(name) else {
        document.text("it is no member any more", scene.theme.bad);
        return;
    };
    summary(document, member, scene);
    if let Some(known) = scene.app.cluster.sql.get(name) {
        postgres(document, &known.value, name, scene);
    } else {
        silence(document, "PostgreSQL", &SourceId::Postgres(name.clone()), scene);
    }
    zookeeper(document, name, scene);
    rest(document, name, scene);
    if let Some(container) = scene.app.cluster.container_of(name) {
        container::section(document, container, scene);
    }
}

fn summary(document: &mut Document, member: &Member, scene: &Scene<'_>) {
    let theme = scene.theme;
    document.section("Summary");
    document.field("role", member.role.name(), role_style(member.role, theme));
    document.field("state", member.state.clone(), condition_style(member.condition, theme));
    for problem in &member.problems {
        document.field("problem", problem.clone(), theme.warning);
    }
    document.field("timeline", shown(member.timeline), theme.text);
    document.field(
        "receive lag",
        lag_text(member.receive_lag, member.lag_estimated),
        theme.text,
    );
    document.field(
        "replay lag",
        lag_text(member.replay_lag, member.lag_estimated),
        theme.text,
    );
    if let Some(candidate) = scene
        .candidates
        .iter()
        .find(|candidate| candidate.member == member.name)
    {
        match &candidate.verdict {
            Ok(()) => document.field("can take over", "yes", theme.ok),
            Err(obstacles) => {
                let why: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
                let word = if candidate.at_a_loss() { "only at a loss" } else { "no" };
                document.field("can take over", format!("{word}: {}", why.join("; ")), theme.warning);
            }
        }
    }
    document.field("tags", tags(member), theme.text);
    document.field("answered", moment(member.seen, scene), theme.text);
}

fn tags(member: &Member) -> String {
    let tags = &member.tags;
    let flags = [
        (tags.nofailover, "nofailover"),
        (tags.nosync, "nosync"),
        (tags.noloadbalance, "noloadbalance"),
        (member.pending_restart, "pending restart"),
        (member.pause, "paused"),
    ];
    let set = flags.into_iter().filter(|(on, _)| *on).map(|(_, name)| name.to_owned());
    let priority = tags
        .failover_priority
        .map(|priority| format!("failover_priority {priority}"));
    let all: Vec<String> = set.chain(priority).chain(tags.other.iter().cloned()).collect();
    if all.is_empty() {
        "none".to_owned()
    } else {
        all.join(", ")
    }
}

/// A section of a source that does not answer, with the reason.
fn silence(document: &mut Document, title: &str, source: &SourceId, scene: &Scene<'_>) {
    document.section(title);
    document.text(scene.silence(source), scene.theme.stale);
}

/// Says how old a section is if its source is silent.
fn as_of(document: &mut Document, source: &SourceId, scene: &Scene<'_>) {
    let silence = scene.silence(source);
    if !silence.is_empty() {
        document.text(silence, scene.theme.bad);
    }
}

fn postgres(document: &mut Document, sql: &SqlStatus, name: &MemberName, scene: &Scene<'_>) {
    let theme = scene.theme;
    let text = theme.text;
    let target = scene
        .app
        .cluster
        .targets
        .nodes
        .iter()
        .find(|node| node.member == *name)
        .and_then(|node| node.postgres.as_ref());
    document.section(format!(
        "PostgreSQL {} at {}",
        version(sql.version),
        target.map_or(UNKNOWN.to_owned(), ToString::to_string)
    ));
    as_of(document, &SourceId::Postgres(name.clone()), scene);
    let role = match &sql.role {
        SqlRole::Primary { .. } if sql.read_only_default => "primary, read-only by default",
        SqlRole::Primary { .. } => "primary",
        SqlRole::Standby(_) => "standby (in recovery)",
    };
    document.field("role", role, text);
    let source = |source| match source {
        TimelineSource::WalFile => "from its WAL file",
        TimelineSource::Receiver => "from its walreceiver",
        TimelineSource::ControlFile => "from its control file, may be old",
    };
    let timeline = sql.timeline.map_or(UNKNOWN.to_owned(), |(timeline, from)| {
        format!("{timeline}, {}", source(from))
    });
    document.field("timeline", timeline, text);
    match &sql.role {
        SqlRole::Primary { current } => document.field("written", current.to_string(), text),
        SqlRole::Standby(standby) => standby_side(document, standby, scene),
    }
    document.field("started", moment(sql.started, scene), text);
    document.field(
        "connections",
        sql.connections
            .map_or(UNKNOWN.to_owned(), |(used, most)| format!("{used} of {most}")),
        text,
    );
    document.field("system identifier", sql.system_id.clone(), text);
    document.field("answered in", units::latency(sql.round_trip), text);
    walsenders(document, sql, scene);
    for slot in &sql.slots {
        let active = if slot.active { "active" } else { "not active" };
        let status = slot.wal_status.as_deref().unwrap_or(NOT_APPLICABLE);
        document.field(
            "slot",
            format!(
                "{}  {}  {active}  keeps from {}  {status}",
                slot.name,
                slot.kind,
                shown(slot.restart)
            ),
            text,
        );
    }
    let sync = if sql.synchronous_standby_names.is_empty() {
        "none"
    } else {
        &sql.synchronous_standby_names
    };
    document.field("synchronous names", sync, text);
    for (name, value) in &sql.settings {
        document.field("setting", format!("{name} = {value}"), theme.dim);
    }
}

fn standby_side(document: &mut Document, standby: &Standby, scene: &Scene<'_>) {
    let theme = scene.theme;
    document.field("received", shown(standby.received), theme.text);
    document.field("replayed", shown(standby.replayed), theme.text);
    document.field("last replayed", moment(standby.replayed_commit, scene), theme.text);
    if standby.replay_paused {
        document.field("replay", "paused", theme.warning);
    }
    let receiver = match &standby.receiver {
        None => UNKNOWN.to_owned(),
        Some(Privileged::Denied(grant)) => format!("not visible: {grant}"),
        Some(Privileged::Seen(None)) => "none: does not stream".to_owned(),
        Some(Privileged::Seen(Some(receiver))) => format!(
            "{} from {}, slot {}, last message {}",
            receiver.status,
            receiver.sender_host.as_deref().unwrap_or(UNKNOWN),
            receiver.slot.as_deref().unwrap_or(NOT_APPLICABLE),
            receiver
                .last_message
                .map_or(UNKNOWN.to_owned(), |at| format!("{} ago", scene.age(at))),
        ),
    };
    document.field("walreceiver", receiver, theme.text);
}

fn walsenders(document: &mut Document, sql: &SqlStatus, scene: &Scene<'_>) {
    let theme = scene.theme;
    match &sql.walsenders {
        Privileged::Denied(grant) => document.field("walsenders", format!("not visible: {grant}"), theme.warning),
        Privileged::Seen(senders) if senders.is_empty() => document.field("walsenders", "none", theme.text),
        Privileged::Seen(senders) => {
            for sender in senders {
                let lag = sender.replay_lag.map_or(NOT_APPLICABLE.to_owned(), units::latency);
                document.field(
                    "walsender",
                    format!(
                        "{}  {}  {}  from {}",
                        sender.name,
                        sender.state,
                        sender.sync_state,
                        sender.client.as_deref().unwrap_or("a socket")
                    ),
                    theme.text,
                );
                let positions = [sender.sent, sender.written, sender.flushed, sender.replayed].map(shown);
                let [sent, written, flushed, replayed] = positions;
                document.field(
                    "",
                    format!("sent {sent}  written {written}  flushed {flushed}  replayed {replayed}  lag {lag}"),
                    theme.dim,
                );
            }
        }
    }
}

fn zookeeper(document: &mut Document, name: &MemberName, scene: &Scene<'_>) {
    let theme = scene.theme;
    let Some(dcs) = scene.app.cluster.snapshot() else {
        return silence(document, "ZooKeeper", &SourceId::ZooKeeper, scene);
    };
    document.section("ZooKeeper");
    as_of(document, &SourceId::ZooKeeper, scene);
    if let Some(lock) = dcs.leader.as_ref().filter(|lock| lock.holder == *name) {
        document.field(
            "leader lock",
            format!("held since {}", moment(Some(lock.since), scene)),
            theme.leader,
        );
        document.field("its session", shown(lock.session), theme.text);
    }
    match dcs.member(name) {
        Some(entry) => znode(document, entry, scene),
        None => document.field("member", "not in ZooKeeper", theme.warning),
    }
    if let Some(asked) = &dcs.failsafe {
        let asked = if asked.contains(name) {
            "the leader stays without ZooKeeper only while this one answers"
        } else {
            "not in /failsafe: the leader does not ask this one"
        };
        document.field("failsafe mode", asked, theme.text);
    }
    let prefix = format!("members/{name}");
    for node in dcs
        .nodes
        .iter()
        .filter(|node| node.path == prefix || (node.path == "leader" && node.value == name.as_str()))
    {
        document.field(
            "znode",
            format!(
                "{}/{}  version {}, written {}",
                dcs.root,
                node.path,
                node.stat.version,
                moment(Some(node.stat.modified), scene)
            ),
            theme.dim,
        );
    }
}

fn znode(document: &mut Document, entry: &DcsMember, scene: &Scene<'_>) {
    let text = scene.theme.text;
    let connect = entry
        .connect
        .as_ref()
        .map_or(UNKNOWN.to_owned(), |(host, port)| format!("{host}:{port}"));
    document.field("wrote", moment(Some(entry.modified), scene), text);
    document.field("connects at", connect, text);
    document.field(
        "REST at",
        entry.api_url.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
        text,
    );
    document.field("state, role", format!("{}, {}", entry.state, entry.role.word()), text);
    document.field(
        "Patroni",
        entry.version.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
        text,
    );
    document.field("position", shown(entry.xlog_location), text);
    document.field("session", shown(entry.session), text);
    if entry.checkpoint_pending {
        document.field(
            "checkpoint",
            "pending after its promotion: nobody may rewind from it yet",
            scene.theme.warning,
        );
    }
}

fn rest(document: &mut Document, name: &MemberName, scene: &Scene<'_>) {
    let source = SourceId::Patroni(name.clone());
    let text = scene.theme.text;
    let Some(known) = scene.app.cluster.rest.get(name) else {
        return silence(document, "Patroni over REST", &source, scene);
    };
    let rest = &known.value;
    document.section("Patroni over REST");
    as_of(document, &source, scene);
    let lock = if rest.has_lock { ", says it holds the lock" } else { "" };
    document.field(
        "state, role",
        format!("{}, {}{lock}", rest.state, rest.role.word()),
        text,
    );
    document.field(
        "replication",
        rest.replication_state
            .clone()
            .unwrap_or_else(|| NOT_APPLICABLE.to_owned()),
        text,
    );
    document.field(
        "position",
        format!("{}, replayed {}", shown(rest.location), shown(rest.replayed)),
        text,
    );
    document.field("saw ZooKeeper", moment(rest.dcs_last_seen, scene), text);
    let flags = [
        (rest.cluster_unlocked, "cluster is unlocked"),
        (rest.failsafe_active, "failsafe mode keeps its leader"),
        (rest.watchdog_failed, "its watchdog cannot be used"),
        (rest.pause, "paused"),
        (rest.pending_restart, "waits for a restart"),
    ];
    let set: Vec<&str> = flags.into_iter().filter_map(|(on, flag)| on.then_some(flag)).collect();
    if !set.is_empty() {
        document.field("says", set.join(", "), scene.theme.warning);
    }
    document.field(
        "version",
        rest.version.clone().unwrap_or_else(|| UNKNOWN.to_owned()),
        text,
    );
}

/// 170006 is 17.6.
fn version(number: u32) -> String {
    format!("{}.{}", number / 10_000, number % 10_000)
}

fn shown(value: Option<impl Display>) -> String {
    value.map_or_else(|| UNKNOWN.to_owned(), |value| value.to_string())
}
