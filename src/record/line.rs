//! One entry as a line of JSON, and back.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::app::App;
use crate::app::event::Event;
use crate::model::text;
use crate::model::time::Timestamp;

/// No span in a record is longer, so that sums of them stay sums: ten years.
const LONGEST_SPAN: u64 = 10 * 366 * 24 * 3_600;

/// What a line holds.
#[derive(Clone, Debug)]
pub(super) enum Entry {
    /// The state from here on.
    State(Box<App>),
    /// An event at that time.
    Event(Timestamp, Box<Event>),
    /// The record ends by itself at that time, and why.
    End(Timestamp, String),
}

/// The line as serde sees it: exactly one of the others beside the time.
#[derive(Default, Serialize)]
struct Written<'a> {
    at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'a App>,
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a Event>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'a str>,
}

#[derive(Deserialize)]
struct Read {
    at: Timestamp,
    state: Option<Box<App>>,
    event: Option<Box<Event>>,
    end: Option<String>,
}

impl Entry {
    /// Writes the line with its break.
    pub(super) fn write(&self, into: &mut Vec<u8>) -> serde_json::Result<()> {
        let written = match self {
            Self::State(app) => Written {
                at: app.now,
                state: Some(app),
                ..Written::default()
            },
            Self::Event(at, event) => Written {
                at: *at,
                event: Some(event),
                ..Written::default()
            },
            Self::End(at, why) => Written {
                at: *at,
                end: Some(why),
                ..Written::default()
            },
        };
        serde_json::to_writer(&mut *into, &written)?;
        into.push(b'\n');
        Ok(())
    }

    /// Reads a line; `None` if this version does not know what it says.
    pub(super) fn read(line: &[u8]) -> Option<Self> {
        let mut value: Value = serde_json::from_slice(line).ok()?;
        make_harmless(&mut value);
        let Read { at, state, event, end } = serde_json::from_value(value).ok()?;
        match (state, event, end) {
            (Some(state), None, None) => Some(Self::State(state)),
            (None, Some(event), None) => Some(Self::Event(at, event)),
            (None, None, Some(end)) => Some(Self::End(at, end)),
            _ => None,
        }
    }
}

/// The time of a line, without reading the rest of it.
pub(super) fn time(line: &[u8]) -> Option<Timestamp> {
    let digits = line.strip_prefix(br#"{"at":"#)?;
    let end = digits.iter().position(|byte| matches!(byte, b',' | b'}'))?;
    let micros = std::str::from_utf8(digits.get(..end)?).ok()?.parse().ok()?;
    Some(Timestamp::from_micros(micros))
}

/// Text from outside again: no control character gets further than here. Names of maps are cleaned by their own types.
fn make_harmless(value: &mut Value) {
    match value {
        Value::String(raw) => {
            let clean = text::clean(raw);
            if clean != *raw {
                *raw = clean;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(make_harmless),
        Value::Object(fields) => {
            if let Some(seconds) = fields.get_mut("secs")
                && seconds.as_u64().is_some_and(|seconds| seconds > LONGEST_SPAN)
            {
                *seconds = LONGEST_SPAN.into();
            }
            fields.values_mut().for_each(make_harmless);
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
