//! The decoder on recorded answers of two versions, on tables of cases and on garbage.

use proptest::prelude::*;

use super::*;

const V3: &str = include_str!("../../../tests/samples/patroni/3.0.2_rest.txt");
const V4: &str = include_str!("../../../tests/samples/patroni/4.1.4_rest.txt");

/// The recorded `GET path` of one node: body and HTTP status.
fn recorded(samples: &'static str, title: &str) -> (u16, &'static [u8]) {
    let mut lines = samples.lines().skip_while(|line| *line != format!("--- {title}"));
    let body = lines.nth(1).unwrap();
    let status = lines.next().unwrap().strip_prefix("HTTP ").unwrap();
    (status.parse().unwrap(), body.as_bytes())
}

fn read(samples: &'static str, title: &str) -> RestStatus {
    let (code, body) = recorded(samples, title);
    status(code == 200, body).unwrap()
}

#[test]
fn reads_a_leader_of_3_and_4() {
    let old = read(V3, "primary @.11");
    let expected = RestStatus {
        has_lock: true,
        state: "running".into(),
        role: PatroniRole::Primary,
        timeline: Some(Timeline(1)),
        location: Some(Lsn(50_331_744)),
        replayed: None,
        replication_state: None,
        cluster_unlocked: false,
        dcs_last_seen: Some(Timestamp::from_millis(1_795_374_978_000)),
        pause: false,
        pending_restart: false,
        started: Some("2026-11-22 19:15:37.605882+00:00".into()),
        failsafe_active: false,
        watchdog_failed: false,
        system_id: Some("7711076637864206358".into()),
        version: Some("3.0.2".into()),
        scope: Some("demo".into()),
        name: None,
    };
    assert_eq!(old, expected);
    let new = read(V4, "GET /primary @.11");
    assert_eq!(
        new,
        RestStatus {
            dcs_last_seen: Some(Timestamp::from_millis(1_795_376_125_000)),
            started: new.started.clone(),
            system_id: Some("7711081609214177308".into()),
            version: Some("4.1.4".into()),
            name: Some(MemberName::from("pg1")),
            ..expected
        }
    );
}

#[test]
fn reads_a_replica_of_3_and_4() {
    for (samples, title, streaming) in [(V3, "primary @.12", None), (V4, "GET /primary @.12", Some("streaming"))] {
        let replica = read(samples, title);
        assert!(!replica.has_lock);
        assert_eq!(replica.role, PatroniRole::Replica);
        assert_eq!(replica.location, Some(Lsn(50_331_744)));
        assert_eq!(replica.replayed, Some(Lsn(50_331_744)));
        assert_eq!(replica.replication_state.as_deref(), streaming);
    }
}

/// Documents of the recorded failovers, shortened by what is not read.
#[test]
fn reads_documents_of_bad_times() {
    let read = |body: &str| status(false, body.as_bytes()).unwrap();
    let crashed = read(
        r#"{"state": "crashed", "role": "master", "dcs_last_seen": 1795375318, "patroni": {"version": "3.0.2", "scope": "demo"}}"#,
    );
    assert_eq!(
        (crashed.state.as_str(), crashed.location, crashed.timeline),
        ("crashed", None, None)
    );
    let unlocked = read(
        r#"{"state": "running", "role": "master", "xlog": {"location": 67260464}, "timeline": 7, "cluster_unlocked": true}"#,
    );
    assert!(unlocked.cluster_unlocked && unlocked.role == PatroniRole::Primary);
    let creating = read(
        r#"{"state": "creating replica", "role": "uninitialized", "failsafe_mode_is_active": true, "pending_restart": true}"#,
    );
    assert!(creating.failsafe_active && creating.pending_restart);
    assert_eq!(creating.role, PatroniRole::Uninitialized);
    assert!(!creating.watchdog_failed);
    let unguarded = read(r#"{"state": "running", "role": "replica", "watchdog_failed": true, "timeline": 2}"#);
    assert!(unguarded.watchdog_failed);
    let paused = read(
        r#"{"state": "running", "role": "replica", "pause": true, "xlog": {"received_location": 0, "replayed_location": 51551808}}"#,
    );
    assert!(paused.pause);
    assert_eq!((paused.location, paused.replayed), (None, Some(Lsn(51_551_808))));
}

#[test]
fn a_field_of_another_type_is_absent_and_text_is_made_harmless() {
    let body = r#"{"state": "\u001b[31mrunning\u0007", "role": 3, "timeline": -1, "xlog": [], "pause": "yes",
        "dcs_last_seen": 99999999999999999999, "patroni": "4", "database_system_identifier": 77}"#;
    let read = status(false, body.as_bytes()).unwrap();
    assert_eq!(
        (read.state.as_str(), read.role),
        ("running", PatroniRole::Other(String::new()))
    );
    assert_eq!(
        (read.timeline, read.location, read.pause, read.version),
        (None, None, false, None)
    );
    assert_eq!((read.dcs_last_seen, read.system_id), (None, None));
}

#[test]
fn what_is_no_status_is_garbled() {
    let deep = "[".repeat(100_000);
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"state": 1}"#,
        r#"{"state": "run"#,
        "<html>",
        "\u{1b}[2J",
        &deep,
    ] {
        let outcome = status(true, body.as_bytes());
        assert!(matches!(outcome, Err(Cause::Garbled(_))), "{outcome:?}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = status(true, &raw);
    }

    #[test]
    fn no_flipped_byte_makes_it_panic(place in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = recorded(V4, "GET /primary @.12").1.to_vec();
        let at = place.index(body.len());
        body[at] = byte;
        let _ = status(false, &body);
    }
}
