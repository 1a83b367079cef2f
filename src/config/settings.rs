//! Every setting with the place it came from, resolved from the layers. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;

use super::cli::MonitorArgs;
use super::environment::Environment;
use super::file::{self, Hidden, Loaded, MemberTable, PatroniTable, PostgresTable, ProxyTable};
use super::layers::Layers;
use super::since::{self, Since};
use super::{ConfigError, Origin, Sourced, keys, values};
use crate::app::command::Keymap;
use crate::app::logs;
use crate::app::options::Mark;
use crate::model::name::{MemberName, ProxyName};
use crate::model::topology::{Address, NodeTarget, ProxyTarget};
use crate::source::postgres::{Password, PasswordCommand, Secret, SslMode};

pub use super::choices::{ProbeSetting, TimeZone};

/// The resolved configuration. `None` and empty mean: find it out.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The file that was read, or the place where none was.
    pub file: ConfigFile,
    /// Docker's API.
    pub docker_host: Sourced<Option<String>>,
    /// Which cluster, if several are found.
    pub cluster: Sourced<Option<String>>,
    /// `ZooKeeper` servers instead of those found.
    pub zookeeper: Sourced<Vec<Address>>,
    /// Patroni's namespace, with a leading and without a trailing slash; `/` for the root.
    pub namespace: Sourced<String>,
    /// Patroni's scope.
    pub scope: Sourced<Option<String>>,
    /// Members whose addresses replace those found.
    pub members: Vec<Sourced<NodeTarget>>,
    /// Proxies beside those found.
    pub proxies: Vec<Sourced<ProxySettings>>,
    /// How to log in to the members.
    pub postgres: PostgresSettings,
    /// User and password of Patroni's REST API, which asks for them only where something changes.
    pub patroni: Sourced<Option<(String, Secret)>>,
    /// Name of the theme.
    pub theme: Sourced<String>,
    /// No key changes the cluster.
    pub read_only: Sourced<bool>,
    /// What may be done to the cluster.
    pub mark: Sourced<Mark>,
    /// What clients try.
    pub probe: Sourced<ProbeSetting>,
    /// Log lines read of each container at the start, unless [`Settings::since`] says otherwise.
    pub tail: Sourced<u32>,
    /// Memory for the lines that are kept, in MB.
    pub log_memory: Sourced<u32>,
    /// From when on the logs are read.
    pub since: Sourced<Option<Since>>,
    /// Zone of the times shown.
    pub time_zone: Sourced<TimeZone>,
    /// Folder for reports; `None` is the working folder, or [`Settings::spare_reports`] where that cannot be written.
    pub reports: Sourced<Option<PathBuf>>,
    /// Folder for reports where none was named and the working folder refuses them.
    pub spare_reports: Option<PathBuf>,
    /// The file to record into from the start; a folder stands for a new file in it.
    pub record: Sourced<Option<PathBuf>>,
    /// Length of a record at most, in MB.
    pub record_limit: Sourced<u32>,
    /// Where a record goes that a key begins.
    pub records: Option<PathBuf>,
    /// Folder of the journals of what was done.
    pub journal: Option<PathBuf>,
    /// Keys of commands.
    pub keymap: Keymap,
    /// Where each key that is not the table's was written.
    pub bindings: BTreeMap<String, Origin>,
}

/// Where the configuration file is or would be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ConfigFile {
    /// This one was read.
    Read(PathBuf),
    /// There is none here.
    Missing(PathBuf),
    /// There is no home folder to look in.
    Nowhere,
}

/// How to log in to the members.
#[derive(Clone, Debug)]
pub struct PostgresSettings {
    /// Role; `None` leaves it to the caller of [`super::credentials::login_for`].
    pub user: Sourced<Option<String>>,
    /// Its password, unless the password file has it.
    pub password: Sourced<Password>,
    /// Database.
    pub database: Sourced<String>,
    /// What is asked of encryption.
    pub sslmode: Sourced<SslMode>,
    /// The password file.
    pub passfile: Sourced<Option<PathBuf>>,
}

/// A configured proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySettings {
    /// Its name and URL.
    pub target: ProxyTarget,
    /// User and password of its statistics page.
    pub login: Option<(String, Secret)>,
}

