//! How the program ends when something is wrong, and with which code.

use std::io;
use std::process::ExitCode;

/// Why a command failed; each has its own exit code.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// 1: it was tried and did not work.
    Failed(String),
    /// 2: the options or the configuration make no sense (clap uses 2 too).
    Usage(String),
    /// 3: what was named is not there.
    Nothing(String),
    /// 4: the screen needs a terminal, and there is none.
    NoTerminal(String),
}

/// 3: nothing was found to watch.
pub(crate) const NOTHING_FOUND: u8 = 3;

impl Failure {
    /// Says it on standard error; gives the exit code.
    #[expect(clippy::print_stderr, reason = "the place where errors of commands are said")]
    pub(crate) fn told(self) -> ExitCode {
        let (code, text) = match self {
            Self::Failed(text) => (1, text),
            Self::Usage(text) => (2, text),
            Self::Nothing(text) => (NOTHING_FOUND, text),
            Self::NoTerminal(text) => (4, text),
        };
        eprintln!("pgherd: {text}");
        ExitCode::from(code)
    }
}

/// Why a new file cannot be made, and what to do where that is not plain.
pub(crate) fn refusal(error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::AlreadyExists {
        "it is there already, and nothing is written over: name another file".to_owned()
    } else {
        error.to_string()
    }
}
