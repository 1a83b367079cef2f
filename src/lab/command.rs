//! Runs an external command with a deadline and keeps its last lines. Knows nothing of what the command does.

use std::collections::VecDeque;
use std::io;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::Command;

use super::error::LabError;
use crate::model::text::clean;

/// How many lines of a failed command are kept for the error.
const TAIL: usize = 20;
/// How much is kept of a line, in bytes: what a progress bar wrote last stands at its end.
const LINE: usize = 16 << 10;

/// Runs the command to its end; an exit code other than 0 is an error with the last lines of both outputs.
/// Past the deadline the command is killed.
pub(super) async fn run(what: &str, mut command: Command, deadline: Duration) -> Result<(), LabError> {
    let line = command_line(&command);
    let failed = |status: String, tail: Vec<String>| LabError::Command {
        what: what.to_owned(),
        command: line.clone(),
        status,
        tail,
    };
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(error.to_string(), Vec::new()))?;
    let tail = Tail::default();
    let (out, err) = (child.stdout.take(), child.stderr.take());
    let ended = tokio::time::timeout(deadline, async {
        let ((), (), status) = tokio::join!(tail.keep(out), tail.keep(err), child.wait());
        status
    });
    match ended.await {
        Err(_) => Err(LabError::TimedOut {
            what: what.to_owned(),
            command: line.clone(),
            deadline,
            tail: tail.lines(),
        }),
        Ok(Err(error)) => Err(failed(error.to_string(), tail.lines())),
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(failed(status.to_string(), tail.lines())),
    }
}

/// Whether a command can be run and ends with 0 soon: how the presence of a program is found out.
pub(super) async fn answers(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments);
    run("asking for its version", command, Duration::from_secs(10))
        .await
        .is_ok()
}

/// The command as the user could type it.
fn command_line(command: &Command) -> String {
    let command = command.as_std();
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}

/// One line from outside, safe for a terminal: no escape sequences, no control characters, bounded.
pub(super) fn printable(line: &str) -> String {
    clean(line).chars().filter(|c| !c.is_control()).take(500).collect()
}

/// The last lines of two streams, in the order they came.
#[derive(Debug, Default, Clone)]
struct Tail(Arc<Mutex<VecDeque<String>>>);

impl Tail {
    async fn keep(&self, stream: Option<impl AsyncRead + Unpin>) {
        let Some(stream) = stream else { return };
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        // Bytes and not lines: a tool may print what is not UTF-8, and that must not stop the reading.
        while next_line(&mut reader, &mut bytes).await.is_ok_and(|read| read) {
            // A progress bar rewrites its line: what stands last is what a person saw.
            let text = String::from_utf8_lossy(&bytes);
            let text = printable(text.trim_end().rsplit('\r').next().unwrap_or_default());
            bytes.clear();
            if text.is_empty() {
                continue;
            }
            let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == TAIL {
                lines.pop_front();
            }
            lines.push_back(text);
        }
    }

    fn lines(&self) -> Vec<String> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .iter()
            .cloned()
            .collect()
    }
}

/// Reads to the end of the line into `bytes`, of which only the last [`LINE`] stay; false when there is nothing more.
async fn next_line(reader: &mut (impl AsyncBufRead + Unpin), bytes: &mut Vec<u8>) -> io::Result<bool> {
    let mut any = false;
    loop {
        let piece = reader.fill_buf().await?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(piece.len(), |end| end + 1);
        bytes.extend(piece.iter().take(taken));
        bytes.drain(..bytes.len().saturating_sub(LINE));
        reader.consume(taken);
        any |= taken > 0;
        if end.is_some() || taken == 0 {
            return Ok(any);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_line_without_end_keeps_its_last_part() {
        let long = [&b"x".repeat(100_000)[..], b"\rlast\nnext\nrest"].concat();
        let (mut reader, mut bytes) = (BufReader::new(&long[..]), Vec::new());
        let mut seen = Vec::new();
        while next_line(&mut reader, &mut bytes).await.unwrap() {
            assert!(bytes.len() <= LINE);
            seen.push(
                String::from_utf8_lossy(&bytes)
                    .trim_end()
                    .rsplit('\r')
                    .next()
                    .unwrap()
                    .to_owned(),
            );
            bytes.clear();
        }
        assert_eq!(seen, ["last", "next", "rest"]);
    }

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[tokio::test]
    async fn failure_has_status_command_and_last_lines() {
        let error = run(
            "the test",
            shell("echo a; printf 'b\\033[31m\\377\\n' >&2; exit 3"),
            Duration::from_secs(5),
        );
        let text = error.await.unwrap_err().to_string();
        assert!(text.contains("the test failed (exit status: 3): sh -c"), "{text}");
        assert!(text.contains("| a") && text.contains("| b\u{fffd}"), "{text}");
        assert!(!text.contains('\x1b'));
    }

    #[tokio::test]
    async fn deadline_kills() {
        let started = std::time::Instant::now();
        let error = run(
            "the test",
            shell("echo before; exec sleep 30"),
            Duration::from_millis(200),
        )
        .await
        .unwrap_err();
        assert!(started.elapsed() < Duration::from_secs(5));
        assert!(matches!(error, LabError::TimedOut { tail, .. } if tail == ["before"]));
    }

    #[tokio::test]
    async fn missing_program_is_not_an_answer() {
        assert!(!answers("/nonexistent/docker", &["version"]).await);
        assert!(answers("true", &[]).await);
    }
}
