//! The shipped cluster for real: two labs side by side, driven by the binary. Needs Docker, and says so where it is missing.

#![cfg(test)]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

/// A lab of a project of its own on free ports; gone at the end, data and files too, also when the test fails.
struct Lab {
    project: String,
    state: tempfile::TempDir,
}

impl Lab {
    fn new(name: &str) -> Self {
        require_docker();
        Self {
            project: format!("pgherd-test-{name}-{}", std::process::id()),
            state: tempfile::tempdir().unwrap(),
        }
    }

    /// Runs `pgherd lab` for this project; on free ports unless told otherwise.
    fn run(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pgherd"));
        command
            .arg("lab")
            .args(["--project", &self.project, "--profile", "fast"])
            .arg("--state-dir")
            .arg(self.state.path());
        for port in ["ENTRY", "STATS", "PG0", "PG1", "ZOOKEEPER"] {
            command.env(format!("PGHERD_LAB_{port}_PORT"), "0");
        }
        command.args(arguments).output().unwrap()
    }

    fn up(&self) -> String {
        let output = self.run(&["up"]);
        assert!(output.status.success(), "{}", text(&output));
        text(&output)
    }

    /// Container ids in the order of their names, stopped ones too.
    fn ids(&self) -> Vec<String> {
        let filter = format!("label=com.docker.compose.project={}", self.project);
        let list = docker(&[
            "ps",
            "-a",
            "--no-trunc",
            "--filter",
            &filter,
            "--format",
            "{{.Names}} {{.ID}} {{.State}}",
        ]);
        let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    }

    /// Names of its volumes without the project, in their order.
    fn volumes(&self) -> Vec<String> {
        let filter = format!("label=com.docker.compose.project={}", self.project);
        let list = docker(&["volume", "ls", "-q", "--filter", &filter]);
        let own = format!("{}_", self.project);
        let mut names: Vec<String> = list.lines().map(|name| name.replace(&own, "")).collect();
        names.sort();
        names
    }

    /// What PostgreSQL itself says, asked as the superuser inside of the container.
    fn sql(&self, query: &str) -> String {
        let container = format!("{}-pg-master", self.project);
        docker(&["exec", &container, "psql", "-h", "/tmp", "-Atc", query])
            .trim()
            .to_owned()
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        let output = self.run(&["down", "--volumes"]);
        // A second panic while the first one unwinds would abort and hide it.
        let fine = output.status.success() || std::thread::panicking();
        assert!(fine, "the lab {} is still there: {}", self.project, text(&output));
    }
}

fn text(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().unwrap();
    assert!(output.status.success(), "docker {arguments:?}: {}", text(&output));
    String::from_utf8(output.stdout).unwrap()
}

/// Fails, rather than passes without having looked, where there is no Docker.
fn require_docker() {
    let answer = Command::new("docker")
        .args(["version", "--format", "{{.Server.Version}}"])
        .output();
    assert!(
        answer.is_ok_and(|output| output.status.success()),
        "these tests run the real cluster and need a Docker daemon that answers (docker version fails here)"
    );
}

fn env_value(state: &Path, name: &str) -> String {
    let env = std::fs::read_to_string(state.join(".env")).unwrap();
    env.lines()
        .find_map(|line| line.strip_prefix(&format!("{name}=")))
        .unwrap()
        .to_owned()
}

/// One test, since its parts share the labs: two clusters take their time to start.
#[test]
fn labs_live_side_by_side_and_keep_their_data() {
    let (one, two) = (Lab::new("one"), Lab::new("two"));
    one.up();
    let before = one.ids();
    assert_eq!(before.len(), 4, "{before:?}");
    assert!(before.iter().all(|line| line.ends_with(" running")), "{before:?}");

    // The other one beside it disturbs nothing, and neither does a second `up`.
    two.up();
    let again = Instant::now();
    one.up();
    assert!(
        again.elapsed() < Duration::from_secs(20),
        "a second up took {:?}",
        again.elapsed()
    );
    assert_eq!(one.ids(), before);
    let system = "select system_identifier from pg_control_system()";
    let identifier = one.sql(system);
    assert_ne!(identifier, two.sql(system));
    assert!(
        text(&one.run(&["status"])).contains("\nhealthy"),
        "{}",
        text(&one.run(&["status"]))
    );
    roles_are_as_documented(&one);

    // A port of someone else: named, with its holder and the option.
    let port = env_value(two.state.path(), "LAB_ENTRY_PORT");
    let taken = one.run(&["up", "--entry-port", &port]);
    assert_eq!(taken.status.code(), Some(1));
    let said = text(&taken);
    assert!(
        said.contains(&format!(
            "port {port} on 127.0.0.1 is in use by container {}-postgres_entrypoint",
            two.project
        )),
        "{said}"
    );
    assert!(said.contains("--entry-port"), "{said}");
    assert_eq!(one.ids(), before);

    // Its data is that of one ZooKeeper server: three would not have it.
    let three = one.run(&["up", "--zookeepers", "3"]);
    assert_eq!(three.status.code(), Some(1));
    assert!(text(&three).contains("lab reset --zookeepers 3"), "{}", text(&three));
    assert_eq!(one.ids(), before);

    // A container of somebody else on its network: nothing is taken down.
    let guest = format!("{}-guest", one.project);
    let (network, image) = (
        format!("{}_data", one.project),
        env_value(one.state.path(), "LAB_ZOOKEEPER_IMAGE"),
    );
    let run = ["run", "-d", "--name", &guest, "--network", &network];
    docker(&[&run[..], &["--entrypoint", "sleep", &image, "120"]].concat());
    let refused = one.run(&["down"]);
    docker(&["rm", "-f", &guest]);
    let said = text(&refused);
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!("container {guest} is on the lab's network {network}")),
        "{said}"
    );
    assert_eq!(one.ids(), before);

    // Down keeps the data, the leader stops cleanly, and the same ports come back.
    let entry = env_value(one.state.path(), "LAB_ENTRY_PORT");
    assert!(one.run(&["down"]).status.success());
    assert!(one.ids().is_empty());
    let mut volumes = one.volumes();
    // docker-compose 1 makes those of an ensemble too, empty.
    volumes.retain(|name| !["zoo2", "zoo3"].contains(&name.as_str()));
    assert_eq!(volumes, ["pg-master", "pg-slave", "zoo"]);
    let gone = one.run(&["status"]);
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone).contains("no containers"), "{}", text(&gone));
    one.up();
    assert_eq!(one.sql(system), identifier);
    assert_eq!(env_value(one.state.path(), "LAB_ENTRY_PORT"), entry);

    // A container that cannot live is an error with its own words, not a timeout.
    a_dead_container_is_explained(&two);

    // Reset makes another cluster; `down --volumes` leaves nothing.
    let reset = one.run(&["reset"]);
    assert!(reset.status.success(), "{}", text(&reset));
    assert_ne!(one.sql(system), identifier);
    assert!(one.run(&["down", "--volumes"]).status.success());
    assert_eq!((one.ids(), one.volumes()), (Vec::new(), Vec::new()));
}

