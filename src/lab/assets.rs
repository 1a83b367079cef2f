//! The files of the lab, embedded in the binary: their content hash, and writing them to the state folder.
//! Knows nothing of Docker.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use sha2::{Digest, Sha256};

/// One embedded file.
#[derive(Debug, Clone, Copy)]
struct Asset {
    name: &'static str,
    text: &'static str,
    /// The images it is copied into; none: only read by `docker build` or compose.
    stages: &'static [Stage],
    executable: bool,
}

macro_rules! asset {
    ($name:literal, [$($stage:ident),*], executable: $executable:literal) => {
        Asset {
            name: $name,
            text: include_str!(concat!("../../assets/lab/", $name)),
            stages: &[$(Stage::$stage),*],
            executable: $executable,
        }
    };
}

const ASSETS: [Asset; 9] = [
    asset!("Dockerfile", [], executable: false),
    asset!("docker-compose.yml", [], executable: false),
    asset!("docker-entrypoint.sh", [Postgres, Zookeeper], executable: true),
    asset!("haproxy.cfg", [Haproxy], executable: false),
    asset!("logback.xml", [Zookeeper], executable: false),
    asset!("post-bootstrap.sh", [Postgres], executable: true),
    asset!("postgres0.yml", [Postgres], executable: false),
    asset!("postgres1.yml", [Postgres], executable: false),
    asset!("zoo.cfg", [Zookeeper], executable: false),
];

/// The stages of the Dockerfile: one image each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Patroni and `PostgreSQL`.
    Postgres,
    /// `ZooKeeper`.
    Zookeeper,
    /// `HAProxy`.
    Haproxy,
}

impl Stage {
    /// All of them, the slowest to build first.
    pub(super) const ALL: [Self; 3] = [Self::Postgres, Self::Zookeeper, Self::Haproxy];

    /// Name in the Dockerfile.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Postgres => "postgres",
            Self::Zookeeper => "zookeeper",
            Self::Haproxy => "haproxy",
        }
    }

    /// Image reference with the content hash as tag.
    pub(super) fn image(self) -> String {
        let hash = self.content_hash();
        format!("pgherd-lab-{}:{}", self.name(), hash.get(..12).unwrap_or(&hash))
    }

    /// SHA-256, in hexadecimal, over the stage's part of the Dockerfile and the names and contents of all files in it.
    pub(super) fn content_hash(self) -> String {
        let build = dockerfile(self);
        let files = ASSETS
            .iter()
            .filter(|asset| asset.stages.contains(&self))
            .map(|asset| (asset.name, asset.text));
        hash_of(std::iter::once(("Dockerfile", build.as_str())).chain(files))
    }
}

/// The text of an embedded file.
pub(super) fn text(name: &str) -> Option<&'static str> {
    ASSETS.iter().find(|asset| asset.name == name).map(|asset| asset.text)
}

/// Lengths are hashed too: moving a byte from one file to the next is another content.
fn hash_of<'a>(files: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut hash = Sha256::new();
    for (name, text) in files {
        for part in [name, text] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The part of the Dockerfile that makes one stage, as a Dockerfile of its own: the legacy builder runs every stage before
/// its target, and the stages could not be built beside each other.
pub(super) fn dockerfile(stage: Stage) -> String {
    stage_of(text("Dockerfile").unwrap_or_default(), stage.name())
}

fn stage_of(dockerfile: &str, stage: &str) -> String {
    let (mut before, mut inside) = (true, false);
    let mut part = String::new();
    for line in dockerfile.lines() {
        if line.starts_with("FROM ") {
            before = false;
            inside = line.split_whitespace().next_back() == Some(stage);
        }
        if inside || (before && line.starts_with("ARG ")) {
            part.push_str(line);
            part.push('\n');
        }
    }
    part
}

/// Writes all files into the folder (made if absent); a file that is as it should be is left alone.
pub(super) fn write_to(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for asset in ASSETS {
        write_if_changed(&folder.join(asset.name), asset.text)?;
        let mode = if asset.executable { 0o755 } else { 0o644 };
        fs::set_permissions(folder.join(asset.name), fs::Permissions::from_mode(mode))?;
    }
    for stage in Stage::ALL {
        write_if_changed(&folder.join(format!("Dockerfile.{}", stage.name())), &dockerfile(stage))?;
    }
    // What Docker sends to its daemon for a build; the choices made on this host are none of its business.
    write_if_changed(&folder.join(".dockerignore"), ".env\ndocker-compose.yml\n")
}

/// Writes a file unless it has this content already.
pub(super) fn write_if_changed(path: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        Ok(())
    } else {
        fs::write(path, text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hash_depends_on_every_byte_and_its_place() {
        let base = hash_of([("a", "x"), ("b", "y")].into_iter());
        assert_eq!(base.len(), 64);
        assert_eq!(base, hash_of([("a", "x"), ("b", "y")].into_iter()));
        for other in [
            [("a", "x"), ("b", "z")],
            [("a", "xb"), ("", "y")],
            [("b", "y"), ("a", "x")],
        ] {
            assert_ne!(base, hash_of(other.into_iter()));
        }
    }

    #[test]
    fn each_stage_has_its_own_dockerfile() {
        for stage in Stage::ALL {
            let part = dockerfile(stage);
            assert!(
                part.starts_with("ARG BASE_IMAGE=debian:trixie-slim\nFROM ${BASE_IMAGE} AS "),
                "{part}"
            );
            assert_eq!(part.matches("FROM ").count(), 1);
            assert!(part.contains("CMD ["));
        }
        assert_eq!(
            stage_of("ARG A\nFROM a AS x\nRUN 1\nFROM x AS y\nRUN 2\n", "y"),
            "ARG A\nFROM x AS y\nRUN 2\n"
        );
    }

    #[test]
    fn what_a_stage_copies_is_what_its_hash_covers() {
        for stage in Stage::ALL {
            let build = dockerfile(stage);
            for asset in ASSETS {
                let copied = build
                    .lines()
                    .any(|line| line.starts_with("COPY ") && line.split(' ').any(|word| word == asset.name));
                assert_eq!(
                    copied,
                    asset.stages.contains(&stage),
                    "{} in {}",
                    asset.name,
                    stage.name()
                );
            }
        }
        assert_ne!(Stage::Postgres.content_hash(), Stage::Haproxy.content_hash());
    }

    #[test]
    fn every_file_ends_with_a_newline() {
        // HAProxy refuses a configuration without.
        for asset in ASSETS {
            assert!(
                asset.text.ends_with('\n') && !asset.text.contains('\r'),
                "{}",
                asset.name
            );
        }
    }

    #[test]
    fn folder_is_a_build_context_and_rewriting_touches_nothing() {
        let folder = tempfile::tempdir().unwrap();
        write_to(folder.path()).unwrap();
        let script = folder.path().join("docker-entrypoint.sh");
        assert_eq!(fs::metadata(&script).unwrap().permissions().mode() & 0o777, 0o755);
        let written = fs::metadata(&script).unwrap().modified().unwrap();
        write_to(folder.path()).unwrap();
        assert_eq!(fs::metadata(&script).unwrap().modified().unwrap(), written);
    }
}
