//! Each finding where it is true, and where it is nearly so.

mod cases;

use std::time::Duration;

use super::super::clock::StepKind;
use super::super::container::{ContainerAction, ContainerState};
use super::super::dcs::{PatroniRole, SessionId, SyncState, Znode, ZnodeStat};
use super::super::fixture::{
    HEAD, LEADER, REPLICA, World, pool, primary_sql, server, standby_sql, statistics, stop_receiver,
};
use super::super::link::{Cause, SourceId};
use super::super::log::{Level, LogLine};
use super::super::name::MemberName;
use super::super::postgres::{Privileged, Slot};
use super::super::probe::{Attempt, Class, Lane, Mode, News, Outcome, Run};
use super::super::proxy::ServerStatus;
use super::super::signal::Signal;
use super::super::time::Timestamp;
use super::super::wal::{Lsn, Timeline};
use super::{Finding, Kind, Weight, findings};
use cases::CASES;

const MB: u64 = 1024 * 1024;

fn found(world: &World) -> Vec<Finding> {
    findings(&world.cluster, world.now)
}

fn kinds(world: &World) -> Vec<Kind> {
    found(world).iter().map(|finding| finding.kind).collect()
}

fn one(world: &World, kind: Kind) -> Finding {
    let all = found(world);
    let found = all.iter().find(|finding| finding.kind == kind);
    found.cloned().unwrap_or_else(|| panic!("no {kind:?} in {all:#?}"))
}

fn sync(world: &mut World, strict: bool, standbys: &[&str]) {
    let config = world.dcs.config.as_mut().unwrap();
    (config.synchronous_mode, config.synchronous_mode_strict) = (true, strict);
    world.dcs.sync = Some(SyncState {
        leader: Some(LEADER.into()),
        standbys: standbys.iter().map(|name| MemberName::from(*name)).collect(),
        quorum: None,
    });
}

/// What the leader's PostgreSQL asks of its standbys, and what the one is that streams.
fn synchronous(world: &mut World, names: &str, state: Option<&str>) {
    let sql = world.sql_of(LEADER);
    names.clone_into(&mut sql.synchronous_standby_names);
    if let Privileged::Seen(senders) = &mut sql.walsenders {
        match state {
            Some(state) => senders[0].sync_state = state.to_owned(),
            None => senders.clear(),
        }
    }
}

fn slot(world: &mut World, active: bool, kept: u64, status: &str) {
    let sql = world.sql_of(LEADER);
    *sql = primary_sql(1);
    if let super::SqlStatus {
        role: super::super::postgres::SqlRole::Primary { current },
        ..
    } = sql
    {
        *current = Lsn(HEAD.0 + 4096 * MB);
    }
    sql.slots = vec![Slot {
        name: "postgresql7".to_owned(),
        kind: "physical".to_owned(),
        active,
        restart: Some(Lsn(HEAD.0 + (4096 - kept) * MB)),
        wal_status: Some(status.to_owned()),
    }];
}

fn ttl(world: &mut World, seconds: u64, tick: u64) {
    let seconds_of = Duration::from_secs;
    world.dcs.config.as_mut().unwrap().ttl = Some(seconds_of(seconds));
    world.store.tick = Some(seconds_of(tick));
    world.store.session_timeout_bounds = Some((seconds_of(2 * tick), seconds_of(20 * tick)));
}

fn full_entry(world: &mut World, sessions: u64) {
    world.proxy.pools[1].entry.as_mut().unwrap().sessions = sessions;
}

/// The leader's, for us and for HAProxy.
fn mute_patroni(world: &mut World, cause: Cause) {
    let servers = world.proxy.pools.iter_mut().flat_map(|pool| &mut pool.servers);
    for server in servers.filter(|server| server.name == "pg-master") {
        (server.check, server.check_code) = (Some("L7TOUT".to_owned()), None);
    }
    world.down.insert(SourceId::Patroni(LEADER.into()), cause);
    world.pass(500);
    world.pass(5_000);
}

fn fill_disk(world: &mut World, member: &str) {
    let words = "could not write init file: No space left on device";
    let source = SourceId::Postgres(MemberName::from(member));
    world.down.insert(source, Cause::Other(words.to_owned()));
    world.pass(500);
}

