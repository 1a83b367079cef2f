//! Changes of the way to a source.

use serde::{Deserialize, Serialize};

use super::super::link::{Cause, LinkState, SourceId};
use super::super::time::Timestamp;
use super::memory::Memory;
use super::{Fact, FactKind, SourceKind};

/// What was last told about the way to a source.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Reach {
    Up,
    Down {
        since: Timestamp,
        /// Its last failure so far.
        last: Timestamp,
        class: Class,
    },
}

/// Causes that mean the same to an operator: a process that dies is closed, then refused, then without a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Class {
    Silent,
    Starting,
    ShuttingDown,
    Rejected,
    Garbled,
}

/// The system's words (`ENOSPC`) in one of PostgreSQL's sentences. Shared memory, which is a small file system of its own
/// in a container, and semaphores run out by the same error; other programs that write into the same log, as one that
/// archives, have their own disks and do not say "could not".
pub(in crate::model) fn says_disk_full(words: &str) -> bool {
    let of_disk = !words.contains("shared memory") && !words.contains("semaphore");
    of_disk && words.contains("could not ") && words.contains("No space left on device")
}

impl From<&Cause> for Class {
    fn from(cause: &Cause) -> Self {
        match cause {
            Cause::Refused | Cause::Timeout(_) | Cause::Unreachable(_) | Cause::Closed | Cause::Other(_) => {
                Self::Silent
            }
            Cause::Starting => Self::Starting,
            Cause::ShuttingDown => Self::ShuttingDown,
            Cause::Rejected(_) => Self::Rejected,
            Cause::Garbled(_) => Self::Garbled,
        }
    }
}

impl Memory {
    /// A fact when a source is lost, found again, or fails in another way. An attempt under way is no news. `answered`
    /// is when one that is asked last gave an answer.
    pub(in crate::model) fn link(
        &mut self,
        source: &SourceId,
        state: &LinkState,
        answered: Option<Timestamp>,
        now: Timestamp,
    ) -> Option<Fact> {
        if let (SourceId::Postgres(member), Some(Cause::Other(words))) = (source, state.cause())
            && says_disk_full(words)
        {
            self.disk_is_full(member.clone(), now);
        }
        let before = self.reach.get(source).cloned();
        // The end of an idle connection is noticed when it comes.
        let told = matches!(source, SourceId::Postgres(_))
            && matches!(state.cause(), Some(Cause::Closed | Cause::ShuttingDown))
            && matches!(before, Some(Reach::Up));
        let after = match &before {
            _ if told => None,
            Some(Reach::Down { last, .. }) => Some(*last),
            Some(Reach::Up) | None => answered,
        };
        let (at, kind, reach) = match (state, before) {
            (LinkState::Connecting, _) | (LinkState::Up { .. }, Some(Reach::Up)) => return None,
            (LinkState::Up { .. }, None) => {
                self.reach.insert(source.clone(), Reach::Up);
                return None;
            }
            (LinkState::Up { since }, Some(Reach::Down { since: down_since, .. })) => {
                if *source == SourceId::ZooKeeper {
                    self.store_back = Some(*since);
                }
                (*since, FactKind::Reachable { down_since }, Reach::Up)
            }
            (LinkState::Down { cause, .. }, Some(Reach::Down { since, class: same, .. }))
                if Class::from(cause) == same =>
            {
                let reach = Reach::Down {
                    since,
                    last: now,
                    class: same,
                };
                self.reach.insert(source.clone(), reach);
                return None;
            }
            (LinkState::Down { cause, .. }, Some(Reach::Down { since, .. })) => {
                let class = Class::from(cause);
                let reach = Reach::Down {
                    since,
                    last: now,
                    class,
                };
                (now, FactKind::Unreachable(cause.clone()), reach)
            }
            (LinkState::Down { since, cause }, _) => {
                let class = Class::from(cause);
                let reach = Reach::Down {
                    since: *since,
                    last: now,
                    class,
                };
                (*since, FactKind::Unreachable(cause.clone()), reach)
            }
        };
        self.reach.insert(source.clone(), reach);
        Some(Fact {
            at,
            seen: now,
            after: after.filter(|_| !matches!(source, SourceId::Docker | SourceId::ZooKeeper)),
            source: SourceKind::from(source),
            subject: match source {
                SourceId::Docker | SourceId::ZooKeeper | SourceId::Probe => None,
                SourceId::Postgres(member) | SourceId::Patroni(member) => Some(member.to_string()),
                SourceId::Proxy(proxy) => Some(proxy.to_string()),
            },
            kind,
        })
    }
}
