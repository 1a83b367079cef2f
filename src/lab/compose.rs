//! Docker's compose, in whichever form it is installed, run for one lab in its state folder.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tokio::process::Command;

use super::assets;
use super::command;
use super::error::LabError;
use super::settings::{self, Settings};
use crate::config::lab::LabOptions;

/// How long compose may take; stopping a database has a grace of 60 s, and compose stops one after the other.
const DEADLINE: Duration = Duration::from_secs(240);

/// Compose for one lab.
#[derive(Debug, Clone)]
pub(super) struct Compose {
    /// The program and its first arguments.
    program: &'static [&'static str],
    folder: PathBuf,
}

impl Compose {
    /// Finds `docker compose` (v2), else `docker-compose` (v1).
    pub(super) async fn find(folder: PathBuf) -> Result<Self, LabError> {
        for program in [&["docker", "compose"][..], &["docker-compose"][..]] {
            if let Some((name, rest)) = program.split_first()
                && command::answers(name, &[rest, &["version"]].concat()).await
            {
                return Ok(Self { program, folder });
            }
        }
        Err(LabError::Missing {
            program: "docker compose (or docker-compose)",
            hint: "install it: sudo apt-get install docker-compose (Debian), or the docker-compose-plugin of docker.com",
        })
    }

    /// Starts what does not run and re-creates what is not as the files say.
    pub(super) async fn up(&self, settings: &Settings) -> Result<(), LabError> {
        self.run(
            "starting the containers",
            settings,
            &["up", "-d", "--no-build", "--remove-orphans"],
        )
        .await
    }

    /// Removes containers and network, and the volumes too if asked to.
    pub(super) async fn down(&self, settings: &Settings, volumes: bool) -> Result<(), LabError> {
        let mut arguments = vec!["down", "--remove-orphans"];
        if volumes {
            arguments.push("--volumes");
        }
        self.run("removing the containers", settings, &arguments).await
    }

    async fn run(&self, what: &str, settings: &Settings, arguments: &[&str]) -> Result<(), LabError> {
        let mut words = self.program.iter();
        let mut command = Command::new(words.next().copied().unwrap_or("docker-compose"));
        command.args(words).current_dir(&self.folder);
        command
            .args(["-f", "docker-compose.yml", "-p", &settings.project])
            .args(arguments);
        // Compose prefers its environment to .env: what the user has set for other projects must not get in here.
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("COMPOSE_") || name.starts_with("LAB_"))
            {
                command.env_remove(name);
            }
        }
        command.envs(settings.variables());
        command::run(what, command, DEADLINE).await
    }
}

/// What the options and the last time say.
pub(super) struct Loaded {
    /// The state folder.
    pub(super) folder: PathBuf,
    /// The options where they say something, else the last time.
    pub(super) settings: Settings,
    /// `ZooKeeper` servers of the last time, if there was one.
    pub(super) zookeepers: Option<u8>,
}

/// Reads the settings of the last time.
pub(super) fn load(options: &LabOptions) -> Result<Loaded, LabError> {
    let folder = settings::state_dir(options)?;
    let remembered = fs::read_to_string(folder.join(".env"))
        .map(|text| settings::parse_env(&text))
        .unwrap_or_default();
    Ok(Loaded {
        settings: Settings::resolve(options, &remembered),
        zookeepers: settings::ensemble_of(&remembered),
        folder,
    })
}

/// Writes files and settings into the state folder.
pub(super) fn save(folder: &std::path::Path, settings: &Settings) -> Result<(), LabError> {
    let failed = |cause| LabError::State {
        path: folder.to_owned(),
        cause,
    };
    assets::write_to(folder).map_err(failed)?;
    assets::write_if_changed(&folder.join(".env"), &settings.env_file()).map_err(failed)
}
