//! When sources are asked often: while something happens whose instants are to be known, or is about to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::event::Effect;
use crate::app::view::Overlay;
use crate::model::fact::{Fact, Severity, SourceKind};
use crate::model::pace::Pace;
use crate::model::time::Timestamp;

/// So long after a change the next one may come.
const AFTER: Duration = Duration::from_secs(10);
/// So long an episode is followed closely although nothing changes; a node that is left down is no reason to go on.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks at an episode that goes on, at least.
const LOOK: Duration = Duration::from_millis(100);

/// What the pace depends on beside the state.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Pacing {
    /// As the sources were last told.
    told: Pace,
    /// The last change that was seen.
    stirred: Option<Timestamp>,
    /// The last look at an episode that goes on.
    looked: Timestamp,
}

impl App {
    /// Something changed in the cluster.
    pub(super) fn stir(&mut self, facts: &[Fact]) {
        let counts = |fact: &Fact| fact.source != SourceKind::Pgherd && fact.severity() != Severity::Info;
        // What was found at the start is history.
        let news = |fact: &Fact| counts(fact) && fact.seen.since(fact.at) < AFTER;
        if facts.iter().any(news) {
            self.pacing.stirred = Some(self.now);
        }
    }

    /// Tells the sources, if the pace has to change.
    pub(super) fn pace(&mut self) -> Option<Effect> {
        let pace = self.wanted_pace();
        if pace == self.pacing.told {
            return None;
        }
        self.pacing.told = pace;
        Some(Effect::Pace(pace))
    }

    fn wanted_pace(&self) -> Pace {
        let within = |at: Option<Timestamp>, span| at.is_some_and(|at| self.now.since(at) < span);
        let asking = matches!(self.view.overlay, Some(Overlay::Question(_)));
        let open = self.chronicle.last().filter(|episode| episode.closed.is_none());
        let began = open.and_then(|episode| Some(episode.entries.first()?.fact.seen));
        if asking || self.acting.is_some() || within(began, PATIENCE) || within(self.pacing.stirred, AFTER) {
            Pace::Close
        } else {
            Pace::Calm
        }
    }

    /// Whether it is time for another look at the episode that goes on, if one does.
    pub(super) fn may_look(&mut self) -> bool {
        let open = self.chronicle.last().is_some_and(|episode| episode.closed.is_none());
        let due = open && self.now.since(self.pacing.looked) >= LOOK;
        if due {
            self.pacing.looked = self.now;
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::command::Command;
    use crate::app::event::Event;
    use crate::app::view::Pane;
    use crate::model::act::ContainerAct;
    use crate::model::fixture::{LEADER, World};

    fn told(app: &mut App, now: Timestamp) -> Option<Pace> {
        let (effects, _) = app.update(Event::Tick, now);
        effects.iter().find_map(|effect| match effect {
            Effect::Pace(pace) => Some(*pace),
            _ => None,
        })
    }

    #[test]
    fn sources_are_asked_often_while_something_happens_and_before_it_is_done() {
        let mut world = World::healthy();
        let mut app = App {
            cluster: world.cluster.clone(),
            now: world.now,
            ..App::default()
        };
        app.view.focus = Pane::Members;
        assert_eq!(told(&mut app, world.now), None);
        app.command(Command::Ask(ContainerAct::Kill));
        assert_eq!(told(&mut app, world.now), Some(Pace::Close));
        app.command(Command::Back);
        assert_eq!(told(&mut app, world.now), Some(Pace::Calm));
        let facts = world.kill(LEADER);
        (app.cluster, app.now) = (world.cluster.clone(), world.now);
        app.tell_facts(facts);
        assert_eq!(told(&mut app, world.now), Some(Pace::Close));
        let mut calm = None;
        for second in 0..180 {
            world.pass(1_000);
            app.cluster = world.cluster.clone();
            if told(&mut app, world.now) == Some(Pace::Calm) {
                calm = Some(second);
            }
        }
        assert_eq!(calm, Some(119), "not for ever");
        let facts = world.expire(LEADER);
        (app.cluster, app.now) = (world.cluster.clone(), world.now);
        app.tell_facts(facts);
        assert_eq!(told(&mut app, world.now), Some(Pace::Close), "it goes on");
        assert_eq!(told(&mut app, world.now.plus(AFTER)), Some(Pace::Calm));
    }
}
