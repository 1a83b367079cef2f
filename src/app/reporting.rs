//! From a key to a report of a failover: which one, and what became of it.

use crate::app::App;
use crate::app::event::{Effect, Urgency};
use crate::app::view::Overlay;
use crate::model::failover::Episode;

impl App {
    /// The failover that the open page shows, else the last one.
    pub fn shown_episode(&self) -> Option<&Episode> {
        let back = match self.view.overlay {
            Some(Overlay::Failover { back, .. }) => back,
            _ => 0,
        };
        let episodes = self.chronicle.episodes();
        let back = back.min(episodes.len().saturating_sub(1));
        self.chronicle.episodes().rev().nth(back)
    }

    pub(super) fn ask_report(&mut self) -> Vec<Effect> {
        if let Some(number) = self.shown_episode().map(|episode| episode.number) {
            return vec![Effect::Report(number)];
        }
        self.tell(
            "nothing to report: nothing has failed since pgherd looks".to_owned(),
            true,
        );
        Vec::new()
    }

    pub(super) fn reported(&mut self, written: Result<String, String>) -> Urgency {
        let (text, bad) = match written {
            Ok(files) => (format!("report written: {files}"), false),
            Err(why) => (format!("no report: {why}"), true),
        };
        self.note(text.clone());
        self.tell(text, bad);
        Urgency::Now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::Command;
    use crate::app::event::Event;
    use crate::model::fixture::{LEADER, REPLICA, World};

    #[test]
    fn the_episode_that_is_shown_is_reported_and_the_path_told() {
        let mut world = World::healthy();
        let mut app = App {
            cluster: world.cluster.clone(),
            now: world.now,
            ..App::default()
        };
        assert_eq!(app.command(Command::Report), []);
        assert!(app.notice.take().is_some_and(|notice| notice.bad));

        let facts = world.kill(REPLICA);
        (app.cluster, app.now) = (world.cluster.clone(), world.now);
        app.tell_facts(facts);
        let facts = world.kill(LEADER);
        (app.cluster, app.now) = (world.cluster.clone(), world.now);
        app.tell_facts(facts);
        assert_eq!(app.command(Command::Report), [Effect::Report(2)]);
        app.command(Command::Failovers);
        app.command(Command::Left);
        assert_eq!(app.command(Command::Report), [Effect::Report(1)]);

        app.update(Event::Reported(Ok("/tmp/x.md".to_owned())), world.now);
        assert_eq!(app.notice.as_ref().unwrap().text, "report written: /tmp/x.md");
        app.update(Event::Reported(Err("/ is full".to_owned())), world.now);
        assert!(app.notice.as_ref().is_some_and(|notice| notice.bad));
        assert_eq!(app.feed.window(0, 1).next().unwrap().describe(), "no report: / is full");
    }
}
