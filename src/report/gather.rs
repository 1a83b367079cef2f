//! From the state of the program to a [`Report`].

use super::schema::{
    Candidate, Cluster, Fact, Head, Instant, NAME, Outage, Phase, Predicted, Program, Report, Span, Step, VERSION,
    offset, seconds,
};
use super::{clients, configuration, logs, states, summary};
use crate::app::App;
use crate::app::logs::LogStore;
use crate::model::explanation;
use crate::model::fact::Severity;
use crate::model::failover::{self, Episode, Hit, Mark, PhaseKind, Timeline, Verdict};
use crate::model::prediction::{Band, Prediction, dominating};
use crate::model::time::Timestamp;

/// What the rows are worked out of.
struct Desk<'a> {
    episode: &'a Episode,
    timeline: Timeline,
    prediction: Option<Prediction>,
    /// Places in [`Episode::entries`] in the order of the report.
    order: Vec<usize>,
    fault: Timestamp,
    now: Timestamp,
}

/// What a report is gathered from, taken out of the state: so much is done where the state is, and the rest anywhere.
#[derive(Clone, Debug)]
pub struct Matter {
    episode: Episode,
    logs: LogStore,
    scope: Option<String>,
    now: Timestamp,
}

impl Matter {
    /// What is known of that episode now.
    pub fn of(app: &App, episode: &Episode) -> Self {
        Self {
            episode: episode.clone(),
            logs: app.logs.clone(),
            scope: app.cluster.scope.clone(),
            now: app.now,
        }
    }

    /// The report: as long as it takes.
    pub fn report(&self) -> Report {
        report(self)
    }
}

/// Everything about an episode.
fn report(matter: &Matter) -> Report {
    let (episode, now) = (&matter.episode, matter.now);
    let timeline = episode.timeline(now);
    let mut order: Vec<usize> = (0..episode.entries.len()).collect();
    order.sort_by_key(|place| episode.entries.get(*place).map(|entry| entry.fact.at));
    let desk = Desk {
        episode,
        fault: timeline.fault.at,
        prediction: episode.prediction(),
        timeline,
        order,
        now,
    };
    let clients = clients::clients(episode, &desk.timeline, now);
    let (phases, picture) = (desk.phases(), episode.pictures().first().map(|(_, picture)| picture));
    Report {
        schema: NAME,
        version: VERSION,
        program: Program {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
        },
        written: desk.instant(now),
        cluster: Cluster {
            scope: picture
                .and_then(|picture| picture.scope.clone())
                .or_else(|| matter.scope.clone()),
            system_id: picture.and_then(|picture| picture.system_id.clone()),
        },
        episode: desk.head(),
        summary: summary::summary(episode, &desk.timeline, now, &clients),
        outage: desk.outage(),
        clients,
        predicted: desk.prediction.as_ref().map(|prediction| Predicted {
            assumed: prediction.assumed.clone(),
            ..predicted(prediction.total, String::new())
        }),
        steps: desk.steps(),
        facts: desk.facts(),
        states: episode
            .pictures()
            .iter()
            .map(|(moment, picture)| states::state(*moment, picture, desk.fault))
            .collect(),
        candidates: episode.candidates.iter().map(candidate).collect(),
        logs: logs::logs(&matter.logs, desk.fault, desk.end(&phases)),
        phases,
        configuration: configuration::configuration(episode),
        explanation: explanation::explain_cluster(episode, now),
    }
}

