//! Recorded trees of Patroni 3.0.2 and 4.1.4.

use std::time::Duration;

use super::*;
use crate::model::dcs::{DcsMember, PatroniRole};

macro_rules! sample {
    ($name:literal) => {
        include_str!(concat!("../../../../../tests/samples/zookeeper/", $name, ".txt"))
    };
}

/// The dumps of a recording: `/path  [stat]`, and its value indented on the next line.
fn dumps(recording: &str) -> Vec<DcsSnapshot> {
    let mut dumps: Vec<Vec<RawZnode>> = Vec::new();
    for line in recording.lines() {
        if line.starts_with("# dump") {
            dumps.push(Vec::new());
        } else if let Some(value) = line.strip_prefix("    ") {
            let node = dumps.last_mut().unwrap().last_mut().unwrap();
            node.data = value.as_bytes().to_vec();
        } else if let Some((path, stat)) = line.split_once("  [") {
            let Some(path) = path.strip_prefix(ROOT) else { continue };
            dumps.last_mut().unwrap().push(RawZnode {
                path: path.trim_start_matches('/').to_owned(),
                data: Vec::new(),
                stat: recorded_stat(stat.trim_end_matches(']')),
            });
        }
    }
    dumps.iter().map(|raw| decode(ROOT, raw, &[])).collect()
}

fn recorded_stat(text: &str) -> ZnodeStat {
    let field = |key: &str| {
        let mut fields = text.split(' ').filter_map(|field| field.split_once('='));
        fields.find(|(name, _)| *name == key).unwrap().1
    };
    let owner = i64::from_str_radix(field("ephemeralOwner").trim_start_matches("0x"), 16).unwrap();
    ZnodeStat {
        czxid: field("czxid").parse().unwrap(),
        mzxid: field("mzxid").parse().unwrap(),
        created: timestamp(field("ctime")).unwrap(),
        modified: timestamp(field("mtime")).unwrap(),
        version: field("ver").parse().unwrap(),
        owner: (owner != 0).then_some(SessionId(owner)),
    }
}

/// `name role state timeline` of every member.
fn members(snapshot: &DcsSnapshot) -> Vec<String> {
    let line = |member: &DcsMember| {
        let timeline = member.timeline.map_or("-".to_owned(), |timeline| timeline.to_string());
        format!("{} {} {} {timeline}", member.name, member.role.word(), member.state)
    };
    snapshot.members.iter().map(line).collect()
}

#[test]
fn a_healthy_cluster_of_both_versions() {
    for (recording, version, slots) in [
        (sample!("p302_00_healthy"), "3.0.2", 0),
        (sample!("p414_00_healthy"), "4.1.4", 2),
    ] {
        let dumps = dumps(recording);
        let [snapshot] = dumps.as_slice() else { panic!() };
        assert_eq!(snapshot.problems, Vec::<String>::new());
        assert_eq!(members(snapshot), ["pg1 primary running 1", "pg2 replica running 1"]);
        let pg1 = snapshot.member(&name("pg1")).unwrap();
        let lock = snapshot.leader.as_ref().unwrap();
        assert_eq!(lock.holder, name("pg1"));
        assert_eq!(lock.session, pg1.session);
        assert!(lock.session.is_some());
        assert_eq!(lock.since, snapshot.node("leader").unwrap().stat.created);
        assert_eq!(pg1.connect, Some(("172.30.0.11".to_owned(), 5432)));
        assert_eq!(pg1.api_url.as_deref(), Some("http://172.30.0.11:8008/patroni"));
        assert_eq!(pg1.version.as_deref(), Some(version));
        assert_eq!(pg1.xlog_location, Some(Lsn(50_331_744)));
        assert_eq!(snapshot.optime, Some(Lsn(50_331_744)));
        assert_eq!(snapshot.slots.len(), slots);
        let config = snapshot.config.as_ref().unwrap();
        assert_eq!(config.ttl, Some(Duration::from_secs(30)));
        assert_eq!(config.loop_wait, Some(Duration::from_secs(10)));
        assert_eq!(config.maximum_lag_on_failover, Some(1_048_576));
        assert!(!config.pause && !config.synchronous_mode);
        assert_eq!((snapshot.timeline(), snapshot.history.len()), (Timeline(1), 0));
        assert_eq!((&snapshot.failover, &snapshot.sync), (&None, &None));
        assert!(snapshot.initialize.as_ref().unwrap().starts_with("77110"));
        let paths: Vec<_> = snapshot.nodes.iter().map(|node| node.path.as_str()).collect();
        assert_eq!(paths.first(), Some(&""));
        assert!(paths.is_sorted() && paths.contains(&"members/pg2"), "{paths:?}");
    }
    let replica = dumps(sample!("p414_00_healthy")).remove(0);
    let replica = replica.member(&name("pg2")).unwrap();
    assert_eq!(replica.replication_state.as_deref(), Some("streaming"));
    assert_eq!(replica.receive_lsn, Some(Lsn(50_331_744)));
    assert_eq!(replica.replay_lsn, Some(Lsn(50_331_744)));
}

