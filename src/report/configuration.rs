//! The settings that decide how long a failover takes and who may take over, and where each is known from.

use std::time::Duration;

use super::schema::Setting;
use crate::model::dcs::DynamicConfig;
use crate::model::failover::{Episode, Picture};
use crate::model::prediction::{Basis, Checks, Setting as Timed};
use crate::model::takeover::{DEFAULT_MAXIMUM_LAG, size};

const PATRONI: &str = "Patroni";
const ZOOKEEPER: &str = "ZooKeeper";
const HAPROXY: &str = "HAProxy";

/// As it was when the episode began.
pub(super) fn configuration(episode: &Episode) -> Vec<Setting> {
    let timing = &episode.timing;
    let picture = episode.pictures().first().map(|(_, picture)| picture);
    let mut settings = vec![
        timed(PATRONI, "ttl", timing.ttl),
        timed(PATRONI, "loop_wait", timing.loop_wait),
        timed(PATRONI, "retry_timeout", timing.retry_timeout),
    ];
    let config = picture.and_then(|picture| picture.config.as_ref());
    settings.extend(rules(config));
    settings.push(timed(ZOOKEEPER, "tickTime", timing.tick));
    let session = timed(ZOOKEEPER, "session timeout of the leader", timing.session);
    settings.push(match timing.session.basis {
        Basis::Read => session,
        _ => Setting {
            known_from: "assumed: the ttl within the usual bounds",
            ..session
        },
    });
    if let Some(checks) = &timing.checks {
        settings.extend(proxy(checks));
    }
    if let Some(picture) = picture {
        settings.extend(versions(picture));
    }
    settings
}

fn rules(config: Option<&DynamicConfig>) -> Vec<Setting> {
    let rule = |name, value: Option<String>, default: &str| match (config, value) {
        (None, _) => unknown(PATRONI, name),
        (Some(_), Some(value)) => known(PATRONI, name, value, "its dynamic configuration"),
        (Some(_), None) => known(PATRONI, name, default.to_owned(), "not set: Patroni's default"),
    };
    let on = |name, on: Option<bool>| match on {
        None => unknown(PATRONI, name),
        Some(true) => known(PATRONI, name, "on".to_owned(), "its dynamic configuration"),
        Some(false) => known(PATRONI, name, "off".to_owned(), "its dynamic configuration"),
    };
    vec![
        rule(
            "maximum_lag_on_failover",
            config.and_then(|config| config.maximum_lag_on_failover).map(size),
            &size(DEFAULT_MAXIMUM_LAG),
        ),
        on("synchronous_mode", config.map(|config| config.synchronous_mode)),
        on(
            "synchronous_mode_strict",
            config.map(|config| config.synchronous_mode_strict),
        ),
        on("failsafe_mode", config.map(|config| config.failsafe_mode)),
        on("pause", config.map(|config| config.pause)),
    ]
}

fn proxy(checks: &Checks) -> Vec<Setting> {
    let from = known_from(checks.basis);
    vec![
        known(HAPROXY, "inter", span(checks.inter), from),
        known(HAPROXY, "fastinter", span(checks.fastinter), from),
        known(HAPROXY, "fall", checks.fall.to_string(), from),
        known(HAPROXY, "rise", checks.rise.to_string(), from),
        known(HAPROXY, "timeout check", span(checks.timeout), from),
    ]
}

fn versions(picture: &Picture) -> Vec<Setting> {
    let mut postgres: Vec<String> = picture
        .members
        .iter()
        .filter_map(|member| member.postgres)
        .map(release)
        .collect();
    let mut patroni: Vec<String> = picture
        .members
        .iter()
        .filter_map(|member| member.patroni.clone())
        .collect();
    let mut store = picture.store_versions.clone();
    let listed = |part, versions: &mut Vec<String>, from| {
        versions.sort();
        versions.dedup();
        if versions.is_empty() {
            unknown(part, "version")
        } else {
            known(part, "version", versions.join(", "), from)
        }
    };
    vec![
        listed("PostgreSQL", &mut postgres, "each server itself"),
        listed(PATRONI, &mut patroni, "its members' znodes or REST"),
        listed(ZOOKEEPER, &mut store, "its servers"),
    ]
}

/// `17.6` for 170006, `9.6.24` for 90624.
fn release(number: u32) -> String {
    if number >= 100_000 {
        format!("{}.{}", number / 10_000, number % 10_000)
    } else {
        format!("{}.{}.{}", number / 10_000, number / 100 % 100, number % 100)
    }
}

fn timed(part: &'static str, name: &'static str, setting: Timed) -> Setting {
    known(part, name, span(setting.value), known_from(setting.basis))
}

fn known_from(basis: Basis) -> &'static str {
    match basis {
        Basis::Read => "read",
        Basis::Default => "not set: the program's default",
        Basis::Lab => "the profile of the lab",
        Basis::Assumed => "assumed: it cannot be read",
    }
}

fn known(part: &'static str, name: &'static str, value: String, known_from: &'static str) -> Setting {
    Setting {
        part,
        name,
        value: Some(value),
        known_from,
    }
}

fn unknown(part: &'static str, name: &'static str) -> Setting {
    Setting {
        part,
        name,
        value: None,
        known_from: "unknown",
    }
}

/// `30 s`, `0.5 s`.
fn span(span: Duration) -> String {
    format!("{} s", span.as_secs_f64())
}