fn roles_are_as_documented(lab: &Lab) {
    let roles = "select string_agg(rolname || case when rolsuper then '!' else '' end, ',' order by rolname) \
                 from pg_roles where rolcanlogin";
    assert_eq!(lab.sql(roles), "pgherd,pgherd_probe,postgres!,replicator,rewind");
    assert_eq!(lab.sql("select pg_has_role('pgherd', 'pg_monitor', 'member')"), "t");
    // From outside, through the published ports' way: the container address, with a password.
    let container = format!("{}-pg-slave", lab.project);
    let url = "postgresql://pgherd:pgherd@pg-master/postgres";
    assert_eq!(
        docker(&["exec", &container, "psql", url, "-Atc", "select current_user"]).trim(),
        "pgherd"
    );
    let wrong = [
        "exec",
        &container,
        "psql",
        "postgresql://pgherd:wrong@pg-master/postgres",
        "-c",
        "select 1",
    ];
    assert!(!Command::new("docker").args(wrong).output().unwrap().status.success());
}

/// ZooKeeper's data folder belongs to another user: it gives up at once, and `up` must say so instead of waiting.
fn a_dead_container_is_explained(lab: &Lab) {
    assert!(lab.run(&["down"]).status.success());
    let mount = format!("{}_zoo:/data", lab.project);
    let image = env_value(lab.state.path(), "LAB_ZOOKEEPER_IMAGE");
    docker(&[
        "run",
        "--rm",
        "--user",
        "root",
        "--entrypoint",
        "sh",
        "-v",
        &mount,
        &image,
        "-c",
        "chown root /data && chmod 700 /data",
    ]);
    let output = lab.run(&["up"]);
    let said = text(&output);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(
        said.contains(&format!(
            "{}-zoo ended while the cluster was starting: exited with code",
            lab.project
        )),
        "{said}"
    );
    assert!(said.contains("its last log lines:\n  | "), "{said}");
}

#[test]
fn a_port_held_by_a_process_is_named() {
    let lab = Lab::new("port");
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let output = lab.run(&["up", "--zookeeper-port", &port]);
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(
        said.contains(&format!("port {port} on 127.0.0.1 is in use by ")),
        "{said}"
    );
    assert!(
        said.contains(&format!("(pid {})", std::process::id())) && said.contains("--zookeeper-port"),
        "{said}"
    );
    assert!(lab.ids().is_empty());
}

#[test]
fn without_a_daemon_it_says_what_to_do() {
    let state = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgherd"));
    command
        .args(["lab", "up", "--project", "pgherd-test-none"])
        .arg("--state-dir")
        .arg(state.path());
    let output = command
        .env("DOCKER_HOST", "unix:///nonexistent/docker.sock")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = text(&output);
    assert!(
        said.contains("the Docker daemon does not answer") && said.contains("systemctl start docker"),
        "{said}"
    );
}

#[test]
fn wrong_usage_is_another_exit_code() {
    let output = Command::new(env!("CARGO_BIN_EXE_pgherd"))
        .args(["lab", "up", "--project", "No Name"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
}

/// A daemon that accepts and never answers.
#[test]
fn a_hanging_daemon_is_an_error_in_time() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("docker.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgherd"));
    command
        .args(["lab", "status", "--project", "pgherd-test-hang"])
        .arg("--state-dir")
        .arg(folder.path());
    let started = Instant::now();
    let output = command
        .env("DOCKER_HOST", format!("unix://{}", socket.display()))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(
        text(&output).contains("no answer to a ping within"),
        "{}",
        text(&output)
    );
}
