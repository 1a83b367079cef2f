//! `[keys]`: which keys mean which command, where they are not those of the table. Pure.

use std::collections::BTreeMap;

use toml::Spanned;

use super::ConfigError;
use super::file::KeyList;
use super::layers::Layers;
use crate::app::command::{Key, Keymap, Refused};

/// The table with these keys instead of its own.
///
/// # Errors
/// A command or a key is unknown, or a key means two things in one place: with both places.
pub(super) fn keymap(at: &Layers, written: &BTreeMap<String, Spanned<KeyList>>) -> Result<Keymap, ConfigError> {
    let place = |name: &str| {
        let list = written.get(name);
        list.map_or_else(|| "the default keys".to_owned(), |list| at.origin(list).to_string())
    };
    let mut keys = BTreeMap::new();
    for (name, list) in written {
        let read: Result<Vec<Key>, String> = list.get_ref().all().iter().map(|key| key.parse()).collect();
        keys.insert(
            name.clone(),
            read.map_err(|problem| ConfigError::at(&at.origin(list), format!("key of {name}: {problem}")))?,
        );
    }
    Keymap::new(keys).map_err(|(name, refused)| {
        let problem = match refused {
            Refused::Unknown(known) => format!("there is no command {name:?} to bind; there is {}", known.join(", ")),
            Refused::Clash { key, with } => format!(
                "{key} cannot be {name}: in {} it is {with}, and both count in one place; give {with} another key, or []",
                place(with)
            ),
        };
        ConfigError::at(&place(&name), problem)
    })
}
