//! What stands before the message of a line, and from which program that makes it.

use super::json;
use super::level::{Level, guess, named};
use super::stamp::{self, Stamp};

/// A program whose lines are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Program {
    /// Patroni, and the Python below it.
    Patroni,
    /// The server and its tools: `initdb`, `pg_ctl`, `pg_rewind`, `pg_basebackup`, `pg_isready`.
    PostgreSQL,
    /// HAProxy.
    HAProxy,
    /// ZooKeeper.
    ZooKeeper,
    /// Any other, or not to be told from one line: a part of a message of several lines.
    Other,
}

/// A line taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head<'a> {
    /// Whose line it is, by its form.
    pub program: Program,
    /// How serious it says it is.
    pub level: Option<Level>,
    /// The word for that, as it stands there: `LOG`, `DETAIL`, `WARN`. Empty where none was found in its place.
    pub severity: &'a str,
    /// The program's own time.
    pub stamp: Option<Stamp<'a>>,
    /// The process that wrote it; of PostgreSQL only.
    pub pid: Option<u32>,
    /// What it says: without stamp, process, level, thread. In a JSON line the value of its message, still escaped.
    pub message: &'a str,
}

impl<'a> Head<'a> {
    /// Takes `text` apart.
    pub fn of(text: &'a str) -> Self {
        let plain = Self {
            program: Program::Other,
            level: None,
            severity: "",
            stamp: None,
            pid: None,
            message: text,
        };
        if let Some((stamp, rest)) = stamp::split(text) {
            return Self {
                stamp: Some(stamp),
                ..plain
            }
            .stamped(rest);
        }
        let found = match text.as_bytes().first() {
            Some(b'{') => plain.in_json(),
            // What is indented belongs to a message above.
            Some(b' ' | b'\t') | None => return plain,
            Some(b'[') => plain.haproxy_at_start().or_else(|| plain.postgres(text)),
            Some(b'<') => plain.syslog(),
            Some(b'0'..=b'9') => plain.haproxy_session().or_else(|| plain.bare()),
            Some(_) => plain.bare(),
        };
        found.unwrap_or_else(|| Self {
            level: guess(text),
            ..plain
        })
    }

