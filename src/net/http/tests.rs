//! The client against servers that misbehave.

use super::fake::{Behaviour, Fake, answer};
use super::*;

const DEADLINE: Duration = Duration::from_millis(600);

fn client(url: &str) -> Client {
    Client::new(url, None, DEADLINE).unwrap()
}

#[tokio::test]
async fn what_a_server_does_becomes_a_cause() {
    let cases: Vec<(Behaviour, Cause)> = vec![
        (Behaviour::Hang(Vec::new()), Cause::Timeout("answer".into())),
        (
            Behaviour::Hang(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal".to_vec()),
            Cause::Timeout("answer".into()),
        ),
        (
            Behaviour::Late(DEADLINE * 2, answer(200, b"x")),
            Cause::Timeout("answer".into()),
        ),
        (Behaviour::Say(Vec::new()), Cause::Closed),
        (
            Behaviour::Say(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal".to_vec()),
            Cause::Closed,
        ),
        (Behaviour::Say(b"HTTP/1.1 20".to_vec()), Cause::Closed),
        (Behaviour::Say(answer(401, b"")), Cause::Rejected("HTTP 401".into())),
        (Behaviour::Say(answer(403, b"no")), Cause::Rejected("HTTP 403".into())),
        (
            Behaviour::Say(answer(200, &vec![b'x'; LARGEST + 1])),
            Cause::Garbled("larger than 4 MiB".into()),
        ),
    ];
    for (behaviour, expected) in cases {
        let shown = format!("{behaviour:.40?}");
        let fake = Fake::start(behaviour);
        let cause = client(&fake.url()).get("/").await.unwrap_err();
        assert_eq!(cause, expected, "{}", &shown[..shown.len().min(80)]);
    }
}

#[tokio::test]
async fn bytes_that_are_not_http_are_garbled() {
    for raw in [
        &b"\xff\xfe\x00\x1b[2J\r\n\r\n"[..],
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/9.9 2x0\r\n\r\n",
    ] {
        let fake = Fake::start(Behaviour::Say(raw.to_vec()));
        let cause = client(&fake.url()).get("/").await.unwrap_err();
        assert!(matches!(cause, Cause::Garbled(_)), "{cause:?}");
        assert!(!cause.to_string().contains('\u{1b}'));
    }
}

#[tokio::test]
async fn where_nobody_listens_is_refused_and_no_such_name_is_unreachable() {
    let fake = Fake::start(Behaviour::Say(Vec::new()));
    let url = fake.url();
    drop(fake);
    tokio::task::yield_now().await;
    assert_eq!(client(&url).get("/").await.unwrap_err(), Cause::Refused);
    let mut nowhere = Client::new("http://no.such.name.invalid", None, Duration::from_secs(20)).unwrap();
    assert!(matches!(nowhere.get("/").await.unwrap_err(), Cause::Unreachable(_)));
}

#[tokio::test]
async fn a_body_may_end_with_the_connection_as_in_http_1_0() {
    let fake = Fake::start(Behaviour::Say(b"HTTP/1.0 503 Down\r\nServer: x\r\n\r\n{}".to_vec()));
    let mut client = client(&fake.url());
    for round in 1..=2 {
        let answer = client.get("/primary").await.unwrap();
        assert_eq!((answer.status, &answer.body[..]), (503, &b"{}"[..]));
        assert_eq!(fake.seen.connections(), round);
    }
}

#[tokio::test]
async fn a_connection_is_kept_until_something_goes_wrong() {
    let good = Behaviour::Keep(answer(200, b"ok"));
    let fake = Fake::start(good.clone());
    let mut client = client(&fake.url());
    for _ in 0..3 {
        assert_eq!(&client.get("/").await.unwrap().body[..], b"ok");
    }
    assert_eq!(fake.seen.connections(), 1);

    fake.becomes(Behaviour::Hang(Vec::new()));
    assert_eq!(client.get("/").await.unwrap_err(), Cause::Timeout("answer".into()));
    fake.becomes(good.clone());
    assert!(client.get("/").await.is_ok());
    assert_eq!(fake.seen.connections(), 2);

    // Closed under the request: asked once more on a new connection, which tells what the server does now.
    fake.becomes(Behaviour::Say(Vec::new()));
    assert_eq!(client.get("/").await.unwrap_err(), Cause::Closed);
    assert_eq!(fake.seen.connections(), 3);
    fake.becomes(good);
    assert!(client.get("/").await.is_ok());
    assert_eq!(fake.seen.connections(), 4);
}

#[tokio::test]
async fn a_server_may_finish_a_late_answer_only_if_it_is_given_the_time() {
    for (patience, hangups) in [(Duration::ZERO, 1), (Duration::from_secs(5), 0)] {
        let fake = Fake::start(Behaviour::Late(DEADLINE * 2, answer(200, b"")));
        let mut client = client(&fake.url()).with_patience(patience);
        assert_eq!(client.get("/").await.unwrap_err(), Cause::Timeout("answer".into()));
        tokio::time::sleep(DEADLINE * 2).await;
        assert_eq!(fake.seen.hangups(), hangups, "{patience:?}");
    }
}

#[tokio::test]
async fn sends_user_and_password_and_never_shows_the_password() {
    let auth = BasicAuth {
        user: "admin".into(),
        password: "s3cret:word".into(),
    };
    assert!(!format!("{auth:?}").contains("s3cret"));
    let fake = Fake::start(Behaviour::Say(answer(401, b"")));
    let mut client = Client::new(&fake.url(), Some(&auth), DEADLINE).unwrap();
    let cause = client.get("/;csv?a=b").await.unwrap_err();
    assert!(!format!("{cause:?}{:?}", client.authorization).contains("s3cret"));
    let request = fake.seen.last().to_lowercase();
    assert!(request.starts_with("get /;csv?a=b http/1.1\r\n"), "{request}");
    assert!(
        request.contains("authorization: basic ywrtaw46cznjcmv0ondvcmq=\r\n"),
        "{request}"
    );
    assert!(
        request.contains(&format!("host: {}\r\n", fake.url().trim_start_matches("http://"))),
        "{request}"
    );
}

#[tokio::test]
async fn what_changes_something_is_sent_once_and_its_refusal_is_read() {
    let body = Some(r#"{"pause":true}"#.to_owned());
    let fake = Fake::start(Behaviour::Keep(answer(401, b"no auth header received")));
    let mut client = client(&fake.url());
    let refused = client.send(Method::PATCH, "/config", body.clone()).await.unwrap();
    assert_eq!(
        (refused.status, &refused.body[..]),
        (401, &b"no auth header received"[..])
    );
    let request = fake.seen.last();
    assert!(
        request.starts_with("PATCH /config HTTP/1.1\r\n") && request.ends_with("\r\n\r\n{\"pause\":true}"),
        "{request}"
    );

    // A connection that ends after the request says nothing of what the server does: no second try.
    fake.becomes(Behaviour::Say(Vec::new()));
    let lost = client.send(Method::PATCH, "/config", body.clone()).await.unwrap_err();
    assert_eq!((lost.sent, lost.cause), (true, Cause::Closed));
    fake.becomes(Behaviour::Hang(Vec::new()));
    let lost = client.send(Method::DELETE, "/switchover", None).await.unwrap_err();
    assert_eq!((lost.sent, lost.cause), (true, Cause::Timeout("answer".into())));
    assert_eq!((fake.seen.all("PATCH").len(), fake.seen.all("DELETE").len()), (2, 1));

    let _port = fake.stop().await;
    let lost = client.send(Method::PATCH, "/config", body).await.unwrap_err();
    assert_eq!((lost.sent, lost.cause), (false, Cause::Refused));
}

#[test]
fn a_url_that_cannot_be_used_says_why_and_is_not_repeated() {
    let cases = [
        ("https://pg0:8008", "https is not supported yet"),
        ("pg0:8008", "the URL does not begin with http://"),
        ("/stats", "the URL does not begin with http://"),
        ("http://user:s3cret@h:7000/", "user and password cannot be in the URL"),
        ("http://", "not a URL"),
        ("http://h:port s3cret/", "not a URL"),
    ];
    for (url, expected) in cases {
        let Err(cause) = Client::new(url, None, DEADLINE) else {
            panic!("{url}")
        };
        assert_eq!(cause, Cause::Other(expected.into()), "{url}");
    }
    let six = Client::new("http://[::1]:7000/x", None, DEADLINE).unwrap();
    assert_eq!((six.host.as_str(), six.port), ("::1", 7000));
}
