//! Tables: names, verdicts, comparisons.

use std::time::Duration;

use super::super::fixture::{LEADER, REPLICA, World};
use super::super::name::MemberName;
use super::super::time::Timestamp;
use super::super::wal::Timeline;
use super::{Identity, Plan, Report, State, Step, TableName, Verdict, entry_leads_to, one_cluster, primary};

fn identity(standby: bool, system: &str, timeline: Option<u32>) -> Identity {
    Identity {
        standby,
        system_id: system.to_owned(),
        started: if standby { "200" } else { "100" }.to_owned(),
        address: if standby { "172.18.0.3:5432" } else { "172.18.0.2:5432" }.to_owned(),
        timeline: timeline.map(Timeline),
        user: "postgres".to_owned(),
        database: "postgres".to_owned(),
    }
}

fn step(name: &str, state: State) -> Step {
    Step {
        name: name.to_owned(),
        state,
    }
}

fn passed() -> State {
    State::Passed {
        detail: String::new(),
        took: Duration::from_millis(3),
    }
}

#[test]
fn only_names_that_we_make_are_ours() {
    let table = TableName::at(Timestamp::from_micros(0xabc));
    assert_eq!(TableName::parse(table.name()), Some(table.clone()));
    assert_eq!(table.to_string(), "public.pgherd_check_abc");
    for other in [
        "",
        "pgherd_check_",
        "pgherd_check_xyz",
        "pgherd_check_12_old",
        "pgherd_check_ABC",
        "pgherd_checks",
        "my_pgherd_check_12",
        "pgherd_check_1;drop table t",
        "pgherd_check_00000000000000000",
    ] {
        assert_eq!(TableName::parse(other), None, "{other}");
    }
}

#[test]
fn the_plan_is_what_is_known() {
    let mut world = World::healthy();
    let plan = Plan::of(&world.cluster).unwrap();
    assert_eq!(plan.holder.as_ref().map(MemberName::as_str), Some(LEADER));
    assert_eq!(plan.members.len(), 2);
    assert_eq!(plan.entry.unwrap().to_string(), "127.0.0.1:5432");
    for node in &mut world.cluster.targets.nodes {
        node.postgres = None;
    }
    let plan = Plan::of(&world.cluster).unwrap();
    let whys: Vec<_> = plan
        .members
        .into_iter()
        .filter_map(|target| target.address.err())
        .collect();
    assert_eq!(whys, ["no address of its PostgreSQL is known"; 2]);
    world.cluster.targets.nodes.clear();
    assert_eq!(Plan::of(&world.cluster), None);
}

#[test]
fn one_failure_fails_and_what_is_left_out_is_said() {
    let failed = || State::Failed("why".to_owned());
    let skipped = || State::Skipped("why".to_owned());
    let cases: [(Vec<State>, Verdict, &str); 5] = [
        (
            vec![passed(), passed()],
            Verdict::Passed { skipped: 0 },
            "check passed: 2 steps",
        ),
        (
            vec![passed(), skipped()],
            Verdict::Passed { skipped: 1 },
            "check passed: 2 steps, 1 of them skipped",
        ),
        (
            vec![passed(), failed(), skipped()],
            Verdict::Failed(1),
            "check failed: 1 of 3 steps failed",
        ),
        // What still ran when everything ended was broken off.
        (
            vec![passed(), State::Running],
            Verdict::Failed(1),
            "check failed: 1 of 2 steps failed",
        ),
        (vec![], Verdict::Failed(0), "check failed: 0 of 0 steps failed"),
    ];
    for (states, verdict, summary) in cases {
        let mut report = Report::default();
        for (at, state) in states.into_iter().enumerate() {
            report.take(step(&at.to_string(), State::Running));
            assert_eq!(report.verdict(), Verdict::Running);
            report.take(step(&at.to_string(), state));
        }
        report.end();
        assert_eq!((report.verdict(), report.summary().as_str()), (verdict, summary));
        assert_eq!(
            report.failed().count(),
            usize::from(matches!(verdict, Verdict::Failed(1)))
        );
    }
}

#[test]
fn a_step_reads_as_one_line() {
    let detailed = State::Passed {
        detail: "seen".to_owned(),
        took: Duration::from_millis(1_240),
    };
    for (state, line) in [
        (State::Running, "row"),
        (passed(), "row (3 ms)"),
        (detailed, "row: seen (1.24 s)"),
        (State::Failed("why".to_owned()), "row: why"),
        (State::Skipped("why".to_owned()), "row: why"),
    ] {
        assert_eq!(step("row", state).to_string(), line);
    }
}

#[test]
fn there_is_one_primary_and_it_holds_the_lock() {
    let [a, b] = [MemberName::from(LEADER), MemberName::from(REPLICA)];
    let (first, second) = (identity(false, "1", Some(1)), identity(true, "1", None));
    let cases = [
        (vec![(&a, &first), (&b, &second)], Some(&a), Ok(&a)),
        (vec![(&a, &first), (&b, &second)], None, Ok(&a)),
        (
            vec![(&a, &first), (&b, &second)],
            Some(&b),
            Err("postgresql0 is the primary and postgresql1 holds the leader lock"),
        ),
        (
            vec![(&b, &second)],
            Some(&a),
            Err("no member that answers is a primary"),
        ),
        (
            vec![(&a, &first), (&b, &first)],
            Some(&a),
            Err("several primaries: postgresql0, postgresql1"),
        ),
    ];
    for (members, holder, expected) in cases {
        assert_eq!(primary(members, holder), expected.map_err(str::to_owned));
    }
}

#[test]
fn all_belong_to_one_cluster() {
    let [a, b] = [MemberName::from(LEADER), MemberName::from(REPLICA)];
    let leader = identity(false, "1", Some(4));
    let cases = [
        (identity(true, "1", Some(4)), Ok("system 1, timeline 4")),
        // A timeline that is not known contradicts nobody.
        (identity(true, "1", None), Ok("system 1, timeline 4")),
        (
            identity(true, "1", Some(5)),
            Err("different timelines: postgresql0 4, postgresql1 5"),
        ),
        (
            identity(true, "2", Some(4)),
            Err("different system identifiers: postgresql0 1, postgresql1 2"),
        ),
    ];
    for (other, expected) in cases {
        let found = one_cluster([(&a, &leader), (&b, &other)]);
        assert_eq!(found, expected.map(str::to_owned).map_err(str::to_owned));
    }
}

#[test]
fn the_entry_point_leads_to_the_leader_or_it_is_said_where() {
    let name = MemberName::from(LEADER);
    let leader = identity(false, "1", Some(4));
    let lead = |entry: &Identity| entry_leads_to((&name, &leader), entry);
    assert_eq!(
        lead(&leader).unwrap(),
        "postgresql0, primary at 172.18.0.2:5432, timeline 4"
    );
    assert_eq!(
        lead(&identity(true, "1", None)).unwrap_err(),
        "it leads to a standby at 172.18.0.3:5432, and the leader postgresql0 is a primary at 172.18.0.2:5432, timeline 4"
    );
    let restarted = Identity {
        started: "300".to_owned(),
        ..leader.clone()
    };
    assert!(lead(&restarted).is_err());
    assert!(
        lead(&identity(false, "2", Some(4)))
            .unwrap_err()
            .contains("another cluster: system 2")
    );
}
