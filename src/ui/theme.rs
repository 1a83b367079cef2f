//! Themes: a style for every role that something on the screen can play. Panes name roles, never colours.

use ratatui::style::{Color, Modifier, Style};
use serde::{Deserialize, Deserializer, de::Error as _};

/// The themes that are built in, in the order of [`Theme::next`], with their files.
const BUILT_IN: [(&str, &str); 3] = [
    ("dark", include_str!("../../themes/dark.toml")),
    ("light", include_str!("../../themes/light.toml")),
    ("mono", include_str!("../../themes/mono.toml")),
];

/// A theme that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
pub enum ThemeError {
    /// No theme of that name is built in.
    #[error("no theme {0:?}; there are {names}", names = Theme::names().collect::<Vec<_>>().join(", "))]
    Unknown(String),
    /// Its text is no theme.
    #[error("theme {name}: {error}")]
    Invalid {
        /// Its name.
        name: String,
        /// What is wrong, with the line.
        error: String,
    },
}

macro_rules! roles {
    ($($(#[$doc:meta])* $role:ident,)*) => {
        /// A style for each role. Read from TOML, where a style is words: `"green bold"`, `"231 on 160"`, `""`.
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Theme {
            #[serde(skip)]
            name: String,
            $($(#[$doc])* #[serde(deserialize_with = "style")] pub $role: Style,)*
            /// Letters of the containers in logs, one after the other.
            #[serde(deserialize_with = "styles")]
            pub containers: Vec<Style>,
        }

        #[cfg(test)]
        impl Theme {
            fn roles(&self) -> Vec<(&'static str, Style)> {
                let mut roles = vec![$((stringify!($role), self.$role),)*];
                roles.extend(self.containers.iter().map(|style| ("containers", *style)));
                roles
            }
        }
    };
}

roles! {
    /// Everything that plays no other role.
    text,
    /// What explains: labels, column headings, what is normal and not looked for.
    dim,
    /// A value that was true once and may not be now.
    stale,
    /// The name of the cluster, of a pane, of a dialog.
    title,
    /// Border of a pane.
    border,
    /// Border and title of the pane that keys go to.
    border_focused,
    /// The selected row, over the styles of its cells.
    selected,
    /// A leader.
    leader,
    /// A synchronous standby.
    sync_standby,
    /// A replica.
    replica,
    /// As it should be.
    ok,
    /// Worth a look.
    warning,
    /// Something is lost or down.
    bad,
    /// The line that must not be overlooked.
    alarm,
    /// A mark in the header: paused, read-only.
    badge,
    /// A key in a hint.
    key,
    /// The word beside it.
    hint,
    /// Background of what lies over the main screen.
    overlay,
    /// A value in JSON and other documents.
    value,
    /// Log level debug.
    log_debug,
    /// Log level info.
    log_info,
    /// Log level warning.
    log_warning,
    /// Log level error.
    log_error,
    /// Log levels fatal and panic.
    log_fatal,
}

impl Theme {
    /// The names of the built-in themes.
    pub fn names() -> impl Iterator<Item = &'static str> {
        BUILT_IN.iter().map(|(name, _)| *name)
    }

    /// The built-in theme of that name.
    ///
    /// # Errors
    /// There is none.
    pub fn named(name: &str) -> Result<Self, ThemeError> {
        let unknown = || ThemeError::Unknown(name.to_owned());
        let (name, text) = BUILT_IN
            .iter()
            .find(|(built_in, _)| *built_in == name)
            .ok_or_else(unknown)?;
        let invalid = |error: toml::de::Error| ThemeError::Invalid {
            name: (*name).to_owned(),
            error: error.to_string(),
        };
        let theme: Self = toml::from_str(text).map_err(invalid)?;
        Ok(Self {
            name: (*name).to_owned(),
            ..theme
        })
    }

    /// A theme from the text of a user's file. It may set some roles only: the others come from the built-in theme
    /// that its key `base` names (`dark` without one).
    ///
    /// # Errors
    /// No TOML, an unknown role, or a style that is none.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, ThemeError> {
        let invalid = |error: toml::de::Error| ThemeError::Invalid {
            name: name.to_owned(),
            error: error.to_string(),
        };
        let mut own: toml::Table = toml::from_str(text).map_err(invalid)?;
        let base = own.remove("base").map_or_else(
            || "dark".to_owned(),
            |base| base.as_str().unwrap_or_default().to_owned(),
        );
        let file = BUILT_IN
            .iter()
            .find(|(built_in, _)| *built_in == base)
            .ok_or(ThemeError::Unknown(base))?
            .1;
        let mut all: toml::Table = toml::from_str(file).map_err(invalid)?;
        all.extend(own);
        let theme: Self = all.try_into().map_err(invalid)?;
        Ok(Self {
            name: name.to_owned(),
            ..theme
        })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The built-in theme after this one; the first after a user's.
    #[must_use]
    pub fn next(&self) -> Self {
        let at = BUILT_IN
            .iter()
            .position(|(name, _)| *name == self.name)
            .map_or(0, |at| at + 1);
        let name = BUILT_IN.get(at).or(BUILT_IN.first()).map_or("", |(name, _)| name);
        Self::named(name).unwrap_or_else(|_| self.clone())
    }

    /// Some role has a colour.
    pub fn has_colours(&self) -> bool {
        self.log_error.fg.is_some() || self.bad.fg.is_some()
    }

    /// The style of the container at that place in the list.
    pub fn container(&self, place: usize) -> Style {
        let count = self.containers.len().max(1);
        self.containers.get(place % count).copied().unwrap_or(self.text)
    }
}

/// A style from its words: a colour, `on` and a colour, and `bold`, `dim`, `italic`, `underline`, `reverse`.
fn parse(words: &str) -> Result<Style, String> {
    let mut style = Style::new();
    let mut words = words.split_whitespace();
    while let Some(word) = words.next() {
        style = match word {
            "bold" => style.add_modifier(Modifier::BOLD),
            "dim" => style.add_modifier(Modifier::DIM),
            "italic" => style.add_modifier(Modifier::ITALIC),
            "underline" => style.add_modifier(Modifier::UNDERLINED),
            "reverse" => style.add_modifier(Modifier::REVERSED),
            "on" => style.bg(colour(words.next().ok_or("a colour must follow \"on\"")?)?),
            other => style.fg(colour(other)?),
        };
    }
    Ok(style)
}

fn colour(word: &str) -> Result<Color, String> {
    word.parse()
        .map_err(|_| format!("{word:?} is no colour (a name, 0 to 255, or #rrggbb) and no modifier"))
}

fn style<'de, D: Deserializer<'de>>(from: D) -> Result<Style, D::Error> {
    parse(&String::deserialize(from)?).map_err(D::Error::custom)
}

fn styles<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<Style>, D::Error> {
    Vec::<String>::deserialize(from)?
        .iter()
        .map(|words| parse(words).map_err(D::Error::custom))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_theme_sets_every_role() {
        for name in Theme::names() {
            let theme = Theme::named(name).unwrap_or_else(|error| panic!("{error}"));
            assert!(
                theme.containers.len() >= 4,
                "{name}: too few letters to tell containers apart"
            );
            for (role, style) in [
                ("alarm", theme.alarm),
                ("selected", theme.selected),
                ("stale", theme.stale),
            ] {
                assert_ne!(style, theme.text, "{name}: {role} looks like any text");
            }
        }
    }

    #[test]
    fn mono_uses_no_colour() {
        for (role, style) in Theme::named("mono").unwrap().roles() {
            assert_eq!((style.fg, style.bg), (None, None), "{role}");
        }
    }

    #[test]
    fn goes_around() {
        let dark = Theme::named("dark").unwrap();
        assert_eq!(dark.next().next().name(), "mono");
        assert_eq!(dark.next().next().next(), dark);
    }

    #[test]
    fn takes_a_users_file_over_its_base() {
        let own = Theme::from_toml("mine", "base = \"light\"\nleader = \"#ff8800 on black bold underline\"").unwrap();
        let light = Theme::named("light").unwrap();
        assert_eq!(own.leader.fg, Some(Color::Rgb(255, 136, 0)));
        assert_eq!(own.leader.bg, Some(Color::Black));
        assert_eq!(own.leader.add_modifier, Modifier::BOLD | Modifier::UNDERLINED);
        assert_eq!((own.replica, own.name()), (light.replica, "mine"));
        assert_eq!(own.next().name(), "dark");
    }

    #[test]
    fn says_what_is_wrong_with_a_file() {
        let cases = [
            ("leeder = \"red\"", "unknown field `leeder`"),
            ("leader = \"rad\"", "\"rad\" is no colour"),
            ("leader = \"on\"", "must follow \"on\""),
            ("base = \"drak\"", "no theme \"drak\"; there are dark, light, mono"),
            ("leader = ", "theme mine: "),
        ];
        for (text, said) in cases {
            let error = Theme::from_toml("mine", text).unwrap_err().to_string();
            assert!(error.contains(said), "{text}: {error}");
        }
    }
}
