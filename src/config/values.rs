//! From the text of a setting to its value. An error says what would be right.

use std::path::PathBuf;
use std::time::Duration;

use super::environment::Environment;
use super::settings::{ProbeSetting, TimeZone};
use crate::app::options::Mark;
use crate::model::text::clean_line;
use crate::model::topology::{Address, AdminSocket};
use crate::source::postgres::SslMode;

/// Text on one line that is not empty.
pub(super) fn word(text: &str) -> Result<String, String> {
    match clean_line(text) {
        word if word.is_empty() => Err("this must not be empty".to_owned()),
        word => Ok(word),
    }
}

pub(super) fn boolean(text: &str) -> Result<bool, String> {
    match text {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err(format!("{text:?} is neither true nor false")),
    }
}

/// More would only delay the start.
const MOST_LINES: u32 = 100_000;

pub(super) fn lines(text: &str) -> Result<u32, String> {
    text.parse()
        .ok()
        .filter(|lines| *lines <= MOST_LINES)
        .ok_or_else(|| format!("{text:?} is no number of lines from 0 to {MOST_LINES}"))
}

/// A record of more MB fits no disk, lines of more no memory.
pub(super) const MOST_DISK: u32 = 1_000_000;
pub(super) const MOST_MEMORY: u32 = 65_536;

/// At least one, and at most so many.
pub(super) fn megabytes(text: &str, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("{text:?} is no number of MB from 1 to {most}"))
}

/// A fault that should last longer is healed by hand.
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// `30s`, `2m`, `1h`, `500ms`; a number alone is seconds.
pub(crate) fn span(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is no time such as 30s, 2m or 1h, up to 24h");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(digits).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let span = match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" | "" => Some(Duration::from_secs(number)),
        "m" | "min" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    };
    span.filter(|span| !span.is_zero() && *span <= LONGEST)
        .ok_or_else(wrong)
}

pub(super) fn time_zone(text: &str) -> Result<TimeZone, String> {
    match text {
        "local" => Ok(TimeZone::Local),
        "utc" | "UTC" => Ok(TimeZone::Utc),
        _ => Err(format!("{text:?} is neither local nor utc")),
    }
}

pub(super) fn mark(text: &str) -> Result<Mark, String> {
    let known = Mark::ALL.iter().find(|(name, _)| *name == text);
    known.map(|(_, mark)| *mark).ok_or_else(|| {
        let names = Mark::ALL.map(|(name, _)| name).join(", ");
        format!("{text:?} is none of {names}")
    })
}

pub(super) fn probe(text: &str) -> Result<ProbeSetting, String> {
    let known = ProbeSetting::ALL.iter().find(|(name, _)| *name == text);
    known.map(|(_, setting)| *setting).ok_or_else(|| {
        let names = ProbeSetting::ALL.map(|(name, _)| name).join(", ");
        format!("{text:?} is none of {names}")
    })
}

pub(super) fn ssl_mode(text: &str) -> Result<SslMode, String> {
    let known = SslMode::ALL.iter().find(|(name, _)| *name == text);
    known.map(|(_, mode)| *mode).ok_or_else(|| {
        let names = SslMode::ALL.map(|(name, _)| name).join(", ");
        format!("{text:?} is no sslmode; there are {names}")
    })
}

/// A path of znodes: one slash before each, none at the end.
pub(super) fn znode(text: &str) -> Result<String, String> {
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    word(&format!("/{}", parts.join("/")))
}

/// A path; `~/` is the home folder.
pub(super) fn path(text: &str, environment: &Environment) -> PathBuf {
    text.strip_prefix("~/")
        .and_then(|rest| environment.home(rest))
        .unwrap_or_else(|| PathBuf::from(text))
}

/// Addresses of `ZooKeeper` servers, separated by commas.
pub(super) fn servers(text: &str) -> Result<Vec<Address>, String> {
    text.split(',').map(|server| address(server, 2181)).collect()
}

