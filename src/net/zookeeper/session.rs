//! One session with ZooKeeper, from its opening to its first trouble.
//!
//! A session is never mended: zookeeper-client 0.11.2 does not arm persistent watches again after a reconnect
//! (`resend_watches` in its `session/watch.rs`), and its pauses between attempts grow. At the first sign of trouble the
//! client is dropped, which closes the session as soon as a server can be reached, and a new one is opened.

use std::future::Future;
use std::time::Duration;

use futures_util::future::{FutureExt, select_ok};
use tokio::time::timeout;
use zookeeper_client::{Client, Error, SessionState};

use super::four_letter::{self, Answer};
use crate::model::link::Cause;
use crate::model::text::clean_line;
use crate::model::topology::Address;

/// Session timeout that is asked for: short, so that a session that we could not close is soon gone. We own no znode.
const SESSION: Duration = Duration::from_secs(6);
/// Deadline of opening a session with a server that has just answered.
const OPEN: Duration = Duration::from_secs(1);
/// Deadline of every request in a session.
const REQUEST: Duration = Duration::from_millis(1500);
/// Deadline of a request whose answer is awaited only as a sign of life.
const LIVENESS: Duration = Duration::from_millis(950);

/// A session that is open.
pub(crate) struct Session {
    /// Its client.
    pub(crate) client: Client,
    /// The server has recursive watches (3.6 on); older ones would accept one and stay silent.
    pub(crate) recursive_watch: bool,
}

/// Opens a session with the first of the servers that answers `srvr` (or says that it must not).
///
/// A word is asked before, because the client library hides why it could not connect, and because a frozen server
/// would otherwise open, once it goes on, every session that was asked of it meanwhile.
pub(crate) async fn open(servers: &[Address]) -> Result<Session, Cause> {
    if servers.is_empty() {
        return Err(Cause::Other("no ZooKeeper server is configured".to_owned()));
    }
    let ((server, version), _) = select_ok(servers.iter().map(|server| probe(server).boxed())).await?;
    let server = server.to_string();
    let connect = Client::connector()
        .with_session_timeout(SESSION)
        .with_fail_eagerly()
        .connect(&server);
    let client = match timeout(OPEN, connect).await {
        Ok(Ok(client)) => client,
        Ok(Err(error)) => return Err(cause(&error)),
        Err(_) => return Err(Cause::Timeout("session".into())),
    };
    Ok(Session {
        client,
        recursive_watch: version.is_none_or(|version| version >= (3, 6)),
    })
}

/// The server and its version, if it says one.
async fn probe(server: &Address) -> Result<(&Address, Option<(u32, u32)>), Cause> {
    let version = match four_letter::ask(server, "srvr").await? {
        Answer::Text(text) => four_letter::srvr(server, &text)?.version,
        Answer::Forbidden => None,
    };
    Ok((server, version.as_deref().and_then(major_and_minor)))
}

fn major_and_minor(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?))
}

/// Waits for a request, named by `step`, as long as any request may take.
pub(crate) async fn within<T>(step: &'static str, request: impl Future<Output = Result<T, Error>>) -> Result<T, Cause> {
    answered(step, REQUEST, request).await
}

/// Fails when the server does not show that it lives.
pub(crate) async fn alive(client: &Client) -> Result<(), Cause> {
    answered("request", LIVENESS, client.check_stat("/")).await.map(drop)
}

async fn answered<T>(
    step: &'static str,
    deadline: Duration,
    request: impl Future<Output = Result<T, Error>>,
) -> Result<T, Cause> {
    match timeout(deadline, request).await {
        Ok(answer) => answer.map_err(|error| cause(&error)),
        Err(_) => Err(Cause::Timeout(step.into())),
    }
}

/// Nothing while the session is usable, else why it is not.
pub(crate) fn usable(state: SessionState) -> Result<(), Cause> {
    match state {
        SessionState::SyncConnected | SessionState::ConnectedReadOnly => Ok(()),
        SessionState::AuthFailed => Err(Cause::Rejected("authentication failed".to_owned())),
        SessionState::Disconnected | SessionState::Expired | SessionState::Closed => Err(Cause::Closed),
    }
}

/// What a client error means for the link. A silent server is a `Custom` error there, not a connection loss.
pub(super) fn cause(error: &Error) -> Cause {
    match error {
        Error::Timeout => Cause::Timeout("session".into()),
        Error::NoHosts | Error::ConnectionLoss | Error::SessionExpired | Error::SessionMoved | Error::ClientClosed => {
            Cause::Closed
        }
        Error::AuthFailed | Error::NoAuth => Cause::Rejected(error.to_string()),
        Error::UnmarshalError { .. } => Cause::Garbled(clean_line(&error.to_string())),
        other => Cause::Other(clean_line(&other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_known_by_their_version() {
        assert_eq!(major_and_minor("3.8.0"), Some((3, 8)));
        assert_eq!(major_and_minor("3.10.1"), Some((3, 10)));
        assert!(major_and_minor("3.5.9") < Some((3, 6)));
        for unreadable in ["", "3", "x.y"] {
            assert_eq!(major_and_minor(unreadable), None, "{unreadable}");
        }
    }

    #[test]
    fn a_session_that_lost_its_server_is_not_usable() {
        assert_eq!(usable(SessionState::SyncConnected), Ok(()));
        for lost in [SessionState::Disconnected, SessionState::Expired, SessionState::Closed] {
            assert_eq!(usable(lost), Err(Cause::Closed));
        }
    }
}
