//! What the check asks a server about itself, and how refusals read. Pure.

use super::Row;
use crate::model::check::{Identity, SCHEMA};
use crate::model::postgres::Refusal;
use crate::model::wal::Timeline;

/// Who answers there; the columns of [`identity`].
pub(super) const WHO: &str = "
SELECT pg_is_in_recovery(), system_identifier,
       (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::int8,
       coalesce(host(inet_server_addr()), 'socket'), inet_server_port(),
       CASE WHEN pg_is_in_recovery() THEN (SELECT received_tli::int8 FROM pg_stat_wal_receiver)
            ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int8 END,
       current_user, current_database()
  FROM pg_control_system()";

pub(super) fn identity(row: &Row) -> Option<Identity> {
    let [standby, system_id, started, host, port, timeline, user, database] = row.as_slice() else {
        return None;
    };
    let port = port.as_ref().map(|port| format!(":{port}")).unwrap_or_default();
    Some(Identity {
        standby: standby.as_deref()? == "t",
        system_id: system_id.clone()?,
        started: started.clone()?,
        address: format!("{}{port}", host.as_deref()?),
        timeline: timeline
            .as_ref()
            .and_then(|timeline| timeline.parse().ok())
            .map(Timeline),
        user: user.clone()?,
        database: database.clone()?,
    })
}

pub(super) fn in_words(refusal: Refusal) -> String {
    match refusal.code {
        Some(code) => format!("{code} {}", refusal.text),
        None => refusal.text,
    }
}

/// A refused table, with what to do about it.
pub(super) fn why_not_made(refusal: Refusal, leader: &Identity) -> String {
    let Identity { user, database, .. } = leader;
    let advice = match refusal.code.as_deref() {
        Some("42501") => format!(
            "; in database {database}: GRANT CREATE ON SCHEMA {SCHEMA} TO {}; or name a role that may, with --user or PGUSER",
            quoted(user)
        ),
        Some("25006") => "; the leader takes no writes".to_owned(),
        Some("3F000") => {
            format!("; in database {database}: CREATE SCHEMA {SCHEMA}, or name another one with --database")
        }
        _ => String::new(),
    };
    in_words(refusal) + &advice
}

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    if name
        .bytes()
        .all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    {
        name.to_owned()
    } else {
        format!("\"{}\"", name.replace('"', "\"\""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (name, sql) in [("pgherd", "pgherd"), ("My Role", "\"My Role\""), ("a\"b", "\"a\"\"b\"")] {
            assert_eq!(quoted(name), sql);
        }
    }
}
