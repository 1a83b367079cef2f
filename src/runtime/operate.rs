//! The commands that operate a cluster: what is asked for is found as the monitor finds it, said with its consequences,
//! asked about, carried out, and told step by step until the cluster has changed.

pub(super) mod edit;

use std::io::{self, IsTerminal as _};
use std::pin::Pin;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::spawn_blocking;

use crate::action;
use crate::app::{self, App};
use crate::config::operate::{Event, OperateCommand, State as Wanted, Way};
use crate::config::settings::Settings;
use crate::journal::{Deed, Journal};
use crate::model::check::{Report, State};
use crate::model::name::{MemberName, ProxyName};
use crate::model::operation::{Operation, Outcome, Plan, Progress, ServerState};
use crate::model::text::clean_line;
use crate::model::time::Timestamp;
use crate::model::topology::StoreTarget;
use crate::net::http::BasicAuth;

use super::check::object;
use super::exit::{Failure, NOTHING_FOUND};
use super::{ask, discover, drill, hands, say};

/// Has `spawn` carry out the plan; its progress arrives until it ends. Nothing is done that could not be written down.
pub(super) fn begin(
    plan: Plan,
    settings: &Settings,
    ledger: Ledger,
    spawn: impl FnOnce(Pin<Box<dyn Future<Output = ()> + Send>>),
) -> UnboundedReceiver<Progress> {
    let login = settings.patroni.value.clone().map(|(user, password)| BasicAuth {
        user,
        password: password.expose().to_owned(),
    });
    let (tell, progress) = unbounded_channel();
    spawn(Box::pin(async move {
        let Plan { operation, store, .. } = &plan;
        let what = operation.to_string();
        let cluster = store.as_ref().and_then(|store| store.scope.clone());
        let target = operation
            .member()
            .map(ToString::to_string)
            .or(cluster)
            .unwrap_or_default();
        if let Err(why) = ledger.note(format!("{what}, asked for,"), &target, None).await {
            let _ = tell.send(Progress::Ended(Outcome::Refused(why)));
            return;
        }
        let (step, mut steps) = unbounded_channel();
        let performed = action::operation::perform(&plan, login.as_ref(), step);
        let told = async {
            while let Some(progress) = steps.recv().await {
                if let Progress::Ended(outcome) = &progress {
                    let failed = (!outcome.is_good()).then(|| outcome.to_string());
                    if let Err(why) = ledger.note(what.clone(), &target, failed).await {
                        log::error!("{why}");
                    }
                }
                // Nobody may listen any more; the operation goes on.
                let _ = tell.send(progress);
            }
        };
        tokio::join!(performed, told);
    }));
    progress
}

/// Where it is written down who asked for what.
#[derive(Clone)]
pub(super) struct Ledger {
    /// Of this run, or why there is none.
    pub(super) journal: Result<Arc<Mutex<Journal>>, String>,
    pub(super) clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
}

impl Ledger {
    async fn note(&self, what: String, target: &str, failed: Option<String>) -> Result<(), String> {
        let (journal, now, target) = (self.journal.clone()?, (self.clock)(), target.to_owned());
        let written = spawn_blocking(move || {
            let mut journal = journal.lock().unwrap_or_else(PoisonError::into_inner);
            journal.did(Deed { what, target, failed }, now)
        });
        written
            .await
            .unwrap_or_else(|error| Err(clean_line(&format!("error in pgherd: {error}"))))
    }
}

/// `pgherd switchover` and the others.
///
/// # Errors
/// Read-only, several clusters, wrong arguments, refused, or not done.
pub(super) async fn run(
    command: OperateCommand,
    options: app::Options,
    settings: Arc<Settings>,
) -> Result<ExitCode, Failure> {
    let read_only = options.read_only;
    if let OperateCommand::ShowConfig { json } = command {
        return show(options, settings, json).await;
    }
    if read_only {
        return Err(Failure::Usage("read-only: nothing may change the cluster".to_owned()));
    }
    let Some(mut app) = found(options, &settings).await? else {
        return Ok(ExitCode::from(NOTHING_FOUND));
    };
    drill::remember(&mut app, &settings);
    let way = way(&command);
    let operation = operation(command, &app).await?;
    let obstacles = operation.obstacles(&app.cluster, app.now);
    let plan = Plan::of(&app.cluster, operation);
    if !obstacles.is_empty() {
        let refused = Outcome::Refused(obstacles.join("; "));
        return told(&plan.operation, &Report::default(), &refused, way);
    }
    if !way.yes && !confirmed(&plan.operation, &app)? {
        say("nothing done")?;
        return Ok(ExitCode::FAILURE);
    }
    let clock = super::clock::start();
    let ledger = Ledger {
        journal: hands::journal(&settings, clock()),
        clock,
    };
    let mut progress = begin(plan.clone(), &settings, ledger, |task| {
        tokio::spawn(task);
    });
    let mut report = Report::default();
    let mut outcome = Outcome::Unconfirmed("it was broken off".to_owned());
    // Standard output that is gone ends nothing half way.
    let mut heard = Ok(());
    while let Some(progress) = progress.recv().await {
        match progress {
            Progress::Step(step) => {
                if step.state != State::Running && !way.json {
                    heard = heard.and_then(|()| say(&format!("{:<7}  {step}", step.state.word())));
                }
                report.take(step);
            }
            Progress::Ended(end) => outcome = end,
        }
    }
    heard?;
    told(&plan.operation, &report, &outcome, way)
}

