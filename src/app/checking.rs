//! From a key to a check of the cluster: the question where it is not our own lab, the steps, the verdict.

use crate::app::App;
use crate::app::event::{Effect, Urgency};
use crate::app::view::Overlay;
use crate::model::check::{Plan, Report, Step, Verdict};
use crate::model::fact::Fact;

impl App {
    /// Begins a check, or asks first: it writes to the cluster. One that runs is shown again instead.
    pub(super) fn ask_check(&mut self) -> Vec<Effect> {
        if self.check.as_ref().is_some_and(|check| !check.ended) {
            self.view.overlay = Some(Overlay::Check(0));
            return Vec::new();
        }
        if self.is_read_only() {
            self.tell(
                "read-only: a check is refused, since it writes a table".to_owned(),
                true,
            );
            return Vec::new();
        }
        match Plan::of(&self.cluster) {
            None => self.tell("nothing to check: no member is known".to_owned(), true),
            Some(plan) if plan.lab => return self.begin_check(plan),
            Some(plan) => {
                let plan = Box::new(plan);
                self.view.overlay = Some(Overlay::AskCheck { plan, changed: false });
            }
        }
        Vec::new()
    }

    /// Yes: what was shown is checked, and nothing else.
    pub(super) fn confirm_check(&mut self) -> Vec<Effect> {
        let Some(Overlay::AskCheck { plan: shown, .. }) = self.view.overlay.take() else {
            return Vec::new();
        };
        match Plan::of(&self.cluster) {
            None => self.tell("nothing to check: no member is known any more".to_owned(), true),
            Some(plan) if plan == *shown => return self.begin_check(plan),
            Some(plan) => {
                let plan = Box::new(plan);
                self.view.overlay = Some(Overlay::AskCheck { plan, changed: true });
            }
        }
        Vec::new()
    }

    fn begin_check(&mut self, plan: Plan) -> Vec<Effect> {
        self.check = Some(Report::default());
        self.view.overlay = Some(Overlay::Check(0));
        self.note("check begun".to_owned());
        vec![Effect::Check(plan)]
    }

    pub(super) fn checked(&mut self, step: Step) -> Urgency {
        if let Some(check) = &mut self.check {
            check.take(step);
        }
        Urgency::Now
    }

    pub(super) fn check_ended(&mut self) -> Urgency {
        let Some(check) = &mut self.check else {
            return Urgency::Never;
        };
        check.end();
        let bad = matches!(check.verdict(), Verdict::Failed(_));
        let failures: Vec<String> = check.failed().map(|step| format!("check: {step}")).collect();
        let summary = check.summary();
        for failure in failures {
            self.note(failure);
        }
        self.note(summary.clone());
        if !matches!(self.view.overlay, Some(Overlay::Check(_))) {
            self.tell(summary, bad);
        }
        Urgency::Now
    }

    pub(super) fn note(&mut self, text: String) {
        self.feed.push(Fact::ours(self.now, None, text));
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::app::command::Command;
    use crate::app::event::Event;
    use crate::model::check::State;
    use crate::model::fixture::World;

    fn app(world: &World) -> App {
        App {
            cluster: world.cluster.clone(),
            now: world.now,
            ..App::default()
        }
    }

    fn facts(app: &App) -> Vec<String> {
        app.feed.window(0, 100).map(Fact::describe).collect()
    }

    fn step(name: &str, state: State) -> Event {
        let name = name.to_owned();
        Event::Checked(Step { name, state })
    }

    #[test]
    fn on_a_lab_it_begins_at_once_and_its_end_is_told() {
        let mut world = World::healthy();
        world.cluster.targets.lab = true;
        let mut app = app(&world);
        let effects = app.command(Command::Check);
        assert!(matches!(effects.as_slice(), [Effect::Check(plan)] if plan.members.len() == 2));
        // A second press shows the one that runs.
        app.command(Command::Back);
        assert_eq!(app.command(Command::Check), []);
        assert_eq!(app.view.overlay, Some(Overlay::Check(0)));
        app.command(Command::Back);
        let passed = State::Passed {
            detail: String::new(),
            took: Duration::from_millis(1),
        };
        app.update(step("one", State::Running), world.now);
        app.update(step("one", passed), world.now);
        app.update(step("two", State::Failed("why".to_owned())), world.now);
        app.update(Event::CheckEnded, world.now);
        let expected = ["check begun", "check: two: why", "check failed: 1 of 2 steps failed"];
        assert_eq!(facts(&app), expected);
        assert!(app.notice.as_ref().is_some_and(|notice| notice.bad));
        assert!(matches!(app.command(Command::Check).as_slice(), [Effect::Check(_)]));
    }

    #[test]
    fn elsewhere_it_asks_and_a_yes_holds_for_what_was_shown_only() {
        let world = World::healthy();
        let mut app = app(&world);
        assert_eq!(app.command(Command::Check), []);
        assert!(matches!(
            app.view.overlay,
            Some(Overlay::AskCheck { changed: false, .. })
        ));
        app.cluster.targets.entry = None;
        assert_eq!(app.command(Command::Confirm), []);
        assert!(matches!(
            app.view.overlay,
            Some(Overlay::AskCheck { changed: true, .. })
        ));
        assert!(matches!(app.command(Command::Confirm).as_slice(), [Effect::Check(plan)] if plan.entry.is_none()));
    }

    #[test]
    fn it_is_refused_where_nothing_may_change_or_nothing_is_known() {
        let mut app = app(&World::healthy());
        app.options.read_only = true;
        assert_eq!(app.command(Command::Check), []);
        assert!(app.view.overlay.is_none() && app.notice.take().is_some_and(|notice| notice.bad));
        let mut empty = App::default();
        assert_eq!(empty.command(Command::Check), []);
        assert!(empty.view.overlay.is_none() && empty.notice.is_some());
    }
}
