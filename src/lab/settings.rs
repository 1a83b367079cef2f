//! What a lab was brought up with: profile, address, ports. Resolved from the options, what was chosen the last time and
//! the defaults; kept as `.env` in the state folder, which compose reads too. Asks neither Docker nor the network.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use super::assets::Stage;
use super::error::LabError;
use super::port::Port;
use super::timing::{self, Timing, profile_name};
use crate::config::lab::{LabOptions, Profile};

/// Everything the lab's compose file needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Compose project.
    pub project: String,
    /// Timing.
    pub profile: Profile,
    /// `ZooKeeper` servers: one, or an ensemble of three.
    pub zookeepers: u8,
    /// Host address of the published ports.
    pub bind: IpAddr,
    /// Host ports. 0 is still to be chosen.
    ports: BTreeMap<Port, u16>,
}

impl Settings {
    /// Options first, then what `.env` says of the last time, then the reference cluster's values.
    /// An option of 0 takes the port of the last time if there is one, and is else left to be chosen.
    pub fn resolve(options: &LabOptions, remembered: &BTreeMap<String, String>) -> Self {
        let old = |variable: &str| remembered.get(variable).map(String::as_str);
        let ports = Port::ALL.map(|port| {
            let last = old(port.variable()).and_then(|text| text.parse().ok());
            let value = match port.wanted(options) {
                None => last.unwrap_or(port.standard()),
                Some(0) => last.unwrap_or(0),
                Some(wanted) => wanted,
            };
            (port, value)
        });
        let last_profile = old("LAB_PROFILE").map(|text| {
            if text == "fast" {
                Profile::Fast
            } else {
                Profile::Default
            }
        });
        let zookeepers = options.zookeepers.or_else(|| ensemble_of(remembered));
        Self {
            project: options.project.clone(),
            zookeepers: zookeepers.unwrap_or(1),
            profile: options.profile.or(last_profile).unwrap_or_default(),
            bind: options
                .bind
                .or_else(|| old("LAB_BIND").and_then(|text| text.parse().ok()))
                .unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            ports: ports.into_iter().collect(),
        }
    }

    /// The ports that are published.
    pub fn ports(&self) -> impl Iterator<Item = Port> + use<> {
        let ensemble = self.zookeepers > 1;
        Port::ALL
            .into_iter()
            .filter(move |port| ensemble || !port.is_of_ensemble())
    }

