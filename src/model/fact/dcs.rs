//! Changes between two snapshots of Patroni's znodes.

use std::time::Duration;

use super::super::dcs::{DcsMember, DcsSnapshot, DynamicConfig, PatroniRole};
use super::super::time::Timestamp;
use super::super::wal::Timeline;
use super::memory::Memory;
use super::{Fact, FactKind, SourceKind};

/// The state of a member as patronictl shows it: how it replicates, where it says so, else the state of its server.
fn state(member: &DcsMember) -> &str {
    match (&member.role, member.state.as_str(), &member.replication_state) {
        (PatroniRole::Replica, "running", Some(replication)) => replication,
        (_, state, _) => state,
    }
}

fn fact(subject: Option<&str>, at: Timestamp, seen: Timestamp, kind: FactKind) -> Fact {
    Fact {
        at,
        seen,
        after: None,
        source: SourceKind::ZooKeeper,
        subject: subject.map(str::to_owned),
        kind,
    }
}

impl Memory {
    /// What changed. Times are ZooKeeper's; a deletion has none, so it is given the time of the answer.
    pub(in crate::model) fn dcs(&mut self, old: Option<&DcsSnapshot>, new: &DcsSnapshot, at: Timestamp) -> Vec<Fact> {
        let Some(old) = old.filter(|old| old.root == new.root) else {
            return self.first_dcs(new, at);
        };
        let mut facts = Vec::new();
        self.lock(old, new, at, &mut facts);
        self.members(old, new, at, &mut facts);
        request(old, new, at, &mut facts);
        settings(old, new, at, &mut facts);
        facts
    }

    fn first_dcs(&mut self, new: &DcsSnapshot, at: Timestamp) -> Vec<Fact> {
        self.departed.clear();
        let last = new.history.last().and_then(|switch| switch.leader.clone());
        self.last_holder = new.leader.as_ref().map(|lock| lock.holder.clone()).or(last);
        let first = match &new.leader {
            Some(lock) => fact(
                Some(lock.holder.as_str()),
                lock.since,
                at,
                FactKind::LockHeld(lock.holder.clone()),
            ),
            None => fact(None, at, at, FactKind::LockFreed(None)),
        };
        vec![first]
    }

    fn lock(&mut self, old: &DcsSnapshot, new: &DcsSnapshot, at: Timestamp, facts: &mut Vec<Fact>) {
        let (was, is) = (old.leader.as_ref(), new.leader.as_ref());
        if was.map(|lock| lock.czxid) == is.map(|lock| lock.czxid) {
            return;
        }
        let before = self.last_holder.clone();
        let Some(lock) = is else {
            let subject = before.as_ref().map(|member| member.as_str().to_owned());
            facts.push(fact(subject.as_deref(), at, at, FactKind::LockFreed(before)));
            return;
        };
        let kind = if before.as_ref() == Some(&lock.holder) {
            FactKind::LockRetaken(lock.holder.clone())
        } else {
            FactKind::LockTaken {
                by: lock.holder.clone(),
                from: before,
            }
        };
        facts.push(fact(Some(lock.holder.as_str()), lock.since, at, kind));
        self.last_holder = Some(lock.holder.clone());
    }

    fn members(&mut self, old: &DcsSnapshot, new: &DcsSnapshot, at: Timestamp, facts: &mut Vec<Fact>) {
        for was in old.members.iter().filter(|was| new.member(&was.name).is_none()) {
            self.departed.insert(was.name.clone(), (was.clone(), at));
        }
        for is in &new.members {
            let back = self.departed.remove(&is.name).map(|(was, _)| was);
            match old.member(&is.name).or(back.as_ref()) {
                Some(was) => member(was, is, at, facts),
                None => facts.push(fact(
                    Some(is.name.as_str()),
                    is.created,
                    at,
                    FactKind::MemberAppeared {
                        state: state(is).to_owned(),
                    },
                )),
            }
        }
    }
}