/// Resolves the layers: a flag wins over the environment, that over the file, that over the default.
///
/// # Errors
/// A value cannot be used; the error names its place.
pub fn resolve(flags: &MonitorArgs, environment: &Environment, file: Option<&Loaded>) -> Result<Settings, ConfigError> {
    let none = file::File::default();
    let keys = file.map_or(&none, |file| &file.keys);
    let at = Layers { environment, file };
    let servers = keys.zookeeper.as_ref();
    let servers = servers.map(|list| Spanned::new(list.span(), list.get_ref().join(",")));
    let flagged_servers = (!flags.zookeeper.is_empty()).then(|| flags.zookeeper.join(","));
    Ok(Settings {
        file: match file {
            Some(file) => ConfigFile::Read(file.path.clone()),
            None => file::default_path(environment).map_or(ConfigFile::Nowhere, ConfigFile::Missing),
        },
        docker_host: at
            .find("docker_host", "DOCKER_HOST", &flags.docker_host, &keys.docker_host)
            .parse(values::word)?
            .or_none(),
        cluster: at
            .find("cluster", "", &flags.cluster, &keys.cluster)
            .parse(values::word)?
            .or_none(),
        zookeeper: at
            .find("zookeeper", "", &flagged_servers, &servers)
            .parse(values::servers)?
            .or(Vec::new()),
        namespace: at
            .find("namespace", "", &flags.namespace, &keys.namespace)
            .parse(values::znode)?
            .or("/service".to_owned()),
        scope: at
            .find("scope", "", &flags.scope, &keys.scope)
            .parse(values::word)?
            .or_none(),
        members: members(&at, &keys.member)?,
        proxies: proxies(&at, &keys.proxy)?,
        postgres: postgres(&at, flags, &keys.postgres)?,
        patroni: patroni(&at, &keys.patroni)?,
        theme: at
            .find("theme", "", &flags.theme, &keys.theme)
            .parse(values::word)?
            .or_else(|| match environment.get("NO_COLOR") {
                Some(_) => ("mono".to_owned(), Origin::Variable("NO_COLOR".to_owned())),
                None => ("dark".to_owned(), Origin::Default),
            }),
        read_only: at
            .find("read_only", "", &flags.read_only, &keys.read_only)
            .parse(values::boolean)?
            .or(false),
        mark: at
            .find("mark", "", &flags.mark, &keys.mark)
            .parse(values::mark)?
            .or(Mark::None),
        probe: at
            .find("probe", "", &flags.probe, &keys.probe)
            .parse(values::probe)?
            .or(ProbeSetting::Auto),
        tail: at
            .find("tail", "", &flags.tail, &keys.tail)
            .parse(values::lines)?
            .or(200),
        log_memory: at
            .find("log_memory", "", &flags.log_memory, &keys.log_memory)
            .parse(|text| values::megabytes(text, values::MOST_MEMORY))?
            .or(logs::LIMIT_MB),
        since: at
            .find("since", "", &flags.since, &keys.since)
            .parse(since::parse)?
            .or_none(),
        time_zone: at
            .find("time_zone", "", &flags.time_zone, &keys.time_zone)
            .parse(values::time_zone)?
            .or(TimeZone::Local),
        reports: at
            .find("reports", "", &flags.reports, &keys.reports)
            .parse(|text| Ok(Some(values::path(text, environment))))?
            .or(None),
        spare_reports: environment.state("pgherd/reports"),
        record: at
            .find("record", "", &flags.record, &keys.record)
            .parse(|text| Ok(values::path(text, environment)))?
            .or_none(),
        record_limit: at
            .find("record_limit", "", &flags.record_limit, &keys.record_limit)
            .parse(|text| values::megabytes(text, values::MOST_DISK))?
            .or(256),
        records: environment.state("pgherd/records"),
        journal: environment.state("pgherd/journal"),
        keymap: keys::keymap(&at, &keys.keys)?,
        bindings: keys
            .keys
            .iter()
            .map(|(name, list)| (name.clone(), at.origin(list)))
            .collect(),
    })
}

fn postgres(at: &Layers, flags: &MonitorArgs, keys: &PostgresTable) -> Result<PostgresSettings, ConfigError> {
    Ok(PostgresSettings {
        user: at
            .find("user", "PGUSER", &flags.user, &keys.user)
            .parse(values::word)?
            .or_none(),
        password: password(at, keys)?,
        database: at
            .find("database", "PGDATABASE", &flags.database, &keys.database)
            .parse(values::word)?
            .or("postgres".to_owned()),
        sslmode: at
            .find("sslmode", "PGSSLMODE", &None, &keys.sslmode)
            .parse(values::ssl_mode)?
            .or(SslMode::Prefer),
        passfile: at
            .find("passfile", "PGPASSFILE", &None, &keys.passfile)
            .parse(|text| Ok(Some(values::path(text, at.environment))))?
            .or(at.environment.home(".pgpass")),
    })
}

