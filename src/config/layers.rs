//! The layers in which a setting is looked for, and what they say. Pure.

use std::collections::BTreeSet;

use toml::Spanned;

use super::environment::Environment;
use super::file::Loaded;
use super::{ConfigError, Origin, Sourced, values};

/// Where values are looked for.
pub(super) struct Layers<'a> {
    pub(super) environment: &'a Environment,
    pub(super) file: Option<&'a Loaded>,
}

impl Layers<'_> {
    /// The text of the highest layer that has `key`: flag `--key`, variable `PGHERD_KEY`, the variable `known_as` of
    /// other programs, the file.
    #[expect(clippy::ref_option, reason = "both are fields of structs: each call stays one line")]
    pub(super) fn find(
        &self,
        key: &str,
        known_as: &str,
        flag: &Option<String>,
        file: &Option<Spanned<impl ToString>>,
    ) -> Found<String> {
        if let Some(text) = flag {
            let from = Origin::Flag(format!("--{}", key.replace('_', "-")));
            return Found(Some((text.clone(), from)));
        }
        let own = format!("PGHERD_{}", key.to_uppercase());
        for name in [own.as_str(), known_as] {
            if let Some(text) = self.environment.get(name) {
                return Found(Some((text.to_owned(), Origin::Variable(name.to_owned()))));
            }
        }
        Found(
            file.as_ref()
                .map(|value| (value.get_ref().to_string(), self.origin(value))),
        )
    }

    pub(super) fn origin<T>(&self, value: &Spanned<T>) -> Origin {
        self.file.map_or(Origin::Default, |file| file.origin(value))
    }

    pub(super) fn value<T>(
        &self,
        text: &Spanned<String>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, ConfigError> {
        parse(text.get_ref()).map_err(|problem| ConfigError::at(&self.origin(text), problem))
    }

    /// A name that is none of `taken`, which it joins.
    pub(super) fn name(&self, text: &Spanned<String>, taken: &mut BTreeSet<String>) -> Result<String, ConfigError> {
        let name = self.value(text, values::word)?;
        if taken.insert(name.clone()) {
            Ok(name)
        } else {
            let problem = format!("the name {name:?} is used twice: give each its own");
            Err(ConfigError::at(&self.origin(text), problem))
        }
    }
}

/// What the layers say, if anything.
pub(super) struct Found<T>(Option<(T, Origin)>);

impl Found<String> {
    pub(super) fn parse<T>(self, parse: impl Fn(&str) -> Result<T, String>) -> Result<Found<T>, ConfigError> {
        let Some((text, from)) = self.0 else {
            return Ok(Found(None));
        };
        match parse(&text) {
            Ok(value) => Ok(Found(Some((value, from)))),
            Err(problem) => Err(ConfigError::at(&from, problem)),
        }
    }
}

impl<T> Found<T> {
    pub(super) fn or(self, default: T) -> Sourced<T> {
        self.or_else(|| (default, Origin::Default))
    }

    pub(super) fn or_else(self, default: impl FnOnce() -> (T, Origin)) -> Sourced<T> {
        let (value, from) = self.0.unwrap_or_else(default);
        Sourced { value, from }
    }

    pub(super) fn or_none(self) -> Sourced<Option<T>> {
        Found(self.0.map(|(value, from)| (Some(value), from))).or(None)
    }
}
