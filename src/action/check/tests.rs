//! The check against servers that only know what it asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;

use super::*;
use crate::model::check::{Report, Verdict};
use crate::model::time::Timestamp;

/// What the servers share: the tables of the leader, and what is wrong.
#[derive(Default)]
struct World {
    tables: BTreeMap<String, BTreeSet<(String, String)>>,
    locked: BTreeSet<String>,
    /// Ports of servers that answer, true for a standby.
    servers: BTreeMap<u16, bool>,
    /// The server that the entry point leads to.
    entry: u16,
    /// Statements that begin so get this code, so many times; on every server.
    refused: Option<(&'static str, &'static str, usize)>,
    /// Looks at a standby that find nothing yet.
    behind: usize,
    accepts_on_standby: bool,
}

const ENTRY: u16 = 1;
const FIRST: u16 = 10;
const SECOND: u16 = 11;

struct Servers(Arc<Mutex<World>>);

struct Session {
    world: Arc<Mutex<World>>,
    port: u16,
}

impl Connect for Servers {
    type Session = Session;

    async fn connect(&self, to: &Address) -> Result<Session, String> {
        let world = self.0.lock().unwrap();
        let port = if to.port == ENTRY { world.entry } else { to.port };
        if !world.servers.contains_key(&port) {
            return Err("connection refused".to_owned());
        }
        Ok(Session {
            world: Arc::clone(&self.0),
            port,
        })
    }
}

impl Ask for Session {
    async fn ask(&self, sql: &str) -> Result<Vec<Row>, Refusal> {
        self.world.lock().unwrap().answer(self.port, sql.trim())
    }
}

fn row(values: &[&str]) -> Row {
    values.iter().map(|value| Some((*value).to_owned())).collect()
}

fn no(code: &str) -> Result<Vec<Row>, Refusal> {
    Err(Refusal {
        code: Some(code.to_owned()),
        text: "no".to_owned(),
    })
}

impl World {
    fn answer(&mut self, port: u16, sql: &str) -> Result<Vec<Row>, Refusal> {
        if let Some((begin, code, times @ 1..)) = &mut self.refused
            && sql.starts_with(*begin)
        {
            *times -= 1;
            return no(code);
        }
        let Some(standby) = self.servers.get(&port).copied() else {
            return Err(Refusal {
                code: None,
                text: "connection closed".to_owned(),
            });
        };
        let mut words = sql.split([' ', '\'', ',']).filter(|word| !word.is_empty());
        let table = words.find_map(|word| word.trim_start_matches("public.").strip_prefix("pgherd_check_"));
        let table = table.unwrap_or_default().to_owned();
        let known = self.tables.get(&table).cloned();
        if sql.contains("pg_control_system") {
            let started = port.to_string();
            let recovery = if standby { "t" } else { "f" };
            return Ok(vec![row(&[
                recovery, "7", &started, "10.0.0.1", "5432", "3", "me", "db",
            ])]);
        }
        if sql.contains("pg_class") {
            let names = self.tables.keys().map(|name| row(&[&format!("pgherd_check_{name}")]));
            return Ok(names.chain([row(&["pgherd_check_mine"]), row(&["orders"])]).collect());
        }
        if sql.contains("advisory") {
            let free = self.locked.insert(table);
            return Ok(vec![row(&[if free { "t" } else { "f" }])]);
        }
        if sql.contains("to_regclass") {
            return Ok(vec![vec![known.map(|_| table)]]);
        }
        let writes = !sql.starts_with("SELECT");
        if standby && writes && !self.accepts_on_standby {
            return no("25006");
        }
        if standby && self.behind > 0 {
            self.behind -= 1;
            return no("42P01");
        }
        if sql.starts_with("CREATE") {
            self.tables.insert(table, BTreeSet::new());
        } else if sql.starts_with("DROP") {
            self.tables.remove(&table);
        } else if sql.starts_with("INSERT") {
            let id = if sql.contains("(1,") { "1" } else { "2" };
            let rows = self.tables.get_mut(&table).unwrap();
            rows.insert((id.to_owned(), "way".to_owned()));
        } else if !writes {
            let rows = known.unwrap_or_default();
            return Ok(rows.iter().map(|(id, way)| row(&[id, way])).collect());
        }
        Ok(Vec::new())
    }
}

fn healthy() -> World {
    World {
        servers: BTreeMap::from([(FIRST, false), (SECOND, true)]),
        entry: FIRST,
        behind: 3,
        ..World::default()
    }
}

/// The report of a check, and the world after it.
async fn checked(world: World, entry: bool) -> (Report, World) {
    let address = |port| Address {
        host: "h".to_owned(),
        port,
    };
    let target = |name: &str, port| Target {
        member: MemberName::from(name),
        address: Ok(address(port)),
    };
    let plan = Plan {
        members: vec![target("a", FIRST), target("b", SECOND)],
        entry: entry.then(|| address(ENTRY)),
        holder: Some(MemberName::from("a")),
        lab: true,
    };
    let (tell, mut told) = mpsc::unbounded_channel();
    let world = Arc::new(Mutex::new(world));
    let table = TableName::at(Timestamp::from_micros(0xabc));
    run(&Servers(Arc::clone(&world)), &plan, &table, tell).await;
    let mut report = Report::default();
    while let Some(step) = told.recv().await {
        report.take(step);
    }
    report.end();
    let world = Arc::into_inner(world).unwrap().into_inner().unwrap();
    (report, world)
}

