//! What the log pane shows of chatty containers: the lines of the real source, in the very store of the program.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use pgherd::app::logs::{Lens, LogStore};
use pgherd::model::log_start::LogStart;
use pgherd::model::signal::Signal;
use pgherd::model::time::Timestamp;
use pgherd::source::Context;
use pgherd::source::docker::{self as source, LogPlan};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::chatty::whole_log;

/// Ends with this.
pub(crate) struct View {
    store: Arc<Mutex<LogStore>>,
    gaps: Arc<Mutex<Vec<String>>>,
    _runtime: Runtime,
    _followed: watch::Sender<BTreeSet<pgherd::model::name::ContainerName>>,
    _depth: watch::Sender<LogStart>,
}

impl View {
    /// Follows these containers from their first line on, through the daemon at `host`.
    pub(crate) fn start(host: &str, names: &[String]) -> Self {
        let runtime = Runtime::new().unwrap();
        let (signals, mut inbox) = mpsc::channel(64);
        let begun = Instant::now();
        let context = Context {
            signals,
            clock: Arc::new(move || Timestamp::default().plus(begun.elapsed())),
            pace: Context::calm(),
            stop: CancellationToken::new(),
        };
        // As small as the monitor's, so that the source has to wait.
        let (sender, mut lines) = mpsc::channel(8);
        let (depth, start) = watch::channel(LogStart::All);
        let plan = LogPlan {
            outlet: Arc::new(move |_| sender.clone()),
            start,
            follow: true,
        };
        let names: BTreeSet<_> = names.iter().map(|name| name.as_str().into()).collect();
        let (followed, following) = watch::channel(names);
        let host = host.to_owned();
        runtime.spawn(async move {
            let docker = source::reach(&context, Some(&host)).await;
            source::watch(context, docker, following, plan).await;
        });
        runtime.spawn(async move { while inbox.recv().await.is_some() {} });
        let store = Arc::new(Mutex::new(LogStore::of_megabytes(256)));
        let gaps = Arc::new(Mutex::new(Vec::new()));
        let (kept, told) = (Arc::clone(&store), Arc::clone(&gaps));
        runtime.spawn(async move {
            while let Some(signal) = lines.recv().await {
                match signal {
                    Signal::Logs(lines) => {
                        let mut store = kept.lock().unwrap();
                        for line in lines {
                            store.push(line);
                        }
                    }
                    Signal::LogGap { why, .. } => told.lock().unwrap().push(why),
                    _ => {}
                }
            }
        });
        Self {
            store,
            gaps,
            _runtime: runtime,
            _followed: followed,
            _depth: depth,
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.store.lock().unwrap().counts(&Lens::default()).kept
    }

    pub(crate) fn wait_for(&self, lines: usize) {
        let begun = Instant::now();
        while self.count() < lines {
            assert!(begun.elapsed() < Duration::from_secs(30), "{} of {lines}", self.count());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Every line of these containers is there once, those of each output as they were written, and all in the order of
    /// their stamps.
    pub(crate) fn assert_whole_and_in_order(&self, names: &[String]) {
        assert_eq!(*self.gaps.lock().unwrap(), Vec::<String>::new());
        let store = self.store.lock().unwrap();
        let rows = store.window(&Lens::default(), None, usize::MAX);
        assert_eq!(store.counts(&Lens::default()).dropped, 0);
        for name in names {
            for (stderr, wanted) in [false, true].into_iter().zip(whole_log(name)) {
                let of_output = rows
                    .iter()
                    .filter(|row| row.line.container.as_str() == name && row.line.stderr == stderr);
                let shown: Vec<&str> = of_output.map(|row| row.line.text).collect();
                let differs = wanted.iter().zip(&shown).find(|(wanted, shown)| wanted != *shown);
                assert_eq!(differs, None, "{name}, stderr {stderr}");
                assert_eq!(shown.len(), wanted.len(), "{name}, stderr {stderr}");
            }
        }
        for pair in rows.windows(2) {
            let (before, after) = (&pair[0].line, &pair[1].line);
            assert!(
                before.at <= after.at,
                "{} {:?} before {} {:?}",
                before.container,
                before.at,
                after.container,
                after.at
            );
        }
        println!("{} lines in the view", rows.len());
    }
}
