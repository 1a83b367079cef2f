//! The answer to a question on the command line: a yes, or, where that is not enough, a name.

use std::io::{self, BufRead as _, Write as _};

use super::exit::Failure;

/// Asks, and reads the answer; `typed` is the name that has to be typed, and why.
///
/// # Errors
/// Standard input or output fails.
pub(super) fn answered(typed: Option<&(String, String)>) -> Result<bool, Failure> {
    let mut out = io::stdout().lock();
    let asked = match typed {
        Some((name, because)) => format!("Because {because}, type {name} to do it: "),
        None => "Go on? [y/N] ".to_owned(),
    };
    let written = out.write_all(asked.as_bytes()).and_then(|()| out.flush());
    written.map_err(|error| Failure::Failed(format!("standard output: {error}")))?;
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| Failure::Failed(format!("standard input: {error}")))?;
    Ok(agrees(&answer, typed.map(|(name, _)| name.as_str())))
}

fn agrees(answer: &str, name: Option<&str>) -> bool {
    let answer = answer.trim();
    match name {
        Some(name) => answer == name,
        None => matches!(answer, "y" | "Y" | "yes"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_yes_is_no_name() {
        for (answer, name, agreed) in [
            ("y\n", None, true),
            ("yes", None, true),
            ("\n", None, false),
            ("", None, false),
            ("pg-0\n", Some("pg-0"), true),
            ("y\n", Some("pg-0"), false),
            ("", Some("pg-0"), false),
            ("pg-1\n", Some("pg-0"), false),
        ] {
            assert_eq!(agrees(answer, name), agreed, "{answer:?} {name:?}");
        }
    }
}
