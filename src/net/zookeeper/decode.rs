//! Patroni's znodes as values. Pure; never fails: what cannot be read is a line in `problems`.
//!
//! Forms of Patroni 2.x to 4.x, and of older ones where Patroni itself still reads them (`Member.from_node`,
//! `Failover.from_node`, `SyncState.from_node`, `TimelineHistory.from_node`, `Status.from_node` in `patroni/dcs`).

mod fields;
mod member;

use std::collections::BTreeMap;

use serde_json::Value;

use self::fields::{Fields, document, number};
use crate::model::dcs::{
    DcsSnapshot, DynamicConfig, FailoverRequest, LeaderLock, SyncState, TimelineSwitch, Znode, ZnodeStat,
};
use crate::model::name::MemberName;
use crate::model::secret::mask;
use crate::model::text::{clean_bytes, clean_line};
use crate::model::time::Timestamp;
use crate::model::wal::{Lsn, Timeline};

/// One znode as ZooKeeper gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawZnode {
    /// Path below the root of the scope, without a leading slash; empty for the root.
    pub path: String,
    /// Its value.
    pub data: Vec<u8>,
    /// The rest.
    pub stat: ZnodeStat,
}

/// Reads everything below `root` (`/service/my_cluster`). `problems` are those that reading the tree met already.
pub fn decode(root: &str, raw: &[RawZnode], problems: &[String]) -> DcsSnapshot {
    let mut problems: Vec<String> = problems.iter().map(|problem| clean_line(problem)).collect();
    let by_path: BTreeMap<&str, &RawZnode> = raw.iter().map(|node| (node.path.as_str(), node)).collect();
    let data = |path: &str| by_path.get(path).map(|node| node.data.as_slice());
    let (optime, slots) = status(data("status"), data("optime/leader"), &mut problems);
    let mut members: Vec<_> = by_path
        .values()
        .filter_map(|node| {
            let name = node.path.strip_prefix("members/")?;
            (!name.contains('/')).then(|| member::decode(name, node, &mut problems))
        })
        .collect();
    members.sort_by(|a, b| a.name.cmp(&b.name));
    let mut nodes: Vec<_> = by_path.values().map(|node| znode(node)).collect();
    nodes.sort_by(|a, b| a.path.cmp(&b.path));
    DcsSnapshot {
        root: clean_line(root),
        nodes,
        initialize: data("initialize").map(line),
        leader: by_path.get("leader").and_then(|node| leader(node, &mut problems)),
        members,
        config: data("config").and_then(|data| config(data, &mut problems)),
        history: data("history").map_or_else(Vec::new, |data| history(data, &mut problems)),
        failover: data("failover").and_then(|data| failover(data, &mut problems)),
        sync: data("sync").and_then(|data| sync(data, &mut problems)),
        failsafe: data("failsafe").and_then(|data| failsafe(data, &mut problems)),
        optime,
        slots,
        problems,
    }
}

fn znode(raw: &RawZnode) -> Znode {
    Znode {
        path: clean_line(&raw.path),
        value: mask(&clean_bytes(&raw.data)).into_owned(),
        stat: raw.stat.clone(),
    }
}

fn line(data: &[u8]) -> String {
    clean_line(&String::from_utf8_lossy(data))
}

fn member_name(text: &str) -> Option<MemberName> {
    let name = MemberName::from(text);
    (!name.as_str().is_empty()).then_some(name)
}

fn leader(raw: &RawZnode, problems: &mut Vec<String>) -> Option<LeaderLock> {
    let Some(holder) = member_name(&line(&raw.data)) else {
        problems.push("leader: names nobody".to_owned());
        return None;
    };
    Some(LeaderLock {
        holder,
        session: raw.stat.owner,
        since: raw.stat.created,
        czxid: raw.stat.czxid,
    })
}

fn config(data: &[u8], problems: &mut Vec<String>) -> Option<DynamicConfig> {
    let document = document("config", data, problems)?;
    let mut fields = Fields::of("config", &document, problems)?;
    let quorum_commit = fields.raw("synchronous_mode").and_then(Value::as_str) == Some("quorum");
    Some(DynamicConfig {
        ttl: fields.seconds("ttl"),
        loop_wait: fields.seconds("loop_wait"),
        retry_timeout: fields.seconds("retry_timeout"),
        maximum_lag_on_failover: fields.number("maximum_lag_on_failover"),
        pause: fields.flag("pause"),
        synchronous_mode: quorum_commit || fields.flag("synchronous_mode"),
        quorum_commit,
        synchronous_mode_strict: fields.flag("synchronous_mode_strict"),
        failsafe_mode: fields.flag("failsafe_mode"),
        check_timeline: fields.flag("check_timeline"),
    })
}

