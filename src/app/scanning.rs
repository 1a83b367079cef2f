//! Log lines are gone through for what is looked at, a little with each event: no key waits for it.

use crate::app::App;

/// Bytes of lines that one event goes through: some milliseconds for the slowest expression.
const STEP: usize = 2 << 20;

impl App {
    /// Goes on a little. True if there is more to do.
    pub fn scan_logs(&mut self) -> bool {
        self.aim();
        let more = self.logs.scan(STEP);
        if let Some(back) = self.view.logs.seeking {
            self.seek(back);
        }
        more
    }
}
