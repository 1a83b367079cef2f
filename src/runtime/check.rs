//! `pgherd check`, and the way of a check to the servers. What is checked is found as the monitor finds it.

use std::pin::Pin;
use std::process::ExitCode;
use std::sync::Arc;

use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::action::check::{Ask, Connect, Row};
use crate::app;
use crate::config::settings::Settings;
use crate::lab::credentials as lab;
use crate::model::check::{Plan, Report, State, Step, TableName, Verdict};
use crate::model::postgres::Refusal;
use crate::model::time::Timestamp;
use crate::model::topology::Address;
use crate::source::postgres::Connection;

use super::exit::{Failure, NOTHING_FOUND};
use super::{conductor, discover, say};

/// The servers, with the logins of the settings; on a lab of ours without any, its superuser.
struct Servers {
    settings: Arc<Settings>,
    lab: bool,
}

impl Connect for Servers {
    type Session = Connection;

    async fn connect(&self, to: &Address) -> Result<Connection, String> {
        let login = conductor::login(&self.settings, to, self.lab.then_some(lab::SUPERUSER)).await;
        Connection::open(to, &login).await.map_err(|cause| cause.to_string())
    }
}

impl Ask for Connection {
    async fn ask(&self, sql: &str) -> Result<Vec<Row>, Refusal> {
        Connection::ask(self, sql).await
    }
}

/// Has `spawn` run the check; its steps arrive until it ends.
pub(super) fn begin(
    plan: Plan,
    settings: Arc<Settings>,
    now: Timestamp,
    spawn: impl FnOnce(Pin<Box<dyn Future<Output = ()> + Send>>),
) -> UnboundedReceiver<Step> {
    let (tell, steps) = unbounded_channel();
    spawn(Box::pin(async move {
        let servers = Servers {
            settings,
            lab: plan.lab,
        };
        crate::action::check::run(&servers, &plan, &TableName::at(now), tell).await;
    }));
    steps
}

/// Checks the cluster and prints each step as it ends.
///
/// # Errors
/// Read-only, several clusters, or no thread.
pub(crate) async fn run(options: app::Options, settings: Arc<Settings>, as_json: bool) -> Result<ExitCode, Failure> {
    if options.read_only {
        return Err(Failure::Usage(
            "read-only: a check is refused, since it writes a table".to_owned(),
        ));
    }
    let app = discover::look_at_one(options, Arc::clone(&settings)).await?;
    let Some(plan) = Plan::of(&app.cluster) else {
        say(discover::describe(&app).trim_end())?;
        return Ok(ExitCode::from(NOTHING_FOUND));
    };
    let mut steps = begin(plan, settings, super::clock::start()(), |check| {
        tokio::spawn(check);
    });
    let mut report = Report::default();
    // Standard output that is gone must not end a check half way: its table would stay.
    let mut told = Ok(());
    while let Some(step) = steps.recv().await {
        if step.state != State::Running && !as_json {
            told = told.and_then(|()| say(&format!("{:<7}  {step}", step.state.word())));
        }
        report.take(step);
    }
    report.end();
    told?;
    say(&if as_json { document(&report) } else { report.summary() })?;
    Ok(match report.verdict() {
        Verdict::Passed { .. } => ExitCode::SUCCESS,
        Verdict::Running | Verdict::Failed(_) => ExitCode::FAILURE,
    })
}

/// `{"passed": true, "steps": [{"name", "state", "detail", "took_ms"}]}`; `took_ms` is null unless it passed.
fn document(report: &Report) -> String {
    let steps: Vec<_> = report.steps.iter().map(object).collect();
    let passed = matches!(report.verdict(), Verdict::Passed { .. });
    format!("{:#}", json!({ "passed": passed, "steps": steps }))
}

/// `{"name", "state", "detail", "took_ms"}`
pub(super) fn object(step: &Step) -> serde_json::Value {
    let (detail, took) = match &step.state {
        State::Running => ("", None),
        State::Passed { detail, took } => (detail.as_str(), Some(took.as_secs_f64() * 1000.0)),
        State::Failed(why) | State::Skipped(why) => (why.as_str(), None),
    };
    json!({ "name": step.name, "state": step.state.word(), "detail": detail, "took_ms": took })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_document_holds_every_step() {
        let mut report = Report::default();
        let passed = State::Passed {
            detail: "a \"b\"".to_owned(),
            took: Duration::from_micros(1500),
        };
        for (name, state) in [("one", passed), ("two", State::Failed("why".to_owned()))] {
            let name = name.to_owned();
            report.take(Step { name, state });
        }
        report.end();
        let document: serde_json::Value = serde_json::from_str(&document(&report)).unwrap();
        let expected = json!({ "passed": false, "steps": [
            { "name": "one", "state": "passed", "detail": "a \"b\"", "took_ms": 1.5 },
            { "name": "two", "state": "failed", "detail": "why", "took_ms": null },
        ]});
        assert_eq!(document, expected);
    }
}
