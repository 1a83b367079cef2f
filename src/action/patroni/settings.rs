//! The dynamic configuration: pause, resume, and changes of any of its values.

use serde_json::{Value, json};

use super::document::{Document, apply, differing, merge_patch};
use super::request::Request;
use super::{Operator, Seen};
use crate::model::operation::{Change, Outcome};
use crate::net::zookeeper::write::{Unwritten, put};

impl Operator<'_> {
    /// Through REST as `patronictl pause` does, else in the znode.
    pub(super) async fn set_pause(&mut self, pause: bool) -> Result<Outcome, Outcome> {
        let teller = self.teller.clone();
        teller.step("asked for", self.ask_pause(pause)).await?;
        let deadline = self.rounds(1);
        let holds = |paused: bool| {
            if paused == pause {
                Seen::Yes((), String::new())
            } else {
                Seen::Not
            }
        };
        self.until("in the configuration", &[], deadline, |sight| {
            holds(sight.dcs.config.as_ref().is_some_and(|config| config.pause))
        })
        .await?;
        let deadline = self.rounds(3);
        let name = if pause {
            "seen by every member"
        } else {
            "resumed by every member"
        };
        self.until(name, &[], deadline, |sight| holds_for_all(&sight.dcs.members, pause))
            .await?;
        Ok(Outcome::Done(
            if pause {
                "the cluster is paused"
            } else {
                "the cluster is resumed"
            }
            .to_owned(),
        ))
    }

    async fn ask_pause(&mut self, pause: bool) -> Result<((), String), Outcome> {
        let sight = self
            .eyes
            .look(&[])
            .await
            .map_err(|cause| Outcome::Refused(format!("ZooKeeper does not answer: {cause}")))?;
        // Absent is how Patroni itself writes "not paused".
        let value = if pause { json!(true) } else { Value::Null };
        match self.reach(&self.anybody(&sight.dcs)).await {
            Ok(to) => {
                let request = Request::patch(json!({ "pause": value }));
                self.ask(&to, &request).await?;
                Ok(((), request.to(&to.0)))
            }
            Err(why) => {
                let document = self.document().await?;
                let change = Change {
                    path: vec!["pause".to_owned()],
                    from: document.value.get("pause").map(Value::to_string),
                    to: pause.then(|| value.to_string()),
                };
                let version = self.write(&document, &[change]).await?;
                Ok(((), format!("in ZooKeeper, version {version} ({why})")))
            }
        }
    }

    /// In the znode, since only there the version that was confirmed can be held against what is written.
    pub(super) async fn edit_config(&mut self, version: Option<i32>, changes: &[Change]) -> Result<Outcome, Outcome> {
        let teller = self.teller.clone();
        let writing = async {
            let document = self.document().await?;
            if let Some(conflict) = conflict(&document, version, changes) {
                return Err(conflict);
            }
            let version = self.write(&document, changes).await?;
            Ok((version, format!("version {version}")))
        };
        let written = teller.step("written", writing).await?;
        let reading = async {
            let document = self.document().await?;
            match differing(&document.value, changes).as_slice() {
                [] if document.version >= written => Ok(((), format!("version {}", document.version))),
                wrong => Err(Outcome::Conflict(format!(
                    "version {written} was written, and version {} says: {}",
                    document.version,
                    wrong.join("; ")
                ))),
            }
        };
        teller.step("read back", reading).await?;
        Ok(Outcome::Done(format!("the configuration is version {written}")))
    }

    async fn document(&mut self) -> Result<Document, Outcome> {
        read(&mut self.eyes).await.map_err(Outcome::Refused)
    }

    /// Writes the document with these changes, if it still is of its version. Gives the new version.
    async fn write(&mut self, document: &Document, changes: &[Change]) -> Result<i32, Outcome> {
        let mut value = document.value.clone();
        apply(&mut value, changes).map_err(Outcome::Refused)?;
        let path = self.eyes.path("config");
        let session = self.eyes.session().await;
        let client = &session
            .map_err(|cause| Outcome::Refused(format!("ZooKeeper does not answer: {cause}")))?
            .client;
        let text = value.to_string();
        match put(client, &path, text.as_bytes(), Some(document.version), &path).await {
            Ok(version) => Ok(version),
            Err(Unwritten::Changed) => {
                let now = self.document().await?;
                let version = Some(document.version);
                let conflict = conflict(&now, version, changes);
                Err(conflict.unwrap_or_else(|| Outcome::Conflict("somebody else wrote it meanwhile".to_owned())))
            }
            // Where only Patroni may write, it is asked to; between our look and its write somebody else may come.
            Err(Unwritten::Forbidden) => self.patch(document, changes).await,
            Err(Unwritten::Failed(cause)) => Err(Outcome::Refused(format!("{path} is not written: {cause}"))),
            Err(Unwritten::Lost(cause)) => Err(Outcome::Unconfirmed(format!("{path} may be written: {cause}"))),
        }
    }

    async fn patch(&mut self, document: &Document, changes: &[Change]) -> Result<i32, Outcome> {
        let patch = merge_patch(changes).map_err(Outcome::Refused)?;
        let sight = self
            .eyes
            .look(&[])
            .await
            .map_err(|cause| Outcome::Refused(format!("ZooKeeper does not answer: {cause}")))?;
        let to = self
            .reach(&self.anybody(&sight.dcs))
            .await
            .map_err(|why| Outcome::Refused(format!("ZooKeeper does not let us write the configuration, and {why}")))?;
        self.ask(&to, &Request::patch(patch)).await?;
        Ok(document.version.saturating_add(1))
    }
}

/// Reads the configuration as it is.
///
/// # Errors
/// Why it cannot be read, for people.
pub(super) async fn read(eyes: &mut super::Eyes) -> Result<Document, String> {
    let raw = eyes.raw("config").await;
    let (data, version) = raw
        .map_err(|cause| format!("ZooKeeper does not answer: {cause}"))?
        .ok_or("there is no configuration in ZooKeeper")?;
    Document::read(&data, version)
}

/// The configuration is not the one to which the changes belong.
fn conflict(found: &Document, version: Option<i32>, changes: &[Change]) -> Option<Outcome> {
    let expected = changes.iter().map(|change| Change {
        to: change.from.clone(),
        ..change.clone()
    });
    let differs = differing(&found.value, &expected.collect::<Vec<_>>());
    let other = version.filter(|version| *version != found.version);
    let mut text = match (other, differs.is_empty()) {
        (None, true) => return None,
        (Some(version), _) => format!(
            "somebody else changed the configuration: it is version {} now, {version} when it was read",
            found.version
        ),
        (None, false) => "somebody else changed the configuration".to_owned(),
    };
    if differs.is_empty() {
        text.push_str("; nothing of what you change");
    } else {
        text.push_str("; ");
        text.push_str(&differs.join("; "));
    }
    Some(Outcome::Conflict(text))
}

fn holds_for_all(members: &[crate::model::dcs::DcsMember], pause: bool) -> Seen {
    if members.iter().all(|member| member.pause == pause) {
        Seen::Yes((), String::new())
    } else {
        Seen::Not
    }
}
