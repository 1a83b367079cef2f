//! The ports that the lab publishes on this host.

use crate::config::lab::LabOptions;

/// A published port of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Port {
    /// `HAProxy`'s entry to the leader.
    Entry,
    /// `HAProxy`'s statistics.
    Stats,
    /// `PostgreSQL` of pg-master.
    Pg0,
    /// `PostgreSQL` of pg-slave.
    Pg1,
    /// `ZooKeeper`'s client port.
    Zookeeper,
    /// That of the second server, of three.
    Zookeeper2,
    /// That of the third one.
    Zookeeper3,
}

impl Port {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Entry,
        Self::Stats,
        Self::Pg0,
        Self::Pg1,
        Self::Zookeeper,
        Self::Zookeeper2,
        Self::Zookeeper3,
    ];

    /// Host port of the reference cluster.
    pub(super) const fn standard(self) -> u16 {
        self.row().0
    }

    /// The option that changes it.
    pub const fn flag(self) -> &'static str {
        self.row().1
    }

    /// Its variable in the compose file.
    pub(super) const fn variable(self) -> &'static str {
        self.row().2
    }

    const fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Entry => (5432, "--entry-port", "LAB_ENTRY_PORT"),
            Self::Stats => (7000, "--stats-port", "LAB_STATS_PORT"),
            Self::Pg0 => (5433, "--pg0-port", "LAB_PG0_PORT"),
            Self::Pg1 => (5434, "--pg1-port", "LAB_PG1_PORT"),
            Self::Zookeeper => (2181, "--zookeeper-port", "LAB_ZOOKEEPER_PORT"),
            Self::Zookeeper2 => (2182, "--zookeeper-port", "LAB_ZOOKEEPER2_PORT"),
            Self::Zookeeper3 => (2183, "--zookeeper-port", "LAB_ZOOKEEPER3_PORT"),
        }
    }

    /// What the options say of it; 0 is to be chosen.
    pub(super) fn wanted(self, options: &LabOptions) -> Option<u16> {
        match self {
            Self::Entry => options.entry_port,
            Self::Stats => options.stats_port,
            Self::Pg0 => options.pg0_port,
            Self::Pg1 => options.pg1_port,
            Self::Zookeeper => options.zookeeper_port,
            Self::Zookeeper2 => after(options.zookeeper_port, 1),
            Self::Zookeeper3 => after(options.zookeeper_port, 2),
        }
    }

    /// A client port of a `ZooKeeper` server.
    pub const fn is_zookeeper(self) -> bool {
        matches!(self, Self::Zookeeper) || self.is_of_ensemble()
    }

    /// Only an ensemble has it.
    pub(super) const fn is_of_ensemble(self) -> bool {
        matches!(self, Self::Zookeeper2 | Self::Zookeeper3)
    }
}

/// The port so many places further; 0, which is still to be chosen, stays.
fn after(port: Option<u16>, places: u16) -> Option<u16> {
    port.map(|port| if port == 0 { 0 } else { port.saturating_add(places) })
}
