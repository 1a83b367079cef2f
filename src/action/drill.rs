//! Faults inside containers and on their networks, and the way back from each.
//!
//! [`prepare`] looks and changes nothing: what it gives belongs into the journal before [`perform`] does it.

mod network;

use std::time::Duration;

use bollard::Docker;
use bollard::models::{ContainerInspectResponse, ContainerUpdateBody};
use tokio::time::timeout;

use super::container::{SHORT, in_words, inspect};
use super::inside;
use crate::model::act::drill::Drill;
use crate::model::act::fault::{Frozen, Undo};
use crate::model::act::{ActTarget, Surroundings};

/// Filling a disk takes its time.
const FILL: Duration = Duration::from_secs(120);
/// More free space than this is not filled: others live there.
const LARGEST_FILL_KB: &str = "4194304";
/// Twice what loads a disk: a drill that slows it must not fill it.
const LOAD_KB: &str = "131072";
/// A twentieth of a processor: of [`PERIOD`] microseconds, so many.
const SLOW_QUOTA: i64 = 5_000;
const PERIOD: i64 = 100_000;
/// The same where the container's share is given in billionths.
const SLOW_NANO_CPUS: i64 = 50_000_000;

/// Makes sure that the drill can be done, and tells how it will be undone. Changes nothing.
///
/// # Errors
/// Why it cannot be done here, for people.
pub async fn prepare(
    docker: &Docker,
    drill: Drill,
    target: &ActTarget,
    around: &Surroundings,
) -> Result<Vec<Undo>, String> {
    let found = inspect(docker, target).await?;
    let running = found.state.as_ref().and_then(|state| state.running) == Some(true);
    if !running {
        return Err(format!("{} does not run", target.name));
    }
    Ok(match drill {
        Drill::CutOff | Drill::CutOffStore | Drill::CutOffPeers => {
            network::ways_back(docker, drill, &found, around).await?
        }
        Drill::KillPostgres => known(docker, target, "postmaster").await.map(|()| Vec::new())?,
        // Where the container ends with it, this is how it comes back.
        Drill::KillPatroni => known(docker, target, "patroni").await.map(|()| vec![Undo::Start])?,
        Drill::FreezePostgres | Drill::FreezePatroni | Drill::LagReceive | Drill::LagReplay => {
            let frozen = frozen_by(drill);
            known(docker, target, in_script(frozen)).await?;
            vec![Undo::Continue(frozen)]
        }
        Drill::SlowCpu => vec![share(&found)],
        Drill::SlowDisk | Drill::FillDisk => {
            let lines = inside::run(docker, &target.id, &["folder"], SHORT).await?;
            let folder = lines.into_iter().next().ok_or("its data directory is not known")?;
            let (room, limit) = match drill {
                Drill::FillDisk => ("small", LARGEST_FILL_KB),
                _ => ("roomy", LOAD_KB),
            };
            inside::run(docker, &target.id, &[room, &folder, limit], SHORT).await?;
            vec![Undo::ClearDisk { folder }]
        }
    })
}

/// Does it.
///
/// # Errors
/// The reason for people. It may have been done in part: what [`prepare`] gave undoes that too.
pub async fn perform(docker: &Docker, drill: Drill, target: &ActTarget, undo: &[Undo]) -> Result<(), String> {
    match drill {
        Drill::CutOff | Drill::CutOffStore | Drill::CutOffPeers => {
            for step in undo {
                if let Undo::Connect { network, .. } = step {
                    network::disconnect(docker, network, target).await?;
                }
            }
            Ok(())
        }
        Drill::KillPostgres => signal(docker, target, "KILL", "postmaster").await,
        Drill::KillPatroni => signal(docker, target, "KILL", "patroni").await,
        Drill::FreezePostgres | Drill::FreezePatroni | Drill::LagReceive | Drill::LagReplay => {
            signal(docker, target, "STOP", in_script(frozen_by(drill))).await
        }
        Drill::SlowCpu => {
            let in_billionths = matches!(undo, [Undo::Cpu { nano_cpus, .. }] if *nano_cpus > 0);
            let slow = if in_billionths {
                ContainerUpdateBody {
                    nano_cpus: Some(SLOW_NANO_CPUS),
                    ..ContainerUpdateBody::default()
                }
            } else {
                of_quota(SLOW_QUOTA, PERIOD)
            };
            update(docker, target, slow).await
        }
        Drill::SlowDisk => within(docker, target, undo, SHORT, |folder| vec!["load", folder]).await,
        Drill::FillDisk => {
            within(docker, target, undo, FILL, |folder| {
                vec!["fill", folder, LARGEST_FILL_KB]
            })
            .await
        }
    }
}

