//! Lines selected and copied: their text alone, without border, time or name.

use crate::app::App;
use crate::app::event::Effect;

/// Bytes that are copied at most: in base64 about as much as terminals take in one sequence.
pub const MOST_COPIED: usize = 54_000;
/// Rows that are copied at most: no more fit into that with a letter each.
const MOST_ROWS: usize = MOST_COPIED / 2;

impl App {
    /// Begins a selection at the line that keys are about, or ends it.
    pub(super) fn select(&mut self) {
        if self.view.logs.anchor.take().is_some() {
            return;
        }
        let Some(line) = self.current_line() else {
            return self.tell("there is no line to select".to_owned(), true);
        };
        self.view.logs.anchor = Some(line);
        self.point_at(line);
    }

    /// Moves the end of the selection; the view goes along.
    pub(in crate::app) fn stretch(&mut self, back: bool, steps: usize) {
        let logs = &self.view.logs;
        let from = logs.pick.or(logs.end);
        let to = match steps {
            usize::MAX if back => self.logs.first_page(&logs.lens, 1),
            usize::MAX => self.logs.newest(&logs.lens),
            _ => self.logs.moved(&logs.lens, from, back, steps),
        };
        let Some(to) = to else { return };
        self.view.logs.pick = Some(to);
        if self.is_on_screen(to) {
            return;
        }
        let logs = &self.view.logs;
        let below = if back {
            self.view.log_rows().saturating_sub(1)
        } else {
            0
        };
        let end = self.logs.moved(&logs.lens, Some(to), false, below);
        self.view.logs.end = end;
    }

    /// The selected lines, or the one that keys are about.
    pub(super) fn copy(&mut self) -> Vec<Effect> {
        let logs = &self.view.logs;
        let range = logs.selected().or_else(|| {
            let line = self.current_line()?;
            Some((line, line))
        });
        let Some((first, last)) = range else {
            self.tell("there is no line to copy".to_owned(), true);
            return Vec::new();
        };
        let mut text = String::new();
        let mut lines = 0;
        let rows = self.logs.window(&logs.lens, Some(last), MOST_ROWS);
        let chosen = rows.iter().skip_while(|row| row.position < first);
        let all = chosen.clone().count();
        for row in chosen {
            if text.len() + row.line.text.len() > MOST_COPIED {
                break;
            }
            text.push_str(row.line.text);
            text.push('\n');
            lines += 1;
        }
        let cut = lines < all || rows.first().is_some_and(|row| row.position > first && all == MOST_ROWS);
        self.view.logs.anchor = None;
        if lines == 1 {
            text.truncate(text.trim_end_matches('\n').len());
        }
        let noun = if lines == 1 { "line" } else { "lines" };
        match (lines, cut) {
            (0, _) => {
                self.tell(
                    format!("longer than the {MOST_COPIED} bytes that a terminal takes: save it with S"),
                    true,
                );
                return Vec::new();
            }
            (_, true) => self.tell(
                format!("only the first {lines} {noun} copied: a terminal takes no more at once; S saves all"),
                true,
            ),
            (_, false) => self.tell(format!("{lines} {noun} sent to the terminal's clipboard"), false),
        }
        vec![Effect::Copy(text)]
    }
}
