//! The table of cases.

use super::*;
use crate::model::clock::StepKind;

/// One change in which a finding is true, and one in which it is nearly so.
pub(super) type Case = (Kind, fn(&mut World), fn(&mut World));

pub(super) const CASES: &[Case] = &[
    (
        Kind::TwoPrimaries,
        |world| drop(world.sql.insert(REPLICA.into(), primary_sql(2))),
        |world| {
            let mut readonly = primary_sql(2);
            readonly.read_only_default = true;
            world.sql.insert(REPLICA.into(), readonly);
        },
    ),
    (
        Kind::CommitsWait,
        |world| synchronous(world, "*", None),
        |world| synchronous(world, "postgresql1", Some("sync")),
    ),
    (
        Kind::CommitsWait,
        |world| {
            sync(world, true, &[]);
            synchronous(world, "__patroni_strict_sync_replica_placeholder__", Some("async"));
        },
        |world| {
            synchronous(world, "*", None);
            world.sql_of(LEADER).walsenders = Privileged::Denied("pg_monitor".into());
        },
    ),
    (
        Kind::CommitsWait,
        |world| synchronous(world, "ANY 1 (a,b)", None),
        |world| {
            synchronous(world, "*", None);
            world.sql_of(LEADER).settings = vec![("synchronous_commit".to_owned(), "local".to_owned())];
        },
    ),
    (
        Kind::NoSyncStandby,
        |world| sync(world, false, &[]),
        |world| sync(world, false, &[REPLICA]),
    ),
    (
        Kind::ReadOnlyRouted,
        |world| world.proxy = statistics("pg-slave", "pg-master"),
        |world| {
            // Nobody knows what it is.
            world.proxy = statistics("pg-slave", "pg-master");
            world.silence(REPLICA, &Cause::Timeout("query".into()));
        },
    ),
    (
        Kind::CutOff,
        |world| world.container("pg-slave").networks.clear(),
        |world| {
            // One that does not run has no cable either, and nobody pulled it.
            world.container("pg-slave").networks.clear();
            world.container("pg-slave").state = ContainerState::Exited { code: 0 };
        },
    ),
    (
        Kind::CutOff,
        |world| world.container("pg-slave").networks[0].name = "elsewhere".to_owned(),
        |world| world.container("zoo").networks.clear(),
    ),
    (
        Kind::NoServer,
        |world| {
            world.proxy.pools[1] = pool("postgres", vec![server("pg-master", ServerStatus::Down, 503)]);
        },
        |world| {
            world.proxy.pools[1] = pool(
                "postgres",
                vec![server("pg-master", ServerStatus::Failing { left: 1, of: 3 }, 503)],
            );
        },
    ),
    (
        Kind::Full,
        |world| full_entry(world, 4000),
        |world| full_entry(world, 3999),
    ),
    (
        Kind::GhostServer,
        |world| {
            world.proxy.pools[1]
                .servers
                .push(server("pg-third", ServerStatus::Down, 0));
        },
        |world| {
            // It works, only its name says nothing.
            world.proxy.pools[1]
                .servers
                .push(server("pg-third", ServerStatus::Up, 200));
        },
    ),
    (
        Kind::GhostServer,
        |world| {
            world.proxy.pools[1]
                .servers
                .push(server("pg-third", ServerStatus::Down, 0));
        },
        |world| {
            // Down since before anybody looked, so that nobody knows its name.
            world.proxy.pools[1]
                .servers
                .push(server("pg-third", ServerStatus::Down, 0));
            world.docker("pg-slave", ContainerAction::Died { code: 0 });
        },
    ),
    (
        Kind::DeadHolder,
        |world| drop(world.kill(LEADER)),
        |world| drop(world.kill(REPLICA)),
    ),
    (
        Kind::NoData,
        |world| {
            world.dcs.leader = None;
            for member in &mut world.dcs.members {
                member.role = PatroniRole::Uninitialized;
            }
        },
        |world| {
            world.dcs.leader = None;
            world.entry(REPLICA).role = PatroniRole::Uninitialized;
        },
    ),
    (
        Kind::ForeignData,
        |world| world.sql_of(REPLICA).system_id = "17".to_owned(),
        |world| world.dcs.initialize = None,
    ),
    (
        Kind::Diverged,
        |world| {
            let sql = world.sql_of(REPLICA);
            sql.timeline.as_mut().unwrap().0 = Timeline(11);
            stop_receiver(sql);
            world.entry(REPLICA).timeline = Some(Timeline(11));
            world.rest.get_mut(&MemberName::from(REPLICA)).unwrap().timeline = Some(Timeline(11));
        },
        |world| world.sql_of(LEADER).timeline.as_mut().unwrap().0 = Timeline(11),
    ),
    (
        Kind::NotStreaming,
        |world| stop_receiver(world.sql_of(REPLICA)),
        |world| {
            // Nobody streams from a leader that is gone.
            stop_receiver(world.sql_of(REPLICA));
            world.silence(LEADER, &Cause::Refused);
        },
    ),
    (
        Kind::NoSuccessor,
        |world| drop(world.docker("pg-slave", ContainerAction::Died { code: 0 })),
        |world| drop(world.kill(LEADER)),
    ),
    (
        Kind::DiskFull,
        |world| {
            fill_disk(world, REPLICA);
            // Between two starts.
            world.down.insert(SourceId::Postgres(REPLICA.into()), Cause::Starting);
        },
        |world| {
            fill_disk(world, REPLICA);
            world.down.clear();
            world.pass(20_000);
        },
    ),
    (
        Kind::PatroniSilent,
        |world| {
            mute_patroni(world, Cause::Timeout("answer".into()));
        },
        |world| {
            // Its PostgreSQL is silent too: that is another matter.
            world.silence(REPLICA, &Cause::Timeout("answer".into()));
            world.pass(5_000);
        },
    ),
    (
        Kind::StandsStill,
        |world| {
            world.standby(REPLICA).received = Some(Lsn(HEAD.0 - 100));
            world.standby(REPLICA).replayed = Some(Lsn(HEAD.0 - 100));
            world.pass(500);
            world.pass(5_000);
        },
        |world| {
            // It gets on, although it is behind.
            for behind in [300, 200] {
                world.standby(REPLICA).received = Some(Lsn(HEAD.0 - behind));
                world.standby(REPLICA).replayed = Some(Lsn(HEAD.0 - behind));
                world.pass(3_000);
            }
        },
    ),
    (
        Kind::StandsStill,
        |world| {
            world.standby(REPLICA).received = Some(Lsn(HEAD.0 - 50));
            world.standby(REPLICA).replayed = Some(Lsn(HEAD.0 - 100));
            world.pass(500);
            world.standby(REPLICA).received = Some(HEAD);
            world.pass(5_000);
        },
        |world| {
            // The leader has not sent the rest of a record.
            world.standby(REPLICA).replayed = Some(Lsn(HEAD.0 - 100));
            world.pass(500);
            world.pass(5_000);
        },
    ),
    (
        Kind::Throttled,
        |world| throttle(world, 0.9),
        |world| throttle(world, 0.1),
    ),
    (
        Kind::ServerAway,
        |world| world.ensemble(&[Some("leader"), Some("follower"), None]),
        |world| world.ensemble(&[Some("leader"), Some("follower"), Some("follower")]),
    ),
    (
        Kind::Lagging,
        |world| world.dcs.optime = Some(Lsn(HEAD.0 + 12 * MB)),
        |world| world.dcs.optime = Some(Lsn(HEAD.0 + MB)),
    ),
    (
        Kind::Paused,
        |world| world.dcs.config.as_mut().unwrap().pause = true,
        |world| {
            world.dcs.config.as_mut().unwrap().pause = true;
            world.down.insert(SourceId::ZooKeeper, Cause::Closed);
        },
    ),
    (
        Kind::Killed,
        |world| drop(world.docker("zoo", ContainerAction::Died { code: 137 })),
        |world| drop(world.docker("zoo", ContainerAction::Died { code: 143 })),
    ),
    (
        Kind::SlotHolds,
        |world| slot(world, false, 300, "reserved"),
        |world| slot(world, true, 300, "reserved"),
    ),
    (
        Kind::SlotHolds,
        |world| slot(world, true, 1_200, "reserved"),
        |world| slot(world, false, 200, "reserved"),
    ),
    (
        Kind::SlotHolds,
        |world| slot(world, true, 10, "unreserved"),
        |world| slot(world, true, 10, "lost"),
    ),
    (
        Kind::OldLock,
        |world| world.dcs.leader.as_mut().unwrap().session = Some(SessionId(0x77)),
        |world| world.dcs.leader.as_mut().unwrap().session = None,
    ),
    (
        Kind::GhostMember,
        |world| remove(world, "pg-slave"),
        |world| {
            remove(world, "pg-slave");
            world.wake(REPLICA);
        },
    ),
    (
        Kind::StoreAway,
        |world| drop(world.down.insert(SourceId::ZooKeeper, Cause::Refused)),
        |world| drop(world.down.insert(SourceId::Docker, Cause::Refused)),
    ),
    (
        Kind::Failsafe,
        |world| {
            world.rest.get_mut(&MemberName::from(LEADER)).unwrap().failsafe_active = true;
        },
        |world| world.dcs.config.as_mut().unwrap().failsafe_mode = true,
    ),
    (Kind::TtlClamped, |world| ttl(world, 30, 1), |world| ttl(world, 40, 2)),
    (
        Kind::TtlClamped,
        |world| {
            world.store.session_timeout_bounds = None;
            world
                .store
                .session_timeouts
                .insert(SessionId(0x10), Duration::from_secs(20));
        },
        |world| world.store.session_timeout_bounds = None,
    ),
    (
        Kind::TimingRule,
        |world| world.dcs.config.as_mut().unwrap().retry_timeout = Some(Duration::from_secs(11)),
        |world| {
            let config = world.dcs.config.as_mut().unwrap();
            (config.ttl, config.loop_wait, config.retry_timeout) = (None, None, None);
        },
    ),
    (
        Kind::ClockSet,
        |world| drop(world.step(StepKind::SetBack)),
        |world| drop(world.step(StepKind::StoodStill)),
    ),
];
