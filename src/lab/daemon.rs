//! What the lab asks the Docker daemon itself: does it answer, which containers are there, why did one end.
//! Builds and starts nothing.

use std::collections::HashMap;
use std::error::Error as _;
use std::time::Duration;

use bollard::Docker;
use bollard::errors::Error;
use bollard::models::{ContainerState, ContainerStateStatusEnum, ContainerSummary, ContainerSummaryStateEnum};
use bollard::query_parameters::{ListContainersOptionsBuilder, ListVolumesOptionsBuilder, LogsOptionsBuilder};
use futures_util::StreamExt;

use super::command::printable;
use super::error::LabError;

/// How long one question to the daemon may take.
const DEADLINE: Duration = Duration::from_secs(10);
/// How many log lines of a dead container are shown.
const LOG_LINES: usize = 15;
/// Compose's labels on what it makes.
const PROJECT: &str = "com.docker.compose.project";
const SERVICE: &str = "com.docker.compose.service";

/// The daemon.
#[derive(Debug, Clone)]
pub(super) struct Daemon(Docker);

/// A container as far as the lab cares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Full id.
    pub id: String,
    /// Name without the slash.
    pub name: String,
    /// Compose project, if it has one.
    pub project: Option<String>,
    /// Compose service, if it has one.
    pub service: Option<String>,
    /// Docker's word for its state.
    pub state: String,
    /// Docker's sentence on it: `Up 3 minutes`, `Exited (137) 5 seconds ago`.
    pub status: String,
    /// Address in its first network.
    pub address: Option<String>,
    /// Names of its networks.
    pub networks: Vec<String>,
    /// Published ports: of the host, of the container.
    pub ports: Vec<(u16, u16)>,
}

impl Container {
    /// Whether it has ended.
    pub fn is_over(&self) -> bool {
        ["exited", "dead"].contains(&self.state.as_str())
    }
}

impl Daemon {
    /// Connects and makes sure that the daemon answers.
    pub(super) async fn connect() -> Result<Self, LabError> {
        let docker = Docker::connect_with_defaults().map_err(|error| unreachable_daemon(&error))?;
        match tokio::time::timeout(DEADLINE, docker.ping()).await {
            Ok(Ok(_)) => Ok(Self(docker)),
            Ok(Err(error)) => Err(unreachable_daemon(&error)),
            Err(_) => Err(LabError::Daemon {
                cause: format!("no answer to a ping within {} s", DEADLINE.as_secs()),
                hint: "it hangs: look at its log (journalctl -u docker) or restart it (sudo systemctl restart docker)",
            }),
        }
    }

    /// All containers, those of others too, in the order of their names.
    pub(super) async fn containers(&self) -> Result<Vec<Container>, LabError> {
        let options = ListContainersOptionsBuilder::default().all(true).build();
        let list = self
            .ask("list containers", self.0.list_containers(Some(options)))
            .await?;
        let mut list: Vec<Container> = list.into_iter().map(decode).collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(list)
    }

    /// The containers of one compose project.
    pub(super) async fn containers_of(&self, project: &str) -> Result<Vec<Container>, LabError> {
        let mut list = self.containers().await?;
        list.retain(|container| container.project.as_deref() == Some(project));
        Ok(list)
    }

    /// A volume of that compose project is there.
    pub(super) async fn has_data(&self, project: &str) -> Result<bool, LabError> {
        let filters = HashMap::from([("label", vec![format!("{PROJECT}={project}")])]);
        let options = ListVolumesOptionsBuilder::default().filters(&filters).build();
        let list = self.ask("list volumes", self.0.list_volumes(Some(options))).await?;
        Ok(!list.volumes.unwrap_or_default().is_empty())
    }

    /// Lets a paused container go on.
    pub(super) async fn unpause(&self, container: &Container) -> Result<(), LabError> {
        self.ask("unpause a container", self.0.unpause_container(&container.id))
            .await
    }

    /// The labels of an image; `None` if there is no such image.
    pub(super) async fn image_labels(&self, image: &str) -> Result<Option<HashMap<String, String>>, LabError> {
        match tokio::time::timeout(DEADLINE, self.0.inspect_image(image)).await {
            Ok(Err(Error::DockerResponseServerError { status_code: 404, .. })) => Ok(None),
            answer => {
                let image = self
                    .ask("inspect an image", async {
                        answer.unwrap_or(Err(Error::RequestTimeoutError))
                    })
                    .await?;
                Ok(Some(image.config.and_then(|config| config.labels).unwrap_or_default()))
            }
        }
    }

    /// The error for a container that has ended: cause and last log lines.
    pub(super) async fn obituary(&self, container: &Container) -> LabError {
        let state = self
            .ask("inspect a container", self.0.inspect_container(&container.id, None))
            .await;
        let cause = state
            .ok()
            .and_then(|answer| answer.state)
            .map_or_else(|| container.status.clone(), |state| cause_of(&state));
        let options = LogsOptionsBuilder::default()
            .stdout(true)
            .stderr(true)
            .tail(&LOG_LINES.to_string())
            .build();
        let log = self
            .0
            .logs(&container.id, Some(options))
            .take(LOG_LINES * 4)
            .filter_map(|line| std::future::ready(line.ok()));
        let log: Vec<_> = tokio::time::timeout(DEADLINE, log.collect()).await.unwrap_or_default();
        let log: Vec<String> = log
            .into_iter()
            .map(|line| printable(String::from_utf8_lossy(&line.into_bytes()).trim_end()))
            .collect();
        LabError::Died {
            container: container.name.clone(),
            cause,
            log: log.into_iter().rev().take(LOG_LINES).rev().collect(),
        }
    }

