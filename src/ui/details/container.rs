//! All facts of a container.

use std::time::Duration;

use crate::model::container::{Container, ContainerKind};
use crate::model::link::SourceId;
use crate::model::name::ContainerName;
use crate::model::time::Timestamp;
use crate::ui::containers;
use crate::ui::document::Document;
use crate::ui::scene::Scene;
use crate::ui::units::{self, NOT_APPLICABLE};

/// Describes it.
pub(super) fn describe(document: &mut Document, name: &ContainerName, scene: &Scene<'_>) {
    let all = scene
        .app
        .cluster
        .containers
        .as_ref()
        .map_or(&[][..], |known| known.value.as_slice());
    let Some(container) = all.iter().find(|container| container.name == *name) else {
        document.text("Docker does not list it any more", scene.theme.bad);
        return;
    };
    let silence = scene.silence(&SourceId::Docker);
    if !silence.is_empty() {
        document.text(format!("Docker: {silence}"), scene.theme.bad);
    }
    section(document, container, scene);
    if matches!(container.kind, ContainerKind::ZooKeeper { .. }) {
        servers(document, scene);
    }
}

/// Appends what each server of the ensemble says of itself.
fn servers(document: &mut Document, scene: &Scene<'_>) {
    let theme = scene.theme;
    let Some(store) = &scene.app.cluster.store else { return };
    document.section("ZooKeeper");
    for server in &store.value.servers {
        if !server.answered {
            document.field("server", format!("{}  does not answer", server.address), theme.bad);
            continue;
        }
        let said = [
            server.mode.clone(),
            server.version.clone(),
            server.zxid.as_ref().map(|zxid| format!("zxid {zxid}")),
            server.znodes.map(|count| format!("{count} znodes")),
            server.connections.map(|count| format!("{count} connections")),
            server.outstanding.map(|count| format!("{count} requests wait")),
            server
                .latency_us
                .map(|micros| format!("{} a request", units::latency(Duration::from_micros(micros)))),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        let said = if said.is_empty() {
            "answers, and its whitelist lets srvr say nothing".to_owned()
        } else {
            said.join(", ")
        };
        document.field("server", format!("{}  {said}", server.address), theme.text);
    }
    document.field("as of", moment(Some(store.at), scene), theme.text);
}

/// Appends a section with its facts.
pub(super) fn section(document: &mut Document, container: &Container, scene: &Scene<'_>) {
    let theme = scene.theme;
    let text = theme.text;
    document.section("Docker");
    document.field("container", container.name.to_string(), text);
    document.field(
        "state",
        container.state_text(),
        containers::state_style(container, theme),
    );
    document.field(
        "health",
        container.health.clone().unwrap_or_else(|| "no health check".to_owned()),
        text,
    );
    document.field("started", moment(container.started, scene), text);
    if container.finished.is_some() {
        document.field("ended", moment(container.finished, scene), text);
    }
    if let Some(usage) = scene.app.cluster.usage.get(&container.name) {
        let value = usage.value;
        let age = scene.age(usage.at);
        document.field(
            "uses",
            format!(
                "{} of a core, {} of memory ({age} ago)",
                units::percent(value.cpu_percent),
                units::bytes(value.memory)
            ),
            text,
        );
    }
    document.field("ports", or_none(container.ports_text()), text);
    for network in &container.networks {
        let address = network
            .address
            .map_or_else(|| NOT_APPLICABLE.to_owned(), |address| address.to_string());
        document.field(
            "network",
            format!("{}  {address}  {}", network.name, network.aliases.join(" ")),
            text,
        );
    }
    document.field("host name", container.hostname.clone(), text);
    document.field("image", container.image.clone(), text);
    document.field("command", or_none(container.command.join(" ")), text);
    if let Some(compose) = &container.compose {
        document.field(
            "compose",
            format!("project {}, service {}", compose.project, compose.service),
            text,
        );
    }
    if let Some(profile) = &container.lab_profile {
        document.field("lab profile", profile.clone(), text);
    }
    document.field(
        "stop grace",
        format!("{} s between SIGTERM and SIGKILL", container.stop_grace_s),
        text,
    );
    document.field("recognised as", kind(&container.kind), text);
    document.field("id", container.id.clone(), theme.dim);
}

fn kind(kind: &ContainerKind) -> String {
    match kind {
        ContainerKind::Patroni { because, .. } => format!("Patroni: {because}"),
        ContainerKind::ZooKeeper { because } => format!("ZooKeeper: {because}"),
        ContainerKind::Proxy { because } => format!("HAProxy: {because}"),
        ContainerKind::Other => "no part of the cluster".to_owned(),
    }
}

fn or_none(text: String) -> String {
    if text.is_empty() {
        NOT_APPLICABLE.to_owned()
    } else {
        text
    }
}

/// `2026-11-22 20:07:31 (12 s ago)`.
pub(super) fn moment(at: Option<Timestamp>, scene: &Scene<'_>) -> String {
    at.map_or_else(
        || NOT_APPLICABLE.to_owned(),
        |at| format!("{} ({} ago)", units::date_and_clock(at, scene.zone), scene.age(at)),
    )
}
