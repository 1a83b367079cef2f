//! The configuration as a user meets it: layers, where values came from, masking, and what errors say.

#![cfg(test)]

use std::path::Path;

use clap::Parser;
use pgherd::app::command::entries;
use pgherd::config::cli::{Cli, MonitorArgs};
use pgherd::config::environment::Environment;
use pgherd::config::file::Loaded;
use pgherd::config::settings::{Settings, resolve};
use pgherd::config::{ConfigError, describe, load};

fn flags(arguments: &[&str]) -> MonitorArgs {
    let arguments = ["pgherd"].iter().chain(arguments);
    Cli::try_parse_from(arguments).unwrap().monitor
}

fn file(text: &str) -> Result<Loaded, ConfigError> {
    Loaded::parse(Path::new("/c.toml"), text)
}

fn of_file(text: &str) -> Result<Settings, ConfigError> {
    let file = file(text)?;
    resolve(&MonitorArgs::default(), &Environment::default(), Some(&file))
}

/// The line of `pgherd config` for `key`, with single blanks.
fn line(settings: &Settings, key: &str) -> String {
    let text = describe(settings);
    let line = text.lines().find(|line| line.split(' ').next() == Some(key));
    line.unwrap_or_else(|| panic!("no {key} in\n{text}"))
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn the_sample_is_the_defaults() {
    let sample = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/config.toml")).unwrap();
    let environment = Environment::from([("HOME", "/home/u")]);
    let loaded = file(&sample).unwrap();
    let values = |settings: &Settings| -> Vec<String> {
        let text = describe(settings);
        text.lines()
            .skip(1)
            .map(|line| line.split("  #").next().unwrap().trim_end().to_owned())
            .collect()
    };
    let of_sample = resolve(&MonitorArgs::default(), &environment, Some(&loaded)).unwrap();
    let defaults = resolve(&MonitorArgs::default(), &environment, None).unwrap();
    assert_eq!(values(&of_sample), values(&defaults));
}

#[test]
fn every_key_of_the_sample_that_is_commented_out_is_a_real_one() {
    let sample = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/config.toml")).unwrap();
    let is_key =
        |line: &str| line.starts_with("[[") || line.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '));
    let uncommented: Vec<&str> = sample
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| is_key(rest)).unwrap_or(line))
        .filter(|line| !line.starts_with("password_command"))
        .collect();
    let settings = of_file(&uncommented.join("\n")).unwrap();
    assert_eq!(settings.members.len(), 1);
    assert_eq!(settings.proxies.len(), 1);
    assert_eq!(settings.scope.value.as_deref(), Some("my_cluster"));
}

#[test]
fn a_higher_layer_wins_and_each_value_knows_its_place() {
    let loaded = file("theme = \"f\"\nscope = \"f\"\nnamespace = \"f\"\n\n[postgres]\nuser = \"f\"\n").unwrap();
    let environment = Environment::from([
        ("PGHERD_THEME", "e"),
        ("PGHERD_SCOPE", "e"),
        ("PGHERD_CLUSTER", ""),
        ("PGUSER", "libpq"),
        ("DOCKER_HOST", "tcp://d:1"),
        ("HOME", "/home/u"),
    ]);
    let flags = flags(&[
        "--theme",
        "x",
        "--zookeeper",
        "a,b:1",
        "--zookeeper",
        "c",
        "--read-only",
    ]);
    let settings = resolve(&flags, &environment, Some(&loaded)).unwrap();
    for (key, expected) in [
        ("theme", "theme = \"x\" # --theme"),
        ("scope", "scope = \"e\" # PGHERD_SCOPE"),
        ("namespace", "namespace = \"/f\" # /c.toml:3"),
        ("cluster", "cluster = (not set) # default"),
        ("docker_host", "docker_host = \"tcp://d:1\" # DOCKER_HOST"),
        ("read_only", "read_only = true # --read-only"),
        (
            "zookeeper",
            "zookeeper = [\"a:2181\", \"b:1\", \"c:2181\"] # --zookeeper",
        ),
        ("postgres.user", "postgres.user = \"libpq\" # PGUSER"),
        ("postgres.passfile", "postgres.passfile = \"/home/u/.pgpass\" # default"),
        ("tail", "tail = 200 # default"),
        ("log_memory", "log_memory = 28 # default"),
    ] {
        assert_eq!(line(&settings, key), expected);
    }
    let environment = Environment::from([("PGHERD_USER", "own"), ("PGUSER", "libpq"), ("PGHERD_READ_ONLY", "yes")]);
    let flags = self::flags(&["--read-only=false"]);
    let settings = resolve(&flags, &environment, Some(&loaded)).unwrap();
    assert_eq!(
        line(&settings, "postgres.user"),
        "postgres.user = \"own\" # PGHERD_USER"
    );
    assert_eq!(line(&settings, "read_only"), "read_only = false # --read-only");
}

