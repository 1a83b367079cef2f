//! What of the kept lines is shown.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::pattern::Pattern;
use crate::model::log::Level;
use crate::model::name::ContainerName;

/// What of the kept lines is shown, and how. The default shows every line as it is.
///
/// Lines of other containers, of noise and with [`Lens::excluding`] are taken out first. What then has the least level
/// and [`Lens::matching`] is a match; with it are shown its neighbours in the same container, up to
/// [`Lens::context`] lines before and after it. Last, what repeats is folded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Lens {
    /// Only lines of these containers; `None` is all.
    pub containers: Option<BTreeSet<ContainerName>>,
    /// Only lines at least as serious.
    pub least: Level,
    /// Only lines with this.
    pub matching: Option<Pattern>,
    /// No lines with this.
    pub excluding: Option<Pattern>,
    /// So many lines before and after each match, as context.
    pub context: u8,
    /// No lines that pgherd itself causes.
    pub hide_noise: bool,
    /// Lines of a container that repeat one another are one row: the last of them, with their number.
    pub fold: bool,
}

impl Default for Lens {
    fn default() -> Self {
        Self {
            containers: None,
            least: Level::Debug,
            matching: None,
            excluding: None,
            context: 0,
            hide_noise: false,
            fold: false,
        }
    }
}

impl Lens {
    /// All lines of one container, or of all.
    pub fn of(only: Option<&ContainerName>) -> Self {
        Self {
            containers: only.map(|only| BTreeSet::from([only.clone()])),
            ..Self::default()
        }
    }

    /// Lines of that container are looked at.
    pub fn has(&self, container: &ContainerName) -> bool {
        self.containers
            .as_ref()
            .is_none_or(|containers| containers.contains(container))
    }

    /// The text of lines has to be read for it.
    pub(super) fn reads(&self) -> bool {
        self.matching.is_some() || self.excluding.is_some() || self.hide_noise
    }

    /// It is about what the lines say, not only about whose they are: so they have to be gone through.
    pub fn sifts(&self) -> bool {
        self.least > Level::Debug || self.reads()
    }
}
