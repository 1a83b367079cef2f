//! From facts to steps: each fact in its turn moves what is known of an episode. Pure.

use super::super::fact::{Fact, FactKind, SourceKind};
use super::super::name::MemberName;
use super::super::time::Timestamp;
use super::cast::Part;
use super::episode::{Entry, Episode, Stretch};
use super::fault::{Fault, Hit};
use super::measured::Measured;
use super::timeline::{Mark, STABLE, Timeline};

/// The facts, gone through once in their order.
pub(super) struct Walk<'a> {
    episode: &'a Episode,
    line: Timeline,
    /// The leader's server left the pool at some time.
    left: bool,
    /// Who leads, as told so far.
    holder: Option<MemberName>,
    signed: bool,
    /// The standby that came back first.
    standby: Option<MemberName>,
    /// Last failure after clients could write.
    setback: Option<Timestamp>,
    promised: Option<Mark>,
}

impl<'a> Walk<'a> {
    /// Before the first fact.
    pub(super) fn new(episode: &'a Episode) -> Self {
        let nothing = Mark::noticed(Timestamp::default(), Timestamp::default());
        let line = Timeline {
            fault: nothing,
            lost: None,
            freed: None,
            taken: None,
            promoted: None,
            routed: None,
            drained: None,
            store_back: None,
            writable: None,
            stable: None,
            redundant: None,
            measured: None,
            doubles: Vec::new(),
            blind: false,
            demoted: false,
            restarted: false,
            new_timeline: false,
        };
        Self {
            episode,
            line,
            left: false,
            holder: episode.leader.clone(),
            signed: false,
            standby: None,
            setback: None,
            promised: None,
        }
    }

    /// One more fact, and its place.
    pub(super) fn step(&mut self, place: usize, entry: &Entry) {
        let mark = Mark::of(&entry.fact, place);
        if entry.sign.is_some() {
            // Signs of one fault come in any order: the earliest is its beginning.
            if !self.signed || (mark.at < self.line.fault.at && self.line.freed.is_none()) {
                self.line.fault = mark;
                self.signed = true;
            }
        }
        let about = match &entry.about {
            Some(Part::Member(member)) => Some(member),
            _ => None,
        };
        let of_holder = about.is_some() && about == self.holder.as_ref();
        match &entry.fact.kind {
            FactKind::LockFreed(_) => {
                self.line.freed = self.line.freed.or(Some(mark));
                self.fail(mark);
            }
            FactKind::LockTaken { by, .. } | FactKind::LockRetaken(by) => self.taken(by, mark),
            FactKind::TimelineSwitched { .. } => self.history(about, &entry.fact, mark),
            FactKind::Unreachable(_) if entry.fact.source == SourceKind::Postgres && of_holder => {
                self.line.blind = entry.sign == Some(Fault::Silent);
                // Without ZooKeeper it may be the way from here that is lost.
                if !(self.line.blind && self.episode.hit == Hit::Store) {
                    self.lose(mark);
                }
            }
            FactKind::Demoted if of_holder => {
                self.line.demoted = true;
                self.lose(mark);
            }
            FactKind::Primaries(_) => self.line.doubles.push(Stretch { from: mark, to: None }),
            FactKind::OnePrimary { .. } => {
                if let Some(last) = self.line.doubles.last_mut() {
                    last.to = Some(mark);
                }
            }
            FactKind::Restarted if of_holder => {
                self.line.restarted = true;
                self.line.lost = self.line.lost.or(Some(mark));
            }
            FactKind::Reachable { .. } => self.reachable(entry, of_holder, mark),
            FactKind::Promoted { from, to } if of_holder || self.line.taken.is_none() => {
                self.line.demoted |= of_holder && self.line.taken.is_none();
                self.line.new_timeline |= to.is_some() && from != to;
                // History's own stamp of the promotion is exact; this is when it was noticed.
                self.line.promoted = Some(self.promised.map_or(mark, |exact| Mark {
                    latest: mark.latest.min(exact.latest),
                    ..exact
                }));
            }
            FactKind::TimelineChanged { .. } if of_holder => self.line.new_timeline = true,
            // One that only woke up to be rewound was no standby yet.
            FactKind::Unreachable(_) | FactKind::ReplicationStopped
                if about.is_some() && about == self.standby.as_ref() =>
            {
                (self.line.redundant, self.standby) = (None, None);
            }
            FactKind::ReplicationStarted { .. } | FactKind::ReplicationMoved { .. } => self.streams(about, mark),
            FactKind::MemberState { to, .. } if to == "streaming" => self.streams(about, mark),
            FactKind::PoolServed { .. } if self.episode.hit == Hit::Proxy => self.line.routed = Some(mark),
            _ => {}
        }
        if let Some((member, serves)) = &entry.routes {
            self.routes(member, *serves, mark);
        }
    }

    fn taken(&mut self, by: &MemberName, mark: Mark) {
        if self.holder.as_ref() != Some(by) {
            self.line.promoted = None;
            self.line.routed = None;
            self.left = true;
        }
        self.holder = Some(by.clone());
        self.line.taken = Some((by.clone(), mark));
    }

