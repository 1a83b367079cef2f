//! What was confirmed is done, once, and nothing else.

use super::*;
use crate::app::event::Event;
use crate::app::options::Mark;
use crate::model::check::{State, Step};
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::name::MemberName;

fn app(world: &World) -> App {
    let mut app = App {
        cluster: world.cluster.clone(),
        now: world.now,
        ..App::default()
    };
    app.options.mark = Mark::Test;
    app
}

fn switchover(app: &App) -> Operation {
    Operation::Switchover {
        leader: app.cluster.lock_holder().unwrap().clone(),
        candidate: None,
        at: None,
    }
}

fn asked(app: &App) -> &Asked {
    match &app.view.overlay {
        Some(Overlay::AskOperation(asked)) => asked,
        other => panic!("no question: {other:?}, {:?}", app.notice),
    }
}

fn said(app: &mut App) -> String {
    app.notice.take().map(|notice| notice.text).unwrap_or_default()
}

#[test]
fn it_is_asked_done_and_told_to_its_end() {
    let world = World::healthy();
    let mut app = app(&world);
    let operation = switchover(&app);
    app.ask_operation(operation.clone());
    let text = asked(&app).sentences.join(" ");
    assert!(text.contains("shut down cleanly"), "{text}");
    let effects = app.command(Command::Confirm);
    assert!(matches!(effects.as_slice(), [Effect::Operate(plan)] if plan.operation == operation));
    assert_eq!(app.view.overlay, Some(Overlay::Operation(0)));

    // Another one has to wait.
    app.view.overlay = None;
    app.ask_operation(Operation::Pause);
    assert_eq!(app.view.overlay, Some(Overlay::Operation(0)));
    assert!(said(&mut app).contains("is still under way"));

    let step = Step {
        name: "lock taken".to_owned(),
        state: State::Running,
    };
    app.update(Event::Operated(Progress::Step(step)), world.now);
    let end = Outcome::Refused("no".to_owned());
    app.update(Event::Operated(Progress::Ended(end.clone())), world.now);
    let operating = app.operating.as_ref().unwrap();
    assert_eq!(operating.outcome, Some(end));
    assert!(matches!(&operating.report.steps[..], [step] if matches!(step.state, State::Failed(_))));
    assert_eq!(said(&mut app), "switchover: refused: no");
    app.ask_operation(Operation::Pause);
    assert!(matches!(asked(&app).plan.operation, Operation::Pause));
}

#[test]
fn a_yes_holds_for_what_was_shown_only() {
    let mut app = app(&World::healthy());
    app.ask_operation(Operation::Reload {
        member: MemberName::from("postgresql1"),
    });
    app.cluster.targets.nodes[0].rest = Some("http://192.0.2.1:8008".to_owned());
    assert_eq!(app.command(Command::Confirm), []);
    assert!(matches!(app.view.overlay, Some(Overlay::AskOperation(_))));
    let effects = app.command(Command::Confirm);
    let [Effect::Operate(plan)] = effects.as_slice() else {
        panic!("{effects:?}")
    };
    assert!(plan.rest.iter().any(|(_, url)| url == "http://192.0.2.1:8008"));
}

#[test]
fn it_is_refused_where_nothing_may_change_and_where_it_makes_no_sense() {
    let mut app = app(&World::healthy());
    app.ask_operation(Operation::Resume);
    assert!(app.view.overlay.is_none());
    assert_eq!(said(&mut app), "resume: the cluster is not paused");
    let operation = switchover(&app);
    app.ask_operation(operation.clone());
    app.options.read_only = true;
    assert_eq!(app.command(Command::Confirm), []);
    assert_eq!(said(&mut app), "read-only: nothing was done");
    app.ask_operation(operation);
    assert!(app.view.overlay.is_none());
    assert_eq!(said(&mut app), "read-only: switchover is refused");
    assert_eq!(app.ask_configuration(), []);
    assert_eq!(said(&mut app), "read-only: edit-config is refused");
}

#[test]
fn a_cluster_that_is_not_there_for_tests_wants_the_name() {
    let mut app = app(&World::healthy());
    app.options.mark = Mark::None;
    let operation = switchover(&app);
    app.ask_operation(operation);
    let wanted = asked(&app).typed.as_ref().unwrap().wanted.clone();
    let key = |code| KeyEvent::new(code, KeyModifiers::NONE);
    let press = |app: &mut App, code| app.update(Event::Key(key(code)), app.now).0;
    assert_eq!(press(&mut app, KeyCode::Enter), []);
    for letter in wanted.chars() {
        assert_eq!(press(&mut app, KeyCode::Char(letter)), []);
    }
    let effects = press(&mut app, KeyCode::Enter);
    assert!(matches!(effects.first(), Some(Effect::Operate(_))), "{effects:?}");
}

