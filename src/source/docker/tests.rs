//! The whole source against a daemon made for it, which can freeze, hang up and talk nonsense.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::model::container::ContainerAction;
use crate::model::link::LinkState;
use crate::model::signal::Signal;

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Well,
    Frozen,
    HangsUp,
    Babbles,
    NoList,
}

struct Script {
    mood: Mood,
    /// Every event that ever was: nanoseconds and JSON. Given again to who asks with `since`, as the real one does.
    events: Vec<(i64, String)>,
    /// Lines of the log of `one`: nanoseconds and text.
    log: Vec<(i64, String)>,
    /// Open streams end when this changes.
    cut: u32,
}

struct Daemon {
    script: Arc<Mutex<Script>>,
    path: PathBuf,
    _folder: tempfile::TempDir,
}

const START: i64 = 1_795_381_035_000_000_000;

impl Daemon {
    fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("docker.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let script = Arc::new(Mutex::new(Script {
            mood: Mood::Well,
            events: Vec::new(),
            log: Vec::new(),
            cut: 0,
        }));
        let shared = script.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let script = shared.clone();
                tokio::spawn(async move { serve(client, &script).await });
            }
        });
        Self {
            script,
            path,
            _folder: folder,
        }
    }

    fn mood(&self, mood: Mood) {
        let mut script = self.script.lock().unwrap();
        script.mood = mood;
        if matches!(mood, Mood::HangsUp | Mood::Babbles) {
            script.cut += 1;
        }
    }

    fn event(&self, at: i64, kind: &str, action: &str) {
        let nanos = START + at;
        let json = format!(
            r#"{{"Type":"{kind}","Action":"{action}","Actor":{{"ID":"id-one","Attributes":{{"name":"one","exitCode":"137"}}}},"timeNano":{nanos}}}"#
        );
        self.script.lock().unwrap().events.push((nanos, json));
    }

    fn log(&self, at: i64, text: &str) {
        self.script.lock().unwrap().log.push((START + at, text.to_owned()));
    }

    fn cut(&self) {
        self.script.lock().unwrap().cut += 1;
    }
}

async fn serve(mut client: UnixStream, script: &Mutex<Script>) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let target = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    loop {
        let mood = script.lock().unwrap().mood;
        match mood {
            Mood::Frozen => tokio::time::sleep(Duration::from_millis(5)).await,
            Mood::HangsUp => return Ok(()),
            Mood::Babbles => return client.write_all(b"\x00\xffhello, no HTTP here\r\n\r\n").await,
            Mood::NoList if path == "/containers/json" => return answer(&mut client, "[{\"Id\": 7}]").await,
            Mood::Well | Mood::NoList => break,
        }
    }
    let row = |name: &str| {
        format!(
            r#"{{"Id":"id-{name}","Names":["/{name}"],"Image":"i","Command":"c","State":"running","Status":"Up 1 second"}}"#
        )
    };
    let inspect = |name: &str| {
        format!(
            r#"{{"Id":"id-{name}","Name":"/{name}","Path":"c","State":{{"Status":"running","Running":true,"StartedAt":"2026-11-22T21:02:32Z"}},"Config":{{"Image":"i"}}}}"#
        )
    };
    let since = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("since="))
        .map(|since| {
            let (seconds, nanos) = since.split_once('.').unwrap_or((since, "0"));
            seconds.parse::<i64>().unwrap() * 1_000_000_000 + nanos.parse::<i64>().unwrap()
        });
    match path {
        "/_ping" => answer(&mut client, "OK").await,
        "/containers/json" => answer(&mut client, &format!("[{},{}]", row("one"), row("stuck"))).await,
        "/containers/id-one/json" => answer(&mut client, &inspect("one")).await,
        "/events" => {
            stream(
                client,
                script,
                since,
                |script| &script.events,
                |_, json| format!("{json}\n").into_bytes(),
            )
            .await
        }
        "/containers/id-one/logs" => {
            let framed = |nanos: i64, text: &str| {
                let time = jiff::Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
                let payload = format!("{time:.9} {text}\n");
                let mut frame = vec![1, 0, 0, 0];
                frame.extend(u32::try_from(payload.len()).unwrap().to_be_bytes());
                frame.extend(payload.into_bytes());
                frame
            };
            stream(client, script, since.or(Some(0)), |script| &script.log, framed).await
        }
        // `stuck` and every stats stream: no answer.
        _ => std::future::pending().await,
    }
}

