//! The Docker source and the container actions against the real daemon, through a stand-in socket that can hang, close
//! and answer garbage.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pgherd::action::container::perform;
use pgherd::model::act::{ActTarget, ContainerAct};
use pgherd::model::container::{Container, ContainerAction, ContainerState, Usage};
use pgherd::model::link::{Cause, LinkState};
use pgherd::model::log_start::LogStart;
use pgherd::model::name::ContainerName;
use pgherd::model::signal::{Report, Signal};
use pgherd::model::time::Timestamp;
use pgherd::source::Context;
use pgherd::source::docker::{self, DEFAULT_SOCKET, LogPlan};
use tokio::sync::{mpsc, watch};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::docker_proxy::{DockerProxy, Mode};
use crate::lab::lab;

/// Any image with a shell does.
const IMAGES: [&str; 2] = ["pgherd-lab-base:trixie", "debian:trixie-slim"];

/// An outage and its end must be seen within two seconds; the rest is for a machine that stands still meanwhile.
const WITHIN: Duration = Duration::from_secs(3);

/// Numbered lines at both outputs, a few hundred a second; long ones now and then; ends at SIGTERM with half a line.
const CHATTER: &str = r#"
trap 'printf "half %s" $i; exit 0' TERM
long=$(head -c 20000 /dev/zero | tr '\0' x)
i=0
while :; do
  i=$((i+1)); echo "out $RUN $i"; echo "err $RUN $i" >&2
  [ $((i % 500)) = 0 ] && echo "long $i $long"
  [ $((i % 5)) = 0 ] && sleep 0.01
done
"#;

fn shell(arguments: &[&str]) -> Option<String> {
    let output = Command::new("docker").args(arguments).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

struct Throwaway {
    name: String,
    id: String,
}

impl Throwaway {
    fn start(image: &str, what: &str, options: &[&str], script: &str) -> Self {
        let name = format!("pgherd-test-{what}-{}", std::process::id());
        let mut arguments = vec!["run", "-d", "--stop-timeout", "3", "--name", &name];
        arguments.extend(options);
        arguments.extend([image, "sh", "-c", script]);
        let id = shell(&arguments).expect("docker run");
        Self { name, id }
    }

    fn target(&self) -> ActTarget {
        ActTarget {
            id: self.id.clone(),
            name: self.name(),
        }
    }

    fn name(&self) -> ContainerName {
        ContainerName::from(self.name.as_str())
    }
}

impl Drop for Throwaway {
    fn drop(&mut self) {
        shell(&["rm", "-f", "-v", &self.name]);
    }
}

/// An image of the lab's making: `lab()` comes first.
fn image() -> &'static str {
    let there = |image: &&str| shell(&["image", "inspect", "-f", "{{.Id}}", image]).is_some();
    IMAGES
        .into_iter()
        .find(there)
        .expect("the lab left an image with a shell")
}

/// Collects everything that the source says.
struct Watched {
    inbox: mpsc::Receiver<Signal>,
    task: tokio::task::JoinHandle<()>,
    containers: Vec<Container>,
    usage: BTreeMap<ContainerName, Usage>,
    lines: Vec<(bool, String)>,
    events: Vec<ContainerAction>,
    gaps: Vec<String>,
    batches: usize,
    down: Option<Cause>,
    up: bool,
}

impl Watched {
    async fn start(host: &str, followed: &[ContainerName]) -> Self {
        let (signals, inbox) = mpsc::channel(1024);
        let clock = || {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            Timestamp::from_micros(i64::try_from(now.as_micros()).unwrap())
        };
        let context = Context {
            signals,
            clock: Arc::new(clock),
            pace: Context::calm(),
            stop: CancellationToken::new(),
        };
        let docker = docker::connect(Some(host)).await.unwrap();
        let followed: BTreeSet<_> = followed.iter().cloned().collect();
        let task = tokio::spawn(async move {
            let (_keep, followed) = watch::channel(followed);
            let logs = LogPlan::following(context.signals.clone(), LogStart::All);
            docker::watch(context, docker, followed, logs).await;
        });
        Self {
            inbox,
            task,
            containers: Vec::new(),
            usage: BTreeMap::new(),
            lines: Vec::new(),
            events: Vec::new(),
            gaps: Vec::new(),
            batches: 0,
            down: None,
            up: false,
        }
    }

