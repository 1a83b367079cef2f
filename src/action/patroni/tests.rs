//! What is asked of Patroni, against servers that misbehave; the real one is in the tests on the lab.

use tokio::sync::mpsc;

use super::*;
use crate::model::fixture::{LEADER, REPLICA, World};
use crate::model::link::Cause;
use crate::model::name::MemberName;
use crate::net::http::fake::{Behaviour, Fake, answer};

const DOCUMENT: &str = r#"{"state": "running", "role": "primary", "database_system_identifier": "7447122583266881560",
    "patroni": {"version": "4.1.4", "name": "postgresql0"}}"#;

fn status(document: &str) -> Behaviour {
    Behaviour::Say(answer(200, document.as_bytes()))
}

fn plan(operation: Operation, urls: &[(&str, String)]) -> Plan {
    let mut plan = Plan::of(&World::healthy().cluster, operation);
    let rest = urls.iter().map(|(name, url)| (MemberName::from(*name), url.clone()));
    plan.rest = rest.collect();
    plan
}

/// Reaches the first of the members and asks it to reload.
async fn reload(plan: &Plan, login: Option<&BasicAuth>) -> Result<String, Outcome> {
    let (tell, _told) = mpsc::unbounded_channel();
    let operator = Operator {
        plan,
        login,
        teller: Teller::to(tell),
        eyes: Eyes::of(plan.store.as_ref().unwrap(), &plan.rest).unwrap(),
        under_way: JoinSet::new(),
    };
    let members: Vec<MemberName> = plan.rest.iter().map(|(name, _)| name.clone()).collect();
    let to = operator.reach(&members).await.map_err(Outcome::Refused)?;
    operator.ask(&to, &Request::post("/reload", Value::Null)).await
}

fn of_leader() -> Operation {
    Operation::Reload {
        member: MemberName::from(LEADER),
    }
}

#[tokio::test]
async fn patronis_refusal_is_told_with_its_reason_and_never_tried_twice() {
    let says = |status, body: &'static str| Behaviour::Say(answer(status, body.as_bytes()));
    let cases = [
        (
            says(401, "no auth header received"),
            "refused: Patroni of postgresql0: no auth header received (HTTP 401); it wants user and password: [patroni] in the configuration",
        ),
        (
            says(412, "leader name does not match"),
            "refused: Patroni of postgresql0: leader name does not match (HTTP 412)",
        ),
        (
            says(503, "restart\u{1b}]0;x\u{7} in progress"),
            "refused: Patroni of postgresql0: restart in progress (HTTP 503)",
        ),
        (
            Behaviour::Say(b"\xff\xfe\x00garbage\r\n\r\n".to_vec()),
            "unconfirmed: Patroni of postgresql0 has got the request and gave no answer: ",
        ),
        (
            Behaviour::Say(Vec::new()),
            "unconfirmed: Patroni of postgresql0 has got the request and gave no answer: connection closed; it may carry it out",
        ),
    ];
    for (behaviour, expected) in cases {
        let fake = Fake::start(Behaviour::By(vec![
            ("GET /primary", status(DOCUMENT)),
            ("POST /reload", behaviour),
        ]));
        let outcome = reload(&plan(of_leader(), &[(LEADER, fake.url())]), None)
            .await
            .unwrap_err();
        assert!(outcome.to_string().starts_with(expected), "{outcome}");
        assert_eq!(fake.seen.all("POST /reload").len(), 1);
    }
}

#[tokio::test]
async fn user_and_password_go_only_with_what_changes_something() {
    let login = BasicAuth {
        user: "admin".to_owned(),
        password: "s3cret".to_owned(),
    };
    let routes = vec![
        ("GET /primary", status(DOCUMENT)),
        ("POST /reload", Behaviour::Say(answer(202, b"reload scheduled"))),
    ];
    let fake = Fake::start(Behaviour::By(routes));
    let words = reload(&plan(of_leader(), &[(LEADER, fake.url())]), Some(&login)).await;
    assert_eq!(words.as_deref(), Ok("reload scheduled"));
    assert!(
        fake.seen
            .last()
            .to_lowercase()
            .contains("authorization: basic ywrtaw46cznjcmv0")
    );
    assert!(!fake.seen.all("GET")[0].to_lowercase().contains("authorization"));
}

