//! The list of what was done by all runs.

use super::App;
use super::event::{Effect, Urgency};
use super::view::Overlay;
use crate::model::audit::Audit;

impl App {
    /// Opens it; what it shows is read meanwhile.
    pub(super) fn ask_audit(&mut self) -> Vec<Effect> {
        let audit = None;
        self.view.overlay = Some(Overlay::Audit { scroll: 0, audit });
        vec![Effect::Audit]
    }

    /// It was read, and is shown if it is still open.
    pub(super) fn audited(&mut self, read: Audit) -> Urgency {
        let Some(Overlay::Audit { audit, .. }) = &mut self.view.overlay else {
            return Urgency::Never;
        };
        *audit = Some(Box::new(read));
        Urgency::Now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::Command;
    use crate::app::event::Event;
    use crate::model::time::Timestamp;

    #[test]
    fn it_is_read_when_it_is_asked_for_and_shown_while_it_is_open() {
        let mut app = App::default();
        assert_eq!(app.command(Command::Audit), [Effect::Audit]);
        assert!(matches!(&app.view.overlay, Some(Overlay::Audit { audit: None, .. })));
        app.update(Event::Audited(Audit::default()), Timestamp::default());
        assert!(matches!(&app.view.overlay, Some(Overlay::Audit { audit: Some(_), .. })));
        app.command(Command::Back);
        app.update(Event::Audited(Audit::default()), Timestamp::default());
        assert_eq!(app.view.overlay, None, "what comes late opens nothing");
    }
}
