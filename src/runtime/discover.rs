//! `pgherd discover`: what would be watched, and why. Runs the very sources and the very state of the monitor for a
//! moment, so that it cannot say anything else than the screen.

use std::fmt::Write as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::app::event::{Effect, Event};
use crate::app::{self, App, Stage};
use crate::config::settings::Settings;
use crate::model::cluster::Cluster;
use crate::model::link::{LinkState, SourceId};
use crate::model::topology::StoreTarget;
use crate::source::Context;

use super::conductor::Conductor;
use super::exit::Failure;

/// Time to find something and to read it once.
const PATIENCE: Duration = Duration::from_secs(4);

/// "Nothing" and "several" must stand so long: a busy daemon describes its containers one after the other.
const SETTLE: Duration = Duration::from_secs(1);

/// What was found, as text, and whether there is something to watch.
///
/// # Errors
/// If the system gives no thread.
pub(crate) async fn run(options: app::Options, settings: Arc<Settings>) -> io::Result<(String, bool)> {
    let app = look(options, settings).await?;
    let found = matches!(app.stage(), Stage::Watching | Stage::Choosing(_));
    Ok((describe(&app), found))
}

/// The same for a command that works on one cluster.
///
/// # Errors
/// Several clusters and none named, or no thread.
pub(super) async fn look_at_one(options: app::Options, settings: Arc<Settings>) -> Result<App, Failure> {
    let app = look(options, settings)
        .await
        .map_err(|error| Failure::Failed(error.to_string()))?;
    match app.stage() {
        Stage::Choosing(names) => Err(several(&names)),
        _ => Ok(app),
    }
}

/// One has to be chosen.
pub(super) fn several(names: &[String]) -> Failure {
    Failure::Usage(format!(
        "several clusters: name one with --cluster: {}",
        names.join(", ")
    ))
}

/// The state once everything was read, or as far as it came in time.
///
/// # Errors
/// If the system gives no thread.
pub(super) async fn look(options: app::Options, settings: Arc<Settings>) -> io::Result<App> {
    let clock = super::clock::start();
    let (signals, mut inbox) = mpsc::channel(256);
    let context = Context {
        signals,
        clock: Arc::clone(&clock),
        pace: Context::calm(),
        stop: CancellationToken::new(),
    };
    let lines = context.signals.clone();
    let mut conductor = Conductor::start(context, settings, lines)?;
    let (mut app, mut effects) = App::start(options, clock());
    let deadline = Instant::now() + PATIENCE;
    let mut settled = None;
    loop {
        for effect in effects {
            if let Effect::Retarget(targets) = effect {
                conductor.retarget(targets);
            }
        }
        let open = matches!(app.stage(), Stage::Nothing | Stage::Choosing(_));
        settled = open.then(|| settled.unwrap_or(Instant::now() + SETTLE));
        if app.stage() == Stage::Watching && app.cluster.dcs.is_some() && all_asked(&app.cluster) {
            return Ok(app);
        }
        let until = settled.map_or(deadline, |settled: Instant| settled.min(deadline));
        let Ok(Some(signal)) = timeout_at(until, inbox.recv()).await else {
            return Ok(app);
        };
        (effects, _) = app.update(Event::Signal(signal), clock());
    }
}

/// Every source has answered or failed once, those too that have only just begun and are not among the links yet; of an
/// ensemble it is known who leads it.
fn all_asked(cluster: &Cluster) -> bool {
    let members = cluster.targets.nodes.iter().flat_map(|node| {
        let postgres = node.postgres.as_ref().map(|_| SourceId::Postgres(node.member.clone()));
        let rest = node.rest.as_ref().map(|_| SourceId::Patroni(node.member.clone()));
        postgres.into_iter().chain(rest)
    });
    let proxies = cluster.targets.proxies.iter();
    let mut wanted = members.chain(proxies.map(|proxy| SourceId::Proxy(proxy.name.clone())));
    let several = |target: &StoreTarget| target.servers.len() > 1;
    if cluster.targets.store.as_ref().is_some_and(several) && cluster.store.is_none() {
        return false;
    }
    let links = &cluster.links;
    wanted.all(|source| links.contains_key(&source)) && links.values().all(|link| *link != LinkState::Connecting)
}

/// What was found and how it answers, for people.
pub(super) fn describe(app: &App) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a string does not fail.
        let _ = writeln!(text, "{line}");
    };
    let answer = |source: &SourceId| match app.cluster.links.get(source) {
        Some(LinkState::Up { .. }) => "answers".to_owned(),
        Some(LinkState::Down { cause, .. }) => cause.to_string(),
        Some(LinkState::Connecting) | None => "no answer yet".to_owned(),
    };
    match &app.cluster.containers {
        Some(known) => line(format!("Docker answers: {} containers", known.value.len())),
        None => line(format!("Docker: {}", answer(&SourceId::Docker))),
    }
    for found in &app.found {
        let profile = found
            .lab_profile
            .as_ref()
            .map(|profile| format!(", the lab of pgherd with profile {profile}"));
        line(format!("\ncluster {}{}", found.id, profile.unwrap_or_default()));
        for because in &found.because {
            line(format!("  {because}"));
        }
    }
    match app.stage() {
        Stage::Choosing(names) => line(format!(
            "\nSeveral clusters: name one with --cluster: {}",
            names.join(", ")
        )),
        Stage::Nothing => line(app.no_such_cluster().map_or_else(
            || {
                "\nNothing found: no container looks like Patroni, ZooKeeper or HAProxy, and no address is configured.\n\
                 Start the example cluster with `pgherd lab`, or name the servers: --zookeeper HOST:PORT."
                    .to_owned()
            },
            |text| format!("\n{text}"),
        )),
        Stage::Looking => line("\nNo answer in time.".to_owned()),
        Stage::Watching => line("\nread from here:".to_owned()),
    }
    if let Some(store) = &app.cluster.targets.store {
        let servers: Vec<_> = store.servers.iter().map(ToString::to_string).collect();
        let path = format!("{}/{}", store.namespace, store.scope.as_deref().unwrap_or("?"));
        line(format!(
            "  ZooKeeper    {}  {path}  {}",
            servers.join(","),
            answer(&SourceId::ZooKeeper)
        ));
    }
    for node in &app.cluster.targets.nodes {
        if let Some(address) = &node.postgres {
            line(format!(
                "  PostgreSQL   {address}  {}  {}",
                node.member,
                answer(&SourceId::Postgres(node.member.clone()))
            ));
        }
        if let Some(url) = &node.rest {
            line(format!(
                "  Patroni      {url}  {}  {}",
                node.member,
                answer(&SourceId::Patroni(node.member.clone()))
            ));
        }
    }
    for proxy in &app.cluster.targets.proxies {
        line(format!(
            "  HAProxy      {}  {}  {}",
            proxy.urls.join(" or "),
            proxy.name,
            answer(&SourceId::Proxy(proxy.name.clone()))
        ));
    }
    text
}
