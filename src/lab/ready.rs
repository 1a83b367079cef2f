//! Is the cluster healthy? Patroni's REST and `HAProxy`'s statistics are asked, the answers decoded by pure functions.
//! `ZooKeeper` and SQL are not asked: Patroni's `/cluster` comes from `ZooKeeper` already.

use std::time::{Duration, Instant};

use hyper::{Method, StatusCode};
use serde::Deserialize;

use super::daemon::{Container, Daemon};
use super::error::LabError;
use super::http;
use super::port::Port;
use super::settings::Settings;
use super::timing::Timing;

/// The containers' Patroni port, exposed and not published.
const REST_PORT: u16 = 8008;
/// How long the whole may take: a first start makes a cluster and a copy of it; after a crash a lock must expire first.
const DEADLINE: Duration = Duration::from_secs(180);
/// Pause between two rounds.
const PAUSE: Duration = Duration::from_millis(250);

/// One line of Patroni's `/cluster`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Member {
    /// Patroni's name of it.
    pub name: String,
    /// `leader`, `replica`, `sync_standby`, …
    pub role: String,
    /// `running`, `streaming`, `stopped`, …
    pub state: String,
    /// Timeline, when known.
    pub timeline: Option<u64>,
}

/// What is known of the cluster's health.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Health {
    /// Patroni's members; empty when nobody answered.
    pub members: Vec<Member>,
    /// `HAProxy`'s server that takes writes, if its pool is up.
    pub entry: Option<String>,
}

impl Health {
    /// The member that holds the lock and runs.
    pub fn leader(&self) -> Option<&str> {
        self.members
            .iter()
            .find(|member| member.role == "leader" && member.state == "running")
            .map(|member| member.name.as_str())
    }

    /// Names of those that stream.
    pub fn streaming(&self) -> Vec<&str> {
        self.members
            .iter()
            .filter(|member| member.state == "streaming")
            .map(|member| member.name.as_str())
            .collect()
    }

    /// What is missing; `None` when all is well.
    pub fn missing(&self) -> Option<String> {
        let checks = [
            (self.members.is_empty(), "Patroni does not answer"),
            (self.leader().is_none(), "no leader"),
            (self.streaming().is_empty(), "no replica streams"),
            (self.entry.is_none(), "HAProxy has no primary up"),
        ];
        let missing: Vec<&str> = checks
            .into_iter()
            .filter_map(|(bad, words)| bad.then_some(words))
            .collect();
        (!missing.is_empty()).then(|| missing.join(", "))
    }
}

