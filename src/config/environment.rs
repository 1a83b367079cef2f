//! The environment variables that matter. [`Environment::of_process`] is the only place that reads the process's own.

use std::collections::BTreeMap;
use std::path::PathBuf;

/// Variables by name. One that is empty counts as not set.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Those of this process whose name and value are UTF-8.
    pub fn of_process() -> Self {
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        Self(std::env::vars_os().filter_map(text).collect())
    }

    /// The value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// `path` below the folder for what a program keeps between its runs, by the XDG specification.
    pub fn state(&self, path: &str) -> Option<PathBuf> {
        let folder = self.get("XDG_STATE_HOME").map(PathBuf::from);
        let folder = folder.filter(|folder| folder.is_absolute());
        Some(folder.or_else(|| self.home(".local/state"))?.join(path))
    }

    /// `path` in the user's home folder.
    pub fn home(&self, path: &str) -> Option<PathBuf> {
        self.get("HOME").map(|home| PathBuf::from(home).join(path))
    }
}

impl<const N: usize> From<[(&str, &str); N]> for Environment {
    fn from(variables: [(&str, &str); N]) -> Self {
        let owned = variables.map(|(name, value)| (name.to_owned(), value.to_owned()));
        Self(owned.into())
    }
}
