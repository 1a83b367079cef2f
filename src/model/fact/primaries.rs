//! Two members that answer as primary at once, and for how long: what no single answer shows.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::super::name::MemberName;
use super::super::postgres::SqlStatus;
use super::super::time::Timestamp;
use super::{Fact, FactKind, SourceKind};

impl Doubled {
    /// The end of it, noticed at `seen`.
    fn over(&self, at: Timestamp, seen: Timestamp) -> Fact {
        let (least, most) = (self.last.since(self.began), at.since(self.earliest));
        fact(at, seen, self.last, FactKind::OnePrimary { least, most })
    }
}

/// A member's answers as primary, without another in between.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Reign {
    /// When it was last heard as something else, or did not answer.
    before: Option<Timestamp>,
    /// When the first such answer arrived.
    first: Timestamp,
    /// When the last one was asked for.
    asked: Timestamp,
    /// When the last one arrived.
    last: Timestamp,
    /// When it was heard as something else, or not any more.
    ended: Option<Timestamp>,
}

impl Reign {
    /// The last answer of `other` was given between two of this one: at that moment both were primaries.
    fn spans(&self, other: &Self) -> bool {
        self.first <= other.asked && other.last <= self.asked
    }
}

/// Who answers as primary.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Primaries {
    reigns: BTreeMap<MemberName, Reign>,
    /// When somebody who is not a primary last said so, or was last asked in vain.
    others: BTreeMap<MemberName, Timestamp>,
    /// Several at once: between which instants that began, and the last at which it was so.
    doubled: Option<Doubled>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Doubled {
    earliest: Timestamp,
    began: Timestamp,
    last: Timestamp,
}

impl Primaries {
    /// An answer of a member. Two are primaries at once only if one said so between two answers of the other; so this
    /// answer may show it of one that has ended meanwhile.
    pub(super) fn answer(&mut self, member: &MemberName, status: &SqlStatus, at: Timestamp) -> Vec<Fact> {
        let asked = at.minus(status.round_trip);
        if !status.is_writable() {
            return self.silence(member, asked, at).into_iter().collect();
        }
        let new = Reign {
            before: self.others.get(member).copied(),
            first: at,
            asked,
            last: at,
            ended: None,
        };
        let known = self.reigns.get(member).filter(|reign| reign.ended.is_none());
        let own = known.map_or(new, |reign| Reign {
            asked,
            last: at,
            ..*reign
        });
        self.reigns.insert(member.clone(), own);
        let mut facts = Vec::new();
        for (other, theirs) in self.reigns.iter().filter(|(name, _)| *name != member) {
            if !own.spans(theirs) {
                continue;
            }
            if let (Some(doubled), None) = (&mut self.doubled, theirs.ended) {
                doubled.last = doubled.last.max(theirs.asked);
                continue;
            }
            let began = theirs.first.max(own.first);
            let doubled = Doubled {
                earliest: theirs.before.max(own.before).unwrap_or(began),
                began,
                last: theirs.asked,
            };
            let mut names = vec![member.clone(), other.clone()];
            names.sort();
            facts.push(fact(began, at, doubled.earliest, FactKind::Primaries(names)));
            match theirs.ended {
                Some(ended) => facts.push(doubled.over(ended, at)),
                None => self.doubled = Some(doubled),
            }
        }
        // Of those that ended, this answer has shown what there was to show.
        self.reigns
            .retain(|_, reign| reign.ended.is_none() || reign.last > asked);
        facts
    }

    /// A member does not answer as a primary, or not at all, since `asked` or `now`.
    pub(super) fn silence(&mut self, member: &MemberName, asked: Timestamp, now: Timestamp) -> Option<Fact> {
        self.others.insert(member.clone(), asked);
        let reign = self.reigns.get_mut(member).filter(|reign| reign.ended.is_none())?;
        reign.ended = Some(now);
        if self.reigns.values().filter(|reign| reign.ended.is_none()).count() > 1 {
            return None;
        }
        let doubled = self.doubled.take()?;
        self.reigns.remove(member);
        Some(doubled.over(now, now))
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
        assert_eq!(primaries.answer(&b, &primary, at(100)), []);
        assert_eq!(primaries.silence(&a, at(0), at(900)), None);
        assert_eq!(primaries.answer(&b, &primary, at(950)), []);
        // It wakes up as a primary: the other has not said so since.
        assert_eq!(primaries.silence(&a, at(980), at(980)), None);
        assert_eq!(primaries.answer(&a, &primary, at(1_050)), []);
        let began = primaries.answer(&b, &primary, at(1_100)).remove(0);
        assert_eq!((began.at, began.after), (at(1_050), Some(at(980))));
        assert_eq!(began.describe(), "two primaries: a, b");
        assert_eq!(primaries.answer(&a, &primary, at(1_200)), []);
        assert_eq!(primaries.answer(&b, &primary, at(1_250)), []);
        let ended = primaries.answer(&a, &standby, at(1_350)).remove(0);
        let (least, most) = (Duration::from_millis(149), Duration::from_millis(370));
        assert_eq!(ended.kind, FactKind::OnePrimary { least, most });
        assert_eq!(ended.after, Some(at(1_199)));
        assert_eq!(ended.describe(), "one primary again after 0.26 s (0.15–0.37)");
        assert_eq!(primaries.answer(&a, &standby, at(1_500)), []);
    }

    #[test]
    fn a_change_of_primary_is_no_double_one() {
        let at = Timestamp::from_millis;
        let (a, b) = (MemberName::from("a"), MemberName::from("b"));
        let (primary, standby) = (primary_sql(1), standby_sql(1, "a"));
        let mut primaries = Primaries::default();
        assert_eq!(primaries.answer(&a, &primary, at(0)), []);
        assert_eq!(primaries.answer(&b, &standby, at(50)), []);
        // The answer of the old one is from before; it may have stepped down since.
        assert_eq!(primaries.answer(&b, &primary, at(200)), []);
        assert_eq!(primaries.answer(&a, &standby, at(210)), []);
        assert_eq!(primaries.answer(&b, &primary, at(350)), []);
    }

    #[test]
    fn one_answer_of_the_old_one_is_enough() {
        let at = Timestamp::from_millis;
        let (a, b) = (MemberName::from("a"), MemberName::from("b"));
        let primary = primary_sql(1);
        let mut primaries = Primaries::default();
        assert_eq!(primaries.answer(&b, &primary, at(100)), []);
        assert_eq!(primaries.silence(&a, at(1_000), at(1_000)), None);
        assert_eq!(primaries.answer(&b, &primary, at(1_150)), []);
        assert_eq!(primaries.answer(&a, &primary, at(1_200)), []);
        assert_eq!(primaries.silence(&a, at(1_230), at(1_230)), None);
        let told: Vec<_> = primaries
            .answer(&b, &primary, at(1_300))
            .iter()
            .map(Fact::describe)
            .collect();
        assert_eq!(
            told,
            ["two primaries: a, b", "one primary again after 0.12 s (0.00–0.23)"]
        );
        assert_eq!(primaries.answer(&b, &primary, at(1_450)), []);
    }
}
