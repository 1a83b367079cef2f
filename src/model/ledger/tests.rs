//! Promises and rows: what is lost, what is there without a promise, what cannot be told.

use super::*;
use crate::model::probe::{Class, Lane};
use crate::model::wal::Timeline;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_795_377_600_000 + millis)
}

fn server(number: u32) -> Server {
    Server {
        address: format!("172.19.0.{number}"),
        timeline: Some(Timeline(number)),
        standby: false,
    }
}

fn write(seq: i64, outcome: Outcome, server: Server) -> Attempt {
    Attempt {
        lane: Lane::Write,
        seq: Some(seq),
        sent_at: at(seq * 100),
        ended_at: at(seq * 100 + 5),
        outcome,
        server: Some(server),
    }
}

/// Acknowledged by server 1.
fn promised(range: std::ops::RangeInclusive<i64>) -> Ledger {
    let mut ledger = Ledger::default();
    for seq in range {
        ledger.take(&write(seq, Outcome::Acknowledged, server(1)));
    }
    ledger
}

fn reading(server: Server, rows: &[(i64, i64)]) -> Reading {
    Reading {
        member: None,
        at: at(10_000_000),
        server,
        rows: rows.to_vec(),
        taken: Vec::new(),
    }
}

#[test]
fn nothing_is_lost_where_every_row_is_there() {
    let judgement = promised(1..=312).judge(&reading(server(2), &[(1, 312)]), None).unwrap();
    assert_eq!(judgement.text(), "0 of 312 acknowledged writes lost");
    assert!(!judgement.is_bad());
}

#[test]
fn lost_writes_are_named() {
    let judgement = promised(1..=10).judge(&reading(server(2), &[(1, 7)]), None).unwrap();
    assert_eq!(judgement.text(), "3 of 10 acknowledged writes lost: 8, 9, 10");
    assert!(judgement.is_bad() && !judgement.hole);
    let judgement = promised(1..=100).judge(&reading(server(2), &[(1, 50)]), None).unwrap();
    assert!(
        judgement.text().ends_with(", 69, 70 and 30 more"),
        "{}",
        judgement.text()
    );
}

#[test]
fn unknown_outcomes_are_told_apart_and_are_no_loss() {
    let mut ledger = promised(1..=5);
    for seq in 6..=8 {
        ledger.take(&write(seq, Outcome::Unknown(Class::ReplyTimeout), server(1)));
    }
    ledger.take(&write(9, Outcome::Failed(Class::Sql("25006".to_owned())), server(1)));
    let judgement = ledger.judge(&reading(server(2), &[(1, 6)]), None).unwrap();
    assert_eq!((judgement.recovered, judgement.absent, judgement.lost.len()), (1, 2, 0));
    let judgement = ledger.judge(&reading(server(2), &[(1, 5), (9, 9)]), None).unwrap();
    assert_eq!(judgement.unexpected, 1, "it was refused");
}

#[test]
fn what_was_acknowledged_after_the_question_is_not_looked_for() {
    let mut late = reading(server(2), &[(1, 3)]);
    late.at = at(305);
    let judgement = promised(1..=5).judge(&late, None).unwrap();
    assert_eq!((judgement.judged, judgement.lost.len()), (3, 0));
}

#[test]
fn a_lost_write_before_one_that_is_there_means_two_primaries() {
    let mut ledger = promised(1..=10);
    let judgement = ledger.judge(&reading(server(2), &[(1, 4), (7, 10)]), None).unwrap();
    assert!(judgement.hole, "{judgement:?}");
    assert!(judgement.text().contains("TWO PRIMARIES"));
    // Those of the new server come after those that the old one lost: no hole.
    let mut ledger = promised(1..=10);
    for seq in 11..=20 {
        ledger.take(&write(seq, Outcome::Acknowledged, server(2)));
    }
    let judgement = ledger.judge(&reading(server(2), &[(1, 8), (11, 20)]), None).unwrap();
    assert_eq!((judgement.lost.as_slice(), judgement.hole), (&[9, 10][..], false));
}

#[test]
fn a_standby_or_an_old_leader_is_noted_and_does_not_decide() {
    let mut ledger = promised(1..=10);
    ledger.take(&write(11, Outcome::Acknowledged, server(2)));
    let mut standby = reading(server(2), &[(1, 5)]);
    standby.server.standby = true;
    assert_eq!(ledger.judge(&standby, None), None);
    let first = ledger.judge(&reading(server(2), &[(1, 8), (11, 11)]), None).unwrap();
    assert_eq!(first.lost, [9, 10]);
    let mut old = reading(server(1), &[(1, 10)]);
    old.member = Some("pg1".into());
    let second = ledger.judge(&old, Some(&first)).unwrap();
    assert_eq!(second.lost, [9, 10], "the stranded rows are no rescue");
    let readings: Vec<_> = second
        .readings
        .iter()
        .map(|(who, lacks)| (who.as_str(), *lacks))
        .collect();
    assert_eq!(readings, [("entry", 2), ("pg1", 1)]);
}

#[test]
fn the_ring_forgets_what_it_overwrote_and_so_does_the_ledger() {
    let mut ledger = promised(1..=RING + 100);
    let judgement = ledger.judge(&reading(server(2), &[(101, RING + 100)]), None).unwrap();
    assert_eq!(judgement.judged, usize::try_from(RING).unwrap());
    assert!(judgement.lost.is_empty());
}

#[test]
fn a_place_that_another_run_took_says_nothing() {
    let mut contested = reading(server(2), &[(1, 7), (9, 10)]);
    contested.taken = vec![8];
    let judgement = promised(1..=10).judge(&contested, None).unwrap();
    assert_eq!((judgement.judged, judgement.taken, judgement.lost.len()), (9, 1, 0));
    assert!(
        judgement
            .text()
            .ends_with("1 cannot be told, another pgherd writes there too")
    );
}

#[test]
fn what_an_earlier_outage_lost_is_not_counted_again() {
    let mut ledger = promised(1..=10);
    ledger.judge(&reading(server(2), &[(1, 8)]), None).unwrap();
    ledger.settle();
    for seq in 11..=12 {
        ledger.take(&write(seq, Outcome::Acknowledged, server(2)));
    }
    let judgement = ledger.judge(&reading(server(2), &[(1, 8), (11, 12)]), None).unwrap();
    assert_eq!(judgement.text(), "0 of 10 acknowledged writes lost");
}
