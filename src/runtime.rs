//! The only place that knows every layer: the event loop, the terminal, running effects, logging.

use std::process::ExitCode;

use clap::Parser;

use crate::config::cli::{Cli, Command};

/// Runs the program; the exit code is documented in `--help`.
#[must_use]
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Lab(_) | Command::Discover | Command::Config) | None => ExitCode::SUCCESS,
    }
}
