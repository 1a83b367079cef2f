//! Against servers that are none; the real one is in the tests on the lab.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::model::link::LinkState;
use crate::model::signal::Signal;
use crate::model::time::Timestamp;
use crate::model::topology::Address;
use crate::net::port::Port;

fn target(port: u16, namespace: &str, scope: Option<&str>) -> StoreTarget {
    StoreTarget {
        servers: vec![Address {
            host: "127.0.0.1".to_owned(),
            port,
        }],
        namespace: namespace.to_owned(),
        scope: scope.map(str::to_owned),
    }
}

#[test]
fn a_scope_is_below_the_namespace_or_a_path() {
    let cases = [
        ("/service", Some("demo"), Some("/service/demo")),
        ("/db/pg/", Some("demo/0"), Some("/db/pg/demo/0")),
        ("/", Some("demo"), Some("/demo")),
        ("service", Some("demo"), Some("/service/demo")),
        ("/service", Some("/else//where/"), Some("/else/where")),
        ("/service", None, None),
    ];
    for (namespace, scope, expected) in cases {
        assert_eq!(
            root(&target(1, namespace, scope)).as_deref(),
            expected,
            "{namespace} {scope:?}"
        );
    }
}

/// Runs the source for as long as it takes to say why it is down.
async fn first_cause(target: StoreTarget) -> Cause {
    let (signals, mut inbox) = mpsc::channel(16);
    let clock: Arc<dyn Fn() -> Timestamp + Send + Sync> = Arc::new(|| Timestamp::from_millis(0));
    let context = Context {
        signals,
        clock,
        pace: Context::calm(),
        stop: CancellationToken::new(),
    };
    let cause = async {
        loop {
            match inbox.recv().await {
                Some(Signal::Link {
                    state: LinkState::Down { cause, .. },
                    ..
                }) => break cause,
                Some(_) => {}
                None => panic!("the source ended"),
            }
        }
    };
    tokio::select! {
        () = watch(context, target) => panic!("the source ended"),
        cause = cause => cause,
        () = sleep(Duration::from_secs(10)) => panic!("no cause"),
    }
}

#[tokio::test]
async fn says_why_there_is_no_session() {
    let ours = Port::take();
    let port = ours.number();
    let listener = ours.listen();
    let silent = first_cause(target(port, "/service", Some("demo"))).await;
    assert_eq!(silent, Cause::Timeout("srvr".into()));
    drop(listener);
    let refused = first_cause(target(port, "/service", None)).await;
    assert_eq!(refused, Cause::Refused);
    let mut none = target(port, "/service", None);
    none.servers.clear();
    let none = first_cause(none).await;
    assert_eq!(none.to_string(), "no ZooKeeper server is configured");
}

#[tokio::test]
async fn a_server_that_is_none_is_garbled() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"SSH-2.0-OpenSSH_9\r\n").await.unwrap();
        }
    });
    let garbled = first_cause(target(port, "/service", None)).await;
    assert_eq!(garbled, Cause::Garbled("not ZooKeeper: SSH-2.0-OpenSSH_9".to_owned()));
}

/// A server that answers `srvr` like ZooKeeper and then spoils the session.
#[tokio::test]
async fn garbage_in_the_session_is_a_cause_and_no_panic() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut first = true;
        while let Ok((mut stream, _)) = listener.accept().await {
            let reply: &[u8] = if first {
                b"Zookeeper version: 3.8.0-x, built on y\nMode: standalone\n"
            } else {
                &[0, 0, 0, 8, 0xff, 0xff, 0xff, 0xff, 1, 2, 3, 4, 0x7f, 0xff, 0xff, 0xff]
            };
            let _ = stream.write_all(reply).await;
            first = !first;
        }
    });
    let cause = first_cause(target(port, "/service", Some("demo"))).await;
    assert_ne!(cause, Cause::Refused);
}