#[test]
fn options_may_stand_behind_the_command() {
    assert_eq!(flags(&["config", "--scope", "s"]).scope.as_deref(), Some("s"));
    assert_eq!(flags(&["--read-only", "discover"]).read_only.as_deref(), Some("true"));
}

#[test]
fn no_color_is_the_default_of_the_theme_and_no_more() {
    let environment = Environment::from([("NO_COLOR", "1")]);
    let settings = resolve(&MonitorArgs::default(), &environment, None).unwrap();
    assert_eq!(line(&settings, "theme"), "theme = \"mono\" # NO_COLOR");
    let chosen = file("theme = \"light\"").unwrap();
    let settings = resolve(&MonitorArgs::default(), &environment, Some(&chosen)).unwrap();
    assert_eq!(settings.theme.value, "light");
}

#[test]
fn secrets_are_masked_wherever_they_come_from() {
    let loaded = file(
        "[postgres]\npassword = \"hunter2\"\n[[proxy]]\nname = \"p\"\nurl = \"http://h:7000/\"\nuser = \"u\"\n\
         password = \"hunter2\"\n",
    )
    .unwrap();
    let settings = resolve(&MonitorArgs::default(), &Environment::default(), Some(&loaded)).unwrap();
    assert_eq!(
        line(&settings, "postgres.password"),
        "postgres.password = ******** # /c.toml:2"
    );
    assert_eq!(
        line(&settings, "proxy.p.password"),
        "proxy.p.password = ******** # /c.toml:4"
    );
    for text in [describe(&settings), format!("{settings:?}"), format!("{loaded:?}")] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    let environment = Environment::from([("PGPASSWORD", "hunter3"), ("PGHERD_PASSWORD_COMMAND", "x")]);
    let settings = resolve(&MonitorArgs::default(), &environment, Some(&loaded)).unwrap();
    assert_eq!(
        line(&settings, "postgres.password"),
        "postgres.password = ******** # PGPASSWORD"
    );
    let environment = Environment::from([("PGHERD_PASSWORD_COMMAND", "pass x")]);
    let settings = resolve(&MonitorArgs::default(), &environment, Some(&loaded)).unwrap();
    assert_eq!(
        line(&settings, "postgres.password_command"),
        "postgres.password_command = \"pass x\" # PGHERD_PASSWORD_COMMAND"
    );
}

#[test]
fn what_is_wrong_in_the_file_is_said_with_its_line_and_without_secrets() {
    let cases = [
        (
            "x = 1",
            "/c.toml:1: unknown field `x`, expected one of `docker_host`, `cluster`",
        ),
        (
            "tail = 1\n\n[postgres]\nusr = \"a\"",
            "/c.toml:4: unknown field `usr`, expected one of `user`",
        ),
        (
            "tail = \"many\"",
            "/c.toml:1: invalid type: string \"many\", expected u32",
        ),
        (
            "\ntail = 999999999",
            "/c.toml:2: \"999999999\" is no number of lines from 0 to 100000",
        ),
        ("theme = dark", "/c.toml:1: "),
        (
            "[postgres]\npassword = 4711",
            "/c.toml:2: invalid type: a number, expected a password in quotes",
        ),
        ("[postgres]\npassword = hunter2", "/c.toml:2: "),
        ("[postgres]\npassword = \"hunter2", "/c.toml:2: "),
        (
            "[postgres]\npassword = \"hunter2\"\npassword_command = \"x\"",
            "/c.toml:3: there is a password as well: keep one",
        ),
        (
            "[postgres]\nsslmode = \"on\"",
            "/c.toml:2: \"on\" is no sslmode; there are disable, allow",
        ),
        (
            "zookeeper = [\n\"a\",\n\"b:x\"]",
            "/c.toml:1: \"b:x\" is no address such as 127.0.0.1:2181",
        ),
        ("time_zone = \"CET\"", "/c.toml:1: \"CET\" is neither local nor utc"),
        ("[[member]]\nname = \"a\"", "/c.toml:2: a [[member]] needs postgres"),
        (
            "[[member]]\nname = \"a\"\nrest = \"http://h:1\"\n[[member]]\nname = \"a\"\nrest = \"http://h:2\"",
            "/c.toml:5: the name \"a\" is used twice",
        ),
        (
            "[[member]]\nname = \"a\"\npostgres = \"h:p\"",
            "/c.toml:3: \"h:p\" is no address",
        ),
        (
            "[[proxy]]\nname = \"a\"\nurl = \"http://u:hunter2@h\"",
            "/c.toml:3: put user and password into their own",
        ),
        (
            "[[proxy]]\nname = \"a\"\nurl = \"http://h\"\nuser = \"u\"",
            "/c.toml:4: add the password of this user",
        ),
        ("[[proxy]]\nname = \"a\"", "/c.toml:1: missing field `url`"),
    ];
    for (text, expected) in cases {
        let error = of_file(text).unwrap_err().to_string();
        assert!(error.starts_with(expected), "{text:?} gave {error:?}");
        assert!(!error.contains("hunter2") && !error.contains("4711"), "{error}");
    }
}

