//! The configuration file: where it is, and its keys as serde reads them. What the values mean is `settings`' concern.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};
use toml::Spanned;

use super::environment::Environment;
use super::{ConfigError, Origin};
use crate::source::postgres::Secret;

/// Every key. One that is missing is `None`; one that is unknown is an error.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    /// Docker's API.
    pub docker_host: Option<Spanned<String>>,
    /// Which of several clusters.
    pub cluster: Option<Spanned<String>>,
    /// `ZooKeeper` servers.
    pub zookeeper: Option<Spanned<Vec<String>>>,
    /// Patroni's namespace.
    pub namespace: Option<Spanned<String>>,
    /// Patroni's scope.
    pub scope: Option<Spanned<String>>,
    /// Name of the theme.
    pub theme: Option<Spanned<String>>,
    /// No key changes the cluster.
    pub read_only: Option<Spanned<bool>>,
    /// What the cluster is for.
    pub mark: Option<Spanned<String>>,
    /// What clients try.
    pub probe: Option<Spanned<String>>,
    /// Log lines read at the start.
    pub tail: Option<Spanned<u32>>,
    /// Memory for the lines that are kept.
    pub log_memory: Option<Spanned<u32>>,
    /// From when on log lines are read.
    pub since: Option<Spanned<String>>,
    /// `local` or `utc`.
    pub time_zone: Option<Spanned<String>>,
    /// Folder for reports.
    pub reports: Option<Spanned<String>>,
    /// File to record into from the start.
    pub record: Option<Spanned<String>>,
    /// Length of a record at most.
    pub record_limit: Option<Spanned<u32>>,
    /// How to log in to the members.
    #[serde(default)]
    pub postgres: PostgresTable,
    /// How to log in to Patroni's REST API.
    #[serde(default)]
    pub patroni: PatroniTable,
    /// Keys of commands, by their names.
    #[serde(default)]
    pub keys: BTreeMap<String, Spanned<KeyList>>,
    /// Members, instead of the addresses found.
    #[serde(default)]
    pub member: Vec<MemberTable>,
    /// Proxies, beside those found.
    #[serde(default)]
    pub proxy: Vec<ProxyTable>,
}

/// One key, or several.
#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "expected a key in quotes, or a list of keys")]
pub enum KeyList {
    /// One.
    One(String),
    /// Several, or none.
    Several(Vec<String>),
}

impl KeyList {
    /// All of them.
    pub fn all(&self) -> &[String] {
        match self {
            Self::One(key) => std::slice::from_ref(key),
            Self::Several(keys) => keys,
        }
    }
}

/// `[postgres]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PostgresTable {
    /// Role.
    pub user: Option<Spanned<String>>,
    /// Its password.
    pub password: Option<Spanned<Hidden>>,
    /// A shell command that prints it.
    pub password_command: Option<Spanned<String>>,
    /// Database.
    pub database: Option<Spanned<String>>,
    /// `sslmode` as libpq names it.
    pub sslmode: Option<Spanned<String>>,
    /// Path of the password file.
    pub passfile: Option<Spanned<String>>,
}

/// `[patroni]`
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PatroniTable {
    /// `restapi.authentication.username`
    pub user: Option<Spanned<String>>,
    /// And the password.
    pub password: Option<Spanned<Hidden>>,
}

/// `[[member]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MemberTable {
    /// As Patroni calls it.
    pub name: Spanned<String>,
    /// `host:port`
    pub postgres: Option<Spanned<String>>,
    /// `http://host:port`
    pub rest: Option<Spanned<String>>,
}

/// `[[proxy]]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProxyTable {
    /// What to call it.
    pub name: Spanned<String>,
    /// Of its statistics.
    pub url: Spanned<String>,
    /// `unix:/path` or `tcp:host:port`: where it takes commands.
    pub admin: Option<Spanned<String>>,
    /// User of the statistics page.
    pub user: Option<Spanned<String>>,
    /// And the password.
    pub password: Option<Spanned<Hidden>>,
}

/// A [`Secret`] in the file. Unlike a `String`, its errors do not repeat the value.
#[derive(Clone, Debug)]
pub struct Hidden(pub Secret);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl Visitor<'_> for Text {
            type Value = Hidden;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a password in quotes")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Hidden, E> {
                Ok(Hidden(Secret::new(text)))
            }

            fn visit_i64<E: de::Error>(self, _: i64) -> Result<Hidden, E> {
                Err(E::invalid_type(de::Unexpected::Other("a number"), &self))
            }

            fn visit_f64<E: de::Error>(self, _: f64) -> Result<Hidden, E> {
                Err(E::invalid_type(de::Unexpected::Other("a number"), &self))
            }

            fn visit_bool<E: de::Error>(self, _: bool) -> Result<Hidden, E> {
                Err(E::invalid_type(de::Unexpected::Other("true or false"), &self))
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// A file that was read.
#[derive(Debug)]
pub struct Loaded {
    /// Where it is.
    pub path: PathBuf,
    /// Its keys.
    pub keys: File,
    /// Offsets of its line breaks.
    breaks: Vec<usize>,
}

impl Loaded {
    /// Reads `text`, which stands in `path`.
    ///
    /// # Errors
    /// It is not TOML, or a key is unknown or of the wrong kind: with the line, without the text of the line, since
    /// that may be a password.
    pub fn parse(path: &Path, text: &str) -> Result<Self, ConfigError> {
        let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
        match toml::from_str(text) {
            Ok(keys) => Ok(Self {
                path: path.to_owned(),
                keys,
                breaks,
            }),
            Err(error) => {
                let line = error.span().map_or(1, |span| line(&breaks, span.start));
                let place = format!("{}:{line}", path.display());
                Err(ConfigError::at(&place, error.message().trim()))
            }
        }
    }

    /// Where a value of this file stands.
    pub fn origin<T>(&self, value: &Spanned<T>) -> Origin {
        Origin::File {
            path: self.path.clone(),
            line: line(&self.breaks, value.span().start),
        }
    }
}

fn line(breaks: &[usize], offset: usize) -> usize {
    breaks.partition_point(|&at| at < offset) + 1
}

/// Reads the file that the flag or `PGHERD_CONFIG` names, else the user's own if there is one.
///
/// # Errors
/// A named file is missing; any file cannot be read or is wrong.
pub fn find(named: Option<&Path>, environment: &Environment) -> Result<Option<Loaded>, ConfigError> {
    let named = named
        .map(Path::to_owned)
        .or_else(|| environment.get("PGHERD_CONFIG").map(PathBuf::from));
    let (path, required) = match named {
        Some(path) => (path, true),
        None => match default_path(environment) {
            Some(path) => (path, false),
            None => return Ok(None),
        },
    };
    match std::fs::read_to_string(&path) {
        Ok(text) => Loaded::parse(&path, &text).map(Some),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !required => Ok(None),
        Err(error) => Err(ConfigError::at(
            &path.display(),
            format!("cannot read this configuration file: {error}; name another with --config or PGHERD_CONFIG"),
        )),
    }
}

/// `$XDG_CONFIG_HOME/pgherd/config.toml`, else `~/.config/pgherd/config.toml`.
pub fn default_path(environment: &Environment) -> Option<PathBuf> {
    let folder = environment
        .get("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .filter(|folder| folder.is_absolute());
    Some(
        folder
            .or_else(|| environment.home(".config"))?
            .join("pgherd/config.toml"),
    )
}
