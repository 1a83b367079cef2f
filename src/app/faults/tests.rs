use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::*;
use crate::app::event::{Event, Prepared};
use crate::app::options::Mark;
use crate::app::question::Means;
use crate::model::act::drill::Drill;
use crate::model::act::fault::Frozen;
use crate::model::act::{Act, ActDone, ActOutcome, ActTarget, ContainerAct};
use crate::model::container::ContainerAction;
use crate::model::fixture::{LEADER, World};

/// The app over a world that is there for faults.
struct Desk {
    world: World,
    app: App,
}

impl Desk {
    fn new() -> Self {
        let world = World::healthy();
        let mut app = App {
            cluster: world.cluster.clone(),
            now: world.now,
            ..App::default()
        };
        app.options.mark = Mark::Test;
        Self { world, app }
    }

    fn press(&mut self, code: KeyCode) -> Vec<Effect> {
        let key = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
        let (mut effects, _) = self.app.update(key, self.world.now);
        effects.retain(|effect| !matches!(effect, Effect::Pace(_)));
        effects
    }

    fn keys(&mut self, keys: &str) -> Vec<Effect> {
        keys.chars().flat_map(|key| self.press(KeyCode::Char(key))).collect()
    }

    fn later(&mut self, seconds: u64) -> Vec<Effect> {
        self.world.pass(seconds * 1_000);
        self.app.cluster = self.world.cluster.clone();
        let (mut effects, _) = self.app.update(Event::Tick, self.world.now);
        effects.retain(|effect| !matches!(effect, Effect::Pace(_)));
        effects
    }

    fn fault(&mut self, act: Act, undo: Vec<Undo>) -> Fault {
        let at = self.world.now;
        let container = self.world.container("pg-master");
        Fault {
            id: FaultId {
                run: "1-2".to_owned(),
                number: 1,
            },
            at,
            act,
            target: ActTarget {
                id: container.id.clone(),
                name: container.name.clone(),
            },
            undo,
            until: None,
        }
    }

    fn acted(&mut self, fault: Fault) {
        let outcome = ActOutcome {
            act: fault.act,
            target: fault.target.clone(),
            result: Ok(ActDone {
                took: Duration::ZERO,
                fault: Some(Box::new(fault)),
            }),
        };
        self.app.update(Event::Acted(outcome), self.world.now);
    }

    fn frozen() -> Self {
        let mut desk = Self::new();
        let fault = desk.fault(Act::Drill(Drill::FreezePatroni), vec![Undo::Continue(Frozen::Patroni)]);
        desk.acted(fault);
        desk
    }

    fn order(effects: &[Effect]) -> &Order {
        match effects {
            [Effect::Act(order)] => order,
            other => panic!("{other:?}"),
        }
    }

    fn notice(&self) -> &str {
        self.app.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }
}

#[test]
fn a_fault_is_chosen_by_its_name_and_asked_for() {
    let mut desk = Desk::new();
    desk.keys("F");
    desk.keys("freeze-pat");
    let effects = desk.press(KeyCode::Enter);
    assert!(matches!(effects.as_slice(), [Effect::Prepare(_)]), "it asks first");
    let effects = desk.keys("y");
    let order = Desk::order(&effects);
    assert_eq!((order.act, order.lasts), (Act::Drill(Drill::FreezePatroni), None));
    assert_eq!(order.around.store.len(), 1);
    assert_eq!(order.around.peers, ["pg-slave".into()]);
}

#[test]
fn what_is_to_last_and_to_wait_is_done_then_and_healed_after() {
    let mut desk = Desk::new();
    desk.keys("p");
    desk.press(KeyCode::Right);
    desk.press(KeyCode::Down);
    assert!(desk.keys("y").is_empty());
    assert!(desk.notice().contains("in 5 s"), "{}", desk.notice());
    assert!(desk.later(4).is_empty());
    let effects = desk.later(2);
    assert_eq!(Desk::order(&effects).lasts, Some(Duration::from_secs(5)));

    let mut fault = desk.fault(ContainerAct::Pause.into(), vec![Undo::Unpause]);
    fault.until = Some(desk.world.now.plus(Duration::from_secs(5)));
    desk.world.docker("pg-master", ContainerAction::Paused);
    desk.acted(fault.clone());
    assert!(desk.later(4).is_empty());
    assert_eq!(desk.later(2), [Effect::Heal(Box::new(fault))]);
    assert!(desk.later(1).is_empty(), "once");
}

