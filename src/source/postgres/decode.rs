//! From rows to what they mean. Pure.

use std::time::Duration;

use super::query::{AboutRow, SenderRow, SlotRow, StatusRow};
use crate::model::name::MemberName;
use crate::model::postgres::{Privileged, Slot, SqlRole, SqlStatus, Standby, TimelineSource, WalReceiver, WalSender};
use crate::model::text::clean_line;
use crate::model::time::Timestamp;
use crate::model::wal::{Lsn, Timeline};

/// What lets a role see the columns that others see as null.
const GRANT: &str = "needs pg_monitor";

/// One round's rows.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    pub(super) about: AboutRow,
    pub(super) status: StatusRow,
    pub(super) senders: Vec<SenderRow>,
    pub(super) slots: Vec<SlotRow>,
}

/// The state that `rows` describe; `round_trip` is how long they took.
pub(super) fn status(rows: Rows, round_trip: Duration) -> SqlStatus {
    let Rows {
        about,
        status,
        senders,
        slots,
    } = rows;
    SqlStatus {
        round_trip,
        version: u32::try_from(about.version).unwrap_or(0),
        system_id: clean_line(&about.system_id),
        started: about.started.map(Timestamp::from_micros),
        timeline: timeline(&status),
        role: role(&status),
        walsenders: wal_senders(senders),
        slots: slots.iter().map(slot).collect(),
        synchronous_standby_names: clean_line(&status.synchronous_standby_names),
        read_only_default: status.read_only_default,
        settings: about.settings.iter().filter_map(|setting| split(setting)).collect(),
        connections: connections(&status),
    }
}

/// Each source only where it is the best one: see `TimelineSource` for how late each is.
fn timeline(row: &StatusRow) -> Option<(Timeline, TimelineSource)> {
    let number = |timeline: i32| u32::try_from(timeline).ok().filter(|&timeline| timeline > 0);
    let found = if row.current.is_some() {
        let name = row.wal_file.as_deref()?;
        (u32::from_str_radix(name.get(..8)?, 16).ok()?, TimelineSource::WalFile)
    } else if let Some(received) = row.receiver_timeline.and_then(number) {
        (received, TimelineSource::Receiver)
    } else {
        (row.control_timeline.and_then(number)?, TimelineSource::ControlFile)
    };
    Some((Timeline(found.0), found.1))
}

fn role(row: &StatusRow) -> SqlRole {
    if let Some(current) = row.current {
        return SqlRole::Primary { current: Lsn(current) };
    }
    SqlRole::Standby(Standby {
        received: row.received.map(Lsn),
        replayed: row.replayed.map(Lsn),
        replayed_commit: row.replayed_commit.map(Timestamp::from_micros),
        replay_paused: row.replay_paused.unwrap_or(false),
        receiver: Some(receiver(row)),
    })
}

/// A walreceiver that runs is one row; without the privilege all of it is null but its pid.
fn receiver(row: &StatusRow) -> Privileged<Option<WalReceiver>> {
    match (&row.receiver_status, row.has_receiver) {
        (Some(status), _) => Privileged::Seen(Some(WalReceiver {
            status: clean_line(status),
            sender_host: cleaned(row.sender_host.as_deref()),
            slot: cleaned(row.slot_name.as_deref()),
            last_message: row.last_message.map(Timestamp::from_micros),
        })),
        (None, true) => Privileged::Denied(GRANT.into()),
        (None, false) => Privileged::Seen(None),
    }
}

/// Without the privilege a row has a name and no state: that is not "not streaming".
fn wal_senders(rows: Vec<SenderRow>) -> Privileged<Vec<WalSender>> {
    let seen: Option<Vec<WalSender>> = rows.into_iter().map(wal_sender).collect();
    seen.map_or(Privileged::Denied(GRANT.into()), Privileged::Seen)
}

fn wal_sender(row: SenderRow) -> Option<WalSender> {
    Some(WalSender {
        name: MemberName::from(row.application_name.as_deref().unwrap_or_default()),
        client: cleaned(row.client.as_deref()),
        state: clean_line(&row.state?),
        sync_state: clean_line(row.sync_state.as_deref().unwrap_or_default()),
        sent: row.sent.map(Lsn),
        written: row.written.map(Lsn),
        flushed: row.flushed.map(Lsn),
        replayed: row.replayed.map(Lsn),
        replay_lag: row
            .replay_lag
            .map(|micros| Duration::from_micros(u64::try_from(micros).unwrap_or(0))),
    })
}

