//! A script run inside a container, with a deadline and bounded output.

use std::time::Duration;

use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{CreateExecOptions, StartExecResults};
use futures_util::StreamExt;
use tokio::time::timeout;

use super::container::in_words;
use crate::model::text::{clean_bytes, clean_line};

/// Output that is kept.
const KEPT: usize = 64 * 1024;
/// The name by which the script knows itself among the processes.
const NAME: &str = "pgherd-inside";
/// What Docker answers where there is no such program.
const NO_PROGRAM: [i64; 2] = [126, 127];

const SCRIPT: &str = include_str!("drill/inside.sh");

/// Runs the function `words[0]` of the script with the other words; gives the lines that it printed, cleaned.
///
/// # Errors
/// What the script or Docker said, for people.
pub(super) async fn run(docker: &Docker, id: &str, words: &[&str], deadline: Duration) -> Result<Vec<String>, String> {
    timeout(deadline, exec(docker, id, words))
        .await
        .map_err(|_| format!("no answer from inside the container within {} s", deadline.as_secs()))?
}

async fn exec(docker: &Docker, id: &str, words: &[&str]) -> Result<Vec<String>, String> {
    let options = CreateExecOptions {
        cmd: Some([&["sh", "-c", SCRIPT, NAME], words].concat()),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        ..CreateExecOptions::default()
    };
    let made = docker
        .create_exec(id, options)
        .await
        .map_err(|error| in_words(&error))?;
    let started = docker
        .start_exec(&made.id, None)
        .await
        .map_err(|error| in_words(&error))?;
    let (mut said, mut complained) = (Vec::new(), Vec::new());
    if let StartExecResults::Attached { mut output, .. } = started {
        while let Some(piece) = output.next().await {
            let piece = piece.map_err(|error| in_words(&error))?;
            let (LogOutput::StdOut { message } | LogOutput::Console { message } | LogOutput::StdIn { message }) =
                &piece
            else {
                keep(&mut complained, piece.as_ref());
                continue;
            };
            keep(&mut said, message);
        }
    }
    let ended = docker.inspect_exec(&made.id).await.map_err(|error| in_words(&error))?;
    match ended.exit_code {
        Some(0) => Ok(clean_bytes(&said).lines().map(str::to_owned).collect()),
        Some(code) if NO_PROGRAM.contains(&code) => Err("there is no shell in the container to do it with".to_owned()),
        _ => Err(match clean_line(&clean_bytes(&complained)) {
            why if why.is_empty() => "it failed inside the container, and nothing was said".to_owned(),
            why => why,
        }),
    }
}

fn keep(kept: &mut Vec<u8>, piece: &[u8]) {
    let room = KEPT.saturating_sub(kept.len()).min(piece.len());
    kept.extend_from_slice(piece.get(..room).unwrap_or_default());
}
