//! On recorded trees of Patroni 3.0.2 and 4.1.4, on forms of other versions, and on garbage.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::model::dcs::{PatroniRole, SessionId};

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../../tests/samples/zookeeper/", $name, ".txt"))
    };
}

const ROOT: &str = "/service/demo";

/// The dumps of a recording: `/path  [stat]`, and its value indented on the next line.
fn dumps(recording: &str) -> Vec<DcsSnapshot> {
    let mut dumps: Vec<Vec<RawZnode>> = Vec::new();
    for line in recording.lines() {
        if line.starts_with("# dump") {
            dumps.push(Vec::new());
        } else if let Some(value) = line.strip_prefix("    ") {
            let node = dumps.last_mut().unwrap().last_mut().unwrap();
            node.data = value.as_bytes().to_vec();
        } else if let Some((path, stat)) = line.split_once("  [") {
            let Some(path) = path.strip_prefix(ROOT) else { continue };
            dumps.last_mut().unwrap().push(RawZnode {
                path: path.trim_start_matches('/').to_owned(),
                data: Vec::new(),
                stat: recorded_stat(stat.trim_end_matches(']')),
            });
        }
    }
    dumps.iter().map(|raw| decode(ROOT, raw, &[])).collect()
}

fn recorded_stat(text: &str) -> ZnodeStat {
    let field = |key: &str| {
        let mut fields = text.split(' ').filter_map(|field| field.split_once('='));
        fields.find(|(name, _)| *name == key).unwrap().1
    };
    let owner = i64::from_str_radix(field("ephemeralOwner").trim_start_matches("0x"), 16).unwrap();
    ZnodeStat {
        czxid: field("czxid").parse().unwrap(),
        mzxid: field("mzxid").parse().unwrap(),
        created: timestamp(field("ctime")).unwrap(),
        modified: timestamp(field("mtime")).unwrap(),
        version: field("ver").parse().unwrap(),
        owner: (owner != 0).then_some(SessionId(owner)),
    }
}

fn raw(path: &str, data: impl AsRef<[u8]>) -> RawZnode {
    RawZnode {
        path: path.to_owned(),
        data: data.as_ref().to_vec(),
        stat: ZnodeStat {
            czxid: 1,
            mzxid: 2,
            created: Timestamp::from_millis(3),
            modified: Timestamp::from_millis(4),
            version: 0,
            owner: None,
        },
    }
}

fn one(path: &str, data: &str) -> DcsSnapshot {
    decode(ROOT, &[raw(path, data)], &[])
}

fn name(text: &str) -> MemberName {
    MemberName::from(text)
}

/// `name role state timeline` of every member.
fn members(snapshot: &DcsSnapshot) -> Vec<String> {
    let line = |member: &crate::model::dcs::DcsMember| {
        let timeline = member.timeline.map_or("-".to_owned(), |timeline| timeline.to_string());
        format!("{} {} {} {timeline}", member.name, member.role.word(), member.state)
    };
    snapshot.members.iter().map(line).collect()
}

fn holder(snapshot: &DcsSnapshot) -> Option<&str> {
    snapshot.leader.as_ref().map(|lock| lock.holder.as_str())
}

#[test]
fn a_healthy_cluster_of_both_versions() {
    for (recording, version, slots) in [
        (sample!("p302_00_healthy"), "3.0.2", 0),
        (sample!("p414_00_healthy"), "4.1.4", 2),
    ] {
        let dumps = dumps(recording);
        let [snapshot] = dumps.as_slice() else { panic!() };
        assert_eq!(snapshot.problems, Vec::<String>::new());
        assert_eq!(members(snapshot), ["pg1 primary running 1", "pg2 replica running 1"]);
        let pg1 = snapshot.member(&name("pg1")).unwrap();
        let lock = snapshot.leader.as_ref().unwrap();
        assert_eq!(lock.holder, name("pg1"));
        assert_eq!(lock.session, pg1.session);
        assert!(lock.session.is_some());
        assert_eq!(lock.since, snapshot.node("leader").unwrap().stat.created);
        assert_eq!(pg1.connect, Some(("172.30.0.11".to_owned(), 5432)));
        assert_eq!(pg1.api_url.as_deref(), Some("http://172.30.0.11:8008/patroni"));
        assert_eq!(pg1.version.as_deref(), Some(version));
        assert_eq!(pg1.xlog_location, Some(Lsn(50_331_744)));
        assert_eq!(snapshot.optime, Some(Lsn(50_331_744)));
        assert_eq!(snapshot.slots.len(), slots);
        let config = snapshot.config.as_ref().unwrap();
        assert_eq!(config.ttl, Some(Duration::from_secs(30)));
        assert_eq!(config.loop_wait, Some(Duration::from_secs(10)));
        assert_eq!(config.maximum_lag_on_failover, Some(1_048_576));
        assert!(!config.pause && !config.synchronous_mode);
        assert_eq!((snapshot.timeline(), snapshot.history.len()), (Timeline(1), 0));
        assert_eq!((&snapshot.failover, &snapshot.sync), (&None, &None));
        assert!(snapshot.initialize.as_ref().unwrap().starts_with("77110"));
        let paths: Vec<_> = snapshot.nodes.iter().map(|node| node.path.as_str()).collect();
        assert_eq!(paths.first(), Some(&""));
        assert!(paths.is_sorted() && paths.contains(&"members/pg2"), "{paths:?}");
    }
    let replica = dumps(sample!("p414_00_healthy")).remove(0);
    let replica = replica.member(&name("pg2")).unwrap();
    assert_eq!(replica.replication_state.as_deref(), Some("streaming"));
    assert_eq!(replica.receive_lsn, Some(Lsn(50_331_744)));
    assert_eq!(replica.replay_lsn, Some(Lsn(50_331_744)));
}

