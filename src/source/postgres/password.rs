//! Passwords: kept so that they cannot be printed by mistake, and asked of a command where one is configured.

use std::fmt;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use super::Password;
use crate::model::link::Cause;
use crate::model::text::clean_line;

/// Text that is never shown: `Debug` and `Display` print `********`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes the text in.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, for the one place that sends it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("********")
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad("********")
    }
}

/// Longest time that a password command may take.
const DEADLINE: Duration = Duration::from_secs(5);
/// Shortest time between two runs of it: a command that fails or gives a wrong password is not hammered.
const PAUSE: Duration = Duration::from_secs(10);

/// A shell command that prints the password. Its answer is kept until a server rejects it.
#[derive(Debug)]
pub struct PasswordCommand {
    command: String,
    last: Mutex<Option<Answer>>,
}

#[derive(Debug)]
struct Answer {
    at: Instant,
    password: Result<Secret, Cause>,
}

impl PasswordCommand {
    /// For `sh -c command`; nothing runs yet.
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            last: Mutex::new(None),
        }
    }

    /// The command itself, as configured.
    pub fn command(&self) -> &str {
        &self.command
    }

    /// The password: of the last run, or of a new one if there was none or it failed.
    ///
    /// # Errors
    /// The command does not start, fails, prints nothing, or takes longer than 5 s.
    async fn password(&self) -> Result<Secret, Cause> {
        let mut last = self.last.lock().await;
        if let Some(Answer { at, password }) = &*last
            && (password.is_ok() || at.elapsed() < PAUSE)
        {
            return password.clone();
        }
        let password = run(&self.command)
            .await
            .map_err(|why| Cause::Other(format!("password_command: {why}")));
        let at = Instant::now();
        *last = Some(Answer {
            at,
            password: password.clone(),
        });
        password
    }

    /// A server rejected the password: the next login runs the command again.
    async fn rejected(&self) {
        let mut last = self.last.lock().await;
        if last.as_ref().is_some_and(|answer| answer.at.elapsed() >= PAUSE) {
            *last = None;
        }
    }
}

impl Password {
    /// The password to send, if there is one.
    ///
    /// # Errors
    /// The password command failed.
    pub(super) async fn ask(&self) -> Result<Option<Secret>, Cause> {
        match self {
            Self::None => Ok(None),
            Self::Given(secret) => Ok(Some(secret.clone())),
            Self::Command(command) => command.password().await.map(Some),
        }
    }

    /// A server rejected it.
    pub(super) async fn rejected(&self) {
        if let Self::Command(command) = self {
            command.rejected().await;
        }
    }
}

/// The first line that `sh -c command` prints. Neither it nor what the command says on stderr is part of an error:
/// both may hold the password.
async fn run(command: &str) -> Result<Secret, String> {
    let output = Command::new("sh")
        .args(["-c", command])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(DEADLINE, output)
        .await
        .map_err(|_| format!("no answer in {} s", DEADLINE.as_secs()))?
        .map_err(|error| clean_line(&error.to_string()))?;
    if !output.status.success() {
        return Err(format!("failed with {}", output.status));
    }
    let text = String::from_utf8(output.stdout).map_err(|_| "printed what is not UTF-8".to_owned())?;
    match text.lines().next() {
        Some(line) if !line.is_empty() => Ok(Secret::new(line)),
        _ => Err("printed nothing".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_cannot_be_printed() {
        let secret = Secret::new("hunter2");
        assert_eq!(format!("{secret} {secret:?}"), "******** ********");
        assert_eq!(secret.expose(), "hunter2");
    }

    #[tokio::test]
    async fn a_command_is_run_once_and_its_first_line_counts() {
        let folder = tempfile::tempdir().unwrap();
        let count = folder.path().join("count");
        let command = format!("echo x >> {}; printf 'p w\\nrest\\n'", count.display());
        let command = PasswordCommand::new(command);
        assert_eq!(command.password().await.unwrap().expose(), "p w");
        assert_eq!(command.password().await.unwrap().expose(), "p w");
        assert_eq!(std::fs::read_to_string(&count).unwrap(), "x\n");
        assert!(!format!("{command:?}").contains("p w\""));
    }

    #[tokio::test(start_paused = true)]
    async fn a_command_that_hangs_is_given_up() {
        assert_eq!(run("exec sleep 60").await.unwrap_err(), "no answer in 5 s");
    }

    #[tokio::test]
    async fn a_rejected_password_is_asked_for_again_and_not_at_once() {
        tokio::time::pause();
        let command = PasswordCommand::new("x");
        let answer = |text: &str| Answer {
            at: Instant::now(),
            password: Ok(Secret::new(text)),
        };
        *command.last.lock().await = Some(answer("old"));
        command.rejected().await;
        assert_eq!(command.password().await.unwrap().expose(), "old");
        tokio::time::advance(PAUSE).await;
        command.rejected().await;
        assert!(command.last.lock().await.is_none());
    }

    #[tokio::test]
    async fn a_command_that_fails_says_how_and_nothing_it_printed() {
        for (command, expected) in [
            ("echo hunter2; exit 3", "failed with exit status: 3"),
            ("true", "printed nothing"),
            ("printf '\\377\\n'", "printed what is not UTF-8"),
        ] {
            assert_eq!(run(command).await.unwrap_err(), expected, "{command}");
        }
    }
}
