//! The lab's images: a base (local, pulled, or made with debootstrap) and one image a stage, tagged with the content hash.
//! Starts no cluster.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::process::Command;

use super::assets::Stage;
use super::command;
use super::daemon::Daemon;
use super::error::LabError;
use super::progress::{Progress, Sink, step};

/// What is used if the user has it or it can be pulled.
const OFFICIAL: &str = "debian:trixie-slim";
/// What is made here: not under the official name, which must stay what people expect it to be.
const OWN: &str = "pgherd-lab-base:trixie";
/// Label of an image: the content hash of what it was built from.
const HASH_LABEL: &str = "io.pgherd.lab.hash";
/// Debian's mirror, for debootstrap and inside of what it makes.
const MIRROR: &str = "http://deb.debian.org/debian";
/// A registry that cannot be reached must not hold things up.
const PULL_DEADLINE: Duration = Duration::from_secs(60);
/// Downloads and unpacks some hundred packages.
const BUILD_DEADLINE: Duration = Duration::from_secs(1200);

/// Makes sure that all images are there and built from these very assets; tells how many had to be built.
pub(super) async fn ensure(daemon: &Daemon, folder: &Path, sink: Sink<'_>) -> Result<usize, LabError> {
    let mut missing = Vec::new();
    for stage in Stage::ALL {
        let labels = daemon.image_labels(&stage.image()).await?;
        if labels.is_none_or(|labels| labels.get(HASH_LABEL) != Some(&stage.content_hash())) {
            missing.push(stage);
        }
    }
    if missing.is_empty() {
        return Ok(0);
    }
    if !command::answers("docker", &["--version"]).await {
        return Err(LabError::Missing {
            program: "the docker command",
            hint: "install it: sudo apt-get install docker.io (on Debian 13 also docker-cli)",
        });
    }
    let base = base_image(daemon, sink).await?;
    // BuildKit needs the buildx plug-in since Docker 23; without it the command refuses to build at all.
    let buildkit = command::answers("docker", &["buildx", "version"]).await;
    let outcome = missing.iter().map(|stage| stage.image()).collect::<Vec<_>>().join(", ");
    step(sink, "images", async {
        let builds = missing.iter().map(|stage| build(*stage, folder, base, buildkit));
        futures_util::future::try_join_all(builds)
            .await
            .map(|_| ((), format!("built {outcome}")))
    })
    .await?;
    Ok(missing.len())
}

async fn build(stage: Stage, folder: &Path, base: &str, buildkit: bool) -> Result<(), LabError> {
    let mut command = Command::new("docker");
    command
        .env("DOCKER_BUILDKIT", if buildkit { "1" } else { "0" })
        .current_dir(folder)
        .args(["build"]);
    command
        .arg(format!("--build-arg=BASE_IMAGE={base}"))
        .arg(format!("--label={HASH_LABEL}={}", stage.content_hash()));
    command
        .arg(format!("--file=Dockerfile.{}", stage.name()))
        .arg(format!("--tag={}", stage.image()))
        .arg(".");
    command::run(&format!("building {}", stage.image()), command, BUILD_DEADLINE).await
}

