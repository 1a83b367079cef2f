//! Which part of a cluster a container is, from how it was made. Pure; names of containers do not count.

use std::collections::HashMap;

use crate::model::container::ContainerKind;
use crate::model::name::MemberName;
use crate::model::text::clean_line;

/// How a container was made. No `Debug`: the environment holds passwords.
#[derive(Clone, Copy)]
pub struct Making<'a> {
    /// Image as it was asked for: `registry:5000/team/zookeeper:3.9`.
    pub image: &'a str,
    /// Entry point and arguments.
    pub command: &'a [String],
    /// `NAME=value`.
    pub env: &'a [String],
    /// Ports exposed or published, inside.
    pub ports: &'a [u16],
    /// Labels.
    pub labels: &'a HashMap<String, String>,
}

#[derive(Clone, Copy)]
enum Part {
    Patroni,
    ZooKeeper,
    Proxy,
}

/// What the program says counts most; image, environment and ports only where the program is a script of the image.
/// What compose runs once beside the services (`docker-compose run`) is no part of the cluster.
pub fn recognise(making: Making<'_>) -> ContainerKind {
    let once = making.labels.get("com.docker.compose.oneoff");
    if once.is_some_and(|once| once.eq_ignore_ascii_case("true")) {
        return ContainerKind::Other;
    }
    let mut script = true;
    for run in programs(making.command) {
        if let Some((part, because)) = known_program(&run, making) {
            return kind(part, making, &because);
        }
        script &= is_script(&run);
    }
    if !script {
        return ContainerKind::Other;
    }
    match by_surroundings(making) {
        Some((part, because)) => kind(part, making, &because),
        None => ContainerKind::Other,
    }
}

fn kind(part: Part, making: Making<'_>, because: &str) -> ContainerKind {
    let because = clean_line(because);
    match part {
        Part::Patroni => ContainerKind::Patroni {
            scope: making
                .variable("PATRONI_SCOPE")
                .or_else(|| making.variable("SCOPE"))
                .map(clean_line),
            member: making.variable("PATRONI_NAME").map(MemberName::from),
            because,
        },
        Part::ZooKeeper => ContainerKind::ZooKeeper { because },
        Part::Proxy => ContainerKind::Proxy { because },
    }
}

impl<'a> Making<'a> {
    fn variable(&self, name: &str) -> Option<&'a str> {
        self.env
            .iter()
            .find_map(|entry| entry.split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    }

    fn has_variable_of(&self, prefix: &str) -> bool {
        self.env.iter().any(|entry| entry.starts_with(prefix))
    }

    /// Last part of the image's name, without tag and digest.
    fn image_name(&self) -> &'a str {
        let name = self.image.split('@').next().unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default();
        name.split(':').next().unwrap_or_default()
    }
}

/// The commands that are run, each as its program and arguments, without the wrappers in front. A shell script given
/// with `-c` counts as all of its commands.
fn programs(command: &[String]) -> Vec<Vec<&str>> {
    let Some(at) = command
        .iter()
        .position(|word| word == "-c" || word == "-lc" || word == "-ec")
    else {
        return strip_wrappers(command.iter().map(String::as_str)).into_iter().collect();
    };
    let shell = command
        .get(..at)
        .is_some_and(|before| before.iter().any(|word| is_shell(base(word))));
    if !shell {
        return strip_wrappers(command.iter().map(String::as_str)).into_iter().collect();
    }
    let Some(script) = command.get(at + 1) else {
        return Vec::new();
    };
    script
        .split([';', '&', '|', '\n'])
        .filter_map(|part| strip_wrappers(part.split_whitespace()))
        .collect()
}

fn strip_wrappers<'a>(words: impl Iterator<Item = &'a str>) -> Option<Vec<&'a str>> {
    let mut words = words.peekable();
    let mut inside = false;
    let mut shell = None;
    while let Some(&word) = words.peek() {
        let name = base(word);
        if is_shell(name) {
            shell = Some(word);
        } else if !name.starts_with('-') {
            shell = None;
        }
        let wrapper = is_shell(name)
            || matches!(
                name,
                "tini" | "dumb-init" | "docker-init" | "catatonit" | "env" | "exec" | "--"
            )
            || name.contains("entrypoint")
            || name.contains('=');
        if matches!(name, "gosu" | "su-exec") {
            words.nth(1); // the user
        } else if wrapper || (inside && name.starts_with('-')) {
            words.next();
        } else {
            break;
        }
        inside = true;
    }
    let run: Vec<&str> = words.collect();
    if run.is_empty() {
        // A shell with nothing to run is what somebody types into.
        return shell.map(|shell| vec![shell]);
    }
    Some(run)
}

