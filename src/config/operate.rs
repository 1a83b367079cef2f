//! The commands that operate a cluster, as clap reads them: names and help, no behaviour. Whoever knows `patronictl`
//! finds its names here; the cluster is not named, since there is one, or `--cluster` says which.

use clap::{Args, Subcommand, ValueEnum};

/// What the cluster can be asked to do. Each says what will happen and asks, and ends when it has happened.
#[derive(Clone, Debug, Subcommand)]
pub enum OperateCommand {
    /// Hand the leadership over, planned and without loss.
    Switchover {
        /// Who has to be leading [default: who leads].
        #[arg(long, alias = "primary", value_name = "MEMBER")]
        leader: Option<String>,
        /// Who takes over [default: Patroni chooses].
        #[arg(long, value_name = "MEMBER")]
        candidate: Option<String>,
        /// When, with a time zone: 2026-11-22T21:00:00+01:00 [default: now].
        #[arg(long, alias = "scheduled", value_name = "TIME")]
        at: Option<String>,
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Promote a member, also without a leader, also at a loss.
    Failover {
        /// Who takes over.
        #[arg(long, value_name = "MEMBER")]
        candidate: String,
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Restart a member's PostgreSQL.
    Restart {
        /// Whose.
        member: String,
        /// Only if new settings wait for a restart.
        #[arg(long)]
        pending: bool,
        /// When, with a time zone [default: now].
        #[arg(long, alias = "scheduled", value_name = "TIME")]
        at: Option<String>,
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Restart every PostgreSQL: the replicas one after the other, then the leader hands over.
    RollingRestart {
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Have a member's Patroni read its configuration file again.
    Reload {
        /// Whose.
        member: String,
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Remove a replica's data and copy it anew.
    Reinit {
        /// Whose.
        member: String,
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Maintenance mode: Patroni changes nothing by itself.
    Pause {
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// End the maintenance mode.
    Resume {
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Withdraw what is scheduled.
    Flush {
        /// What.
        event: Event,
        /// Whose restart.
        #[arg(required_if_eq("event", "restart"))]
        member: Option<String>,
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Change the dynamic configuration, in $EDITOR unless told otherwise; shows the difference before it is sent.
    EditConfig {
        /// Set a value; null removes it.
        #[arg(short, long, value_name = "KEY=VALUE")]
        set: Vec<String>,
        /// Set a parameter of PostgreSQL; short for --set postgresql.parameters.KEY=VALUE.
        #[arg(short, long, value_name = "KEY=VALUE")]
        pg: Vec<String>,
        /// Lay the YAML or JSON of this file over it; - is standard input.
        #[arg(long, value_name = "FILE", conflicts_with = "replace")]
        apply: Option<String>,
        /// Replace all of it by this file; - is standard input.
        #[arg(long, value_name = "FILE")]
        replace: Option<String>,
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
    /// Print the dynamic configuration.
    ShowConfig {
        /// As JSON instead of YAML.
        #[arg(long)]
        json: bool,
    },
    /// Set the state of a server of HAProxy, over its admin socket.
    SetServer {
        /// Section and server as in HAProxy's statistics.
        #[arg(value_name = "SECTION/SERVER")]
        server: String,
        /// The state.
        state: State,
        /// Which HAProxy [default: the only one].
        #[arg(long, value_name = "NAME")]
        proxy: Option<String>,
        /// How it is asked for.
        #[command(flatten)]
        way: Way,
    },
}

/// How an operation is asked for and told.
#[derive(Clone, Copy, Debug, Default, Args)]
pub struct Way {
    /// Do not ask.
    #[arg(short, long, alias = "force")]
    pub yes: bool,
    /// Print one JSON document at the end instead of lines; needs --yes.
    #[arg(long, requires = "yes")]
    pub json: bool,
}

/// What may be scheduled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Event {
    /// A switchover.
    Switchover,
    /// A restart of a member.
    Restart,
}

/// States of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// In use as its checks say.
    Ready,
    /// Keeps its sessions, takes no new one.
    Drain,
    /// Out of use and not checked.
    Maint,
}