#[tokio::test]
async fn whoever_answers_there_has_to_be_who_was_confirmed() {
    let other_cluster = DOCUMENT.replace("7447122583266881560", "1");
    let other_member = DOCUMENT.replace("postgresql0", "postgresql7");
    for (document, expected) in [
        (
            &other_cluster,
            "another cluster answers there: system 1, not 7447122583266881560",
        ),
        (&other_member, "another member answers there: postgresql7"),
    ] {
        let fake = Fake::start(status(document));
        let outcome = reload(&plan(of_leader(), &[(LEADER, fake.url())]), None)
            .await
            .unwrap_err();
        assert!(outcome.text().contains(expected), "{outcome}");
        assert_eq!(fake.seen.all("POST").len(), 0);
    }
}

#[tokio::test]
async fn the_next_one_is_asked_where_one_is_not_reached() {
    let gone = Fake::start(Behaviour::Say(Vec::new()));
    let url = gone.url();
    let _port = gone.stop().await;
    let hangs = Fake::start(Behaviour::Hang(Vec::new()));
    let routes = vec![
        ("GET /primary", status(&DOCUMENT.replace("postgresql0", REPLICA))),
        ("POST /reload", Behaviour::Say(answer(202, b"reload scheduled"))),
    ];
    let good = Fake::start(Behaviour::By(routes));
    let plan = plan(
        of_leader(),
        &[(LEADER, url), ("pg9", hangs.url()), (REPLICA, good.url())],
    );
    assert_eq!(reload(&plan, None).await.as_deref(), Ok("reload scheduled"));
    let only_bad = Plan {
        rest: plan.rest[..2].to_vec(),
        ..plan
    };
    let outcome = reload(&only_bad, None).await.unwrap_err();
    assert_eq!(
        outcome.text(),
        "Patroni of postgresql0: connection refused; Patroni of pg9: no answer (answer)"
    );
}

#[tokio::test]
async fn without_zookeeper_nothing_is_done() {
    let fake = Fake::start(status(DOCUMENT));
    let mut plan = plan(of_leader(), &[(LEADER, fake.url())]);
    let store = plan.store.as_mut().unwrap();
    let port = crate::net::port::Port::take();
    store.servers = vec![crate::model::topology::Address {
        host: "127.0.0.1".to_owned(),
        port: port.number(),
    }];
    let (tell, mut told) = mpsc::unbounded_channel();
    super::super::operation::perform(&plan, None, tell).await;
    let mut all = Vec::new();
    while let Some(progress) = told.recv().await {
        all.push(progress);
    }
    let [.., crate::model::operation::Progress::Ended(Outcome::Refused(why))] = all.as_slice() else {
        panic!("{all:?}")
    };
    assert!(why.contains(&Cause::Refused.to_string()), "{why}");
    assert_eq!(fake.seen.all("POST").len(), 0);
    plan.store = None;
    let (tell, mut told) = mpsc::unbounded_channel();
    super::super::operation::perform(&plan, None, tell).await;
    assert!(told.recv().await.is_some());
}

#[test]
fn what_was_confirmed_has_to_hold_still() {
    let mut world = World::healthy();
    let confirmed = Plan::of(&world.cluster, of_leader());
    let sight = |world: &World| Sight {
        dcs: world.dcs.clone(),
        rest: world.rest.clone(),
    };
    assert_eq!(still_so(&confirmed, &sight(&world)).as_deref(), Ok("postgresql0 leads"));
    world.entry(LEADER).api_url = Some("http://elsewhere:8008/patroni".to_owned());
    assert!(still_so(&confirmed, &sight(&world)).unwrap_err().contains("has moved"));
    world.dcs.leader.as_mut().unwrap().holder = MemberName::from(REPLICA);
    assert_eq!(
        still_so(&confirmed, &sight(&world)).unwrap_err(),
        "postgresql1 leads now, postgresql0 did when it was confirmed"
    );
    world.dcs.initialize = Some("2".to_owned());
    assert!(
        still_so(&confirmed, &sight(&world))
            .unwrap_err()
            .contains("another cluster")
    );
}
