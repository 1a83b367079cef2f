//! Changes between two snapshots of HAProxy's statistics.

use std::mem::discriminant;

use super::super::link::Known;
use super::super::name::ProxyName;
use super::super::proxy::{Pool, ProxyServer, ProxySnapshot};
use super::super::time::Timestamp;
use super::{Fact, FactKind, SourceKind};

/// What changed since the last answer. The count of checks inside `UP 2/3` alone is no news.
pub(in crate::model) fn compare(
    proxy: &ProxyName,
    old: &Known<ProxySnapshot>,
    new: &ProxySnapshot,
    at: Timestamp,
) -> Vec<Fact> {
    let Known { value: old, at: before } = old;
    let mut facts = Vec::new();
    let mut tell = |subject: &str, kind| {
        facts.push(Fact {
            at,
            seen: at,
            after: Some(*before),
            source: SourceKind::HAProxy,
            subject: Some(subject.to_owned()),
            kind,
        });
    };
    for pool in &new.pools {
        let Some(was) = old.pools.iter().find(|was| was.name == pool.name) else {
            continue;
        };
        for server in &pool.servers {
            if let Some(kind) = changed(was, server) {
                tell(&server.name, kind);
            }
        }
        if pool.servers.is_empty() || was.servers.is_empty() {
            continue;
        }
        let name = pool.name.clone();
        match (is_served(was), is_served(pool)) {
            (true, false) => tell(proxy.as_str(), FactKind::PoolEmpty { pool: name }),
            (false, true) => tell(proxy.as_str(), FactKind::PoolServed { pool: name }),
            _ => {}
        }
    }
    facts
}

fn changed(old: &Pool, new: &ProxyServer) -> Option<FactKind> {
    let was = old.servers.iter().find(|was| was.name == new.name)?;
    if discriminant(&was.status) == discriminant(&new.status) {
        return None;
    }
    let check = new.check.as_ref().map(|check| match new.check_code {
        Some(code) => format!("{check}/{code}"),
        None => check.clone(),
    });
    Some(FactKind::ServerStatus {
        pool: old.name.clone(),
        from: was.status.clone(),
        to: new.status.clone(),
        check,
    })
}

fn is_served(pool: &Pool) -> bool {
    pool.servers.iter().any(|server| server.status.takes_connections())
}
