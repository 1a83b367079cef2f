//! On forms of all versions, on garbage, and (in `recorded`) on recorded trees.

mod recorded;

use proptest::prelude::*;

use super::*;
use crate::model::dcs::SessionId;

const ROOT: &str = "/service/demo";

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

fn holder(snapshot: &DcsSnapshot) -> Option<&str> {
    snapshot.leader.as_ref().map(|lock| lock.holder.as_str())
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
fn whom_failsafe_mode_asks() {
    let read = |data: &str| {
        let snapshot = one("failsafe", data);
        (snapshot.failsafe, snapshot.problems)
    };
    let two = r#"{"pg2":"http://172.30.0.12:8008/patroni","pg1":"http://172.30.0.11:8008/patroni"}"#;
    assert_eq!(read(two), (Some(vec![name("pg1"), name("pg2")]), vec![]));
    assert_eq!(read("{}"), (Some(Vec::new()), vec![]));
    assert_eq!(read(""), (None, vec![]));
    assert_eq!(read("[]"), (None, vec!["failsafe: not an object".to_owned()]));
    assert_eq!(read("{"), (None, vec!["failsafe: not JSON".to_owned()]));
    let hostile = read(r#"{"\u001b[2Jpg1":7,"":1}"#).0;
    assert_eq!(hostile, Some(vec![name("pg1")]));
    assert_eq!(one("sync", "{}").failsafe, None);
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
