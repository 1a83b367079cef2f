//! `pgherd logs`: the lines of the containers of one cluster in one order of time, for pipes. The cluster is found by
//! the very source and the very state of the monitor.

mod merge;
mod print;

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::app::event::{Effect, Event};
use crate::app::{self, App, Stage};
use crate::config::Origin;
use crate::config::cli::LogsArgs;
use crate::config::settings::Settings;
use crate::model::container::Container;
use crate::model::link::{LinkState, SourceId};
use crate::model::log_start::LogStart;
use crate::model::name::ContainerName;
use crate::model::signal::{Report, Signal};
use crate::source::docker::{self, LogPlan};
use crate::source::{self, Context};

use self::merge::{Clock, Merge};
use self::print::Printer;
use super::exit::{Failure, NOTHING_FOUND};
use super::{discover, say};

/// Batches of one container that wait until it is their turn.
const BATCHES: usize = 2;
/// Time to find the containers.
const PATIENCE: Duration = Duration::from_secs(5);
/// The list of containers is whole when it did not change for so long: a busy daemon describes one after the other.
const SETTLE: Duration = Duration::from_millis(300);

/// A container's log begins: its lines come here until the end of it.
type Opened = mpsc::Receiver<Signal>;

pub(super) async fn run(args: &LogsArgs, options: app::Options, settings: &Settings) -> Result<ExitCode, Failure> {
    let mut printer = Printer::new(args, settings)?;
    let mut ending = super::monitor::ending_signals()?;
    let (opened, logs) = mpsc::unbounded_channel();
    let mut herd = Herd::start(args, options, settings, opened);
    let found = tokio::select! {
        found = herd.find(&args.containers) => found?,
        Some(number) = ending.recv() => return Ok(ended_by(number)),
    };
    let Some(names) = found else {
        say(discover::describe(&herd.app).trim_end())?;
        return Ok(ExitCode::from(NOTHING_FOUND));
    };
    printer.align(&names);
    let (expected, clock) = (names.len(), Arc::clone(&herd.clock));
    herd.followed.send_replace(names);
    let ended = tokio::select! {
        biased;
        Some(number) = ending.recv() => Some(number),
        ended = print_all(&mut printer, logs, expected, clock) => {
            ended?;
            None
        }
        () = herd.keep(&args.containers, args.follow) => None,
    };
    printer.flush()?;
    Ok(match ended {
        Some(number) => ended_by(number),
        None if printer.is_whole() => ExitCode::SUCCESS,
        None => ExitCode::FAILURE,
    })
}

fn ended_by(number: i32) -> ExitCode {
    ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))
}

/// Prints until every log has ended, or nobody reads any more.
async fn print_all(
    printer: &mut Printer,
    mut logs: mpsc::UnboundedReceiver<Opened>,
    expected: usize,
    clock: Clock,
) -> Result<(), Failure> {
    let mut merge = Merge::new(expected, Arc::clone(&clock));
    loop {
        while let Some(item) = merge.next() {
            if !printer.print(&item)? {
                return Ok(());
            }
        }
        // What waits for others is not printed yet; what was printed must not wait for it.
        if !printer.flush()? {
            return Ok(());
        }
        let due = merge.due().map(|due| due.since(clock()));
        tokio::select! {
            Some(lines) = logs.recv() => merge.open(lines),
            more = merge.receive() => if !more {
                return Ok(());
            },
            () = sleep(due.unwrap_or_default()), if due.is_some() => {}
        }
    }
}

/// Docker's source and the state that knows the cluster.
struct Herd {
    app: App,
    clock: Clock,
    signals: mpsc::Receiver<Signal>,
    followed: watch::Sender<BTreeSet<ContainerName>>,
    stop: CancellationToken,
}

