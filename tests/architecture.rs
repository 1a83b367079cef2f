//! Holds the layers: each names only those below it. Reads every `crate::…` path of the source, not only `use` lines.

#![cfg(test)]

use std::fs;
use std::path::{Path, PathBuf};

/// Each layer and what it may name beside itself.
const LAYERS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("net", &["model"]),
    ("source", &["model", "net"]),
    ("action", &["model", "net"]),
    ("journal", &["model"]),
    ("app", &["model"]),
    ("record", &["model", "app"]),
    ("ui", &["model", "app"]),
    ("report", &["model", "app"]),
    ("config", &["model", "net", "source", "action", "app", "ui"]),
    ("lab", &["model", "config"]),
    (
        "runtime",
        &[
            "model", "net", "source", "action", "journal", "app", "record", "ui", "report", "config", "lab",
        ],
    ),
];

/// Crates that a layer must not know, so that it stays what it is.
const FOREIGN: &[(&str, &[&str])] = &[
    (
        "model",
        &[
            "tokio",
            "ratatui",
            "crossterm",
            "serde_json",
            "bollard",
            "hyper",
            "log",
            "std::time::Instant",
            "SystemTime",
        ],
    ),
    (
        "app",
        &[
            "tokio",
            "ratatui",
            "bollard",
            "hyper",
            "std::fs",
            "std::env",
            "std::time::Instant",
            "SystemTime",
        ],
    ),
    (
        "ui",
        &[
            "tokio::",
            "bollard",
            "hyper",
            "std::fs",
            "std::env",
            "std::time::Instant",
            "SystemTime",
        ],
    ),
    (
        "report",
        &[
            "tokio",
            "ratatui",
            "crossterm",
            "bollard",
            "hyper",
            "std::fs",
            "std::env",
            "std::time::Instant",
            "SystemTime",
        ],
    ),
    (
        "record",
        &["tokio", "ratatui", "bollard", "hyper", "std::env", "SystemTime"],
    ),
    ("net", &["ratatui", "crossterm", "clap", "bollard", "SystemTime"]),
    ("source", &["ratatui", "crossterm", "clap", "SystemTime"]),
    ("action", &["ratatui", "crossterm", "clap", "SystemTime"]),
    (
        "journal",
        &["tokio", "ratatui", "bollard", "hyper", "std::env", "SystemTime"],
    ),
];

#[test]
fn every_layer_looks_down_only() {
    let mut wrong = Vec::new();
    for file in sources() {
        let layer = layer_of(&file);
        let Some((_, allowed)) = LAYERS.iter().find(|(name, _)| *name == layer) else {
            assert!(
                layer == "lib" || layer == "main",
                "{}: no layer is called {layer}",
                file.display()
            );
            continue;
        };
        for (number, line) in code_lines(&file) {
            for named in paths_into_the_crate(&line) {
                if named != layer && LAYERS.iter().any(|(name, _)| *name == named) && !allowed.contains(&named.as_str())
                {
                    wrong.push(format!("{}:{number}: {layer} names {named}", file.display()));
                }
            }
            let foreign = FOREIGN
                .iter()
                .filter(|(name, _)| *name == layer)
                .flat_map(|(_, foreign)| foreign.iter());
            for name in foreign.filter(|name| mentions(&line, name)) {
                wrong.push(format!("{}:{number}: {layer} knows {name}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn every_file_says_what_it_is_and_stays_small() {
    for file in sources() {
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("//!"), "{} does not open with //!", file.display());
        let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
        assert!(
            lines <= 400,
            "{} has {lines} lines before its tests: split it by meaning",
            file.display()
        );
        assert!(
            !file.ends_with("mod.rs"),
            "{}: foo.rs beside foo/, not mod.rs",
            file.display()
        );
    }
}

#[test]
fn the_checks_see_a_violation() {
    assert_eq!(paths_into_the_crate("use crate::{app::App, ui::draw};"), ["app", "ui"]);
    assert_eq!(paths_into_the_crate("    let x = crate::runtime::main();"), ["runtime"]);
    assert!(mentions("use tokio::sync::mpsc;", "tokio"));
    assert!(!mentions("use crate::model::store::Thing;", "tokio"));
}

fn sources() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && !is_for_tests(&path) {
                files.push(path);
            }
        }
    }
    assert!(files.len() > 20, "only {} files found", files.len());
    files.sort();
    files
}

/// Modules that exist in test builds only.
fn is_for_tests(file: &Path) -> bool {
    file.file_stem()
        .is_some_and(|stem| ["tests", "fixture", "fake"].iter().any(|name| stem == *name))
}

fn layer_of(file: &Path) -> String {
    let inside = file
        .strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
        .unwrap();
    let first = inside
        .components()
        .next()
        .unwrap()
        .as_os_str()
        .to_string_lossy()
        .into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// Lines up to the unit tests, without comments: tests may use fixtures of other layers.
fn code_lines(file: &Path) -> Vec<(usize, String)> {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").enumerate();
    lines
        .map(|(index, line)| (index + 1, line.split("//").next().unwrap_or_default().to_owned()))
        .collect()
}

fn paths_into_the_crate(line: &str) -> Vec<String> {
    let word = |text: &str| {
        text.chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect::<String>()
    };
    let mut found = Vec::new();
    for (_, rest) in line
        .match_indices("crate::")
        .map(|(at, path)| (at, &line[at + path.len()..]))
    {
        match rest.strip_prefix('{') {
            Some(group) => found.extend(group.split(',').map(|item| word(item.trim()))),
            None => found.push(word(rest)),
        }
    }
    found
}

fn mentions(line: &str, name: &str) -> bool {
    line.match_indices(name).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + name.len()..].chars().next();
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':');
        !inside(before) && (name.ends_with("::") || !after.is_some_and(|c| c.is_alphanumeric() || c == '_'))
    })
}
