//! Requests to Patroni's REST API that change something, and what their answers mean (`patroni/api.py`, 3.0 to 4.1).

use std::time::Duration;

use hyper::Method;
use serde_json::Value;

use crate::model::name::MemberName;
use crate::model::operation::Outcome;
use crate::model::text::{clean_bytes, clean_line, shortened};
use crate::net::http::{Answer, BasicAuth, Client, Lost};

/// Longest reason that is shown, in characters.
const REASON: usize = 300;

/// A request.
#[derive(Clone, Debug)]
pub(super) struct Request {
    method: Method,
    path: &'static str,
    body: Option<Value>,
}

impl Request {
    /// With a document.
    pub(super) fn post(path: &'static str, body: Value) -> Self {
        let (method, body) = (Method::POST, Some(body));
        Self { method, path, body }
    }

    /// A merge patch of the configuration.
    pub(super) fn patch(body: Value) -> Self {
        Self {
            method: Method::PATCH,
            path: "/config",
            body: Some(body),
        }
    }

    /// Of something scheduled.
    pub(super) fn delete(path: &'static str) -> Self {
        let (method, body) = (Method::DELETE, None);
        Self { method, path, body }
    }

    /// `POST /switchover to Patroni of postgresql0`
    pub(super) fn to(&self, member: &MemberName) -> String {
        format!("{} {} to Patroni of {member}", self.method, self.path)
    }

    /// Sends it once.
    pub(super) async fn send(&self, url: &str, login: Option<&BasicAuth>, deadline: Duration) -> Result<Answer, Lost> {
        let unsent = |cause| Lost { cause, sent: false };
        let mut client = Client::new(url, login, deadline).map_err(unsent)?;
        let body = self.body.as_ref().map(Value::to_string);
        client.send(self.method.clone(), self.path, body).await
    }
}

/// What an answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Patroni has done it or will: its words.
    Taken(String),
    /// It has not and will not.
    Refused(Outcome),
    /// It may or may not.
    Unknown(String),
}

/// Reads the answer of Patroni of `member`.
pub(super) fn verdict(member: &MemberName, answer: &Result<Answer, Lost>) -> Verdict {
    let who = format!("Patroni of {member}");
    let answer = match answer {
        Ok(answer) => answer,
        Err(Lost { cause, sent: true }) => {
            return Verdict::Unknown(format!(
                "{who} has got the request and gave no answer: {cause}; it may carry it out"
            ));
        }
        Err(Lost { cause, sent: false }) => {
            return Verdict::Refused(Outcome::Refused(format!("{who} was not reached: {cause}")));
        }
    };
    let words = words(&answer.body);
    let said = |words: &str| match words {
        "" => format!("{who} answers HTTP {}", answer.status),
        words => format!("{who}: {words} (HTTP {})", answer.status),
    };
    match answer.status {
        200..=299 => Verdict::Taken(words),
        401 => Verdict::Refused(Outcome::Refused(format!(
            "{}; it wants user and password: [patroni] in the configuration",
            said(&words)
        ))),
        409 => Verdict::Refused(Outcome::Conflict(said(&words))),
        // Patroni waited as long as it does and does not know; it goes on all the same.
        503 if words.contains("status unknown") => Verdict::Unknown(said(&words)),
        _ => Verdict::Refused(Outcome::Refused(said(&words))),
    }
}

/// Patroni's own words in a body: text, or nothing where it is a page or a document.
fn words(body: &[u8]) -> String {
    let text = clean_line(&clean_bytes(body));
    if text.starts_with(['<', '{', '[']) {
        return String::new();
    }
    shortened(&text, REASON).into_owned()
}

#[cfg(test)]
mod tests {
    use hyper::body::Bytes;

    use super::*;
    use crate::model::link::Cause;

    fn read(status: u16, body: &str) -> Verdict {
        let body = Bytes::copy_from_slice(body.as_bytes());
        verdict(&MemberName::from("pg0"), &Ok(Answer { status, body }))
    }

    fn refused(text: &str) -> Verdict {
        Verdict::Refused(Outcome::Refused(text.to_owned()))
    }

    #[test]
    fn an_answer_is_taken_refused_or_unknown_in_patronis_words() {
        let cases = [
            (
                200,
                "Successfully switched over to \"pg1\"",
                Verdict::Taken("Successfully switched over to \"pg1\"".into()),
            ),
            (202, "reload scheduled", Verdict::Taken("reload scheduled".into())),
            (200, "{\"ttl\": 30}", Verdict::Taken(String::new())),
            (
                412,
                "leader name does not match",
                refused("Patroni of pg0: leader name does not match (HTTP 412)"),
            ),
            (
                503,
                "I am the leader,\u{1b}[31m can not reinitialize\n",
                refused("Patroni of pg0: I am the leader, can not reinitialize (HTTP 503)"),
            ),
            (
                503,
                "Switchover status unknown",
                Verdict::Unknown("Patroni of pg0: Switchover status unknown (HTTP 503)".into()),
            ),
            (403, "", refused("Patroni of pg0 answers HTTP 403")),
            (
                501,
                "<!DOCTYPE HTML PUBLIC>",
                refused("Patroni of pg0 answers HTTP 501"),
            ),
            (
                401,
                "not authenticated",
                refused(
                    "Patroni of pg0: not authenticated (HTTP 401); it wants user and password: [patroni] in the configuration",
                ),
            ),
            (
                409,
                "Another restart is already scheduled",
                Verdict::Refused(Outcome::Conflict(
                    "Patroni of pg0: Another restart is already scheduled (HTTP 409)".into(),
                )),
            ),
        ];
        for (status, body, expected) in cases {
            assert_eq!(read(status, body), expected, "{status} {body}");
        }
        let Verdict::Refused(long) = read(500, &"x".repeat(10_000)) else {
            panic!()
        };
        assert!(long.text().len() < 400);
    }

    #[test]
    fn a_request_without_an_answer_may_have_been_taken_unless_it_was_never_sent() {
        let lost = |sent| {
            verdict(
                &MemberName::from("pg0"),
                &Err(Lost {
                    cause: Cause::Closed,
                    sent,
                }),
            )
        };
        assert!(matches!(lost(true), Verdict::Unknown(text) if text.contains("connection closed")));
        assert_eq!(
            lost(false),
            refused("Patroni of pg0 was not reached: connection closed")
        );
    }
}
