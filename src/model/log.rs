//! Lines of container logs.

use super::name::ContainerName;
use super::time::Timestamp;

/// How serious a line says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// Debug and finer.
    Debug,
    /// Everything normal, and lines without a level.
    Info,
    /// Warnings.
    Warning,
    /// Errors.
    Error,
    /// FATAL, PANIC, CRITICAL, ALERT.
    Fatal,
}

/// One whole line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogLine {
    /// Docker's stamp: the order.
    pub at: Timestamp,
    /// Where it came from.
    pub container: ContainerName,
    /// Written to stderr.
    pub stderr: bool,
    /// Guessed from its text.
    pub level: Level,
    /// Clean text without line break.
    pub text: String,
}