/// The cluster to work on; where there is none, what was found is said.
async fn found(options: app::Options, settings: &Arc<Settings>) -> Result<Option<App>, Failure> {
    let app = discover::look_at_one(options, Arc::clone(settings)).await?;
    if app.cluster.targets.store.is_none() && app.cluster.targets.nodes.is_empty() {
        say(discover::describe(&app).trim_end())?;
        return Ok(None);
    }
    Ok(Some(app))
}

/// The end, in words or as a document, and its exit code.
fn told(operation: &Operation, report: &Report, outcome: &Outcome, way: Way) -> Result<ExitCode, Failure> {
    if way.json {
        say(&document(operation, report, outcome))?;
    } else if outcome.is_good() {
        say(&outcome.to_string())?;
    } else {
        return Err(Failure::Failed(outcome.to_string()));
    }
    Ok(if outcome.is_good() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// `{"operation", "outcome": "done" | "accepted" | "refused" | "conflict" | "unconfirmed", "text", "steps": […]}`, the
/// steps as `pgherd check --json` has them.
fn document(operation: &Operation, report: &Report, outcome: &Outcome) -> String {
    let steps: Vec<_> = report.steps.iter().map(object).collect();
    let document = json!({
        "operation": operation.word(),
        "outcome": outcome.word(),
        "text": outcome.text(),
        "steps": steps,
    });
    format!("{document:#}")
}

/// Says what will happen and asks; where a key is not enough on the screen, a yes is not enough here.
fn confirmed(operation: &Operation, app: &App) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage(
            "this asks first: run it in a terminal, or say --yes".to_owned(),
        ));
    }
    say(&question(operation, app))?;
    ask::answered(app.name_for(operation).as_ref())
}

/// What is asked, what speaks against it, and what will happen.
fn question(operation: &Operation, app: &App) -> String {
    let at = operation
        .at()
        .map_or_else(String::new, |at| format!(" at {}", time(at)));
    let mut text = format!("{operation}{at}");
    for line in app
        .warnings()
        .into_iter()
        .chain(operation.consequences(&app.cluster, app.now))
    {
        text.push_str("\n  ");
        text.push_str(&line);
    }
    text
}

fn way(command: &OperateCommand) -> Way {
    match command {
        OperateCommand::Switchover { way, .. }
        | OperateCommand::Failover { way, .. }
        | OperateCommand::Restart { way, .. }
        | OperateCommand::RollingRestart { way }
        | OperateCommand::Reload { way, .. }
        | OperateCommand::Reinit { way, .. }
        | OperateCommand::Pause { way }
        | OperateCommand::Resume { way }
        | OperateCommand::Flush { way, .. }
        | OperateCommand::EditConfig { way, .. }
        | OperateCommand::SetServer { way, .. } => *way,
        OperateCommand::ShowConfig { .. } => Way::default(),
    }
}

