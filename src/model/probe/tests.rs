//! Attempts in, history, facts and outages out.

use super::*;
use crate::model::link::SourceId;

const BEGIN: i64 = 1_795_377_600_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(BEGIN + millis)
}

fn server(number: u32) -> Server {
    Server {
        address: format!("172.19.0.{number}"),
        timeline: Some(Timeline(number)),
        standby: false,
    }
}

/// An attempt of the lane of writes that took 5 ms; its number is its time in steps of 100 ms.
fn write(millis: i64, outcome: Outcome) -> Attempt {
    let acknowledged = outcome == Outcome::Acknowledged;
    Attempt {
        lane: Lane::Write,
        seq: (!matches!(outcome, Outcome::Failed(_) | Outcome::Skipped)).then_some(millis / 100),
        sent_at: at(millis),
        ended_at: at(millis + 5),
        outcome,
        server: acknowledged.then(|| server(1)),
    }
}

fn failed() -> Outcome {
    Outcome::Failed(Class::Refused)
}

fn probe() -> Probe {
    let mut probe = Probe::default();
    let run = Run {
        id: 1,
        began: at(0),
        mode: Mode::Write,
        every: Duration::from_millis(100),
    };
    probe.take(News::Began(run), at(0));
    probe
}

/// Every 100 ms an attempt: `o` acknowledged, `x` failed, `?` unknown, `.` skipped.
fn attempts(pattern: &str) -> Vec<Attempt> {
    let outcome = |letter| match letter {
        'o' => Outcome::Acknowledged,
        'x' => failed(),
        '?' => Outcome::Unknown(Class::ReplyTimeout),
        _ => Outcome::Skipped,
    };
    (0..)
        .step_by(100)
        .zip(pattern.chars())
        .map(|(millis, letter)| write(millis, outcome(letter)))
        .collect()
}

fn taken(pattern: &str) -> (Probe, Vec<String>) {
    let mut probe = probe();
    let attempts = attempts(pattern);
    let now = attempts.last().map_or(at(0), |last| last.ended_at);
    let facts = probe.take(News::Attempts(attempts), now);
    (probe, facts.iter().map(Fact::describe).collect())
}

#[test]
fn an_hour_of_success_is_one_stretch_and_costs_no_more_than_seconds() {
    let mut track = Track::default();
    for tick in 0..36_000 {
        track.push(&write(tick * 100, Outcome::Acknowledged));
    }
    let stretches = track.since(at(0));
    assert_eq!(stretches.len(), 1);
    assert_eq!(stretches.first().map(|stretch| stretch.count), Some(36_000));
    assert!(track.recent().count() < 100);
    assert_eq!(track.latency(), Some(Duration::from_millis(5)));
}

#[test]
fn a_lane_that_changes_with_each_attempt_stays_bounded() {
    let mut track = Track::default();
    for tick in 0..20_000 {
        let outcome = if tick % 2 == 0 { Outcome::Acknowledged } else { failed() };
        track.push(&write(tick * 100, outcome));
    }
    assert!(track.since(at(0)).len() <= 1_100);
}

#[test]
fn outcomes_that_come_late_take_the_place_of_their_beginning() {
    let mut track = Track::default();
    let mut late = write(100, Outcome::Unknown(Class::ReplyTimeout));
    late.ended_at = at(2_100);
    for millis in [0, 200, 300] {
        track.push(&write(millis, Outcome::Acknowledged));
    }
    track.push(&late);
    let order: Vec<u32> = track.since(at(0)).iter().map(|stretch| stretch.count).collect();
    assert_eq!(order, [1, 1, 2]);
}

#[test]
fn an_outage_lies_between_two_acknowledged_writes_and_knows_its_bounds() {
    let (probe, facts) = taken("ooo.xx?xx.oooo");
    assert_eq!(facts, ["fail: refused", "succeed again after 0.8 s"]);
    let clients = probe.clients(at(0), at(10_000)).unwrap();
    let seen = clients.lane(&Lane::Write).unwrap();
    let [outage] = seen.outages.as_slice() else {
        panic!("{:?}", seen.outages)
    };
    let expected = Outage {
        before: Some((at(200), at(205))),
        first: at(400),
        last: at(800),
        after: Some((at(1_000), at(1_005))),
        failed: 5,
    };
    assert_eq!(*outage, expected);
    assert_eq!(outage.span(at(10_000)), Duration::from_millis(800));
    assert_eq!(
        seen.text(),
        "7 ok, 4 failed (refused 4), 1 unknown (no reply in time 1), 2 slots skipped"
    );
}

#[test]
fn an_outage_ends_with_the_first_acknowledgement_whichever_write_it_is_of() {
    let mut probe = probe();
    let acknowledged = |sent, took| Attempt {
        ended_at: at(sent + took),
        ..write(sent, Outcome::Acknowledged)
    };
    let mut all = attempts("oxx");
    // It hung for long and was answered after all; meanwhile later ones failed, and one was answered at once.
    all.push(acknowledged(300, 900));
    all.extend([write(400, failed()), write(500, failed()), acknowledged(600, 20)]);
    probe.take(News::Attempts(all), at(1_200));
    let clients = probe.clients(at(0), at(1_200)).unwrap();
    let seen = clients.lane(&Lane::Write).unwrap();
    assert_eq!(
        seen.outage(at(1_200)).unwrap().span(at(1_200)),
        Duration::from_millis(615)
    );
    let spans: Vec<u128> = seen.outages.iter().map(|one| one.span(at(1_200)).as_millis()).collect();
    assert_eq!(spans, [615, 0]);
}

