//! Reads one member's Patroni over its REST API, at the pace that is asked for. May name `model` and `net` only.

use std::time::Duration;

use super::rounds::Rounds;
use super::{Context, Reporter};
use crate::model::link::{Cause, SourceId};
use crate::model::name::MemberName;
use crate::model::patroni::RestStatus;
use crate::model::signal::Report;
use crate::net::http::Client;
use crate::net::patroni::status;

/// Patroni retries its queries while PostgreSQL dies, so it may be slow and alive.
const DEADLINE: Duration = Duration::from_millis(1_500);
/// Patroni logs a traceback for every client that hangs up, so it gets this long to finish.
const PATIENCE: Duration = Duration::from_secs(30);

/// Reports the status document of `member` at the pace of the context until it is dropped. `url` is without path
/// (`http://172.18.0.3:8008`); one that is there is not used.
pub async fn watch(context: Context, member: MemberName, url: String) {
    let mut rounds = Rounds::of(&context);
    let mut reporter = Reporter::start(context, SourceId::Patroni(member)).await;
    let mut client = Client::new(&url, None, DEADLINE).map(|client| client.with_patience(PATIENCE));
    loop {
        rounds.next().await;
        let outcome = match &mut client {
            Ok(client) => read(client).await,
            Err(cause) => Err(cause.clone()),
        };
        match outcome {
            Ok(status) => reporter.report(Report::Rest(Box::new(status))).await,
            Err(cause) => reporter.failed(cause).await,
        }
    }
}

/// `GET /primary` gives the document of `GET /patroni` with either code, and the code says who has the lock.
async fn read(client: &mut Client) -> Result<RestStatus, Cause> {
    let answer = client.get("/primary").await?;
    let has_lock = match answer.status {
        200 => true,
        503 => false,
        status => return Err(Cause::Other(format!("HTTP {status}"))),
    };
    status(has_lock, &answer.body)
}

#[cfg(test)]
mod tests;
