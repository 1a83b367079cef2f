//! What shows the lines: `docker logs -f`, pgherd, and other programs, each in a terminal of its own.

use std::fs;
use std::io::Read;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

use super::last_line;
use super::terminal::Terminal;

const PGHERD: &str = env!("CARGO_BIN_EXE_pgherd");
const SIZE: (u16, u16) = (200, 50);
/// A text that only the help shows.
const HELP: &str = "Stop the selected node cleanly";
/// Between two looks at the screen.
const LOOK: Duration = Duration::from_millis(2);

/// A flood that came to its end.
pub(crate) struct Seen {
    /// Until its last line was on the screen.
    pub(crate) seconds: f64,
    pub(crate) cpu: f64,
    /// MB, at most.
    pub(crate) memory: f64,
    /// What became of the lines.
    pub(crate) lines: String,
}

impl Seen {
    fn of(pids: &[u32], begun: Instant, lines: String) -> Self {
        Self {
            seconds: begun.elapsed().as_secs_f64(),
            cpu: pids.iter().map(|pid| cpu(*pid)).sum(),
            memory: pids.iter().map(|pid| peak(*pid)).sum(),
            lines,
        }
    }
}

/// `docker logs -f`, one for each container.
pub(crate) struct Docker {
    begun: Instant,
    running: Vec<(Box<dyn Child + Send + Sync>, Box<dyn MasterPty + Send>)>,
    ended: mpsc::Receiver<()>,
}

impl Docker {
    pub(crate) fn start(names: &[String]) -> Self {
        let begun = Instant::now();
        let (over, ended) = mpsc::channel();
        let running = names.iter().map(|name| {
            let pair = native_pty_system().openpty(size()).unwrap();
            let mut command = CommandBuilder::new("docker");
            command.args(["logs", "-f", name]);
            let child = pair.slave.spawn_command(command).unwrap();
            let reader = pair.master.try_clone_reader().unwrap();
            let (over, last) = (over.clone(), last_line(name));
            thread::spawn(move || read_until(reader, last.as_bytes(), &over));
            (child, pair.master)
        });
        Self {
            begun,
            running: running.collect(),
            ended,
        }
    }

    /// Since `begun`, or since its own start if that is later.
    pub(crate) fn seen(mut self, begun: Instant, limit: Duration) -> Seen {
        // Lines that were there are on their way since the start.
        let begun = if begun.duration_since(self.begun) < Duration::from_secs(1) {
            self.begun
        } else {
            begun
        };
        for _ in &self.running {
            self.ended
                .recv_timeout(limit)
                .expect("docker logs comes to the last line");
        }
        let pids: Vec<u32> = self
            .running
            .iter()
            .filter_map(|(child, _)| child.process_id())
            .collect();
        let seen = Seen::of(&pids, begun, "all".to_owned());
        for (child, _) in &mut self.running {
            let _ = child.kill();
            let _ = child.wait();
        }
        seen
    }
}

/// A terminal that only swallows: the cheapest there can be.
fn read_until(mut reader: Box<dyn Read + Send>, last: &[u8], over: &mpsc::Sender<()>) {
    let mut buffer = vec![0; 1 << 16];
    let mut seen = Vec::new();
    while let Ok(count @ 1..) = reader.read(&mut buffer) {
        seen.extend_from_slice(&buffer[..count]);
        if seen.windows(last.len()).any(|window| window == last) {
            let _ = over.send(());
            seen.clear();
        }
        let kept = seen.len().min(last.len());
        seen.drain(..seen.len() - kept);
    }
}