    fn take(&mut self, signal: Signal, of: &Throwaway) {
        match signal {
            Signal::Report {
                report: Report::Containers(all),
                ..
            } => self.containers = all,
            Signal::Report {
                report: Report::Usage(usage),
                ..
            } => self.usage = usage,
            Signal::Logs(lines) => {
                self.batches += 1;
                self.lines
                    .extend(lines.into_iter().map(|line| (line.stderr, line.text)));
            }
            Signal::LogGap { why, .. } => self.gaps.push(why),
            Signal::Container(event) if event.id == of.id => self.events.push(event.action),
            Signal::Link {
                state: LinkState::Down { cause, .. },
                ..
            } => (self.down, self.up) = (Some(cause), false),
            Signal::Link {
                state: LinkState::Up { .. },
                ..
            } => (self.down, self.up) = (None, true),
            Signal::Report { .. }
            | Signal::Container(_)
            | Signal::Link { .. }
            | Signal::Probe(_)
            | Signal::ClockStepped(_)
            | Signal::OlderLogs { .. } => {}
        }
    }

    /// Until `done`, at most `limit`; how long it took.
    async fn until(&mut self, of: &Throwaway, limit: Duration, done: impl Fn(&Self) -> bool) -> Duration {
        let began = Instant::now();
        while !done(self) {
            let left = limit.saturating_sub(began.elapsed());
            let Ok(Some(signal)) = timeout(left, self.inbox.recv()).await else {
                panic!(
                    "not within {limit:?}: events {:?}, {} lines, gaps {:?}",
                    self.events,
                    self.lines.len(),
                    self.gaps
                );
            };
            self.take(signal, of);
        }
        began.elapsed()
    }

    async fn spend(&mut self, of: &Throwaway, time: Duration) {
        let end = Instant::now() + time;
        while let Ok(Some(signal)) = timeout(end.saturating_duration_since(Instant::now()), self.inbox.recv()).await {
            self.take(signal, of);
        }
    }

