//! Which containers a name on the command line means.

use crate::app::App;
use crate::model::act::ActTarget;
use crate::model::container::{Container, ContainerKind};
use crate::model::member::MemberRole;

/// The container of that name, or that of the member of that name; `leader` is the one that leads, and `store…` servers of
/// ZooKeeper.
///
/// # Errors
/// Why there is none.
pub(super) fn targets(app: &App, name: &str) -> Result<Vec<ActTarget>, String> {
    match name {
        "store" | "store-leader" | "store-majority" => servers(app, name),
        name => Ok(vec![of_name(app, name)?]),
    }
}

fn bound(container: &Container) -> ActTarget {
    ActTarget {
        id: container.id.clone(),
        name: container.name.clone(),
    }
}

fn of_name(app: &App, name: &str) -> Result<ActTarget, String> {
    let members = app.members();
    let member = members.iter().find(|member| match name {
        "leader" => member.role == MemberRole::Leader,
        name => member.name.as_str() == name,
    });
    let wanted = member.and_then(|member| member.container.clone());
    let fits = |container: &&Container| match &wanted {
        Some(wanted) => container.name == *wanted,
        None => container.answers_to(name),
    };
    let mut found = app.containers().filter(fits);
    match (found.next(), found.next()) {
        (Some(container), None) => Ok(bound(container)),
        (Some(_), Some(_)) => Err(format!("several containers answer to {name:?}")),
        (None, _) => {
            let names: Vec<_> = app.containers().map(|container| container.name.as_str()).collect();
            Err(format!(
                "no container or member {name:?}; there are {}",
                names.join(", ")
            ))
        }
    }
}

/// Of an ensemble: one that does not lead it, the one that does, or a majority with the one that does.
fn servers(app: &App, which: &str) -> Result<Vec<ActTarget>, String> {
    let containers: Vec<&Container> = app
        .containers()
        .filter(|container| matches!(container.kind, ContainerKind::ZooKeeper { .. }))
        .collect();
    match (containers.as_slice(), which) {
        ([], _) => Err("no container of ZooKeeper is known".to_owned()),
        ([only], "store") => Ok(vec![bound(only)]),
        ([only], _) => Err(format!(
            "ZooKeeper is a single server here ({}): it has neither a leader nor a majority; --on store is all of it",
            only.name
        )),
        (all, _) => {
            let mut all = all.to_vec();
            // False comes first: the one that leads.
            all.sort_by_key(|container| !leads(app, container));
            let knows_leader = all.first().is_some_and(|first| leads(app, first));
            match which {
                "store" => Ok(all.last().map(|last| bound(last)).into_iter().collect()),
                _ if !knows_leader => {
                    Err("which server leads the ensemble is not known: srvr is not answered".to_owned())
                }
                "store-leader" => Ok(all.first().map(|first| bound(first)).into_iter().collect()),
                _ => Ok(all.iter().take(all.len() / 2 + 1).map(|server| bound(server)).collect()),
            }
        }
    }
}

/// As the server itself says, at one of the addresses by which the container is reached.
fn leads(app: &App, container: &Container) -> bool {
    let health = app.cluster.store.as_ref().map(|known| &known.value);
    let mut servers = health.into_iter().flat_map(|health| &health.servers);
    let leader = servers.find(|server| server.mode.as_deref() == Some("leader"));
    leader.is_some_and(|leader| {
        let published = container.ports.iter().filter_map(|port| port.published);
        let own = container.networks.iter().filter_map(|network| network.address);
        published
            .into_iter()
            .any(|(_, port)| leader.address.ends_with(&format!(":{port}")))
            || own
                .into_iter()
                .any(|address| leader.address.starts_with(&format!("{address}:")))
    })
}