    /// The services, which are also the names of the containers but for the prefix.
    pub fn services(&self) -> impl Iterator<Item = &'static str> + use<> {
        let stores = self.stores();
        ["pg-master", "pg-slave", "postgres_entrypoint"]
            .into_iter()
            .chain(stores.iter().copied())
    }

    fn stores(&self) -> &'static [&'static str] {
        if self.zookeepers > 1 {
            &["zoo", "zoo2", "zoo3"]
        } else {
            &["zoo"]
        }
    }

    /// Host port; 0 while it is not chosen.
    pub fn port(&self, port: Port) -> u16 {
        self.ports.get(&port).copied().unwrap_or(0)
    }

    /// Chooses a host port.
    pub fn choose(&mut self, port: Port, number: u16) {
        self.ports.insert(port, number);
    }

    /// Address for a client on this host.
    pub fn reachable(&self) -> IpAddr {
        if self.bind.is_unspecified() {
            IpAddr::V4(Ipv4Addr::LOCALHOST)
        } else {
            self.bind
        }
    }

    /// What container names begin with: nothing for the default project, so that they are those of the reference cluster.
    pub fn prefix(&self) -> String {
        if self.project == "pgherd" {
            String::new()
        } else {
            format!("{}-", self.project)
        }
    }

    /// The variables of the compose file.
    pub fn variables(&self) -> BTreeMap<&'static str, String> {
        let Timing {
            ttl,
            loop_wait,
            retry_timeout,
        } = timing::of_profile(self.profile);
        // tickTime: ZooKeeper limits a session to 20 ticks, so 20 s need 1000 ms, and finer ticks expire sooner.
        let (tick, inter, fastinter, fall, rise) = match self.profile {
            Profile::Default => ("2000", "3s", "3s", "3", "2"),
            Profile::Fast => ("1000", "1s", "500ms", "2", "1"),
        };
        let bind = if self.bind.is_ipv6() {
            format!("[{}]", self.bind)
        } else {
            self.bind.to_string()
        };
        let mut variables = BTreeMap::from([
            ("LAB_PREFIX", self.prefix()),
            ("LAB_ZOOKEEPERS", self.zookeepers.to_string()),
            ("LAB_STORE", self.stores().join(" ")),
            ("LAB_PROFILE", profile_name(self.profile).to_owned()),
            ("LAB_BIND", bind),
            ("LAB_POSTGRES_IMAGE", Stage::Postgres.image()),
            ("LAB_ZOOKEEPER_IMAGE", Stage::Zookeeper.image()),
            ("LAB_HAPROXY_IMAGE", Stage::Haproxy.image()),
            ("LAB_TTL", ttl.to_string()),
            ("LAB_LOOP_WAIT", loop_wait.to_string()),
            ("LAB_RETRY_TIMEOUT", retry_timeout.to_string()),
            ("LAB_TICK_TIME", tick.to_owned()),
            ("LAB_CHECK_INTER", inter.to_owned()),
            ("LAB_CHECK_FASTINTER", fastinter.to_owned()),
            ("LAB_CHECK_FALL", fall.to_owned()),
            ("LAB_CHECK_RISE", rise.to_owned()),
        ]);
        if self.zookeepers > 1 {
            // Compose's own name: the services zoo2 and zoo3 are of this profile.
            variables.insert("COMPOSE_PROFILES", "ensemble".to_owned());
        }
        variables.extend(Port::ALL.map(|port| (port.variable(), self.port(port).to_string())));
        variables
    }

    /// The text of `.env`.
    pub fn env_file(&self) -> String {
        let lines = self
            .variables()
            .into_iter()
            .map(|(name, value)| format!("{name}={value}\n"));
        format!(
            "# Written by pgherd lab up.\nCOMPOSE_PROJECT_NAME={}\n{}",
            self.project,
            lines.collect::<String>()
        )
    }
}

/// Reads `.env` back; lines that are none are passed over.
pub(super) fn parse_env(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().trim_matches(['[', ']']).to_owned()))
        .collect()
}

/// How many `ZooKeeper` servers the lab of that `.env` has; labs from before there was a choice have one.
pub(super) fn ensemble_of(remembered: &BTreeMap<String, String>) -> Option<u8> {
    match remembered.get("LAB_ZOOKEEPERS").map(String::as_str) {
        Some("3") => Some(3),
        Some(_) => Some(1),
        None => (!remembered.is_empty()).then_some(1),
    }
}

