//! HAProxy's statistics from their CSV form. Pure.
//!
//! Columns by name (HAProxy's management guide, "9.1. CSV format"): every version appends some. Only the name of the
//! section, the name of the row and `status` must be there.

use std::collections::HashMap;
use std::str::FromStr;
use std::time::Duration;

use csv::{ByteRecord, ReaderBuilder};

use crate::model::link::Cause;
use crate::model::proxy::{Backend, Entry, Pool, ProxyServer, ProxySnapshot, ServerStatus};
use crate::model::text::{clean_bytes, clean_line};

/// Rows of `type` 3 are listening sockets (`option socket-stats`), no servers.
const SOCKET: &str = "3";

/// Reads the whole answer.
///
/// # Errors
/// [`Cause::Garbled`] if it does not begin with `# pxname`, or a row ends before its status.
pub fn statistics(body: &[u8]) -> Result<ProxySnapshot, Cause> {
    let garbled = |why: &str| Cause::Garbled(why.to_owned());
    if !body.starts_with(b"# pxname,") {
        return Err(garbled("not HAProxy's statistics"));
    }
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(body);
    let header = reader.byte_headers().map_err(|_| garbled("no CSV header"))?;
    let columns = Columns::find(header).ok_or_else(|| garbled("columns svname and status are missing"))?;
    let mut pools: Vec<Pool> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut record = ByteRecord::new();
    while reader.read_byte_record(&mut record).map_err(|_| garbled("not CSV"))? {
        let row = Row {
            columns: &columns,
            record: &record,
        };
        let status = row.text(columns.status).ok_or_else(|| garbled("a row ends early"))?;
        if row.text(columns.kind).as_deref() == Some(SOCKET) {
            continue;
        }
        let name = row.text(Some(0)).unwrap_or_default();
        let place = *known.entry(name).or_insert_with_key(|name| {
            pools.push(Pool {
                name: name.clone(),
                entry: None,
                backend: None,
                servers: Vec::new(),
            });
            pools.len() - 1
        });
        if let Some(pool) = pools.get_mut(place) {
            row.add_to(pool, status);
        }
    }
    Ok(ProxySnapshot { pools })
}

/// Reads `status`, already cleaned.
pub fn server_status(word: &str) -> ServerStatus {
    let (first, rest) = word.split_once(' ').unwrap_or((word, ""));
    let count = rest
        .split_once('/')
        .and_then(|(done, of)| Some((done.parse().ok()?, of.parse().ok()?)));
    match (first, rest, count) {
        ("UP", "", _) => ServerStatus::Up,
        ("UP", _, Some((left, of))) => ServerStatus::Failing { left, of },
        // `DOWN (agent)`: as good as down.
        ("DOWN", _, None) => ServerStatus::Down,
        ("DOWN", _, Some((done, of))) => ServerStatus::Rising { done, of },
        ("MAINT", ..) => ServerStatus::Maintenance,
        ("DRAIN" | "NOLB", ..) => ServerStatus::Draining,
        ("no", "check", _) => ServerStatus::Unchecked,
        _ => ServerStatus::Other(word.to_owned()),
    }
}

/// Where each column is.
struct Columns {
    name: Option<usize>,
    status: Option<usize>,
    kind: Option<usize>,
    sessions: Option<usize>,
    limit: Option<usize>,
    total_sessions: Option<usize>,
    queued: Option<usize>,
    errors: [Option<usize>; 3],
    failed_checks: Option<usize>,
    last_change: Option<usize>,
    check: Option<usize>,
    check_code: Option<usize>,
    check_duration: Option<usize>,
    check_text: Option<usize>,
    address: Option<usize>,
}

impl Columns {
    fn find(header: &ByteRecord) -> Option<Self> {
        let at = |name: &str| header.iter().position(|column| column == name.as_bytes());
        let columns = Self {
            name: at("svname"),
            status: at("status"),
            kind: at("type"),
            sessions: at("scur"),
            limit: at("slim"),
            total_sessions: at("stot"),
            queued: at("qcur"),
            errors: [at("econ"), at("eresp"), at("ereq")],
            failed_checks: at("chkfail"),
            last_change: at("lastchg"),
            check: at("check_status"),
            check_code: at("check_code"),
            check_duration: at("check_duration"),
            check_text: at("last_chk"),
            address: at("addr"),
        };
        (columns.name.is_some() && columns.status.is_some()).then_some(columns)
    }
}

/// One row; every cell may be missing or empty.
struct Row<'a> {
    columns: &'a Columns,
    record: &'a ByteRecord,
}

impl Row<'_> {
    fn add_to(&self, pool: &mut Pool, status: String) {
        let columns = self.columns;
        let name = self.text(columns.name).unwrap_or_default();
        match name.as_str() {
            "FRONTEND" => {
                pool.entry = Some(Entry {
                    status,
                    sessions: self.count(columns.sessions),
                    limit: self.number(columns.limit),
                });
            }
            "BACKEND" => {
                pool.backend = Some(Backend {
                    status: server_status(&status),
                    sessions: self.count(columns.sessions),
                    queued: self.count(columns.queued),
                    total_sessions: self.count(columns.total_sessions),
                    errors: self.errors(),
                    since_change: self.number(columns.last_change).map(Duration::from_secs),
                });
            }
            _ => pool.servers.push(ProxyServer {
                name,
                status: server_status(&status),
                check: self.check(),
                // 0 while a check is running.
                check_code: self.number(columns.check_code).filter(|&code| code != 0),
                check_text: self.words(columns.check_text),
                check_duration: self.number(columns.check_duration).map(Duration::from_millis),
                sessions: self.count(columns.sessions),
                total_sessions: self.count(columns.total_sessions),
                errors: self.errors(),
                failed_checks: self.count(columns.failed_checks),
                since_change: self.number(columns.last_change).map(Duration::from_secs),
                address: self.words(columns.address),
            }),
        }
    }

    /// `check_status`; `* ` in front of it means that a check is running.
    fn check(&self) -> Option<String> {
        let word = self.words(self.columns.check)?;
        let word = word.trim_start_matches('*').trim_start();
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn errors(&self) -> u64 {
        let counts = self.columns.errors.iter().map(|&column| self.count(column));
        counts.fold(0, u64::saturating_add)
    }

    /// HAProxy leaves cells empty that mean nothing in a row; a counter is then zero.
    fn count(&self, column: Option<usize>) -> u64 {
        self.number(column).unwrap_or(0)
    }

    fn number<T: FromStr>(&self, column: Option<usize>) -> Option<T> {
        str::from_utf8(self.record.get(column?)?).ok()?.parse().ok()
    }

    /// A cell that is not empty.
    fn words(&self, column: Option<usize>) -> Option<String> {
        self.text(column).filter(|text| !text.is_empty())
    }

    fn text(&self, column: Option<usize>) -> Option<String> {
        Some(clean_line(&clean_bytes(self.record.get(column?)?)))
    }
}

#[cfg(test)]
mod tests;
