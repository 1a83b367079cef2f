//! A lab of the tests' own, beside a user's: started by the binary itself, taken down when the test process ends.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    clippy::unused_self,
    reason = "each test uses its own part of this and fails by panicking"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;

/// The binary under test.
pub(crate) const PGHERD: &str = env!("CARGO_BIN_EXE_pgherd");
/// Compose project of the tests.
pub(crate) const PROJECT: &str = "pgherd-test";
/// The members' networks: to each other and to HAProxy, and to ZooKeeper.
pub(crate) const NETWORKS: [&str; 2] = ["data", "store"];
/// The members' containers.
pub(crate) const NODES: [&str; 2] = ["pg-master", "pg-slave"];

/// The running lab; holding it keeps other tests of this process away from it, so whoever touches it needs it.
pub(crate) struct Lab {
    _alone: MutexGuard<'static, bool>,
}

static STARTED: Mutex<bool> = Mutex::new(false);
static OTHER: OnceLock<Other> = OnceLock::new();

/// Another lab than the usual one.
struct Other {
    project: String,
    profile: String,
    zookeepers: &'static str,
}

/// A lab of another project and profile; a process has one lab, so this comes before anything else.
pub(crate) fn lab_of(project: &str, profile: &str) -> Lab {
    let (project, profile) = (project.to_owned(), profile.to_owned());
    let other = OTHER.set(Other {
        project,
        profile,
        zookeepers: "1",
    });
    assert!(other.is_ok());
    lab()
}

/// A lab with three ZooKeeper servers, for all tests of the process.
pub(crate) fn lab_with_an_ensemble(project: &str) -> Lab {
    OTHER.get_or_init(|| Other {
        project: project.to_owned(),
        profile: "fast".to_owned(),
        zookeepers: "3",
    });
    lab()
}

/// Compose project of this process' lab.
pub(crate) fn project() -> &'static str {
    OTHER.get().map_or(PROJECT, |other| &other.project)
}

fn profile() -> &'static str {
    OTHER.get().map_or("fast", |other| &other.profile)
}

fn zookeepers() -> &'static str {
    OTHER.get().map_or("1", |other| other.zookeepers)
}

/// The binary under test, or another one that `PGHERD_BIN` names.
pub(crate) fn program() -> String {
    std::env::var("PGHERD_BIN").unwrap_or_else(|_| PGHERD.to_owned())
}

/// The lab, healthy. Fails, and says so, where Docker is missing: these tests are no optional ones.
pub(crate) fn lab() -> Lab {
    let mut started = STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    let docker = Command::new("docker").arg("info").output();
    assert!(
        docker.is_ok_and(|info| info.status.success()),
        "these tests need a Docker engine that answers `docker info`; \
         `cargo test --lib --test architecture --test terminal --test record` are those without"
    );
    if !*started {
        reserve();
        *started = true;
    }
    let lab = Lab { _alone: started };
    lab.heal();
    lab
}

impl Lab {
    /// Thaws and starts whatever a test left, and waits until `lab up` is content.
    pub(crate) fn heal(&self) {
        for service in ["zoo", "zoo2", "zoo3", "pg-master", "pg-slave", "postgres_entrypoint"] {
            let _ = Command::new("docker").args(["unpause", &container(service)]).output();
        }
        for service in NODES {
            for network in NETWORKS {
                // Most often it is connected, or not there yet.
                let _ = Command::new("docker").args(connected(network, service)).output();
            }
        }
        let up = pgherd(&["lab", "up", "--profile", profile(), "--zookeepers", zookeepers()]);
        assert!(
            up.status.success(),
            "lab up: {}\n{}",
            text(&up.stdout),
            text(&up.stderr)
        );
    }

    /// `docker <verb> <container>`.
    pub(crate) fn docker(&self, verb: &str, service: &str) {
        docker(&[verb, &container(service)]);
    }

    /// What `docker inspect` says of it in that format.
    pub(crate) fn inspect(&self, service: &str, format: &str) -> String {
        docker(&["inspect", "-f", format, &container(service)])
            .trim()
            .to_owned()
    }

    /// Takes a member's container off the lab's networks.
    pub(crate) fn cut_off(&self, service: &str) {
        for network in NETWORKS {
            docker(&["network", "disconnect", &of_project(network), &container(service)]);
        }
    }

    /// Puts it back, under the names by which the others know it.
    pub(crate) fn reconnect(&self, service: &str) {
        for network in NETWORKS {
            let words = connected(network, service);
            docker(&words.iter().map(String::as_str).collect::<Vec<_>>());
        }
    }

    /// Runs a command in a container; gives its output.
    pub(crate) fn run_in(&self, service: &str, command: &[&str]) -> String {
        docker(&[&["exec", &container(service)], command].concat())
    }

    /// The member that leads, by Patroni's own word: `GET /cluster` of any member that answers.
    pub(crate) fn leader(&self) -> Option<String> {
        let members = self.cluster()?;
        let leader = members.iter().find(|member| member["role"] == "leader")?;
        Some(leader["name"].as_str()?.to_owned())
    }

    /// State of a member by Patroni's own word.
    pub(crate) fn state(&self, name: &str) -> Option<String> {
        let members = self.cluster()?;
        Some(
            members.iter().find(|member| member["name"] == name)?["state"]
                .as_str()?
                .to_owned(),
        )
    }

