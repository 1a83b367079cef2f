//! `pgherd probe install` and `uninstall`: the table of the probe, made and removed on the leader.

use std::process::ExitCode;
use std::sync::Arc;

use crate::app::{self, App};
use crate::config::cli::ProbeCommand;
use crate::config::settings::Settings;
use crate::lab::credentials as lab;
use crate::model::link::Cause;
use crate::model::postgres::SqlRole;
use crate::model::topology::Address;
use crate::source::probe::{self, Target};

use super::exit::{Failure, NOTHING_FOUND};
use super::{conductor, discover, say};

/// Does it, and says what was done.
///
/// # Errors
/// Read-only, several clusters, no leader, or the server refuses.
pub(crate) async fn run(
    command: &ProbeCommand,
    options: app::Options,
    settings: Arc<Settings>,
) -> Result<ExitCode, Failure> {
    if options.read_only {
        let what = "read-only: the table of the probe is neither made nor removed";
        return Err(Failure::Usage(what.to_owned()));
    }
    let app = discover::look_at_one(options, Arc::clone(&settings)).await?;
    let Some(address) = leader(&app) else {
        say(discover::describe(&app).trim_end())?;
        return Ok(ExitCode::from(NOTHING_FOUND));
    };
    let in_lab = app.cluster.targets.lab;
    let login = conductor::login(&settings, &address, in_lab.then_some(lab::SUPERUSER)).await;
    let target = Target { address, login };
    let (done, text) = match command {
        ProbeCommand::Install { role } => {
            let made = (in_lab && role.is_none()).then_some(lab::PROBE);
            let own = || target.login.user.clone();
            let role = made.map_or_else(|| role.clone().unwrap_or_else(own), |role| role.name.to_owned());
            let done = probe::install(&target, &role, made.map(|role| role.password)).await;
            (
                done,
                format!("pgherd.probe is there, and {role} may write to it; now: pgherd --probe=write"),
            )
        }
        ProbeCommand::Uninstall => {
            let done = probe::uninstall(&target, in_lab.then_some(lab::PROBE.name)).await;
            (done, "pgherd.probe and its schema are gone".to_owned())
        }
    };
    done.map_err(|cause: Cause| Failure::Failed(format!("{}: {cause}", target.address)))?;
    say(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The member that takes writes, asked straight; else whoever stands behind the entry point.
fn leader(app: &App) -> Option<Address> {
    let cluster = &app.cluster;
    let writes = |member| {
        cluster
            .fresh_sql(member, app.now)
            .is_some_and(|sql| matches!(sql.role, SqlRole::Primary { .. }))
    };
    let mut nodes = cluster.targets.nodes.iter();
    nodes
        .find(|node| writes(&node.member))
        .and_then(|node| node.postgres.clone())
        .or_else(|| cluster.targets.entry.clone())
}