    fn history(&mut self, about: Option<&MemberName>, fact: &Fact, mark: Mark) {
        self.line.new_timeline = true;
        let same = about.is_none() || about == self.holder.as_ref();
        let after_lock = self.line.taken.as_ref().is_none_or(|(_, taken)| mark.at >= taken.at);
        if !same || !after_lock {
            return;
        }
        let exact = Mark {
            earliest: mark.at,
            ..mark
        };
        if fact.at < fact.seen && mark.at == fact.at {
            self.promised = Some(exact);
            match self.line.promoted {
                // The poll that noticed the promotion came after it.
                Some(noticed) if exact.at < noticed.at => self.line.promoted = Some(exact),
                None if self.line.taken.is_some() => self.line.promoted = Some(exact),
                _ => {}
            }
        } else if self.line.promoted.is_none() && self.line.taken.is_some() {
            self.line.promoted = Some(mark);
        }
    }

    fn reachable(&mut self, entry: &Entry, of_holder: bool, mark: Mark) {
        match entry.fact.source {
            SourceKind::Postgres if of_holder => {
                self.line.blind = false;
                let moved = self
                    .line
                    .taken
                    .as_ref()
                    .is_some_and(|(by, _)| Some(by) != self.episode.leader.as_ref());
                if self.line.lost.is_some() && !moved {
                    self.line.promoted = Some(mark);
                }
            }
            SourceKind::ZooKeeper => self.line.store_back = Some(mark),
            SourceKind::HAProxy if self.episode.hit == Hit::Proxy => self.line.routed = Some(mark),
            _ => {}
        }
    }

    fn lose(&mut self, mark: Mark) {
        self.line.lost = self.line.lost.or(Some(mark));
        self.fail(mark);
        let moved = self
            .line
            .taken
            .as_ref()
            .is_some_and(|(by, _)| Some(by) != self.episode.leader.as_ref());
        if !moved {
            self.line.promoted = None;
        }
    }

    fn routes(&mut self, member: &MemberName, serves: bool, mark: Mark) {
        if self.holder.as_ref() == Some(member) {
            self.line.routed = serves.then_some(mark);
            self.left |= !serves;
            if !serves {
                self.fail(mark);
            }
        }
        if self.episode.leader.as_ref() == Some(member) && !serves && self.line.drained.is_none() {
            self.line.drained = Some(mark);
        }
    }

    fn streams(&mut self, about: Option<&MemberName>, mark: Mark) {
        let other = about.is_some() && about != self.holder.as_ref();
        let late = match &self.episode.hit {
            Hit::Replica(member) => about == Some(member),
            _ => self.line.promoted.is_some() || self.line.taken.is_some(),
        };
        if other && late && self.line.redundant.is_none() {
            self.line.redundant = Some(mark);
            self.standby = about.cloned();
        }
    }

    fn fail(&mut self, mark: Mark) {
        self.setback = Some(self.setback.map_or(mark.latest, |before| before.max(mark.latest)));
    }

    /// What follows from all of them at `now`.
    pub(super) fn end(mut self, episode: &Episode, now: Timestamp) -> Timeline {
        let asked = episode
            .entries
            .iter()
            .find(|entry| matches!(entry.fact.kind, FactKind::Asked(_)));
        if let Some(asked) = asked {
            self.line.fault.earliest = self.line.fault.earliest.min(asked.fact.at);
        }
        let fault = self.line.fault;
        let clients = episode.clients.as_ref();
        self.line.measured = clients.and_then(|clients| Measured::of(clients, &fault, now));
        let line = &mut self.line;
        if let (None, Some((_, served)), Some(promoted)) = (line.routed, &episode.served, line.promoted) {
            // Its server serves and no fact told of a change: it did so all the time.
            line.routed = Some(if self.left { *served } else { promoted });
        }
        let proof = line.measured.and_then(|measured| measured.after);
        if let Some(proof) = proof {
            // A write that was acknowledged went all the way: what is polled tells that late.
            for mark in [&mut line.promoted, &mut line.routed].into_iter().flatten() {
                mark.bound(proof.at);
            }
        }
        line.writable = match (line.promoted, line.routed, episode.proxied) {
            (Some(promoted), Some(routed), true) => Some(promoted.later(routed)),
            (Some(promoted), _, false) => Some(promoted),
            _ => None,
        };
        if let (None, Some(able)) = (line.redundant, episode.able) {
            line.redundant = Some(able);
        }
        let store_is_away = episode.hit == Hit::Store && line.store_back.is_none();
        if let (Some(writable), false, false) = (line.writable, episode.old_served, store_is_away) {
            let since = [
                line.drained.map(|mark| mark.latest),
                self.setback,
                line.store_back.map(|mark| mark.latest),
            ];
            let since = since.into_iter().flatten().fold(writable.latest, Timestamp::max);
            let until = episode.closed.unwrap_or(now).max(now);
            line.stable = (until.since(since) >= STABLE).then_some(since);
        }
        if let Some(measured) = &line.measured {
            line.writable = measured.after.or(line.writable);
            line.stable = measured.stable;
        }
        self.line
    }
}
