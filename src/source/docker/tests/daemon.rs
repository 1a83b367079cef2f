//! A daemon made for the tests, which can freeze, hang up and talk nonsense.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mood {
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

pub(super) struct Daemon {
    script: Arc<Mutex<Script>>,
    pub(super) path: PathBuf,
    _folder: tempfile::TempDir,
}

/// When everything begins, in nanoseconds.
pub(super) const START: i64 = 1_795_381_035_000_000_000;

impl Daemon {
    pub(super) fn start() -> Self {
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

    pub(super) fn mood(&self, mood: Mood) {
        let mut script = self.script.lock().unwrap();
        script.mood = mood;
        if matches!(mood, Mood::HangsUp | Mood::Babbles) {
            script.cut += 1;
        }
    }

    pub(super) fn event(&self, at: i64, kind: &str, action: &str) {
        let nanos = START + at;
        let json = format!(
            r#"{{"Type":"{kind}","Action":"{action}","Actor":{{"ID":"id-one","Attributes":{{"name":"one","exitCode":"137"}}}},"timeNano":{nanos}}}"#
        );
        self.script.lock().unwrap().events.push((nanos, json));
    }

    pub(super) fn log(&self, at: i64, text: &str) {
        self.script.lock().unwrap().log.push((START + at, text.to_owned()));
    }

    pub(super) fn cut(&self) {
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