/// Takes one step back, and makes sure that it is done. What was undone already stays so.
///
/// # Errors
/// The reason for people.
pub async fn undo(docker: &Docker, target: &ActTarget, step: &Undo) -> Result<(), String> {
    let found = inspect(docker, target).await?;
    let state = found.state.clone().unwrap_or_default();
    let (runs, paused) = (state.running == Some(true), state.paused == Some(true));
    match step {
        Undo::Start if runs => Ok(()),
        Undo::Start => ask(docker.start_container(&target.id, None)).await,
        Undo::Unpause if !paused => Ok(()),
        Undo::Unpause => ask(docker.unpause_container(&target.id)).await,
        Undo::Connect {
            network,
            aliases,
            addresses,
        } => network::connect(docker, network, aliases, addresses, &found, target).await,
        // Processes that ended with their container are not frozen any more.
        Undo::Continue(_) | Undo::ClearDisk { .. } if !runs => match step {
            Undo::ClearDisk { .. } => Err(format!("{} does not run: start it, then heal again", target.name)),
            _ => Ok(()),
        },
        Undo::Continue(frozen) => go_on(docker, target, *frozen).await,
        Undo::Cpu {
            nano_cpus,
            quota,
            period,
        } => {
            let before = if *nano_cpus > 0 {
                ContainerUpdateBody {
                    nano_cpus: Some(*nano_cpus),
                    ..ContainerUpdateBody::default()
                }
            } else {
                // Docker takes 0 as "leave it": no limit is -1.
                let quota = if *quota > 0 { *quota } else { -1 };
                of_quota(quota, if *period > 0 { *period } else { PERIOD })
            };
            update(docker, target, before).await
        }
        Undo::ClearDisk { folder } => inside::run(docker, &target.id, &["clear", folder], FILL)
            .await
            .map(drop),
    }
}

/// True if nothing of these steps is left to do, as far as Docker can tell without doing them.
pub async fn is_undone(docker: &Docker, target: &ActTarget, steps: &[Undo]) -> bool {
    let Ok(found) = inspect(docker, target).await else {
        return false;
    };
    let state = found.state.clone().unwrap_or_default();
    steps.iter().all(|step| match step {
        Undo::Start => state.running == Some(true),
        Undo::Unpause => state.paused != Some(true),
        Undo::Connect { network, .. } => network::is_on(&found, network),
        Undo::Continue(_) | Undo::Cpu { .. } | Undo::ClearDisk { .. } => false,
    })
}

async fn go_on(docker: &Docker, target: &ActTarget, frozen: Frozen) -> Result<(), String> {
    let what = in_script(frozen);
    let there = inside::run(docker, &target.id, &["states", what], SHORT).await?;
    if there.is_empty() {
        return Ok(()); // ended, or begun anew since
    }
    signal(docker, target, "CONT", what).await?;
    let after = inside::run(docker, &target.id, &["states", what], SHORT).await?;
    if after.iter().any(|state| state == "T") {
        return Err(format!("{} is still frozen", frozen.words()));
    }
    Ok(())
}

async fn known(docker: &Docker, target: &ActTarget, what: &str) -> Result<(), String> {
    match inside::run(docker, &target.id, &["states", what], SHORT)
        .await?
        .as_slice()
    {
        [] => Err(format!("no process of {what} is found in {}", target.name)),
        _ => Ok(()),
    }
}

async fn signal(docker: &Docker, target: &ActTarget, signal: &str, what: &str) -> Result<(), String> {
    let sent = inside::run(docker, &target.id, &["signal", signal, what], SHORT).await;
    match sent {
        Ok(_) => Ok(()),
        // A container whose first process ends with it takes the answer along.
        Err(why) if signal == "KILL" => match inspect(docker, target).await {
            Ok(found) if found.state.as_ref().and_then(|state| state.running) == Some(false) => Ok(()),
            _ => Err(why),
        },
        Err(why) => Err(why),
    }
}

async fn within<'a>(
    docker: &Docker,
    target: &ActTarget,
    undo: &'a [Undo],
    deadline: Duration,
    words: impl FnOnce(&'a str) -> Vec<&'a str>,
) -> Result<(), String> {
    let folder = undo.iter().find_map(|step| match step {
        Undo::ClearDisk { folder } => Some(folder.as_str()),
        _ => None,
    });
    let folder = folder.ok_or("its data directory is not known")?;
    inside::run(docker, &target.id, &words(folder), deadline)
        .await
        .map(drop)
}

async fn update(docker: &Docker, target: &ActTarget, body: ContainerUpdateBody) -> Result<(), String> {
    ask(docker.update_container(&target.id, body)).await
}

async fn ask(call: impl Future<Output = Result<(), bollard::errors::Error>>) -> Result<(), String> {
    timeout(SHORT * 3, call)
        .await
        .map_err(|_| "Docker does not answer".to_owned())?
        .map_err(|error| in_words(&error))
}

/// Its share of the processors as it is now.
fn share(found: &ContainerInspectResponse) -> Undo {
    let host = found.host_config.as_ref();
    let of = |value: fn(&bollard::models::HostConfig) -> Option<i64>| host.and_then(value).unwrap_or(0);
    Undo::Cpu {
        nano_cpus: of(|host| host.nano_cpus),
        quota: of(|host| host.cpu_quota),
        period: of(|host| host.cpu_period),
    }
}

fn of_quota(quota: i64, period: i64) -> ContainerUpdateBody {
    ContainerUpdateBody {
        cpu_quota: Some(quota),
        cpu_period: Some(period),
        ..ContainerUpdateBody::default()
    }
}

fn frozen_by(drill: Drill) -> Frozen {
    match drill {
        Drill::FreezePatroni => Frozen::Patroni,
        Drill::LagReceive => Frozen::Receiver,
        Drill::LagReplay => Frozen::Startup,
        _ => Frozen::Postgres,
    }
}

/// The script's word for it.
fn in_script(frozen: Frozen) -> &'static str {
    match frozen {
        Frozen::Postgres => "postgres",
        Frozen::Patroni => "patroni",
        Frozen::Receiver => "receiver",
        Frozen::Startup => "startup",
    }
}
