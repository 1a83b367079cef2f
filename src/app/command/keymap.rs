//! Which keys mean which command: the table, and what the configuration changes of it.

use std::collections::BTreeMap;

use crossterm::event::{KeyCode, KeyEvent};
use serde::{Deserialize, Serialize};

use super::{Command, Context, Entry, Key, entries};

/// They work whatever is configured: nobody shall be locked in.
const ALWAYS: [(Command, Key); 2] = [
    (Command::Quit, Key::Ctrl('c')),
    (Command::Back, Key::Plain(KeyCode::Esc)),
];

/// The keys of every command. Those of the table where nothing else was configured.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Keymap {
    /// By the names of commands.
    changed: BTreeMap<String, Vec<Key>>,
}

/// What cannot be bound, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// There is no such command; those that are called nearly so.
    Unknown(Vec<&'static str>),
    /// The key means another command in the same place.
    Clash {
        /// The key.
        key: Key,
        /// Name of the other command.
        with: &'static str,
    },
}

impl Keymap {
    /// The table with these keys instead of its own, by names of commands; or the name of the first that is refused. A
    /// command without keys is found by the palette only.
    ///
    /// # Errors
    /// A name is unknown, or one key means two things in one place.
    pub fn new(changed: BTreeMap<String, Vec<Key>>) -> Result<Self, (String, Refused)> {
        for name in changed.keys() {
            if named(name).next().is_none() {
                return Err((name.clone(), Refused::Unknown(similar(name))));
            }
        }
        let mut keymap = Self { changed };
        for (command, key) in ALWAYS {
            let changed = command.name().and_then(|name| keymap.changed.get_mut(name));
            if let Some(keys) = changed.filter(|keys| !keys.contains(&key)) {
                keys.push(key);
            }
        }
        for name in keymap.changed.keys() {
            if let Some((key, with)) = named(name).find_map(|entry| keymap.clash(entry)) {
                return Err((name.clone(), Refused::Clash { key, with }));
            }
        }
        Ok(keymap)
    }

    /// A key of that row which means another command there.
    fn clash(&self, entry: &Entry) -> Option<(Key, &'static str)> {
        let others = entries().filter(|other| other.command != entry.command && other.context.meets(entry.context));
        let mut with_names = others.filter_map(|other| Some((other, other.command.name()?)));
        with_names.find_map(|(other, name)| {
            let theirs = self.keys(other);
            let same = self.keys(entry).iter().find(|key| theirs.contains(key))?;
            Some((*same, name))
        })
    }

    /// What was configured, by names of commands.
    pub fn changed(&self) -> &BTreeMap<String, Vec<Key>> {
        &self.changed
    }

    /// The keys of a row; the first is shown in hints.
    pub fn keys(&self, entry: &Entry) -> &[Key] {
        if self.changed.is_empty() || !entry.context.is_bindable() {
            return entry.keys;
        }
        let changed = entry.command.name().and_then(|name| self.changed.get(name));
        changed.map_or(entry.keys, Vec::as_slice)
    }

    /// The command of a key where `contexts` count, in their order.
    pub fn command_for(&self, event: &KeyEvent, contexts: &[Context]) -> Option<Command> {
        contexts.iter().find_map(|context| {
            entries()
                .find(|entry| entry.context == *context && self.keys(entry).iter().any(|key| key.matches(event)))
                .map(|entry| entry.command)
        })
    }

    /// The key to show for a command; in a context, or in the first that has it.
    pub fn key_of(&self, command: Command, context: Option<Context>) -> Option<Key> {
        entries()
            .filter(|entry| entry.command == command && context.is_none_or(|context| context == entry.context))
            .find_map(|entry| self.keys(entry).first().copied())
    }
}

/// The rows of that name whose keys may be changed.
fn named(name: &str) -> impl Iterator<Item = &'static Entry> {
    entries().filter(move |entry| entry.context.is_bindable() && entry.command.name() == Some(name))
}

/// Names that begin alike, or have a word in common.
fn similar(name: &str) -> Vec<&'static str> {
    let name = name.replace('_', "-");
    let names = entries().filter(|entry| entry.context.is_bindable());
    let mut names: Vec<&str> = names.filter_map(|entry| entry.command.name()).collect();
    names.sort_unstable();
    names.dedup();
    let alike = |known: &&&str| {
        let shared = known.split('-').any(|word| name.split('-').any(|other| other == word));
        shared || known.starts_with(name.get(..3).unwrap_or(&name))
    };
    let alike: Vec<&str> = names.iter().filter(alike).copied().collect();
    if alike.is_empty() { names } else { alike }
}

#[cfg(test)]
mod tests {
    use crossterm::event::KeyModifiers;

    use super::*;

