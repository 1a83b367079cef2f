//! The state of the program after it has read the running lab for a moment, made of the real sources.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pgherd::app::event::{Effect, Event};
use pgherd::app::{App, Options};
use pgherd::lab::credentials::{DATABASE, MONITOR};
use pgherd::model::log_start::LogStart;
use pgherd::model::time::Timestamp;
use pgherd::model::topology::Targets;
use pgherd::source::docker::LogPlan;
use pgherd::source::postgres::{Login, Password, Secret, SslMode};
use pgherd::source::{Context, docker, haproxy, patroni, postgres, zookeeper};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// Long enough for every source and for the first usage figures.
const LONG_ENOUGH: Duration = Duration::from_secs(5);

/// Reads the lab of that compose project.
pub(crate) fn of_the_lab(project: &str) -> App {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let app = runtime.block_on(read(project));
    runtime.shutdown_background();
    app
}

async fn read(project: &str) -> App {
    let (signals, mut inbox) = mpsc::channel(256);
    let context = Context {
        signals,
        clock: Arc::new(now),
        pace: Context::calm(),
        stop: CancellationToken::new(),
    };
    let (followed, following) = watch::channel(std::collections::BTreeSet::new());
    let daemon = docker::reach(&context, None).await;
    let logs = LogPlan::following(context.signals.clone(), LogStart::Tail(500));
    tokio::spawn(docker::watch(context.clone(), daemon, following, logs));
    let options = Options {
        selector: Some(project.to_owned()),
        ..Options::default()
    };
    let (mut app, _) = App::start(options, now());
    app.update(Event::Resize { width: 200, height: 50 }, now());
    let mut reading = Targets::default();
    let begun = Instant::now();
    while begun.elapsed() < LONG_ENOUGH {
        let Ok(Some(signal)) = tokio::time::timeout(Duration::from_millis(200), inbox.recv()).await else {
            continue;
        };
        for effect in app.update(Event::Signal(signal), now()).0 {
            if let Effect::Retarget(targets) = effect {
                let _ = followed.send(targets.containers.clone());
                start(&context, &reading, &targets);
                reading = targets;
            }
        }
    }
    app
}

fn start(context: &Context, before: &Targets, targets: &Targets) {
    if let Some(store) = targets.store.clone().filter(|_| targets.store != before.store) {
        tokio::spawn(zookeeper::watch(context.clone(), store));
    }
    for proxy in targets.proxies.iter().filter(|proxy| !before.proxies.contains(proxy)) {
        tokio::spawn(haproxy::watch(context.clone(), proxy.clone(), None));
    }
    for node in targets.nodes.iter().filter(|node| !before.nodes.contains(node)) {
        if let Some(address) = node.postgres.clone() {
            let password = Password::Given(Secret::new(MONITOR.password));
            let (user, database) = (MONITOR.name.to_owned(), DATABASE.to_owned());
            let login = Login {
                user,
                password,
                database,
                sslmode: SslMode::Prefer,
            };
            tokio::spawn(postgres::watch(context.clone(), node.member.clone(), address, login));
        }
        if let Some(url) = node.rest.clone() {
            tokio::spawn(patroni::watch(context.clone(), node.member.clone(), url));
        }
    }
}

fn now() -> Timestamp {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap())
}
