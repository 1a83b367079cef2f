//! The way to the daemon: which address, and what an error on it means. Nothing here is kept.

use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};
use thiserror::Error;
use tokio::net::UnixStream;
use tokio::time::{sleep, timeout};

use crate::model::link::{Cause, SourceId};
use crate::model::text::clean_line;
use crate::source::{Context, RETRY, Reporter};

/// Where the daemon listens unless told otherwise.
pub const DEFAULT_SOCKET: &str = "/var/run/docker.sock";

/// Ends at the headers of an answer; every call has a shorter deadline of its own.
const CLIENT_TIMEOUT_S: u64 = 120;

/// Why there is no way to a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ConnectError {
    /// No file there.
    #[error("there is no Docker socket at {0}: is Docker installed and running?")]
    NoSocket(String),
    /// The file is there and is not for us.
    #[error("no permission to use {0}: run as root, or as a member of the group that owns it (usually `docker`)")]
    Permission(String),
    /// Encrypted.
    #[error("{0} needs TLS, which this build does not speak: use a socket or, through SSH, `ssh -L`")]
    Tls(String),
    /// Over SSH.
    #[error(
        "{0}: forward the socket instead, `ssh -NL /tmp/docker.sock:/var/run/docker.sock HOST`, and use unix:///tmp/docker.sock"
    )]
    Ssh(String),
    /// Not an address of a daemon.
    #[error("{0} is no address of a Docker daemon: unix://PATH, tcp://HOST:PORT or http://HOST:PORT")]
    Address(String),
}

impl From<ConnectError> for Cause {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::Permission(_) => Self::Rejected(error.to_string()),
            _ => Self::Other(error.to_string()),
        }
    }
}

/// A client for the daemon at `host`, written as in `DOCKER_HOST`; without it, for the one at [`DEFAULT_SOCKET`].
///
/// A daemon that does not listen or is frozen is no error here: [`super::watch()`] tells and waits.
///
/// # Errors
/// When no daemon could ever answer that way.
pub async fn connect(host: Option<&str>) -> Result<Docker, ConnectError> {
    let host = host
        .map(str::trim)
        .filter(|host| !host.is_empty())
        .unwrap_or(DEFAULT_SOCKET);
    let shown = || clean_line(host);
    let unusable = |_| ConnectError::Address(shown());
    if let Some(path) = host
        .strip_prefix("unix://")
        .or_else(|| host.starts_with('/').then_some(host))
    {
        // bollard only looks whether the file exists.
        if let Ok(Err(error)) = timeout(Duration::from_secs(1), UnixStream::connect(path)).await {
            match error.kind() {
                ErrorKind::NotFound => return Err(ConnectError::NoSocket(clean_line(path))),
                ErrorKind::PermissionDenied => return Err(ConnectError::Permission(clean_line(path))),
                _ => {}
            }
        }
        return Docker::connect_with_unix(path, CLIENT_TIMEOUT_S, API_DEFAULT_VERSION).map_err(unusable);
    }
    match host.split_once("://") {
        Some(("tcp" | "http", address)) if !address.is_empty() => {
            Docker::connect_with_http(host, CLIENT_TIMEOUT_S, API_DEFAULT_VERSION).map_err(unusable)
        }
        Some(("https", _)) => Err(ConnectError::Tls(shown())),
        Some(("ssh", _)) => Err(ConnectError::Ssh(shown())),
        _ => Err(ConnectError::Address(shown())),
    }
}

/// [`connect`], tried until it works; meanwhile the link of [`SourceId::Docker`] is down with the reason.
pub async fn reach(context: &Context, host: Option<&str>) -> Docker {
    let mut link = None;
    loop {
        match connect(host).await {
            Ok(docker) => return docker,
            Err(error) => {
                let link = match &mut link {
                    Some(link) => link,
                    None => link.insert(Reporter::start(context.clone(), SourceId::Docker).await),
                };
                link.failed(error.into()).await;
                sleep(RETRY).await;
            }
        }
    }
}

