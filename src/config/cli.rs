//! The command line as clap reads it: names and help, no behaviour.
//!
//! Values are taken as text and checked where those of the environment and of the file are: one rule, one message.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::lab::LabArgs;
use super::operate::OperateCommand;

/// See a Patroni cluster as it really is, stop its leader with a key, watch the failover.
#[derive(Debug, Parser)]
#[command(
    name = "pgherd",
    version,
    about,
    after_help = "Every option is also a key of the configuration file and a variable PGHERD_…; pgherd config shows \
                  what holds and why.\n\
                  Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 nothing found, 4 not a terminal."
)]
pub struct Cli {
    /// What to do; without it, the live monitor.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// What to look at, and how.
    #[command(flatten)]
    pub monitor: MonitorArgs,
}

/// What the program can be asked to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Start the reference cluster and open the monitor on it; or manage it.
    Lab(LabArgs),
    /// Print which clusters are found here, and why.
    Discover,
    /// Check the cluster: write on the leader, see it on every replica and through the entry point, clean up.
    #[command(
        long_about = "Check the cluster: make a table on the leader, see its row on every replica, have a write on each \
                      replica refused, write and read through the entry point, remove the table.\n\
                      The role needs CREATE on the schema public of the database.\n\
                      Exit codes: 0 all steps passed, 1 a step failed, 2 wrong usage, 3 nothing found."
    )]
    Check {
        /// Print one JSON document at the end instead of lines.
        #[arg(long)]
        json: bool,
    },
    /// Operations of the cluster, named as in patronictl.
    #[command(flatten)]
    Operate(OperateCommand),
    /// Cause a fault for a drill; without a name, list them with what to expect.
    Fault(FaultArgs),
    /// Take back the faults that runs of pgherd left, and wait until the members are well.
    Heal(HealArgs),
    /// Print who did what to the cluster with pgherd, and what became of it.
    Audit(AuditArgs),
    /// Print the log lines of all containers in one order of time, or of some; as text or JSON, for pipes.
    Logs(LogsArgs),
    /// Make or remove the table of the probe; see --probe.
    Probe(ProbeArgs),
    /// Play a record: the same screen, with time travel.
    Replay {
        /// As --record or a key made it.
        file: PathBuf,
    },
    /// Play the recording of a failover of the reference cluster that is built in; needs no Docker.
    Demo,
    /// Write the report of an episode in a record, as Markdown unless told otherwise.
    Report(ReportArgs),
    /// Print the resolved configuration, and where each value came from.
    Config,
}

/// `pgherd fault …`
#[derive(Debug, Args)]
pub struct FaultArgs {
    /// Which one.
    pub fault: Option<String>,
    /// To which container or member; leader is the one that leads, store any server of ZooKeeper, store-leader the one
    /// that leads the ensemble, store-majority as many as it cannot do without.
    #[arg(long, value_name = "NAME", default_value = "leader")]
    pub on: String,
    /// Another one at the same moment, such as pause:store; may be given several times.
    #[arg(long = "with", value_name = "FAULT:NAME")]
    pub with: Vec<String>,
    /// Heal it after this time, such as 30s or 2m; without it, it lasts until it is healed.
    #[arg(long = "for", value_name = "TIME")]
    pub lasts: Option<String>,
    /// Do not ask.
    #[arg(short, long)]
    pub yes: bool,
}

/// `pgherd heal …`
#[derive(Debug, Args)]
pub struct HealArgs {
    /// Only say what there is to heal.
    #[arg(long)]
    pub list: bool,
    /// Those of runs that still go on too.
    #[arg(long)]
    pub all: bool,
}

/// `pgherd audit …`
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// One JSON object a line.
    #[arg(long)]
    pub json: bool,
}

/// `pgherd logs …`
#[derive(Clone, Debug, Default, Args)]
#[command(
    long_about = "Print the log lines of all containers of the cluster in one order of time, or of some of them.\n\n\
                  A line is its time, its container and its text, without control characters and passwords. Everything \
                  that Docker has is printed unless --tail or --since says otherwise. Lines that cannot be had are told on \
                  standard error.",
    after_help = "With --json, each line is one object:\n  \
                  {\"at\": RFC 3339 in UTC with microseconds, \"container\": text, \"stream\": \"stdout\" or \"stderr\",\n   \
                  \"level\": \"debug\", \"info\", \"warning\", \"error\" or \"fatal\", \"text\": text}\n\
                  and where lines cannot be had:\n  \
                  {\"at\": …, \"container\": …, \"gap\": why}\n\
                  Exit codes: 0 done or the reader went away, 1 some lines could not be read, 2 wrong usage, \
                  3 no cluster or no such container, 130 ended by ctrl-C."
)]
pub struct LogsArgs {
    /// Only these: names of containers or of compose services.
    #[arg(value_name = "CONTAINER")]
    pub containers: Vec<String>,
    /// Go on with what is written from now on, until ctrl-C.
    #[arg(short, long)]
    pub follow: bool,
    /// Only lines with this regular expression; in lower case it matches either case.
    #[arg(long, value_name = "REGEX")]
    pub grep: Option<String>,
    /// No lines with this regular expression.
    #[arg(long, value_name = "REGEX")]
    pub exclude: Option<String>,
    /// Only lines of this level and above: debug, info, warning, error or fatal.
    #[arg(long, value_name = "LEVEL")]
    pub level: Option<String>,
    /// Print one JSON object a line.
    #[arg(long)]
    pub json: bool,
    /// Print times in UTC, as --time-zone utc.
    #[arg(long)]
    pub utc: bool,
}

