//! On a recorded server, and against servers that are none.

use proptest::prelude::*;
use tokio::net::TcpListener;

use super::*;
use crate::net::port::Port;

/// A section of the recording.
fn recorded(word: &str) -> &'static str {
    let all = include_str!("../../../../tests/samples/zookeeper/p302_four_letter.txt");
    let head = format!("== 4lw {word}\n");
    all.split(&head).nth(1).unwrap().split("\n== 4lw").next().unwrap()
}

fn address(port: u16) -> Address {
    Address {
        host: "127.0.0.1".to_owned(),
        port,
    }
}

#[test]
fn srvr_of_3_8() {
    let server = srvr(&address(2181), recorded("srvr")).unwrap();
    assert_eq!(
        server,
        StoreServer {
            address: "127.0.0.1:2181".to_owned(),
            answered: true,
            mode: Some("standalone".to_owned()),
            version: Some("3.8.0".to_owned()),
            zxid: Some("0x23".to_owned()),
            connections: Some(3),
            outstanding: Some(0),
            latency_us: Some(1201),
            znodes: Some(14),
        }
    );
    let old =
        "Zookeeper version: 3.4.14-4c25d480e66a, built on 03/06/2019\nLatency min/avg/max: 0/2/34\nMode: follower";
    let old = srvr(&address(1), old).unwrap();
    assert_eq!((old.version.as_deref(), old.latency_us), (Some("3.4.14"), Some(2000)));
    assert_eq!((old.mode.as_deref(), old.znodes), (Some("follower"), None));
}

#[test]
fn conf_and_cons() {
    assert_eq!(
        conf(recorded("conf")),
        Conf {
            tick: Some(Duration::from_secs(2)),
            bounds: Some((Duration::from_secs(4), Duration::from_secs(40))),
        }
    );
    let expected = [0x0100_000a_c1eb_0000, 0x0100_000a_c1eb_0001].map(|id| (SessionId(id), Duration::from_secs(30)));
    assert_eq!(cons(recorded("cons")), BTreeMap::from(expected));
    let other = " /[0:0:0:0:0:0:0:1]:40508[1](queued=0,sid=0xc800000000000001,to=4000)\n bad(sid=zz,to=1)";
    let id = SessionId(i64::from_be_bytes([0xc8, 0, 0, 0, 0, 0, 0, 1]));
    assert_eq!(cons(other), BTreeMap::from([(id, Duration::from_secs(4))]));
}

#[test]
fn what_a_whitelist_and_a_missing_quorum_say() {
    let forbidden = b"conf is not executed because it is not in the whitelist.\n";
    assert_eq!(answer(forbidden), Ok(Answer::Forbidden));
    let waiting = answer(b"This ZooKeeper instance is not currently serving requests\n").unwrap_err();
    assert_eq!(waiting.to_string(), "not serving requests: no quorum, or starting");
    assert_eq!(answer(b" \n"), Err(Cause::Closed));
}

proptest! {
    #[test]
    fn garbage_is_never_more_than_unreadable(raw in prop::collection::vec(any::<u8>(), 0..300)) {
        let text = clean_bytes(&raw);
        let _ = (srvr(&address(1), &text), conf(&text), cons(&text), answer(&raw));
    }
}

/// A server that says `reply` to each connection and closes it, or, with none, keeps it open in silence.
async fn serve(reply: Option<&'static [u8]>) -> Address {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            match reply {
                Some(reply) => {
                    let mut word = [0; 4];
                    stream.read_exact(&mut word).await.unwrap();
                    stream.write_all(reply).await.unwrap();
                }
                None => silent.push(stream),
            }
        }
    });
    address(port)
}

#[tokio::test]
async fn silent_closed_wrong_and_absent_servers_have_different_causes() {
    assert_eq!(
        ask(&serve(None).await, "srvr").await,
        Err(Cause::Timeout("srvr".into()))
    );
    assert_eq!(ask(&serve(Some(b"")).await, "srvr").await, Err(Cause::Closed));
    let web = serve(Some(b"HTTP/1.1 400 Bad\x1b[31m Request\r\n\r\n")).await;
    let Ok(Answer::Text(text)) = ask(&web, "srvr").await else {
        panic!()
    };
    let wrong = srvr(&web, &text).unwrap_err().to_string();
    assert_eq!(wrong, "unreadable answer: not ZooKeeper: HTTP/1.1 400 Bad Request");
    let closed = Port::take();
    assert_eq!(ask(&address(closed.number()), "srvr").await, Err(Cause::Refused));
}

#[tokio::test]
async fn an_answer_without_end_is_cut() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    });
    let Ok(Answer::Text(text)) = ask(&address(port), "cons").await else {
        panic!()
    };
    assert!(text.len() <= crate::model::text::LONGEST + '…'.len_utf8());
}
