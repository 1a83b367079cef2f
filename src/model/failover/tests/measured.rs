//! How exactly instants are known, and what is measured beside the phases.

use super::*;
use crate::model::clock::StepKind;
use crate::model::probe::{Mode, News, Run};

#[test]
fn a_stamp_of_another_clock_is_not_believed() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.kill(LEADER));
    stage.act(|world| world.expire(LEADER));
    let taken = stage.world.now;
    let mut facts = stage.world.take_lock(REPLICA);
    for fact in &mut facts {
        fact.at = taken.minus(Duration::from_secs(3_600));
    }
    stage.take(&facts);
    let (_, mark) = stage.only().timeline(stage.world.now).taken.unwrap();
    assert!(mark.at >= taken);
}

#[test]
fn an_instant_lies_between_the_answer_before_and_the_one_that_told() {
    for (round, doubt) in [(1_000, 1_001), (150, 151)] {
        let mut stage = Stage::healthy();
        stage.act(|world| world.kill(LEADER));
        stage.act(|world| world.expire(LEADER));
        stage.act(|world| world.take_lock(REPLICA));
        // No history yet, whose stamp would be exact.
        stage.world.sql.insert(REPLICA.into(), primary_sql(2));
        stage.act(|world| world.pass(round));
        let line = stage.only().timeline(stage.world.now);
        let promoted = line.promoted.unwrap();
        assert_eq!(promoted.latest, stage.world.now);
        assert_eq!(promoted.latest.since(promoted.earliest).as_millis(), doubt);
    }
}

#[test]
fn disagreement_and_two_primaries_are_measured_and_told() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.kill(LEADER));
    stage.wait(10);
    stage.act(|world| world.expire(LEADER));
    stage.act(|world| world.take_lock(REPLICA));
    stage.act(|world| world.promote(REPLICA, 2));
    let discord = stage.only().discords.clone();
    let [Stretch { from, to: Some(to) }] = discord.as_slice() else {
        panic!("{discord:?}")
    };
    let (least, _, most) = to.since(from);
    let (least, most) = (least.as_millis(), most.as_millis());
    assert!(
        least < 10_300 && 10_300 <= most && most - least < 1_300,
        "{least} {most}"
    );
    assert!(
        stage.text().contains("did not name the same leader"),
        "{}",
        stage.text()
    );
    // The old one wakes up and is a primary still.
    stage.world.sql.insert(LEADER.into(), primary_sql(1));
    stage.world.wake(LEADER);
    for _ in 0..4 {
        stage.act(|world| world.pass(150));
    }
    stage.world.sql.insert(LEADER.into(), standby_sql(2, "pg-slave"));
    stage.act(|world| world.pass(150));
    let line = stage.only().timeline(stage.world.now);
    let [Stretch { from, to: Some(to) }] = line.doubles.as_slice() else {
        panic!("{:?}", line.doubles)
    };
    let (least, _, most) = to.since(from);
    assert!(
        least.as_millis() >= 240 && most.as_millis() <= 900,
        "{least:?} {most:?}"
    );
    assert!(
        stage.text().contains("Two members answered as primary at once"),
        "{}",
        stage.text()
    );
    let facts: Vec<String> = stage.only().entries.iter().map(|entry| entry.fact.describe()).collect();
    assert!(
        facts.contains(&"two primaries: postgresql0, postgresql1".to_owned()),
        "{facts:?}"
    );
}

#[test]
fn a_lost_standby_that_commits_wait_for_stops_the_writes() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.kill(REPLICA));
    stage.wait(2);
    assert!(
        stage.text().contains("The leader went on: no failover"),
        "{}",
        stage.text()
    );
    let leader = stage.world.sql_of(LEADER);
    leader.synchronous_standby_names = "*".to_owned();
    leader.walsenders = crate::model::postgres::Privileged::Seen(Vec::new());
    stage.wait(2);
    assert!(stage.text().contains("commits waited"), "{}", stage.text());
}

#[test]
fn a_clock_that_is_set_spoils_the_episode_and_those_that_follow() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.kill(LEADER));
    stage.wait(4);
    stage.act(|world| world.step(StepKind::SetBack));
    stage.act(|world| world.expire(LEADER));
    stage.act(|world| world.take_lock(REPLICA));
    stage.act(|world| world.promote(REPLICA, 2));
    let said = stage.text();
    for part in [
        "Not valid: clock set back by 3600.0 s, 4.1 s after it began",
        "start pgherd again",
        "took over",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    for part in ["Where the time went", "as predicted"] {
        assert!(!said.contains(part), "{part}: {said}");
    }
    let line = explanation::headline(stage.only(), stage.world.now);
    assert!(line.starts_with("NOT VALID, clock set back by 3600.0 s; "), "{line}");
    stage.wait(30);
    stage.act(|world| world.kill(REPLICA));
    assert_eq!(stage.chronicle.episodes().len(), 2);
    let later = stage.chronicle.last().unwrap();
    let said = explanation::explain(later, stage.world.now).join("\n");
    assert!(said.contains("before it; how long something took"), "{said}");
}

#[test]
fn a_machine_that_stood_still_spoils_only_what_spans_that() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.step(StepKind::StoodStill));
    stage.wait(3);
    stage.act(|world| world.kill(LEADER));
    assert!(
        stage.only().stepped.is_some(),
        "clients are looked at from before the fault on"
    );
    let mut stage = Stage::healthy();
    stage.act(|world| world.step(StepKind::StoodStill));
    stage.wait(6);
    stage.act(|world| world.kill(LEADER));
    assert_eq!(stage.only().stepped, None);
    stage.act(|world| world.step(StepKind::StoodStill));
    assert!(
        stage.text().contains("this machine stood still for 3600.0 s"),
        "{}",
        stage.text()
    );
    assert!(!stage.text().contains("start pgherd again"));
}

#[test]
fn what_clients_measured_across_a_step_does_not_count() {
    let mut stage = Stage::healthy();
    stage.act(|world| world.kill(LEADER));
    let run = Run {
        id: 1,
        began: stage.world.now,
        mode: Mode::Write,
        every: Duration::from_millis(100),
    };
    let mut probe = Probe::default();
    probe.take(News::Began(run), stage.world.now);
    stage.chronicle.see(&probe, stage.world.now);
    let stepped = |stage: &Stage| stage.only().clients.as_ref().unwrap().stepped;
    assert_eq!(stepped(&stage), None);
    stage.act(|world| world.step(StepKind::SetForward));
    stage.chronicle.see(&probe, stage.world.now);
    assert!(stepped(&stage).is_some());
    assert!(stage.text().contains("What clients measured does not count"));
}
