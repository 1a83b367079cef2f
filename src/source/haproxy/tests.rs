//! The source against servers that misbehave, and the path of its URL.

use super::*;
use crate::model::name::ProxyName;
use crate::model::signal::Signal;
use crate::net::http::fake::{Behaviour, Fake, answer};
use crate::net::port::Port;
use crate::source::fake::Inbox;

const CSV: &[u8] = include_bytes!("../../../tests/samples/haproxy/2.6_healthy.csv");

fn start(urls: &[&str]) -> Inbox {
    let target = ProxyTarget {
        name: ProxyName::from("haproxy"),
        urls: urls.iter().map(|&url| url.to_owned()).collect(),
        admin: None,
    };
    Inbox::of(|context| watch(context, target, None))
}

#[test]
fn the_path_of_a_configured_url_stays() {
    let cases = [
        ("http://h:7000", "/;csv"),
        ("http://h:7000/", "/;csv"),
        ("http://h:7000/stats", "/stats;csv"),
        ("http://h:7000/stats/", "/stats/;csv"),
        ("http://h/haproxy?stats", "/haproxy?stats;csv"),
        ("http://h?stats", "/?stats;csv"),
        ("http://h:7000/stats;csv;norefresh", "/stats;csv;norefresh"),
        ("http://h:7000/stats#top", "/stats;csv"),
    ];
    for (url, path) in cases {
        assert_eq!(csv_path(url), path, "{url}");
    }
}

#[tokio::test]
async fn reports_each_second_over_one_connection() {
    let fake = Fake::start(Behaviour::Keep(answer(200, CSV)));
    let mut inbox = start(&[&fake.url()]);
    inbox.up().await;
    for _ in 0..3 {
        let Signal::Report {
            source,
            report: Report::Proxy(snapshot),
            ..
        } = inbox.next().await
        else {
            panic!()
        };
        assert_eq!(source.to_string(), "HAProxy haproxy");
        assert_eq!(snapshot.pools.len(), 3);
    }
    assert_eq!(fake.seen.connections(), 1);
    assert!(fake.seen.last().starts_with("GET /;csv HTTP/1.1\r\n"));
}

#[tokio::test]
async fn finds_the_address_that_answers_and_keeps_it() {
    let silent = Fake::start(Behaviour::Hang(Vec::new()));
    let page = Fake::start(Behaviour::Keep(answer(200, b"<html>")));
    let good = Fake::start(Behaviour::Keep(answer(200, CSV)));
    let closed = Port::take();
    let mut inbox = start(&[&silent.url(), &page.url(), &closed.url(), &good.url()]);
    let begin = std::time::Instant::now();
    inbox.up().await;
    assert!(begin.elapsed() < DEADLINE, "{:?}", begin.elapsed());
    inbox.report().await;
    inbox.report().await;
    assert_eq!((silent.seen.connections(), good.seen.connections()), (1, 1));
}

#[tokio::test]
async fn the_best_address_wins_if_it_answers() {
    let best = Fake::start(Behaviour::Keep(answer(200, CSV)));
    let other = Fake::start(Behaviour::Keep(answer(200, CSV)));
    let mut inbox = start(&[&best.url(), &other.url()]);
    inbox.up().await;
    inbox.report().await;
    assert_eq!((best.seen.connections(), other.seen.connections()), (1, 0));
}

#[tokio::test]
async fn of_all_failures_it_tells_the_one_with_words() {
    let closed = Port::take();
    let locked = Fake::start(Behaviour::Say(answer(401, b"")));
    let mut inbox = start(&[&closed.url(), &locked.url()]);
    assert_eq!(inbox.down().await, Cause::Rejected("HTTP 401".into()));
    let mut inbox = start(&[&closed.url(), "https://h:7000"]);
    assert_eq!(inbox.down().await, Cause::Other("https is not supported yet".into()));
    let mut inbox = start(&[]);
    assert_eq!(inbox.down().await, Cause::Other("no address is known".into()));
}

#[tokio::test]
async fn every_failure_shows_and_it_comes_back() {
    let good = Behaviour::Keep(answer(200, CSV));
    let fake = Fake::start(good.clone());
    let mut inbox = start(&[&fake.url()]);
    inbox.up().await;
    let failures = [
        (Behaviour::Hang(Vec::new()), Cause::Timeout("answer".into())),
        (
            Behaviour::Keep(answer(200, b"nonsense")),
            Cause::Garbled("not HAProxy's statistics".into()),
        ),
        (Behaviour::Say(answer(503, b"")), Cause::Other("HTTP 503".into())),
    ];
    for (behaviour, expected) in failures {
        fake.becomes(behaviour);
        assert_eq!(inbox.down().await, expected);
        fake.becomes(good.clone());
        inbox.up().await;
        inbox.report().await;
    }
    inbox.sees_a_restart(fake, good).await;
}
