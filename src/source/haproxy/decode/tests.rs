//! The decoder on a recorded answer, on tables of cases and on garbage.

use proptest::prelude::*;

use super::*;

const HEALTHY: &[u8] = include_bytes!("../../../../tests/samples/haproxy/2.6_healthy.csv");

#[test]
fn reads_a_recorded_answer() {
    let snapshot = statistics(HEALTHY).unwrap();
    let names: Vec<_> = snapshot.pools.iter().map(|pool| pool.name.as_str()).collect();
    assert_eq!(names, ["stats", "primary", "replicas"]);
    let [stats, primary, replicas] = &snapshot.pools[..] else {
        panic!()
    };
    assert_eq!(stats.entry.as_ref().map(|entry| entry.status.as_str()), Some("OPEN"));
    assert!(stats.servers.is_empty());
    assert_eq!(
        primary.backend,
        Some(Backend {
            status: ServerStatus::Up,
            sessions: 0,
            queued: 0,
            total_sessions: 0,
            errors: 0,
            since_change: Some(Duration::from_secs(36)),
        })
    );
    let server = |name: &str, status, check: &str, code, text: &str, ms, failed, since| ProxyServer {
        name: name.into(),
        status,
        check: Some(check.into()),
        check_code: Some(code),
        check_text: (!text.is_empty()).then(|| text.into()),
        check_duration: Some(Duration::from_millis(ms)),
        sessions: 0,
        total_sessions: 0,
        errors: 0,
        failed_checks: failed,
        since_change: Some(Duration::from_secs(since)),
        address: None,
    };
    let (up, down) = (ServerStatus::Up, ServerStatus::Down);
    assert_eq!(
        primary.servers,
        [
            server("pg1", up.clone(), "L7OK", 200, "", 1, 0, 36),
            server("pg2", down, "L7STS", 503, "Service Unavailable", 4, 1, 35),
        ]
    );
    assert_eq!(replicas.servers[1], server("pg2", up, "L7OK", 200, "", 4, 1, 28));
}

#[test]
fn reads_every_form_of_a_status() {
    let cases = [
        ("UP", ServerStatus::Up),
        ("UP 2/3", ServerStatus::Failing { left: 2, of: 3 }),
        ("DOWN", ServerStatus::Down),
        ("DOWN 1/2", ServerStatus::Rising { done: 1, of: 2 }),
        ("DOWN (agent)", ServerStatus::Down),
        ("MAINT", ServerStatus::Maintenance),
        ("MAINT (via primary/pg1)", ServerStatus::Maintenance),
        ("MAINT (resolution)", ServerStatus::Maintenance),
        ("DRAIN", ServerStatus::Draining),
        ("DRAIN 1/3", ServerStatus::Draining),
        ("NOLB", ServerStatus::Draining),
        ("NOLB 2/3", ServerStatus::Draining),
        ("no check", ServerStatus::Unchecked),
        ("OPEN", ServerStatus::Other("OPEN".into())),
        ("UP 2/99999999999", ServerStatus::Other("UP 2/99999999999".into())),
        ("UPPER", ServerStatus::Other("UPPER".into())),
        ("", ServerStatus::Other(String::new())),
    ];
    for (word, expected) in cases {
        assert_eq!(server_status(word), expected, "{word}");
    }
}

#[test]
fn columns_may_be_few_new_and_in_another_order() {
    let few = b"# pxname,status,brand_new,svname\nprimary,UP 1/3,77,pg0\n";
    let snapshot = statistics(few).unwrap();
    let server = &snapshot.pools[0].servers[0];
    assert_eq!(server.status, ServerStatus::Failing { left: 1, of: 3 });
    assert_eq!(
        (server.check.as_deref(), server.since_change, server.errors),
        (None, None, 0)
    );

    let many = "# pxname,svname,status,type,scur,stot,econ,eresp,ereq,check_status,check_code,last_chk,addr,lastchg,qcur,slim\n\
        a,FRONTEND,OPEN,0,3,9,,,4,,,,,,,3\n\
        a,sock-1,OPEN,3,,,,,,,,,,,,\n\
        a,pg0,UP,2,2,8,1,2,,* L4CON,0,\"No route, to \"\"host\"\"\",172.18.0.3:5432,-1,,\n\
        b,pg0,no check,2,,,,,,,,,,,,\n\
        a,BACKEND,DOWN,1,5,9,3,4,,,,,,7,6,\n";
    let snapshot = statistics(many.as_bytes()).unwrap();
    let [a, b] = &snapshot.pools[..] else { panic!() };
    let entry = a.entry.as_ref().unwrap();
    assert_eq!(
        (entry.status.as_str(), entry.sessions, entry.limit),
        ("OPEN", 3, Some(3))
    );
    assert!(entry.is_full());
    assert_eq!(b.entry, None);
    let [server] = &a.servers[..] else { panic!() };
    assert_eq!(
        (server.sessions, server.total_sessions, server.errors, server.check_code),
        (2, 8, 3, None)
    );
    assert_eq!(server.check.as_deref(), Some("L4CON"));
    assert_eq!(server.check_text.as_deref(), Some("No route, to \"host\""));
    assert_eq!(server.address.as_deref(), Some("172.18.0.3:5432"));
    assert_eq!(server.since_change, None);
    let backend = a.backend.as_ref().unwrap();
    assert_eq!(
        (backend.queued, backend.errors, &backend.status),
        (6, 7, &ServerStatus::Down)
    );
    assert_eq!(b.servers[0].status, ServerStatus::Unchecked);
}

#[test]
fn what_is_no_statistics_is_garbled() {
    let cases: [(&[u8], &str); 6] = [
        (b"", "not HAProxy's statistics"),
        (b"<html><head>", "not HAProxy's statistics"),
        (b"pxname,svname,status\n", "not HAProxy's statistics"),
        (b"# pxname,svname\n", "columns svname and status are missing"),
        (b"# pxname,svname,status\nprimary,pg", "a row ends early"),
        (b"# pxname,svname,status\n\xff\xfe\x00", "a row ends early"),
    ];
    for (body, why) in cases {
        assert_eq!(statistics(body), Err(Cause::Garbled(why.into())), "{body:?}");
    }
}

#[test]
fn nothing_from_outside_stays_raw() {
    let body =
        b"# pxname,svname,status,last_chk,addr\n\x1b[31mred,pg\x1b]0;t\x07\xff,UP\x1b[0m,a\tb\x00,\xe2\x80\xaex\n";
    let snapshot = statistics(body).unwrap();
    let pool = &snapshot.pools[0];
    let server = &pool.servers[0];
    assert_eq!((pool.name.as_str(), server.name.as_str()), ("red", "pg\u{fffd}"));
    assert_eq!(server.status, ServerStatus::Up);
    assert_eq!(server.check_text.as_deref(), Some("a b"));
    assert_eq!(server.address.as_deref(), Some("x"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(raw in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = statistics(&raw);
        let _ = statistics(&[b"# pxname,svname,status,lastchg\n", &raw[..]].concat());
    }

    #[test]
    fn no_cut_and_no_flipped_byte_makes_it_panic(end in 0..HEALTHY.len(), at in 0..HEALTHY.len(), byte in any::<u8>()) {
        let _ = statistics(&HEALTHY[..end]);
        let mut changed = HEALTHY.to_vec();
        changed[at] = byte;
        let _ = statistics(&changed);
    }
}
