//! The only place that knows every layer: the event loop, the terminal, running effects, logging.
//!
//! Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 nothing found, 4 not a terminal, 101 an error in
//! pgherd itself, 128+n ended by signal n.

mod ask;
mod audit;
mod check;
mod clock;
mod conductor;
mod discover;
mod drill;
mod exit;
mod hands;
mod logging;
mod logs;
mod monitor;
mod operate;
mod probe;
mod recording;
mod replay;
mod report;
mod saving;
mod terminal;

use std::io::{self, Write as _};
use std::process::ExitCode;
use std::sync::Arc;

use clap::Parser;

use crate::app;
use crate::app::event::Leave;
use crate::config::cli::{Cli, Command};
use crate::config::environment::Environment;
use crate::config::lab::{LabArgs, LabOptions};
use crate::config::settings::{Settings, TimeZone};
use crate::config::{self, ConfigError};
use crate::lab::{self, LabError};
use crate::model::topology::Overrides;
use crate::ui::{Look, Theme};

use exit::Failure;
use monitor::Ended;
use recording::Tape;
use report::Place;

/// Runs the program; the exit codes are in `--help`.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    terminal::guard_panics();
    // One thread for keys and frames; the sources have their own, see `conductor`.
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return Failure::Failed(format!("cannot start: {error}")).told(),
    };
    let code = runtime.block_on(run(cli)).unwrap_or_else(Failure::told);
    // Nothing that still hangs in the kernel may hold the end.
    runtime.shutdown_background();
    code
}

async fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let settings = config::load(&cli.monitor, &Environment::of_process())?;
    let look = look(&settings)?;
    match cli.command {
        None => watch(settings, look, None).await,
        Some(Command::Lab(LabArgs { command: None, options })) => {
            start_lab(&options).await?;
            watch(settings, look, Some(options)).await
        }
        Some(Command::Lab(args)) => {
            let answer = lab::run(&args).await?;
            if !answer.text.is_empty() {
                say(&answer.text)?;
            }
            Ok(if answer.well {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            })
        }
        Some(Command::Fault(args)) => drill::fault(&args, options(&settings, None), Arc::new(settings)).await,
        Some(Command::Heal(args)) => drill::heal(&args, options(&settings, None), Arc::new(settings)).await,
        Some(Command::Audit(args)) => audit::print(&args, &settings),
        Some(Command::Logs(args)) => logs::run(&args, options(&settings, None), &settings).await,
        Some(Command::Probe(args)) => probe::run(&args.command, options(&settings, None), Arc::new(settings)).await,
        Some(Command::Replay { file }) => replay::file(&file, look, Place::of(&settings)).await,
        Some(Command::Demo) => replay::demo(look, Place::of(&settings)).await,
        Some(Command::Report(args)) => report::run(&args),
        Some(Command::Config) => {
            say(&config::describe(&settings))?;
            Ok(ExitCode::SUCCESS)
        }
        Some(Command::Operate(command)) => {
            let options = options(&settings, None);
            operate::run(command, options, Arc::new(settings)).await
        }
        Some(Command::Check { json }) => check::run(options(&settings, None), Arc::new(settings), json).await,
        Some(Command::Discover) => {
            let (text, found) = discover::run(options(&settings, None), Arc::new(settings)).await?;
            say(text.trim_end())?;
            Ok(if found {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(exit::NOTHING_FOUND)
            })
        }
    }
}

/// The monitor; with `lab`, on that lab. When the operator asks for the lab, starts it and watches that.
async fn watch(settings: Settings, look: Look, mut lab: Option<LabOptions>) -> Result<ExitCode, Failure> {
    logging::start();
    let settings = Arc::new(settings);
    let mut tape = Tape::prepare(&settings, clock::start()())?;
    let ended = watch_again(&settings, &look, &mut lab, &mut tape).await;
    tape.finish().and(ended)
}

/// Comes back after a demo, and after a lab was started.
async fn watch_again(
    settings: &Arc<Settings>,
    look: &Look,
    lab: &mut Option<LabOptions>,
    tape: &mut Tape,
) -> Result<ExitCode, Failure> {
    loop {
        let options = options(settings, lab.as_ref());
        match monitor::run(options, Arc::clone(settings), look.clone(), tape).await? {
            Ended::By(Leave::Quit) => return Ok(ExitCode::SUCCESS),
            Ended::Signal(number) => return Ok(ExitCode::from(u8::try_from(128 + number).unwrap_or(u8::MAX))),
            Ended::By(Leave::StartLab) => {
                let options = default_lab()?;
                start_lab(&options).await?;
                *lab = Some(options);
            }
            Ended::By(Leave::Demo) => {
                let code = replay::demo(look.clone(), Place::of(settings)).await?;
                if code != ExitCode::SUCCESS {
                    return Ok(code);
                }
            }
        }
    }
}

async fn start_lab(options: &LabOptions) -> Result<(), Failure> {
    let mut printer = lab::Printer::stderr();
    let up = lab::up(options, &mut |news| printer.print(&news)).await;
    up.map(drop).map_err(|error| {
        printer.finish();
        error.into()
    })
}

/// The lab as `pgherd lab` without options has it; the environment may still say otherwise.
fn default_lab() -> Result<LabOptions, Failure> {
    match Cli::try_parse_from(["pgherd", "lab"]).map(|cli| cli.command) {
        Ok(Some(Command::Lab(args))) => Ok(args.options),
        Ok(_) => Err(Failure::Usage("`pgherd lab` is not understood".to_owned())),
        Err(error) => Err(Failure::Usage(error.to_string())),
    }
}

/// What the app has to know.
fn options(settings: &Settings, lab: Option<&LabOptions>) -> app::Options {
    let overrides = Overrides {
        zookeeper: settings.zookeeper.value.clone(),
        namespace: Some(settings.namespace.value.clone()),
        scope: settings.scope.value.clone(),
        members: settings.members.iter().map(|member| member.value.clone()).collect(),
        proxies: settings
            .proxies
            .iter()
            .map(|proxy| proxy.value.target.clone())
            .collect(),
    };
    let selector = lab
        .map(|lab| lab.project.clone())
        .or_else(|| settings.cluster.value.clone());
    app::Options {
        selector,
        overrides,
        read_only: settings.read_only.value,
        log_memory: Some(settings.log_memory.value),
        mark: settings.mark.value,
        keymap: settings.keymap.clone(),
    }
}

fn look(settings: &Settings) -> Result<Look, Failure> {
    let theme = Theme::named(&settings.theme.value)
        .map_err(|error| Failure::Usage(format!("{}: {error}", settings.theme.from)))?;
    Ok(match settings.time_zone.value {
        TimeZone::Local => Look::local(theme),
        TimeZone::Utc => Look {
            theme,
            zone: jiff::tz::TimeZone::UTC,
        },
    })
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        Self::Usage(error.to_string())
    }
}

impl From<LabError> for Failure {
    fn from(error: LabError) -> Self {
        Self::Failed(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::Unsupported {
            Self::NoTerminal(error.to_string())
        } else {
            Self::Failed(format!("terminal: {error}"))
        }
    }
}

/// The answer of a command that opens no screen. A reader that went away has read enough.
fn say(text: &str) -> Result<(), Failure> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::Failed(format!("standard output: {error}")))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