/// `host`, `host:port`, `[ipv6]` or `[ipv6]:port`.
pub(super) fn address(text: &str, default_port: u16) -> Result<Address, String> {
    let wrong = || format!("{text:?} is no address such as 127.0.0.1:{default_port}");
    let trimmed = text.trim();
    let (host, port) = match trimmed.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']').ok_or_else(wrong)?;
            let port = match port.strip_prefix(':') {
                Some(port) => Some(port),
                None if port.is_empty() => None,
                None => return Err(wrong()),
            };
            (host, port)
        }
        None => match trimmed.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (trimmed, None),
        },
    };
    let port = match port {
        Some(port) => port.parse().ok().filter(|port| *port != 0).ok_or_else(wrong)?,
        None => default_port,
    };
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == '@';
    if host.is_empty() || host.contains(odd) {
        return Err(wrong());
    }
    let host = host.to_owned();
    Ok(Address { host, port })
}

/// `unix:/path` or `tcp:host:port`.
pub(super) fn admin_socket(text: &str) -> Result<AdminSocket, String> {
    let found = match text.split_once(':') {
        Some(("unix", path)) if path.starts_with('/') => word(path).ok().map(AdminSocket::Unix),
        // No port is usual, so it has to be there.
        Some(("tcp", rest)) => address(rest, 0)
            .ok()
            .filter(|address| address.port != 0)
            .map(AdminSocket::Tcp),
        _ => None,
    };
    found.ok_or_else(|| format!("{text:?} is neither unix:/path nor tcp:host:port"))
}

/// `http://host:port`, with a path if need be. No user in it: what holds a password has its own key.
pub(super) fn http_url(text: &str) -> Result<String, String> {
    let rest = text
        .strip_prefix("http://")
        .ok_or_else(|| "this must be a URL that begins with http:// (https is not supported)".to_owned())?;
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("put user and password into their own keys".to_owned());
    }
    address(authority, 80)?;
    word(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let cases = [
            ("pg-master:5433", Some("pg-master:5433")),
            (" 10.0.0.1 ", Some("10.0.0.1:2181")),
            ("[::1]:7", Some("[::1]:7")),
            ("[fe80::1]", Some("[fe80::1]:2181")),
            ("::1", None),
            ("", None),
            (":1", None),
            ("h:0", None),
            ("h:65536", None),
            ("h:x", None),
            ("[::1", None),
            ("[::1]x", None),
            ("http://h:1", None),
            ("a b:1", None),
        ];
        for (text, expected) in cases {
            let found = address(text, 2181).ok().map(|address| address.to_string());
            assert_eq!(found.as_deref(), expected, "{text:?}");
        }
        assert_eq!(servers("a,b:1").unwrap().len(), 2);
        assert!(servers("a,,b").is_err());
    }

    #[test]
    fn spans() {
        let cases = [
            ("30s", Some(30_000)),
            ("2m", Some(120_000)),
            ("1h", Some(3_600_000)),
            ("500ms", Some(500)),
            (" 7 ", Some(7_000)),
            ("0", None),
            ("25h", None),
            ("s", None),
            ("-1s", None),
            ("1 s", None),
            ("99999999999999999999s", None),
            ("18446744073709551615h", None),
            ("é", None),
        ];
        for (text, millis) in cases {
            assert_eq!(span(text).ok(), millis.map(Duration::from_millis), "{text:?}");
        }
    }

    #[test]
    fn urls() {
        for good in ["http://h:7000", "http://h:7000/stats;csv", "http://[::1]:7000/"] {
            assert_eq!(http_url(good).as_deref(), Ok(good));
        }
        for bad in ["h:7000", "https://h", "http://", "http://u:hunter2@h/", "http://h:x/"] {
            let error = http_url(bad).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn admin_sockets() {
        for good in ["unix:/run/haproxy/admin.sock", "tcp:127.0.0.1:9999", "tcp:[::1]:9999"] {
            assert_eq!(admin_socket(good).unwrap().to_string(), good);
        }
        for bad in [
            "",
            "unix:",
            "unix:run",
            "tcp:h",
            "tcp:h:x",
            "tcp:[::1]",
            "/run/x",
            "http://h:1",
        ] {
            assert!(admin_socket(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn znodes_and_paths() {
        for (text, expected) in [("service", "/service"), ("//db//x/", "/db/x"), ("/", "/")] {
            assert_eq!(znode(text).as_deref(), Ok(expected));
        }
        let environment = Environment::from([("HOME", "/home/u")]);
        assert_eq!(path("~/x", &environment), PathBuf::from("/home/u/x"));
        assert_eq!(path("/x", &environment), PathBuf::from("/x"));
    }
}