/// The probe begins to write, now.
fn begin_run(world: &mut World) -> Timestamp {
    let run = Run {
        id: 1,
        began: world.now,
        mode: Mode::Write,
        every: Duration::from_millis(100),
    };
    world.tell(Signal::Probe(News::Began(run)));
    world.now
}

fn attempt(world: &mut World, sent_at: Timestamp, ended_at: Timestamp, outcome: Outcome) {
    world.tell(Signal::Probe(News::Attempts(vec![Attempt {
        lane: Lane::Write,
        seq: None,
        sent_at,
        ended_at,
        outcome,
        server: None,
    }])));
}

fn throttle(world: &mut World, share: f64) {
    world.throttled.insert("pg-slave".into(), share);
}

fn remove(world: &mut World, container: &str) {
    world.containers.retain(|one| one.name.as_str() != container);
    let member = if container == "pg-slave" { REPLICA } else { LEADER };
    world.silence(member, &Cause::Unreachable("no route".to_owned()));
}

#[test]
fn nothing_is_found_where_all_is_well() {
    assert_eq!(found(&World::healthy()), []);
    let mut world = World::healthy();
    world.pass(60_000);
    assert_eq!(found(&world), []);
    assert_eq!(findings(&super::Cluster::default(), world.now), []);
}

#[test]
fn each_is_found_where_it_is_true_and_nowhere_else() {
    for (at, (kind, truly, nearly)) in CASES.iter().enumerate() {
        let mut world = World::healthy();
        truly(&mut world);
        world.pass(500);
        let finding = one(&world, *kind);
        assert!(
            [&finding.what, &finding.cause, &finding.advice]
                .iter()
                .all(|text| !text.is_empty() && !text.contains("  ")),
            "{finding:?}"
        );
        assert!(finding.what.len() <= 90, "{}", finding.what);
        let mut world = World::healthy();
        nearly(&mut world);
        world.pass(500);
        assert!(!kinds(&world).contains(kind), "case {at}: {:#?}", found(&world));
    }
}

#[test]
fn a_patroni_that_lost_zookeeper_is_found_while_we_have_it() {
    let mut world = World::healthy();
    let seen = world.now;
    let lost = |world: &mut World| {
        let rest = world.rest.get_mut(&MemberName::from(LEADER)).unwrap().clone();
        let report = super::super::signal::Report::Rest(Box::new(super::super::patroni::RestStatus {
            dcs_last_seen: Some(seen),
            ..rest
        }));
        world.tell(super::super::signal::Signal::Report {
            source: SourceId::Patroni(LEADER.into()),
            at: world.now,
            report,
        });
    };
    world.pass(24_000);
    lost(&mut world);
    assert_eq!(kinds(&world), []);
    world.pass(2_000);
    lost(&mut world);
    let finding = one(&world, Kind::OutOfReach);
    assert_eq!(
        finding.what,
        "Patroni of postgresql0 has not reached ZooKeeper for 26 s"
    );
    assert_eq!(finding.since, Some(seen));
}

#[test]
fn exit_137_is_explained_by_what_docker_did() {
    let cause = |act: fn(&mut World)| {
        let mut world = World::healthy();
        act(&mut world);
        let finding = one(&world, Kind::Killed);
        (finding.cause, finding.advice)
    };
    let (memory, _) = cause(|world| {
        world.docker("pg-slave", ContainerAction::OutOfMemory);
        world.docker("pg-slave", ContainerAction::Died { code: 137 });
        world.pass(500);
    });
    assert_eq!(memory, "The kernel killed it: out of memory.");
    let (grace, advice) = cause(|world| {
        world.docker("pg-slave", ContainerAction::Killed { signal: 15 });
        world.pass(10_000);
        world.docker("pg-slave", ContainerAction::Killed { signal: 9 });
        world.docker("pg-slave", ContainerAction::Died { code: 137 });
        world.pass(500);
    });
    assert_eq!(
        grace,
        "It was asked to stop (SIGTERM) and had not ended 10.0 s later, so Docker killed it."
    );
    assert!(advice.contains("stop_grace_period: 60s") && advice.contains("waits for the ttl"));
    // Found dead: nobody saw how.
    let (found, _) = cause(|world| {
        world.container("pg-slave").state = ContainerState::Exited { code: 137 };
        world.pass(500);
    });
    assert!(found.contains("docker kill, or docker stop after its 10 s"), "{found}");
}