impl Desk<'_> {
    fn instant(&self, at: Timestamp) -> Instant {
        Instant::new(at, self.fault)
    }

    /// Place of an entry in the report.
    fn place(&self, evidence: Option<usize>) -> Option<usize> {
        self.order.iter().position(|place| Some(*place) == evidence)
    }

    fn head(&self) -> Head {
        let verdict = self.episode.verdict(self.now);
        let new_leader = match &verdict {
            Some(Verdict::Failover { to, .. } | Verdict::Switchover { to, .. }) => Some(to.to_string()),
            _ => None,
        };
        Head {
            number: self.episode.number,
            title: explanation::title(self.episode, self.now),
            verdict: verdict.as_ref().map(Verdict::name),
            fault: self.episode.fault_text().to_owned(),
            hit: match self.episode.hit {
                Hit::Leader => "leader",
                Hit::Replica(_) => "replica",
                Hit::Store => "ZooKeeper",
                Hit::Proxy => "HAProxy",
                Hit::Clients => "clients",
            },
            old_leader: self.episode.leader.as_ref().map(ToString::to_string),
            new_leader,
            caused_here: self.episode.is_ours(),
            invalid: explanation::invalid(self.episode, &self.timeline),
            began: self.instant(self.fault),
            ended: self.episode.closed.map(|at| self.instant(at)),
        }
    }

    fn outage(&self) -> Option<Outage> {
        let (from, until) = self.timeline.outage(self.episode)?;
        let (least, told, most) = self.timeline.without_writes(self.episode)?;
        Some(Outage {
            from: self.instant(from.at),
            until: self.instant(until.at),
            span: Span {
                least_s: seconds(least),
                told_s: seconds(told),
                most_s: seconds(most),
            },
            text: explanation::headline(self.episode, self.now),
        })
    }

    fn steps(&self) -> Vec<Step> {
        let line = &self.timeline;
        let lost = line.lost.filter(|_| self.episode.hit != Hit::Proxy);
        let promoted = line.promoted.filter(|_| line.lost.is_some() || line.taken.is_some());
        let writable = line.outage(self.episode).map(|(_, until)| until);
        let taken = line.taken.as_ref();
        let steps = [
            (Some(line.fault), self.episode.fault_text().to_owned()),
            (lost, "PostgreSQL of the leader gone".to_owned()),
            (line.freed, "lock free".to_owned()),
            (
                taken.map(|(_, mark)| *mark),
                taken.map_or_else(String::new, |(by, _)| format!("lock taken by {by}")),
            ),
            (promoted, "PostgreSQL accepts writes".to_owned()),
            (line.drained, "HAProxy: old server out".to_owned()),
            (line.routed, "HAProxy: sends writes to the leader".to_owned()),
            (line.store_back, "ZooKeeper answers again".to_owned()),
            (writable, "clients can write".to_owned()),
            (line.redundant, "a standby can take over again".to_owned()),
        ];
        let mut steps: Vec<(Mark, Step)> = steps
            .into_iter()
            .filter_map(|(mark, name)| {
                let mark = mark?;
                let step = Step {
                    name,
                    at: self.instant(mark.at),
                    earliest_s: offset(mark.earliest, self.fault),
                    latest_s: offset(mark.latest, self.fault),
                    evidence: self.place(mark.evidence),
                };
                Some((mark, step))
            })
            .collect();
        steps.sort_by_key(|(mark, _)| mark.at);
        steps.into_iter().map(|(_, step)| step).collect()
    }

    fn phases(&self) -> Vec<Phase> {
        let most = dominating(self.episode, &self.timeline).map(|(kind, ..)| kind);
        self.timeline
            .phases(self.episode)
            .iter()
            .map(|phase| self.phase(phase, most))
            .collect()
    }

    fn phase(&self, phase: &failover::Phase, most: Option<PhaseKind>) -> Phase {
        let expected = self.prediction.as_ref().and_then(|all| all.phase(phase.kind));
        Phase {
            name: phase.kind.name(),
            what: what(phase.kind, &self.episode.hit),
            from: self.instant(phase.from.at),
            to: phase.to.map(|to| self.instant(to.at)),
            span: phase.to.map(|to| span(&to, &phase.from)),
            predicted: expected.map(|expected| predicted(expected.band, expected.knob.clone())),
            dominates: most == Some(phase.kind),
            evidence: self.place(phase.to.and_then(|to| to.evidence)),
        }
    }

    fn facts(&self) -> Vec<Fact> {
        let rows = self.order.iter().filter_map(|place| {
            let fact = &self.episode.entries.get(*place)?.fact;
            let mark = self.episode.mark(*place)?;
            Some(Fact {
                at: self.instant(fact.at),
                noticed_after_s: seconds(fact.seen.since(fact.at)),
                doubt_s: seconds(mark.latest.since(mark.earliest)),
                source: fact.source.name(),
                subject: fact.subject.clone(),
                text: fact.describe(),
                severity: match fact.severity() {
                    Severity::Good => "good",
                    Severity::Info => "info",
                    Severity::Notable => "notable",
                    Severity::Bad => "bad",
                },
            })
        });
        rows.collect()
    }

    /// Until when the logs may tell something: the end of the last phase, or now.
    fn end(&self, phases: &[Phase]) -> Timestamp {
        let runs = self.episode.closed.is_none() && phases.iter().any(|phase| phase.to.is_none());
        let last = phases.iter().filter_map(|phase| phase.to).map(|to| to.at).max();
        match last.filter(|_| !runs) {
            Some(last) => last,
            None => self.episode.closed.unwrap_or(self.now),
        }
    }
}

fn candidate(candidate: &crate::model::takeover::Candidate) -> Candidate {
    let obstacles = candidate.verdict.as_ref().err();
    Candidate {
        member: candidate.member.to_string(),
        able: obstacles.is_none(),
        obstacles: obstacles.into_iter().flatten().map(ToString::to_string).collect(),
    }
}

fn predicted(band: Band, knob: String) -> Predicted {
    Predicted {
        least_s: seconds(band.least),
        most_s: seconds(band.most),
        text: band.text(),
        knob,
        assumed: Vec::new(),
    }
}

fn span(to: &Mark, from: &Mark) -> Span {
    let (least, told, most) = to.since(from);
    Span {
        least_s: seconds(least),
        told_s: seconds(told),
        most_s: seconds(most),
    }
}

fn what(kind: PhaseKind, hit: &Hit) -> &'static str {
    match kind {
        PhaseKind::Routing if *hit == Hit::Proxy => "while HAProxy does not lead to a server",
        PhaseKind::Detection => "from the fault until the lock is free",
        PhaseKind::Election => "until a member holds the lock",
        PhaseKind::Promotion => "until its PostgreSQL accepts writes",
        PhaseKind::Routing => "from the lock until HAProxy sends writes there",
        PhaseKind::Draining => "from the fault until HAProxy sends nothing to the old leader",
        PhaseKind::Recovery => "until the same leader accepts writes again",
        PhaseKind::StoreOutage => "while ZooKeeper does not answer",
        PhaseKind::Writes => "from the last acknowledged write to the next one",
        PhaseKind::Brownout => "while some writes succeed and others fail",
        PhaseKind::Redundancy => "from the fault until a standby can take over again",
    }
}
