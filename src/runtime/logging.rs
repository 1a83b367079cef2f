//! The program's own log: everything that goes through `log` is kept for tui-logger's pane, and nothing is printed.

use log::LevelFilter;

/// Starts the log. Chatty crates are held at warnings: at debug level bollard formats every body.
pub(crate) fn start() {
    if tui_logger::init_logger(LevelFilter::Debug).is_err() {
        return; // a log is there already: only in tests that run two monitors in one process
    }
    tui_logger::set_default_level(LevelFilter::Info);
    for target in [
        "bollard",
        "hyper",
        "hyper_util",
        "tokio_postgres",
        "zookeeper_client",
        "tracing",
    ] {
        tui_logger::set_level_for_target(target, LevelFilter::Warn);
    }
}
