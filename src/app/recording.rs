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
                    Some(why) => {
                        let text = format!("recording ended: {why}; {file} plays up to there");
                        // A notice goes away, and whoever looks later wants to know too.
                        self.note(text.clone());
                        self.tell(text, true);
                    }
                    None => self.tell(format!("recorded in {file}"), false),
                }
            }
        }
        Urgency::Now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::event::Event;
    use crate::model::fact::Fact;
    use crate::model::time::Timestamp;

    #[test]
    fn a_record_that_ends_by_itself_is_told_of_for_longer_than_a_notice_lasts() {
        let mut app = App::default();
        let now = Timestamp::from_millis(1_795_377_600_000);
        let tell = |app: &mut App, news| drop(app.update(Event::Recording(news), now));
        tell(&mut app, RecordNews::Began("run.pgherd".to_owned()));
        assert_eq!(app.recording.as_deref(), Some("run.pgherd"));
        let file = "run.pgherd".to_owned();
        let why = Some("No space left on device".to_owned());
        tell(&mut app, RecordNews::Ended { file, why });
        assert_eq!(app.recording, None);
        let text = "recording ended: No space left on device; run.pgherd plays up to there";
        let notice = app.notice.as_ref().unwrap();
        assert_eq!((notice.text.as_str(), notice.bad), (text, true));
        let told: Vec<String> = app.feed.window(0, 9).map(Fact::describe).collect();
        assert_eq!(told, [text]);
    }
}
