//! How the daemon is asked for logs, and what its answers mean.

use std::pin::pin;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::query_parameters::{LogsOptions, LogsOptionsBuilder};
use futures_util::StreamExt;

use super::lines::{Lane, split_stamp};
use crate::model::log_start::LogStart;
use crate::model::text::clean_bytes;

/// How a stream of a log ended.
pub(super) enum End {
    /// Docker closed it: the container stopped, or the daemon ends.
    Closed,
    /// It is to be opened again.
    Renewed,
    /// A call failed, and why; tried again.
    Failed(String),
    /// Docker has no lines to give.
    Unreadable(String),
}

/// The lines from `start`, and those that come later if they are followed.
pub(super) fn options(start: LogStart, follow: bool) -> LogsOptions {
    let options = LogsOptionsBuilder::default()
        .follow(follow)
        .stdout(true)
        .stderr(true)
        .timestamps(true);
    match start {
        LogStart::Tail(lines) => options.tail(&lines.to_string()),
        LogStart::Since(at) => options.since(second(at.micros() / 1_000_000)),
        LogStart::All => options,
    }
    .build()
}

/// As the daemon's API counts.
pub(super) fn second(seconds: i64) -> i32 {
    i32::try_from(seconds.max(0)).unwrap_or(i32::MAX)
}

/// The stamp of the oldest line that Docker has; `None` of an empty log.
///
/// # Errors
/// It does not say.
pub(super) async fn oldest(docker: &Docker, id: &str) -> Result<Option<i64>, End> {
    let mut pieces = pin!(docker.logs(id, Some(options(LogStart::All, false))));
    match pieces.next().await {
        None => Ok(None),
        Some(Err(error)) => Err(ended_by(&error)),
        Some(Ok(piece)) => match split_stamp(piece.as_ref()) {
            Some((_, nanos, _)) => Ok(Some(nanos)),
            None => Err(End::Failed("no stamp".to_owned())),
        },
    }
}

/// Where a piece was written to.
///
/// # Errors
/// It is no piece of the log, but an error of the daemon.
pub(super) fn lane_of(piece: &LogOutput, tty: bool) -> Result<Lane, End> {
    match piece {
        LogOutput::Console { message } if !tty && message.first() == Some(&3) => {
            // A frame of the daemon itself, which bollard does not decode: eight bytes, then its text.
            let text = clean_bytes(message.get(8..).unwrap_or_default());
            Err(End::Unreadable(format!("Docker: {}", text.trim())))
        }
        LogOutput::StdErr { .. } => Ok(Lane::Err),
        _ => Ok(Lane::Out),
    }
}

pub(super) fn ended_by(error: &Error) -> End {
    match error {
        Error::DockerResponseServerError { status_code: 404, .. } => {
            End::Unreadable("the container was removed".to_owned())
        }
        Error::DockerResponseServerError { status_code, message }
            if *status_code == 501 || message.contains("does not support reading") =>
        {
            End::Unreadable("its log driver keeps no lines that Docker could give".to_owned())
        }
        other => {
            let cause = super::super::connect::cause(other).to_string();
            log::debug!("log stream: {cause}");
            End::Failed(cause)
        }
    }
}