    fn state(&self, of: &Throwaway) -> Option<&ContainerState> {
        self.containers.iter().find(|one| one.id == of.id).map(|one| &one.state)
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What Docker itself has, by lane.
fn whole_log(of: &Throwaway) -> [String; 2] {
    let output = Command::new("docker").args(["logs", &of.id]).output().unwrap();
    [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_line_exactly_once_through_stops_kills_and_outages() {
    let _alone = lab();
    let image = image();
    let folder = tempfile::tempdir().unwrap();
    let proxy = DockerProxy::start(&folder.path().join("docker.sock"), Path::new(DEFAULT_SOCKET)).unwrap();
    let docker = docker::connect(None).await.unwrap();
    let one = Throwaway::start(image, "chatter", &["-e", "RUN=r"], CHATTER);
    let mut seen = Watched::start(&proxy.host(), &[one.name()]).await;
    seen.until(&one, Duration::from_secs(5), |seen| seen.lines.len() > 500)
        .await;
    seen.until(&one, Duration::from_secs(5), |seen| !seen.usage.is_empty())
        .await;

    let acts = [
        ContainerAct::Restart,
        ContainerAct::Kill,
        ContainerAct::Start,
        ContainerAct::Pause,
        ContainerAct::Unpause,
        ContainerAct::Stop,
        ContainerAct::Start,
        ContainerAct::Restart,
    ];
    for act in acts {
        let began = Instant::now();
        perform(&docker, act, &one.target()).await.unwrap();
        println!("{:8} took {:?}", act.word(), began.elapsed());
        seen.spend(&one, Duration::from_millis(700)).await;
    }
    for mode in [Mode::Hang, Mode::Close, Mode::Garbage, Mode::BadJson] {
        proxy.set(mode);
        let down = seen.until(&one, WITHIN, |seen| !seen.up).await;
        let cause = seen.down.clone();
        sleep(Duration::from_millis(500)).await;
        proxy.set(Mode::Pass);
        let up = seen.until(&one, WITHIN, |seen| seen.up).await;
        println!("{mode:?}: down after {down:?} ({}), up after {up:?}", cause.unwrap());
        seen.spend(&one, Duration::from_millis(1500)).await;
    }
    perform(&docker, ContainerAct::Stop, &one.target()).await.unwrap();
    seen.until(&one, Duration::from_secs(5), |seen| {
        matches!(seen.state(&one), Some(ContainerState::Exited { code: 0 }))
    })
    .await;
    let whole = whole_log(&one);
    let lines: usize = whole.iter().map(|lane| lane.lines().count()).sum();
    seen.until(&one, Duration::from_secs(10), |seen| seen.lines.len() >= lines)
        .await;
    // One too many would come now.
    seen.spend(&one, Duration::from_millis(2500)).await;

    for (lane, wanted) in whole.into_iter().enumerate() {
        let mine = seen.lines.iter().filter(|(err, _)| usize::from(*err) == lane);
        // `docker logs` writes the half line at each of the four ends without a line break.
        let found: String = mine
            .map(|(_, text)| text.clone() + if text.starts_with("half") { "" } else { "\n" })
            .collect();
        let differs = wanted
            .lines()
            .zip(found.lines())
            .find(|(wanted, found)| wanted != found);
        assert_eq!(differs, None, "lane {lane}");
        assert_eq!(found.len(), wanted.len(), "lane {lane}");
    }
    assert!(seen.gaps.is_empty(), "{:?}", seen.gaps);
    let (open, ever) = proxy.connections();
    println!(
        "{} lines in {} batches; connections {open} open, {ever} in all",
        seen.lines.len(),
        seen.batches
    );
    let starts = seen
        .events
        .iter()
        .filter(|event| **event == ContainerAction::Started)
        .count();
    assert_eq!(starts, 4, "{:?}", seen.events);
    assert!(seen.usage.is_empty(), "it does not run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_is_shown_at_once_and_a_removed_log_is_told() {
    let _alone = lab();
    let image = image();
    let docker = docker::connect(None).await.unwrap();
    let one = Throwaway::start(image, "kill", &["-t"], "echo up; exec sleep 1000");
    let mut seen = Watched::start(DEFAULT_SOCKET, &[one.name()]).await;
    let first = seen
        .until(&one, Duration::from_secs(5), |seen| !seen.containers.is_empty())
        .await;
    seen.until(&one, Duration::from_secs(5), |seen| {
        seen.lines == [(false, "up".to_owned())]
    })
    .await;
    let target = one.target();
    let began = Instant::now();
    let killed = async {
        perform(&docker, ContainerAct::Kill, &target).await.unwrap();
        began.elapsed()
    };
    let shown = seen.until(&one, Duration::from_secs(5), |seen| {
        matches!(seen.state(&one), Some(ContainerState::Exited { code: 137 }))
    });
    let (killed, shown) = tokio::join!(killed, shown);
    println!("first list after {first:?}; kill took {killed:?}, on screen after {shown:?}");
    seen.until(&one, Duration::from_secs(5), |seen| seen.events.len() >= 2)
        .await;
    let order: Vec<_> = seen.events.iter().take(2).cloned().collect();
    assert_eq!(
        order,
        [
            ContainerAction::Killed { signal: 9 },
            ContainerAction::Died { code: 137 }
        ]
    );

    let error = perform(&docker, ContainerAct::Kill, &one.target()).await.unwrap_err();
    assert!(error.contains("is not running"), "{error}");
    let renamed = ActTarget {
        name: ContainerName::from("another"),
        ..one.target()
    };
    let error = perform(&docker, ContainerAct::Start, &renamed).await.unwrap_err();
    assert!(error.contains("is now called"), "{error}");
    shell(&["rm", "-f", &one.name]);
    seen.until(&one, Duration::from_secs(5), |seen| !seen.gaps.is_empty())
        .await;
    seen.spend(&one, Duration::from_secs(3)).await;
    assert_eq!(seen.gaps, ["no more lines: the container was removed"]);
    let error = perform(&docker, ContainerAct::Start, &one.target()).await.unwrap_err();
    assert!(error.contains("no longer exists"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_docker_does_not_keep_is_told_once() {
    let _alone = lab();
    let image = image();
    let one = Throwaway::start(image, "nolog", &["--log-driver", "none"], "exec sleep 1000");
    let mut seen = Watched::start(DEFAULT_SOCKET, &[one.name()]).await;
    seen.until(&one, Duration::from_secs(15), |seen| !seen.gaps.is_empty())
        .await;
    seen.spend(&one, Duration::from_secs(2)).await;
    // Newer daemons keep a copy for any driver but `none`.
    assert_eq!(
        seen.gaps,
        ["no more lines: its log driver keeps no lines that Docker could give"]
    );
}
