//! The transition driven by keys, over the simulated cluster.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::event::{Effect, Event, Leave, Urgency};
use super::options::Mark;
use super::view::{Overlay, Pane, Subject};
use super::{App, Options, Stage};
use crate::model::act::{ActDone, ActOutcome, ContainerAct};
use crate::model::dcs::Znode;
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::log::{Level, LogLine};
use crate::model::signal::Signal;

/// The app over a world.
struct Desk {
    world: World,
    app: App,
}

impl Desk {
    fn new(world: World) -> Self {
        let mut app = App {
            cluster: world.cluster.clone(),
            now: world.now,
            ..App::default()
        };
        app.view.size = (120, 40);
        app.options.mark = Mark::Test;
        Self { world, app }
    }

    fn healthy() -> Self {
        Self::new(World::healthy())
    }

    /// The world went on; the app hears of it.
    fn catch_up(&mut self) {
        self.app.cluster = self.world.cluster.clone();
        self.app.update(Event::Tick, self.world.now);
    }

    fn press(&mut self, code: KeyCode) -> Vec<Effect> {
        let key = Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
        let (mut effects, urgency) = self.app.update(key, self.world.now);
        assert_eq!(urgency, Urgency::AtOnce);
        effects.retain(|effect| !matches!(effect, Effect::Pace(_)));
        effects
    }

    fn keys(&mut self, keys: &str) -> Vec<Effect> {
        keys.chars().flat_map(|key| self.press(KeyCode::Char(key))).collect()
    }

    fn question(&self) -> Option<&super::question::Question> {
        match &self.app.view.overlay {
            Some(Overlay::Question(question)) => Some(question),
            _ => None,
        }
    }

    fn notice(&self) -> &str {
        self.app.notice.as_ref().map_or("", |notice| notice.text.as_str())
    }
}