fn is_shell(name: &str) -> bool {
    matches!(name, "sh" | "bash" | "ash" | "dash" | "zsh")
}

fn base(word: &str) -> &str {
    word.rsplit('/').next().unwrap_or(word)
}

fn known_program(run: &[&str], making: Making<'_>) -> Option<(Part, String)> {
    let (path, arguments) = run.split_first()?;
    let program = base(path);
    let found = |part| Some((part, format!("runs {program}")));
    if program.starts_with("python") {
        let mut arguments = arguments.iter().filter(|word| !word.starts_with('-'));
        return match arguments.next().map(|word| base(word)) {
            Some("patroni" | "patroni.py") => Some((Part::Patroni, "runs patroni".to_owned())),
            _ => None,
        };
    }
    match program {
        "patroni" | "patroni.py" => found(Part::Patroni),
        "haproxy" | "haproxy-systemd-wrapper" => {
            // A check of the configuration or the version is no proxy.
            let only_asks = arguments.iter().any(|word| matches!(*word, "-c" | "-v" | "-vv"));
            (!only_asks).then(|| found(Part::Proxy)).flatten()
        }
        "zkServer.sh" | "zookeeper-server-start" | "zookeeper-server-start.sh" => found(Part::ZooKeeper),
        "java" => arguments
            .iter()
            .find_map(|word| {
                ["QuorumPeerMain", "ZooKeeperServerMain"]
                    .into_iter()
                    .find(|main| word.ends_with(main))
            })
            .map(|main| (Part::ZooKeeper, format!("runs {main}"))),
        "run" if path.contains("/confluent/") => {
            let broker = making.has_variable_of("KAFKA_") && making.image_name() != "cp-zookeeper";
            let zookeeper = making.image_name() == "cp-zookeeper" || making.variable("ZOOKEEPER_CLIENT_PORT").is_some();
            (zookeeper && !broker).then(|| (Part::ZooKeeper, "runs Confluent's ZooKeeper".to_owned()))
        }
        "run.sh" if path.contains("/bitnami/scripts/zookeeper/") => {
            Some((Part::ZooKeeper, "runs Bitnami's ZooKeeper".to_owned()))
        }
        "run.sh" if path.contains("/bitnami/scripts/haproxy/") => {
            Some((Part::Proxy, "runs Bitnami's HAProxy".to_owned()))
        }
        "launch.sh" if making.image_name().starts_with("spilo") || making.has_variable_of("SPILO_") => {
            Some((Part::Patroni, "runs Spilo's launch.sh".to_owned()))
        }
        _ => None,
    }
}

/// True for what an image starts with when it says nothing about the program.
fn is_script(run: &[&str]) -> bool {
    let Some(program) = run.first().map(|word| base(word)) else {
        return true;
    };
    let is_tool = program.starts_with("zk") || program.starts_with("kafka");
    !is_tool && (program.strip_suffix(".sh").is_some() || matches!(program, "run" | "start" | "launch" | "init"))
}

