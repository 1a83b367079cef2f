//! Who did what, when, and what became of it: `pgherd audit`, and the same for the screen.

use std::process::ExitCode;

use super::exit::Failure;
use super::say;
use crate::config::cli::AuditArgs;
use crate::config::settings::Settings;
use crate::journal::{self, Account, Entry, Outcome};
use crate::model::audit::{Audit, Audited};
use crate::model::text::clean_line;
use crate::model::time::Timestamp;

const NOWHERE: &str = "neither XDG_STATE_HOME nor HOME says where journals are";

/// Prints what was done by all runs.
///
/// # Errors
/// There is no folder for journals, or standard output fails.
pub(crate) fn print(args: &AuditArgs, settings: &Settings) -> Result<ExitCode, Failure> {
    let account = account(settings)?;
    for why in &account.unreadable {
        say(&format!("not read: {why}"))?;
    }
    for entry in &account.entries {
        say(&if args.json { document(entry) } else { line(entry) })?;
    }
    if account.entries.is_empty() && !args.json {
        say("nothing was done yet")?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The same for the screen. Reads files.
pub(super) fn list(settings: &Settings) -> Audit {
    let Some(folder) = &settings.journal else {
        return unread(NOWHERE);
    };
    let account = journal::read(folder);
    Audit {
        acts: account.entries.iter().map(audited).collect(),
        unread: account.unreadable,
    }
}

/// Nothing but why.
pub(super) fn unread(why: &str) -> Audit {
    Audit {
        acts: Vec::new(),
        unread: vec![clean_line(why)],
    }
}

/// What the journals of all runs say.
///
/// # Errors
/// There is no folder for them.
pub(super) fn account(settings: &Settings) -> Result<Account, Failure> {
    let folder = settings.journal.as_ref();
    let folder = folder.ok_or_else(|| Failure::Failed(NOWHERE.to_owned()))?;
    Ok(journal::read(folder))
}

fn audited(entry: &Entry) -> Audited {
    let (what, result) = told(entry);
    let failed = match &entry.outcome {
        Outcome::Deed(deed) => deed.failed.is_some(),
        Outcome::Fault { caused, over, .. } => match caused {
            Some(caused) => caused.is_err(),
            None => over.is_none(),
        },
    };
    Audited {
        at: entry.at,
        who: clean_line(&who(entry)),
        what: clean_line(&what),
        result: clean_line(&result),
        failed,
    }
}

fn who(entry: &Entry) -> String {
    let who = &entry.who;
    format!("{}@{} {} [{}]", who.user, who.host, who.terminal, who.process)
}

fn line(entry: &Entry) -> String {
    let Audited { who, what, result, .. } = audited(entry);
    format!("{}  {who}  {what}: {result}", when(entry.at))
}

/// `{"at", "user", "host", "terminal", "process", "what", "result"}`, all text but the process's number.
fn document(entry: &Entry) -> String {
    let (what, result) = told(entry);
    let who = &entry.who;
    serde_json::json!({
        "at": when(entry.at), "user": who.user, "host": who.host, "terminal": who.terminal, "process": who.process,
        "what": what, "result": result,
    })
    .to_string()
}

fn told(entry: &Entry) -> (String, String) {
    match &entry.outcome {
        Outcome::Deed(deed) => (
            if deed.target.is_empty() || deed.what.contains(&deed.target) {
                deed.what.trim_end_matches(',').to_owned()
            } else {
                format!("{} of {}", deed.what, deed.target)
            },
            deed.failed.clone().unwrap_or_else(|| "done".to_owned()),
        ),
        Outcome::Fault { fault, caused, over } => {
            let result = match (caused, over) {
                (Some(Err(why)), _) => why.clone(),
                (_, Some((at, how))) => format!("{how}, {}", when(*at)),
                (Some(Ok(())), None) if fault.undo.is_empty() => "done".to_owned(),
                (Some(Ok(())), None) => "still active".to_owned(),
                (None, None) => "begun; how it ended is not known".to_owned(),
            };
            (fault.title(), result)
        }
    }
}

/// In UTC, to the second.
pub(super) fn when(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.micros().div_euclid(1_000_000)).map_or_else(|_| "–".to_owned(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::{Deed, Who};

    #[test]
    fn what_failed_is_marked_and_nothing_reaches_the_screen_raw() {
        let deed = |failed: Option<&str>| Entry {
            at: Timestamp::from_millis(1_795_381_035_000),
            who: Who {
                user: "ro\u{1b}[31mot".to_owned(),
                host: "vm".to_owned(),
                terminal: "pts/1".to_owned(),
                process: 42,
            },
            alive: false,
            outcome: Outcome::Deed(Deed {
                what: "switchover".to_owned(),
                target: "post\u{7}gresql0".to_owned(),
                failed: failed.map(str::to_owned),
            }),
        };
        let good = audited(&deed(None));
        assert_eq!(
            (good.what.as_str(), good.result.as_str(), good.failed),
            ("switchover of postgresql0", "done", false)
        );
        assert!(
            good.who.ends_with("@vm pts/1 [42]") && !good.who.contains('\u{1b}'),
            "{}",
            good.who
        );
        let mut named = deed(None);
        named.outcome = Outcome::Deed(Deed {
            what: "restart of postgresql1, asked for,".to_owned(),
            target: "postgresql1".to_owned(),
            failed: None,
        });
        assert_eq!(audited(&named).what, "restart of postgresql1, asked for");
        let bad = audited(&deed(Some("refused")));
        assert!(bad.failed && bad.result == "refused");
        assert!(!line(&deed(Some("\u{1b}]0;x\u{7}"))).contains(['\u{1b}', '\u{7}']));
    }
}
