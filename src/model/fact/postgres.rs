//! Changes of a member's PostgreSQL, as SQL and as its Patroni tell them.

use super::super::link::Known;
use super::super::name::MemberName;
use super::super::patroni::RestStatus;
use super::super::postgres::{Privileged, SqlRole, SqlStatus, TimelineSource};
use super::super::time::Timestamp;
use super::super::wal::Timeline;
use super::memory::Memory;
use super::{Fact, FactKind, SourceKind};

/// Whether a standby streams, where our role may see it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stream<'a> {
    Off,
    From(Option<&'a str>),
}

fn stream(status: &SqlStatus) -> Option<Stream<'_>> {
    let Some(standby) = status.standby() else {
        return Some(Stream::Off);
    };
    match standby.receiver.as_ref()? {
        Privileged::Denied(_) => None,
        Privileged::Seen(Some(receiver)) if receiver.status == "streaming" => {
            Some(Stream::From(receiver.sender_host.as_deref()))
        }
        Privileged::Seen(_) => Some(Stream::Off),
    }
}

/// The timeline from a source that is never late. The control file may be many timelines behind.
fn exact_timeline(status: &SqlStatus) -> Option<Timeline> {
    match status.timeline {
        Some((timeline, TimelineSource::WalFile | TimelineSource::Receiver)) => Some(timeline),
        Some((_, TimelineSource::ControlFile)) | None => None,
    }
}

impl Memory {
    /// What changed since the last answer, which may be from before a restart.
    pub(in crate::model) fn sql(
        &mut self,
        member: &MemberName,
        old: Option<&Known<SqlStatus>>,
        new: &SqlStatus,
        at: Timestamp,
    ) -> Vec<Fact> {
        let doubled = self.primaries.answer(member, new, at);
        let before = self.timelines.get(member).copied();
        let timeline = exact_timeline(new);
        if let Some(timeline) = timeline {
            self.timelines.insert(member.clone(), timeline);
        }
        let Some(Known { value: old, at: asked }) = old else {
            return doubled;
        };
        // What the last answer said was true when it was asked for.
        let asked = asked.minus(old.round_trip);
        let restarted = old.started != new.started;
        // What a server does it does not do before its start.
        let began = new
            .started
            .filter(|started| restarted && (asked..=at).contains(started));
        let mut facts = Vec::new();
        let mut tell = |instant, kind: FactKind| {
            let streams = matches!(kind, FactKind::ReplicationStarted { .. });
            let after = began.filter(|_| streams).unwrap_or(asked);
            facts.push(Fact {
                at: instant,
                seen: at,
                after: (instant == at).then_some(after),
                source: SourceKind::Postgres,
                subject: Some(member.to_string()),
                kind,
            });
        };
        if let (true, Some(started)) = (restarted, new.started) {
            tell(started, FactKind::Restarted);
        }
        let primary = |status: &SqlStatus| matches!(status.role, SqlRole::Primary { .. });
        match (primary(old), primary(new), before, timeline) {
            (false, true, from, to) => tell(at, FactKind::Promoted { from, to }),
            (true, false, ..) => tell(at, FactKind::Demoted),
            (_, _, Some(from), Some(to)) if from != to => tell(at, FactKind::TimelineChanged { from, to }),
            _ => {}
        }
        let was = if restarted { Some(Stream::Off) } else { stream(old) };
        let owned = |host: Option<&str>| host.map(str::to_owned);
        match (was, stream(new)) {
            (Some(Stream::Off), Some(Stream::From(from))) => {
                tell(at, FactKind::ReplicationStarted { from: owned(from) });
            }
            (Some(Stream::From(_)), Some(Stream::Off)) if !primary(new) => tell(at, FactKind::ReplicationStopped),
            (Some(Stream::From(from)), Some(Stream::From(to))) if from != to => tell(
                at,
                FactKind::ReplicationMoved {
                    from: owned(from),
                    to: owned(to),
                },
            ),
            _ => {}
        }
        facts.extend(doubled);
        facts
    }
}

/// What changed in what a Patroni says over REST since its last answer.
pub(in crate::model) fn rest(
    member: &MemberName,
    old: Option<&Known<RestStatus>>,
    new: &RestStatus,
    at: Timestamp,
) -> Vec<Fact> {
    let Some(Known { value: old, at: before }) = old else {
        return Vec::new();
    };
    let mut kinds = Vec::new();
    if old.role != new.role {
        kinds.push(FactKind::RestRole {
            from: old.role.word().to_owned(),
            to: new.role.word().to_owned(),
        });
    }
    if old.state != new.state {
        kinds.push(FactKind::RestState {
            from: old.state.clone(),
            to: new.state.clone(),
        });
    }
    if old.failsafe_active != new.failsafe_active {
        kinds.push(FactKind::Failsafe(new.failsafe_active));
    }
    kinds
        .into_iter()
        .map(|kind| Fact {
            at,
            seen: at,
            after: Some(*before),
            source: SourceKind::Patroni,
            subject: Some(member.to_string()),
            kind,
        })
        .collect()
}