/// A password and a command for it are one setting: the highest layer that has either wins.
fn password(at: &Layers, keys: &PostgresTable) -> Result<Sourced<Password>, ConfigError> {
    let command = |text: &str| Password::Command(Arc::new(PasswordCommand::new(text)));
    let given = |text: &str| Password::Given(Secret::new(text));
    for name in ["PGHERD_PASSWORD", "PGPASSWORD", "PGHERD_PASSWORD_COMMAND"] {
        if let Some(text) = at.environment.get(name) {
            let value = if name.ends_with("COMMAND") {
                command(text)
            } else {
                given(text)
            };
            let from = Origin::Variable(name.to_owned());
            return Ok(Sourced { value, from });
        }
    }
    match (&keys.password, &keys.password_command) {
        (Some(_), Some(second)) => Err(ConfigError::at(
            &at.origin(second),
            "there is a password as well: keep one of password and password_command",
        )),
        (Some(text), None) => Ok(Sourced {
            value: Password::Given(text.get_ref().0.clone()),
            from: at.origin(text),
        }),
        (None, Some(text)) => Ok(Sourced {
            value: command(text.get_ref()),
            from: at.origin(text),
        }),
        (None, None) => Ok(Sourced::default(Password::None)),
    }
}

/// User and password are one setting: the highest layer that has either has to have both.
fn patroni(at: &Layers, keys: &PatroniTable) -> Result<Sourced<Option<(String, Secret)>>, ConfigError> {
    for (user, password) in [
        ("PGHERD_PATRONI_USER", "PGHERD_PATRONI_PASSWORD"),
        ("PATRONI_RESTAPI_USERNAME", "PATRONI_RESTAPI_PASSWORD"),
    ] {
        let value = match (at.environment.get(user), at.environment.get(password)) {
            (None, None) => continue,
            (Some(name), Some(secret)) => Some((name.to_owned(), Secret::new(secret))),
            (Some(_), None) => return Err(ConfigError::at(&user, format!("{password} must be set too"))),
            (None, Some(_)) => return Err(ConfigError::at(&password, format!("{user} must be set too"))),
        };
        let from = Origin::Variable(user.to_owned());
        return Ok(Sourced { value, from });
    }
    let value = pair(at, keys.user.as_ref(), keys.password.as_ref())?;
    let from = keys.user.as_ref().map_or(Origin::Default, |user| at.origin(user));
    Ok(Sourced { value, from })
}

/// A user and his password, or neither.
fn pair(
    at: &Layers,
    user: Option<&Spanned<String>>,
    password: Option<&Spanned<Hidden>>,
) -> Result<Option<(String, Secret)>, ConfigError> {
    match (user, password) {
        (Some(user), Some(password)) => Ok(Some((user.get_ref().clone(), password.get_ref().0.clone()))),
        (None, None) => Ok(None),
        (Some(one), None) => Err(ConfigError::at(&at.origin(one), "add the password of this user")),
        (None, Some(one)) => Err(ConfigError::at(&at.origin(one), "add the user of this password")),
    }
}

fn members(at: &Layers, tables: &[MemberTable]) -> Result<Vec<Sourced<NodeTarget>>, ConfigError> {
    let mut names = BTreeSet::new();
    let member = |table: &MemberTable| {
        let name = at.name(&table.name, &mut names)?;
        if table.postgres.is_none() && table.rest.is_none() {
            let problem = "a [[member]] needs postgres = \"host:port\", rest = \"http://host:port\", or both";
            return Err(ConfigError::at(&at.origin(&table.name), problem));
        }
        let value = NodeTarget {
            member: MemberName::from(name.as_str()),
            postgres: table
                .postgres
                .as_ref()
                .map(|text| at.value(text, |text| values::address(text, 5432)))
                .transpose()?,
            rest: table
                .rest
                .as_ref()
                .map(|text| at.value(text, values::http_url))
                .transpose()?,
        };
        let from = at.origin(&table.name);
        Ok(Sourced { value, from })
    };
    tables.iter().map(member).collect()
}

fn proxies(at: &Layers, tables: &[ProxyTable]) -> Result<Vec<Sourced<ProxySettings>>, ConfigError> {
    let mut names = BTreeSet::new();
    let proxy = |table: &ProxyTable| {
        let name = at.name(&table.name, &mut names)?;
        let login = pair(at, table.user.as_ref(), table.password.as_ref())?;
        let target = ProxyTarget {
            name: ProxyName::from(name.as_str()),
            urls: vec![at.value(&table.url, values::http_url)?],
            admin: table
                .admin
                .as_ref()
                .map(|text| at.value(text, values::admin_socket))
                .transpose()?,
        };
        Ok(Sourced {
            value: ProxySettings { target, login },
            from: at.origin(&table.name),
        })
    };
    tables.iter().map(proxy).collect()
}
