//! `members/<name>`: JSON, or before that a connection URL alone. Written by `Ha.touch_member` in `patroni/ha.py`.

use serde_json::{Map, Value};

use super::fields::Fields;
use super::{RawZnode, line};
use crate::model::dcs::{DcsMember, PatroniRole, Tags};
use crate::model::name::MemberName;
use crate::model::text::clean_line;
use crate::model::wal::{Lsn, Timeline};

/// Reads the member of that name.
pub(super) fn decode(name: &str, raw: &RawZnode, problems: &mut Vec<String>) -> DcsMember {
    let mut member = DcsMember {
        name: MemberName::from(name),
        session: raw.stat.owner,
        created: raw.stat.created,
        modified: raw.stat.modified,
        connect: None,
        api_url: None,
        state: String::new(),
        role: PatroniRole::Other(String::new()),
        version: None,
        xlog_location: None,
        receive_lsn: None,
        replay_lsn: None,
        timeline: None,
        replication_state: None,
        pause: false,
        pending_restart: false,
        scheduled_restart: None,
        checkpoint_pending: false,
        tags: Tags::default(),
    };
    let path = clean_line(&raw.path);
    match serde_json::from_slice::<Value>(&raw.data) {
        Ok(document) => {
            if let Some(mut fields) = Fields::of(&path, &document, problems) {
                fill(&mut member, &mut fields);
            }
            if let Some(tags) = document.get("tags").filter(|tags| !tags.is_null()) {
                member.tags = read_tags(&format!("{path}: tags"), tags, problems).unwrap_or_default();
            }
        }
        Err(_) if raw.data.starts_with(b"postgres") => {
            let url = line(&raw.data);
            member.connect = host_and_port(&url);
            member.api_url = application_name(&url);
        }
        Err(_) => problems.push(format!("{path}: neither JSON nor a connection URL")),
    }
    member
}

fn fill(member: &mut DcsMember, fields: &mut Fields<'_>) {
    member.connect = match fields.text("conn_url") {
        Some(url) => host_and_port(&url),
        None => fields.object("conn_kwargs").and_then(connect_of_kwargs),
    };
    member.api_url = fields.text("api_url");
    member.state = fields.text("state").unwrap_or_default();
    member.role = PatroniRole::from_word(&fields.text("role").unwrap_or_default());
    member.version = fields.text("version");
    member.xlog_location = fields.number("xlog_location").map(Lsn);
    member.receive_lsn = fields.number("receive_lsn").map(Lsn);
    member.replay_lsn = fields.number("replay_lsn").map(Lsn);
    let timeline = fields.number("timeline").and_then(|tl| u32::try_from(tl).ok());
    member.timeline = timeline.map(Timeline);
    member.replication_state = fields.text("replication_state");
    member.pause = fields.flag("pause");
    member.pending_restart = fields.flag("pending_restart");
    let restart = fields
        .object("scheduled_restart")
        .and_then(|restart| restart.get("schedule")?.as_str());
    member.scheduled_restart = restart.map(clean_line);
    // Patroni writes it only while the checkpoint is not done, and then as false.
    member.checkpoint_pending =
        fields.raw("checkpoint_after_promote").is_some() && !fields.flag("checkpoint_after_promote");
}

/// The tags, whose values are flags in any of Patroni's words.
fn read_tags(path: &str, tags: &Value, problems: &mut Vec<String>) -> Option<Tags> {
    let mut fields = Fields::of(path, tags, problems)?;
    let mut read = Tags {
        nofailover: fields.flag("nofailover"),
        failover_priority: fields.signed("failover_priority"),
        nosync: fields.flag("nosync"),
        noloadbalance: fields.flag("noloadbalance"),
        other: Vec::new(),
    };
    let known = ["nofailover", "failover_priority", "nosync", "noloadbalance"];
    let others = tags.as_object().into_iter().flatten();
    read.other = others
        .filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null())
        .map(|(name, value)| match value {
            Value::String(text) => clean_line(&format!("{name}: {text}")),
            other => clean_line(&format!("{name}: {other}")),
        })
        .collect();
    Some(read)
}

fn connect_of_kwargs(kwargs: &Map<String, Value>) -> Option<(String, u16)> {
    let host = kwargs.get("host")?.as_str().map(clean_line)?;
    let port = kwargs.get("port").and_then(super::number).unwrap_or(5432);
    (!host.is_empty()).then_some((host, u16::try_from(port).ok()?))
}

/// Host and port of `postgres://[user[:password]@]host[:port][/database][?…]`; of several hosts the first.
fn host_and_port(url: &str) -> Option<(String, u16)> {
    let (_, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let first = host.split(',').next()?;
    let (host, port) = match first.strip_prefix('[') {
        Some(v6) => {
            let (host, rest) = v6.split_once(']')?;
            (host, rest.strip_prefix(':'))
        }
        None => first.split_once(':').map_or((first, None), |(h, p)| (h, Some(p))),
    };
    let port = port.map_or(Some(5432), |port| port.parse().ok())?;
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

/// The REST address that old versions hid in the URL's `application_name`.
fn application_name(url: &str) -> Option<String> {
    let (_, query) = url.split_once('?')?;
    let value = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("application_name="))?;
    Some(clean_line(&percent_decoded(value)))
}

fn percent_decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let code = part.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        if let (Some(byte), Some(rest)) = (code, part.get(2..)) {
            bytes.push(byte);
            bytes.extend_from_slice(rest.as_bytes());
        } else {
            bytes.push(b'%');
            bytes.extend_from_slice(part.as_bytes());
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