#[test]
fn after_a_kill_the_store_says_healthy_until_the_lock_expires() {
    let dumps302 = dumps(sample!("p302_02_sigkill"));
    assert!(dumps302.iter().all(|dump| dump.problems.is_empty()));
    let story: Vec<_> = dumps302.iter().map(|dump| (holder(dump), members(dump))).collect();
    let dead = (
        Some("pg2"),
        vec!["pg1 replica running 2".to_owned(), "pg2 primary running 2".to_owned()],
    );
    assert_eq!(story.get(..3), Some(&[dead.clone(), dead.clone(), dead][..]));
    assert_eq!(story[3], (Some("pg1"), vec!["pg1 promoted running 2".to_owned()]));
    assert!(dumps302[3].members[0].checkpoint_pending);
    assert_eq!(dumps302[3].timeline(), Timeline(2), "history comes a second later");
    assert_eq!(story[4], (Some("pg1"), vec!["pg1 primary running 3".to_owned()]));
    assert!(!dumps302[4].members[0].checkpoint_pending);
    assert_eq!(dumps302[4].timeline(), Timeline(3));
    assert_eq!(
        dumps302[4].history[1],
        TimelineSwitch {
            old: Timeline(2),
            at_lsn: Some(Lsn(50_861_184)),
            reason: "no recovery target specified".to_owned(),
            promoted: Some(Timestamp::from_micros(1_795_375_138_526_984)),
            leader: Some(name("pg1")),
        }
    );

    let dumps414 = dumps(sample!("p414_02_sigkill"));
    assert!(dumps414.iter().all(|dump| dump.problems.is_empty()));
    let last = dumps414.last().unwrap();
    assert_eq!(members(last), ["pg1 replica running 4", "pg2 primary running 4"]);
    assert_eq!(last.timeline(), Timeline(4));
}

#[test]
fn a_switchover_shows_the_old_leader_stopped_for_a_moment() {
    for (recording, pair) in [
        (
            sample!("p302_05_switchover_rest"),
            ("pg2 demoted stopped -", "pg1 primary running 6"),
        ),
        (
            sample!("p414_05_switchover_rest"),
            ("pg1 demoted stopped -", "pg2 primary running 6"),
        ),
    ] {
        let stories: Vec<_> = dumps(recording).iter().map(members).collect();
        let demoted = stories.iter().any(|story| story.iter().any(|line| line == pair.0));
        assert!(demoted, "{stories:#?}");
        assert!(
            stories.last().unwrap().iter().any(|line| line == pair.1),
            "{stories:#?}"
        );
    }
}

#[test]
fn pause_sync_and_quorum_as_patroni_4_writes_them() {
    let paused = dumps(sample!("p414_21_pause_mode")).remove(0);
    assert!(paused.config.as_ref().unwrap().pause);
    assert!(paused.members.iter().all(|member| member.pause));
    assert_eq!(paused.failover, None, "an emptied request is none");

    let expected = Some(SyncState {
        leader: Some(name("pg2")),
        standbys: vec![name("pg1")],
        quorum: Some(0),
    });
    let sync = dumps(sample!("p414_23_sync_mode")).remove(0);
    assert!(sync.config.as_ref().unwrap().synchronous_mode);
    assert_eq!(sync.sync, expected);
    let quorum = dumps(sample!("p414_25_quorum_mode"));
    let config = quorum[0].config.as_ref().unwrap();
    assert!(config.synchronous_mode && config.quorum_commit && !config.check_timeline);
    assert_eq!((&quorum[0].sync, &quorum[1].sync), (&expected, &None));
    assert!(!quorum[1].config.as_ref().unwrap().synchronous_mode);
}

#[test]
fn every_recorded_tree_is_read_without_a_problem() {
    for recording in [
        sample!("p302_05_switchover_rest"),
        sample!("p414_05_switchover_rest"),
        sample!("p414_27_bad_requests"),
    ] {
        let dumps = dumps(recording);
        assert!(!dumps.is_empty());
        for dump in dumps {
            assert_eq!(dump.problems, Vec::<String>::new());
            assert_eq!(dump.members.len(), 2);
            assert!(
                dump.members
                    .iter()
                    .all(|member| !matches!(member.role, PatroniRole::Other(_)))
            );
        }
    }
}