#[test]
fn a_wrong_value_elsewhere_names_the_variable_or_the_flag() {
    let environment = Environment::from([("PGHERD_TAIL", "x")]);
    let error = resolve(&MonitorArgs::default(), &environment, None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "PGHERD_TAIL: \"x\" is no number of lines from 0 to 100000"
    );
    let error = resolve(&flags(&["--zookeeper", "h:x"]), &Environment::default(), None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "--zookeeper: \"h:x\" is no address such as 127.0.0.1:2181"
    );
}

#[test]
fn the_file_is_where_it_is_named_or_in_the_users_folder() {
    let folder = tempfile::tempdir().unwrap();
    let home = folder.path().to_str().unwrap();
    let at = |path: &str, scope: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("scope = \"{scope}\"")).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let scope = |flags: &MonitorArgs, environment: Environment| load(flags, &environment).unwrap().scope.value;
    let none = MonitorArgs::default();
    assert_eq!(scope(&none, Environment::from([("HOME", home)])), None);
    at(".config/pgherd/config.toml", "home");
    assert_eq!(
        scope(&none, Environment::from([("HOME", home)])).as_deref(),
        Some("home")
    );
    at("xdg/pgherd/config.toml", "xdg");
    let xdg = format!("{home}/xdg");
    let variables = [("HOME", home), ("XDG_CONFIG_HOME", xdg.as_str())];
    assert_eq!(scope(&none, Environment::from(variables)).as_deref(), Some("xdg"));
    let named = at("named.toml", "named");
    let variables = [("HOME", home), ("PGHERD_CONFIG", named.as_str())];
    assert_eq!(scope(&none, Environment::from(variables)).as_deref(), Some("named"));
    let flagged = at("flagged.toml", "flagged");
    let flags = self::flags(&["--config", &flagged]);
    assert_eq!(scope(&flags, Environment::from(variables)).as_deref(), Some("flagged"));

    let missing = format!("{home}/missing.toml");
    let error = load(&self::flags(&["--config", &missing]), &Environment::default()).unwrap_err();
    assert!(
        error.to_string().starts_with(&format!("{missing}: cannot read")),
        "{error}"
    );
}

#[test]
fn keys_are_changed_and_what_cannot_be_is_refused_with_both_places() {
    let settings = of_file("[keys]\nkill = \"F9\"\nstop = []\ntheme = [\"T\", \"ctrl-t\"]\nquit = \"Q\"").unwrap();
    assert_eq!(line(&settings, "keys.kill"), "keys.kill = [\"f9\"] # /c.toml:2");
    assert_eq!(line(&settings, "keys.stop"), "keys.stop = [] # /c.toml:3");
    assert_eq!(
        line(&settings, "keys.theme"),
        "keys.theme = [\"T\", \"ctrl-t\"] # /c.toml:4"
    );
    // Nobody is locked in.
    assert_eq!(
        line(&settings, "keys.quit"),
        "keys.quit = [\"Q\", \"ctrl-c\"] # /c.toml:5"
    );
    for (text, place, says) in [
        (
            "[keys]\nzoom = \"Z\"\ntheme = \"Z\"",
            "/c.toml:3",
            "Z cannot be theme: in /c.toml:2 it is zoom, and both count in one place",
        ),
        (
            "[keys]\nkill = \"s\"",
            "/c.toml:2",
            "s cannot be kill: in the default keys it is stop",
        ),
        ("[keys]\nzoom = \"esc\"", "/c.toml:2", "esc cannot be zoom"),
        (
            "[keys]\nkil = \"x\"",
            "/c.toml:2",
            "there is no command \"kil\" to bind; there is kill",
        ),
        (
            "[keys]\nconfirm = \"x\"",
            "/c.toml:2",
            "there is no command \"confirm\"",
        ),
        (
            "[keys]\nkill = [\"x\", \"hyper-x\"]",
            "/c.toml:2",
            "key of kill: \"hyper-x\" is no key",
        ),
        (
            "[keys]\nkill = 3",
            "/c.toml:2",
            "expected a key in quotes, or a list of keys",
        ),
    ] {
        let error = of_file(text).unwrap_err();
        assert_eq!(error.place, place, "{text}: {error}");
        assert!(error.problem.contains(says), "{text}: {error}");
    }
}

#[test]
fn the_sample_names_every_command_that_has_a_key() {
    let sample = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/assets/config.toml")).unwrap();
    let (_, list) = sample.split_once("The names are:").unwrap();
    let (list, _) = list.split_once("Answers to questions").unwrap();
    let words: Vec<&str> = list.split(|c: char| !c.is_ascii_lowercase() && c != '-').collect();
    for entry in entries().filter(|entry| entry.context.is_bindable()) {
        let name = entry.command.name().unwrap();
        assert!(words.contains(&name), "{name}");
    }
}
