//! `watch` against servers that misbehave, on a real socket. A real `PostgreSQL` is asked in the tests on the lab.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::*;
use crate::model::link::LinkState;
use crate::model::signal::Signal;
use crate::model::time::Timestamp;
use crate::net::port::{Port, server};

/// Every deadline is one second; the rest is for a machine that stands still meanwhile.
const LATE: Duration = Duration::from_millis(2500);

fn login() -> Login {
    Login {
        user: "monitor".to_owned(),
        password: Password::Given(Secret::new("hunter2")),
        database: "postgres".to_owned(),
        sslmode: SslMode::Prefer,
    }
}

/// Starts `watch` on `port`; its signals.
fn watched(port: u16, login: Login) -> (mpsc::Receiver<Signal>, CancellationToken) {
    let (signals, inbox) = mpsc::channel(16);
    let stop = CancellationToken::new();
    let context = Context {
        signals,
        clock: Arc::new(|| Timestamp::from_millis(0)),
        pace: Context::calm(),
        stop: stop.clone(),
    };
    let target = Address {
        host: "127.0.0.1".to_owned(),
        port,
    };
    tokio::spawn(watch(context, MemberName::from("pg1"), target, login));
    (inbox, stop)
}

/// The next cause that differs from the ones already `known`, and how long it took.
async fn cause(inbox: &mut mpsc::Receiver<Signal>, known: Option<&Cause>) -> (Cause, Duration) {
    let began = Instant::now();
    loop {
        let signal = tokio::time::timeout(Duration::from_secs(5), inbox.recv()).await;
        if let Signal::Link {
            state: LinkState::Down { cause, .. },
            ..
        } = signal.unwrap().unwrap()
            && known != Some(&cause)
        {
            return (cause, began.elapsed());
        }
    }
}

/// Reads what the client sends first, so that closing does not reset the connection.
async fn startup(stream: &mut TcpStream) {
    let mut bytes = [0; 1024];
    let _ = stream.read(&mut bytes).await.unwrap();
}

fn error_response(code: &str, message: &str) -> Vec<u8> {
    let fields = format!("SFATAL\0VFATAL\0C{code}\0M{message}\0\0");
    let length = u32::try_from(fields.len() + 4).unwrap();
    [b"E", length.to_be_bytes().as_slice(), fields.as_bytes()].concat()
}

/// Authentication is not asked for, the server is ready.
const READY: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

#[tokio::test]
async fn nobody_listens_and_then_a_server_starts_there() {
    let port = Port::take();
    let (mut inbox, _stop) = watched(port.number(), login());
    assert_eq!(cause(&mut inbox, None).await.0, Cause::Refused);

    let listener = port.listen();
    let began = Instant::now();
    let (mut stream, _) = listener.accept().await.unwrap();
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    startup(&mut stream).await;
    stream
        .write_all(&error_response("57P03", "the database system is starting up"))
        .await
        .unwrap();
    assert_eq!(cause(&mut inbox, Some(&Cause::Refused)).await.0, Cause::Starting);
}

#[tokio::test]
async fn silence_after_accepting_is_a_timeout_of_the_handshake_and_tried_again() {
    let (accepted, mut accepts) = mpsc::unbounded_channel();
    let port = server(move |stream| {
        accepted.send(Instant::now()).unwrap();
        async move {
            tokio::time::sleep(Duration::from_secs(60)).await;
            drop(stream);
        }
    })
    .await;
    let (mut inbox, _stop) = watched(port, login());
    let (found, after) = cause(&mut inbox, None).await;
    assert_eq!(found, Cause::Timeout("handshake".into()));
    assert!(after < LATE, "{after:?}");
    let first = accepts.recv().await.unwrap();
    let second = accepts.recv().await.unwrap();
    assert!(second - first < LATE, "{:?}", second - first);
}

#[tokio::test]
async fn silence_after_the_handshake_is_a_timeout_of_the_query_and_ends_the_connection() {
    let (closed, mut ends) = mpsc::unbounded_channel();
    let port = server(move |mut stream| {
        let closed = closed.clone();
        async move {
            startup(&mut stream).await;
            stream.write_all(READY).await.unwrap();
            let mut rest = Vec::new();
            // Ends when the client closes.
            let _ = stream.read_to_end(&mut rest).await;
            closed.send(()).unwrap();
        }
    })
    .await;
    let (mut inbox, _stop) = watched(port, login());
    let (found, after) = cause(&mut inbox, None).await;
    assert_eq!(found, Cause::Timeout("query".into()));
    assert!(after < LATE, "{after:?}");
    tokio::time::timeout(Duration::from_secs(1), ends.recv()).await.unwrap();
}

#[tokio::test]
async fn a_server_of_another_kind_is_garbled_at_once() {
    let port = server(|mut stream| async move {
        startup(&mut stream).await;
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let (mut inbox, _stop) = watched(port, login());
    let (found, after) = cause(&mut inbox, None).await;
    assert_eq!(found, Cause::Garbled("no PostgreSQL server answers there".to_owned()));
    assert!(after < LATE, "{after:?}");
}

#[tokio::test]
async fn closing_at_once_is_closed() {
    let port = server(|mut stream| async move { startup(&mut stream).await }).await;
    let (mut inbox, _stop) = watched(port, login());
    assert_eq!(cause(&mut inbox, None).await.0, Cause::Closed);
}

#[tokio::test]
async fn an_end_that_no_query_waited_for_is_told_in_the_servers_words() {
    let port = server(|mut stream| async move {
        startup(&mut stream).await;
        let last = error_response("57P01", "terminating connection due to administrator command");
        stream.write_all(&[READY, &last].concat()).await.unwrap();
        tokio::time::sleep(Duration::from_secs(60)).await;
    })
    .await;
    let (mut inbox, _stop) = watched(port, login());
    assert_eq!(cause(&mut inbox, None).await.0, Cause::ShuttingDown);
}

#[tokio::test]
async fn a_password_that_is_missing_is_said() {
    let port = server(|mut stream| async move {
        startup(&mut stream).await;
        // AuthenticationCleartextPassword
        stream.write_all(b"R\0\0\0\x08\0\0\0\x03").await.unwrap();
        startup(&mut stream).await;
    })
    .await;
    let (mut inbox, _stop) = watched(
        port,
        Login {
            password: Password::None,
            ..login()
        },
    );
    let (Cause::Rejected(text), _) = cause(&mut inbox, None).await else {
        panic!()
    };
    assert!(text.contains("PGPASSWORD"), "{text}");
}

#[tokio::test]
async fn encryption_that_is_demanded_and_impossible_connects_to_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (mut inbox, _stop) = watched(
        port,
        Login {
            sslmode: SslMode::VerifyFull,
            ..login()
        },
    );
    let (Cause::Other(text), _) = cause(&mut inbox, None).await else {
        panic!()
    };
    assert!(text.contains("sslmode verify-full"), "{text}");
    let accepted = tokio::time::timeout(Duration::from_millis(300), listener.accept()).await;
    assert!(accepted.is_err());
}

#[test]
fn a_login_does_not_show_its_password() {
    assert!(!format!("{:?}", login()).contains("hunter2"));
}
