//! Log lines into a file: away from the screen's thread, for the owner alone, and never over a file unless that was agreed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::app::logs::{Lens, LogStore};
use crate::app::reading::{Save, Saved};
use crate::model::text::clean_line;
use crate::record;

/// Lines taken out of the store at a time.
const PART: usize = 10_000;

/// Writes what a store had when it was copied. A file that is begun and cannot be ended is taken away again.
pub(super) fn save(store: &LogStore, shown: &Lens, save: Save) -> Saved {
    let path = place_of(&save.file);
    let lens = if save.everything {
        Lens::default()
    } else {
        // Each repeat is a line of its own: a file has the room.
        Lens {
            fold: false,
            ..shown.clone()
        }
    };
    let told = |path: &Path| {
        clean_line(
            &fs::canonicalize(path)
                .unwrap_or_else(|_| path.to_owned())
                .display()
                .to_string(),
        )
    };
    let result = if save.replace {
        replace(&path, store, &lens)
    } else {
        record::create(&path).and_then(|file| write(file, &path, store, &lens))
    };
    match result {
        Ok(lines) => Saved::Written {
            file: told(&path),
            lines,
        },
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && !save.replace => Saved::Exists(save),
        Err(error) => Saved::Failed(format!("{}: {error}", clean_line(&path.display().to_string()))),
    }
}

/// The path that was typed; `~/` is the home folder, as in a shell.
fn place_of(typed: &str) -> PathBuf {
    match (typed.strip_prefix("~/"), std::env::var_os("HOME")) {
        (Some(rest), Some(home)) => Path::new(&home).join(rest),
        _ => PathBuf::from(typed),
    }
}

/// Writes beside the old file first, so that one of both is whole at any time.
fn replace(path: &Path, store: &LogStore, lens: &Lens) -> io::Result<usize> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let lines = record::create(&beside).and_then(|file| write(file, &beside, store, lens))?;
    fs::rename(&beside, path).inspect_err(|_| drop(fs::remove_file(&beside)))?;
    Ok(lines)
}

fn write(file: File, path: &Path, store: &LogStore, lens: &Lens) -> io::Result<usize> {
    let mut file = BufWriter::new(file);
    let written = lines(&mut file, store, lens).and_then(|lines| file.flush().map(|()| lines));
    written.inspect_err(|_| drop(fs::remove_file(path)))
}

/// `2026-11-22T20:07:31.204512Z pg-master the line as it was written`, oldest first.
fn lines(to: &mut impl io::Write, store: &LogStore, lens: &Lens) -> io::Result<usize> {
    let (mut count, mut last) = (0, None);
    let mut end = store.first_page(lens, PART);
    while let Some(place) = end {
        for row in store
            .window(lens, end, PART)
            .iter()
            .filter(|row| Some(row.position) > last)
        {
            let at = jiff::Timestamp::from_microsecond(row.line.at.micros()).unwrap_or_default();
            writeln!(to, "{at:.6} {} {}", row.line.container, row.line.text)?;
            count += 1;
        }
        last = end;
        end = store.moved(lens, Some(place), false, PART).filter(|next| *next > place);
    }
    Ok(count)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::app::logs::Pattern;
    use crate::model::log::{Level, LogLine};
    use crate::model::time::Timestamp;

    fn store(lines: i64) -> LogStore {
        let mut store = LogStore::default();
        for at in 0..lines {
            store.push(LogLine {
                at: Timestamp::from_millis(at),
                container: "pg".into(),
                stderr: false,
                level: Level::Info,
                text: format!("no action {at}"),
                spans: Vec::new(),
            });
        }
        store
    }

    fn asked(file: &Path) -> Save {
        Save {
            file: file.display().to_string(),
            everything: false,
            replace: false,
        }
    }

    #[test]
    fn each_line_once_in_order_for_the_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("all.log");
        let count = i64::try_from(PART).unwrap() * 2 + 7;
        let repeats = Lens {
            fold: true,
            ..Lens::default()
        };
        let saved = save(&store(count), &repeats, asked(&file));
        assert!(
            matches!(saved, Saved::Written { lines, .. } if lines == PART * 2 + 7),
            "{saved:?}"
        );
        let text = fs::read_to_string(&file).unwrap();
        let wanted: Vec<String> = (0..count).map(|at| format!("no action {at}")).collect();
        let lines: Vec<&str> = text.lines().map(|line| line.split_once(" pg ").unwrap().1).collect();
        assert_eq!(lines, wanted);
        assert!(
            text.starts_with("1970-01-01T00:00:00.000000Z pg no action 0\n"),
            "{}",
            &text[..60]
        );
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_is_there_is_only_replaced_if_that_was_agreed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("mine");
        fs::write(&file, "mine").unwrap();
        let lens = Lens {
            matching: Some(Pattern::parse("action 3$").unwrap()),
            ..Lens::default()
        };
        assert_eq!(save(&store(9), &lens, asked(&file)), Saved::Exists(asked(&file)));
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
        let agreed = Save {
            replace: true,
            ..asked(&file)
        };
        let saved = save(&store(9), &lens, agreed.clone());
        assert!(matches!(saved, Saved::Written { lines: 1, .. }), "{saved:?}");
        assert!(fs::read_to_string(&file).unwrap().ends_with(" pg no action 3\n"));
        let all = Save {
            everything: true,
            ..agreed
        };
        assert!(matches!(save(&store(9), &lens, all), Saved::Written { lines: 9, .. }));
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing is left beside it"
        );
        let nowhere = asked(&folder.path().join("none/file"));
        assert!(matches!(save(&store(9), &lens, nowhere), Saved::Failed(why) if why.contains("none/file: ")));
    }
}