fn slot(row: &SlotRow) -> Slot {
    Slot {
        name: clean_line(&row.name),
        kind: clean_line(&row.kind),
        active: row.active,
        restart: row.restart.map(Lsn),
        wal_status: cleaned(row.wal_status.as_deref()),
    }
}

fn connections(row: &StatusRow) -> Option<(u32, u32)> {
    let used = u32::try_from(row.connections?).ok()?;
    Some((used, u32::try_from(row.max_connections).ok()?))
}

fn split(setting: &str) -> Option<(String, String)> {
    let (name, value) = setting.split_once('=')?;
    Some((clean_line(name), clean_line(value)))
}

fn cleaned(text: Option<&str>) -> Option<String> {
    text.map(clean_line).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `psql -At` output recorded with a role with (`mon`) and without (`nob`) `pg_monitor`.
    const RECORDED: [&str; 2] = [
        include_str!("../../../tests/samples/postgres/sql_privileges_pg15.txt"),
        include_str!("../../../tests/samples/postgres/sql_privileges_pg15_p414.txt"),
    ];

    /// The columns of the rows below the first query that contains `query`, in the section of `user` on `role`.
    fn recorded(sample: &str, user: &str, role: &str, query: &str) -> Vec<Vec<Option<String>>> {
        let section = sample
            .split("=== ")
            .find(|section| section.starts_with(&format!("user {user} ")) && section.contains(&format!("({role})")))
            .unwrap();
        let answer = section.split("Q: ").find(|part| part.contains(query)).unwrap();
        let cell = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        answer
            .lines()
            .skip(1)
            .map(|line| line.split('|').map(cell).collect())
            .collect()
    }

    fn position(cell: Option<&String>) -> Option<u64> {
        cell.map(|text| text.parse::<Lsn>().unwrap().0)
    }

    fn senders(sample: &str, user: &str) -> Privileged<Vec<WalSender>> {
        let rows = recorded(sample, user, "leader", "from pg_stat_replication");
        assert_eq!(rows.len(), 1);
        wal_senders(
            rows.into_iter()
                .map(|cells| SenderRow {
                    application_name: cells[0].clone(),
                    client: cells[1].clone(),
                    state: cells[2].clone(),
                    sync_state: cells[10].clone(),
                    sent: position(cells[3].as_ref()),
                    replayed: position(cells[6].as_ref()),
                    ..SenderRow::default()
                })
                .collect(),
        )
    }

    fn standby(sample: &str, user: &str) -> StatusRow {
        let state = &recorded(sample, user, "replica", "pg_is_wal_replay_paused")[0];
        let mut rows = recorded(sample, user, "replica", "from pg_stat_wal_receiver");
        assert_eq!(rows.len(), 1);
        let receiver = rows.remove(0);
        let checkpoint = &recorded(sample, user, "replica", "pg_control_checkpoint")[0];
        StatusRow {
            received: position(state[1].as_ref()),
            replayed: position(state[2].as_ref()),
            replay_paused: Some(state[4].as_deref() == Some("t")),
            has_receiver: true,
            receiver_status: receiver[0].clone(),
            receiver_timeline: receiver[1].as_ref().map(|text| text.parse().unwrap()),
            sender_host: receiver[5].clone(),
            slot_name: receiver[6].clone(),
            control_timeline: checkpoint[0].as_ref().map(|text| text.parse().unwrap()),
            ..StatusRow::default()
        }
    }

    #[test]
    fn with_the_privilege_recorded_rows_are_seen() {
        let seen = senders(RECORDED[0], "mon");
        let [sender] = seen.seen().unwrap().as_slice() else {
            panic!()
        };
        assert_eq!(sender.name, MemberName::from("pg2"));
        assert_eq!(
            (sender.state.as_str(), sender.sync_state.as_str()),
            ("streaming", "async")
        );
        assert_eq!(sender.replayed, Some(Lsn(0x40C_F5F8)));

        let row = standby(RECORDED[0], "mon");
        let SqlRole::Standby(standby) = role(&row) else {
            panic!()
        };
        assert_eq!(standby.received, Some(Lsn(0x40C_F5F8)));
        let Some(Privileged::Seen(Some(receiver))) = standby.receiver else {
            panic!()
        };
        assert_eq!(receiver.status, "streaming");
        assert_eq!(receiver.sender_host.as_deref(), Some("172.30.0.11"));
        // The control file said 14 at that moment.
        assert_eq!(timeline(&row), Some((Timeline(16), TimelineSource::Receiver)));
    }

    #[test]
    fn without_the_privilege_recorded_rows_are_denied_and_not_a_stream_that_stopped() {
        for sample in RECORDED {
            assert_eq!(senders(sample, "nob"), Privileged::Denied("needs pg_monitor".into()));
            let row = standby(sample, "nob");
            assert_eq!(receiver(&row), Privileged::Denied("needs pg_monitor".into()));
            assert_eq!(timeline(&row).unwrap().1, TimelineSource::ControlFile);
        }
    }

    #[test]
    fn the_timeline_comes_from_the_best_source_there_is() {
        let primary = StatusRow {
            current: Some(1),
            wal_file: Some("000000100000000000000004".to_owned()),
            control_timeline: Some(15),
            ..StatusRow::default()
        };
        let cases = [
            (primary.clone(), Some((Timeline(16), TimelineSource::WalFile))),
            (
                StatusRow {
                    wal_file: Some("nonsense".to_owned()),
                    ..primary.clone()
                },
                None,
            ),
            (
                StatusRow {
                    wal_file: None,
                    ..primary
                },
                None,
            ),
            (
                StatusRow {
                    receiver_timeline: Some(5),
                    control_timeline: Some(3),
                    ..StatusRow::default()
                },
                Some((Timeline(5), TimelineSource::Receiver)),
            ),
            (
                StatusRow {
                    receiver_timeline: Some(0),
                    control_timeline: Some(3),
                    ..StatusRow::default()
                },
                Some((Timeline(3), TimelineSource::ControlFile)),
            ),
            (
                StatusRow {
                    control_timeline: Some(0),
                    ..StatusRow::default()
                },
                None,
            ),
        ];
        for (row, expected) in cases {
            assert_eq!(timeline(&row), expected, "{row:?}");
        }
    }

    #[test]
    fn a_promotion_between_two_columns_is_a_standby_still_and_one_without_a_receiver_says_so() {
        let row = StatusRow {
            current: None,
            wal_file: Some("000000020000000000000004".to_owned()),
            replay_paused: None,
            ..StatusRow::default()
        };
        let SqlRole::Standby(standby) = role(&row) else {
            panic!()
        };
        assert_eq!(standby.receiver, Some(Privileged::Seen(None)));
        assert!(!standby.replay_paused);
    }

    #[test]
    fn a_primary_and_what_is_not_known_of_it() {
        let rows = Rows {
            about: AboutRow {
                version: 170_006,
                system_id: "7711".to_owned(),
                started: Some(1_000_000),
                settings: vec!["wal_level=replica".to_owned(), "wal_sender_timeout=1min".to_owned()],
            },
            status: StatusRow {
                current: Some(50_331_744),
                wal_file: Some("000000010000000000000003".to_owned()),
                synchronous_standby_names: "ANY 1 (\u{1b}[31m*)".to_owned(),
                max_connections: 100,
                connections: None,
                ..StatusRow::default()
            },
            senders: Vec::new(),
            slots: vec![SlotRow {
                name: "pg2".to_owned(),
                kind: "physical".to_owned(),
                active: true,
                restart: Some(1),
                wal_status: None,
            }],
        };
        let status = status(rows, Duration::from_millis(2));
        assert!(status.is_writable());
        assert_eq!(status.position(), Some(Lsn(50_331_744)));
        assert_eq!(status.version, 170_006);
        assert_eq!(status.started, Some(Timestamp::from_millis(1_000)));
        assert_eq!(status.walsenders, Privileged::Seen(Vec::new()));
        assert_eq!(status.synchronous_standby_names, "ANY 1 (*)");
        assert_eq!(status.connections, None);
        assert_eq!(status.settings[1], ("wal_sender_timeout".to_owned(), "1min".to_owned()));
        assert_eq!(status.slots[0].wal_status, None);
    }
}