impl Herd {
    fn start(
        args: &LogsArgs,
        options: app::Options,
        settings: &Settings,
        opened: mpsc::UnboundedSender<Opened>,
    ) -> Self {
        let clock = super::clock::start();
        let (sender, signals) = mpsc::channel(256);
        let context = Context {
            signals: sender,
            clock: Arc::clone(&clock),
            pace: Context::calm(),
            stop: CancellationToken::new(),
        };
        let (followed, following) = watch::channel(BTreeSet::new());
        let start = match (&settings.tail.from, &settings.since.from) {
            (Origin::Default, Origin::Default) => LogStart::All,
            _ => settings.log_start(clock()),
        };
        let logs = LogPlan {
            outlet: Arc::new(move |_| {
                let (sender, lines) = mpsc::channel(BATCHES);
                // Nobody to tell means that the program ends.
                let _ = opened.send(lines);
                sender
            }),
            start: watch::channel(start).1,
            follow: args.follow,
        };
        let host = settings.docker_host.value.clone();
        let stop = context.stop.clone();
        tokio::spawn(source::supervise(context.clone(), SourceId::Docker, move || {
            let (context, host, following, logs) = (context.clone(), host.clone(), following.clone(), logs.clone());
            async move {
                let docker = docker::reach(&context, host.as_deref()).await;
                docker::watch(context, docker, following, logs).await;
            }
        }));
        let (app, _) = App::start(options, clock());
        Self {
            app,
            clock,
            signals,
            followed,
            stop,
        }
    }

    /// The containers that are wanted of the one cluster; `None` if nothing is found.
    async fn find(&mut self, wanted: &[String]) -> Result<Option<BTreeSet<ContainerName>>, Failure> {
        let deadline = Instant::now() + PATIENCE;
        let mut settled = None;
        loop {
            let until = settled.map_or(deadline, |settled: Instant| settled.min(deadline));
            let Ok(Some(signal)) = timeout_at(until, self.signals.recv()).await else {
                break;
            };
            let listed = matches!(
                &signal,
                Signal::Report {
                    report: Report::Containers(_),
                    ..
                }
            );
            self.take(signal);
            if listed {
                settled = Some(Instant::now() + SETTLE);
            }
        }
        match self.app.stage() {
            Stage::Choosing(names) => Err(discover::several(&names)),
            Stage::Watching if !self.app.cluster.targets.containers.is_empty() => self.chosen(wanted).map(Some),
            _ => match self.app.cluster.links.get(&SourceId::Docker) {
                Some(LinkState::Down { cause, .. }) => Err(Failure::Failed(format!("Docker: {cause}"))),
                _ => Ok(None),
            },
        }
    }

    /// Those of the cluster that are called so, all of them without a name.
    fn chosen(&self, wanted: &[String]) -> Result<BTreeSet<ContainerName>, Failure> {
        let of_cluster = &self.app.cluster.targets.containers;
        let known = self.app.cluster.containers.as_ref().map(|known| &known.value);
        let answers = |name: &ContainerName, wanted: &str| {
            let is_so_called = |container: &&Container| container.name == *name;
            name.as_str() == wanted
                || known.is_some_and(|all| all.iter().find(is_so_called).is_some_and(|one| one.answers_to(wanted)))
        };
        if let Some(unknown) = wanted
            .iter()
            .find(|wanted| !of_cluster.iter().any(|name| answers(name, wanted)))
        {
            let names: Vec<&str> = of_cluster.iter().map(ContainerName::as_str).collect();
            return Err(Failure::Nothing(format!(
                "no container of the cluster is called {unknown:?}; there are {}",
                names.join(", ")
            )));
        }
        let is_wanted = |name: &&ContainerName| wanted.is_empty() || wanted.iter().any(|wanted| answers(name, wanted));
        Ok(of_cluster.iter().filter(is_wanted).cloned().collect())
    }

    fn take(&mut self, signal: Signal) -> bool {
        let (effects, _) = self.app.update(Event::Signal(signal), (self.clock)());
        effects.iter().any(|effect| matches!(effect, Effect::Retarget(_)))
    }

    /// Takes what the source says, and follows containers that join the cluster; never ends while the source runs.
    async fn keep(&mut self, wanted: &[String], follow: bool) {
        while let Some(signal) = self.signals.recv().await {
            if self.take(signal)
                && follow
                && let Ok(names) = self.chosen(wanted)
            {
                self.followed.send_if_modified(|followed| {
                    let before = followed.len();
                    followed.extend(names);
                    followed.len() > before
                });
            }
        }
    }
}

impl Drop for Herd {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}