async fn answer(client: &mut UnixStream, body: &str) -> io::Result<()> {
    let length = body.len();
    let text = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    client.write_all(text.as_bytes()).await
}

/// Sends what is in the list and not older than `since`, and what comes; without `since`, only what comes.
async fn stream(
    mut client: UnixStream,
    script: &Mutex<Script>,
    since: Option<i64>,
    list: impl Fn(&Script) -> &Vec<(i64, String)>,
    encode: impl Fn(i64, &str) -> Vec<u8>,
) -> io::Result<()> {
    client
        .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await?;
    let cut = script.lock().unwrap().cut;
    let mut next = if since.is_some() {
        0
    } else {
        list(&script.lock().unwrap()).len()
    };
    loop {
        let due: Vec<(i64, String)> = {
            let script = script.lock().unwrap();
            if script.cut != cut {
                return Ok(()); // without the last chunk: as if the daemon had died
            }
            let all = list(&script);
            let due = if script.mood == Mood::Frozen {
                Vec::new()
            } else {
                all[next.min(all.len())..].to_vec()
            };
            next += due.len();
            due
        };
        for (nanos, text) in due
            .iter()
            .filter(|(nanos, _)| since.is_none_or(|since| *nanos >= since))
        {
            let bytes = encode(*nanos, text);
            client.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
            client.write_all(&bytes).await?;
            client.write_all(b"\r\n").await?;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

struct Watched {
    inbox: mpsc::Receiver<Signal>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Watched {
    async fn start(daemon: &Daemon, followed: &[&str]) -> Self {
        let (signals, inbox) = mpsc::channel(1024);
        let began = Instant::now();
        let clock = move || Timestamp::from_micros(START / 1_000).plus(began.elapsed());
        let context = Context {
            signals,
            clock: Arc::new(clock),
            stop: CancellationToken::new(),
        };
        let docker = connect(daemon.path.to_str()).await.unwrap();
        let followed = followed.iter().map(|name| ContainerName::from(*name)).collect();
        let task = tokio::spawn(async move {
            let (_keep, followed) = watch::channel(followed);
            super::watch(context, docker, followed, LogStart::All).await;
        });
        Self { inbox, task }
    }

    /// The first signal for which `pick` gives something, within `limit`.
    async fn until<T>(&mut self, limit: Duration, mut pick: impl FnMut(&Signal) -> Option<T>) -> T {
        let found = timeout(limit, async {
            loop {
                let signal = self.inbox.recv().await.unwrap();
                if let Some(found) = pick(&signal) {
                    return found;
                }
            }
        });
        found.await.expect("in time")
    }

    async fn down(&mut self, limit: Duration) -> Cause {
        let down = |signal: &Signal| match signal {
            Signal::Link {
                state: LinkState::Down { cause, .. },
                ..
            } => Some(cause.clone()),
            _ => None,
        };
        self.until(limit, down).await
    }

    async fn up(&mut self, limit: Duration) {
        let up = |signal: &Signal| {
            matches!(
                signal,
                Signal::Link {
                    state: LinkState::Up { .. },
                    ..
                }
            )
            .then_some(())
        };
        self.until(limit, up).await;
    }

    /// What happens within `time`.
    async fn all(&mut self, time: Duration) -> Vec<Signal> {
        let mut all = Vec::new();
        let _ = timeout(time, async {
            while let Some(signal) = self.inbox.recv().await {
                all.push(signal);
            }
        })
        .await;
        all
    }
}

const SOON: Duration = Duration::from_millis(1500);
/// What the orders allow until an outage or its end is seen.
const TWO_SECONDS: Duration = Duration::from_millis(2200);

#[tokio::test]
async fn an_inspect_that_hangs_hides_no_container() {
    let daemon = Daemon::start();
    let mut watched = Watched::start(&daemon, &[]).await;
    let names = |signal: &Signal| match signal {
        Signal::Report {
            report: Report::Containers(all),
            ..
        } => Some(
            all.iter()
                .map(|one| (one.name.to_string(), one.started.is_some()))
                .collect::<Vec<_>>(),
        ),
        _ => None,
    };
    let first = watched.until(Duration::from_millis(700), names).await;
    assert_eq!(
        first,
        [("one".to_owned(), true)],
        "reported while the other still hangs"
    );
    let second = watched.until(SOON, names).await;
    assert_eq!(second, [("one".to_owned(), true), ("stuck".to_owned(), false)]);
}

type Judge = fn(&Cause) -> bool;

#[tokio::test]
async fn every_kind_of_outage_is_seen_and_its_end_too() {
    let daemon = Daemon::start();
    let mut watched = Watched::start(&daemon, &[]).await;
    watched.up(SOON).await;
    let kinds: [(Mood, Judge); 4] = [
        (Mood::Frozen, |cause| matches!(cause, Cause::Timeout(_))),
        (Mood::HangsUp, |cause| *cause == Cause::Closed),
        (Mood::Babbles, |cause| matches!(cause, Cause::Garbled(_))),
        (Mood::NoList, |cause| matches!(cause, Cause::Garbled(_))),
    ];
    for (mood, expected) in kinds {
        daemon.mood(mood);
        // Only the safety net reads the list again when nothing happens.
        let limit = if mood == Mood::NoList {
            Duration::from_secs(7)
        } else {
            TWO_SECONDS
        };
        let cause = watched.down(limit).await;
        assert!(expected(&cause), "{cause:?}");
        daemon.mood(Mood::Well);
        watched.up(TWO_SECONDS).await;
    }
}

#[tokio::test]
async fn no_event_is_lost_or_doubled() {
    let daemon = Daemon::start();
    let mut watched = Watched::start(&daemon, &[]).await;
    watched.up(SOON).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    daemon.event(10, "container", "die");
    tokio::time::sleep(Duration::from_millis(50)).await;
    daemon.cut();
    daemon.event(20, "container", "start"); // while nobody listens
    tokio::time::sleep(Duration::from_millis(1300)).await;
    daemon.event(1_000_000, "flurb", "die"); // ends bollard's stream, and again when asked for again
    tokio::time::sleep(Duration::from_millis(2500)).await;
    daemon.event(9_000_000_000, "container", "pause");
    let seen: Vec<_> = watched
        .all(SOON)
        .await
        .into_iter()
        .filter_map(|signal| match signal {
            Signal::Container(event) => Some((event.at.micros() - START / 1_000, event.action)),
            _ => None,
        })
        .collect();
    let expected = [
        (0, ContainerAction::Died { code: 137 }),
        (0, ContainerAction::Started),
        (9_000_000, ContainerAction::Paused),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn no_log_line_is_lost_or_doubled() {
    let daemon = Daemon::start();
    // Many with the same stamp.
    for number in 0..300 {
        daemon.log(number / 7 * 1_000_000, &format!("line {number}"));
    }
    let mut watched = Watched::start(&daemon, &["one"]).await;
    let mut signals = watched.all(Duration::from_millis(400)).await;
    for round in 0..3 {
        daemon.log(43_000_000, &format!("line {}", 300 + 2 * round));
        daemon.cut();
        daemon.log(43_000_000, &format!("line {}", 301 + 2 * round));
        signals.extend(watched.all(Duration::from_millis(1300)).await);
    }
    daemon.mood(Mood::Frozen);
    watched.down(TWO_SECONDS).await;
    daemon.log(44_000_000, "line 306");
    daemon.mood(Mood::Well);
    signals.extend(watched.all(TWO_SECONDS).await);
    let batches: Vec<usize> = signals
        .iter()
        .filter_map(|signal| {
            if let Signal::Logs(lines) = signal {
                Some(lines.len())
            } else {
                None
            }
        })
        .collect();
    let lines: Vec<String> = signals
        .into_iter()
        .filter_map(|signal| {
            if let Signal::Logs(lines) = signal {
                Some(lines)
            } else {
                None
            }
        })
        .flatten()
        .map(|line| line.text)
        .collect();
    let expected: Vec<String> = (0..307).map(|number| format!("line {number}")).collect();
    assert_eq!(lines, expected);
    assert!(batches.len() < 12, "{batches:?}");
}