#[test]
fn an_act_that_waits_is_not_done_if_the_role_changed_meanwhile() {
    let mut desk = Desk::new();
    desk.keys("K");
    desk.press(KeyCode::Down);
    desk.keys("y");
    desk.world.take_lock(crate::model::fixture::REPLICA);
    desk.world.promote(crate::model::fixture::REPLICA, 5);
    assert!(desk.later(10).is_empty());
    assert!(desk.notice().contains("was not done"), "{}", desk.notice());
    assert!(desk.app.faults.planned.is_empty());
}

#[test]
fn two_are_done_at_the_same_moment() {
    let mut desk = Desk::new();
    desk.keys("K");
    desk.press(KeyCode::Up);
    assert!(desk.keys("y").is_empty());
    assert!(
        desk.notice().contains("together with the next one"),
        "{}",
        desk.notice()
    );
    assert!(desk.later(60).is_empty());
    desk.keys("p");
    desk.keys("y");
    assert!(desk.press(KeyCode::Enter).is_empty(), "two at once need the name");
    desk.press(KeyCode::Backspace);
    desk.keys(LEADER);
    let acts: Vec<Act> = desk
        .press(KeyCode::Enter)
        .iter()
        .filter_map(|effect| match effect {
            Effect::Act(order) => Some(order.act),
            _ => None,
        })
        .collect();
    assert_eq!(acts, [ContainerAct::Pause.into(), ContainerAct::Kill.into()]);
    assert!(desk.app.faults.planned.is_empty());
}

