//! How fast the lab notices and reacts: what a profile promises.

use crate::config::lab::Profile;

/// Patroni's timing, in seconds: what the profile promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long the leader's lock outlives its holder.
    pub ttl: u64,
    /// Pause between two rounds of Patroni.
    pub loop_wait: u64,
    /// How long Patroni tries to reach `ZooKeeper` before a leader demotes itself.
    pub retry_timeout: u64,
}

/// The timing of a profile.
pub(super) const fn of_profile(profile: Profile) -> Timing {
    match profile {
        Profile::Default => Timing {
            ttl: 30,
            loop_wait: 10,
            retry_timeout: 10,
        },
        // The least that Patroni 4 takes (3.2.0 and later raise anything below).
        Profile::Fast => Timing {
            ttl: 20,
            loop_wait: 2,
            retry_timeout: 3,
        },
    }
}

/// The name of a profile, as on the command line.
pub(super) const fn profile_name(profile: Profile) -> &'static str {
    match profile {
        Profile::Default => "default",
        Profile::Fast => "fast",
    }
}
