//! A standby that stands still while there is more for it to do. One answer does not tell: on a quiet cluster the age of
//! the last transaction is no lag, and on a busy one a standby is always a little behind.

use serde::{Deserialize, Serialize};

use super::super::postgres::Standby;
use super::super::time::Timestamp;
use super::super::wal::Lsn;

/// A rest of fewer bytes may be the beginning of a record whose end the leader has not sent: WAL is sent up to the end of
/// a page too. It counts once more was received.
const REST: u64 = 1 << 20;

/// Since when the positions of a standby are the same although there is more; `None` where they move, or nothing is left.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Standstill {
    receive: Option<Still>,
    replay: Option<Still>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Still {
    position: Lsn,
    since: Timestamp,
    /// How far it could have got then, and how far now.
    at_first: Lsn,
    now: Lsn,
}

impl Standstill {
    /// It receives nothing, and the leader has more.
    pub fn receives_nothing_since(&self) -> Option<Timestamp> {
        self.receive.map(|still| still.since)
    }

    /// It replays nothing, and has received more: more than a part of a record.
    pub fn replays_nothing_since(&self) -> Option<Timestamp> {
        let whole = |still: &Still| still.now > still.at_first || still.now.bytes_since(still.position) >= REST;
        self.replay.filter(whole).map(|still| still.since)
    }

    /// The next answer; `head` is the leader's position, if it is known now.
    pub(in crate::model) fn after(self, standby: &Standby, head: Option<Lsn>, at: Timestamp) -> Self {
        Self {
            receive: still(self.receive, standby.received, head, at),
            replay: still(self.replay, standby.replayed, standby.received, at),
        }
    }
}

fn still(before: Option<Still>, position: Option<Lsn>, target: Option<Lsn>, at: Timestamp) -> Option<Still> {
    let (position, now) = position.zip(target).filter(|(position, target)| target > position)?;
    let same = before.filter(|before| before.position == position);
    let (since, at_first) = same.map_or((at, now), |still| (still.since, still.at_first));
    Some(Still {
        position,
        since,
        at_first,
        now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standby(received: u64, replayed: u64) -> Standby {
        Standby {
            received: Some(Lsn(received)),
            replayed: Some(Lsn(replayed)),
            ..Standby::default()
        }
    }

    #[test]
    fn only_what_stays_the_same_while_there_is_more_stands_still() {
        let at = Timestamp::from_millis;
        let mut still = Standstill::default();
        // (leader, received, replayed, receives nothing since, replays nothing since), a second apart.
        for (second, (head, received, replayed, receive, replay)) in [
            (9, 9, 9, None, None),
            (12, 10, 9, Some(1), None), // it may be a part of a record
            (15, 10, 9, Some(1), None),
            (15, 11, 9, Some(3), Some(1)),
            (15, 11, 10, Some(3), None),
            (15, 12, 10, Some(5), Some(4)),
            (15, 12, 12, Some(5), None),
            (15, 15, 12, None, None),
            (15, 15, 15, None, None),
            (2 * REST, 2 * REST, REST, None, Some(9)),
        ]
        .into_iter()
        .enumerate()
        {
            let now = at(i64::try_from(second).unwrap() * 1_000);
            still = still.after(&standby(received, replayed), Some(Lsn(head)), now);
            let since = |second: Option<i64>| second.map(|second| at(second * 1_000));
            assert_eq!(still.receives_nothing_since(), since(receive), "{second}");
            assert_eq!(still.replays_nothing_since(), since(replay), "{second}");
        }
        // Whether there is more is not known.
        let unknown = Standstill::default().after(&standby(3, 3), None, at(0));
        assert_eq!(unknown, Standstill::default());
    }
}
