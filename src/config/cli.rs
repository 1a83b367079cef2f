//! The command line as clap reads it: names, help and defaults, no behaviour.

use clap::{Parser, Subcommand};

use super::lab::LabArgs;

/// See a Patroni cluster as it really is, stop its leader with a key, watch the failover.
#[derive(Debug, Parser)]
#[command(
    name = "pgherd",
    version,
    about,
    after_help = "Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 nothing found, 4 not a terminal."
)]
pub struct Cli {
    /// What to do; without it, the live monitor.
    #[command(subcommand)]
    pub command: Option<Command>,
}

/// What the program can be asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the reference cluster and open the monitor on it; or manage it.
    Lab(LabArgs),
}