#[test]
fn stable_begins_with_the_first_success_after_the_last_failure_and_stands_ten_seconds() {
    let steady = "o".repeat(99);
    let (probe, facts) = taken(&format!("ooxxxxxxooxo{steady}"));
    assert_eq!(
        facts,
        [
            "fail: refused",
            "succeed again after 0.7 s",
            "fail no more: 1 did within 0.2 s"
        ]
    );
    let seen = |until| {
        let clients = probe.clients(at(0), at(until)).unwrap();
        clients.lane(&Lane::Write).unwrap().clone()
    };
    let whole = seen(11_200);
    assert_eq!(whole.outage(at(11_200)).map(|outage| outage.first), Some(at(200)));
    let longest = whole.outages[0];
    assert_eq!(whole.failed_after(&longest), 1);
    assert_eq!(whole.stable(at(11_000)), None);
    assert_eq!(whole.stable(at(11_200)), Some(at(1_105)));
}

#[test]
fn what_fails_in_between_is_counted_and_told_once_it_is_over() {
    let (_, facts) = taken(&format!("oxxoxoxo{}", "o".repeat(110)));
    assert_eq!(
        facts,
        [
            "fail: refused",
            "succeed again after 0.3 s",
            "fail no more: 2 did within 0.3 s"
        ]
    );
}

#[test]
fn a_lane_that_stops_is_not_stable_by_silence() {
    let (probe, _) = taken("oxo");
    let clients = probe.clients(at(0), at(60_000)).unwrap();
    assert_eq!(clients.lane(&Lane::Write).unwrap().stable(at(60_000)), None);
}

#[test]
fn two_members_that_both_write_are_two_primaries_for_as_long_as_both_say_so() {
    let mut probe = probe();
    let read = |member: &str, millis: i64, standby| Attempt {
        lane: Lane::Member(member.into()),
        seq: None,
        server: Some(Server { standby, ..server(1) }),
        ..write(millis, Outcome::Acknowledged)
    };
    let mut all: Vec<Attempt> = (0..20).map(|tick| read("a", tick * 100, tick >= 12)).collect();
    all.extend((0..20).map(|tick| read("b", tick * 100, tick < 5)));
    probe.take(News::Attempts(all), at(2_000));
    let clients = probe.clients(at(0), at(2_000)).unwrap();
    let (members, span) = clients.two_primaries().unwrap();
    assert_eq!(members.map(MemberName::as_str), ["a", "b"]);
    // The answers at 505 ms and before the attempt at 1100 ms ended.
    assert_eq!(span, Duration::from_millis(595));
}

#[test]
fn lost_writes_are_told_once_and_what_comes_after_is_counted_anew() {
    let (mut probe, _) = taken("ooooxx");
    // Another server from here on.
    let mut promoted = write(600, Outcome::Acknowledged);
    promoted.server = Some(server(2));
    probe.take(News::Attempts(vec![promoted]), at(605));
    let reading = |rows: &[(i64, i64)], millis| {
        News::Reading(Reading {
            member: None,
            at: at(millis),
            server: server(2),
            rows: rows.to_vec(),
            taken: Vec::new(),
        })
    };
    let facts = probe.take(reading(&[(0, 1), (6, 6)], 700), at(700));
    let told: Vec<String> = facts.iter().map(Fact::describe).collect();
    assert_eq!(told, ["2 of 5 acknowledged writes lost: 2, 3"]);
    assert!(probe.take(reading(&[(0, 1), (6, 6)], 800), at(800)).is_empty());
    assert!(probe.clients(at(0), at(900)).unwrap().judgement.unwrap().is_bad());
    // Ten seconds without a failure, then the next one.
    let served = |millis| Attempt {
        server: Some(server(2)),
        ..write(millis, Outcome::Acknowledged)
    };
    let mut later: Vec<Attempt> = (7..120).map(|tick| served(tick * 100)).collect();
    later.push(write(12_000, failed()));
    later.push(served(12_100));
    probe.take(News::Attempts(later), at(12_200));
    let facts = probe.take(reading(&[(0, 1), (6, 119), (121, 121)], 12_300), at(12_300));
    let told: Vec<String> = facts.iter().map(Fact::describe).collect();
    assert_eq!(told, ["0 of 117 acknowledged writes lost"]);
    // Of a failover during which both happened the loss stays.
    let text = |from| probe.clients(at(from), at(13_000)).unwrap().judgement.unwrap().text();
    assert_eq!(text(0), "2 of 119 acknowledged writes lost: 2, 3");
    assert_eq!(text(11_000), "0 of 117 acknowledged writes lost");
}

#[test]
fn classes_read_as_their_layer() {
    let text = |code: &str| Class::Sql(code.to_owned()).to_string();
    assert_eq!(text("25006"), "read-only (25006)");
    assert_eq!(text("57P01"), "terminated (57P01)");
    assert_eq!(text("40001"), "SQLSTATE 40001");
    assert_eq!(SourceId::Probe.to_string(), "probe");
}
