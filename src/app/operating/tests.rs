//! What was confirmed is done, once, and nothing else.

use super::*;
use crate::app::event::Event;
use crate::app::options::Mark;
use crate::model::check::{State, Step};
use crate::model::fixture::World;
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
