//! The probe's table: what it is, whether it is there, how it is made and removed. Pure text, but for its checks' rows.
//!
//! A ring: a write takes the row of its number modulo [`RING`], so the table never grows. Each row bears the run that
//! wrote it, so that several pgherds do not take each other's rows for their own.

use std::fmt::Write as _;

use crate::model::link::Cause;
use crate::model::probe::RING;

/// What its comment begins with; behind it the version of its columns.
const COMMENT: &str = "pgherd probe, version ";
/// That version.
const VERSION: u32 = 1;
/// What to do.
const INSTALL: &str = "pgherd probe install";

/// The columns of the table `c` of the catalogue, as [`SHAPE`] has them; with what makes a slot unique.
macro_rules! columns {
    () => {
        "(SELECT string_agg(attname || ' ' || format_type(atttypid, NULL), ', ' ORDER BY attnum)
           || CASE WHEN EXISTS (SELECT FROM pg_index WHERE indrelid = c.oid AND indisprimary) THEN ' +key' ELSE '' END
          FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)"
    };
}
/// What they are in our version.
const SHAPE: &str = "slot integer, run bigint, seq bigint, written timestamp with time zone +key";

/// One row: version, whether our role may use the schema, insert, update, select, who that is, and the columns. No row
/// without the table. The catalogue says all of it to every role, on a standby too.
pub(super) const CHECK: &str = concat!(
    "
SELECT obj_description(c.oid, 'pg_class'),
       has_schema_privilege(n.oid, 'USAGE'), has_table_privilege(c.oid, 'INSERT'),
       has_table_privilege(c.oid, 'UPDATE'), has_table_privilege(c.oid, 'SELECT'), current_user, ",
    columns!(),
    "
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE n.nspname = 'pgherd' AND c.relname = 'probe'"
);

/// Runs that have rows, and the newest of each: what was there before ours.
pub(super) const RUNS: &str = "SELECT run, max(seq) FROM pgherd.probe GROUP BY run";

/// Why the table cannot be used, if it cannot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Defect {
    /// It is not there.
    Missing,
    /// It is another one: of this version, or not ours.
    Foreign(Option<u32>),
    /// It was changed: not the columns that its version has.
    Changed,
    /// Our role lacks this.
    Denied {
        /// Which privileges, as `GRANT` names them.
        privileges: Vec<&'static str>,
        /// Our role.
        role: String,
    },
}

impl From<&Defect> for Cause {
    fn from(defect: &Defect) -> Self {
        Self::Other(match defect {
            Defect::Missing => format!("no table pgherd.probe: {INSTALL}"),
            Defect::Foreign(Some(version)) => {
                format!("pgherd.probe is of version {version}, not {VERSION}: {INSTALL}")
            }
            Defect::Foreign(None) => "pgherd.probe is not a table of pgherd: it is left alone".to_owned(),
            Defect::Changed => {
                format!("pgherd.probe was changed, its columns are not those of version {VERSION}: {INSTALL}")
            }
            Defect::Denied { privileges, role } => {
                let what = privileges.join(", ");
                format!("role {role} lacks {what} on pgherd.probe: {INSTALL} --role {role}")
            }
        })
    }
}

/// What the rows of [`CHECK`] say.
pub(super) fn verify(rows: &[Vec<Option<String>>]) -> Result<(), Defect> {
    let Some([comment, usage, insert, update, select, role, columns]) = rows.first().map(Vec::as_slice) else {
        return Err(Defect::Missing);
    };
    let version = comment
        .as_deref()
        .and_then(|comment| comment.strip_prefix(COMMENT)?.parse().ok());
    if version != Some(VERSION) {
        return Err(Defect::Foreign(version));
    }
    if columns.as_deref() != Some(SHAPE) {
        return Err(Defect::Changed);
    }
    let asked = [
        (usage, "USAGE"),
        (insert, "INSERT"),
        (update, "UPDATE"),
        (select, "SELECT"),
    ];
    let privileges: Vec<_> = asked
        .into_iter()
        .filter(|(granted, _)| granted.as_deref() != Some("t"))
        .map(|(_, name)| name)
        .collect();
    if privileges.is_empty() {
        return Ok(());
    }
    Err(Defect::Denied {
        privileges,
        role: role.clone().unwrap_or_default(),
    })
}

