//! The statements, and their rows as plain structs. No meaning here: that is `decode`'s.
//!
//! Each statement runs on `PostgreSQL` 12 to 17, on a primary and on a standby, with any role. Functions that raise an
//! error in the other role stand in a `CASE`; what a version lacks is asked for by name through JSON or `missing_ok`.

use tokio_postgres::types::{FromSql, PgLsn};
use tokio_postgres::{Error, Row};

/// What stays the same for as long as a connection lives, and settings.
pub(super) const ABOUT: &str = "
SELECT current_setting('server_version_num')::int4 AS version,
       (SELECT system_identifier::text FROM pg_control_system()) AS system_id,
       (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::int8 AS started,
       ARRAY(SELECT name || '=' || current_setting(name, true) FROM unnest($1::text[]) AS name
              WHERE current_setting(name, true) IS NOT NULL) AS settings";

/// Settings that matter for replication and failover. None of them needs a privilege.
pub(super) const SETTINGS: &[&str] = &[
    "wal_level",
    "hot_standby",
    "wal_log_hints",
    "data_checksums",
    "full_page_writes",
    "fsync",
    "synchronous_commit",
    "max_wal_senders",
    "max_replication_slots",
    "max_connections",
    "max_worker_processes",
    "max_prepared_transactions",
    "max_locks_per_transaction",
    "wal_keep_size",
    "wal_keep_segments",
    "max_slot_wal_keep_size",
    "wal_sender_timeout",
    "wal_receiver_timeout",
    "wal_receiver_status_interval",
    "hot_standby_feedback",
    "recovery_min_apply_delay",
    "archive_mode",
];

/// Role, positions, walreceiver. `current` is null on a standby: promotion is one-way and no standby becomes of a
/// primary without a restart, so the first column decides the role for the whole row.
///
/// The control file is read only where nothing better says the timeline. Connections are counted only if our role
/// sees all of them.
pub(super) const STATUS: &str = "
SELECT CASE WHEN NOT pg_is_in_recovery() THEN pg_current_wal_lsn() END AS current,
       CASE WHEN NOT pg_is_in_recovery() THEN pg_walfile_name(pg_current_wal_lsn()) END AS wal_file,
       pg_last_wal_receive_lsn() AS received,
       pg_last_wal_replay_lsn() AS replayed,
       (extract(epoch FROM pg_last_xact_replay_timestamp()) * 1000000)::int8 AS replayed_commit,
       CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() END AS replay_paused,
       CASE WHEN pg_is_in_recovery() AND receiver.received_tli IS NULL
            THEN (SELECT greatest(recovery.min_recovery_end_timeline, checkpoint.timeline_id)
                    FROM pg_control_recovery() AS recovery, pg_control_checkpoint() AS checkpoint)
       END AS control_timeline,
       receiver.pid IS NOT NULL AS has_receiver,
       receiver.status AS receiver_status,
       receiver.received_tli AS receiver_timeline,
       receiver.sender_host,
       receiver.slot_name,
       (extract(epoch FROM receiver.last_msg_receipt_time) * 1000000)::int8 AS last_message,
       current_setting('synchronous_standby_names') AS synchronous_standby_names,
       current_setting('default_transaction_read_only') = 'on' AS read_only_default,
       current_setting('max_connections')::int4 AS max_connections,
       (SELECT CASE WHEN count(*) = count(backend_type)
                    THEN count(*) FILTER (WHERE backend_type = 'client backend') END
          FROM pg_stat_activity) AS connections
  FROM (SELECT 1) AS one LEFT JOIN pg_stat_wal_receiver AS receiver ON true";

/// Those who stream from here.
pub(super) const SENDERS: &str = "
SELECT application_name, host(client_addr) AS client, state, sync_state,
       sent_lsn, write_lsn, flush_lsn, replay_lsn,
       (extract(epoch FROM replay_lag) * 1000000)::int8 AS replay_lag
  FROM pg_stat_replication ORDER BY application_name, pid";

/// Slots. `wal_status` exists from 13 on.
pub(super) const SLOTS: &str = "
SELECT slot_name, slot_type, active, restart_lsn, to_jsonb(slot) ->> 'wal_status' AS wal_status
  FROM pg_replication_slots AS slot ORDER BY slot_name";

/// The row of [`ABOUT`].
#[derive(Clone, Debug, Default)]
pub(super) struct AboutRow {
    pub(super) version: i32,
    pub(super) system_id: String,
    pub(super) started: Option<i64>,
    /// `name=value`
    pub(super) settings: Vec<String>,
}

/// The row of [`STATUS`]. Times are microseconds since the epoch.
#[derive(Clone, Debug, Default)]
pub(super) struct StatusRow {
    pub(super) current: Option<u64>,
    pub(super) wal_file: Option<String>,
    pub(super) received: Option<u64>,
    pub(super) replayed: Option<u64>,
    pub(super) replayed_commit: Option<i64>,
    pub(super) replay_paused: Option<bool>,
    pub(super) control_timeline: Option<i32>,
    pub(super) has_receiver: bool,
    pub(super) receiver_status: Option<String>,
    pub(super) receiver_timeline: Option<i32>,
    pub(super) sender_host: Option<String>,
    pub(super) slot_name: Option<String>,
    pub(super) last_message: Option<i64>,
    pub(super) synchronous_standby_names: String,
    pub(super) read_only_default: bool,
    pub(super) max_connections: i32,
    pub(super) connections: Option<i64>,
}

/// A row of [`SENDERS`]; `replay_lag` in microseconds.
#[derive(Clone, Debug, Default)]
pub(super) struct SenderRow {
    pub(super) application_name: Option<String>,
    pub(super) client: Option<String>,
    pub(super) state: Option<String>,
    pub(super) sync_state: Option<String>,
    pub(super) sent: Option<u64>,
    pub(super) written: Option<u64>,
    pub(super) flushed: Option<u64>,
    pub(super) replayed: Option<u64>,
    pub(super) replay_lag: Option<i64>,
}

/// A row of [`SLOTS`].
#[derive(Clone, Debug, Default)]
pub(super) struct SlotRow {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) active: bool,
    pub(super) restart: Option<u64>,
    pub(super) wal_status: Option<String>,
}

