//! Whether an act makes sense now.

use crate::model::act::ContainerAct;
use crate::model::act::drill::Drill;
use crate::model::container::{Container, ContainerKind, ContainerState};

/// Whether Docker's verb makes sense now.
pub(super) fn applies(act: ContainerAct, found: &Container) -> Result<(), String> {
    let refuse = |why: &str| Err(format!("{} {why}: nothing to {}", found.name, act.word()));
    match (act, &found.state) {
        (ContainerAct::Start, ContainerState::Running) => refuse("runs already"),
        (ContainerAct::Start, ContainerState::Paused) => refuse("is paused (unpause it)"),
        (ContainerAct::Pause, ContainerState::Paused) => refuse("is paused already"),
        (ContainerAct::Unpause, state) if *state != ContainerState::Paused => refuse("is not paused"),
        (
            ContainerAct::Stop | ContainerAct::Kill | ContainerAct::Pause,
            ContainerState::Exited { .. } | ContainerState::Created,
        ) => refuse("does not run"),
        _ => Ok(()),
    }
}

/// Whether a drill makes sense now; what only the container itself can tell is found out when it is done.
pub(super) fn fits(drill: Drill, found: &Container) -> Result<(), String> {
    let is_member = matches!(found.kind, ContainerKind::Patroni { .. });
    match found.state {
        _ if drill.needs_member() && !is_member => Err(format!("{drill}: {} runs no member", found.name)),
        ContainerState::Running => Ok(()),
        _ => Err(format!("{drill}: {} does not run, it is {}", found.name, found.state)),
    }
}