/// Makes the table, or makes it anew if it is ours and of another version or changed, and lets `role` use it. With a password the
/// role is made too: with one round of hashing where the server allows that (16 on), since every attempt logs in anew and
/// a password that is public gains nothing from 4096.
pub(super) fn install(role: &str, password: Option<&str>) -> String {
    let mut sql = String::from("BEGIN;\n");
    let (name, quoted) = (identifier(role), literal(role));
    if let Some(password) = password {
        let password = literal(password);
        // Writing to a string does not fail.
        let _ = write!(
            sql,
            "DO $make$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = {quoted}) THEN
    IF current_setting('server_version_num')::int >= 160000 THEN
      PERFORM set_config('scram_iterations', '1', true);
    END IF;
    CREATE ROLE {name} LOGIN PASSWORD {password} CONNECTION LIMIT 40;
  END IF;
END $make$;
"
        );
    }
    let _ = write!(
        sql,
        "DO $make$ DECLARE comment text; columns text; BEGIN
  SELECT obj_description(c.oid, 'pg_class'), {columns} INTO comment, columns FROM pg_class c
   JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'pgherd' AND c.relname = 'probe';
  IF comment LIKE '{COMMENT}%' AND (comment, columns) IS DISTINCT FROM ('{COMMENT}{VERSION}', '{SHAPE}') THEN
    DROP TABLE pgherd.probe;
  ELSIF FOUND AND comment IS DISTINCT FROM '{COMMENT}{VERSION}' THEN
    RAISE EXCEPTION 'pgherd.probe is not a table of pgherd';
  END IF;
END $make$;
CREATE SCHEMA IF NOT EXISTS pgherd;
CREATE TABLE IF NOT EXISTS pgherd.probe (
  slot int PRIMARY KEY CHECK (slot >= 0 AND slot < {RING}),
  run bigint NOT NULL,
  seq bigint NOT NULL,
  written timestamptz NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.5);
COMMENT ON TABLE pgherd.probe IS '{COMMENT}{VERSION}';
GRANT USAGE ON SCHEMA pgherd TO {name};
GRANT SELECT, INSERT, UPDATE ON pgherd.probe TO {name};
COMMIT;",
        columns = columns!()
    );
    sql
}

/// Removes it, and its schema if nothing else is in there; with `role`, that role too.
pub(super) fn uninstall(role: Option<&str>) -> String {
    let drop_role = role.map(|role| format!("DROP ROLE IF EXISTS {};\n", identifier(role)));
    format!(
        "BEGIN;\nDROP TABLE IF EXISTS pgherd.probe;\nDROP SCHEMA IF EXISTS pgherd;\n{}COMMIT;",
        drop_role.unwrap_or_default()
    )
}

/// Writes one row and says who answered. A write that is late, from a server that was frozen, does not take the place of
/// a later one.
pub(super) fn write(run: i64, seq: i64) -> String {
    let slot = seq.rem_euclid(RING);
    format!(
        "INSERT INTO pgherd.probe AS old VALUES ({slot}, {run}, {seq}, now()) \
         ON CONFLICT (slot) DO UPDATE SET run = EXCLUDED.run, seq = EXCLUDED.seq, written = EXCLUDED.written \
         WHERE old.run <> EXCLUDED.run OR old.seq < EXCLUDED.seq \
         RETURNING false, host(inet_server_addr()), substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8), NULL"
    )
}

/// Asks who answers; with a run, for its newest row.
pub(super) fn read(run: Option<i64>) -> String {
    let newest = run.map_or_else(
        || "NULL".to_owned(),
        |run| format!("(SELECT max(seq) FROM pgherd.probe WHERE run = {run})"),
    );
    format!(
        "SELECT pg_is_in_recovery(), host(inet_server_addr()), \
         CASE WHEN NOT pg_is_in_recovery() THEN substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) END, {newest}"
    )
}

/// First and last of each unbroken row of numbers of a run.
pub(super) fn rows(run: i64) -> String {
    format!(
        "SELECT min(seq), max(seq) FROM \
         (SELECT seq, seq - row_number() OVER (ORDER BY seq) AS part FROM pgherd.probe WHERE run = {run}) AS numbered \
         GROUP BY part ORDER BY 1"
    )
}

/// Places that other runs took since ours began; `before` are runs that were there, with the newest row of each.
pub(super) fn taken(run: i64, before: &[(i64, i64)]) -> String {
    let known: Vec<String> = before.iter().map(|(run, seq)| format!("({run}, {seq})")).collect();
    let known = if known.is_empty() {
        "(0, 0)".to_owned()
    } else {
        known.join(", ")
    };
    format!(
        "SELECT now.slot FROM pgherd.probe AS now LEFT JOIN (VALUES {known}) AS old (run, seq) ON old.run = now.run \
         WHERE now.run <> {run} AND (old.run IS NULL OR now.seq > old.seq)"
    )
}

fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
