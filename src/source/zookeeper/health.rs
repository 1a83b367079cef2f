//! The ensemble beside its znodes: which servers answer, and what decides when a dead member's session expires.
//!
//! Every word is a line in ZooKeeper's own log, so none is asked more than it is worth: `srvr` each round, `conf` once
//! a session, `cons` only while a znode's owner is not known, a forbidden word never again in that session.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::{join, join_all};

use crate::model::dcs::{DcsSnapshot, SessionId};
use crate::model::store::{StoreHealth, StoreServer};
use crate::model::topology::Address;
use crate::net::zookeeper::four_letter::{self, Answer, Conf};

/// Pause between two rounds.
pub(super) const ROUND: Duration = Duration::from_secs(10);
/// Pause when a session appeared that is not known yet.
pub(super) const SOON: Duration = Duration::from_millis(200);

/// What to ask in a round.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    conf: bool,
    cons: bool,
}

/// What a round brought.
pub(super) struct Round {
    servers: Vec<StoreServer>,
    times: Option<Answered<Conf>>,
    sessions: Option<Answered<BTreeMap<SessionId, Duration>>>,
}

/// What servers said to a word: nothing at all, that it is forbidden, or the answer.
enum Answered<T> {
    Forbidden,
    Silent,
    Value(T),
}

/// Asks every server at once; takes no longer than the two deadlines of one word.
pub(super) async fn round(servers: Vec<Address>, plan: Plan) -> Round {
    let servers = servers.as_slice();
    let rows = join_all(servers.iter().map(row));
    let times = async {
        let answers = all(servers, "conf", plan.conf).await?;
        Some(answers.map(|texts| texts.first().map(|text| four_letter::conf(text)).unwrap_or_default()))
    };
    let sessions = async {
        let answers = all(servers, "cons", plan.cons).await?;
        Some(answers.map(|texts| texts.iter().flat_map(|text| four_letter::cons(text)).collect()))
    };
    let (servers, (times, sessions)) = join(rows, join(times, sessions)).await;
    Round {
        servers,
        times,
        sessions,
    }
}

async fn row(server: &Address) -> StoreServer {
    let silent = StoreServer {
        address: server.to_string(),
        ..StoreServer::default()
    };
    match four_letter::ask(server, "srvr").await {
        Ok(Answer::Text(text)) => four_letter::srvr(server, &text).unwrap_or(silent),
        Ok(Answer::Forbidden) => StoreServer {
            answered: true,
            ..silent
        },
        Err(_) => silent,
    }
}

/// `None` if the word is not wanted.
async fn all(servers: &[Address], word: &'static str, wanted: bool) -> Option<Answered<Vec<String>>> {
    if !wanted {
        return None;
    }
    let answers = join_all(servers.iter().map(|server| four_letter::ask(server, word))).await;
    let forbidden = answers.iter().any(|answer| matches!(answer, Ok(Answer::Forbidden)));
    let texts: Vec<_> = answers
        .into_iter()
        .filter_map(|answer| match answer {
            Ok(Answer::Text(text)) => Some(text),
            Ok(Answer::Forbidden) | Err(_) => None,
        })
        .collect();
    Some(match (texts.is_empty(), forbidden) {
        (false, _) => Answered::Value(texts),
        (true, true) => Answered::Forbidden,
        (true, false) => Answered::Silent,
    })
}

impl<T> Answered<T> {
    fn map<U>(self, f: impl FnOnce(T) -> U) -> Answered<U> {
        match self {
            Self::Forbidden => Answered::Forbidden,
            Self::Silent => Answered::Silent,
            Self::Value(value) => Answered::Value(f(value)),
        }
    }
}

/// What is known of the ensemble so far. Outlives sessions: the timeout of a member that died while we were
/// disconnected is still the one that counts.
#[derive(Default)]
pub(super) struct Health {
    known: StoreHealth,
    owners: BTreeSet<SessionId>,
    conf_asked: bool,
    cons_forbidden: bool,
}

impl Health {
    /// A new session: what was forbidden or fixed may have changed with a restart.
    pub(super) fn new_session(&mut self) {
        self.conf_asked = false;
        self.cons_forbidden = false;
    }

    /// Takes note of the sessions that own znodes; true if one is new, so that a round is worth while soon.
    pub(super) fn saw(&mut self, snapshot: &DcsSnapshot) -> bool {
        let owners: BTreeSet<_> = snapshot.nodes.iter().filter_map(|node| node.stat.owner).collect();
        let new = owners.iter().any(|owner| !self.owners.contains(owner));
        self.owners = owners;
        new
    }

    /// What the next round should ask.
    pub(super) fn plan(&self) -> Plan {
        let known = &self.known.session_timeouts;
        Plan {
            conf: !self.conf_asked,
            cons: !self.cons_forbidden && self.owners.iter().any(|owner| !known.contains_key(owner)),
        }
    }

    /// Takes a round's answers in and gives what is known then.
    pub(super) fn learn(&mut self, round: Round) -> StoreHealth {
        self.known.servers = round.servers;
        match round.times {
            Some(Answered::Value(times)) => {
                self.conf_asked = true;
                self.known.tick = times.tick;
                self.known.session_timeout_bounds = times.bounds;
            }
            Some(Answered::Forbidden) => self.conf_asked = true,
            Some(Answered::Silent) | None => {}
        }
        match round.sessions {
            Some(Answered::Value(sessions)) => self.known.session_timeouts.extend(sessions),
            Some(Answered::Forbidden) => self.cons_forbidden = true,
            Some(Answered::Silent) | None => {}
        }
        let owners = &self.owners;
        self.known
            .session_timeouts
            .retain(|session, _| owners.contains(session));
        self.known.clone()
    }
}
