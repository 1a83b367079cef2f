//! The only place that knows every layer: the event loop, the terminal, running effects, logging.

use std::process::ExitCode;

use clap::Parser;

use crate::config::cli::{Cli, Command};

/// Runs the program; the exit code is documented in `--help`.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let Ok(runtime) = tokio::runtime::Runtime::new() else {
        return ExitCode::FAILURE;
    };
    match cli.command {
        Some(Command::Lab(args)) if runtime.block_on(crate::lab::run(&args)) => ExitCode::SUCCESS,
        Some(Command::Lab(_)) => ExitCode::FAILURE,
        None => ExitCode::SUCCESS,
    }
}
