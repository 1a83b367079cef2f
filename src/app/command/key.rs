//! A key, as it is pressed, shown and written.

use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A key with its modifier; shift is part of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Key {
    /// A key alone.
    Plain(KeyCode),
    /// With ctrl.
    Ctrl(char),
}

/// Keys that have a name: as they are shown, and as they may be written beside that.
const NAMED: &[(KeyCode, &str, &str)] = &[
    (KeyCode::Char(' '), "space", " "),
    (KeyCode::Enter, "enter", "return"),
    (KeyCode::Esc, "esc", "escape"),
    (KeyCode::Tab, "tab", "tab"),
    (KeyCode::BackTab, "shift-tab", "backtab"),
    (KeyCode::Up, "↑", "up"),
    (KeyCode::Down, "↓", "down"),
    (KeyCode::Left, "←", "left"),
    (KeyCode::Right, "→", "right"),
    (KeyCode::PageUp, "pgup", "page-up"),
    (KeyCode::PageDown, "pgdn", "page-down"),
    (KeyCode::Home, "home", "home"),
    (KeyCode::End, "end", "end"),
    (KeyCode::Insert, "ins", "insert"),
    (KeyCode::Delete, "del", "delete"),
    (KeyCode::Backspace, "backspace", "backspace"),
];

impl Key {
    /// Whether that was pressed.
    pub fn matches(self, event: &KeyEvent) -> bool {
        let ctrl = event.modifiers.contains(KeyModifiers::CONTROL);
        if event.modifiers.contains(KeyModifiers::ALT) {
            return false;
        }
        match self {
            Self::Plain(code) => !ctrl && event.code == code,
            Self::Ctrl(letter) => ctrl && event.code == KeyCode::Char(letter),
        }
    }
}

impl std::fmt::Display for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = match self {
            Self::Ctrl(letter) => return f.pad(&format!("ctrl-{letter}")),
            Self::Plain(code) => code,
        };
        if let Some((_, name, _)) = NAMED.iter().find(|(named, _, _)| named == code) {
            return f.pad(name);
        }
        match code {
            KeyCode::Char(letter) => f.pad(&letter.to_string()),
            KeyCode::F(number) => f.pad(&format!("f{number}")),
            other => f.pad(&other.to_string()),
        }
    }
}

impl FromStr for Key {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let small = text.to_lowercase();
        let named = NAMED.iter().find(|(_, name, other)| *name == small || *other == small);
        if let Some((code, _, _)) = named {
            return Ok(Self::Plain(*code));
        }
        let only = |text: &str| {
            let mut letters = text.chars();
            letters
                .next()
                .filter(|letter| letters.next().is_none() && !letter.is_control())
        };
        if let Some(letter) = only(text) {
            return Ok(Self::Plain(KeyCode::Char(letter)));
        }
        let function = small.strip_prefix('f').and_then(|number| number.parse().ok());
        if let Some(number @ 1..=12) = function {
            return Ok(Self::Plain(KeyCode::F(number)));
        }
        let control = small.strip_prefix("ctrl-").and_then(only);
        match control {
            // What terminals send for these is what they send for tab, enter and esc.
            Some('i' | 'm' | '[') => Err(format!("a terminal cannot tell {small} from tab, enter or esc")),
            Some(letter @ 'a'..='z') => Ok(Self::Ctrl(letter)),
            _ if small.starts_with("alt-") => Err(format!(
                "{small}: alt is not read, since over a slow line it cannot be told from esc and a letter"
            )),
            _ => Err(format!(
                "{text:?} is no key: one character, ctrl- and a letter, f1 to f12, space, enter, esc, tab, shift-tab, up, \
                 down, left, right, page-up, page-down, home, end, insert, delete or backspace"
            )),
        }
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Key {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_can_be_written() {
        let mut keys: Vec<Key> = crate::app::command::entries()
            .flat_map(|entry| entry.keys)
            .copied()
            .collect();
        keys.extend((1..=12).map(|number| Key::Plain(KeyCode::F(number))));
        keys.extend(NAMED.iter().map(|(code, _, _)| Key::Plain(*code)));
        for key in keys {
            assert_eq!(key.to_string().parse(), Ok(key), "{key}");
        }
    }

    #[test]
    fn what_is_no_key_is_told() {
        for (text, why) in [
            ("", "is no key"),
            ("ctrl-", "is no key"),
            ("ctrl-é", "is no key"),
            ("f13", "is no key"),
            ("f0", "is no key"),
            ("\u{1b}", "is no key"),
            ("kk", "is no key"),
            ("ctrl-m", "tab, enter or esc"),
            ("alt-x", "alt is not read"),
        ] {
            let error = text.parse::<Key>().unwrap_err();
            assert!(error.contains(why), "{text:?}: {error}");
        }
        assert_eq!("Page-Up".parse(), Ok(Key::Plain(KeyCode::PageUp)));
        assert_eq!("CTRL-S".parse(), Ok(Key::Ctrl('s')));
        assert_eq!("é".parse(), Ok(Key::Plain(KeyCode::Char('é'))));
    }
}
