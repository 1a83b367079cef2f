//! A set of small numbers, one bit for each.

use std::ops::RangeInclusive;

const WIDTH: usize = u64::BITS as usize;

/// Grows as far as its greatest member.
#[derive(Clone, Debug, Default)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    pub(super) fn insert(&mut self, at: usize) {
        let word = at / WIDTH;
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << (at % WIDTH);
        }
    }

    /// True if it was there.
    pub(super) fn remove(&mut self, at: usize) -> bool {
        let was = self.has(at);
        if let Some(word) = self.0.get_mut(at / WIDTH) {
            *word &= !(1 << (at % WIDTH));
        }
        was
    }

    pub(super) fn has(&self, at: usize) -> bool {
        self.0
            .get(at / WIDTH)
            .is_some_and(|word| word & (1 << (at % WIDTH)) != 0)
    }

    /// The greatest member that is at most `at`.
    pub(super) fn last_until(&self, at: usize) -> Option<usize> {
        let (mut place, mut mask) = (at / WIDTH, u64::MAX >> (WIDTH - 1 - at % WIDTH));
        if place >= self.0.len() {
            (place, mask) = (self.0.len().checked_sub(1)?, u64::MAX);
        }
        loop {
            let word = self.0.get(place)? & mask;
            if word != 0 {
                return Some(place * WIDTH + word.ilog2() as usize);
            }
            (place, mask) = (place.checked_sub(1)?, u64::MAX);
        }
    }

    /// The least member that is at least `at`.
    pub(super) fn first_from(&self, at: usize) -> Option<usize> {
        let mut mask = u64::MAX << (at % WIDTH);
        for (place, word) in self.0.iter().enumerate().skip(at / WIDTH) {
            let word = word & mask;
            if word != 0 {
                return Some(place * WIDTH + word.trailing_zeros() as usize);
            }
            mask = u64::MAX;
        }
        None
    }

    /// How many members are in that range.
    pub(super) fn count(&self, range: RangeInclusive<usize>) -> usize {
        let (first, last) = range.into_inner();
        if first > last {
            return 0;
        }
        let words = self.0.iter().enumerate();
        let within = words.take(last / WIDTH + 1).skip(first / WIDTH).map(|(place, word)| {
            let from = if place == first / WIDTH {
                u64::MAX << (first % WIDTH)
            } else {
                u64::MAX
            };
            let to = if place == last / WIDTH {
                u64::MAX >> (WIDTH - 1 - last % WIDTH)
            } else {
                u64::MAX
            };
            (word & from & to).count_ones() as usize
        });
        within.sum()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn is_a_set(members in prop::collection::btree_set(0_usize..400, 0..60), from in 0_usize..450, to in 0_usize..450) {
            let members: BTreeSet<usize> = members;
            let mut bits = Bits::default();
            for member in &members {
                bits.insert(*member);
            }
            prop_assert_eq!(bits.has(from), members.contains(&from));
            prop_assert_eq!(bits.last_until(from), members.range(..=from).next_back().copied());
            prop_assert_eq!(bits.first_from(from), members.range(from..).next().copied());
            let within = members.iter().filter(|member| (from..=to).contains(*member)).count();
            prop_assert_eq!(bits.count(from..=to), within);
            prop_assert_eq!(bits.remove(from), members.contains(&from));
            prop_assert!(!bits.has(from));
        }
    }
}
