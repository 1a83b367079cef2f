//! What can go wrong with the lab, said so that the reader knows what to do next.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Why a `pgherd lab` command failed.
#[derive(Debug, Error)]
pub enum LabError {
    /// No daemon answered.
    #[error("the Docker daemon does not answer: {cause}\n  {hint}")]
    Daemon {
        /// What the client said.
        cause: String,
        /// What to do.
        hint: &'static str,
    },
    /// The daemon answered with an error.
    #[error("the Docker daemon refused to {what}: {cause}")]
    Docker {
        /// What was asked.
        what: String,
        /// What the daemon said.
        cause: String,
    },
    /// A program that is needed is not installed.
    #[error("{program} was not found\n  {hint}")]
    Missing {
        /// Which one.
        program: &'static str,
        /// How to get it.
        hint: &'static str,
    },
    /// A command failed.
    #[error("{what} failed ({status}): {command}\n{}", indent(tail))]
    Command {
        /// What it was for.
        what: String,
        /// The command line.
        command: String,
        /// Its exit code or signal.
        status: String,
        /// Its last lines of output.
        tail: Vec<String>,
    },
    /// A command or a request did not end in time.
    #[error("{what} did not end within {} s: {command}\n  is the Docker daemon hanging? try: docker ps\n{}", deadline.as_secs(), indent(tail))]
    TimedOut {
        /// What it was for.
        what: String,
        /// The command line.
        command: String,
        /// How long it was waited for.
        deadline: Duration,
        /// Its last lines of output.
        tail: Vec<String>,
    },
    /// A port of the host is taken.
    #[error(
        "port {port} on {bind} is in use by {holder}\n  choose another one with {flag} PORT ({flag} 0 takes a free one)"
    )]
    PortInUse {
        /// The port.
        port: u16,
        /// The address it was to be published on.
        bind: String,
        /// Who seems to hold it.
        holder: String,
        /// The option that changes it.
        flag: &'static str,
    },
    /// A container of this name belongs to someone else.
    #[error(
        "a container named {name} exists already and is not part of this lab ({owner})\n  remove it (docker rm -f {name}), or choose other names with --project NAME"
    )]
    NameTaken {
        /// The name.
        name: String,
        /// Whose it is.
        owner: String,
    },
    /// Containers of others are attached to the lab's network, which therefore cannot be removed.
    #[error(
        "{} on the lab's network {network}, so that it cannot be removed; nothing was changed\n  detach first: {}",
        attached(containers),
        detaching(network, containers)
    )]
    NetworkInUse {
        /// The network.
        network: String,
        /// The containers.
        containers: Vec<String>,
    },
    /// The data is that of another number of `ZooKeeper` servers.
    #[error(
        "this lab has {has} ZooKeeper server(s), and its data is theirs; nothing was changed\n  \
         begin anew with: pgherd lab reset --zookeepers {wanted}\n  or have a second lab beside it: --project NAME"
    )]
    OtherEnsemble {
        /// How many it has.
        has: u8,
        /// How many were asked for.
        wanted: u8,
    },
    /// A container ended while the cluster was starting.
    #[error(
        "{container} ended while the cluster was starting: {cause}\nits last log lines:\n{}",
        indent(log)
    )]
    Died {
        /// Its name.
        container: String,
        /// Exit code, signal, OOM.
        cause: String,
        /// Its last lines.
        log: Vec<String>,
    },
    /// The cluster did not become healthy.
    #[error("the cluster was not healthy after {} s: {missing}\n  look at: docker logs {look_at}", waited.as_secs())]
    NotReady {
        /// How long it was waited for.
        waited: Duration,
        /// What was still missing.
        missing: String,
        /// The container to look at.
        look_at: String,
    },
    /// No base image, and none can be made.
    #[error("no base image for the lab: {why}\n  {hint}")]
    NoBaseImage {
        /// What was tried.
        why: String,
        /// The exact command that helps.
        hint: String,
    },
    /// The state folder cannot be used.
    #[error("cannot write {}: {cause}\n  choose another folder with --state-dir", path.display())]
    State {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        cause: std::io::Error,
    },
    /// No state folder can be named.
    #[error("neither XDG_STATE_HOME nor HOME is set: name a folder with --state-dir")]
    NoStateDir,
}

fn attached(containers: &[String]) -> String {
    match containers {
        [one] => format!("container {one} is"),
        many => format!("containers {} are", many.join(", ")),
    }
}

fn detaching(network: &str, containers: &[String]) -> String {
    let commands = containers
        .iter()
        .map(|name| format!("docker network disconnect {network} {name}"));
    commands.collect::<Vec<_>>().join("; ")
}

fn indent(lines: &[String]) -> String {
    lines
        .iter()
        .map(|line| format!("  | {line}"))
        .collect::<Vec<_>>()
        .join("\n")
}
