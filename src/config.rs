//! The command line, the configuration file and the environment, resolved to one set of [`settings::Settings`] in which
//! every value knows where it came from.
//!
//! May name `model`, `net`, `source`, `action`, `app` and `ui`; knows nothing of `lab` and `runtime`. A higher layer wins:
//! flag, environment, file, default. Resolving is a pure function; the process's environment is read in one place.
//!
//! To add a setting: a flag in `cli`, a key in `file`, a field and a line of `resolve` in `settings`, a line in
//! `describe`, and the key with its default in `assets/config.toml`.

pub mod choices;
pub mod cli;
pub mod credentials;
mod describe;
pub mod environment;
pub mod file;
mod keys;
pub mod lab;
mod layers;
pub mod operate;
pub mod settings;
pub mod since;
pub(crate) mod values;

use std::path::PathBuf;

use self::cli::MonitorArgs;
use self::environment::Environment;
use self::settings::Settings;

pub use self::describe::describe;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A line of the configuration file.
    File {
        /// The file.
        path: PathBuf,
        /// Its line, from 1.
        line: usize,
    },
    /// An environment variable.
    Variable(String),
    /// A flag, with its dashes.
    Flag(String),
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}:{line}", path.display()),
            Self::Variable(name) | Self::Flag(name) => f.write_str(name),
        }
    }
}

/// A value, and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The value.
    pub value: T,
    /// Who gave it.
    pub from: Origin,
}

impl<T> Sourced<T> {
    /// A value that nobody gave.
    pub fn default(value: T) -> Self {
        Self {
            value,
            from: Origin::Default,
        }
    }
}

/// A configuration that cannot be used. Never holds the text of a secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct ConfigError {
    /// File and line, variable or flag.
    pub place: String,
    /// What is wrong, and what to do.
    pub problem: String,
}

impl ConfigError {
    fn at(place: &impl ToString, problem: impl Into<String>) -> Self {
        Self {
            place: place.to_string(),
            problem: problem.into(),
        }
    }
}

/// Finds and reads the file, and resolves everything.
///
/// # Errors
/// The file is named and not there, cannot be read or is wrong; or a value of any layer is.
pub fn load(flags: &MonitorArgs, environment: &Environment) -> Result<Settings, ConfigError> {
    let file = file::find(flags.config.as_deref(), environment)?;
    settings::resolve(flags, environment, file.as_ref())
}