/// The state folder: as told, else below the XDG state folder.
pub(super) fn state_dir(options: &LabOptions) -> Result<PathBuf, LabError> {
    if let Some(folder) = &options.state_dir {
        return Ok(folder.clone());
    }
    let set = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let base = set("XDG_STATE_HOME")
        // The XDG specification: a path that is not absolute is to be ignored.
        .filter(|path| path.is_absolute())
        .or_else(|| set("HOME").map(|home| home.join(".local/state")))
        .ok_or(LabError::NoStateDir)?;
    Ok(base.join("pgherd").join(&options.project))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> LabOptions {
        LabOptions {
            project: "pgherd".into(),
            ..LabOptions::default()
        }
    }

    #[test]
    fn without_options_it_is_the_reference_cluster() {
        let settings = Settings::resolve(&options(), &BTreeMap::new());
        assert_eq!(
            Port::ALL.map(|port| settings.port(port)),
            [5432, 7000, 5433, 5434, 2181, 2182, 2183]
        );
        assert!(!settings.ports().any(Port::is_of_ensemble));
        assert_eq!(
            settings.services().collect::<Vec<_>>(),
            ["pg-master", "pg-slave", "postgres_entrypoint", "zoo"]
        );
        assert_eq!(settings.profile, Profile::Default);
        assert_eq!(settings.prefix(), "");
        assert_eq!(settings.bind.to_string(), "127.0.0.1");
    }

    #[test]
    fn choices_are_remembered_and_options_win() {
        let mut first = Settings::resolve(
            &LabOptions {
                profile: Some(Profile::Fast),
                entry_port: Some(0),
                pg0_port: Some(6000),
                ..options()
            },
            &BTreeMap::new(),
        );
        assert_eq!(first.port(Port::Entry), 0);
        first.choose(Port::Entry, 40001);
        let remembered = parse_env(&first.env_file());
        assert_eq!(Settings::resolve(&options(), &remembered), first);
        let again = LabOptions {
            entry_port: Some(0),
            pg0_port: Some(6001),
            profile: Some(Profile::Default),
            ..options()
        };
        let again = Settings::resolve(&again, &remembered);
        assert_eq!((again.port(Port::Entry), again.port(Port::Pg0)), (40001, 6001));
        assert_eq!(again.profile, Profile::Default);
    }

    #[test]
    fn an_ensemble_has_the_next_ports_and_is_remembered() {
        let three = LabOptions {
            zookeepers: Some(3),
            zookeeper_port: Some(4000),
            ..options()
        };
        let settings = Settings::resolve(&three, &BTreeMap::new());
        let of_ensemble = settings.ports().filter(|port| port.is_of_ensemble());
        assert_eq!(
            of_ensemble.map(|port| settings.port(port)).collect::<Vec<_>>(),
            [4001, 4002]
        );
        assert_eq!(settings.services().filter(|name| name.starts_with("zoo")).count(), 3);
        let env = settings.env_file();
        assert!(env.contains("COMPOSE_PROFILES=ensemble\n") && env.contains("LAB_STORE=zoo zoo2 zoo3\n"));
        assert_eq!(Settings::resolve(&options(), &parse_env(&env)), settings);
        assert_eq!(ensemble_of(&BTreeMap::new()), None);
        assert_eq!(ensemble_of(&parse_env("LAB_PROFILE=fast\n")), Some(1));
    }

    #[test]
    fn ipv6_is_written_for_compose_and_read_back() {
        let told = LabOptions {
            bind: Some("::1".parse().unwrap()),
            ..options()
        };
        let settings = Settings::resolve(&told, &BTreeMap::new());
        assert!(settings.env_file().contains("LAB_BIND=[::1]\n"));
        assert_eq!(
            Settings::resolve(&options(), &parse_env(&settings.env_file())),
            settings
        );
    }

    #[test]
    fn garbage_in_the_env_file_is_passed_over() {
        let remembered = parse_env("LAB_ENTRY_PORT=x\n\u{0}\nLAB_BIND=\nLAB_PROFILE\n=\n");
        assert_eq!(
            Settings::resolve(&options(), &remembered),
            Settings::resolve(&options(), &BTreeMap::new())
        );
    }

    #[test]
    fn every_variable_of_the_compose_file_is_set() {
        let compose = crate::lab::assets::text("docker-compose.yml").unwrap();
        let variables = Settings::resolve(&options(), &BTreeMap::new()).variables();
        for part in compose.split("${").skip(1) {
            let name = part.split(['}', ':']).next().unwrap();
            assert!(variables.contains_key(name), "{name}");
        }
    }

    #[test]
    fn patronis_own_rule_holds_and_zookeeper_grants_the_session() {
        for profile in [Profile::Default, Profile::Fast] {
            let Timing {
                ttl,
                loop_wait,
                retry_timeout,
            } = timing::of_profile(profile);
            assert!(ttl >= 20 && retry_timeout >= 3 && loop_wait + 2 * retry_timeout <= ttl);
            let settings = Settings::resolve(
                &LabOptions {
                    profile: Some(profile),
                    ..options()
                },
                &BTreeMap::new(),
            );
            let tick: u64 = settings.variables()["LAB_TICK_TIME"].parse().unwrap();
            assert!(tick * 20 >= ttl * 1000);
        }
    }
}
