//! The record of this run, as the operator is told of it. Writing it is the runtime's business.

use crate::app::App;
use crate::app::event::{RecordNews, Urgency};

impl App {
    pub(super) fn recorded(&mut self, news: RecordNews) -> Urgency {
        match news {
            RecordNews::Began(file) => {
                self.tell(format!("recording into {file}"), false);
                self.recording = Some(file);
            }
            RecordNews::Refused(why) => self.tell(format!("nothing is recorded: {why}"), true),
            RecordNews::Ended { file, why } => {
                self.recording = None;
                match why {
                    Some(why) => self.tell(format!("the record {file} ended: {why}"), true),
                    None => self.tell(format!("recorded in {file}"), false),
                }
            }
        }
        Urgency::Now
    }
}