/// Another program that fills the screen.
pub(crate) struct Tui(&'static str);

/// Oxker, where it is installed.
pub(crate) fn with_oxker() -> Option<Tui> {
    let there = Command::new("oxker").arg("--version").output().is_ok();
    there.then_some(Tui("oxker"))
}

impl Tui {
    pub(crate) fn start(&self) -> Running {
        Running(Terminal::start(self.0, &[], &[], SIZE))
    }
}

pub(crate) struct Running(Terminal);

impl Running {
    /// Until the last line of the container that it shows is on the screen; it shows one.
    pub(crate) fn seen(self, begun: Instant, limit: Duration) -> Seen {
        let shown = self.0.shows_within("that was the last line of", limit);
        let lines = if shown {
            "not told"
        } else {
            "its last one was never shown"
        };
        Seen::of(&[self.0.pid()], begun, lines.to_owned())
    }
}

/// Ourselves.
pub(crate) struct Pgherd(Terminal);

impl Pgherd {
    pub(crate) fn start(project: &str, arguments: &[&str]) -> Self {
        let arguments = [&["--cluster", project, "--probe=off"], arguments].concat();
        let terminal = Terminal::start(PGHERD, &arguments, &[], SIZE);
        terminal.wait_for("Logs", Duration::from_secs(20));
        // The log pane alone.
        terminal.keys("\u{1b}[Zz");
        terminal.wait_for("Logs of all", Duration::from_secs(20));
        Self(terminal)
    }

    /// Until it counts all those lines, and shows the last one.
    pub(crate) fn seen(self, begun: Instant, lines: usize, limit: Duration) -> Seen {
        let (kept, dropped) = look(&self.0, limit, |screen| whole(screen, lines));
        Seen::of(
            &[self.0.pid()],
            begun,
            format!("{kept} kept + {dropped} dropped = {}", kept + dropped),
        )
    }

    /// Opens and closes the help until all lines came; each answer's time.
    pub(crate) fn keys(&self, lines: usize, limit: Duration) -> Vec<Duration> {
        let begun = Instant::now();
        let mut times = Vec::new();
        loop {
            for (key, shown) in [("?", true), ("\u{1b}", false)] {
                let pressed = Instant::now();
                self.0.keys(key);
                look(&self.0, limit, |screen| (screen.contains(HELP) == shown).then_some(()));
                times.push(pressed.elapsed());
            }
            if whole(&self.0.screen(), lines).is_some() {
                return times;
            }
            assert!(begun.elapsed() < limit, "not all lines came\n{}", self.0.screen());
        }
    }
}

/// `12 older dropped · 488 lines`, if that is all of them, and the last one is shown.
fn whole(screen: &str, lines: usize) -> Option<(usize, usize)> {
    let title = screen.lines().find(|line| line.contains("Logs of all"))?;
    let before = |word: &str| {
        let (before, _) = title.split_once(word)?;
        before.rsplit(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
    };
    let (kept, dropped): (usize, usize) = (before(" lines")?, before(" older dropped").unwrap_or(0));
    assert!(kept + dropped <= lines, "more lines than there are: {title}");
    (kept + dropped == lines && screen.contains("that was the last line of")).then_some((kept, dropped))
}

fn look<T>(terminal: &Terminal, limit: Duration, what: impl Fn(&str) -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        let changes = terminal.changes();
        let screen = terminal.screen();
        if let Some(seen) = what(&screen) {
            return seen;
        }
        // To read the screen again and again would take from both what they are measured by.
        while terminal.changes() == changes {
            assert!(begun.elapsed() < limit, "not seen within {limit:?}\n{screen}");
            thread::sleep(LOOK);
        }
    }
}

fn size() -> PtySize {
    PtySize {
        rows: SIZE.1,
        cols: SIZE.0,
        pixel_width: 0,
        pixel_height: 0,
    }
}

/// Seconds of processor time.
fn cpu(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields = stat.rsplit(')').next().unwrap().split_whitespace();
    let ticks: f64 = fields.skip(11).take(2).map(|field| field.parse::<f64>().unwrap()).sum();
    let second = Command::new("getconf").arg("CLK_TCK").output().unwrap();
    ticks / String::from_utf8_lossy(&second.stdout).trim().parse::<f64>().unwrap()
}

/// MB of memory, at most.
fn peak(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1_024.0
}