#[test]
fn the_worst_stands_first_and_pause_says_since_when() {
    let mut world = World::healthy();
    let written = world.now.minus(Duration::from_secs(3_600));
    ttl(&mut world, 50, 2);
    world.dcs.config.as_mut().unwrap().pause = true;
    world.dcs.nodes = vec![Znode {
        path: "config".to_owned(),
        value: String::new(),
        stat: ZnodeStat {
            czxid: 1,
            mzxid: 2,
            created: written,
            modified: written,
            version: 1,
            owner: None,
        },
    }];
    world.sql.insert(REPLICA.into(), primary_sql(2));
    world.pass(500);
    assert_eq!(
        kinds(&world),
        [Kind::TwoPrimaries, Kind::NoSuccessor, Kind::Paused, Kind::TtlClamped]
    );
    assert_eq!(one(&world, Kind::Paused).since, Some(written));
    let clamped = one(&world, Kind::TtlClamped);
    assert_eq!(clamped.what, "ttl is 50 s, the lock's session 40 s");
    assert!(
        clamped.cause.ends_with("It allows 4 s to 40 s, tickTime 2 s."),
        "{}",
        clamped.cause
    );
}

#[test]
fn no_server_looks_at_the_check_of_the_leader() {
    let mut world = World::healthy();
    let mut down = |check: &str, code| {
        let mut master = server("pg-master", ServerStatus::Down, code);
        master.check = Some(check.to_owned());
        world.proxy.pools[1] = pool("postgres", vec![master, server("pg-slave", ServerStatus::Down, 503)]);
        world.pass(500);
        one(&world, Kind::NoServer).advice
    };
    assert!(down("L7STS", 503).contains("another path than /primary"));
    assert!(down("L4CON", 0).contains("check port"));
    assert!(down("L7OK", 200).contains("after rise of them"));
    world.kill(LEADER);
    world.sql.insert(REPLICA.into(), standby_sql(1, "pg-master"));
    world.pass(500);
    assert!(one(&world, Kind::NoServer).advice.starts_with("No member leads"));
}

#[test]
fn a_clock_that_was_set_makes_nobody_out_of_reach() {
    let mut world = World::healthy();
    let long_ago = world.now.minus(Duration::from_secs(3_600));
    world
        .cluster
        .rest
        .values_mut()
        .for_each(|known| known.value.dcs_last_seen = Some(long_ago));
    assert!(kinds(&world).contains(&Kind::OutOfReach));
    world.step(StepKind::SetBack);
    assert_eq!(kinds(&world), [Kind::ClockSet]);
    let finding = one(&world, Kind::ClockSet);
    assert!(finding.advice.starts_with("Start pgherd again"), "{finding:?}");
}

#[test]
fn failsafe_mode_names_whom_it_asks() {
    let mut world = World::healthy();
    world.dcs.config.as_mut().unwrap().failsafe_mode = true;
    world.dcs.failsafe = Some(vec![LEADER.into(), REPLICA.into()]);
    world.rest.get_mut(&MemberName::from(LEADER)).unwrap().failsafe_active = true;
    world.pass(500);
    world.down.insert(SourceId::ZooKeeper, Cause::Refused);
    world.pass(500);
    let whom = format!("reaches every member of /failsafe: {LEADER}, {REPLICA}.");
    let kept = one(&world, Kind::Failsafe).cause;
    assert_eq!(
        kept,
        format!("Patroni of {LEADER} does not reach ZooKeeper, and {whom}")
    );
    let away = one(&world, Kind::StoreAway).advice;
    assert!(away.ends_with(&whom), "{away}");
}

#[test]
fn a_patroni_is_silent_if_nobody_gets_an_answer() {
    let silence = || Cause::Timeout("answer".into());
    let mut world = World::healthy();
    mute_patroni(&mut world, silence());
    assert!(
        one(&world, Kind::PatroniSilent)
            .advice
            .contains("another member takes over")
    );
    world.dcs.config.as_mut().unwrap().pause = true;
    world.pass(500);
    assert!(one(&world, Kind::PatroniSilent).advice.contains("nobody takes over"));
    world.proxy = statistics("pg-master", "pg-slave");
    world.pass(500);
    assert!(!kinds(&world).contains(&Kind::PatroniSilent), "HAProxy gets one");

    for answer in [
        Cause::Rejected("HTTP 401".to_owned()),
        Cause::Garbled("no JSON".to_owned()),
    ] {
        let mut world = World::healthy();
        mute_patroni(&mut world, answer);
        assert!(!kinds(&world).contains(&Kind::PatroniSilent));
    }
}

