//! The reference cluster, shipped: pg-master and pg-slave (Patroni), zoo (`ZooKeeper`), `postgres_entrypoint` (`HAProxy`).
//!
//! May name `model` and `config` only. Builds images and starts containers; the monitor is none of its business.
//! Invariants: `up` on a healthy lab changes nothing; every command and request has a deadline; containers of other
//! projects are never touched.

use std::path::PathBuf;

use crate::config::lab::{LabArgs, LabCommand, LabOptions};

mod assets;
mod command;
mod compose;
pub mod credentials;
mod daemon;
mod error;
mod holder;
mod http;
mod images;
mod port;
mod preflight;
mod progress;
mod ready;
mod settings;
mod timing;

pub use daemon::Container;
pub use error::LabError;
pub use port::Port;
pub use progress::{Printer, Progress, Sink};
pub use ready::{Health, Member};
pub use settings::Settings;
pub use timing::Timing;

use compose::Compose;
use daemon::Daemon;
use progress::step;

/// A lab that is up.
#[derive(Debug, Clone)]
pub struct Lab {
    /// Project, profile, address and ports.
    pub settings: Settings,
    /// Where its files are.
    pub state_dir: PathBuf,
    /// What was found healthy.
    pub health: Health,
}

/// Brings the lab up and waits until it is healthy: images, containers, leader, streaming replica, `HAProxy`'s primary.
///
/// # Errors
/// Every variant of [`LabError`]; what was started until then stays, and the next `up` goes on from there.
pub async fn up(options: &LabOptions, sink: Sink<'_>) -> Result<Lab, LabError> {
    let daemon = Daemon::connect().await?;
    let compose::Loaded {
        folder: state_dir,
        mut settings,
        zookeepers,
    } = compose::load(options)?;
    if let Some(has) = zookeepers.filter(|has| *has != settings.zookeepers)
        && daemon.has_data(&settings.project).await?
    {
        let wanted = settings.zookeepers;
        return Err(LabError::OtherEnsemble { has, wanted });
    }
    let compose = Compose::find(state_dir.clone()).await?;
    let containers = daemon.containers().await?;
    preflight::check(&containers, &mut settings)?;
    compose::save(&state_dir, &settings)?;
    images::ensure(&daemon, &state_dir, sink).await?;
    let own = |list: Vec<Container>| {
        list.into_iter()
            .filter(|one| one.project.as_ref() == Some(&settings.project))
    };
    for paused in own(containers.clone()).filter(|container| container.state == "paused") {
        daemon.unpause(&paused).await?;
        sink(Progress::Note(format!("{} was paused and goes on now", paused.name)));
    }
    let before = ids(own(containers));
    step(sink, "containers", async {
        compose.up(&settings).await?;
        let after = ids(own(daemon.containers().await?));
        Ok((
            (),
            if before == after {
                "running already".to_owned()
            } else {
                "started".to_owned()
            },
        ))
    })
    .await?;
    let health = step(sink, "cluster", async {
        let health = ready::wait(&daemon, &settings).await?;
        let said = format!(
            "leader {}, streaming {}",
            health.leader().unwrap_or("?"),
            health.streaming().join(", ")
        );
        Ok((health, said))
    })
    .await?;
    let wanted = timing::of_profile(settings.profile);
    let containers = daemon.containers_of(&settings.project).await?;
    if let Some(old) = ready::apply_timing(&containers, wanted).await? {
        sink(Progress::Note(format!(
            "Patroni's timing in ZooKeeper was ttl {}, loop_wait {}, retry_timeout {}; changed to {}, {}, {} (profile {})",
            old.ttl,
            old.loop_wait,
            old.retry_timeout,
            wanted.ttl,
            wanted.loop_wait,
            wanted.retry_timeout,
            timing::profile_name(settings.profile)
        )));
    }
    Ok(Lab {
        settings,
        state_dir,
        health,
    })
}

/// Removes the containers, and the data too if asked to.
///
/// # Errors
/// No daemon, no compose, a container of others on the lab's network (then nothing was changed), or compose failed.
pub async fn down(options: &LabOptions, volumes: bool, sink: Sink<'_>) -> Result<(), LabError> {
    let daemon = Daemon::connect().await?;
    let compose::Loaded {
        folder: state_dir,
        mut settings,
        zookeepers,
    } = compose::load(options)?;
    // What is there goes, not what is wanted next.
    settings.zookeepers = zookeepers.unwrap_or(settings.zookeepers);
    preflight::check_removal(&daemon.containers().await?, &settings)?;
    let compose = Compose::find(state_dir.clone()).await?;
    compose::save(&state_dir, &settings)?;
    step(sink, "containers", async {
        compose.down(&settings, volumes).await?;
        Ok((
            (),
            if volumes {
                "removed, and their data".to_owned()
            } else {
                "removed, their data stays".to_owned()
            },
        ))
    })
    .await
}