    /// True if the service itself answers, asked directly: what "reachable again" means.
    pub(crate) fn answers(&self, service: &str) -> bool {
        let Some(address) = self.address(service) else {
            return false;
        };
        match service {
            "zoo" => ask(&address, 2181, "srvr").is_some_and(|answer| answer.starts_with("Zookeeper version")),
            "postgres_entrypoint" => http(&address, 7000, "/;csv").is_some_and(|csv| csv.starts_with("# pxname")),
            _ => {
                let query = ["exec", &container(service), "pg_isready", "-q", "-h", "127.0.0.1"];
                Command::new("docker")
                    .args(query)
                    .output()
                    .is_ok_and(|output| output.status.success())
            }
        }
    }

    /// What a ZooKeeper server says that it is, asked directly: `leader`, `follower`; nothing if it does not serve.
    pub(crate) fn mode(&self, service: &str) -> Option<String> {
        let answer = ask(&self.address(service)?, 2181, "srvr")?;
        let mode = answer.lines().find_map(|line| line.strip_prefix("Mode: "))?;
        Some(mode.to_owned())
    }

    /// Waits until `ready`.
    pub(crate) fn wait(&self, what: &str, limit: Duration, ready: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !ready(self) {
            assert!(
                begun.elapsed() < limit,
                "not within {limit:?}: {what}: {:?}",
                self.cluster()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// What Patroni in that service answers to `GET path`.
    pub(crate) fn patroni(&self, service: &str, path: &str) -> Option<Value> {
        serde_json::from_str(&http(&self.address(service)?, 8008, path)?).ok()
    }

    fn cluster(&self) -> Option<Vec<Value>> {
        NODES.iter().find_map(|service| {
            let body = http(&self.address(service)?, 8008, "/cluster")?;
            let document: Value = serde_json::from_str(&body).ok()?;
            document["members"].as_array().cloned()
        })
    }

    /// Its address in one of the lab's networks.
    pub(crate) fn address(&self, service: &str) -> Option<String> {
        let format = "{{range .NetworkSettings.Networks}}{{.IPAddress}} {{end}}";
        let output = Command::new("docker")
            .args(["inspect", "-f", format, &container(service)])
            .output()
            .ok()?;
        text(&output.stdout).split_whitespace().next().map(str::to_owned)
    }
}

/// Runs docker; gives what it printed.
fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(
        output.status.success(),
        "docker {}: {}",
        arguments.join(" "),
        text(&output.stderr)
    );
    text(&output.stdout)
}

/// The words that put a member's container on one of the networks.
fn connected(network: &str, service: &str) -> Vec<String> {
    let mut words = vec!["network".to_owned(), "connect".to_owned()];
    let known_as = [service.to_owned(), format!("{service}.data")];
    for alias in known_as.into_iter().take(if network == "data" { 2 } else { 1 }) {
        words.extend(["--alias".to_owned(), alias]);
    }
    words.extend([of_project(network), container(service)]);
    words
}

/// A network of the tests' lab, as Docker calls it.
pub(crate) fn of_project(network: &str) -> String {
    format!("{}_{network}", project())
}

/// Container name of a service of the tests' lab.
fn container(service: &str) -> String {
    format!("{}-{service}", project())
}

/// The service that runs a member.
pub(crate) fn service_of(member: &str) -> &'static str {
    if member == "postgresql0" {
        "pg-master"
    } else {
        "pg-slave"
    }
}

/// `pgherd …` on the tests' lab, with journals of its own.
pub(crate) fn on_lab(state: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(PGHERD);
    command
        .env("XDG_STATE_HOME", state)
        .args(["--cluster", project()])
        .args(args)
        .stdin(Stdio::null());
    command
}

/// Runs the binary on the tests' lab.
pub(crate) fn pgherd(args: &[&str]) -> std::process::Output {
    let mut command = Command::new(program());
    for port in ["STATS", "PG0", "PG1", "ZOOKEEPER"] {
        command.env(format!("PGHERD_LAB_{port}_PORT"), "0");
    }
    command
        .env("PGHERD_LAB_ENTRY_PORT", entry_port())
        .env("PGHERD_LAB_PROJECT", project())
        .env("PGHERD_LAB_STATE_DIR", state_dir());
    command.args(args).stdin(Stdio::null()).output().unwrap()
}

/// Clients know one address and no other, also after HAProxy was away: a free port that stays the same.
fn entry_port() -> &'static str {
    static PORT: OnceLock<String> = OnceLock::new();
    PORT.get_or_init(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.local_addr().unwrap().port().to_string()
    })
}

fn lock() -> String {
    std::env::temp_dir()
        .join(format!("{}.lock", project()))
        .display()
        .to_string()
}

fn state_dir() -> String {
    format!("{}/{}", env!("CARGO_TARGET_TMPDIR"), project())
}

/// Waits until no other run has the lab, from whichever checkout, and keeps it: a shell holds the lock until this process
/// has ended, however it ended, and the lab is down.
#[expect(clippy::zombie_processes, reason = "it outlives this process, which is its purpose")]
fn reserve() {
    let script = format!(
        "echo ours; exec >/dev/null 2>&1; cat; {} lab down --volumes --project {} --state-dir '{}'",
        program(),
        project(),
        state_dir()
    );
    let mut child = Command::new("setsid")
        .args(["flock", &lock(), "sh", "-c", &script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let shell = child.stdout.take().unwrap();
    BufReader::new(shell).read_line(&mut said).unwrap();
    assert_eq!(said.trim_end(), "ours", "the lock of the tests' lab: {}", lock());
    // The pipe stays open until this process is gone.
    std::mem::forget(child.stdin.take());
}

/// The body of `GET path`.
pub(crate) fn http(host: &str, port: u16, path: &str) -> Option<String> {
    let answer = ask(host, port, &format!("GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n"))?;
    answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

fn ask(host: &str, port: u16, words: &str) -> Option<String> {
    let address = format!("{host}:{port}").parse().ok()?;
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_secs(1)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(3))).ok()?;
    stream.write_all(words.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
