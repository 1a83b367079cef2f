//! One small HTTP request with a deadline and a limit on the answer. Keeps no connection.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// The largest answer that is read, in bytes: far above what Patroni and `HAProxy` say of two members.
const LIMIT: usize = 1 << 20;
/// How long a request may take.
const DEADLINE: Duration = Duration::from_secs(3);

/// Status and body of the answer of `server` (`host:port`), or why there is none.
pub(super) async fn request(
    method: Method,
    server: &str,
    path: &str,
    body: String,
) -> Result<(StatusCode, String), String> {
    let answer = async {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("Host", server)
            .header("Content-Type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| error.to_string())?;
        let stream = TcpStream::connect(server).await.map_err(|error| error.to_string())?;
        let (mut requests, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| cause(&error))?;
        // Ends with this request; its error is told to the request too.
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        let (head, body) = requests
            .send_request(request)
            .await
            .map_err(|error| cause(&error))?
            .into_parts();
        let bytes = Limited::new(body, LIMIT)
            .collect()
            .await
            .map_err(|error| error.to_string())?
            .to_bytes();
        Ok((head.status, String::from_utf8_lossy(&bytes).into_owned()))
    };
    tokio::time::timeout(DEADLINE, answer)
        .await
        .unwrap_or_else(|_| Err("no answer in time".to_owned()))
}

/// Body of a GET, whatever its status is (Patroni answers 503 with a body too).
pub(super) async fn get(server: &str, path: &str) -> Result<String, String> {
    request(Method::GET, server, path, String::new())
        .await
        .map(|(_, body)| body)
}

/// The innermost cause: the outer ones only say that something failed.
fn cause(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
