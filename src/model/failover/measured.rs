//! What clients saw of an episode, as borders of its phases. Pure.

use std::time::Duration;

use super::super::probe::{Clients, Outage};
use super::super::time::Timestamp;
use super::timeline::Mark;

/// Signs come a little late: what clients saw so long before the first one belongs to it.
const EARLY: Duration = Duration::from_secs(1);

/// The longest time without an acknowledged write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Measured {
    /// The last write that was acknowledged before it: known with its answer, and not before it began.
    pub before: Mark,
    /// When the first one that failed began.
    pub failed: Timestamp,
    /// The first write that was acknowledged after it; `None` while there is none.
    pub after: Option<Mark>,
    /// How many failed after that, before it was stable.
    pub more: u32,
    /// Since when nothing failed, once that has stood the test of time.
    pub stable: Option<Timestamp>,
}

impl Measured {
    /// Of an episode that began at `fault`; `None` where no write failed, or nobody tried.
    pub(super) fn of(clients: &Clients, fault: &Mark, now: Timestamp) -> Option<Self> {
        let writes = clients.writes()?;
        let belongs = |outage: &&Outage| outage.after.is_none_or(|(_, ended)| ended.plus(EARLY) > fault.at);
        let outages = || writes.outages.iter().filter(belongs);
        let outage = outages().max_by_key(|outage| outage.span(now))?;
        // Who began to try in the middle of it did not see its beginning.
        let unseen = (fault.earliest.min(outage.first), fault.at.min(outage.first));
        let (began, ended) = outage.before.unwrap_or(unseen);
        let before = Mark {
            earliest: began,
            at: ended,
            latest: outage.first.max(ended),
            evidence: None,
        };
        let after = outage.after.map(|(_, ended)| Mark {
            earliest: outage.last.min(ended),
            at: ended,
            latest: ended,
            evidence: None,
        });
        Some(Self {
            before,
            failed: outage.first,
            after,
            more: writes.failed_after(outage),
            stable: writes.stable(now),
        })
    }
}

/// The chronicle's window of what clients see: a little before the first sign.
pub(super) fn window(sign: Timestamp) -> Timestamp {
    const BEFORE: Duration = Duration::from_secs(5);
    sign.minus(BEFORE)
}
