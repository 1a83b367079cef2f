//! From what the operator wants of the configuration to its changes: keys, a file, or the editor. Shows what differs.

use std::env;
use std::fs;
use std::io::{self, Read as _, Write as _};
use std::process::Command;

use serde_json::Value;

use crate::action::patroni::configuration;
use crate::action::patroni::document::{self, Document, changes as between, difference, from_yaml, yaml};
use crate::config::operate::Way;
use crate::model::operation::{Change, Operation};
use crate::model::text::clean_line;
use crate::model::topology::StoreTarget;
use crate::runtime::exit::Failure;
use crate::runtime::say;

/// What is asked for; nothing of all is the editor.
pub(in crate::runtime) struct Wanted {
    pub(in crate::runtime) set: Vec<String>,
    pub(in crate::runtime) pg: Vec<String>,
    pub(in crate::runtime) apply: Option<String>,
    pub(in crate::runtime) replace: Option<String>,
}

impl Wanted {
    fn is_editor(&self) -> bool {
        self.set.is_empty() && self.pg.is_empty() && self.apply.is_none() && self.replace.is_none()
    }
}

/// Reads the configuration, makes of it what is wanted, and shows the difference.
pub(super) async fn changes(store: &StoreTarget, wanted: &Wanted, way: Way) -> Result<Operation, Failure> {
    let document = configuration(store).await.map_err(Failure::Failed)?;
    let after = if wanted.is_editor() {
        if way.yes {
            return Err(Failure::Usage(
                "--yes leaves no time for an editor: say what with --set, --pg, --apply or --replace".to_owned(),
            ));
        }
        let text = yaml(&document.value).map_err(Failure::Failed)?;
        let edited = in_editor(&text).map_err(Failure::Failed)?;
        from_yaml(&edited).map_err(|why| Failure::Failed(format!("nothing is changed: {why}")))?
    } else {
        made(&document.value, wanted)?
    };
    if !way.json {
        let texts = yaml(&document.value).and_then(|before| Ok((before, yaml(&after)?)));
        let (before, after) = texts.map_err(Failure::Failed)?;
        let differs = difference(&before, &after);
        if !differs.is_empty() {
            say(differs.trim_end())?;
        }
    }
    Ok(edit(&document, &after))
}

/// What an edited text changes in the document.
///
/// # Errors
/// It is no YAML, for people.
pub(in crate::runtime) fn edited(document: &Document, text: &str) -> Result<Vec<Change>, String> {
    let after = from_yaml(text).map_err(|why| format!("nothing is changed: {why}"))?;
    Ok(between(&document.value, &after))
}

/// The operation that makes this of the document.
fn edit(document: &Document, after: &Value) -> Operation {
    Operation::EditConfig {
        version: Some(document.version),
        changes: between(&document.value, after),
    }
}

/// The document with all that was asked for, in the order of `patronictl`: files, then keys.
fn made(document: &Value, wanted: &Wanted) -> Result<Value, Failure> {
    let mut after = document.clone();
    let read = |file: &str| {
        let text = read(file).map_err(|error| Failure::Failed(clean_line(&format!("{file}: {error}"))))?;
        from_yaml(&text).map_err(|why| Failure::Failed(clean_line(&format!("{file}: {why}"))))
    };
    if let Some(file) = &wanted.replace {
        after = read(file)?;
    }
    if let Some(file) = &wanted.apply {
        document::merge(&mut after, &read(file)?);
    }
    let parameters = wanted.pg.iter().map(|text| format!("postgresql.parameters.{text}"));
    for text in wanted.set.iter().cloned().chain(parameters) {
        document::set(&mut after, &text).map_err(Failure::Usage)?;
    }
    Ok(after)
}

fn read(file: &str) -> io::Result<String> {
    if file == "-" {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        return Ok(text);
    }
    fs::read_to_string(file)
}

/// Has the operator edit a text in `$VISUAL` or `$EDITOR`, else in `vi`, in a file that only he can read and that is
/// removed afterwards. The terminal must be as a program finds it.
///
/// # Errors
/// The file or the editor fails, for people.
pub(in crate::runtime) fn in_editor(text: &str) -> Result<String, String> {
    let named = |name: &str| env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let editor = named("VISUAL")
        .or_else(|| named("EDITOR"))
        .unwrap_or_else(|| "vi".to_owned());
    let failed = |error: io::Error| clean_line(&format!("the file for the editor: {error}"));
    let file = tempfile::Builder::new().prefix("pgherd-").suffix(".yaml").tempfile();
    let mut file = file.map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    // It may hold arguments, and the file's name none of the shell's characters.
    let status = Command::new("sh")
        .args(["-c", &format!("{editor} \"$1\""), "sh"])
        .arg(file.path())
        .status();
    let editor = clean_line(&editor);
    match status {
        // By its name: many editors write a new file in its place.
        Ok(status) if status.success() => fs::read_to_string(file.path()).map_err(failed),
        Ok(status) => Err(format!("{editor}: {status}: nothing is changed")),
        Err(error) => Err(clean_line(&format!("{editor}: {error}"))),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wanted(set: &[&str], pg: &[&str]) -> Wanted {
        let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect();
        Wanted {
            set: texts(set),
            pg: texts(pg),
            apply: None,
            replace: None,
        }
    }

    #[test]
    fn files_come_first_and_keys_win() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            Some(path.display().to_string())
        };
        let before = json!({"ttl": 30, "loop_wait": 10});
        let keys = wanted(&["ttl=20"], &["max_connections=200"]);
        assert!(!keys.is_editor() && wanted(&[], &[]).is_editor());
        let parameters = json!({"parameters": {"max_connections": 200}});
        let made_of = |wanted: &Wanted| made(&before, wanted);
        assert_eq!(
            made_of(&keys).unwrap(),
            json!({"ttl": 20, "loop_wait": 10, "postgresql": parameters})
        );
        let applied = Wanted {
            apply: file("a.yaml", "ttl: 25\nloop_wait: null\n"),
            ..wanted(&[], &["max_connections=200"])
        };
        assert_eq!(made_of(&applied).unwrap(), json!({"ttl": 25, "postgresql": parameters}));
        let replaced = Wanted {
            replace: file("r.json", "{\"ttl\": 40}"),
            ..wanted(&[], &[])
        };
        assert_eq!(made_of(&replaced).unwrap(), json!({"ttl": 40}));
        let broken = Wanted {
            apply: file("b.yaml", "- 1"),
            ..wanted(&[], &[])
        };
        assert!(matches!(made_of(&broken), Err(Failure::Failed(_))));
        assert!(matches!(made_of(&wanted(&["ttl"], &[])), Err(Failure::Usage(_))));
    }
}