/// The base image: the official one from the local store, our own, the official one pulled, or our own made now.
async fn base_image(daemon: &Daemon, sink: Sink<'_>) -> Result<&'static str, LabError> {
    for image in [OFFICIAL, OWN] {
        if daemon.image_labels(image).await?.is_some() {
            return Ok(image);
        }
    }
    let pulled = step(sink, "base image", async {
        let mut pull = Command::new("docker");
        pull.args(["pull", "--quiet", OFFICIAL]);
        match command::run("pulling the base image", pull, PULL_DEADLINE).await {
            Ok(()) => Ok((Ok(()), format!("pulled {OFFICIAL}"))),
            Err(error) => Ok((Err(reason(&error)), format!("{OFFICIAL} cannot be pulled"))),
        }
    })
    .await?;
    let Err(why) = pulled else { return Ok(OFFICIAL) };
    let debootstrap = find_debootstrap(&why, sink).await?;
    step(sink, "base image", async {
        make_base(&debootstrap).await?;
        Ok(((), format!("made {OWN} with debootstrap")))
    })
    .await?;
    Ok(OWN)
}

/// The last line of a failed command is what a person reads first.
fn reason(error: &LabError) -> String {
    match error {
        LabError::Command { tail, status, .. } => tail.last().cloned().unwrap_or_else(|| status.clone()),
        LabError::TimedOut { deadline, .. } => format!("no end within {} s", deadline.as_secs()),
        other => other.to_string(),
    }
}

/// debootstrap, installed first if this is root on a Debian-like host.
async fn find_debootstrap(why: &str, sink: Sink<'_>) -> Result<PathBuf, LabError> {
    let present = || {
        ["/usr/sbin/debootstrap", "/usr/bin/debootstrap", "/sbin/debootstrap"]
            .iter()
            .map(PathBuf::from)
            .find(|path| path.exists())
    };
    let found = present();
    let no_base = || LabError::NoBaseImage {
        why: format!("{OFFICIAL} is not in the local store and cannot be pulled ({why})"),
        hint: by_hand(found.is_none()),
    };
    if !rustix::process::geteuid().is_root() {
        return Err(no_base());
    }
    if let Some(path) = &found {
        return Ok(path.clone());
    }
    if !Path::new("/usr/bin/apt-get").exists() {
        return Err(no_base());
    }
    sink(Progress::Note(
        "installing debootstrap on this host (apt-get install debootstrap), to make the base image".into(),
    ));
    step(sink, "debootstrap", async {
        for arguments in [
            &["update"][..],
            &[
                "install",
                "-y",
                "--no-install-recommends",
                "debootstrap",
                "debian-archive-keyring",
            ],
        ] {
            let mut command = Command::new("apt-get");
            command.env("DEBIAN_FRONTEND", "noninteractive").args(arguments);
            command::run("installing debootstrap", command, Duration::from_secs(300)).await?;
        }
        Ok(((), "installed".to_owned()))
    })
    .await?;
    present().ok_or_else(no_base)
}

/// The commands that make the base image, to be typed by someone who is root.
fn by_hand(install: bool) -> String {
    let install = if install {
        "apt-get install -y debootstrap && "
    } else {
        ""
    };
    format!(
        "get it by hand: docker pull {OFFICIAL}\n  or make it: sudo sh -c '{install}debootstrap --variant=minbase trixie \
         /var/tmp/trixie {MIRROR} && tar -C /var/tmp/trixie -c . | docker import - {OWN}'"
    )
}

async fn make_base(debootstrap: &Path) -> Result<(), LabError> {
    // Not /tmp, which is often mounted nodev and noexec: debootstrap makes devices and runs programs.
    let folder = Path::new("/var/tmp").join(format!("pgherd-lab-base-{}", std::process::id()));
    let made = fill_base(debootstrap, &folder).await;
    // It belongs to root and only root comes here; what cannot be removed is only disk space.
    let _ = fs::remove_dir_all(&folder);
    made
}

async fn fill_base(debootstrap: &Path, folder: &Path) -> Result<(), LabError> {
    let root = folder.join("root");
    let archive = folder.join("root.tar");
    fs::create_dir_all(&root).map_err(|cause| LabError::State {
        path: root.clone(),
        cause,
    })?;
    let mut command = Command::new(debootstrap);
    command.args(["--variant=minbase", "trixie"]).arg(&root).arg(MIRROR);
    command::run("debootstrap", command, BUILD_DEADLINE).await?;
    let mut command = Command::new("tar");
    command.arg("-C").arg(&root).arg("-cf").arg(&archive);
    command.args([
        "--exclude=./var/cache/apt/archives/*.deb",
        "--exclude=./var/lib/apt/lists/*",
        ".",
    ]);
    command::run("packing the base image", command, BUILD_DEADLINE).await?;
    let mut command = Command::new("docker");
    command
        .args(["import", "--change", "CMD [\"bash\"]"])
        .arg(&archive)
        .arg(OWN);
    command::run("importing the base image", command, BUILD_DEADLINE).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hint_names_the_whole_command() {
        assert!(
            by_hand(true).contains(
                "'apt-get install -y debootstrap && debootstrap --variant=minbase trixie /var/tmp/trixie http"
            )
        );
        assert!(by_hand(false).contains("sudo sh -c 'debootstrap --variant"));
    }
}
