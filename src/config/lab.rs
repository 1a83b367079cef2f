//! The options of the example cluster: what `pgherd lab` can be told. No behaviour.

use std::net::IpAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

/// `pgherd lab …`
#[derive(Debug, Clone, Args)]
pub struct LabArgs {
    /// What to do; without it: start the cluster, then open the monitor on it.
    #[command(subcommand)]
    pub command: Option<LabCommand>,
    /// Which cluster, and how.
    #[command(flatten)]
    pub options: LabOptions,
}

/// What `pgherd lab` can be asked to do.
#[derive(Debug, Clone, Subcommand)]
pub enum LabCommand {
    /// Start the cluster and wait until it is healthy; on a running one, change nothing.
    Up,
    /// Say what runs and whether it is healthy (exit code 0 if so, 1 if not).
    Status,
    /// Stop and remove the containers; the data stays.
    Down {
        /// Remove the data too.
        #[arg(long)]
        volumes: bool,
    },
    /// Remove everything, data too, and start again.
    Reset,
}

/// Options of every `pgherd lab` command. An option that is not given keeps the value of the last `up` of the project.
#[derive(Debug, Clone, Default, Args)]
pub struct LabOptions {
    /// Compose project: names of containers, network and volumes; labs of different projects live side by side.
    #[arg(long, global = true, env = "PGHERD_LAB_PROJECT", default_value = "pgherd", value_parser = project)]
    pub project: String,
    /// Timing of the cluster: as Patroni and HAProxy come (default), or the fastest that is sound (fast).
    #[arg(long, global = true, env = "PGHERD_LAB_PROFILE")]
    pub profile: Option<Profile>,
    /// Folder for the compose files and the choices made.
    #[arg(
        long,
        global = true,
        env = "PGHERD_LAB_STATE_DIR",
        help = "Folder for the compose files and the choices made [default: $XDG_STATE_HOME/pgherd/PROJECT]"
    )]
    pub state_dir: Option<PathBuf>,
    /// Host address the ports are published on [default: 127.0.0.1, since the lab's passwords are known to all].
    #[arg(long, global = true, env = "PGHERD_LAB_BIND")]
    pub bind: Option<IpAddr>,
    /// Host port of HAProxy's entry, which leads to the leader (0: a free one) [default: 5432].
    #[arg(long, global = true, env = "PGHERD_LAB_ENTRY_PORT")]
    pub entry_port: Option<u16>,
    /// Host port of HAProxy's statistics (0: a free one) [default: 7000].
    #[arg(long, global = true, env = "PGHERD_LAB_STATS_PORT")]
    pub stats_port: Option<u16>,
    /// Host port of PostgreSQL on pg-master (0: a free one) [default: 5433].
    #[arg(long, global = true, env = "PGHERD_LAB_PG0_PORT")]
    pub pg0_port: Option<u16>,
    /// Host port of PostgreSQL on pg-slave (0: a free one) [default: 5434].
    #[arg(long, global = true, env = "PGHERD_LAB_PG1_PORT")]
    pub pg1_port: Option<u16>,
    /// How many ZooKeeper servers: one, as in the reference cluster, or three, of which one may fail [default: 1].
    #[arg(long, global = true, env = "PGHERD_LAB_ZOOKEEPERS", value_name = "1|3", value_parser = zookeepers)]
    pub zookeepers: Option<u8>,
    /// Host port of ZooKeeper; further servers have the next ones (0: free ones) [default: 2181].
    #[arg(long, global = true, env = "PGHERD_LAB_ZOOKEEPER_PORT")]
    pub zookeeper_port: Option<u16>,
}

/// The timing of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Profile {
    /// ttl 30, loop_wait 10, retry_timeout 10; HAProxy every 3 s, 3 down, 2 up.
    #[default]
    Default,
    /// ttl 20, loop_wait 2, retry_timeout 3; HAProxy every 1 s, 2 down, 1 up.
    Fast,
}

/// Compose's own rule for project names.
fn project(text: &str) -> Result<String, String> {
    let first = text.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let rest = text
        .chars()
        .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
    if first && rest && text.len() <= 40 {
        Ok(text.to_owned())
    } else {
        Err("lower case letters, digits, '-' and '_', beginning with a letter or digit, at most 40".to_owned())
    }
}

/// An ensemble of two is lost with either of them; more than three show nothing that three do not.
fn zookeepers(text: &str) -> Result<u8, String> {
    match text {
        "1" => Ok(1),
        "3" => Ok(3),
        _ => Err("1 or 3".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: LabArgs,
    }

    #[test]
    fn options_stand_before_and_after_the_command() {
        let line =
            Line::try_parse_from(["x", "--project", "two", "up", "--entry-port", "0", "--profile", "fast"]).unwrap();
        assert_eq!(line.args.options.project, "two");
        assert_eq!(line.args.options.entry_port, Some(0));
        assert_eq!(line.args.options.profile, Some(Profile::Fast));
        assert!(matches!(line.args.command, Some(LabCommand::Up)));
    }

    #[test]
    fn project_names_are_those_of_compose() {
        for good in ["pgherd", "a-b_2", "7"] {
            assert!(project(good).is_ok(), "{good}");
        }
        for bad in ["", "Pg", "-a", "a b", "../x", &"a".repeat(41)] {
            assert!(project(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn zookeeper_runs_alone_or_as_three() {
        assert_eq!((zookeepers("1"), zookeepers("3")), (Ok(1), Ok(3)));
        for bad in ["", "0", "2", "5", "three"] {
            assert!(zookeepers(bad).is_err(), "{bad}");
        }
    }
}
