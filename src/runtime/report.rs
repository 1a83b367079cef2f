//! Reports as files: Markdown, JSON and the waterfall side by side under one new name; and `pgherd report`, which gives
//! one of them of a record.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::app::App;
use crate::config::cli::ReportArgs;
use crate::config::settings::Settings;
use crate::model::explanation;
use crate::model::failover::Episode;
use crate::model::text::clean_line;
use crate::record::{Goal, Player};
use crate::report::{self, Report};

use super::exit::{Failure, NOTHING_FOUND, refusal};
use super::replay::unplayable;
use super::say;

/// `pgherd report`.
pub(super) fn run(args: &ReportArgs) -> Result<ExitCode, Failure> {
    let shown = clean_line(&args.file.display().to_string());
    let mut player = Player::open(&args.file).map_err(|error| unplayable(&shown, &error))?;
    player
        .go(Goal::End)
        .map_err(|error| Failure::Failed(format!("{shown}: {error}")))?;
    if let Some(flaw) = player.flaw() {
        warn(&format!("{shown}: {flaw}; the report is of what is there"));
    }
    let app = player.app();
    let Some(episode) = chosen(app, args.episode) else {
        warn(&format!("{shown}: {}", choice(app)));
        return Ok(ExitCode::from(NOTHING_FOUND));
    };
    let report = report::of(app, episode);
    let text = if args.json {
        report::json(&report).map_err(|error| Failure::Failed(error.to_string()))?
    } else if args.svg {
        report::svg(&report)
    } else {
        report::markdown(&report, None)
    };
    match &args.out {
        None => say(text.trim_end())?,
        Some(out) => write(out, &text).map_err(|error| {
            Failure::Failed(format!(
                "{}: {}",
                clean_line(&out.display().to_string()),
                refusal(&error)
            ))
        })?,
    }
    Ok(ExitCode::SUCCESS)
}

/// The episode of that number, or the last.
fn chosen(app: &App, number: Option<u32>) -> Option<&Episode> {
    let mut episodes = app.chronicle.episodes();
    match number {
        Some(number) => episodes.find(|episode| episode.number == number),
        None => episodes.next_back(),
    }
}

/// What there is instead of what was asked for.
fn choice(app: &App) -> String {
    let title = |episode: &Episode| format!("{} ({})", episode.number, explanation::title(episode, app.now));
    let titles: Vec<String> = app.chronicle.episodes().map(title).collect();
    if titles.is_empty() {
        "nothing fails in it".to_owned()
    } else {
        format!("no episode of that number; there is: {}", titles.join(", "))
    }
}

#[expect(
    clippy::print_stderr,
    reason = "beside the answer of a command, which goes to standard output"
)]
fn warn(text: &str) {
    eprintln!("pgherd: {text}");
}

/// Reports of one episode that may lie beside each other.
const TRIES: u32 = 1_000;

/// Where reports go.
pub(super) struct Place {
    folder: PathBuf,
    /// Instead of the folder, if nobody named that and it cannot be written.
    spare: Option<PathBuf>,
}

impl Place {
    /// As the settings say.
    pub(super) fn of(settings: &Settings) -> Self {
        match &settings.reports.value {
            Some(folder) => Self {
                folder: folder.clone(),
                spare: None,
            },
            None => Self {
                folder: PathBuf::from("."),
                spare: settings.spare_reports.clone(),
            },
        }
    }

    /// Writes the files, never over others. Gives their names for people.
    ///
    /// # Errors
    /// Why it cannot, for people; then nothing is left behind.
    pub(super) fn write(&self, report: &Report) -> Result<String, String> {
        let refused = |folder: &Path, error: &io::Error| format!("{}: {error}", shown(folder));
        if self.spare.is_none()
            && let Err(error) = fs::create_dir_all(&self.folder)
        {
            return Err(refused(&self.folder, &error));
        }
        match (write_in(&self.folder, report), &self.spare) {
            (Ok(path), _) => Ok(told(&path)),
            (Err(first), Some(spare)) => {
                let second = fs::create_dir_all(spare).and_then(|()| write_in(spare, report));
                second.map(|path| told(&path)).map_err(|error| {
                    format!(
                        "{}; {}; name a folder with --reports",
                        refused(&self.folder, &first),
                        refused(spare, &error)
                    )
                })
            }
            (Err(error), None) => Err(refused(&self.folder, &error)),
        }
    }
}

/// The Markdown's path, and that there is more.
fn told(path: &Path) -> String {
    format!("{} (and .json, .svg)", shown(path))
}

