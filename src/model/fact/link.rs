//! Changes of the way to a source.

use std::mem::{Discriminant, discriminant};

use super::super::link::{Cause, LinkState, SourceId};
use super::super::time::Timestamp;
use super::memory::Memory;
use super::{Fact, FactKind, SourceKind};

/// What was last told about the way to a source.
#[derive(Clone, Debug)]
pub(super) enum Reach {
    Up,
    Down {
        since: Timestamp,
        class: Discriminant<Cause>,
    },
}

/// Causes that mean the same to an operator: a process that dies is closed, then refused, then without a route.
fn class(cause: &Cause) -> Discriminant<Cause> {
    match cause {
        Cause::Timeout(_) | Cause::Unreachable(_) | Cause::Closed | Cause::Other(_) => discriminant(&Cause::Refused),
        other => discriminant(other),
    }
}

impl Memory {
    /// A fact when a source is lost, found again, or fails in another way. An attempt under way is no news.
    pub(in crate::model) fn link(&mut self, source: &SourceId, state: &LinkState, now: Timestamp) -> Option<Fact> {
        let before = self.reach.get(source).cloned();
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
            (LinkState::Down { cause, .. }, Some(Reach::Down { class: same, .. })) if class(cause) == same => {
                return None;
            }
            (LinkState::Down { cause, .. }, Some(Reach::Down { since, .. })) => {
                let class = class(cause);
                (now, FactKind::Unreachable(cause.clone()), Reach::Down { since, class })
            }
            (LinkState::Down { since, cause }, _) => {
                let class = class(cause);
                let reach = Reach::Down { since: *since, class };
                (*since, FactKind::Unreachable(cause.clone()), reach)
            }
        };
        self.reach.insert(source.clone(), reach);
        Some(Fact {
            at,
            seen: now,
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
