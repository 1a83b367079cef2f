//! Containers of our own that write numbered lines, and are taken for a cluster.

#![allow(dead_code, reason = "each test uses its own part of this")]

use std::io::Write as _;
use std::process::{Command, Stdio};

/// Any image with a shell does; the first is of the lab's making.
const IMAGES: [&str; 2] = ["pgherd-lab-base:trixie", "debian:trixie-slim"];

/// What `docker` says to that; fails if it does not work.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "docker {arguments:?}: {said}");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// Some containers under one compose project; they go with this.
pub(crate) struct Herd {
    pub(crate) project: String,
    names: Vec<String>,
}

impl Herd {
    pub(crate) fn new(what: &str) -> Self {
        Self {
            project: format!("pgherd-logs-{what}-{}", std::process::id()),
            names: Vec::new(),
        }
    }

    /// Starts a container that runs `script`; gives its name.
    pub(crate) fn add(&mut self, service: &str, script: &str) -> String {
        self.start(service, script, &[])
    }

    /// The same on a terminal: one output.
    pub(crate) fn add_terminal(&mut self, service: &str, script: &str) -> String {
        self.start(service, script, &["--tty"])
    }

    /// The same, with a log whose files the daemon changes every few thousand bytes, and keeps.
    pub(crate) fn add_rotated(&mut self, service: &str, script: &str) -> String {
        self.start(service, script, &["--log-opt=max-size=200k", "--log-opt=max-file=500"])
    }

    fn start(&mut self, service: &str, script: &str, options: &[&str]) -> String {
        let name = format!("{}-{service}", self.project);
        let label = |key: &str, value: &str| format!("--label=com.docker.compose.{key}={value}");
        let (project, called) = (label("project", &self.project), label("service", service));
        let member = format!("-ePATRONI_NAME={service}");
        let create = [
            "create",
            "--stop-timeout=2",
            // A daemon that keeps little must not take lines away while they are counted.
            "--log-driver=json-file",
            "--log-opt=max-size=1g",
            "--name",
            &name,
            &project,
            &called,
            "-ePATRONI_SCOPE=chatty",
            &member,
        ];
        docker(&[&create, options, &[image(), "sh", "/chatty.sh"]].concat());
        self.names.push(name.clone());
        copy(script, &name);
        docker(&["start", &name]);
        name
    }
}

impl Drop for Herd {
    fn drop(&mut self) {
        for name in &self.names {
            let _ = Command::new("docker").args(["rm", "-f", "-v", name]).output();
        }
    }
}

/// Through an archive, since the daemon may not see our files.
fn copy(script: &str, name: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("chatty.sh"), script).unwrap();
    let archive = Command::new("tar")
        .args(["-c", "-C", folder.path().to_str().unwrap(), "chatty.sh"])
        .output()
        .unwrap();
    let mut copy = Command::new("docker")
        .args(["cp", "-", &format!("{name}:/")])
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    copy.stdin.take().unwrap().write_all(&archive.stdout).unwrap();
    assert!(copy.wait().unwrap().success());
}

fn image() -> &'static str {
    let there = |image: &&str| {
        let found = Command::new("docker").args(["image", "inspect", image]).output();
        found.unwrap().status.success()
    };
    IMAGES
        .into_iter()
        .find(there)
        .expect("an image with a shell: `pgherd lab up` makes one")
}

/// The lines that Docker itself has of both outputs.
pub(crate) fn whole_log(name: &str) -> [Vec<String>; 2] {
    let output = Command::new("docker").args(["logs", name]).output().unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect())
}