#[test]
fn writes_that_take_three_times_as_long_are_slow() {
    let mut world = World::healthy();
    let mut sent = begin_run(&mut world);
    let mut write = |times: u32, millis: u64| {
        for _ in 0..times {
            sent = sent.plus(Duration::from_millis(100));
            let ended_at = sent.plus(Duration::from_millis(millis));
            attempt(&mut world, sent, ended_at, Outcome::Acknowledged);
        }
        let found = found(&world);
        let slow = found.into_iter().find(|finding| finding.kind == Kind::SlowWrites);
        slow.map(|finding| finding.what)
    };
    assert_eq!(write(20, 5), None);
    assert_eq!(write(20, 50), None, "what is usual is not known yet");
    assert_eq!(write(200, 5), None);
    assert_eq!(write(41, 19), None, "nobody minds");
    assert_eq!(write(41, 40).unwrap(), "writes take 40 ms, usually 9 ms");
    assert_eq!(write(200, 40).unwrap(), "writes take 40 ms, usually 10 ms");
    assert_eq!(write(41, 9), None);
    assert!(write(41, 40).is_some());
    world.now = sent.plus(Duration::from_secs(6));
    assert!(!kinds(&world).contains(&Kind::SlowWrites), "nobody writes any more");
}

#[test]
fn a_full_disk_is_heard_of_in_the_log() {
    let mut world = World::healthy();
    let now = world.now;
    let mut says = |container: &str, level: Level, text: &str| {
        world.cluster.overhear(&LogLine {
            at: now,
            container: container.into(),
            stderr: true,
            level,
            text: text.to_owned(),
            spans: Vec::new(),
        });
        found(&world)
    };
    let panic = "PANIC:  could not write to file \"pg_wal/xlogtemp.44\": No space left on device";
    assert_eq!(
        says(
            "pg-slave",
            Level::Info,
            "LOG:  statement: SELECT 'No space left on device'"
        ),
        []
    );
    assert_eq!(says("zoo", Level::Fatal, panic), []);
    for of_no_disk in [
        "ERROR:  could not resize shared memory segment \"/PostgreSQL.638321836\" to 16777216 bytes: No space left on device",
        "FATAL:  could not create semaphores: No space left on device",
        "ERROR: [082]: unable to write '/backup/archive/000000010000000000000007': [28] No space left on device",
    ] {
        assert_eq!(says("pg-slave", Level::Error, of_no_disk), []);
    }
    let all = says("pg-slave", Level::Fatal, panic);
    assert_eq!(all.first().unwrap().what, "the disk of postgresql1 is full");
}

#[test]
fn a_leader_whose_disk_is_full_says_so_to_whoever_writes() {
    let mut world = World::healthy();
    let begin = begin_run(&mut world);
    let mut write = |number: u64, outcome: Outcome| {
        let at = begin.plus(Duration::from_millis(100 * number));
        attempt(&mut world, at, at, outcome);
        found(&world)
    };
    let full = || Outcome::Failed(Class::Sql("53100".to_owned()));
    assert_eq!(write(1, Outcome::Acknowledged), []);
    let all = write(2, full());
    let finding = all.iter().find(|finding| finding.kind == Kind::DiskFull).unwrap();
    assert_eq!(finding.what, "the disk of postgresql0 is full");
    assert_eq!(
        (finding.weight, finding.since),
        (Weight::Alarm, Some(begin.plus(Duration::from_millis(200))))
    );
    assert_eq!(write(3, Outcome::Acknowledged), []);
    assert!(write(4, full()).iter().any(|finding| finding.kind == Kind::DiskFull));
    world.now = begin.plus(Duration::from_secs(6));
    assert!(!kinds(&world).contains(&Kind::DiskFull), "nobody writes any more");
}
