//! Reads the rows of a run back: from the entry point as soon as it takes writes again, from every member that answers
//! again before it may lose what it has, and from all of them once all is steady.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::Instant;

use super::session::{Row, Session, Target};
use super::{Plan, decode, table};
use crate::model::ledger::Reading;
use crate::model::name::MemberName;
use crate::model::probe::{Lane, News, Run};
use crate::model::signal::Signal;
use crate::source::Context;

/// For a whole reading: eight thousand rows at most, as a few pairs of numbers.
const WHOLE: Duration = Duration::from_secs(5);
/// A member that is back is read at once, and then again: it may still be catching up.
const AGAIN: [u64; 4] = [0, 2, 8, 20];

/// Whom to read: a member, or `None` through the entry point.
type Place = Option<MemberName>;

/// Starts readings; those under way end with it.
pub(super) struct Reader {
    context: Context,
    targets: BTreeMap<Place, Target>,
    rows: Arc<str>,
    taken: Arc<str>,
    under_way: BTreeMap<Place, JoinSet<()>>,
}

impl Reader {
    pub(super) fn new(context: Context, plan: &Plan, run: &Run, before: &[(i64, i64)]) -> Self {
        let members = plan
            .members
            .iter()
            .map(|(member, target)| (Some(member.clone()), target.clone()));
        let entry = plan.entry.iter().map(|target| (None, target.clone()));
        Self {
            context,
            targets: entry.chain(members).collect(),
            rows: table::rows(run.id).into(),
            taken: table::taken(run.id, before).into(),
            under_way: BTreeMap::new(),
        }
    }

    /// A lane succeeds again.
    pub(super) fn back(&mut self, lane: &Lane) {
        match lane {
            Lane::Write => self.read(None, &[1]),
            Lane::Member(member) => self.read(Some(member.clone()), &AGAIN),
            Lane::Session | Lane::Read => {}
        }
    }

    /// Nothing fails any more.
    pub(super) fn stable(&mut self) {
        let places: Vec<Place> = self.targets.keys().cloned().collect();
        for place in places {
            if place.is_none() || self.under_way.get(&place).is_none_or(JoinSet::is_empty) {
                self.read(place, &[0]);
            }
        }
    }

    /// Reads after each of these seconds; what was planned for the place before is given up.
    fn read(&mut self, place: Place, after: &[u64]) {
        let Some(target) = self.targets.get(&place).cloned() else {
            return;
        };
        let after: Vec<Duration> = after.iter().copied().map(Duration::from_secs).collect();
        let (context, rows, taken) = (self.context.clone(), Arc::clone(&self.rows), Arc::clone(&self.taken));
        let mut task = JoinSet::new();
        let whom = place.clone();
        task.spawn(async move {
            for wait in after {
                tokio::time::sleep(wait).await;
                if let Some(reading) = read(&context, whom.clone(), &target, &rows, &taken).await {
                    context.send(Signal::Probe(News::Reading(reading))).await;
                }
            }
        });
        self.under_way.insert(place, task);
    }
}

async fn read(context: &Context, member: Place, target: &Target, rows: &str, taken: &str) -> Option<Reading> {
    let deadline = Instant::now() + WHOLE;
    let at = context.now();
    let found = async {
        let mut session = Session::open(target, deadline).await?;
        let who = session.read(&table::read(None), deadline).await?;
        let rows = session.read(rows, deadline).await?;
        let taken = session.read(taken, deadline).await?;
        session.close().await;
        Ok((who, rows, taken))
    };
    let (who, rows, taken) = match found.await {
        Ok(found) => found,
        Err(class) => {
            let class: crate::model::probe::Class = class;
            let whom = member.as_ref().map_or("the entry point", MemberName::as_str);
            log::info!("probe: rows not read from {whom}: {class}");
            return None;
        }
    };
    let (server, _) = who.first().and_then(|row| decode::answer(row))?;
    Some(Reading {
        member,
        at,
        server,
        rows: rows.iter().filter_map(pair).collect(),
        taken: taken
            .iter()
            .filter_map(|row| row.first()?.as_deref()?.parse().ok())
            .collect(),
    })
}

/// Two numbers.
pub(super) fn pair(row: &Row) -> Option<(i64, i64)> {
    let [one, other] = row.as_slice() else { return None };
    Some((one.as_deref()?.parse().ok()?, other.as_deref()?.parse().ok()?))
}