fn by_surroundings(making: Making<'_>) -> Option<(Part, String)> {
    let exposes = |wanted: &[u16]| wanted.iter().all(|port| making.ports.contains(port));
    for variable in ["PATRONI_SCOPE", "PATRONI_NAME"] {
        if making.variable(variable).is_some() {
            return Some((Part::Patroni, format!("has {variable}")));
        }
    }
    let title = making
        .labels
        .get("org.opencontainers.image.title")
        .map_or("", String::as_str);
    for (what, name) in [("image", making.image_name()), ("image title", title)] {
        let part = match name {
            "patroni" | "spilo" => Some(Part::Patroni),
            _ if name.starts_with("spilo-") => Some(Part::Patroni),
            "zookeeper" | "cp-zookeeper" => Some(Part::ZooKeeper),
            "haproxy" | "haproxy-alpine" | "haproxy-debian" | "haproxy-ubuntu" => Some(Part::Proxy),
            _ => None,
        };
        if let Some(part) = part {
            return Some((part, format!("{what} {name}")));
        }
    }
    for variable in ["ZOO_MY_ID", "ZOO_SERVERS", "ZOO_SERVER_ID"] {
        if making.variable(variable).is_some() && exposes(&[2181]) {
            return Some((Part::ZooKeeper, format!("has {variable} and port 2181")));
        }
    }
    if exposes(&[2181, 2888, 3888]) {
        return Some((Part::ZooKeeper, "has ports 2181, 2888 and 3888".to_owned()));
    }
    if exposes(&[5432, 8008]) {
        return Some((Part::Patroni, "has ports 5432 and 8008".to_owned()));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Expected, image, environment, ports, command. What stands behind a `'` is one argument.
    const IN_THE_WILD: &str = "
        patroni: runs patroni | pgherd-lab-postgres | | 5432 8008 | patroni /etc/patroni/postgres0.yml
        patroni: runs patroni | x | | | /usr/bin/tini -- /usr/local/bin/patroni /p.yml
        patroni: runs patroni | x | | 5432 | docker-entrypoint.sh patroni /postgres0.yml
        patroni: runs patroni | x | | | python3 -u /usr/bin/patroni /p.yml
        patroni: runs patroni | x | | | python3 -m patroni /p.yml
        patroni: runs patroni | x | | | /bin/sh -c 'chmod 700 /data && exec gosu postgres patroni /p.yml
        patroni: has PATRONI_SCOPE | patroni | PATRONI_SCOPE=demo | | /bin/sh /entrypoint.sh
        patroni: runs Spilo's launch.sh | ghcr.io/zalando/spilo-16:3.3-p1 | SCOPE=x | 5432 8008 | /bin/sh /launch.sh init
        patroni: has ports 5432 and 8008 | x | | 5432 8008 | /start.sh
        proxy: runs haproxy | x | | | docker-entrypoint.sh haproxy -f /usr/local/etc/haproxy/haproxy.cfg
        proxy: runs haproxy | haproxy:2.8 | | | haproxy -W -db -f /usr/local/etc/haproxy/haproxy.cfg
        proxy: runs haproxy | patroni | PATRONI_SCOPE=demo | | /bin/sh /entrypoint.sh haproxy
        proxy: runs Bitnami's HAProxy | b/h | | | /opt/bitnami/scripts/haproxy/entrypoint.sh /opt/bitnami/scripts/haproxy/run.sh
        proxy: runs haproxy | bitnami/haproxy:2 | | | haproxy -f /bitnami/haproxy/conf/haproxy.cfg
        proxy: image haproxy-alpine | haproxytech/haproxy-alpine:3.0 | | | /docker-entrypoint.sh
        zookeeper: runs Confluent's ZooKeeper | confluentinc/cp-zookeeper:7.6.0 | | 2181 2888 3888 | /etc/confluent/docker/run
        zookeeper: runs Confluent's ZooKeeper | my/zk | ZOOKEEPER_CLIENT_PORT=2181 | | /etc/confluent/docker/run
        zookeeper: runs zkServer.sh | zookeeper:3.9 | | 2181 | /docker-entrypoint.sh zkServer.sh start-foreground
        zookeeper: runs Bitnami's ZooKeeper | b/z | | | /opt/bitnami/scripts/zookeeper/entrypoint.sh /opt/bitnami/scripts/zookeeper/run.sh
        zookeeper: runs QuorumPeerMain | x | | | java -cp /j/* org.apache.zookeeper.server.quorum.QuorumPeerMain /zoo.cfg
        zookeeper: image zookeeper | reg:5000/infra/zookeeper@sha256:00 | | | /run-it.sh
        zookeeper: has ZOO_MY_ID and port 2181 | x | ZOO_MY_ID=1 | 2181 | /start.sh
        zookeeper: has ports 2181, 2888 and 3888 | x | | 2181 2888 3888 8080 | /boot.sh";

    const MISLEADING: &str = "
        other | postgres:16 | POSTGRES_PASSWORD=x | 5432 | docker-entrypoint.sh postgres
        other | quay.io/coreos/etcd:v3.5.0 | | 2379 2380 | etcd --name e1
        other | patroni | PATRONI_SCOPE=demo | | /bin/sh /entrypoint.sh etcd --name e1
        other | me/my-zookeeper-ui | | 8080 | node zookeeper.js
        other | elkozmon/zoonavigator | | 9000 | ./run.sh
        other | prom/haproxy-exporter | | 9101 | /bin/haproxy_exporter --haproxy.scrape-uri=http://haproxy:7000
        other | dabealu/zookeeper-exporter | | 9141 | /usr/local/bin/zookeeper-exporter
        other | confluentinc/cp-kafka | KAFKA_ZOOKEEPER_CONNECT=zoo:2181 | 9092 | /etc/confluent/docker/run
        other | zookeeper:3.9 | | 2181 2888 3888 | /docker-entrypoint.sh zkCli.sh -server zoo
        other | haproxy | | | docker-entrypoint.sh haproxy -c -f /h.cfg
        other | x | | 5432 8008 | sh -c 'echo patroni haproxy; sleep 1000
        other | x | PATRONI_SCOPE=demo | | patronictl -c /p.yml list
        other | patroni | PATRONI_SCOPE=demo | 5432 8008 | bash
        other | patroni | PATRONI_SCOPE=demo | 5432 8008 | /bin/sh /entrypoint.sh bash -l
        other | patroni | PATRONI_SCOPE=demo | 5432 8008 | docker-entrypoint.sh /bin/bash
        other | patroni | PATRONI_SCOPE=demo | 5432 8008 | docker-entrypoint.sh psql -h pg-master
        other | patroni | PATRONI_SCOPE=demo | 5432 8008 | tini -- sleep infinity
        other | | | | ";

    fn check(table: &str) {
        let mut cases = 0;
        for line in table.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let [expected, image, env, ports, command] = line.splitn(5, '|').map(str::trim).collect::<Vec<_>>()[..]
            else {
                panic!("{line}")
            };
            let found = match of(image, env, ports, command) {
                ContainerKind::Patroni { because, .. } => format!("patroni: {because}"),
                ContainerKind::ZooKeeper { because } => format!("zookeeper: {because}"),
                ContainerKind::Proxy { because } => format!("proxy: {because}"),
                ContainerKind::Other => "other".to_owned(),
            };
            assert_eq!(found, expected, "{line}");
            cases += 1;
        }
        assert!(cases > 10);
    }

    fn of(image: &str, env: &str, ports: &str, command: &str) -> ContainerKind {
        let (words, script) = command
            .split_once('\'')
            .map_or((command, None), |(words, script)| (words, Some(script)));
        let command: Vec<String> = words.split_whitespace().chain(script).map(str::to_owned).collect();
        recognise(Making {
            image,
            command: &command,
            env: &env.split_whitespace().map(str::to_owned).collect::<Vec<_>>(),
            ports: &ports
                .split_whitespace()
                .map(|port| port.parse().unwrap())
                .collect::<Vec<_>>(),
            labels: &HashMap::new(),
        })
    }

    #[test]
    fn recognises_the_forms_seen_in_the_wild() {
        check(IN_THE_WILD);
    }

    #[test]
    fn names_alone_mislead() {
        check(MISLEADING);
    }

    #[test]
    fn an_image_may_be_titled() {
        let labels = HashMap::from([("org.opencontainers.image.title".to_owned(), "zookeeper".to_owned())]);
        let command = ["/go.sh".to_owned()];
        let found = recognise(Making {
            image: "x",
            command: &command,
            env: &[],
            ports: &[],
            labels: &labels,
        });
        assert_eq!(
            found,
            ContainerKind::ZooKeeper {
                because: "image title zookeeper".to_owned()
            }
        );
    }

    #[test]
    fn what_compose_runs_once_is_no_part() {
        let command = ["patroni".to_owned(), "/p.yml".to_owned()];
        let kind = |once: &str| {
            let labels = HashMap::from([("com.docker.compose.oneoff".to_owned(), once.to_owned())]);
            recognise(Making {
                image: "x",
                command: &command,
                env: &[],
                ports: &[],
                labels: &labels,
            })
        };
        assert!(matches!(kind("False"), ContainerKind::Patroni { .. }));
        assert_eq!(kind("True"), ContainerKind::Other);
    }

    #[test]
    fn scope_and_member_come_from_the_environment() {
        let found = of(
            "x",
            "PATRONI_SCOPE=my\u{1b}[1m_cluster PATRONI_NAME=postgresql0",
            "",
            "patroni /p.yml",
        );
        let ContainerKind::Patroni { scope, member, .. } = found else {
            panic!("{found:?}")
        };
        assert_eq!(scope.as_deref(), Some("my_cluster"));
        assert_eq!(member, Some(MemberName::from("postgresql0")));
    }
}