    /// Behind a stamp.
    fn stamped(self, rest: &'a str) -> Self {
        let (first, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        // Two blanks are PostgreSQL's, unless the comma of Python's clock is there.
        let is_python = self.stamp.is_some_and(|stamp| stamp.time.contains(','));
        if let Some(severity) = first.strip_suffix(':')
            && let Some(level) = named(severity)
            && (is_python || !behind.starts_with(' '))
        {
            return Self {
                program: Program::Patroni,
                level: Some(level),
                severity,
                message: behind.trim_start(),
                ..self
            };
        }
        let known = match rest.as_bytes().first() {
            Some(b'-') => self.zookeeper(rest),
            Some(b'[') if rest.starts_with("[myid") => self.zookeeper(rest),
            Some(b'A'..=b'Z') => self.zookeeper(rest).or_else(|| self.postgres(rest)),
            _ => self.postgres(rest),
        };
        known.unwrap_or_else(|| Self {
            level: named(first).or_else(|| guess(rest)),
            message: rest,
            ..self
        })
    }

    /// `[myid:1] - WARN  [main:o.a.z.s.Quorum@1] - message`, also without its first part, and log4j's older
    /// `WARN message (org.apache.zookeeper.server.Quorum)`.
    fn zookeeper(self, rest: &'a str) -> Option<Self> {
        let marked = match rest.strip_prefix("[myid") {
            Some(id) => id.split_once("] - ")?.1,
            None => rest.strip_prefix("- ").unwrap_or(rest),
        };
        let (severity, behind) = marked.split_once(' ')?;
        let level = named(severity)?;
        let behind = behind.trim_start();
        let message = match behind.strip_prefix('[') {
            Some(thread) if marked.len() < rest.len() => {
                thread.split_once("] - ").map_or(behind, |(_, message)| message)
            }
            _ if behind.contains("(org.apache.zookeeper") => behind,
            _ => return None,
        };
        Some(Self {
            program: Program::ZooKeeper,
            level: Some(level),
            severity,
            message,
            ..self
        })
    }

    /// `[19] user@db LOG:  message`, where the part before the severity is as `log_line_prefix` says.
    fn postgres(self, rest: &'a str) -> Option<Self> {
        let (prefix, message) = rest.split_once(":  ")?;
        let start = prefix.rfind(' ').map_or(0, |blank| blank + 1);
        let severity = prefix.get(start..)?;
        let level = named(severity)?;
        let process = prefix.split_once('[').and_then(|(_, inside)| inside.split_once(']'));
        Some(Self {
            program: Program::PostgreSQL,
            level: Some(level),
            severity,
            pid: process.and_then(|(pid, _)| pid.parse().ok()),
            message,
            ..self
        })
    }

    /// `[ALERT]    (8) : message`, as HAProxy says it at its standard error.
    fn haproxy_at_start(self) -> Option<Self> {
        let (severity, behind) = self.message.strip_prefix('[')?.split_once(']')?;
        let level = named(severity)?;
        let (process, message) = behind.split_once(" : ")?;
        process.contains('(').then_some(Self {
            program: Program::HAProxy,
            level: Some(level),
            severity,
            message,
            ..self
        })
    }

    /// `<5>message`, as for a journal: the level is in the last three bits.
    fn syslog(self) -> Option<Self> {
        let (priority, message) = self.message.strip_prefix('<')?.split_once('>')?;
        let level = match priority.parse::<u8>().ok()? & 7 {
            0..=2 => Level::Fatal,
            3 => Level::Error,
            4 => Level::Warning,
            5 | 6 => Level::Info,
            _ => Level::Debug,
        };
        let said = Self { message, ..self };
        Some(Self {
            level: Some(level),
            ..said.bare().unwrap_or(said)
        })
    }

    /// `172.30.0.1:36226 [22/Nov/2026:19:17:32.347] primary primary/pg1 1/0/5219 …`: a session or a request that ended.
    fn haproxy_session(self) -> Option<Self> {
        let (client, behind) = self.message.split_once(" [")?;
        let is_date = behind.as_bytes().get(2) == Some(&b'/') && behind.as_bytes().get(6) == Some(&b'/');
        (is_date && client.contains(':') && !client.contains(' ')).then_some(Self {
            program: Program::HAProxy,
            ..self
        })
    }

    /// Lines that bear nothing but their words.
    fn bare(self) -> Option<Self> {
        let text = self.message;
        let (first, rest) = text.split_once(' ').unwrap_or((text, ""));
        if let Some(name) = first.strip_suffix(':') {
            return self.named(name, rest);
        }
        if let Some(level) = haproxy_state(first, text) {
            return Some(Self {
                program: Program::HAProxy,
                level: Some(level),
                ..self
            });
        }
        let program = if begins(TOOL_WORDS, text) || PG_ISREADY.iter().any(|end| text.ends_with(end)) {
            Program::PostgreSQL
        } else if text.starts_with(TRACEBACK) {
            Program::Patroni
        } else if begins(ZOOKEEPER, text) {
            Program::ZooKeeper
        } else {
            return None;
        };
        Some(Self { program, ..self })
    }

    /// Behind `name: `: a tool of PostgreSQL's, a server that does not know its prefix yet or has none, or Patroni where
    /// its clock was taken out of its form.
    fn named(self, name: &'a str, rest: &'a str) -> Option<Self> {
        if TOOLS.contains(&name) {
            return Some(Self {
                program: Program::PostgreSQL,
                level: guess(self.message),
                message: rest,
                ..self
            });
        }
        let is_server = rest.starts_with(' ');
        Some(Self {
            program: if is_server {
                Program::PostgreSQL
            } else {
                Program::Patroni
            },
            level: Some(named(name)?),
            severity: name,
            message: if is_server { rest.trim_start() } else { rest },
            ..self
        })
    }

    /// One JSON object: PostgreSQL's by `error_severity`, Patroni's and ZooKeeper's by how Python and Java name things.
    fn in_json(self) -> Option<Self> {
        let mut head = self;
        let (mut python, mut logger) = (false, "");
        for (name, value) in json::fields(self.message) {
            match name {
                "error_severity" => {
                    head.program = Program::PostgreSQL;
                    head.severity = value;
                }
                "levelname" => {
                    python = true;
                    head.severity = value;
                }
                "level" | "severity" => head.severity = value,
                "asctime" | "timestamp" | "@timestamp" | "time" => head.stamp = stamp::whole(value).or(head.stamp),
                "pid" => head.pid = value.parse().ok(),
                "logger" | "logger_name" => logger = value,
                "message" | "msg" => head.message = value,
                _ => {}
            }
        }
        head.level = named(head.severity).or_else(|| named(&head.severity.to_ascii_uppercase()));
        if head.program == Program::Other {
            head.pid = None;
            head.program = if python || logger.starts_with("patroni") {
                Program::Patroni
            } else if logger.contains("zookeeper") || logger.starts_with("o.a.z.") {
                Program::ZooKeeper
            } else {
                Program::Other
            };
        }
        // An object that says nothing is no log line.
        (head.level.is_some() || head.stamp.is_some()).then_some(head)
    }
}

/// HAProxy's log at its standard output bears no level.
fn haproxy_state(first: &str, text: &str) -> Option<Level> {
    match first {
        "Server" | "Backup" if text.contains('/') && text.contains(" is ") => {
            let is_down = text.contains(" is DOWN");
            Some(if is_down { Level::Warning } else { Level::Info })
        }
        "proxy" | "backend" if text.ends_with("has no server available!") => Some(Level::Fatal),
        "Proxy" if text.ends_with(" started.") || text.contains(" stopped ") => Some(Level::Info),
        "Connect" if text.starts_with("Connect from ") => Some(Level::Info),
        _ => None,
    }
}

/// Whether `text` begins with one of `starts`, which are in order and of which none begins with another.
fn begins(starts: &[&str], text: &str) -> bool {
    let behind = starts.partition_point(|start| *start <= text);
    let last = behind.checked_sub(1).and_then(|last| starts.get(last));
    last.is_some_and(|start| text.starts_with(start))
}

/// PostgreSQL's tools, which say their name first.
const TOOLS: &[&str] = &[
    "pg_rewind",
    "pg_basebackup",
    "pg_ctl",
    "initdb",
    "psql",
    "postgres",
    "pg_controldata",
    "pg_receivewal",
    "pg_verifybackup",
    "pg_isready",
];

/// How the lines of `pg_ctl` and `initdb` begin.
const TOOL_WORDS: &[&str] = &[
    "Data page checksums are ",
    "Success. You can now start the database server using:",
    "The database cluster will be initialized with",
    "The default database encoding has ",
    "The default text search configuration will be set to",
    "The files belonging to this database system will be owned by",
    "This user must also own the server process.",
    "creating configuration files ",
    "creating directory ",
    "creating subdirectories ",
    "fixing permissions on existing directory ",
    "performing post-bootstrap initialization ",
    "running bootstrap script ",
    "selecting default ",
    "selecting dynamic shared memory implementation ",
    "server promoted",
    "server promoting",
    "server shutting down",
    "server signaled",
    "server started",
    "server starting",
    "server stopped",
    "syncing data to disk ",
    "waiting for server to ",
];

/// How those of `pg_isready` end.
const PG_ISREADY: &[&str] = &[
    " - accepting connections",
    " - rejecting connections",
    " - no response",
    " - no attempt",
];

/// How a traceback of Python begins.
pub(super) const TRACEBACK: &str = "Traceback (most recent call last):";

/// What ZooKeeper's start script says.
const ZOOKEEPER: &[&str] = &["ZooKeeper JMX enabled by default", "ZooKeeper remote JMX "];

#[cfg(test)]
mod tests;
