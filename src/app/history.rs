//! The last minute of each member's lag, one sample a second, for the sparkline.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::model::member::{Lag, Member};
use crate::model::name::MemberName;

/// Samples kept of each member.
pub const SAMPLES: usize = 60;

/// Replay lag in bytes of each member, oldest first; `None` where it was not known.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct History {
    lag: BTreeMap<MemberName, VecDeque<Option<u64>>>,
}

impl History {
    /// Takes one sample of every member and forgets those who are gone.
    pub fn sample(&mut self, members: &[Member]) {
        self.lag
            .retain(|name, _| members.iter().any(|member| member.name == *name));
        for member in members {
            let samples = self.lag.entry(member.name.clone()).or_default();
            samples.push_back(match member.replay_lag {
                Lag::Bytes(bytes) => Some(bytes),
                Lag::NotApplicable | Lag::Unknown => None,
            });
            if samples.len() > SAMPLES {
                samples.pop_front();
            }
        }
    }

    /// The samples of a member, oldest first.
    pub fn lag(&self, member: &MemberName) -> impl ExactSizeIterator<Item = Option<u64>> + DoubleEndedIterator {
        self.lag.get(member).map(VecDeque::iter).unwrap_or_default().copied()
    }
}