#[test]
fn killing_the_leader_asks_first_and_acts_on_what_was_confirmed() {
    let mut desk = Desk::healthy();
    assert!(desk.keys("K").is_empty());
    let question = desk.question().unwrap();
    assert_eq!(
        question.title(),
        format!("Kill {LEADER} (container pg-master), the leader?")
    );
    let text = question.consequences().join(" ");
    assert!(text.contains("clients lose writes until a failover"), "{text}");
    assert!(text.contains(&format!("1 standby can take over: {REPLICA}")), "{text}");
    let id = desk.world.container("pg-master").id.clone();
    let effects = desk.keys("y");
    let [Effect::Act(order)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    let target = &order.target;
    assert_eq!(order.act, ContainerAct::Kill.into());
    assert_eq!((target.id.as_str(), target.name.as_str()), (id.as_str(), "pg-master"));
    assert!(desk.question().is_none() && desk.app.acting.is_some());

    let target = target.clone();
    let result = Ok(ActDone {
        took: std::time::Duration::from_millis(120),
        fault: None,
    });
    desk.app.update(
        Event::Acted(ActOutcome {
            act: ContainerAct::Kill.into(),
            target,
            result,
        }),
        desk.world.now,
    );
    assert_eq!(desk.notice(), "kill pg-master: done after 0.1 s");
    assert!(desk.app.acting.is_none());
}

#[test]
fn no_and_escape_do_nothing_and_other_keys_are_no_answer() {
    for answer in [KeyCode::Char('n'), KeyCode::Esc] {
        let mut desk = Desk::healthy();
        desk.keys("s");
        assert!(desk.keys("Kqz?sj").is_empty(), "only y and n count in a question");
        assert!(desk.question().is_some());
        assert!(desk.press(answer).is_empty());
        assert!(desk.question().is_none());
    }
}

#[test]
fn a_change_of_role_while_the_question_is_open_must_be_seen_before_yes_counts() {
    let mut desk = Desk::healthy();
    desk.press(KeyCode::Char('j'));
    desk.keys("s");
    assert!(desk.question().unwrap().title().contains("a replica"));
    desk.world.kill(LEADER);
    desk.world.expire(LEADER);
    desk.world.take_lock(REPLICA);
    desk.world.promote(REPLICA, 5);
    desk.catch_up();
    let question = desk.question().unwrap();
    let changed = question.changed.clone().unwrap();
    assert!(changed.contains("is the leader now"), "{changed}");
    assert!(question.title().contains("the leader"), "{}", question.title());
    assert!(question.consequences().join(" ").contains("No standby can take over"));
    assert!(desk.keys("y").is_empty(), "the first yes only takes note");
    assert!(
        desk.keys("y").is_empty(),
        "no redundancy is left: its name has to be typed"
    );
    desk.press(KeyCode::Backspace);
    desk.keys(REPLICA);
    let effects = desk.press(KeyCode::Enter);
    assert!(
        matches!(effects.as_slice(), [Effect::Act(order)] if order.act == ContainerAct::Stop.into()),
        "{effects:?}"
    );
}

#[test]
fn an_act_that_makes_no_sense_any_more_is_refused() {
    let mut desk = Desk::healthy();
    desk.keys("K");
    desk.world.kill(LEADER);
    desk.catch_up();
    assert!(desk.keys("y").is_empty(), "takes note");
    assert!(desk.press(KeyCode::Enter).is_empty(), "nothing left to kill");
    assert!(desk.question().is_none());
    assert!(desk.notice().contains("does not run"), "{}", desk.notice());
}

#[test]
fn keys_that_make_no_sense_now_say_why() {
    let mut desk = Desk::healthy();
    for (key, why) in [("u", "runs already"), ("P", "is not paused")] {
        desk.keys(key);
        assert!(
            desk.question().is_none() && desk.notice().contains(why),
            "{key}: {}",
            desk.notice()
        );
    }
}

#[test]
fn read_only_refuses_every_act() {
    let mut desk = Desk::healthy();
    desk.app.options.read_only = true;
    for key in ["s", "K", "u", "r", "p", "P"] {
        assert!(desk.keys(key).is_empty());
        assert!(desk.question().is_none());
        assert!(desk.notice().contains("read-only"), "{key}: {}", desk.notice());
        assert!(desk.keys("y").is_empty());
    }
}

#[test]
fn the_selection_follows_the_name_when_rows_come_and_go() {
    let mut desk = Desk::healthy();
    desk.press(KeyCode::Char('j'));
    assert_eq!(desk.app.selected_member().unwrap().as_str(), REPLICA);
    desk.world.kill(LEADER);
    desk.world.expire(LEADER);
    desk.catch_up();
    assert_eq!(desk.app.selected_member().unwrap().as_str(), REPLICA);
    assert_eq!(desk.app.acting_on().unwrap().as_str(), "pg-slave");
    desk.press(KeyCode::Down);
    assert_eq!(
        desk.app.selected_member().unwrap().as_str(),
        REPLICA,
        "stays at the end"
    );
}

#[test]
fn of_several_haproxies_the_selected_one_is_meant() {
    let mut desk = Desk::healthy();
    let containers = &mut desk.app.cluster.containers.as_mut().unwrap().value;
    let mut second = crate::model::fixture::haproxy();
    second.name = "second_entrypoint".into();
    containers.push(second);
    desk.app.cluster.targets.containers.insert("second_entrypoint".into());
    desk.app.view.focus = Pane::Proxy;
    let on = |desk: &Desk| desk.app.acting_on().unwrap().to_string();
    assert_eq!(on(&desk), "postgres_entrypoint");
    desk.keys("j");
    assert_eq!(on(&desk), "second_entrypoint");
    desk.keys("K");
    assert_eq!(desk.question().unwrap().target.name.as_str(), "second_entrypoint");
    desk.keys("nk");
    assert_eq!(on(&desk), "postgres_entrypoint");
}

#[test]
fn pages_in_the_znode_browser_move_its_value_and_arrows_its_selection() {
    let mut desk = Desk::healthy();
    let state = |desk: &Desk| match &desk.app.view.overlay {
        Some(Overlay::Znodes { selected, scroll }) => (selected.clone(), *scroll),
        other => panic!("{other:?}"),
    };
    let stat = crate::model::dcs::ZnodeStat {
        czxid: 1,
        mzxid: 1,
        created: desk.app.now,
        modified: desk.app.now,
        version: 0,
        owner: None,
    };
    desk.app.cluster.dcs.as_mut().unwrap().value.nodes = ["", "config"]
        .map(|path| Znode {
            path: path.to_owned(),
            value: String::new(),
            stat: stat.clone(),
        })
        .into();
    desk.keys("t");
    desk.press(KeyCode::PageDown);
    assert_eq!(state(&desk), (String::new(), 20));
    desk.press(KeyCode::PageUp);
    desk.press(KeyCode::PageDown);
    desk.press(KeyCode::Down);
    let (selected, scroll) = state(&desk);
    assert_eq!((selected.as_str(), scroll), ("config", 0));
}

#[test]
fn acts_reach_zookeeper_and_haproxy_through_their_panes() {
    let mut desk = Desk::healthy();
    desk.press(KeyCode::Tab);
    assert_eq!(desk.app.view.focus, Pane::Proxy);
    desk.keys("s");
    let title = desk.question().unwrap().title();
    assert!(title.starts_with("Stop HAProxy"), "{title}");
    desk.keys("n");
    desk.press(KeyCode::Tab);
    desk.keys("g");
    while desk.app.selected_container().unwrap().as_str() != "zoo" {
        let before = desk.app.selected_container();
        desk.keys("j");
        assert_ne!(desk.app.selected_container(), before, "zoo is not listed");
    }
    desk.keys("K");
    let question = desk.question().unwrap();
    assert!(question.title().starts_with("Kill ZooKeeper"), "{}", question.title());
    assert!(question.consequences().join(" ").contains("read-only"));
}

#[test]
fn details_follow_the_focus_and_escape_closes_them() {
    let mut desk = Desk::healthy();
    desk.press(KeyCode::Enter);
    let subject = Subject::Member(LEADER.into());
    assert_eq!(desk.app.view.overlay, Some(Overlay::Details { subject, scroll: 0 }));
    desk.keys("K");
    assert!(desk.question().is_none(), "no act behind a dialog");
    desk.press(KeyCode::Esc);
    desk.keys("z");
    assert!(desk.app.view.zoomed);
    desk.press(KeyCode::Esc);
    assert!(!desk.app.view.zoomed && desk.app.view.overlay.is_none());
}

#[test]
fn logs_stand_still_while_scrolled_and_follow_again_at_the_end() {
    let mut desk = Desk::healthy();
    desk.app.view.focus = Pane::Logs;
    let line = |container: &str, at| LogLine {
        at: crate::model::time::Timestamp::from_millis(at),
        container: container.into(),
        stderr: false,
        level: Level::Info,
        text: at.to_string(),
        spans: Vec::new(),
    };
    let now = desk.world.now;
    desk.app.update(
        Event::Signal(Signal::Logs((0..50).map(|at| line("pg-master", at)).collect())),
        now,
    );
    desk.keys("kkk");
    let standing = desk.app.view.logs.end;
    assert!(standing.is_some());
    let (_, urgency) = desk
        .app
        .update(Event::Signal(Signal::Logs(vec![line("pg-slave", 60)])), now);
    assert_eq!((desk.app.view.logs.end, urgency), (standing, Urgency::Never));
    desk.keys("G");
    assert_eq!(desk.app.view.logs.end, None);
    desk.app.view.focus = Pane::Members;
    desk.keys("l");
    assert_eq!(desk.app.view.logs.only().unwrap().as_str(), "pg-master");
    desk.keys("l");
    assert_eq!(desk.app.view.logs.only(), None);
}

#[test]
fn leaving_and_starting_the_lab_are_for_the_runtime() {
    let mut desk = Desk::healthy();
    assert_eq!(desk.keys("q"), [Effect::Leave(Leave::Quit)]);
    assert!(desk.keys("L").is_empty(), "only while there is nothing to watch");
    let (mut app, effects) = App::start(Options::default(), desk.world.now);
    assert!(effects.is_empty());
    assert_eq!(app.stage(), Stage::Looking);
    let key = Event::Key(KeyEvent::new(KeyCode::Char('L'), KeyModifiers::NONE));
    assert_eq!(app.update(key, desk.world.now).0, [Effect::Leave(Leave::StartLab)]);
}
