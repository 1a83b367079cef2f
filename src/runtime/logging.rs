//! The program's own log: everything that goes through `log` is kept for tui-logger's pane, and nothing is printed.

use log::{LevelFilter, Log, Metadata, Record};
use tui_logger::Drain;

/// Crates that are held at warnings: at debug level some write whole bodies, environments of containers included.
const CHATTY: [&str; 6] = [
    "bollard",
    "hyper",
    "hyper_util",
    "tokio_postgres",
    "zookeeper_client",
    "tracing",
];

/// Feeds tui-logger without its own thread, which wakes a hundred times a second and costs more than everything that is
/// drawn here.
struct OwnLog(Drain);

/// Starts the log. A second call changes nothing.
pub(crate) fn start() {
    let fresh = log::set_boxed_logger(Box::new(OwnLog(Drain::new()))).is_ok();
    if fresh {
        log::set_max_level(LevelFilter::Info);
        tui_logger::set_default_level(LevelFilter::Info);
    }
}

/// Moves what was logged to where the pane finds it.
pub(crate) fn collect() {
    log::logger().flush();
}

impl Log for OwnLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let root = metadata.target().split("::").next().unwrap_or_default();
        let most = if CHATTY.contains(&root) {
            LevelFilter::Warn
        } else {
            LevelFilter::Info
        };
        metadata.level() <= most
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            self.0.log(record);
        }
    }

    fn flush(&self) {
        tui_logger::move_events();
    }
}