/// What the command asks for on this cluster.
async fn operation(command: OperateCommand, app: &App) -> Result<Operation, Failure> {
    let name = |text: String| MemberName::from(text.as_str());
    let when = |at: Option<String>| at.map(|text| parse_time(&text)).transpose();
    Ok(match command {
        OperateCommand::Switchover {
            leader, candidate, at, ..
        } => Operation::Switchover {
            leader: leader
                .map(name)
                .or_else(|| app.cluster.lock_holder().cloned())
                .ok_or_else(|| {
                    Failure::Failed("refused: nobody leads: `pgherd failover` needs no leader".to_owned())
                })?,
            candidate: candidate.map(name),
            at: when(at)?,
        },
        OperateCommand::Failover { candidate, .. } => Operation::Failover {
            candidate: name(candidate),
        },
        OperateCommand::Restart {
            member, pending, at, ..
        } => Operation::Restart {
            member: name(member),
            only_pending: pending,
            at: when(at)?,
        },
        OperateCommand::RollingRestart { .. } => Operation::rolling_restart(&app.cluster)
            .ok_or_else(|| Failure::Failed("refused: nobody leads".to_owned()))?,
        OperateCommand::Reload { member, .. } => Operation::Reload { member: name(member) },
        OperateCommand::Reinit { member, .. } => Operation::Reinitialise { member: name(member) },
        OperateCommand::Pause { .. } => Operation::Pause,
        OperateCommand::Resume { .. } => Operation::Resume,
        OperateCommand::Flush { event, member, .. } => match (event, member) {
            (Event::Switchover, None) => Operation::FlushSwitchover,
            (Event::Switchover, Some(_)) => {
                return Err(Failure::Usage(
                    "a switchover is of the cluster: name no member".to_owned(),
                ));
            }
            (Event::Restart, Some(member)) => Operation::FlushRestart { member: name(member) },
            (Event::Restart, None) => return Err(Failure::Usage("name the member".to_owned())),
        },
        OperateCommand::EditConfig {
            set,
            pg,
            apply,
            replace,
            way,
        } => {
            let store = store(app)?;
            let wanted = edit::Wanted {
                set,
                pg,
                apply,
                replace,
            };
            edit::changes(&store, &wanted, way).await?
        }
        OperateCommand::SetServer {
            server, state, proxy, ..
        } => set_server(app, &server, state, proxy)?,
        OperateCommand::ShowConfig { .. } => return Err(Failure::Usage("this only shows".to_owned())),
    })
}

fn set_server(app: &App, server: &str, state: Wanted, proxy: Option<String>) -> Result<Operation, Failure> {
    let (pool, server) = server
        .split_once('/')
        .ok_or_else(|| Failure::Usage("name section and server: primary/postgresql0".to_owned()))?;
    let known = &app.cluster.targets.proxies;
    let proxy = match (proxy, known.as_slice()) {
        (Some(name), _) => ProxyName::from(name.as_str()),
        (None, [only]) => only.name.clone(),
        (None, []) => return Err(Failure::Failed("refused: no HAProxy is known".to_owned())),
        (None, _) => return Err(Failure::Usage("several HAProxys: name one with --proxy".to_owned())),
    };
    Ok(Operation::SetServer {
        proxy,
        pool: clean_line(pool),
        server: clean_line(server),
        state: match state {
            Wanted::Ready => ServerState::Ready,
            Wanted::Drain => ServerState::Drain,
            Wanted::Maint => ServerState::Maint,
        },
    })
}

/// Where the znodes of the cluster are.
fn store(app: &App) -> Result<StoreTarget, Failure> {
    let plan = Plan::of(&app.cluster, Operation::Pause);
    plan.store
        .ok_or_else(|| Failure::Failed("no ZooKeeper is known".to_owned()))
}

async fn show(options: app::Options, settings: Arc<Settings>, as_json: bool) -> Result<ExitCode, Failure> {
    let Some(app) = found(options, &settings).await? else {
        return Ok(ExitCode::from(NOTHING_FOUND));
    };
    let document = action::patroni::configuration(&store(&app)?)
        .await
        .map_err(Failure::Failed)?;
    let text = if as_json {
        format!("{:#}", document.value)
    } else {
        action::patroni::document::yaml(&document.value).map_err(Failure::Failed)?
    };
    say(crate::model::text::clean(&text).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

/// A time with its zone.
fn parse_time(text: &str) -> Result<Timestamp, Failure> {
    let time: Result<jiff::Timestamp, _> = text.trim().parse();
    time.map(|time| Timestamp::from_micros(time.as_microsecond()))
        .map_err(|_| {
            let text = clean_line(text);
            Failure::Usage(format!(
                "{text:?} is no time with a zone, such as 2026-11-22T21:00:00+01:00"
            ))
        })
}

fn time(at: Timestamp) -> String {
    let at = jiff::Timestamp::from_microsecond(at.micros()).unwrap_or_default();
    at.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn a_time_has_a_zone() {
        let utc = parse_time("2026-11-22T20:00:00Z").unwrap();
        assert_eq!(parse_time(" 2026-11-22T21:00:00+01:00").unwrap(), utc);
        assert_eq!(time(utc), "2026-11-22 20:00:00 UTC");
        for bad in ["2026-11-22T21:00:00", "21:00", "now", ""] {
            assert!(matches!(parse_time(bad), Err(Failure::Usage(_))), "{bad}");
        }
    }

    #[test]
    fn the_document_says_how_it_ended() {
        let refused = Outcome::Refused("a \"b\"".to_owned());
        let document: Value = serde_json::from_str(&document(&Operation::Pause, &Report::default(), &refused)).unwrap();
        let expected = json!({"operation": "pause", "outcome": "refused", "text": "a \"b\"", "steps": []});
        assert_eq!(document, expected);
    }
}