/// `name: word` of what did not pass.
fn not_passed(report: &Report) -> Vec<String> {
    let steps = report.steps.iter().filter(|step| step.state.word() != "passed");
    steps.map(|step| format!("{} {step}", step.state.word())).collect()
}

#[tokio::test(start_paused = true)]
async fn a_healthy_cluster_passes_and_nothing_stays() {
    let (report, world) = checked(healthy(), true).await;
    let names: Vec<&str> = report.steps.iter().map(|step| step.name.as_str()).collect();
    let expected = [
        "connect to a",
        "connect to b",
        "one primary",
        "one cluster",
        "entry point leads to the leader",
        "leftovers of earlier checks",
        "table made on the leader",
        "row written on the leader",
        "row seen on b",
        "write on b refused",
        "write through the entry point",
        "read through the entry point",
        "table removed",
    ];
    assert_eq!(names, expected);
    assert_eq!(not_passed(&report), [""; 0]);
    assert_eq!(report.verdict(), Verdict::Passed { skipped: 0 });
    assert_eq!(world.tables, BTreeMap::new());
}

#[tokio::test(start_paused = true)]
async fn each_fault_is_named_and_nothing_stays() {
    let refused = |begin, code| World {
        refused: Some((begin, code, usize::MAX)),
        ..healthy()
    };
    let cases: Vec<(World, &[&str])> = vec![
        (
            World {
                servers: BTreeMap::from([(FIRST, false)]),
                ..healthy()
            },
            &["failed connect to b: connection refused"],
        ),
        (
            World {
                servers: BTreeMap::from([(SECOND, true)]),
                ..healthy()
            },
            &[
                "failed connect to a: connection refused",
                "failed one primary: no member that answers is a primary",
                "failed entry point leads to the leader: h:1: connection refused",
                "skipped write on the leader: no leader to write to",
            ],
        ),
        (
            World {
                servers: BTreeMap::from([(FIRST, false), (SECOND, false)]),
                ..healthy()
            },
            &[
                "failed one primary: several primaries: a, b",
                "failed entry point leads to the leader: h:1 leads to a primary at 10.0.0.1:5432, timeline 3; \
                 which one leads is not known",
                "skipped write on the leader: no leader to write to",
            ],
        ),
        (
            World {
                entry: SECOND,
                ..healthy()
            },
            &[
                "failed entry point leads to the leader: it leads to a standby at 10.0.0.1:5432, timeline 3, \
                 and the leader a is a primary at 10.0.0.1:5432, timeline 3",
                "skipped write through the entry point: it does not lead to the leader",
            ],
        ),
        (
            World {
                behind: usize::MAX,
                ..healthy()
            },
            &[
                "failed row seen on b: not there 10 s after the commit",
                "skipped write on b refused: the table is not there to write to",
            ],
        ),
        (
            World {
                accepts_on_standby: true,
                ..healthy()
            },
            &["failed write on b refused: the write was accepted: this is a second primary"],
        ),
        (
            refused("CREATE", "42501"),
            &[
                "failed table made on the leader: 42501 no; in database db: GRANT CREATE ON SCHEMA public TO me; \
                 or name a role that may, with --user or PGUSER",
            ],
        ),
        (
            refused("INSERT", "53100"),
            &["failed row written on the leader: 53100 no"],
        ),
    ];
    for (world, expected) in cases {
        let (report, world) = checked(world, true).await;
        assert_eq!(not_passed(&report), expected);
        assert!(matches!(report.verdict(), Verdict::Failed(1..)), "{expected:?}");
        assert_eq!(world.tables, BTreeMap::new(), "{expected:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_entry_point_the_rest_is_checked() {
    let (report, _) = checked(healthy(), false).await;
    assert_eq!(report.verdict(), Verdict::Passed { skipped: 1 });
}

#[tokio::test(start_paused = true)]
async fn a_leftover_is_removed_and_a_check_that_runs_is_left_alone() {
    let world = World {
        tables: BTreeMap::from([("1a".to_owned(), BTreeSet::new()), ("2b".to_owned(), BTreeSet::new())]),
        locked: BTreeSet::from(["2b".to_owned()]),
        ..healthy()
    };
    let (report, world) = checked(world, true).await;
    assert_eq!(not_passed(&report), [""; 0]);
    let leftovers = report
        .steps
        .iter()
        .find(|step| step.name.starts_with("leftovers"))
        .unwrap();
    assert!(
        leftovers.to_string().contains("removed public.pgherd_check_1a ("),
        "{leftovers}"
    );
    assert_eq!(world.tables.into_keys().collect::<Vec<_>>(), ["2b"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_removed_on_one_connection_is_removed_on_another_or_said() {
    for (times, word) in [(1, "passed"), (usize::MAX, "failed")] {
        let world = World {
            refused: Some(("DROP", "57P01", times)),
            ..healthy()
        };
        let (report, world) = checked(world, true).await;
        let last = report.steps.last().unwrap();
        assert_eq!(last.state.word(), word, "{last}");
        let text = if times == 1 {
            "on the second try, at h:1"
        } else {
            "public.pgherd_check_abc may be left"
        };
        assert!(last.to_string().contains(text), "{last}");
        assert_eq!(world.tables.len(), usize::from(times > 1));
    }
}