fn member(was: &DcsMember, is: &DcsMember, seen: Timestamp, facts: &mut Vec<Fact>) {
    let mut tell = |kind| facts.push(fact(Some(is.name.as_str()), is.modified, seen, kind));
    if was.session != is.session {
        tell(FactKind::MemberReconnected {
            state: state(is).to_owned(),
        });
    } else if state(was) != state(is) {
        tell(FactKind::MemberState {
            from: state(was).to_owned(),
            to: state(is).to_owned(),
        });
    }
    if was.role != is.role {
        tell(FactKind::MemberRole {
            from: was.role.word().to_owned(),
            to: is.role.word().to_owned(),
        });
    }
}

/// When the znode at `path` was last written; `at` where it is gone.
fn written(new: &DcsSnapshot, path: &str, at: Timestamp) -> Timestamp {
    new.node(path).map_or(at, |node| node.stat.modified)
}

fn request(old: &DcsSnapshot, new: &DcsSnapshot, at: Timestamp, facts: &mut Vec<Fact>) {
    if old.failover == new.failover {
        return;
    }
    let kind = match &new.failover {
        Some(request) => FactKind::FailoverRequested(request.clone()),
        None => FactKind::FailoverCleared,
    };
    facts.push(fact(None, written(new, "failover", at), at, kind));
}

fn settings(old: &DcsSnapshot, new: &DcsSnapshot, at: Timestamp, facts: &mut Vec<Fact>) {
    let configured = written(new, "config", at);
    if let (Some(was), Some(is)) = (&old.config, &new.config) {
        if was.pause != is.pause {
            facts.push(fact(None, configured, at, FactKind::Paused(is.pause)));
        }
        let changes = changes(was, is);
        if !changes.is_empty() {
            facts.push(fact(None, configured, at, FactKind::Configured(changes)));
        }
    }
    let known = old.history.last().map(|switch| switch.old);
    for switch in new.history.iter().filter(|switch| Some(switch.old) > known) {
        facts.push(fact(
            switch.leader.as_ref().map(super::super::name::MemberName::as_str),
            switch.promoted.unwrap_or_else(|| written(new, "history", at)),
            at,
            FactKind::TimelineSwitched {
                from: switch.old,
                to: Timeline(switch.old.0.saturating_add(1)),
            },
        ));
    }
    if old.initialize != new.initialize {
        let (from, to) = (old.initialize.clone(), new.initialize.clone());
        facts.push(fact(
            None,
            written(new, "initialize", at),
            at,
            FactKind::Initialized { from, to },
        ));
    }
    let standbys = |dcs: &DcsSnapshot| dcs.sync.as_ref().map(|sync| sync.standbys.clone());
    if let (true, Some(standbys)) = (standbys(old) != standbys(new), standbys(new)) {
        facts.push(fact(
            None,
            written(new, "sync", at),
            at,
            FactKind::SyncStandbys(standbys),
        ));
    }
}

/// Each setting that differs, `ttl 30 s → 20 s`; `default` is one that is not set.
fn changes(was: &DynamicConfig, is: &DynamicConfig) -> Vec<String> {
    let span = |value: Option<Duration>| value.map(|span| format!("{} s", span.as_secs_f64()));
    let bytes = |value: Option<u64>| value.map(|bytes| format!("{bytes} B"));
    let switch = |on: bool| Some(if on { "on" } else { "off" }.to_owned());
    let pairs = [
        ("ttl", span(was.ttl), span(is.ttl)),
        ("loop_wait", span(was.loop_wait), span(is.loop_wait)),
        ("retry_timeout", span(was.retry_timeout), span(is.retry_timeout)),
        (
            "maximum_lag_on_failover",
            bytes(was.maximum_lag_on_failover),
            bytes(is.maximum_lag_on_failover),
        ),
        (
            "synchronous_mode",
            switch(was.synchronous_mode),
            switch(is.synchronous_mode),
        ),
        (
            "synchronous_mode_strict",
            switch(was.synchronous_mode_strict),
            switch(is.synchronous_mode_strict),
        ),
        ("failsafe_mode", switch(was.failsafe_mode), switch(is.failsafe_mode)),
    ];
    let text = |value: Option<String>| value.unwrap_or_else(|| "default".to_owned());
    pairs
        .into_iter()
        .filter(|(_, was, is)| was != is)
        .map(|(name, was, is)| format!("{name} {} → {}", text(was), text(is)))
        .collect()
}
