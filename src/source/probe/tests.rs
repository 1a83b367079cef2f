//! Attempts against servers that misbehave, on a real socket. A real cluster is asked in the tests on the lab.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::model::time::Timestamp;
use crate::model::topology::Address;
use crate::net::port::server;
use crate::source::postgres::SslMode;

fn target(port: u16) -> Target {
    let login = Login {
        user: "probe".to_owned(),
        password: Password::None,
        database: "postgres".to_owned(),
        sslmode: SslMode::Prefer,
    };
    let host = "127.0.0.1".to_owned();
    Target {
        address: Address { host, port },
        login,
    }
}

async fn heard(stream: &mut TcpStream) -> usize {
    stream.read(&mut [0; 4_096]).await.unwrap_or(0)
}

fn message(tag: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap();
    [&[tag], length.to_be_bytes().as_slice(), body].concat()
}

/// An error (`E`) or a notice (`N`).
fn said(tag: u8, severity: &str, code: &str) -> Vec<u8> {
    message(tag, format!("S{severity}\0V{severity}\0C{code}\0Mx\0\0").as_bytes())
}

/// Authentication is not asked for, the server is ready.
const READY: &[u8] = b"R\0\0\0\x08\0\0\0\0Z\0\0\0\x05I";

/// One row of four columns, and the end.
fn row() -> Vec<u8> {
    let mut columns = vec![0, 4];
    for name in ["a", "b", "c", "d"] {
        columns.extend(
            [
                name.as_bytes(),
                b"\0",
                &[0; 6],
                &25_u32.to_be_bytes(),
                &[255, 255],
                &[255; 4],
                &[0, 0],
            ]
            .concat(),
        );
    }
    let mut values = vec![0, 4];
    for value in ["f", "172.19.0.3", "0000000A"] {
        values.extend([&u32::try_from(value.len()).unwrap().to_be_bytes(), value.as_bytes()].concat());
    }
    values.extend([255; 4]);
    [
        message(b'T', &columns),
        message(b'D', &values),
        message(b'C', b"INSERT 0 1\0"),
        message(b'Z', b"I"),
    ]
    .concat()
}

/// A server that is ready, hears a statement, says this, and closes or falls silent.
async fn after_a_statement(words: Vec<u8>, closes: bool) -> u16 {
    server(move |mut stream| {
        let words = words.clone();
        async move {
            heard(&mut stream).await;
            stream.write_all(READY).await.unwrap();
            heard(&mut stream).await;
            stream.write_all(&words).await.unwrap();
            if !closes {
                std::future::pending::<()>().await;
            }
        }
    })
    .await
}

fn soon(millis: u64) -> Instant {
    Instant::now() + Duration::from_millis(millis)
}

async fn written(port: u16) -> Outcome {
    let mut session = Session::open(&target(port), soon(1_000)).await.unwrap();
    session.write(|| table::write(1, 1), soon(300)).await.0
}

fn sql(code: &str) -> Class {
    Class::Sql(code.to_owned())
}

#[tokio::test]
async fn a_write_is_acknowledged_failed_or_unknown_by_what_the_server_said() {
    let warned = [said(b'N', "WARNING", "01000"), row()].concat();
    let noticed = [said(b'N', "NOTICE", "00000"), row()].concat();
    let refused = [said(b'E', "ERROR", "25006"), message(b'Z', b"I")].concat();
    let cases = [
        (row(), false, Outcome::Acknowledged),
        (noticed, false, Outcome::Acknowledged),
        (warned, false, Outcome::Unknown(Class::LocalOnly)),
        (refused, false, Outcome::Failed(sql("25006"))),
        (said(b'E', "FATAL", "57P01"), true, Outcome::Unknown(sql("57P01"))),
        (said(b'E', "PANIC", "53100"), true, Outcome::Unknown(sql("53100"))),
        (said(b'N', "WARNING", "57P02"), true, Outcome::Unknown(sql("57P02"))),
        (Vec::new(), true, Outcome::Unknown(Class::Closed)),
        (Vec::new(), false, Outcome::Unknown(Class::ReplyTimeout)),
        (row()[..20].to_vec(), false, Outcome::Unknown(Class::ReplyTimeout)),
    ];
    for (words, closes, expected) in cases {
        let told = format!("{words:?}");
        assert_eq!(
            written(after_a_statement(words, closes).await).await,
            expected,
            "{told}"
        );
    }
}

#[tokio::test]
async fn who_answers_is_read_from_the_row() {
    let mut session = Session::open(&target(after_a_statement(row(), false).await), soon(1_000))
        .await
        .unwrap();
    let rows = session.read(&table::read(None), soon(1_000)).await.unwrap();
    let (server, seq) = decode::answer(&rows[0]).unwrap();
    assert_eq!(
        (server.address.as_str(), server.standby, seq),
        ("172.19.0.3", false, None)
    );
    assert_eq!(server.timeline.map(|timeline| timeline.0), Some(10));
}

#[tokio::test]
async fn a_session_that_the_server_ended_sends_nothing_more() {
    let port = server(|mut stream| async move {
        heard(&mut stream).await;
        stream.write_all(READY).await.unwrap();
        stream.write_all(&said(b'E', "FATAL", "57P01")).await.unwrap();
    })
    .await;
    let mut session = Session::open(&target(port), soon(1_000)).await.unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let unsent = || -> String { panic!("it was sent") };
    assert_eq!(session.write(unsent, soon(300)).await.0, Outcome::Failed(sql("57P01")));
}

