//! What a frame is drawn from: the state, and what follows from it, worked out once for all panes.

use jiff::tz::TimeZone;

use super::Look;
use super::theme::Theme;
use super::units;
use crate::app::{App, Stage};
use crate::model::authority::{self, Authorities};
use crate::model::cluster::Freshness;
use crate::model::finding::{self, Finding};
use crate::model::link::{LinkState, SourceId};
use crate::model::lock::{self, LockOutlook};
use crate::model::member::{Member, MemberRole};
use crate::model::name::{ContainerName, MemberName};
use crate::model::takeover::{self, Candidate};
use crate::model::time::Timestamp;

/// Everything that panes read.
pub(super) struct Scene<'a> {
    /// The state.
    pub app: &'a App,
    /// The styles.
    pub theme: &'a Theme,
    /// The zone of clock times.
    pub zone: &'a TimeZone,
    /// The time of the frame.
    pub now: Timestamp,
    /// All members.
    pub members: Vec<Member>,
    /// Who leads, by whom.
    pub authorities: Authorities,
    /// Who could take over.
    pub candidates: Vec<Candidate>,
    /// What is wrong, the worst first.
    pub findings: Vec<Finding>,
    /// What becomes of the lock.
    pub lock: Option<LockOutlook>,
    /// Whether there is something to watch.
    pub stage: Stage,
    /// The container that keys act on.
    pub acting_on: Option<ContainerName>,
}

impl<'a> Scene<'a> {
    /// Works it out.
    pub(super) fn of(app: &'a App, look: &'a Look) -> Self {
        let (cluster, now) = (&app.cluster, app.now);
        Self {
            app,
            theme: &look.theme,
            zone: &look.zone,
            now,
            members: app.members(),
            authorities: authority::authorities(cluster, now),
            candidates: takeover::candidates(cluster, now),
            findings: finding::findings(cluster, now),
            lock: lock::lock_outlook(cluster, now),
            stage: app.stage(),
            acting_on: app.acting_on(),
        }
    }

    /// The selected member: the first until another was chosen.
    pub(super) fn selected_member(&self) -> Option<&MemberName> {
        let chosen = self.app.view.member.as_ref();
        let names = || self.members.iter().map(|member| &member.name);
        names().find(|name| Some(*name) == chosen).or_else(|| names().next())
    }

    /// That member.
    pub(super) fn member(&self, name: &MemberName) -> Option<&Member> {
        self.members.iter().find(|member| member.name == *name)
    }

    /// A cluster is on the screen.
    pub(super) fn is_watching(&self) -> bool {
        self.stage == Stage::Watching
    }

    /// Whether what the source said last describes the present.
    pub(super) fn is_fresh(&self, source: &SourceId) -> bool {
        self.freshness(source).is_fresh()
    }

    /// The same, with its age.
    pub(super) fn freshness(&self, source: &SourceId) -> Freshness {
        self.app.cluster.freshness(source, self.now)
    }

    /// Why what a source said is no news, for the note of its pane; empty while it is fresh.
    pub(super) fn silence(&self, source: &SourceId) -> String {
        let cause = self
            .app
            .cluster
            .links
            .get(source)
            .and_then(LinkState::cause)
            .map(ToString::to_string);
        match (self.freshness(source), cause) {
            (Freshness::Fresh, _) => String::new(),
            (Freshness::Never, None) => "not read yet".to_owned(),
            (Freshness::Never, Some(cause)) => format!("✗ {cause}"),
            (Freshness::Stale { since }, cause) => {
                let cause = cause.unwrap_or_else(|| "no answer".to_owned());
                format!("✗ {} old: {cause}", self.age(since))
            }
        }
    }

    /// How long ago that was.
    pub(super) fn age(&self, at: Timestamp) -> String {
        units::whole_seconds(self.now.since(at))
    }

    /// Bytes that a replica may be behind and still take over.
    pub(super) fn lag_allowed(&self) -> u64 {
        let config = self.app.cluster.snapshot().and_then(|dcs| dcs.config.as_ref());
        config
            .and_then(|config| config.maximum_lag_on_failover)
            .unwrap_or(takeover::DEFAULT_MAXIMUM_LAG)
    }

    /// A Patroni keeps its leader although it does not reach ZooKeeper.
    pub(super) fn failsafe_is_active(&self) -> bool {
        let cluster = &self.app.cluster;
        self.members.iter().any(|member| {
            cluster
                .fresh_rest(&member.name, self.now)
                .is_some_and(|rest| rest.failsafe_active)
        })
    }

    /// Some member leads or acts as if it did.
    pub(super) fn has_leader(&self) -> bool {
        self.members
            .iter()
            .any(|member| member.role.leads() || member.role == MemberRole::PrimaryWithoutLock)
    }
}