#[test]
fn a_time_is_stepped_where_patroni_keeps_one() {
    let mut app = app(&World::healthy());
    let operation = switchover(&app);
    app.ask_operation(operation);
    app.command(Command::Down);
    app.command(Command::Down);
    assert_eq!(asked(&app).delay, 5);
    let due = app.now.plus(Duration::from_secs(300));
    let effects = app.command(Command::Confirm);
    assert!(matches!(effects.as_slice(), [Effect::Operate(plan)] if plan.operation.at() == Some(due)));
    let mut app = self::app(&World::healthy());
    app.ask_operation(Operation::Pause);
    app.command(Command::Down);
    assert_eq!(asked(&app).delay, 0);
}

/// A question about the second member, or of the whole cluster, that is open.
fn open(app: &mut App, operation: Operation) {
    app.ask_operation(operation);
    assert!(asked(app).changed.is_none());
}

fn restart() -> Operation {
    Operation::Restart {
        member: MemberName::from(REPLICA),
        only_pending: false,
        at: None,
    }
}

#[test]
fn a_member_made_anew_under_an_open_question_is_asked_for_again() {
    let mut world = World::healthy();
    let mut app = app(&world);
    open(&mut app, restart());
    world.container("pg-slave").id = "made anew".to_owned();
    world.pass(1_000);
    app.cluster = world.cluster.clone();
    assert_eq!(
        app.command(Command::Confirm),
        [],
        "the other container was not confirmed"
    );
    assert!(matches!(app.view.overlay, Some(Overlay::AskOperation(_))));
    let effects = app.command(Command::Confirm);
    assert!(
        matches!(effects.as_slice(), [Effect::Operate(plan)] if plan.container.as_deref() == Some("made anew")),
        "{effects:?}"
    );
}

#[test]
fn a_member_that_moved_under_an_open_question_is_asked_for_again() {
    let mut world = World::healthy();
    let mut app = app(&world);
    open(&mut app, restart());
    world.entry(REPLICA).api_url = Some("http://192.0.2.9:8008/patroni".to_owned());
    world.pass(1_000);
    app.cluster = world.cluster.clone();
    assert_eq!(app.command(Command::Confirm), []);
    assert!(matches!(app.view.overlay, Some(Overlay::AskOperation(_))));
}

#[test]
fn a_role_that_changed_under_an_open_question_ends_a_switchover() {
    let mut world = World::healthy();
    let mut app = app(&world);
    let operation = switchover(&app);
    open(&mut app, operation);
    world.expire(LEADER);
    world.take_lock(REPLICA);
    world.pass(1_000);
    app.cluster = world.cluster.clone();
    for _ in 0..3 {
        assert_eq!(
            app.command(Command::Confirm),
            [],
            "whoever was to hand over leads no more"
        );
    }
    assert!(!asked(&app).obstacles.is_empty());
}

#[test]
fn what_another_operator_did_meanwhile_stands_against_a_yes() {
    let mut app = app(&World::healthy());
    open(&mut app, Operation::Pause);
    let mut world = World::healthy();
    world.dcs.config.as_mut().unwrap().pause = true;
    world.pass(1_000);
    app.cluster = world.cluster.clone();
    app.now = world.now;
    for _ in 0..3 {
        assert_eq!(app.command(Command::Confirm), [], "the other one paused it already");
    }
    assert!(!asked(&app).obstacles.is_empty());
}

#[test]
fn read_only_refuses_every_operation_by_menu_palette_and_open_question() {
    let mut app = app(&World::healthy());
    let key = |code| Event::Key(KeyEvent::new(code, KeyModifiers::NONE));
    for opening in ['X', ':'] {
        for name in [
            "switchover",
            "failover",
            "restart",
            "reload",
            "reinit",
            "pause",
            "edit-config",
        ] {
            app.view.read_only = true;
            app.view.overlay = None;
            let mut effects = Vec::new();
            for letter in format!("{opening}{name}").chars() {
                effects.extend(app.update(key(KeyCode::Char(letter)), app.now).0);
            }
            effects.extend(app.update(key(KeyCode::Enter), app.now).0);
            let acts = |effect: &Effect| matches!(effect, Effect::Operate(_) | Effect::EditConfig(_) | Effect::Act(_));
            assert!(!effects.iter().any(acts), "{opening}{name}: {effects:?}");
            let asks = matches!(
                app.view.overlay,
                Some(Overlay::AskOperation(_) | Overlay::Operation(_) | Overlay::Question(_))
            );
            assert!(!asks, "{opening}{name}: {:?}", app.view.overlay);
        }
    }
    app.view.overlay = None;
    app.view.read_only = false;
    open(&mut app, restart());
    app.view.read_only = true;
    assert_eq!(app.command(Command::Confirm), []);
    assert_eq!(said(&mut app), "read-only: nothing was done");
}

#[test]
fn the_clusters_name_is_typed_where_no_member_is_the_target() {
    let mut app = app(&World::healthy());
    app.options.mark = Mark::Protected;
    app.ask_operation(Operation::Pause);
    let scope = app.cluster.scope.clone().unwrap();
    assert_eq!(asked(&app).typed.as_ref().unwrap().wanted, scope);
    assert_eq!(app.command(Command::Confirm), [], "a yes is not enough");
}