#[test]
fn after_a_kill_the_store_says_healthy_until_the_lock_expires() {
    let dumps302 = dumps(sample!("p302_02_sigkill"));
    assert!(dumps302.iter().all(|dump| dump.problems.is_empty()));
    let story: Vec<_> = dumps302.iter().map(|dump| (holder(dump), members(dump))).collect();
    let dead = (
        Some("pg2"),
        vec!["pg1 replica running 2".to_owned(), "pg2 primary running 2".to_owned()],
    );
    assert_eq!(story.get(..3), Some(&[dead.clone(), dead.clone(), dead][..]));
    assert_eq!(story[3], (Some("pg1"), vec!["pg1 promoted running 2".to_owned()]));
    assert!(dumps302[3].members[0].checkpoint_pending);
    assert_eq!(dumps302[3].timeline(), Timeline(2), "history comes a second later");
    assert_eq!(story[4], (Some("pg1"), vec!["pg1 primary running 3".to_owned()]));
    assert!(!dumps302[4].members[0].checkpoint_pending);
    assert_eq!(dumps302[4].timeline(), Timeline(3));
    assert_eq!(
        dumps302[4].history[1],
        TimelineSwitch {
            old: Timeline(2),
            at_lsn: Some(Lsn(50_861_184)),
            reason: "no recovery target specified".to_owned(),
            promoted: Some(Timestamp::from_micros(1_795_375_138_526_984)),
            leader: Some(name("pg1")),
        }
    );

    let dumps414 = dumps(sample!("p414_02_sigkill"));
    assert!(dumps414.iter().all(|dump| dump.problems.is_empty()));
    let last = dumps414.last().unwrap();
    assert_eq!(members(last), ["pg1 replica running 4", "pg2 primary running 4"]);
    assert_eq!(last.timeline(), Timeline(4));
}

#[test]
fn a_switchover_shows_the_old_leader_stopped_for_a_moment() {
    for (recording, pair) in [
        (
            sample!("p302_05_switchover_rest"),
            ("pg2 demoted stopped -", "pg1 primary running 6"),
        ),
        (
            sample!("p414_05_switchover_rest"),
            ("pg1 demoted stopped -", "pg2 primary running 6"),
        ),
    ] {
        let stories: Vec<_> = dumps(recording).iter().map(members).collect();
        let demoted = stories.iter().any(|story| story.iter().any(|line| line == pair.0));
        assert!(demoted, "{stories:#?}");
        assert!(
            stories.last().unwrap().iter().any(|line| line == pair.1),
            "{stories:#?}"
        );
    }
}

#[test]
fn pause_sync_and_quorum_as_patroni_4_writes_them() {
    let paused = dumps(sample!("p414_21_pause_mode")).remove(0);
    assert!(paused.config.as_ref().unwrap().pause);
    assert!(paused.members.iter().all(|member| member.pause));
    assert_eq!(paused.failover, None, "an emptied request is none");

    let expected = Some(SyncState {
        leader: Some(name("pg2")),
        standbys: vec![name("pg1")],
        quorum: Some(0),
    });
    let sync = dumps(sample!("p414_23_sync_mode")).remove(0);
    assert!(sync.config.as_ref().unwrap().synchronous_mode);
    assert_eq!(sync.sync, expected);
    let quorum = dumps(sample!("p414_25_quorum_mode"));
    assert!(quorum[0].config.as_ref().unwrap().synchronous_mode);
    assert_eq!((&quorum[0].sync, &quorum[1].sync), (&expected, &None));
    assert!(!quorum[1].config.as_ref().unwrap().synchronous_mode);
}