#[test]
fn what_cannot_be_done_here_is_said_before_and_not_done() {
    let mut desk = Desk::new();
    desk.keys("F");
    desk.keys("fill-disk");
    let effects = desk.press(KeyCode::Enter);
    let [Effect::Prepare(order)] = effects.as_slice() else {
        panic!("{effects:?}");
    };
    let answer = |target: &ActTarget| {
        Event::Prepared(Prepared {
            act: order.act,
            target: target.clone(),
            result: Err("43 GB are free".to_owned()),
        })
    };
    let mut another = order.target.clone();
    another.id = "made anew".to_owned();
    desk.app.update(answer(&another), desk.world.now);
    let means = |desk: &Desk| match &desk.app.view.overlay {
        Some(Overlay::Question(question)) => question.means.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(means(&desk), Means::Asked, "not of this one");
    desk.app.update(answer(&order.target), desk.world.now);
    assert_eq!(means(&desk), Means::Missing("43 GB are free".to_owned()));
    assert!(desk.keys("y").is_empty());
}

#[test]
fn a_member_that_does_not_come_back_is_said() {
    let mut desk = Desk::frozen();
    let fault = desk.app.faults.active[0].fault.clone();
    desk.world.kill(LEADER);
    desk.later(1);
    let healed = Healed {
        id: fault.id,
        result: Ok(()),
    };
    desk.app.update(Event::Healed(healed), desk.world.now);
    assert!(desk.notice().contains("taken back"), "{}", desk.notice());
    desk.later(60);
    assert_eq!(desk.app.faults.mending.len(), 1);
    desk.later(61);
    assert!(
        desk.notice().contains("not well again after 120 s"),
        "{}",
        desk.notice()
    );
    assert!(desk.app.faults.mending.is_empty());
}

#[test]
fn an_act_that_waits_can_be_called_off() {
    let mut desk = Desk::new();
    desk.keys("s");
    desk.press(KeyCode::Down);
    desk.keys("yH");
    assert!(desk.press(KeyCode::Enter).is_empty());
    assert!(desk.notice().contains("called off"), "{}", desk.notice());
    assert!(desk.later(60).is_empty());
}

#[test]
fn the_end_asks_what_becomes_of_active_faults() {
    let mut desk = Desk::frozen();
    assert!(desk.keys("q").is_empty());
    assert!(matches!(desk.app.view.overlay, Some(Overlay::Leaving)));
    desk.press(KeyCode::Esc);
    assert!(desk.keys("q").is_empty());
    let healing = desk.keys("h");
    assert!(matches!(healing.as_slice(), [Effect::Heal(_)]), "{healing:?}");
    let id = desk.app.faults.active[0].fault.id.clone();
    let healed = Event::Healed(Healed { id, result: Ok(()) });
    let (effects, _) = desk.app.update(healed, desk.world.now);
    assert!(
        !effects.contains(&Effect::Leave(Leave::Quit)),
        "its member is looked at first"
    );
    assert!(desk.later(1).is_empty());
    assert_eq!(desk.later(4), [Effect::Leave(Leave::Quit)]);

    let mut desk = Desk::frozen();
    assert!(desk.keys("q").is_empty());
    assert_eq!(desk.keys("y"), [Effect::Leave(Leave::Quit)]);
}

#[test]
fn what_could_not_be_healed_stays_and_is_said() {
    let mut desk = Desk::frozen();
    desk.keys("q");
    desk.keys("h");
    let id = desk.app.faults.active[0].fault.id.clone();
    let healed = Event::Healed(Healed {
        id,
        result: Err("Docker does not answer".to_owned()),
    });
    let (effects, _) = desk.app.update(healed, desk.world.now);
    assert!(!effects.contains(&Effect::Leave(Leave::Quit)));
    assert!(
        desk.notice().contains("goes on: Docker does not answer"),
        "{}",
        desk.notice()
    );
    assert_eq!(desk.app.active_faults().count(), 1);
}

#[test]
fn other_hands_may_take_it_back_and_old_lists_do_not_count() {
    let mut desk = Desk::new();
    let fault = desk.fault(ContainerAct::Pause.into(), vec![Undo::Unpause]);
    let id = fault.id.clone();
    desk.acted(fault);
    assert!(desk.later(1).is_empty(), "the list may be of before");
    assert_eq!(desk.app.active_faults().count(), 1);
    desk.world.docker("pg-master", ContainerAction::Paused);
    assert!(desk.later(5).is_empty());
    desk.world.docker("pg-master", ContainerAction::Unpaused);
    assert_eq!(desk.later(1), [Effect::Over(id)]);
    assert_eq!(desk.app.active_faults().count(), 0);
}

#[test]
fn what_another_run_left_is_offered_once_if_it_is_of_this_cluster() {
    let mut desk = Desk::new();
    let ours = desk.fault(Act::Drill(Drill::SlowCpu), vec![Undo::Start]);
    let mut elsewhere = ours.clone();
    elsewhere.id.number = 2;
    elsewhere.target.id = "another cluster's".to_owned();
    desk.app
        .update(Event::FaultsLeft(vec![ours, elsewhere]), desk.world.now);
    assert!(matches!(desk.app.view.overlay, Some(Overlay::Faults { .. })));
    assert_eq!(desk.app.active_faults().count(), 1);
    desk.press(KeyCode::Esc);
    desk.later(1);
    assert!(desk.app.view.overlay.is_none(), "asked once");
    assert_eq!(desk.keys("q"), [Effect::Leave(Leave::Quit)], "it was so before");
}

#[test]
fn a_second_fault_needs_the_name() {
    let mut desk = Desk::frozen();
    desk.keys("K");
    desk.keys("y");
    assert!(desk.press(KeyCode::Enter).is_empty(), "a key is not enough");
    desk.press(KeyCode::Backspace);
    desk.keys(LEADER);
    let effects = desk.press(KeyCode::Enter);
    assert_eq!(Desk::order(&effects).act, ContainerAct::Kill.into());
}

#[test]
fn an_unmarked_cluster_needs_the_name_and_a_protected_one_refuses() {
    let mut desk = Desk::new();
    desk.app.options.mark = Mark::None;
    desk.keys("s");
    assert!(desk.keys("y").is_empty() && desk.press(KeyCode::Enter).is_empty());
    desk.press(KeyCode::Esc);
    desk.app.options.mark = Mark::Protected;
    for keys in ["s", "K", "r", "p"] {
        desk.keys(keys);
        assert!(
            desk.app.view.overlay.is_none() && desk.notice().contains("protected"),
            "{keys}"
        );
    }
    for act in Drill::ALL {
        desk.keys("F");
        desk.keys(act.name());
        assert!(desk.press(KeyCode::Enter).is_empty());
        assert!(
            desk.app.view.overlay.is_none() && desk.notice().contains("protected"),
            "{act}"
        );
    }
}

#[test]
fn read_only_by_key_refuses_on_every_way() {
    let mut desk = Desk::frozen();
    desk.keys("K");
    desk.app.view.read_only = true;
    desk.keys(LEADER);
    assert!(desk.press(KeyCode::Enter).is_empty(), "a question that was open");
    desk.app.view.read_only = false;
    desk.keys("R");
    for keys in ["s", "K", "u", "r", "p", "P"] {
        assert!(desk.keys(keys).is_empty());
        assert!(
            desk.app.view.overlay.is_none() && desk.notice().contains("read-only"),
            "{keys}"
        );
    }
    desk.keys("H");
    assert!(desk.press(KeyCode::Enter).is_empty() && desk.keys("H").is_empty());
    desk.press(KeyCode::Esc);
    desk.keys("R");
    desk.keys("K");
    assert!(matches!(desk.app.view.overlay, Some(Overlay::Question(_))));
}
