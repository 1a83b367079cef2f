//! Small HTTP client: one server, one deadline over everything, errors as [`Cause`].
//!
//! It knows nothing of what it fetches or sends. Passwords appear neither in its errors nor in `Debug`. Without TLS: no
//! crate below this one brings any, and Patroni's certificates are mostly self-signed, so `https` is refused in words.

#[cfg(test)]
pub(crate) mod fake;

use std::error::Error as _;
use std::fmt;
use std::io;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};

use crate::model::link::Cause;
use crate::model::text::clean_line;

/// Largest body that is read, in bytes.
pub const LARGEST: usize = 4 * 1024 * 1024;

/// User and password for HTTP basic authentication.
#[derive(Clone, PartialEq, Eq)]
pub struct BasicAuth {
    /// The user; a colon cannot be in it.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for BasicAuth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BasicAuth")
            .field("user", &self.user)
            .finish_non_exhaustive()
    }
}

/// A complete answer.
#[derive(Debug)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Body, at most [`LARGEST`] bytes.
    pub body: Bytes,
}

/// A request to which there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Why.
    pub cause: Cause,
    /// The server may have got it, and may act on it.
    pub sent: bool,
}

/// Talks to one server and keeps one connection to it while it behaves.
///
/// A connection on which anything went wrong is never used again.
pub struct Client {
    host: String,
    port: u16,
    host_header: HeaderValue,
    authorization: Option<HeaderValue>,
    deadline: Duration,
    patience: Duration,
    idle: Option<Connection>,
    late: JoinSet<()>,
}

impl Client {
    /// For the server in `url`, whose path is left to [`Client::get`]. `deadline` covers name, connection and answer.
    ///
    /// # Errors
    /// A URL that cannot be used; the text does not repeat it, since there may be a password in it.
    pub fn new(url: &str, auth: Option<&BasicAuth>, deadline: Duration) -> Result<Self, Cause> {
        let bad = |why: &str| Cause::Other(why.to_owned());
        let uri: Uri = url.parse().map_err(|_| bad("not a URL"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => return Err(bad("https is not supported yet")),
            _ => return Err(bad("the URL does not begin with http://")),
        }
        let authority = uri.authority().ok_or_else(|| bad("the URL names no host"))?;
        if authority.as_str().contains('@') {
            return Err(bad("user and password cannot be in the URL"));
        }
        let unusable = |_| bad("user and password cannot be sent over HTTP");
        Ok(Self {
            host: authority.host().trim_matches(['[', ']']).to_owned(),
            port: authority.port_u16().unwrap_or(80),
            host_header: HeaderValue::try_from(authority.as_str()).map_err(|_| bad("not a URL"))?,
            authorization: auth.map(basic).transpose().map_err(unusable)?,
            deadline,
            patience: Duration::ZERO,
            idle: None,
            late: JoinSet::new(),
        })
    }

    /// After the deadline the server may go on answering for that long before we hang up, although nobody listens.
    ///
    /// For servers that fill their log when a client hangs up.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// `GET path`, where `path` begins with a slash and may have a query.
    ///
    /// # Errors
    /// [`Cause::Timeout`] with `connect` or `answer`, [`Cause::Rejected`] for 401 and 403, and all that TCP and HTTP
    /// can say. Cancel safe: dropping it hangs up.
    pub async fn get(&mut self, path: &str) -> Result<Answer, Cause> {
        let answer = self.fetch(path).await?;
        match answer.status {
            401 | 403 => Err(Cause::Rejected(format!("HTTP {}", answer.status))),
            _ => Ok(answer),
        }
    }

    async fn fetch(&mut self, path: &str) -> Result<Answer, Cause> {
        let deadline = Instant::now() + self.deadline;
        while self.late.try_join_next().is_some() {}
        if let Some(connection) = self.idle.take().filter(Connection::is_open) {
            let request = self.request(Method::GET, path, None)?;
            match self.exchange(connection, request, deadline).await {
                // The server may end an idle connection at any time; that says nothing about a new one.
                Err(Cause::Closed) => {}
                outcome => return outcome,
            }
        }
        let request = self.request(Method::GET, path, None)?;
        let connection = self.open(deadline).await?;
        self.exchange(connection, request, deadline).await
    }

    /// Sends a request that changes something, once, on a connection of its own. 401 and 403 are answers here, since the
    /// server says why.
    ///
    /// # Errors
    /// There is no answer; [`Lost::sent`] says whether the server may act all the same.
    pub async fn send(&mut self, method: Method, path: &str, json: Option<String>) -> Result<Answer, Lost> {
        let deadline = Instant::now() + self.deadline;
        let unsent = |cause| Lost { cause, sent: false };
        let request = self.request(method, path, json).map_err(unsent)?;
        let connection = self.open(deadline).await.map_err(unsent)?;
        let answer = self.exchange(connection, request, deadline).await;
        answer.map_err(|cause| Lost { cause, sent: true })
    }

    async fn open(&self, deadline: Instant) -> Result<Connection, Cause> {
        let opening = Connection::open(&self.host, self.port);
        timeout_at(deadline, opening)
            .await
            .map_err(|_| Cause::Timeout("connect".into()))?
    }

    async fn exchange(
        &mut self,
        connection: Connection,
        request: Request<Full<Bytes>>,
        deadline: Instant,
    ) -> Result<Answer, Cause> {
        let mut exchange = Box::pin(connection.exchange(request));
        if let Ok(outcome) = timeout_at(deadline, &mut exchange).await {
            let (connection, answer) = outcome?;
            self.idle = Some(connection);
            return Ok(answer);
        }
        if !self.patience.is_zero() {
            let patience = self.patience;
            self.late.spawn(async move {
                // The answer comes too late for anybody, whatever it is.
                let _ = timeout(patience, exchange).await;
            });
        }
        Err(Cause::Timeout("answer".into()))
    }

    fn request(&self, method: Method, path: &str, json: Option<String>) -> Result<Request<Full<Bytes>>, Cause> {
        let agent = concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION"));
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, &self.host_header)
            .header(USER_AGENT, agent)
            .header(CONNECTION, "keep-alive");
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        if json.is_some() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        request
            .body(Full::from(json.unwrap_or_default()))
            .map_err(|_| Cause::Other("not a path of a URL".to_owned()))
    }
}