/// What is there now: the containers and the health of the cluster.
///
/// # Errors
/// No daemon, or no state folder can be named.
pub async fn status(options: &LabOptions) -> Result<(Settings, Vec<Container>, Health), LabError> {
    let daemon = Daemon::connect().await?;
    let settings = compose::load(options)?.settings;
    let containers = daemon.containers_of(&settings.project).await?;
    let health = ready::look(&containers, &settings).await;
    Ok((settings, containers, health))
}

/// What a `pgherd lab` command has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// For standard output; empty when the steps said all.
    pub text: String,
    /// For `status`: all is well. The others say so by not failing.
    pub well: bool,
}

/// Runs a `pgherd lab` command but for the monitor; its steps are told on standard error.
///
/// # Errors
/// Those of [`up`], [`down`] and [`status`].
pub async fn run(args: &LabArgs) -> Result<Answer, LabError> {
    let mut printer = Printer::stderr();
    let options = &args.options;
    let mut sink = |news: Progress| printer.print(&news);
    let well = |text| Answer { text, well: true };
    let result = match &args.command {
        Some(LabCommand::Status) => status(options).await.map(|(settings, containers, health)| Answer {
            text: describe(&settings, &containers, &health),
            well: health.missing().is_none(),
        }),
        Some(LabCommand::Down { volumes }) => down(options, *volumes, &mut sink).await.map(|()| well(String::new())),
        Some(LabCommand::Reset) => match down(options, true, &mut sink).await {
            Ok(()) => up(options, &mut sink).await.map(|lab| well(way_in(&lab))),
            Err(error) => Err(error),
        },
        Some(LabCommand::Up) | None => up(options, &mut sink).await.map(|lab| well(way_in(&lab))),
    };
    result.inspect_err(|_| printer.finish())
}

fn ids(containers: impl Iterator<Item = Container>) -> Vec<(String, String)> {
    containers.map(|container| (container.id, container.state)).collect()
}

/// The answer of `up`: where everything is.
fn way_in(lab: &Lab) -> String {
    let settings = &lab.settings;
    let at = settings.reachable();
    let role = credentials::MONITOR;
    let zookeepers: Vec<String> = settings
        .ports()
        .filter(|port| port.is_zookeeper())
        .map(|port| format!("{at}:{}", settings.port(port)))
        .collect();
    format!(
        "The lab {} is up (profile {}).\n  \
         entry      postgresql://{}:{}@{at}:{}/{}\n  \
         statistics http://{at}:{}/\n  \
         members    {at}:{} (pg-master), {at}:{} (pg-slave)\n  \
         zookeeper  {}\n  \
         files      {}",
        settings.project,
        timing::profile_name(settings.profile),
        role.name,
        role.password,
        settings.port(Port::Entry),
        credentials::DATABASE,
        settings.port(Port::Stats),
        settings.port(Port::Pg0),
        settings.port(Port::Pg1),
        zookeepers.join(", "),
        lab.state_dir.display()
    )
}

/// The answer of `status`.
fn describe(settings: &Settings, containers: &[Container], health: &Health) -> String {
    let profile = timing::profile_name(settings.profile);
    let mut lines = vec![format!("lab {} (profile {profile})", settings.project)];
    if containers.is_empty() {
        lines.push("  no containers: pgherd lab up starts it".to_owned());
    }
    for container in containers {
        let ports: Vec<String> = container
            .ports
            .iter()
            .map(|(host, inside)| format!("{host}->{inside}"))
            .collect();
        lines.push(format!(
            "  {:<22} {:<28} {}",
            container.name,
            container.status,
            ports.join(" ")
        ));
    }
    for member in &health.members {
        let timeline = member
            .timeline
            .map_or_else(String::new, |timeline| format!(" timeline {timeline}"));
        lines.push(format!(
            "  {:<22} {} {}{timeline}",
            member.name, member.role, member.state
        ));
    }
    if let Some(entry) = &health.entry {
        lines.push(format!("  {:<22} leads to {entry}", "HAProxy primary"));
    }
    lines.push(
        health
            .missing()
            .map_or_else(|| "healthy".to_owned(), |missing| format!("not healthy: {missing}")),
    );
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn status_says_what_is_missing() {
        let settings = Settings::resolve(
            &LabOptions {
                project: "x".into(),
                ..LabOptions::default()
            },
            &BTreeMap::default(),
        );
        let text = describe(&settings, &[], &Health::default());
        assert!(text.starts_with("lab x (profile default)\n  no containers"), "{text}");
        assert!(text.ends_with(
            "not healthy: Patroni does not answer, no leader, no replica streams, HAProxy has no primary up"
        ));
    }
}
