//! The source against servers that misbehave.

use super::*;
use crate::model::signal::Signal;
use crate::net::http::fake::{Behaviour, Fake, answer};
use crate::source::fake::Inbox;

const DOCUMENT: &[u8] = br#"{"state": "running", "role": "primary", "patroni": {"version": "4.1.4"}}"#;

/// As Patroni does: HTTP/1.0, the end of the connection ends the body.
fn http_1_0(status: u16) -> Behaviour {
    let mut raw = format!("HTTP/1.0 {status} x\r\nContent-Type: application/json\r\n\r\n").into_bytes();
    raw.extend_from_slice(DOCUMENT);
    Behaviour::Say(raw)
}

fn start(url: String) -> Inbox {
    Inbox::of(|context| watch(context, MemberName::from("postgresql0"), url))
}

async fn lock(inbox: &mut Inbox) -> bool {
    let Signal::Report {
        source,
        report: Report::Rest(status),
        ..
    } = inbox.report().await
    else {
        panic!()
    };
    assert_eq!(source.to_string(), "Patroni postgresql0");
    status.has_lock
}

#[tokio::test]
async fn the_code_says_who_has_the_lock() {
    let fake = Fake::start(http_1_0(200));
    let mut inbox = start(fake.url());
    inbox.up().await;
    assert!(lock(&mut inbox).await);
    fake.becomes(http_1_0(503));
    assert!(!lock(&mut inbox).await);
    assert!(fake.seen.last().starts_with("GET /primary HTTP/1.1\r\n"));
}

#[tokio::test]
async fn every_failure_shows_and_it_comes_back() {
    let good = http_1_0(200);
    let fake = Fake::start(good.clone());
    let mut inbox = start(fake.url());
    inbox.up().await;
    let failures = [
        (
            Behaviour::Late(Duration::from_millis(1_800), answer(200, DOCUMENT)),
            Cause::Timeout("answer".into()),
        ),
        (
            Behaviour::Say(answer(200, b"{}")),
            Cause::Garbled("not Patroni's status document".into()),
        ),
        (Behaviour::Say(answer(502, b"")), Cause::Other("HTTP 502".into())),
    ];
    for (behaviour, expected) in failures {
        fake.becomes(behaviour);
        assert_eq!(inbox.down().await, expected);
        fake.becomes(good.clone());
        inbox.up().await;
        assert!(lock(&mut inbox).await);
    }
    assert_eq!(fake.seen.hangups(), 0);
    inbox.sees_a_restart(fake, good).await;
}

#[tokio::test]
async fn a_url_that_cannot_be_used_is_a_down_link() {
    let mut inbox = start("https://pg0:8008".into());
    assert_eq!(inbox.down().await, Cause::Other("https is not supported yet".into()));
}