#[test]
fn every_recorded_tree_is_read_without_a_problem() {
    for recording in [
        sample!("p302_05_switchover_rest"),
        sample!("p414_05_switchover_rest"),
        sample!("p414_27_bad_requests"),
    ] {
        let dumps = dumps(recording);
        assert!(!dumps.is_empty());
        for dump in dumps {
            assert_eq!(dump.problems, Vec::<String>::new());
            assert_eq!(dump.members.len(), 2);
            assert!(
                dump.members
                    .iter()
                    .all(|member| !matches!(member.role, PatroniRole::Other(_)))
            );
        }
    }
}

#[test]
fn requests_in_json_and_in_the_old_text() {
    let request = |leader: Option<&str>, candidate: Option<&str>, at: Option<&str>| {
        Some(FailoverRequest {
            leader: leader.map(name),
            candidate: candidate.map(name),
            scheduled_at: at.map(str::to_owned),
        })
    };
    let cases = [
        (
            r#"{"leader":"pg2","member":"pg1"}"#,
            request(Some("pg2"), Some("pg1"), None),
        ),
        (r#"{"member":"pg1"}"#, request(None, Some("pg1"), None)),
        (
            r#"{"leader":"pg2","scheduled_at":"2026-11-22T19:55:36+00:00"}"#,
            request(Some("pg2"), None, Some("2026-11-22T19:55:36+00:00")),
        ),
        ("pg2:pg1", request(Some("pg2"), Some("pg1"), None)),
        (" pg2 : ", request(Some("pg2"), None, None)),
        (":pg1", request(None, Some("pg1"), None)),
        ("{}", None),
        ("", None),
        (r#"{"leader":null}"#, None),
    ];
    for (data, expected) in cases {
        let snapshot = one("failover", data);
        assert_eq!((snapshot.failover, snapshot.problems), (expected, vec![]), "{data}");
    }
    assert_eq!(one("failover", "{\"leader\":").problems, ["failover: not JSON"]);
    assert_eq!(one("failover", "7").problems, ["failover: not an object"]);
}

#[test]
fn history_of_three_four_and_five_elements() {
    let snapshot = one(
        "history",
        r#"[[1,100,"a"],[2,"200","b","2026-11-22T19:17:51.038985+00:00"],[3,300,"c","yesterday","pg1"],[-4],7]"#,
    );
    let read: Vec<_> = snapshot
        .history
        .iter()
        .map(|switch| {
            (
                switch.old.0,
                switch.at_lsn,
                switch.promoted.is_some(),
                switch.leader.clone(),
            )
        })
        .collect();
    assert_eq!(
        read,
        [
            (1, Some(Lsn(100)), false, None),
            (2, Some(Lsn(200)), true, None),
            (3, Some(Lsn(300)), false, Some(name("pg1"))),
        ]
    );
    assert_eq!(snapshot.problems, ["history: 2 of 5 entries not readable"]);
    assert_eq!(snapshot.timeline(), Timeline(4));
    assert_eq!(one("history", "{}").problems, ["history: not a list"]);
}

#[test]
fn the_position_of_the_leader_in_every_form() {
    let status = raw("status", r#"{"optime":7,"slots":{"pg2":5,"pg1":"6","x":null}}"#);
    let legacy = raw("optime/leader", "3");
    let both = decode(ROOT, &[legacy.clone(), status], &[]);
    assert_eq!(both.optime, Some(Lsn(7)));
    assert_eq!(both.slots, [(name("pg1"), Lsn(6)), (name("pg2"), Lsn(5))]);
    assert_eq!(decode(ROOT, &[legacy], &[]).optime, Some(Lsn(3)));
    assert_eq!(one("status", "9").optime, Some(Lsn(9)));
    assert_eq!(one("optime/leader", "x").problems, ["optime/leader: not JSON"]);
    assert_eq!(
        one("status", r#"{"optime":-1}"#).problems,
        ["status: optime is not a whole number"]
    );
}

#[test]
fn members_of_other_versions() {
    let member = |data: &str| {
        let snapshot = one("members/pg1", data);
        (snapshot.members.into_iter().next().unwrap(), snapshot.problems)
    };
    let hosts = [
        (r#"{"conn_url":"postgres://h:5433/db"}"#, Some(("h", 5433))),
        (r#"{"conn_url":"postgresql://u:p@h/db"}"#, Some(("h", 5432))),
        (
            r#"{"conn_url":"postgres://[fd00::1]:5432/postgres"}"#,
            Some(("fd00::1", 5432)),
        ),
        (r#"{"conn_url":"postgres://a:1,b:2/db"}"#, Some(("a", 1))),
        (r#"{"conn_kwargs":{"host":"k","port":6000}}"#, Some(("k", 6000))),
        (r#"{"conn_kwargs":{"host":"k"}}"#, Some(("k", 5432))),
        (r#"{"conn_url":"postgres://h:99999/db"}"#, None),
        (r#"{"conn_url":"nonsense"}"#, None),
        ("{}", None),
        (
            "postgres://rep:s3cret@h:5432/postgres?application_name=http%3A//h%3A8008/patroni",
            Some(("h", 5432)),
        ),
    ];
    for (data, expected) in hosts {
        let (member, problems) = member(data);
        let connect = member.connect.as_ref().map(|(host, port)| (host.as_str(), *port));
        assert_eq!((connect, problems), (expected, vec![]), "{data}");
    }
    let (legacy, _) = member("postgres://h:5432/postgres?application_name=http%3A//h%3A8008/patroni");
    assert_eq!(legacy.api_url.as_deref(), Some("http://h:8008/patroni"));

    let (odd, problems) = member(
        r#"{"state":"hibernating","role":"oracle","pause":"on","pending_restart":true,"timeline":"x",
            "xlog_location":null,"tags":{"nofailover":"yes","failover_priority":0,"nosync":true,"clonefrom":true,"dc":"east"}}"#,
    );
    assert_eq!((odd.state.as_str(), odd.role.word()), ("hibernating", "oracle"));
    assert!(odd.pause && odd.pending_restart && odd.tags.nofailover && odd.tags.nosync && !odd.tags.noloadbalance);
    assert_eq!(odd.tags.failover_priority, Some(0));
    assert_eq!(odd.tags.other, ["clonefrom: true", "dc: east"]);
    assert_eq!(problems, ["members/pg1: timeline is not a whole number"]);
    assert_eq!(member("\u{1}").1, ["members/pg1: neither JSON nor a connection URL"]);
}

#[test]
fn a_scope_that_bootstraps_or_is_empty() {
    let booting = one("initialize", "");
    assert_eq!(booting.initialize.as_deref(), Some(""));
    assert_eq!((booting.leader, booting.config), (None, None));
    let nothing = decode(ROOT, &[], &["/service/demo: no such znode".to_owned()]);
    assert_eq!(nothing.problems, ["/service/demo: no such znode"]);
    assert_eq!(one("leader", " ").problems, ["leader: names nobody"]);
    let sync = one("sync", r#"{"leader":"a","sync_standby":"b, c"}"#).sync.unwrap();
    assert_eq!((sync.standbys, sync.quorum), (vec![name("b"), name("c")], None));
}

#[test]
fn nothing_from_outside_stays_raw() {
    let nodes = [
        raw("members/p\u{202e}g", b"{\"state\":\"\\u001b[31mrunning\"}"),
        raw("leader", b"\x1b]0;t\x07pg1\xff"),
        raw("own", b"password=s3cret \x1b[2J"),
        raw("history", br#"[[1,2,"\u001b[1mreason"]]"#),
    ];
    let snapshot = decode(ROOT, &nodes, &[]);
    assert_eq!(snapshot.members[0].name, name("pg"));
    assert_eq!(snapshot.members[0].state, "running");
    assert_eq!(holder(&snapshot), Some("pg1\u{fffd}"));
    assert_eq!(snapshot.history[0].reason, "reason");
    assert_eq!(snapshot.node("own").unwrap().value, "password=*** ");
    assert!(!format!("{snapshot:?}").contains("\\u{1b}"));
}

/// A value that is garbage, or JSON of any shape with the keys that are read.
fn value() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        any::<bool>().prop_map(|flag| flag.to_string()),
        any::<i64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        "[a-z:/@.%?=\\[\\]é\u{202e} -]{0,12}".prop_map(|text| format!("\"{text}\"").replace('\\', "")),
    ];
    let keys =
        "ttl|optime|slots|tags|conn_url|conn_kwargs|host|port|sync_standby|leader|member|timeline|nofailover|pause";
    let json = leaf.prop_recursive(3, 16, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((keys, inner), 0..5).prop_map(|fields| {
                let fields: Vec<_> = fields.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    });
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        json.prop_map(String::into_bytes),
        "postgres(ql)?://[a-z:@\\[\\]/?,%=0-9é]{0,30}".prop_map(String::into_bytes),
    ]
}

proptest! {
    #[test]
    fn never_panics_and_stays_clean(values in prop::collection::vec(value(), 9)) {
        let paths = [
            "", "leader", "config", "history", "failover", "sync", "status", "optime/leader", "members/a",
        ];
        let nodes: Vec<_> = paths.iter().zip(&values).map(|(path, data)| raw(path, data)).collect();
        let snapshot = decode(ROOT, &nodes, &[]);
        prop_assert_eq!(snapshot.nodes.len(), paths.len());
        prop_assert_eq!(snapshot.members.len(), 1);
        let texts = snapshot.nodes.iter().map(|node| &node.value).chain(&snapshot.problems);
        for text in texts {
            prop_assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{:?}", text);
        }
    }
}
