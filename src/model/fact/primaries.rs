//! Two members that answer as primary at once, and for how long: what no single answer shows.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::name::MemberName;
use super::super::postgres::SqlStatus;
use super::super::time::Timestamp;
use super::{Fact, FactKind, SourceKind};

/// A member's answers as primary, without another in between.
#[derive(Clone, Copy, Debug)]
struct Reign {
    /// When it was last heard as something else, or did not answer.
    before: Option<Timestamp>,
    /// When the first such answer arrived.
    first: Timestamp,
    /// When the last one was asked for.
    asked: Timestamp,
    /// When the last one arrived.
    last: Timestamp,
}

impl Reign {
    /// The last answer of `other` was given between two of this one: at that moment both were primaries.
    fn spans(&self, other: &Self) -> bool {
        self.first <= other.asked && other.last <= self.asked
    }
}

/// Who answers as primary.
#[derive(Clone, Debug, Default)]
pub(super) struct Primaries {
    reigns: BTreeMap<MemberName, Reign>,
    /// When somebody who is not a primary last said so, or was last asked in vain.
    others: BTreeMap<MemberName, Timestamp>,
    /// Several at once: between which instants that began, and the last at which it was so.
    doubled: Option<Doubled>,
}

#[derive(Clone, Copy, Debug)]
struct Doubled {
    earliest: Timestamp,
    began: Timestamp,
    last: Timestamp,
}

impl Primaries {
    /// An answer of a member. Two are primaries at once only if one said so between two answers of the other.
    pub(super) fn answer(&mut self, member: &MemberName, status: &SqlStatus, at: Timestamp) -> Option<Fact> {
        let asked = at.minus(status.round_trip);
        if !status.is_writable() {
            return self.silence(member, asked, at);
        }
        let first = Reign {
            before: self.others.get(member).copied(),
            first: at,
            asked,
            last: at,
        };
        let reign = self.reigns.entry(member.clone()).or_insert(first);
        (reign.asked, reign.last) = (asked, at);
        let own = *reign;
        let mut others = self.reigns.iter().filter(|(name, _)| *name != member);
        let (other, theirs) = others.find(|(_, theirs)| own.spans(theirs))?;
        let last = theirs.asked;
        if let Some(doubled) = &mut self.doubled {
            doubled.last = doubled.last.max(last);
            return None;
        }
        let began = theirs.first.max(own.first);
        let earliest = theirs.before.max(own.before).unwrap_or(began);
        let mut names = vec![member.clone(), other.clone()];
        names.sort();
        self.doubled = Some(Doubled { earliest, began, last });
        Some(fact(began, at, earliest, FactKind::Primaries(names)))
    }

    /// A member does not answer as a primary, or not at all, since `asked` or `now`.
    pub(super) fn silence(&mut self, member: &MemberName, asked: Timestamp, now: Timestamp) -> Option<Fact> {
        self.others.insert(member.clone(), asked);
        self.reigns.remove(member)?;
        if self.reigns.len() > 1 {
            return None;
        }
        let Doubled { earliest, began, last } = self.doubled.take()?;
        let (least, most) = (last.since(began), now.since(earliest));
        Some(fact(now, now, last, FactKind::OnePrimary { least, most }))
    }

    /// Keeps these only.
    pub(super) fn forget(&mut self, keep: impl Fn(&MemberName) -> bool) {
        self.reigns.retain(|member, _| keep(member));
        self.others.retain(|member, _| keep(member));
        if self.reigns.len() < 2 {
            self.doubled = None;
        }
    }
}

fn fact(at: Timestamp, seen: Timestamp, after: Timestamp, kind: FactKind) -> Fact {
    Fact {
        at,
        seen,
        after: Some(after.min(at)),
        source: SourceKind::Postgres,
        subject: None,
        kind,
    }
}

/// `0.74 s (0.60–0.85)`, or without bounds where they are close.
pub(super) fn bounds(least: Duration, most: Duration) -> String {
    let (least, most) = (least.as_secs_f64(), most.as_secs_f64());
    format!("{:.2} s ({least:.2}–{most:.2})", least.midpoint(most))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{primary_sql, standby_sql};
    use super::*;

    #[test]
    fn two_at_once_are_measured_between_bounds() {
        let at = Timestamp::from_millis;
        let (a, b) = (MemberName::from("a"), MemberName::from("b"));
        let (primary, standby) = (primary_sql(1), standby_sql(1, "a"));
        let mut primaries = Primaries::default();
        // The old one was frozen; the new one leads.
        assert_eq!(primaries.silence(&a, at(0), at(10)), None);
        assert_eq!(primaries.answer(&b, &primary, at(100)), None);
        assert_eq!(primaries.silence(&a, at(0), at(900)), None);
        assert_eq!(primaries.answer(&b, &primary, at(950)), None);
        // It wakes up as a primary: the other has not said so since.
        assert_eq!(primaries.silence(&a, at(980), at(980)), None);
        assert_eq!(primaries.answer(&a, &primary, at(1_050)), None);
        let began = primaries.answer(&b, &primary, at(1_100)).unwrap();
        assert_eq!((began.at, began.after), (at(1_050), Some(at(980))));
        assert_eq!(began.describe(), "two primaries: a, b");
        assert_eq!(primaries.answer(&a, &primary, at(1_200)), None);
        assert_eq!(primaries.answer(&b, &primary, at(1_250)), None);
        let ended = primaries.answer(&a, &standby, at(1_350)).unwrap();
        let (least, most) = (Duration::from_millis(149), Duration::from_millis(370));
        assert_eq!(ended.kind, FactKind::OnePrimary { least, most });
        assert_eq!(ended.after, Some(at(1_199)));
        assert_eq!(ended.describe(), "one primary again after 0.26 s (0.15–0.37)");
        assert_eq!(primaries.answer(&a, &standby, at(1_500)), None);
    }

    #[test]
    fn a_change_of_primary_is_no_double_one() {
        let at = Timestamp::from_millis;
        let (a, b) = (MemberName::from("a"), MemberName::from("b"));
        let (primary, standby) = (primary_sql(1), standby_sql(1, "a"));
        let mut primaries = Primaries::default();
        assert_eq!(primaries.answer(&a, &primary, at(0)), None);
        assert_eq!(primaries.answer(&b, &standby, at(50)), None);
        // The answer of the old one is from before; it may have stepped down since.
        assert_eq!(primaries.answer(&b, &primary, at(200)), None);
        assert_eq!(primaries.answer(&a, &standby, at(210)), None);
        assert_eq!(primaries.answer(&b, &primary, at(350)), None);
    }
}