fn column<'a, T: FromSql<'a>>(row: &'a Row, name: &str) -> Result<T, Error> {
    row.try_get(name)
}

fn lsn(row: &Row, name: &str) -> Result<Option<u64>, Error> {
    Ok(column::<Option<PgLsn>>(row, name)?.map(u64::from))
}

impl TryFrom<&Row> for AboutRow {
    type Error = Error;

    fn try_from(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            version: column(row, "version")?,
            system_id: column(row, "system_id")?,
            started: column(row, "started")?,
            settings: column(row, "settings")?,
        })
    }
}

impl TryFrom<&Row> for StatusRow {
    type Error = Error;

    fn try_from(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            current: lsn(row, "current")?,
            wal_file: column(row, "wal_file")?,
            received: lsn(row, "received")?,
            replayed: lsn(row, "replayed")?,
            replayed_commit: column(row, "replayed_commit")?,
            replay_paused: column(row, "replay_paused")?,
            control_timeline: column(row, "control_timeline")?,
            has_receiver: column(row, "has_receiver")?,
            receiver_status: column(row, "receiver_status")?,
            receiver_timeline: column(row, "receiver_timeline")?,
            sender_host: column(row, "sender_host")?,
            slot_name: column(row, "slot_name")?,
            last_message: column(row, "last_message")?,
            synchronous_standby_names: column(row, "synchronous_standby_names")?,
            read_only_default: column(row, "read_only_default")?,
            max_connections: column(row, "max_connections")?,
            connections: column(row, "connections")?,
        })
    }
}

impl TryFrom<&Row> for SenderRow {
    type Error = Error;

    fn try_from(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            application_name: column(row, "application_name")?,
            client: column(row, "client")?,
            state: column(row, "state")?,
            sync_state: column(row, "sync_state")?,
            sent: lsn(row, "sent_lsn")?,
            written: lsn(row, "write_lsn")?,
            flushed: lsn(row, "flush_lsn")?,
            replayed: lsn(row, "replay_lsn")?,
            replay_lag: column(row, "replay_lag")?,
        })
    }
}

impl TryFrom<&Row> for SlotRow {
    type Error = Error;

    fn try_from(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            name: column(row, "slot_name")?,
            kind: column(row, "slot_type")?,
            active: column(row, "active")?,
            restart: lsn(row, "restart_lsn")?,
            wal_status: column(row, "wal_status")?,
        })
    }
}
