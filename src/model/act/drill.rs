//! Faults that a drill needs beyond Docker's own verbs: a partition, a signal to one process, lag, a slow or full node.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A fault of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Drill {
    /// Takes it off its networks.
    CutOff,
    /// Takes it off the networks that it shares with ZooKeeper.
    CutOffStore,
    /// Takes it off the networks that it shares with the other members.
    CutOffPeers,
    /// SIGKILL to the postmaster.
    KillPostgres,
    /// SIGSTOP to the postmaster and all that it started.
    FreezePostgres,
    /// SIGKILL to Patroni.
    KillPatroni,
    /// SIGSTOP to Patroni.
    FreezePatroni,
    /// SIGSTOP to the process that receives WAL.
    LagReceive,
    /// SIGSTOP to the process that replays it.
    LagReplay,
    /// Leaves it a twentieth of one core.
    SlowCpu,
    /// Writes to its disk all the time.
    SlowDisk,
    /// Fills its disk.
    FillDisk,
}

/// What a drill does, and what it is good for; shown before it is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Card {
    /// What is done, exactly.
    pub does: &'static str,
    /// What a healthy cluster makes of it.
    pub expect: &'static str,
    /// Where to look.
    pub watch: &'static str,
}

impl Drill {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 12] = [
        Self::CutOff,
        Self::CutOffStore,
        Self::CutOffPeers,
        Self::KillPostgres,
        Self::FreezePostgres,
        Self::KillPatroni,
        Self::FreezePatroni,
        Self::LagReceive,
        Self::LagReplay,
        Self::SlowCpu,
        Self::SlowDisk,
        Self::FillDisk,
    ];

    /// Its name on the command line and in records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CutOff => "cut-off",
            Self::CutOffStore => "cut-off-store",
            Self::CutOffPeers => "cut-off-peers",
            Self::KillPostgres => "kill-postgres",
            Self::FreezePostgres => "freeze-postgres",
            Self::KillPatroni => "kill-patroni",
            Self::FreezePatroni => "freeze-patroni",
            Self::LagReceive => "lag-receive",
            Self::LagReplay => "lag-replay",
            Self::SlowCpu => "slow-cpu",
            Self::SlowDisk => "slow-disk",
            Self::FillDisk => "fill-disk",
        }
    }

    /// The same in a few words, as in `asked to kill PostgreSQL only`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::CutOff => "cut it off from all networks",
            Self::CutOffStore => "cut it off from ZooKeeper",
            Self::CutOffPeers => "cut it off from the other members",
            Self::KillPostgres => "kill PostgreSQL only",
            Self::FreezePostgres => "freeze PostgreSQL only",
            Self::KillPatroni => "kill Patroni only",
            Self::FreezePatroni => "freeze Patroni only",
            Self::LagReceive => "stop its receiving of WAL",
            Self::LagReplay => "stop its replay of WAL",
            Self::SlowCpu => "slow its CPU",
            Self::SlowDisk => "slow its disk",
            Self::FillDisk => "fill its disk",
        }
    }

    /// It goes on until it is healed.
    pub const fn lasts(self) -> bool {
        !matches!(self, Self::KillPostgres | Self::KillPatroni)
    }

    /// It needs a standby: only one that follows receives or replays.
    pub const fn needs_standby(self) -> bool {
        matches!(self, Self::LagReceive | Self::LagReplay)
    }

    /// It makes sense only for a node that runs PostgreSQL under Patroni.
    pub const fn needs_member(self) -> bool {
        !matches!(self, Self::CutOff | Self::SlowCpu)
    }

    /// Its card.
    pub const fn card(self) -> Card {
        match self {
            Self::CutOff => Card {
                does: "Docker takes the container off every network; its processes go on.",
                expect: "A leader cannot renew its lock and demotes itself after retry_timeout; a standby takes over \
                         once the session expires. HAProxy's checks of it time out.",
                watch: "Two primaries at once, the expiry of the session, how long HAProxy needs for a server that \
                        does not answer at all.",
            },
            Self::CutOffStore => Card {
                does: "Docker takes the container off the networks that it shares with ZooKeeper.",
                expect: "A leader demotes itself after retry_timeout, unless failsafe_mode is on and it reaches all \
                         members: then it stays. Its clients lose it at the demotion, not before.",
                watch: "The demotion that it tells of, the lock's expiry, whether it still takes writes meanwhile.",
            },
            Self::CutOffPeers => Card {
                does: "Docker takes the container off the networks that it shares with the other members.",
                expect: "The lock stays, so nobody takes over; replication stops and standbys lag. HAProxy loses it if \
                         it is on the same network: then clients have no leader although there is one.",
                watch: "The lag of the standbys, HAProxy's view against ZooKeeper's.",
            },
            Self::KillPostgres => Card {
                does: "SIGKILL to the postmaster; Patroni and the container go on.",
                expect: "Patroni starts it again in place after crash recovery, timeline unchanged, if that is done \
                         within primary_start_timeout.",
                watch: "The restart in place, how long writes fail, that no failover happens.",
            },
            Self::FreezePostgres => Card {
                does: "SIGSTOP to the postmaster and to each of its processes; Patroni goes on.",
                expect: "Patroni cannot ask it, keeps the lock for a while and then gives it up, or does not notice at \
                         all: the server accepts connections in the kernel and never answers.",
                watch: "Connections that hang, what Patroni's REST says of it, whether the lock moves.",
            },
            Self::KillPatroni => Card {
                does: "SIGKILL to Patroni. In a container whose first process it is, the container ends with it.",
                expect: "The lock expires and a standby takes over. A postmaster that outlived its Patroni goes on \
                         as a primary without the lock.",
                watch: "Two primaries at once, exit code and restart of the container.",
            },
            Self::FreezePatroni => Card {
                does: "SIGSTOP to Patroni; PostgreSQL goes on.",
                expect: "Nobody renews the lock: it expires and a standby takes over, while the frozen one's \
                         PostgreSQL still takes writes. Only a watchdog prevents that.",
                watch: "Two primaries at once, writes that are stranded on the old one.",
            },
            Self::LagReceive => Card {
                does: "SIGSTOP to the standby's WAL receiver.",
                expect: "Its received and replayed position stand still while the leader writes; after \
                         wal_sender_timeout the leader drops it. It may not take over once the lag exceeds \
                         maximum_lag_on_failover.",
                watch: "The lag, the answer to who could take over now.",
            },
            Self::LagReplay => Card {
                does: "SIGSTOP to the standby's startup process, which replays WAL.",
                expect: "It goes on receiving and shows old data. It may still take over, after replaying the rest.",
                watch: "The lag of replay against that of receive; reads that are old.",
            },
            Self::SlowCpu => Card {
                does: "Docker leaves the container a twentieth of one core.",
                expect: "Everything on it is slow. A leader may miss its loop and lose the lock.",
                watch: "The time of writes, the age of Patroni's answers.",
            },
            Self::SlowDisk => Card {
                does: "A loop in the container writes 64 MB and syncs them, again and again.",
                expect: "Commits wait for the disk; checkpoints and crash recovery take longer.",
                watch: "The time of writes.",
            },
            Self::FillDisk => Card {
                does: "A file of ours fills the disk of the data directory. Refused where more than 4 GB are free.",
                expect: "PostgreSQL stops with PANIC when it cannot write WAL, and cannot start again until there is \
                         room; Patroni gives up the lock.",
                watch: "The PANIC that it writes, who takes over, the start after healing.",
            },
        }
    }
}

impl fmt::Display for Drill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::act::Act;

    #[test]
    fn each_has_one_name_everywhere() {
        for drill in Drill::ALL {
            assert_eq!(drill.name().parse(), Ok(Act::Drill(drill)));
            let recorded = serde_json::to_string(&drill).unwrap();
            assert_eq!(recorded, format!("\"{drill}\""));
            let card = drill.card();
            for sentence in [card.does, card.expect, card.watch] {
                assert!(
                    sentence.ends_with('.') && !sentence.contains("  "),
                    "{drill}: {sentence}"
                );
            }
        }
        assert!("cut".parse::<Act>().unwrap_err().contains("cut-off-store"));
        assert!(Act::all().all(|act| act.name().parse() == Ok(act)));
    }
}