/// An object: the URL of its Patroni by member.
fn failsafe(data: &[u8], problems: &mut Vec<String>) -> Option<Vec<MemberName>> {
    let document = document("failsafe", data, problems)?;
    let Some(members) = document.as_object() else {
        problems.push("failsafe: not an object".to_owned());
        return None;
    };
    let mut members: Vec<_> = members
        .keys()
        .filter_map(|name| member_name(&clean_line(name)))
        .collect();
    members.sort();
    Some(members)
}

/// Entries have three elements, four with the time, five with the new leader (2.1.1 on).
fn history(data: &[u8], problems: &mut Vec<String>) -> Vec<TimelineSwitch> {
    let Some(document) = document("history", data, problems) else {
        return Vec::new();
    };
    let Some(entries) = document.as_array() else {
        problems.push("history: not a list".to_owned());
        return Vec::new();
    };
    let switches: Vec<_> = entries.iter().filter_map(switch).collect();
    let lost = entries.len() - switches.len();
    if lost > 0 {
        problems.push(format!("history: {lost} of {} entries not readable", entries.len()));
    }
    switches
}

fn switch(entry: &Value) -> Option<TimelineSwitch> {
    let entry = entry.as_array()?;
    let text = |index: usize| entry.get(index).and_then(Value::as_str).map(clean_line);
    Some(TimelineSwitch {
        old: Timeline(u32::try_from(entry.first().and_then(number)?).ok()?),
        at_lsn: entry.get(1).and_then(number).map(Lsn),
        reason: text(2).unwrap_or_default(),
        promoted: text(3).and_then(|time| timestamp(&time)),
        leader: text(4).and_then(|name| member_name(&name)),
    })
}

fn timestamp(text: &str) -> Option<Timestamp> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(Timestamp::from_micros(time.as_microsecond()))
}

/// `{}` or nothing: no request. Before JSON the form was `leader:candidate`.
fn failover(data: &[u8], problems: &mut Vec<String>) -> Option<FailoverRequest> {
    let request = if let Ok(document) = serde_json::from_slice(data) {
        let mut fields = Fields::of("failover", &document, problems)?;
        FailoverRequest {
            leader: fields.text("leader").and_then(|name| member_name(&name)),
            candidate: fields.text("member").and_then(|name| member_name(&name)),
            scheduled_at: fields.text("scheduled_at"),
        }
    } else {
        let text = line(data);
        if text.starts_with(['{', '[', '"']) {
            problems.push("failover: not JSON".to_owned());
            return None;
        }
        let mut names = text.split(':').map(member_name);
        FailoverRequest {
            leader: names.next().flatten(),
            candidate: names.next().flatten(),
            scheduled_at: None,
        }
    };
    let asks = request.leader.is_some() || request.candidate.is_some() || request.scheduled_at.is_some();
    asks.then_some(request)
}

/// `{}`: synchronous mode is off.
fn sync(data: &[u8], problems: &mut Vec<String>) -> Option<SyncState> {
    let document = document("sync", data, problems)?;
    let mut fields = Fields::of("sync", &document, problems)?;
    let standbys = fields.text("sync_standby").unwrap_or_default();
    let state = SyncState {
        leader: fields.text("leader").and_then(|name| member_name(&name)),
        standbys: standbys.split(',').filter_map(member_name).collect(),
        quorum: fields.number("quorum").and_then(|quorum| u32::try_from(quorum).ok()),
    };
    (state.leader.is_some() || !state.standbys.is_empty()).then_some(state)
}

/// The leader's position and its members' slots. Before 2.1.0 there is only `optime/leader`, a decimal number.
fn status(
    status: Option<&[u8]>,
    legacy: Option<&[u8]>,
    problems: &mut Vec<String>,
) -> (Option<Lsn>, Vec<(MemberName, Lsn)>) {
    let position = |path: &str, value: &Value, problems: &mut Vec<String>| {
        let position = number(value).map(Lsn);
        if position.is_none() {
            problems.push(format!("{path}: not a position"));
        }
        position
    };
    let Some(document) = status.and_then(|data| document("status", data, problems)) else {
        let document = legacy.and_then(|data| document("optime/leader", data, problems));
        let optime = document.and_then(|value| position("optime/leader", &value, problems));
        return (optime, Vec::new());
    };
    if document.is_number() {
        return (position("status", &document, problems), Vec::new());
    }
    let Some(mut fields) = Fields::of("status", &document, problems) else {
        return (None, Vec::new());
    };
    let optime = fields.number("optime").map(Lsn);
    let slots = fields.object("slots").into_iter().flatten();
    let mut slots: Vec<_> = slots
        .filter_map(|(name, lsn)| Some((member_name(name)?, Lsn(number(lsn)?))))
        .collect();
    slots.sort();
    (optime, slots)
}

#[cfg(test)]
mod tests;