/// What an error of a call to the daemon means.
pub(super) fn cause(error: &Error) -> Cause {
    match error {
        Error::DockerResponseServerError {
            status_code: 401 | 403,
            message,
        } => Cause::Rejected(clean_line(message)),
        Error::DockerResponseServerError { message, .. } if message.contains("HTTP request to an HTTPS server") => {
            Cause::Other("the daemon needs TLS, which this build does not speak".to_owned())
        }
        Error::DockerResponseServerError { status_code, message } => {
            Cause::Other(format!("Docker: {} (status {status_code})", clean_line(message)))
        }
        Error::RequestTimeoutError => Cause::Timeout("request".into()),
        Error::JsonDataError { .. } | Error::JsonSerdeError { .. } | Error::StrParseError { .. } => {
            Cause::Garbled(clean_line(&error.to_string()))
        }
        other => from_chain(other),
    }
}

/// Looks for the operating system's or HTTP's reason below bollard's.
fn from_chain(error: &Error) -> Cause {
    let mut next = error.source();
    let mut io = if let Error::IOError { err } = error {
        Some(err.kind())
    } else {
        None
    };
    let mut garbled = None;
    let mut last = error.to_string();
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<io::Error>() {
            io = Some(error.kind());
        }
        if let Some(error) = error.downcast_ref::<hyper::Error>() {
            if error.is_parse() {
                garbled = Some(error.to_string());
            } else if error.is_incomplete_message() || error.is_closed() {
                io = io.or(Some(ErrorKind::UnexpectedEof));
            }
        }
        last = error.to_string();
        next = error.source();
    }
    if let Some(text) = garbled {
        return Cause::Garbled(clean_line(&text));
    }
    match io {
        Some(ErrorKind::ConnectionRefused) => Cause::Refused,
        Some(ErrorKind::NotFound) => Cause::Other("there is no Docker socket any more: is Docker running?".to_owned()),
        Some(ErrorKind::PermissionDenied) => Cause::Rejected("no permission to use the Docker socket".to_owned()),
        Some(ErrorKind::WouldBlock | ErrorKind::TimedOut) => Cause::Timeout("connect".into()),
        Some(
            ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::BrokenPipe
            | ErrorKind::UnexpectedEof
            | ErrorKind::NotConnected,
        ) => Cause::Closed,
        Some(ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable) => Cause::Unreachable(clean_line(&last)),
        _ => Cause::Other(clean_line(&last)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_wrong_with_an_address_is_said() {
        let cases = [
            (
                "unix:///nowhere/docker.sock",
                "no Docker socket at /nowhere/docker.sock",
            ),
            ("/nowhere/docker.sock", "no Docker socket at /nowhere/docker.sock"),
            ("https://db1:2376", "needs TLS"),
            ("ssh://root@db1", "ssh -NL"),
            ("db1:2375", "is no address"),
            ("tcp://", "is no address"),
            ("npipe:////./pipe/docker", "is no address"),
        ];
        for (host, expected) in cases {
            let error = connect(Some(host)).await.expect_err(host).to_string();
            assert!(error.contains(expected), "{host}: {error}");
        }
        assert!(connect(Some("tcp://127.0.0.1:2375")).await.is_ok(), "does not dial");
    }

    #[test]
    fn the_daemons_answers_have_causes() {
        let status = |status_code, message: &str| {
            cause(&Error::DockerResponseServerError {
                status_code,
                message: message.to_owned(),
            })
        };
        assert_eq!(status(403, "no"), Cause::Rejected("no".to_owned()));
        assert_eq!(status(500, "x\u{7}"), Cause::Other("Docker: x (status 500)".to_owned()));
        assert!(
            status(400, "Client sent an HTTP request to an HTTPS server.")
                .to_string()
                .contains("TLS")
        );
        assert_eq!(cause(&Error::RequestTimeoutError), Cause::Timeout("request".into()));
        let refused = Error::from(io::Error::from(ErrorKind::ConnectionRefused));
        assert_eq!(cause(&refused), Cause::Refused);
    }
}
