//! A run on the real cluster, recorded while a part of it stops: what the record tells, and what it must not tell.

use std::io::Read;
use std::process::Command;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use pgherd::record::{Goal, Player};

use crate::lab::{PGHERD, PROJECT, lab, service_of};
use crate::terminal::Terminal;
use crate::{FAILOVER, SOON, other};

/// Said by a client in a statement that fails, so that PostgreSQL writes it to its log.
const SECRET: &str = "hunter2recorded";

#[test]
fn a_record_of_a_stop_tells_it_again_and_holds_no_password() {
    let lab = lab();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("stop.pgherd");
    let args = ["--cluster", PROJECT, "--record", path.to_str().unwrap()];
    let mut terminal = Terminal::start(PGHERD, &args, &[], (120, 40));
    terminal.wait_for("agree", SOON * 3);
    let leader = lab.leader().unwrap();
    let replica = other(&leader);
    let container = format!("{PROJECT}-{}", service_of(&leader));
    let statement = format!("SELECT 'host=h password={SECRET}' FROM nowhere");
    Command::new("docker")
        .args(["exec", "-e", "PGPASSWORD=postgres", &container, "psql", "-X"])
        .args(["-h", "127.0.0.1", "-U", "postgres", "-d", "postgres", "-c", &statement])
        .output()
        .unwrap();
    terminal.wait_for("password=***", SOON);
    lab.docker("stop", service_of(replica));
    terminal.wait("the replica ended", SOON, |screen| screen.contains("exited 0"));
    lab.docker("start", service_of(replica));
    terminal.wait("the replica streams again", FAILOVER, |screen| {
        screen.contains("1 standby can take over")
            && screen
                .lines()
                .any(|line| line.contains(replica) && line.contains("streaming"))
    });
    std::thread::sleep(Duration::from_secs(2));
    terminal.keys("q");
    assert_eq!(terminal.exit_code(SOON), 0);

    let file = std::fs::read(&path).unwrap();
    let mut text = String::new();
    MultiGzDecoder::new(file.as_slice()).read_to_string(&mut text).unwrap();
    println!("{} bytes, {} before compression", file.len(), text.len());
    assert!(text.contains("password=***") && !text.contains(SECRET));
    for kind in [
        "\"containers\"",
        "\"dcs\"",
        "\"sql\"",
        "\"rest\"",
        "\"proxy\"",
        "\"usage\"",
        "\"logs\"",
        "\"died\"",
    ] {
        assert!(text.contains(kind), "{kind} is not in it");
    }
    let mut player = Player::open(&path).unwrap();
    player.go(Goal::End).unwrap();
    assert_eq!(player.flaw(), None);
    let app = player.app();
    let told: Vec<String> = app
        .feed
        .window(0, 1_000)
        .map(pgherd::model::fact::Fact::describe)
        .collect();
    assert!(told.iter().any(|fact| fact.contains("exited 0")), "{told:#?}");
    assert!(
        app.members()
            .iter()
            .any(|member| member.name.as_str() == replica && member.state == "streaming")
    );

    // And on the screen.
    let mut terminal = Terminal::start(PGHERD, &["replay", path.to_str().unwrap()], &[], (120, 41));
    terminal.wait_for("RECORDING", SOON);
    terminal.keys("$");
    terminal.wait("the end, as it was", SOON, |screen| {
        screen.contains("RECORDING, over") && screen.contains("1 standby can take over") && screen.contains("streaming")
    });
    terminal.keys("q");
    assert_eq!(terminal.exit_code(SOON), 0);
}