/// As short as it may be found by: below the working folder as it is, else absolute.
fn shown(path: &Path) -> String {
    let absolute = || fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let path = if path.starts_with(".") {
        path.to_owned()
    } else {
        absolute()
    };
    clean_line(&path.display().to_string())
}

/// All three under the first name that is free; the path of the Markdown.
fn write_in(folder: &Path, report: &Report) -> io::Result<PathBuf> {
    let name = name(report);
    for number in 1..=TRIES {
        let stem = if number == 1 {
            name.clone()
        } else {
            format!("{name}-{number}")
        };
        let [svg, json, markdown] = ["svg", "json", "md"].map(|ending| folder.join(format!("{stem}.{ending}")));
        if [&svg, &json, &markdown].iter().any(|path| path.exists()) {
            continue;
        }
        let texts = [
            (svg, report::svg(report)),
            (json, report::json(report)?),
            (markdown.clone(), report::markdown(report, Some(&format!("{stem}.svg")))),
        ];
        return match write_all(&texts) {
            Ok(()) => Ok(markdown),
            // Somebody else took that name just now.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => Err(error),
        };
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        format!("{name} is there {TRIES} times"),
    ))
}

/// All or nothing.
fn write_all(texts: &[(PathBuf, String)]) -> io::Result<()> {
    for (place, (path, text)) in texts.iter().enumerate() {
        if let Err(error) = write(path, text) {
            for (path, _) in texts.iter().take(place) {
                let _ = fs::remove_file(path);
            }
            return Err(error);
        }
    }
    Ok(())
}

/// A new file with that text, or no file.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create_new(path)?;
    file.write_all(text.as_bytes()).inspect_err(|_| {
        let _ = fs::remove_file(path);
    })
}

/// `pgherd-episode-1-20261122T201751Z`: by the fault, so that reports of one episode lie together.
fn name(report: &Report) -> String {
    let began = report.episode.began.at;
    let time = jiff::Timestamp::from_microsecond(began.micros()).unwrap_or_default();
    format!(
        "pgherd-episode-{}-{}",
        report.episode.number,
        time.strftime("%Y%m%dT%H%M%SZ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::App;
    use crate::model::fixture::{LEADER, World};

    fn report() -> Report {
        let mut world = World::healthy();
        let facts = world.kill(LEADER);
        let mut app = App::default();
        app.cluster = world.cluster.clone();
        app.now = world.now;
        app.tell_facts(facts);
        report::of(&app, app.chronicle.last().unwrap())
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn three_files_under_one_name_and_never_over_others() {
        let folder = tempfile::tempdir().unwrap();
        let place = Place {
            folder: folder.path().join("new/reports"),
            spare: None,
        };
        let first = "pgherd-episode-1-20261122T200000Z";
        let told = place.write(&report()).unwrap();
        assert!(
            told.ends_with(&format!("new/reports/{first}.md (and .json, .svg)")),
            "{told}"
        );
        // One file of three suffices to keep away from the name.
        fs::write(place.folder.join(format!("{first}-2.json")), "mine").unwrap();
        assert!(place.write(&report()).unwrap().contains(&format!("{first}-3.md")));
        assert_eq!(names(&place.folder).len(), 7);
        assert_eq!(
            fs::read_to_string(place.folder.join(format!("{first}-2.json"))).unwrap(),
            "mine"
        );
        let text = fs::read_to_string(place.folder.join(format!("{first}-3.md"))).unwrap();
        assert!(text.contains(&format!("]({first}-3.svg)")));
    }

    #[test]
    fn where_it_cannot_be_written_it_says_why_or_goes_elsewhere() {
        let folder = tempfile::tempdir().unwrap();
        // A file where a folder is needed refuses everybody, root too.
        let blocked = folder.path().join("file");
        fs::write(&blocked, "").unwrap();
        let place = Place {
            folder: blocked.clone(),
            spare: None,
        };
        let why = place.write(&report()).unwrap_err();
        assert!(why.contains("file: "), "{why}");
        let spare = folder.path().join("state/reports");
        let place = Place {
            folder: blocked.clone(),
            spare: Some(spare.clone()),
        };
        assert!(
            place
                .write(&report())
                .unwrap()
                .contains("state/reports/pgherd-episode-1-")
        );
        assert_eq!(names(&spare).len(), 3);
        let place = Place {
            folder: blocked.clone(),
            spare: Some(blocked),
        };
        assert!(place.write(&report()).unwrap_err().contains("--reports"));
    }

    #[test]
    fn a_write_that_fails_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let texts = [(path("a"), "a".to_owned()), (path("none/b"), "b".to_owned())];
        assert!(write_all(&texts).is_err());
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }
}
