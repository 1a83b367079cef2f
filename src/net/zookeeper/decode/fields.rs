//! Fields of Patroni's JSON documents, read as leniently as Patroni does and with a problem for what does not fit.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::model::text::clean_line;

/// The JSON value in `data`; nothing for an empty one, and a problem for what is no JSON.
pub(super) fn document(path: &str, data: &[u8], problems: &mut Vec<String>) -> Option<Value> {
    if data.trim_ascii().is_empty() {
        return None;
    }
    let document = serde_json::from_slice(data).ok();
    if document.is_none() {
        problems.push(format!("{path}: not JSON"));
    }
    document
}

/// A whole number, also one written as text.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// The fields of one document. A field that is absent or `null` is no problem.
pub(super) struct Fields<'a> {
    path: &'a str,
    object: &'a Map<String, Value>,
    problems: &'a mut Vec<String>,
}

impl<'a> Fields<'a> {
    /// Of a document that should be an object.
    pub(super) fn of(path: &'a str, document: &'a Value, problems: &'a mut Vec<String>) -> Option<Self> {
        let Some(object) = document.as_object() else {
            problems.push(format!("{path}: not an object"));
            return None;
        };
        Some(Self { path, object, problems })
    }

    /// The field as it is.
    pub(super) fn raw(&self, key: &str) -> Option<&'a Value> {
        self.object.get(key).filter(|value| !value.is_null())
    }

    /// A field that should be of a form; if it is not, that is a problem.
    fn read<T>(&mut self, key: &str, form: &str, read: impl FnOnce(&'a Value) -> Option<T>) -> Option<T> {
        let value = self.raw(key)?;
        let read = read(value);
        if read.is_none() {
            self.problems.push(format!("{}: {key} is not {form}", self.path));
        }
        read
    }

    /// One line of clean text.
    pub(super) fn text(&mut self, key: &str) -> Option<String> {
        self.read(key, "text", |value| match value {
            Value::String(text) => Some(clean_line(text)),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    }

    /// A whole number.
    pub(super) fn number(&mut self, key: &str) -> Option<u64> {
        self.read(key, "a whole number", number)
    }

    /// A whole number that may be negative.
    pub(super) fn signed(&mut self, key: &str) -> Option<i64> {
        self.read(key, "a whole number", |value| match value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        })
    }

    /// Seconds, whole or not.
    pub(super) fn seconds(&mut self, key: &str) -> Option<Duration> {
        self.read(key, "a number of seconds", |value| {
            let seconds = match value {
                Value::Number(number) => number.as_f64(),
                Value::String(text) => text.trim().parse().ok(),
                _ => None,
            };
            Duration::try_from_secs_f64(seconds?).ok()
        })
    }

    /// A yes or no in any of the words that Patroni takes (`parse_bool` in `patroni/utils.py`); absent is no.
    pub(super) fn flag(&mut self, key: &str) -> bool {
        let flag = self.read(key, "true or false", |value| match value {
            Value::Bool(flag) => Some(*flag),
            Value::Number(number) => Some(number.as_i64() != Some(0)),
            Value::String(text) => match text.to_ascii_lowercase().as_str() {
                "on" | "true" | "yes" | "1" => Some(true),
                "off" | "false" | "no" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        });
        flag.unwrap_or(false)
    }

    /// An object.
    pub(super) fn object(&mut self, key: &str) -> Option<&'a Map<String, Value>> {
        self.read(key, "an object", Value::as_object)
    }
}