    async fn ask<T>(&self, what: &str, question: impl Future<Output = Result<T, Error>>) -> Result<T, LabError> {
        let refused = |cause: String| LabError::Docker {
            what: what.to_owned(),
            cause: printable(&cause),
        };
        match tokio::time::timeout(DEADLINE, question).await {
            Ok(answer) => answer.map_err(|error| refused(error.to_string())),
            Err(_) => Err(refused(format!("no answer within {} s", DEADLINE.as_secs()))),
        }
    }
}

fn decode(summary: ContainerSummary) -> Container {
    let mut labels = summary.labels.unwrap_or_default();
    let name = summary.names.unwrap_or_default().into_iter().next().unwrap_or_default();
    let networks = summary
        .network_settings
        .and_then(|settings| settings.networks)
        .unwrap_or_default();
    let published = summary.ports.unwrap_or_default().into_iter();
    let mut ports: Vec<(u16, u16)> = published
        .filter_map(|port| Some((port.public_port?, port.private_port)))
        .collect();
    ports.sort_unstable();
    ports.dedup();
    Container {
        id: summary.id.unwrap_or_default(),
        name: printable(name.trim_start_matches('/')),
        project: labels.remove(PROJECT),
        service: labels.remove(SERVICE),
        state: summary
            .state
            .as_ref()
            .map(ContainerSummaryStateEnum::to_string)
            .unwrap_or_default(),
        status: printable(&summary.status.unwrap_or_default()),
        networks: networks.keys().cloned().collect(),
        address: networks
            .into_values()
            .find_map(|network| network.ip_address.filter(|address| !address.is_empty())),
        ports,
    }
}

/// Why a container ended, in words. 128 + n is the shell's and Docker's code for signal n.
fn cause_of(state: &ContainerState) -> String {
    let code = state.exit_code.unwrap_or_default();
    let reason = match code {
        _ if state.oom_killed == Some(true) => "the kernel killed it: out of memory",
        0 => "it ended by itself, without an error code",
        125..=127 => "its command could not be run",
        134 => "it aborted (SIGABRT)",
        137 => "it was killed (SIGKILL)",
        139 => "it crashed (SIGSEGV)",
        143 => "it was told to stop (SIGTERM)",
        _ => "it failed",
    };
    let status = state.status.as_ref().map_or("", ContainerStateStatusEnum::as_ref);
    let error = state
        .error
        .as_deref()
        .map(printable)
        .filter(|text| !text.is_empty())
        .map(|text| format!(": {text}"));
    format!("{status} with code {code}, {reason}{}", error.unwrap_or_default())
}

/// No connection: why, and what to do about it.
fn unreachable_daemon(error: &Error) -> LabError {
    let mut cause = error.to_string();
    let mut kind = None;
    let mut source = error.source();
    while let Some(inner) = source {
        cause = inner.to_string();
        kind = inner
            .downcast_ref::<std::io::Error>()
            .map(std::io::Error::kind)
            .or(kind);
        source = inner.source();
    }
    let hint = match kind {
        Some(std::io::ErrorKind::PermissionDenied) => {
            "this user may not talk to it: sudo usermod -aG docker $USER and log in again, or use sudo"
        }
        _ => {
            "is it installed and running? try: sudo systemctl start docker (or: sudo dockerd &); DOCKER_HOST is honoured"
        }
    };
    LabError::Daemon {
        cause: printable(&cause),
        hint,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_of_death() {
        let state = |code, oom| ContainerState {
            status: Some(ContainerStateStatusEnum::EXITED),
            exit_code: Some(code),
            oom_killed: Some(oom),
            ..ContainerState::default()
        };
        assert_eq!(
            cause_of(&state(137, false)),
            "exited with code 137, it was killed (SIGKILL)"
        );
        assert_eq!(
            cause_of(&state(137, true)),
            "exited with code 137, the kernel killed it: out of memory"
        );
        assert_eq!(cause_of(&state(1, false)), "exited with code 1, it failed");
    }

    #[test]
    fn summary_of_the_daemon() {
        let json = r#"{"Id":"abc","Names":["/x-zoo"],"State":"exited","Status":"Exited (1) \u001b[31m2 s ago",
            "Labels":{"com.docker.compose.project":"x","com.docker.compose.service":"zoo"},
            "Ports":[{"IP":"127.0.0.1","PrivatePort":2181,"PublicPort":1,"Type":"tcp"},{"PrivatePort":8008,"Type":"tcp"}],
            "NetworkSettings":{"Networks":{"x_default":{"IPAddress":"172.18.0.2"}}}}"#;
        let container = decode(serde_json::from_str(json).unwrap());
        assert!(container.is_over());
        assert_eq!(
            (container.name.as_str(), container.service.as_deref()),
            ("x-zoo", Some("zoo"))
        );
        assert_eq!(container.ports, [(1, 2181)]);
        assert_eq!(container.address.as_deref(), Some("172.18.0.2"));
        assert_eq!(container.networks, ["x_default"]);
        assert_eq!(container.status, "Exited (1) 2 s ago");
        assert_eq!(decode(ContainerSummary::default()).name, "");
    }
}