/// Waits until a leader holds the lock, a replica streams and `HAProxy` has its primary up.
pub(super) async fn wait(daemon: &Daemon, settings: &Settings) -> Result<Health, LabError> {
    let started = Instant::now();
    loop {
        let containers = daemon.containers_of(&settings.project).await?;
        if let Some(dead) = containers.iter().find(|container| container.is_over()) {
            return Err(daemon.obituary(dead).await);
        }
        let health = look(&containers, settings).await;
        let Some(missing) = health.missing() else {
            return Ok(health);
        };
        if started.elapsed() > DEADLINE {
            let look_at = format!("{}pg-master", settings.prefix());
            return Err(LabError::NotReady {
                waited: DEADLINE,
                missing,
                look_at,
            });
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Looks once.
pub(super) async fn look(containers: &[Container], settings: &Settings) -> Health {
    if containers.is_empty() {
        // Whoever answers on the port of its statistics is another lab.
        return Health::default();
    }
    let stats = host(&settings.reachable().to_string(), settings.port(Port::Stats));
    let (members, csv) = tokio::join!(members(containers), http::get(&stats, "/;csv"));
    Health {
        members,
        entry: csv.ok().and_then(|csv| entry(&csv)),
    }
}

/// Asks every Patroni for the cluster until one answers with a leader.
async fn members(containers: &[Container]) -> Vec<Member> {
    let mut best = Vec::new();
    for address in patronis(containers) {
        let Ok(json) = http::get(&host(address, REST_PORT), "/cluster").await else {
            continue;
        };
        best = decode_cluster(&json);
        if best.iter().any(|member| member.role == "leader") {
            break;
        }
    }
    best
}

/// Makes Patroni's timing that of the profile: it lives in `ZooKeeper` since the cluster was made, so other containers do
/// not change it. Tells what it was if it had to be changed.
pub(super) async fn apply_timing(containers: &[Container], wanted: Timing) -> Result<Option<Timing>, LabError> {
    let refused = |cause: String| LabError::Docker {
        what: "change Patroni's timing".to_owned(),
        cause,
    };
    let mut last = "no Patroni answers".to_owned();
    for address in patronis(containers) {
        let server = host(address, REST_PORT);
        let present = match http::get(&server, "/config").await.map(|json| decode_timing(&json)) {
            Ok(Some(present)) => present,
            Ok(None) => continue,
            Err(cause) => {
                last = cause;
                continue;
            }
        };
        if present == wanted {
            return Ok(None);
        }
        let Timing {
            ttl,
            loop_wait,
            retry_timeout,
        } = wanted;
        let patch = format!(r#"{{"ttl":{ttl},"loop_wait":{loop_wait},"retry_timeout":{retry_timeout}}}"#);
        return match http::request(Method::PATCH, &server, "/config", patch).await {
            Ok((StatusCode::OK, _)) => Ok(Some(present)),
            Ok((status, body)) => Err(refused(format!("{status} {}", super::command::printable(&body)))),
            Err(cause) => Err(refused(cause)),
        };
    }
    Err(refused(last))
}

fn patronis(containers: &[Container]) -> impl Iterator<Item = &str> {
    let members = containers
        .iter()
        .filter(|container| container.service.as_deref().is_some_and(|name| name.starts_with("pg-")));
    members.filter_map(|container| container.address.as_deref())
}

/// `host:port`, with the brackets of an IPv6 address.
fn host(address: &str, port: u16) -> String {
    if address.contains(':') {
        format!("[{address}]:{port}")
    } else {
        format!("{address}:{port}")
    }
}

/// Members in Patroni's `/cluster`; nothing from an answer that is none.
fn decode_cluster(json: &str) -> Vec<Member> {
    #[derive(Deserialize)]
    struct Cluster {
        members: Vec<Member>,
    }
    let members = serde_json::from_str::<Cluster>(json)
        .map(|cluster| cluster.members)
        .unwrap_or_default();
    let clean = |text: String| super::command::printable(&text);
    members
        .into_iter()
        .map(|member| Member {
            name: clean(member.name),
            role: clean(member.role),
            state: clean(member.state),
            ..member
        })
        .collect()
}

/// The three numbers in Patroni's `/config`; what is absent there has Patroni's defaults.
fn decode_timing(json: &str) -> Option<Timing> {
    let config: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json).ok()?;
    let number = |key: &str, default| config.get(key).map_or(Some(default), serde_json::Value::as_u64);
    Some(Timing {
        ttl: number("ttl", 30)?,
        loop_wait: number("loop_wait", 10)?,
        retry_timeout: number("retry_timeout", 10)?,
    })
}

/// The first server in `HAProxy`'s pool `primary` that is up, columns by name (the header begins with `# `).
fn entry(csv: &str) -> Option<String> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_reader(csv.trim_start_matches("# ").as_bytes());
    let headers = reader.headers().ok()?.clone();
    let column = |name: &str| headers.iter().position(|header| header == name);
    let (proxy, server, status) = (column("pxname")?, column("svname")?, column("status")?);
    reader.records().flatten().find_map(|row| {
        let name = row.get(server).filter(|name| !["FRONTEND", "BACKEND"].contains(name))?;
        // `UP` alone; `UP 1/2` is on its way down and still in use.
        let up = row.get(proxy) == Some("primary") && row.get(status).is_some_and(|status| status.starts_with("UP"));
        up.then(|| super::command::printable(name))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLUSTER: &str = r#"{"members": [
        {"name": "postgresql0", "role": "replica", "state": "streaming", "api_url": "http://pg-master:8008/patroni",
         "host": "pg-master", "port": 5432, "timeline": 1, "lag": 0},
        {"name": "postgresql1", "role": "leader", "state": "running", "host": "pg-slave", "port": 5432, "timeline": 1}],
        "scope": "my_cluster"}"#;
    const CSV: &str = "# pxname,svname,qcur,status,weight,\nstats,FRONTEND,,OPEN,,\nprimary,FRONTEND,,OPEN,,\n\
        primary,postgresql0,0,DOWN,1,\nprimary,postgresql1,0,UP,1,\nprimary,BACKEND,0,UP,1,\n";

    #[test]
    fn healthy() {
        let health = Health {
            members: decode_cluster(CLUSTER),
            entry: entry(CSV),
        };
        assert_eq!(health.leader(), Some("postgresql1"));
        assert_eq!(health.streaming(), ["postgresql0"]);
        assert_eq!(health.entry.as_deref(), Some("postgresql1"));
        assert_eq!(health.missing(), None);
    }

    #[test]
    fn what_is_missing_is_named() {
        assert_eq!(
            Health::default().missing().unwrap(),
            "Patroni does not answer, no leader, no replica streams, HAProxy has no primary up"
        );
        let starting = CLUSTER
            .replace("streaming", "creating replica")
            .replace("running", "starting");
        let health = Health {
            members: decode_cluster(&starting),
            entry: entry(&CSV.replace(",UP,", ",DOWN 1/2,")),
        };
        assert_eq!(
            health.missing().unwrap(),
            "no leader, no replica streams, HAProxy has no primary up"
        );
    }

    #[test]
    fn garbage_is_no_answer() {
        for text in ["", "{", "[]", "{\"members\":[{}]}", "<html>", "\u{0}"] {
            assert!(decode_cluster(text).is_empty(), "{text}");
            assert_eq!(entry(text), None, "{text}");
        }
        assert_eq!(decode_timing("[]"), None);
        assert_eq!(decode_timing(r#"{"ttl":"x"}"#), None);
    }

    #[test]
    fn timing_in_zookeeper() {
        let timing = decode_timing(r#"{"ttl":20,"loop_wait":2,"postgresql":{}}"#);
        assert_eq!(
            timing,
            Some(Timing {
                ttl: 20,
                loop_wait: 2,
                retry_timeout: 10
            })
        );
    }
}