    fn keymap(changed: &[(&str, &[&str])]) -> Result<Keymap, (String, Refused)> {
        let keys = |keys: &[&str]| keys.iter().map(|key| key.parse().unwrap()).collect();
        Keymap::new(
            changed
                .iter()
                .map(|(name, list)| ((*name).to_owned(), keys(list)))
                .collect(),
        )
    }

    fn pressed(keymap: &Keymap, key: &str, contexts: &[Context]) -> Option<Command> {
        let event = match key.parse().unwrap() {
            Key::Plain(code) => KeyEvent::new(code, KeyModifiers::NONE),
            Key::Ctrl(letter) => KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL),
        };
        keymap.command_for(&event, contexts)
    }

    const MAIN: &[Context] = &[Context::Main, Context::Anywhere];

    #[test]
    fn the_table_itself_has_no_clash() {
        let table = Keymap::default();
        for entry in entries() {
            assert_eq!(table.clash(entry), None, "{:?} in {:?}", entry.command, entry.context);
        }
    }

    #[test]
    fn a_key_is_moved_taken_away_and_exchanged() {
        use crate::model::act::ContainerAct::{Kill, Stop};
        let moved = keymap(&[("kill", &["f9", "ctrl-k"]), ("stop", &[])]).unwrap();
        assert_eq!(pressed(&moved, "f9", MAIN), Some(Command::Ask(Kill)));
        assert_eq!(pressed(&moved, "ctrl-k", MAIN), Some(Command::Ask(Kill)));
        assert_eq!(pressed(&moved, "K", MAIN), None);
        assert_eq!(pressed(&moved, "s", MAIN), None);
        assert_eq!(moved.key_of(Command::Ask(Stop), None), None);
        let exchanged = keymap(&[("kill", &["s"]), ("stop", &["K"])]).unwrap();
        assert_eq!(pressed(&exchanged, "s", MAIN), Some(Command::Ask(Kill)));
        assert_eq!(
            exchanged.key_of(Command::Ask(Stop), Some(Context::Main)),
            Some("K".parse().unwrap())
        );
    }

    #[test]
    fn one_name_is_one_command_in_all_its_places() {
        let notes = keymap(&[("note", &["N"])]).unwrap();
        for contexts in [MAIN, &[Context::Failover, Context::Anywhere]] {
            assert_eq!(pressed(&notes, "N", contexts), Some(Command::Note));
        }
    }

    #[test]
    fn nobody_is_locked_in_and_answers_stay() {
        let few = keymap(&[("quit", &[]), ("back", &["Z"])]).unwrap();
        assert_eq!(pressed(&few, "ctrl-c", MAIN), Some(Command::Quit));
        assert_eq!(pressed(&few, "esc", MAIN), Some(Command::Back));
        assert_eq!(pressed(&few, "Z", &[Context::Question]), None);
        assert_eq!(pressed(&few, "n", &[Context::Question]), Some(Command::Back));
        assert_eq!(
            few.key_of(Command::Back, Some(Context::Anywhere)),
            Some("Z".parse().unwrap())
        );
    }

    #[test]
    fn what_cannot_be_bound_is_refused_with_the_reason() {
        let clash = |key: &str, with| Refused::Clash {
            key: key.parse().unwrap(),
            with,
        };
        for (changed, name, refused) in [
            (&[("kill", &["s"][..])][..], "kill", clash("s", "stop")),
            (&[("kill", &["q"])], "kill", clash("q", "quit")),
            (&[("zoom", &["esc"])], "zoom", clash("esc", "back")),
            (&[("zoom", &["ctrl-c"])], "zoom", clash("ctrl-c", "quit")),
            (&[("report", &["."])], "report", clash(".", "next-fact")),
            (&[("first", &["Z"]), ("last", &["Z"])], "first", clash("Z", "last")),
            (&[("zoom", &["Z"]), ("theme", &["Z"])], "theme", clash("Z", "zoom")),
            (&[("search", &["n"])], "search", clash("n", "next-match")),
            (&[("confirm", &["x"])], "confirm", Refused::Unknown(similar("confirm"))),
        ] {
            assert_eq!(keymap(changed), Err((name.to_owned(), refused)), "{changed:?}");
        }
        let Err((_, Refused::Unknown(near))) = keymap(&[("page_upp", &["x"])]) else {
            panic!("there is no such command");
        };
        assert_eq!(near, ["page-down", "page-up"]);
        // What the log pane has for itself may mean something else elsewhere, as in the table.
        assert!(keymap(&[("zoom", &["/"])]).is_ok());
    }

    #[test]
    fn every_row_that_is_bindable_has_a_name_of_its_own() {
        let rows: Vec<&Entry> = entries().filter(|entry| entry.context.is_bindable()).collect();
        for one in &rows {
            let name = one.command.name().expect("it may be bound");
            let same = rows.iter().filter(|other| other.command.name() == Some(name));
            assert!(same.into_iter().all(|other| other.command == one.command), "{name}");
        }
    }
}
