//! What an operator can do to the cluster. Bound to what was confirmed: id and name, never a row of the screen.

pub mod drill;
pub mod fault;

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::cluster::Cluster;
use super::container::ContainerKind;
use super::name::ContainerName;
use drill::Drill;
use fault::Fault;

/// Something that Docker can be asked to do to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContainerAct {
    /// SIGTERM (or the image's stop signal), SIGKILL after the container's own grace period.
    Stop,
    /// SIGKILL at once.
    Kill,
    /// Start it again.
    Start,
    /// Stop, then start.
    Restart,
    /// Freeze its processes.
    Pause,
    /// Thaw them.
    Unpause,
}

impl ContainerAct {
    /// All of them, in the order of a menu.
    pub const ALL: [Self; 6] = [
        Self::Stop,
        Self::Kill,
        Self::Start,
        Self::Restart,
        Self::Pause,
        Self::Unpause,
    ];

    /// Docker's own word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Kill => "kill",
            Self::Start => "start",
            Self::Restart => "restart",
            Self::Pause => "pause",
            Self::Unpause => "unpause",
        }
    }
}

/// Anything that is done to a container.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)] // each has names of its own
pub enum Act {
    /// A verb of Docker's.
    Container(ContainerAct),
    /// A fault beyond those.
    Drill(Drill),
}

impl Act {
    /// Each, in the order of a menu.
    pub fn all() -> impl Iterator<Item = Self> {
        let verbs = ContainerAct::ALL.into_iter().map(Self::Container);
        verbs.chain(Drill::ALL.into_iter().map(Self::Drill))
    }

    /// `stop`, `cut-off-store`: its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Container(act) => act.word(),
            Self::Drill(drill) => drill.name(),
        }
    }

    /// The same in a few words: `stop`, `kill PostgreSQL only`.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Container(act) => act.word(),
            Self::Drill(drill) => drill.words(),
        }
    }

    /// It goes on until it is healed.
    pub const fn lasts(self) -> bool {
        match self {
            Self::Container(act) => matches!(act, ContainerAct::Stop | ContainerAct::Kill | ContainerAct::Pause),
            Self::Drill(drill) => drill.lasts(),
        }
    }

    /// It takes something away from the cluster; all others give it back.
    pub const fn is_fault(self) -> bool {
        !matches!(self, Self::Container(ContainerAct::Start | ContainerAct::Unpause))
    }
}

impl From<ContainerAct> for Act {
    fn from(act: ContainerAct) -> Self {
        Self::Container(act)
    }
}

impl From<Drill> for Act {
    fn from(drill: Drill) -> Self {
        Self::Drill(drill)
    }
}

impl std::str::FromStr for Act {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::all().find(|act| act.name() == text).ok_or_else(|| {
            let names: Vec<_> = Self::all().map(Self::name).collect();
            format!("{text:?} is no act; there are {}", names.join(", "))
        })
    }
}

/// The container that was confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActTarget {
    /// Full id: a container that was made anew under the same name is another one.
    pub id: String,
    /// The name that the operator read.
    pub name: ContainerName,
}

/// The containers that a partition is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Surroundings {
    /// Those that run ZooKeeper.
    pub store: Vec<ContainerName>,
    /// Those that run the other members.
    pub peers: Vec<ContainerName>,
}

impl Surroundings {
    /// Those of one container.
    pub fn of(cluster: &Cluster, name: &ContainerName) -> Self {
        let of = |wanted: fn(&ContainerKind) -> bool| {
            let others = cluster.ours().filter(|container| container.name != *name);
            let others = others.filter(|container| wanted(&container.kind));
            others.map(|container| container.name.clone()).collect()
        };
        Self {
            store: of(|kind| matches!(kind, ContainerKind::ZooKeeper { .. })),
            peers: of(|kind| matches!(kind, ContainerKind::Patroni { .. })),
        }
    }
}

/// What is to be done, as it was confirmed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// What.
    pub act: Act,
    /// To which container.
    pub target: ActTarget,
    /// What is around it.
    pub around: Surroundings,
    /// It is to be healed after so long; `None`: when somebody heals it.
    pub lasts: Option<Duration>,
}

/// It is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActDone {
    /// From the request to the answer.
    pub took: Duration,
    /// What is to be healed, if it lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Box<Fault>>,
}

/// How an act ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ActOutcome {
    /// What was asked for.
    pub act: Act,
    /// On what.
    pub target: ActTarget,
    /// Done, or why not: the daemon's words, cleaned.
    pub result: Result<ActDone, String>,
}
