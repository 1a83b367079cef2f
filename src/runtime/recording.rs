//! The record of a run: where it goes, and what the app is told of it.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use crate::app::App;
use crate::app::event::{Event, RecordNews};
use crate::config::settings::Settings;
use crate::model::text::clean_line;
use crate::model::time::Timestamp;
use crate::record::{self, Recorder};

use super::exit::{Failure, refusal};

/// Records into one file at a time, or none.
#[derive(Default)]
pub(super) struct Tape {
    running: Option<(String, Recorder)>,
    /// Opened at the start, for the first state.
    opened: Option<(PathBuf, File)>,
    /// Where a record goes that a key begins.
    folder: Option<PathBuf>,
    /// Bytes.
    limit: u64,
    /// Why the last record ended by itself.
    broken: Option<String>,
}

impl Tape {
    /// Opens the file that the settings name, if they do; of a folder, a new file in it.
    pub(super) fn prepare(settings: &Settings, now: Timestamp) -> Result<Self, Failure> {
        let opened = settings.record.value.as_ref().map(|path| {
            let is_folder = path.is_dir() || path.to_string_lossy().ends_with('/');
            let (path, file) = if is_folder {
                let name = file_name(None, now);
                (path.join(&name), record::create_in(path, &name))
            } else {
                (path.clone(), record::create(path))
            };
            match file {
                Ok(file) => Ok((path, file)),
                Err(error) => Err(Failure::Failed(format!(
                    "cannot record into {}: {}",
                    shown(&path),
                    refusal(&error)
                ))),
            }
        });
        Ok(Self {
            running: None,
            opened: opened.transpose()?,
            folder: settings.records.clone(),
            limit: u64::from(settings.record_limit.value) << 20,
            broken: None,
        })
    }

    /// A new state to begin with. What the app is to be told of it.
    pub(super) fn attach(&mut self, app: &App) -> Option<RecordNews> {
        if let Some((shown, recorder)) = &mut self.running {
            recorder.state(app);
            return Some(RecordNews::Began(shown.clone()));
        }
        let (path, file) = self.opened.take()?;
        Some(self.begin(shown(&path), || Ok(file), app))
    }

    /// Notes an event before the app takes it.
    pub(super) fn note(&mut self, event: &Event, now: Timestamp) {
        if let Some((_, recorder)) = &mut self.running {
            recorder.event(event, now);
        }
    }

    /// Begins a record, or ends the one that is written; then [`Tape::poll`] has the news.
    pub(super) fn turn(&mut self, app: &App) -> Option<RecordNews> {
        if let Some((_, recorder)) = &mut self.running {
            recorder.close();
            return None;
        }
        let Some(folder) = &self.folder else {
            return Some(RecordNews::Refused(
                "neither XDG_STATE_HOME nor HOME says where; start with --record FILE".to_owned(),
            ));
        };
        let (folder, name) = (folder.clone(), file_name(app.cluster.scope.as_deref(), app.now));
        let shown = shown(&folder.join(&name));
        Some(self.begin(shown, move || record::create_in(&folder, &name), app))
    }

    /// What became of the record meanwhile.
    pub(super) fn poll(&mut self) -> Option<RecordNews> {
        let (_, recorder) = self.running.as_ref()?;
        let why = recorder.ended()?.err();
        let (file, _) = self.running.take()?;
        self.broken = why.as_ref().map(|why| not_whole(&file, why));
        Some(RecordNews::Ended { file, why })
    }

    /// The program ends: writes the rest, and says it again if the last record is not whole.
    pub(super) fn finish(self) -> Result<(), Failure> {
        if let Some((path, _)) = self.opened {
            // Nothing came: an empty file would only be in the way of the next attempt.
            let _ = std::fs::remove_file(path);
        }
        let ended = match (self.running, self.broken) {
            (Some((shown, recorder)), _) => recorder.finish().map_err(|why| not_whole(&shown, &why)),
            (None, broken) => broken.map_or(Ok(()), Err),
        };
        ended.map_err(Failure::Failed)
    }

    fn begin(
        &mut self,
        shown: String,
        open: impl FnOnce() -> io::Result<File> + Send + 'static,
        app: &App,
    ) -> RecordNews {
        match Recorder::begin(open, app, self.limit) {
            Ok(recorder) => {
                self.running = Some((shown.clone(), recorder));
                RecordNews::Began(shown)
            }
            Err(error) => RecordNews::Refused(error.to_string()),
        }
    }
}

fn not_whole(file: &str, why: &str) -> String {
    format!("the record {file} is not whole: {why}")
}

/// `my_cluster-20261122T191751Z.pgherd`
fn file_name(cluster: Option<&str>, now: Timestamp) -> String {
    let plain = |c: char| {
        if c.is_alphanumeric() || matches!(c, '-' | '_') {
            c
        } else {
            '_'
        }
    };
    let cluster: String = cluster.unwrap_or("pgherd").chars().map(plain).take(80).collect();
    let time = jiff::Timestamp::from_microsecond(now.micros()).unwrap_or_default();
    format!("{cluster}-{}.{}", time.strftime("%Y%m%dT%H%M%SZ"), record::EXTENSION)
}

fn shown(path: &Path) -> String {
    clean_line(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_cluster_and_time() {
        let now = Timestamp::from_millis(1_763_839_071_000);
        assert_eq!(file_name(Some("db/0 x"), now), "db_0_x-20251122T191751Z.pgherd");
        assert_eq!(file_name(None, now), "pgherd-20251122T191751Z.pgherd");
    }
}
