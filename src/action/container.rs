//! Stops, kills, starts and pauses containers. Reads nothing that the screen shows: the Docker source sees the effect.

use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::ContainerInspectResponse;
use bollard::query_parameters::KillContainerOptionsBuilder;
use tokio::time::timeout;

use crate::model::act::{ActTarget, ContainerAct};
use crate::model::name::ContainerName;
use crate::model::text::clean_line;

/// For calls that the daemon answers at once.
pub(super) const SHORT: Duration = Duration::from_secs(10);
/// A start may have to wait for networks and volumes.
const START: Duration = Duration::from_secs(30);
/// Docker's own default between SIGTERM and SIGKILL.
const DEFAULT_GRACE_S: i64 = 10;
/// A grace period without end (`-1`) is waited for as long as this.
const LONGEST_GRACE_S: i64 = 3600;

/// Does `act` to `target`, if the container with that id still bears that name.
///
/// # Errors
/// The reason for people: another container has the name now, the daemon refused (its own words), or it did not answer
/// in time, in which case it may still carry out the act.
pub async fn perform(docker: &Docker, act: ContainerAct, target: &ActTarget) -> Result<(), String> {
    let grace = confirm(docker, target).await?;
    let deadline = match act {
        ContainerAct::Stop => grace + SHORT,
        ContainerAct::Restart => grace + START,
        ContainerAct::Start => START,
        ContainerAct::Kill | ContainerAct::Pause | ContainerAct::Unpause => SHORT,
    };
    // The client has a timeout of its own, which ends at the answer's headers: they come when the stop is done.
    let docker = docker.clone().with_timeout(deadline + SHORT);
    timeout(deadline, ask(&docker, act, &target.id))
        .await
        .map_err(|_| {
            format!(
                "no answer to {} within {} s; Docker may still carry it out",
                act.word(),
                deadline.as_secs()
            )
        })?
        .map_err(|error| in_words(&error))
}

/// The container's grace period, once it is sure that it is the confirmed one.
async fn confirm(docker: &Docker, target: &ActTarget) -> Result<Duration, String> {
    let grace = inspect(docker, target)
        .await?
        .config
        .and_then(|config| config.stop_timeout);
    Ok(grace_of(grace))
}

/// The container, if it is the confirmed one.
pub(super) async fn inspect(docker: &Docker, target: &ActTarget) -> Result<ContainerInspectResponse, String> {
    let found = timeout(SHORT, docker.inspect_container(&target.id, None))
        .await
        .map_err(|_| "Docker does not answer".to_owned())?
        .map_err(|error| match error {
            Error::DockerResponseServerError { status_code: 404, .. } => {
                format!("the container {} that was confirmed no longer exists", target.name)
            }
            other => in_words(&other),
        })?;
    // Docker also finds a container by its name or by the beginning of its id.
    let name = found.name.as_deref().unwrap_or_default().trim_start_matches('/');
    if found.id.as_deref() != Some(target.id.as_str()) || ContainerName::from(name) != target.name {
        return Err(format!(
            "the confirmed container {} is now called {}",
            target.name,
            clean_line(name)
        ));
    }
    Ok(found)
}

fn grace_of(stop_timeout: Option<i64>) -> Duration {
    let seconds = match stop_timeout {
        None => DEFAULT_GRACE_S,
        Some(endless) if endless < 0 => LONGEST_GRACE_S,
        Some(seconds) => seconds.min(LONGEST_GRACE_S),
    };
    Duration::from_secs(seconds.unsigned_abs())
}

async fn ask(docker: &Docker, act: ContainerAct, id: &str) -> Result<(), Error> {
    match act {
        ContainerAct::Stop => docker.stop_container(id, None).await,
        ContainerAct::Kill => {
            let sigkill = KillContainerOptionsBuilder::default().signal("SIGKILL").build();
            docker.kill_container(id, Some(sigkill)).await
        }
        ContainerAct::Start => docker.start_container(id, None).await,
        ContainerAct::Restart => docker.restart_container(id, None).await,
        ContainerAct::Pause => docker.pause_container(id).await,
        ContainerAct::Unpause => docker.unpause_container(id).await,
    }
}

/// The daemon's message alone where there is one.
pub(super) fn in_words(error: &Error) -> String {
    match error {
        Error::DockerResponseServerError { status_code, message } if message.trim().is_empty() => {
            format!("Docker answered with status {status_code}")
        }
        Error::DockerResponseServerError { message, .. } => clean_line(message),
        Error::RequestTimeoutError => "Docker does not answer".to_owned(),
        other => clean_line(&other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grace_period_is_bounded() {
        let cases = [
            (None, 10),
            (Some(0), 0),
            (Some(30), 30),
            (Some(-1), 3600),
            (Some(i64::MAX), 3600),
        ];
        for (stop_timeout, seconds) in cases {
            assert_eq!(grace_of(stop_timeout), Duration::from_secs(seconds), "{stop_timeout:?}");
        }
    }

    #[test]
    fn an_error_is_in_the_daemons_words() {
        let error = |message: &str| Error::DockerResponseServerError {
            status_code: 409,
            message: message.to_owned(),
        };
        assert_eq!(
            in_words(&error("Container\u{1b}[31m x is not running\n")),
            "Container x is not running"
        );
        assert_eq!(in_words(&error(" ")), "Docker answered with status 409");
        assert_eq!(in_words(&Error::RequestTimeoutError), "Docker does not answer");
    }
}
