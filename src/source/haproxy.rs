//! Reads one HAProxy: its statistics as CSV over HTTP, at the pace that is asked for. May name `model` and `net` only.

pub mod decode;

use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::sleep;

use super::rounds::Rounds;
use super::{Context, Reporter};
use crate::model::link::{Cause, SourceId};
use crate::model::proxy::ProxySnapshot;
use crate::model::signal::Report;
use crate::model::topology::ProxyTarget;
use crate::net::http::{BasicAuth, Client};

/// Longest time for one round.
const DEADLINE: Duration = Duration::from_secs(1);
/// How long each address is asked alone before the next one is asked too.
const HEAD_START: Duration = Duration::from_millis(100);

/// Reports the statistics of `target` at the pace of the context until it is dropped.
///
/// As long as no address is known to work all are asked, and the first that gives statistics stays.
pub async fn watch(context: Context, target: ProxyTarget, auth: Option<BasicAuth>) {
    let mut rounds = Rounds::of(&context);
    let mut reporter = Reporter::start(context, SourceId::Proxy(target.name)).await;
    let mut known: Option<Statistics> = None;
    loop {
        rounds.next().await;
        let outcome = match known.take() {
            Some(statistics) => statistics.read().await,
            None => find(&target.urls, auth.as_ref()).await,
        };
        match outcome {
            Ok((statistics, snapshot)) => {
                known = Some(statistics);
                reporter.report(Report::Proxy(snapshot)).await;
            }
            Err(cause) => reporter.failed(cause).await,
        }
    }
}

/// An address that may give statistics.
struct Statistics {
    client: Client,
    path: String,
}

impl Statistics {
    fn at(url: &str, auth: Option<&BasicAuth>) -> Result<Self, Cause> {
        Ok(Self {
            client: Client::new(url, auth, DEADLINE)?,
            path: csv_path(url),
        })
    }

    /// Gives itself back if it may be asked again.
    async fn read(mut self) -> Result<(Self, ProxySnapshot), Cause> {
        let answer = self.client.get(&self.path).await?;
        if answer.status != 200 {
            return Err(Cause::Other(format!("HTTP {}", answer.status)));
        }
        let snapshot = decode::statistics(&answer.body)?;
        Ok((self, snapshot))
    }
}

/// Asks the addresses one after the other without waiting for those that hang; the first that answers ends the rest.
async fn find(urls: &[String], auth: Option<&BasicAuth>) -> Result<(Statistics, ProxySnapshot), Cause> {
    let mut attempts: FuturesUnordered<_> = (0..)
        .zip(urls)
        .map(|(rank, url)| async move {
            sleep(HEAD_START * rank).await;
            let outcome = async { Statistics::at(url, auth)?.read().await }.await;
            outcome.map_err(|cause| (rank, cause))
        })
        .collect();
    let mut failures: Vec<(u32, Cause)> = Vec::new();
    while let Some(outcome) = attempts.next().await {
        match outcome {
            Ok(found) => return Ok(found),
            Err(failure) => failures.push(failure),
        }
    }
    let told = failures
        .into_iter()
        .min_by_key(|(rank, cause)| (is_silence(cause), *rank));
    Err(told.map_or_else(|| Cause::Other("no address is known".to_owned()), |(_, cause)| cause))
}

/// Nobody said anything; an address with words, such as "wrong password", tells more.
fn is_silence(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::Refused | Cause::Timeout(_) | Cause::Unreachable(_) | Cause::Closed
    )
}

/// The path of the CSV form for the URL of the page: `/` becomes `/;csv`, `/haproxy?stats` becomes `/haproxy?stats;csv`.
fn csv_path(url: &str) -> String {
    let authority_on = url.split_once("://").map_or(url, |(_, rest)| rest);
    let path = authority_on.find(['/', '?']).and_then(|at| authority_on.get(at..));
    let path = path.unwrap_or("/");
    let path = path.split_once('#').map_or(path, |(path, _)| path);
    let slash = if path.starts_with('/') { "" } else { "/" };
    let form = if path.contains(";csv") { "" } else { ";csv" };
    format!("{slash}{path}{form}")
}

#[cfg(test)]
mod tests;
