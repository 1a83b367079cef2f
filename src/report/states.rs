//! The pictures of an episode as rows.

use super::schema::{Container, Instant, Member, Server, State};
use crate::model::container::ContainerState;
use crate::model::failover::{ContainerSeen, MemberSeen, Moment, Picture, ServerSeen};
use crate::model::member::{Lag, MemberRole};
use crate::model::secret::mask;
use crate::model::time::Timestamp;

/// A picture of an episode that began with that fault.
pub(super) fn state(moment: Moment, picture: &Picture, fault: Timestamp) -> State {
    State {
        moment: match moment {
            Moment::Before => "before",
            Moment::Struck => "struck",
            Moment::LockFree => "lock free",
            Moment::LockTaken => "lock taken",
            Moment::Writable => "writable",
            Moment::Over => "over",
        },
        at: Instant::new(picture.at, fault),
        members: picture.members.iter().map(member).collect(),
        containers: picture.containers.iter().map(container).collect(),
        servers: picture.servers.iter().map(server).collect(),
    }
}

fn member(member: &MemberSeen) -> Member {
    let bytes = |lag: Lag| match lag {
        Lag::Bytes(bytes) => Some(bytes),
        Lag::NotApplicable | Lag::Unknown => None,
    };
    Member {
        name: member.name.to_string(),
        host: member.host.clone(),
        role: match member.role {
            MemberRole::Unknown => "unknown",
            role => role.name(),
        },
        state: member.state.clone(),
        timeline: member.timeline.map(|timeline| timeline.0),
        receive_lag: bytes(member.receive_lag),
        replay_lag: bytes(member.replay_lag),
        follows: member.receive_lag != Lag::NotApplicable,
    }
}

fn container(container: &ContainerSeen) -> Container {
    let (status, exit_code) = match &container.state {
        ContainerState::Exited { code } => ("exited".to_owned(), Some(*code)),
        other => (other.to_string(), None),
    };
    Container {
        name: container.name.to_string(),
        service: container.service.clone(),
        command: mask(&container.command).into_owned(),
        image: container.image.clone(),
        status,
        text: container.state_text.clone(),
        exit_code,
        health: container.health.clone(),
        ports: container.ports.clone(),
    }
}

fn server(server: &ServerSeen) -> Server {
    Server {
        pool: server.pool.clone(),
        name: server.name.clone(),
        status: server.status.clone(),
        check: server.check.clone(),
    }
}
