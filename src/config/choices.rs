//! Settings that are one of a few.

use crate::model::probe::Mode;

/// What the probe does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeSetting {
    /// Writes and reads on a lab of ours, nothing elsewhere.
    Auto,
    /// Writes and reads.
    Write,
    /// Reads.
    Read,
    /// Nothing.
    Off,
}

impl ProbeSetting {
    /// Each with its name.
    pub const ALL: [(&'static str, Self); 4] = [
        ("auto", Self::Auto),
        ("write", Self::Write),
        ("read", Self::Read),
        ("off", Self::Off),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, setting)| *setting == self)
            .map_or("", |(name, _)| name)
    }

    /// What it means for a cluster; nothing is written where nothing may change.
    pub fn mode(self, lab: bool, read_only: bool) -> Option<Mode> {
        let wanted = match self {
            Self::Auto => lab.then_some(Mode::Write),
            Self::Write => Some(Mode::Write),
            Self::Read => Some(Mode::Read),
            Self::Off => None,
        };
        wanted.map(|mode| if read_only { Mode::Read } else { mode })
    }
}

/// Zone of the times shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeZone {
    /// This machine's.
    Local,
    /// UTC, as in the logs of most containers.
    Utc,
}

impl TimeZone {
    /// The zone itself.
    pub fn zone(self) -> jiff::tz::TimeZone {
        match self {
            Self::Local => jiff::tz::TimeZone::system(),
            Self::Utc => jiff::tz::TimeZone::UTC,
        }
    }
}