/// The value of the `Authorization` header.
fn basic(auth: &BasicAuth) -> Result<HeaderValue, hyper::header::InvalidHeaderValue> {
    let secret = BASE64_STANDARD.encode(format!("{}:{}", auth.user, auth.password));
    let mut value = HeaderValue::try_from(format!("Basic {secret}"))?;
    value.set_sensitive(true);
    Ok(value)
}

/// One TCP connection; dropping it closes it.
struct Connection {
    requests: SendRequest<Full<Bytes>>,
    _driver: JoinSet<()>,
}

impl Connection {
    async fn open(host: &str, port: u16) -> Result<Self, Cause> {
        let stream = TcpStream::connect((host, port))
            .await
            .map_err(|error| from_connect(&error))?;
        // A request is one small packet and should leave at once.
        stream.set_nodelay(true).map_err(|error| from_io(&error))?;
        let (requests, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| from_hyper(&error))?;
        let mut driver = JoinSet::new();
        driver.spawn(async move {
            // The request in flight gets the error too.
            let _ = connection.await;
        });
        Ok(Self {
            requests,
            _driver: driver,
        })
    }

    fn is_open(&self) -> bool {
        !self.requests.is_closed()
    }

    async fn exchange(mut self, request: Request<Full<Bytes>>) -> Result<(Self, Answer), Cause> {
        self.requests.ready().await.map_err(|error| from_hyper(&error))?;
        let answer = self
            .requests
            .send_request(request)
            .await
            .map_err(|error| from_hyper(&error))?;
        let status = answer.status().as_u16();
        let body = Limited::new(answer.into_body(), LARGEST)
            .collect()
            .await
            .map_err(|error| {
                if error.is::<LengthLimitError>() {
                    return Cause::Garbled("larger than 4 MiB".to_owned());
                }
                match error.downcast::<hyper::Error>() {
                    Ok(error) => from_hyper(&error),
                    Err(error) => Cause::Other(clean_line(&error.to_string())),
                }
            })?
            .to_bytes();
        Ok((self, Answer { status, body }))
    }
}

fn from_hyper(error: &hyper::Error) -> Cause {
    if error.is_parse() {
        return Cause::Garbled(clean_line(&error.to_string()));
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return Cause::Closed;
    }
    match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
        Some(error) => from_io(error),
        None => Cause::Other(clean_line(&error.to_string())),
    }
}

/// Errors before there is a connection; those without a kind of their own come from looking up the name.
fn from_connect(error: &io::Error) -> Cause {
    match from_io(error) {
        Cause::Other(text) => Cause::Unreachable(text),
        cause => cause,
    }
}

fn from_io(error: &io::Error) -> Cause {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::ConnectionRefused => Cause::Refused,
        Kind::TimedOut => Cause::Timeout("connect".into()),
        Kind::HostUnreachable | Kind::NetworkUnreachable | Kind::NetworkDown | Kind::AddrNotAvailable => {
            Cause::Unreachable(clean_line(&error.to_string()))
        }
        Kind::ConnectionReset
        | Kind::ConnectionAborted
        | Kind::BrokenPipe
        | Kind::NotConnected
        | Kind::UnexpectedEof => Cause::Closed,
        Kind::InvalidData => Cause::Garbled(clean_line(&error.to_string())),
        _ => Cause::Other(clean_line(&error.to_string())),
    }
}

#[cfg(test)]
mod tests;