#[tokio::test]
async fn a_login_that_fails_names_the_part_that_is_to_blame() {
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refusing = closed.local_addr().unwrap().port();
    drop(closed);
    let says = |words: Vec<u8>| {
        server(move |mut stream| {
            let words = words.clone();
            async move {
                heard(&mut stream).await;
                let _ = stream.write_all(&words).await;
            }
        })
    };
    let silent = server(|stream| async move {
        let _stream = stream;
        std::future::pending::<()>().await;
    });
    let cases = [
        (refusing, Class::Refused),
        (silent.await, Class::LoginTimeout),
        (says(Vec::new()).await, Class::Closed),
        (says(said(b'E', "FATAL", "53300")).await, sql("53300")),
        (says(b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()).await, Class::Garbled),
    ];
    for (port, expected) in cases {
        let opened = Session::open(&target(port), soon(300)).await;
        assert_eq!(opened.err(), Some(expected));
    }
    let mut nowhere = target(1);
    nowhere.address.host = "no such host.invalid".to_owned();
    assert_eq!(Session::open(&nowhere, soon(3_000)).await.err(), Some(Class::Dns));
}

#[tokio::test]
async fn what_is_given_up_on_is_reset_and_what_ends_well_is_not() {
    let (tell, mut ends) = mpsc::channel(4);
    let port = server(move |mut stream| {
        let tell = tell.clone();
        async move {
            heard(&mut stream).await;
            stream.write_all(READY).await.unwrap();
            let end = loop {
                match stream.read(&mut [0; 4_096]).await {
                    Ok(0) => break Ok(()),
                    Ok(_) => {}
                    Err(error) => break Err(error.kind()),
                }
            };
            tell.send(end).await.unwrap();
        }
    })
    .await;
    let mut session = Session::open(&target(port), soon(1_000)).await.unwrap();
    let given_up = session.write(|| table::write(1, 1), soon(50)).await.0;
    assert_eq!(given_up, Outcome::Unknown(Class::ReplyTimeout));
    drop(session);
    assert_eq!(ends.recv().await, Some(Err(io::ErrorKind::ConnectionReset)));
    Session::open(&target(port), soon(1_000)).await.unwrap().close().await;
    assert_eq!(ends.recv().await, Some(Ok(())));
}

#[tokio::test]
async fn answers_that_hang_are_not_met_with_ever_more_connections() {
    let (tell, mut accepted) = mpsc::channel(1_000);
    let port = server(move |stream| {
        let tell = tell.clone();
        async move {
            tell.send(stream).await.unwrap();
        }
    })
    .await;
    let (signals, _inbox) = mpsc::channel(16);
    let context = Context {
        signals,
        clock: Arc::new(|| Timestamp::from_millis(0)),
        stop: CancellationToken::new(),
        pace: Context::calm(),
    };
    let run = Run {
        id: 1,
        began: Timestamp::from_millis(0),
        mode: Mode::Write,
        every: Duration::from_millis(100),
    };
    let (done, mut attempts) = mpsc::channel(1_000);
    let (_pace, paced) = channel::channel(CALM);
    let common = Arc::new(Common::new(context, run, done, paced));
    let mut lanes = JoinSet::new();
    lanes.spawn(lane::fresh(common, Lane::Write, target(port)));
    tokio::time::sleep(Duration::from_secs(4)).await;
    drop(lanes);
    let mut connections = 0;
    while accepted.try_recv().is_ok() {
        connections += 1;
    }
    assert!((15..=34).contains(&connections), "{connections} of 40");
    let (mut skipped, mut hung) = (0, 0);
    while let Ok(attempt) = attempts.try_recv() {
        match attempt.outcome {
            Outcome::Skipped => skipped += 1,
            outcome => {
                assert_eq!(outcome, Outcome::Failed(Class::LoginTimeout));
                hung += 1;
            }
        }
    }
    assert!(skipped > 5 && hung > 0, "{skipped} skipped, {hung} hung");
}

#[test]
fn a_defect_says_what_to_do() {
    let row = |comment: Option<&str>, granted: [&str; 4]| {
        let mut row = vec![comment.map(str::to_owned)];
        row.extend(granted.map(|one| Some(one.to_owned())));
        row.push(Some("app".to_owned()));
        row.push(Some(
            "slot integer, run bigint, seq bigint, written timestamp with time zone +key".to_owned(),
        ));
        vec![row]
    };
    let text = |rows: &[Vec<Option<String>>]| Cause::from(&table::verify(rows).unwrap_err()).to_string();
    let current = Some("pgherd probe, version 1");
    assert_eq!(table::verify(&row(current, ["t"; 4])), Ok(()));
    assert_eq!(text(&[]), "no table pgherd.probe: pgherd probe install");
    assert_eq!(
        text(&row(Some("pgherd probe, version 7"), ["t"; 4])),
        "pgherd.probe is of version 7, not 1: pgherd probe install"
    );
    assert_eq!(
        text(&row(Some("mine"), ["t"; 4])),
        "pgherd.probe is not a table of pgherd: it is left alone"
    );
    assert_eq!(
        text(&row(current, ["t", "f", "t", "f"])),
        "role app lacks INSERT, SELECT on pgherd.probe: pgherd probe install --role app"
    );
    let mut changed = row(current, ["t"; 4]);
    changed[0][6] = Some("slot integer, run bigint, seq bigint +key".to_owned());
    assert_eq!(
        text(&changed),
        "pgherd.probe was changed, its columns are not those of version 1: pgherd probe install"
    );
}

#[test]
fn names_and_passwords_are_quoted() {
    let sql = table::install("a\"b", Some("it's"));
    assert!(sql.contains("CREATE ROLE \"a\"\"b\" LOGIN PASSWORD 'it''s'"), "{sql}");
    assert!(sql.contains("TO \"a\"\"b\";"));
}
