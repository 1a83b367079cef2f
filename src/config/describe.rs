//! The resolved configuration as text: what `pgherd config` prints. Secrets are masked.

use std::fmt::Display;

use super::settings::{ConfigFile, Settings, TimeZone};
use super::{Origin, Sourced};
use crate::model::text::clean_line;
use crate::source::postgres::Password;

/// Stands for every secret.
const MASKED: &str = "********";
/// Stands for a value that nobody gave and that is found out while running.
const OPEN: &str = "(not set)";

/// One line `key = value  # from where` for each setting, after a line that names the configuration file.
pub fn describe(settings: &Settings) -> String {
    let mut table = Table::default();
    table.optional("docker_host", &settings.docker_host);
    table.optional("cluster", &settings.cluster);
    table.list("zookeeper", &settings.zookeeper);
    table.row(
        "namespace",
        &quoted(&settings.namespace.value),
        &settings.namespace.from,
    );
    table.optional("scope", &settings.scope);
    table.row("theme", &quoted(&settings.theme.value), &settings.theme.from);
    table.row("read_only", &settings.read_only.value, &settings.read_only.from);
    table.row("mark", &quoted(settings.mark.value.name()), &settings.mark.from);
    table.row("probe", &quoted(settings.probe.value.name()), &settings.probe.from);
    table.row("tail", &settings.tail.value, &settings.tail.from);
    table.row("log_memory", &settings.log_memory.value, &settings.log_memory.from);
    let since = settings.since.value.map(|since| quoted(&since.to_string()));
    table.row("since", &since.as_deref().unwrap_or(OPEN), &settings.since.from);
    let zone = match settings.time_zone.value {
        TimeZone::Local => "local",
        TimeZone::Utc => "utc",
    };
    table.row("time_zone", &quoted(zone), &settings.time_zone.from);
    let reports = settings.reports.value.as_ref();
    let reports = reports.map_or_else(|| OPEN.to_owned(), |folder| quoted(&folder.display().to_string()));
    table.row("reports", &reports, &settings.reports.from);
    let record = settings.record.value.as_ref();
    let record = record.map_or_else(|| OPEN.to_owned(), |path| quoted(&path.display().to_string()));
    table.row("record", &record, &settings.record.from);
    table.row(
        "record_limit",
        &settings.record_limit.value,
        &settings.record_limit.from,
    );
    table.postgres(settings);
    if let Some((user, _)) = &settings.patroni.value {
        table.row("patroni.user", &quoted(user), &settings.patroni.from);
        table.row("patroni.password", &MASKED, &settings.patroni.from);
    }
    table.overrides(settings);
    for (name, keys) in settings.keymap.changed() {
        let keys: Vec<String> = keys.iter().map(|key| quoted(&key.to_string())).collect();
        let from = settings.bindings.get(name).unwrap_or(&Origin::Default);
        table.row(&format!("keys.{name}"), &format!("[{}]", keys.join(", ")), from);
    }
    let file = match &settings.file {
        ConfigFile::Read(path) => format!("# read from {}", path.display()),
        ConfigFile::Missing(path) => format!("# no configuration file; it would be {}", path.display()),
        ConfigFile::Nowhere => "# no configuration file: neither HOME nor XDG_CONFIG_HOME is set".to_owned(),
    };
    clean_line(&file) + "\n" + &table.text()
}

/// Rows of key, value, origin.
#[derive(Default)]
struct Table(Vec<(String, String, String)>);

impl Table {
    fn row(&mut self, key: &str, value: &dyn Display, from: &Origin) {
        let row = [key.to_owned(), value.to_string(), from.to_string()].map(|cell| clean_line(&cell));
        self.0.push(row.into());
    }

    fn optional(&mut self, key: &str, setting: &Sourced<Option<String>>) {
        let value = setting.value.as_deref().map_or_else(|| OPEN.to_owned(), quoted);
        self.row(key, &value, &setting.from);
    }

    fn list(&mut self, key: &str, setting: &Sourced<Vec<impl Display>>) {
        let items: Vec<String> = setting.value.iter().map(|item| quoted(&item.to_string())).collect();
        let value = if items.is_empty() {
            OPEN.to_owned()
        } else {
            format!("[{}]", items.join(", "))
        };
        self.row(key, &value, &setting.from);
    }

    fn postgres(&mut self, settings: &Settings) {
        let postgres = &settings.postgres;
        self.optional("postgres.user", &postgres.user);
        let from = &postgres.password.from;
        match &postgres.password.value {
            Password::None => self.row("postgres.password", &OPEN, from),
            Password::Given(_) => self.row("postgres.password", &MASKED, from),
            Password::Command(command) => self.row("postgres.password_command", &quoted(command.command()), from),
        }
        self.row(
            "postgres.database",
            &quoted(&postgres.database.value),
            &postgres.database.from,
        );
        self.row(
            "postgres.sslmode",
            &quoted(postgres.sslmode.value.name()),
            &postgres.sslmode.from,
        );
        let passfile = postgres.passfile.value.as_ref();
        let passfile = passfile.map_or_else(|| OPEN.to_owned(), |path| quoted(&path.display().to_string()));
        self.row("postgres.passfile", &passfile, &postgres.passfile.from);
    }

    fn overrides(&mut self, settings: &Settings) {
        for Sourced { value, from } in &settings.members {
            if let Some(address) = &value.postgres {
                self.row(
                    &format!("member.{}.postgres", value.member),
                    &quoted(&address.to_string()),
                    from,
                );
            }
            if let Some(url) = &value.rest {
                self.row(&format!("member.{}.rest", value.member), &quoted(url), from);
            }
        }
        for Sourced { value, from } in &settings.proxies {
            let key = format!("proxy.{}", value.target.name);
            for url in &value.target.urls {
                self.row(&format!("{key}.url"), &quoted(url), from);
            }
            if let Some(admin) = &value.target.admin {
                self.row(&format!("{key}.admin"), &quoted(&admin.to_string()), from);
            }
            if let Some((user, _)) = &value.login {
                self.row(&format!("{key}.user"), &quoted(user), from);
                self.row(&format!("{key}.password"), &MASKED, from);
            }
        }
    }

    fn text(&self) -> String {
        let width = |cell: fn(&(String, String, String)) -> &String| {
            self.0.iter().map(|row| cell(row).chars().count()).max().unwrap_or(0)
        };
        let (keys, values) = (width(|row| &row.0), width(|row| &row.1).min(40));
        let line = |(key, value, from): &(String, String, String)| format!("{key:keys$} = {value:values$}  # {from}\n");
        self.0.iter().map(line).collect()
    }
}

fn quoted(text: &str) -> String {
    format!("{text:?}")
}
