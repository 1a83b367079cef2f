//! Patroni's status document (2.x to 4.x) from JSON. Pure.
//!
//! Only `state` must be there: while PostgreSQL is down or being created, most of the rest is not.

use serde_json::Value;

use crate::model::dcs::PatroniRole;
use crate::model::link::Cause;
use crate::model::name::MemberName;
use crate::model::patroni::RestStatus;
use crate::model::text::clean_line;
use crate::model::time::Timestamp;
use crate::model::wal::{Lsn, Timeline};

/// Reads the document; `has_lock` is what the HTTP status of `GET /primary` said.
///
/// # Errors
/// [`Cause::Garbled`] if it is no JSON, or has no `state`. A field of an unexpected type counts as absent.
pub fn status(has_lock: bool, body: &[u8]) -> Result<RestStatus, Cause> {
    let document: Value =
        serde_json::from_slice(body).map_err(|error| Cause::Garbled(clean_line(&error.to_string())))?;
    let state = text(&document, "/state").ok_or_else(|| Cause::Garbled("not Patroni's status document".to_owned()))?;
    let lsn = |path: &str| {
        let position = document.pointer(path)?.as_u64()?;
        // Patroni writes 0 for "nothing received yet".
        (position > 0).then_some(Lsn(position))
    };
    let flag = |path: &str| document.pointer(path).and_then(Value::as_bool).unwrap_or(false);
    Ok(RestStatus {
        has_lock,
        state,
        role: PatroniRole::from_word(&text(&document, "/role").unwrap_or_default()),
        timeline: document.pointer("/timeline").and_then(timeline),
        location: lsn("/xlog/location").or_else(|| lsn("/xlog/received_location")),
        replayed: lsn("/xlog/replayed_location"),
        replication_state: text(&document, "/replication_state"),
        cluster_unlocked: flag("/cluster_unlocked"),
        dcs_last_seen: document.pointer("/dcs_last_seen").and_then(seconds),
        pause: flag("/pause"),
        pending_restart: flag("/pending_restart"),
        started: text(&document, "/postmaster_start_time"),
        failsafe_active: flag("/failsafe_mode_is_active"),
        watchdog_failed: flag("/watchdog_failed"),
        system_id: text(&document, "/database_system_identifier"),
        version: text(&document, "/patroni/version"),
        scope: text(&document, "/patroni/scope"),
        name: text(&document, "/patroni/name").map(|name| MemberName::from(name.as_str())),
    })
}

/// A text that is not empty.
fn text(document: &Value, path: &str) -> Option<String> {
    let text = clean_line(document.pointer(path)?.as_str()?);
    (!text.is_empty()).then_some(text)
}

/// 0 is "not known": timelines begin with 1.
fn timeline(value: &Value) -> Option<Timeline> {
    let number = u32::try_from(value.as_u64()?).ok()?;
    (number > 0).then_some(Timeline(number))
}

/// Whole seconds since the epoch; 0 is "never".
fn seconds(value: &Value) -> Option<Timestamp> {
    let seconds = value.as_i64().filter(|&seconds| seconds > 0)?;
    Some(Timestamp::from_millis(seconds.saturating_mul(1_000)))
}

#[cfg(test)]
mod tests;
