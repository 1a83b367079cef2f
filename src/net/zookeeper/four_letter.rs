//! ZooKeeper's four-letter words over plain TCP: asking is here, reading the answers is pure.
//!
//! A word that the server's whitelist forbids is [`Answer::Forbidden`], never an error: only `srvr` is allowed by
//! default. The words are asked for beside the session, since the client library has none.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::model::dcs::SessionId;
use crate::model::link::Cause;
use crate::model::store::StoreServer;
use crate::model::text::{clean_bytes, clean_line};
use crate::model::topology::Address;

/// Deadline of connecting, and again of the answer.
const DEADLINE: Duration = Duration::from_secs(1);
/// Most that is read of an answer: about a thousand connections in `cons`.
const LONGEST: u64 = 256 * 1024;

/// What a server said to a word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Its answer, clean.
    Text(String),
    /// The word is not in its whitelist; the server lives.
    Forbidden,
}

/// Asks one server one word (`srvr`).
///
/// # Errors
/// Why there is no answer: refused, silent, or one that ZooKeeper does not give.
pub async fn ask(server: &Address, word: &'static str) -> Result<Answer, Cause> {
    let address = (server.host.as_str(), server.port);
    let mut stream = match timeout(DEADLINE, TcpStream::connect(address)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(io_cause(&error)),
        Err(_) => return Err(Cause::Timeout("connect".into())),
    };
    let mut raw = Vec::new();
    let talk = async {
        stream.write_all(word.as_bytes()).await?;
        stream.take(LONGEST).read_to_end(&mut raw).await
    };
    match timeout(DEADLINE, talk).await {
        Ok(Ok(_)) => answer(&raw),
        // A server at its connection limit resets instead of closing; what it said before that still counts.
        Ok(Err(_)) if !raw.is_empty() => answer(&raw),
        Ok(Err(error)) => Err(io_cause(&error)),
        Err(_) => Err(Cause::Timeout(word.into())),
    }
}

/// What an I/O error means for the link.
fn io_cause(error: &std::io::Error) -> Cause {
    match error.kind() {
        ErrorKind::ConnectionRefused => Cause::Refused,
        ErrorKind::TimedOut => Cause::Timeout("connect".into()),
        ErrorKind::ConnectionReset
        | ErrorKind::ConnectionAborted
        | ErrorKind::BrokenPipe
        | ErrorKind::UnexpectedEof => Cause::Closed,
        _ => Cause::Unreachable(clean_line(&error.to_string())),
    }
}

fn answer(raw: &[u8]) -> Result<Answer, Cause> {
    let text = clean_bytes(raw);
    if text.trim().is_empty() {
        return Err(Cause::Closed);
    }
    if text.contains("not in the whitelist") {
        return Ok(Answer::Forbidden);
    }
    if text.contains("not currently serving requests") {
        return Err(Cause::Other("not serving requests: no quorum, or starting".to_owned()));
    }
    Ok(Answer::Text(text))
}

/// Reads `srvr` into the server's row.
///
/// # Errors
/// The text if it is no answer to `srvr`: something else listens there.
pub fn srvr(address: &Address, text: &str) -> Result<StoreServer, Cause> {
    let fields: BTreeMap<&str, &str> = text.lines().filter_map(|line| line.split_once(": ")).collect();
    let Some(version) = fields.get("Zookeeper version") else {
        let first: String = text.lines().next().unwrap_or_default().chars().take(60).collect();
        return Err(Cause::Garbled(format!("not ZooKeeper: {}", clean_line(&first))));
    };
    let owned = |key: &str| fields.get(key).map(|value| clean_line(value));
    let count = |key: &str| fields.get(key).and_then(|value| value.trim().parse().ok());
    let latency = fields.get("Latency min/avg/max");
    Ok(StoreServer {
        address: address.to_string(),
        answered: true,
        mode: owned("Mode"),
        version: version.split(['-', ',']).next().map(clean_line),
        zxid: owned("Zxid"),
        connections: count("Connections"),
        outstanding: count("Outstanding"),
        latency_us: latency.and_then(|triple| millis_as_micros(triple.split('/').nth(1)?)),
        znodes: count("Node count"),
    })
}

/// `1.2011` (3.6 on; before that whole) milliseconds.
fn millis_as_micros(text: &str) -> Option<u64> {
    let seconds = text.trim().parse::<f64>().ok()? / 1000.0;
    let latency = Duration::try_from_secs_f64(seconds).ok()?;
    u64::try_from(latency.as_micros()).ok()
}

/// What `conf` says of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    /// `tickTime`.
    pub tick: Option<Duration>,
    /// `minSessionTimeout` and `maxSessionTimeout`.
    pub bounds: Option<(Duration, Duration)>,
}

/// Reads `conf`.
pub fn conf(text: &str) -> Conf {
    let millis = |key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.and_then(|value| value.trim().parse().ok())
            .map(Duration::from_millis)
    };
    Conf {
        tick: millis("tickTime"),
        bounds: millis("minSessionTimeout").zip(millis("maxSessionTimeout")),
    }
}

/// Reads `cons`: the timeout that was negotiated with each session. Connections without a session are left out.
pub fn cons(text: &str) -> BTreeMap<SessionId, Duration> {
    text.lines()
        .filter_map(|line| {
            let (_, fields) = line.split_once('(')?;
            let field = |key: &str| {
                let mut fields = fields.trim_end().trim_end_matches(')').split(',');
                fields.find_map(|field| field.strip_prefix(key)?.strip_prefix('='))
            };
            let session = u64::from_str_radix(field("sid")?.strip_prefix("0x")?, 16).ok()?;
            let timeout = Duration::from_millis(field("to")?.parse().ok()?);
            (session != 0).then_some((SessionId(session.cast_signed()), timeout))
        })
        .collect()
}

#[cfg(test)]
mod tests;