/// `pgherd probe …`
#[derive(Debug, Args)]
pub struct ProbeArgs {
    /// What to do.
    #[command(subcommand)]
    pub command: ProbeCommand,
}

/// What `pgherd probe` can be asked to do.
#[derive(Debug, Subcommand)]
pub enum ProbeCommand {
    /// Make the table pgherd.probe on the leader: a ring of 8192 rows for the writes of --probe=write.
    Install {
        /// The role that pgherd watches with, if that is not the one that makes the table.
        #[arg(long, value_name = "ROLE")]
        role: Option<String>,
    },
    /// Remove the table and its schema.
    Uninstall,
}

/// What `pgherd report` takes.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// A record, as --record or a key made it.
    pub file: PathBuf,
    /// One JSON document instead; its schema has a version.
    #[arg(long, conflicts_with = "svg")]
    pub json: bool,
    /// The waterfall as a picture instead.
    #[arg(long)]
    pub svg: bool,
    /// Which episode of the record [default: the last].
    #[arg(long, value_name = "N")]
    pub episode: Option<u32>,
    /// Into this new file instead of standard output.
    #[arg(short, long, value_name = "OUT")]
    pub out: Option<PathBuf>,
}

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Monitor options")]
pub struct MonitorArgs {
    /// Configuration file.
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        help = "Configuration file [default: $XDG_CONFIG_HOME/pgherd/config.toml]"
    )]
    pub config: Option<PathBuf>,
    /// Which cluster, if several are found: its compose project or its scope.
    #[arg(long, global = true, value_name = "NAME")]
    pub cluster: Option<String>,
    /// Docker's API.
    #[arg(
        long,
        global = true,
        value_name = "URL",
        help = "Docker's API, such as unix:///var/run/docker.sock [default: as the docker command]"
    )]
    pub docker_host: Option<String>,
    /// ZooKeeper servers instead of those found; several by commas or by repeating the option.
    #[arg(long, global = true, value_name = "HOST:PORT", value_delimiter = ',')]
    pub zookeeper: Vec<String>,
    /// Patroni's namespace [default: /service].
    #[arg(long, global = true, value_name = "PATH")]
    pub namespace: Option<String>,
    /// Patroni's scope: the name of the cluster in ZooKeeper.
    #[arg(long, global = true, value_name = "NAME")]
    pub scope: Option<String>,
    /// PostgreSQL role to ask the members with.
    #[arg(long, global = true, value_name = "ROLE")]
    pub user: Option<String>,
    /// Database to connect to [default: postgres].
    #[arg(long, global = true, value_name = "NAME")]
    pub database: Option<String>,
    /// Colours: dark, light or mono [default: dark; mono with NO_COLOR].
    #[arg(long, global = true, value_name = "NAME")]
    pub theme: Option<String>,
    /// Refuse every key that changes the cluster; --read-only=false overrides the file.
    #[arg(
        long,
        global = true,
        value_name = "BOOL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "true"
    )]
    pub read_only: Option<String>,
    /// What the cluster is for: test, protected (no faults at all) or none: faults need a name typed [default: none].
    #[arg(long, global = true, value_name = "MARK")]
    pub mark: Option<String>,
    /// What to try through the entry point as any client would: write, read, off; auto is write on a lab [default: auto].
    #[arg(
        long,
        global = true,
        value_name = "WHAT",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "write"
    )]
    pub probe: Option<String>,
    /// How many log lines of each container to read at the start [default: 200].
    #[arg(long, global = true, value_name = "LINES")]
    pub tail: Option<String>,
    /// Memory for the log lines that are kept, in MB; what no longer fits is counted [default: 28].
    #[arg(long, global = true, value_name = "MB")]
    pub log_memory: Option<String>,
    /// Read log lines from then on instead: all, a span such as 10m, or a time such as 2026-11-22T19:17:51Z.
    #[arg(long, global = true, value_name = "WHEN", conflicts_with = "tail")]
    pub since: Option<String>,
    /// Record the run into this new file, or into a new file in this folder; pgherd replay plays it.
    #[arg(long, global = true, value_name = "FILE")]
    pub record: Option<String>,
    /// Length of a record at most, in MB [default: 256].
    #[arg(long, global = true, value_name = "MB")]
    pub record_limit: Option<String>,
    /// Time zone of the times shown: local or utc [default: local].
    #[arg(long, global = true, value_name = "ZONE")]
    pub time_zone: Option<String>,
    /// Folder for the reports that a key writes [default: the working folder].
    #[arg(long, global = true, value_name = "DIR")]
    pub reports: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn help_shows_no_markup_of_the_documentation() {
        let mut cli = Cli::command();
        let all = cli
            .find_subcommand_mut("lab")
            .map(|lab| lab.render_long_help().to_string());
        let all = all.unwrap() + &cli.render_long_help().to_string();
        assert!(all.contains("$XDG_CONFIG_HOME") && all.contains("loop_wait"), "{all}");
        assert!(!all.contains('`'), "{all}");
    }
}
