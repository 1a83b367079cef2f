//! Patroni's words about who leads, as of 3.0 and 4.1.

use super::Kind::{Dcs, Demotion, Lock, Pause, Promotion, Race, Request, Sync};
use super::{Phrase, state, step};

/// In the order of their bytes; none begins with another.
pub(super) const PHRASES: &[Phrase] = &[
    step(
        "Assigning synchronous standby status to ",
        Sync,
        "these standbys must have each commit",
    ),
    step(
        "Cleaning up failover key",
        Request,
        "the request is done, or refused if no leader lock was acquired",
    ),
    state("Connection dropped: ", Dcs, "ZooKeeper could not be reached"),
    step(
        "Could not take out TTL lock",
        Race,
        "another member was faster: it has the lock",
    ),
    state(
        "DCS is not accessible",
        Dcs,
        "ZooKeeper is out of reach; nothing can change hands",
    ),
    step(
        "Demoting self (graceful)",
        Demotion,
        "PostgreSQL is stopped in order, for a handover without loss",
    ),
    step("Demoting self (immediate)", Demotion, "PostgreSQL is stopped at once"),
    step(
        "Demoting self (immediate-nolock)",
        Demotion,
        "PostgreSQL is stopped at once: the lock belongs to another",
    ),
    step(
        "Demoting self (offline)",
        Demotion,
        "PostgreSQL is stopped, since ZooKeeper was lost",
    ),
    step("Demoting self because ", Demotion, "gives up leading"),
    step(
        "Disabled synchronous replication",
        Sync,
        "commits wait for no standby any more",
    ),
    step(
        "ERROR: Error communicating with DCS",
        Dcs,
        "ZooKeeper did not answer in time",
    ),
    step("Enabled synchronous replication", Sync, "commits wait for a standby"),
    step("Error communicating with DCS", Dcs, "ZooKeeper did not answer in time"),
    step(
        "Got response from ",
        Race,
        "another member answered and told how far its data goes",
    ),
    step(
        "Ignoring the former leader being ahead of us",
        Race,
        "takes over although the lost leader had more data: what is missing is lost",
    ),
    step(
        "Leader key is not deleted and Postgresql is not stopped due paused state",
        Lock,
        "paused: PostgreSQL goes on without Patroni",
    ),
    step(
        "Leader key released",
        Lock,
        "the lock is free now: a standby need not wait for the ttl",
    ),
    state("Lock owner: None; ", Race, "nobody holds the lock"),
    step(
        "Lost lock while starting up. Demoting self.",
        Demotion,
        "the lock went to another while it was starting",
    ),
    state("Member ", Race, "why another member cannot take over"),
    state(
        "My timeline ",
        Race,
        "misses a timeline of the cluster, so it cannot take over",
    ),
    state(
        "My wal position exceeds maximum replication lag",
        Race,
        "too far behind the lost leader to take over (maximum_lag_on_failover)",
    ),
    state(
        "No standbys available!",
        Sync,
        "synchronous mode has no standby: strict mode blocks every commit",
    ),
    state(
        "Not promoting self because watchdog could not be activated",
        Race,
        "cannot take over: the watchdog it must have is missing",
    ),
    state("PAUSE: ", Pause, "maintenance mode: Patroni looks and does not act"),
    step(
        "PostgreSQL shutdown failed, leader key not removed.",
        Lock,
        "the lock stays until the ttl, since PostgreSQL may still run",
    ),
    state("Primary (", Race, "the old primary still answers, so nobody takes over"),
    step(
        "Primary crashed. Failing over.",
        Demotion,
        "does not wait for its crashed PostgreSQL and gives the lead away",
    ),
    step(
        "Recreating the leader ZNode due to ownership mismatch",
        Lock,
        "came back with a new session and takes its own lock over",
    ),
    step(
        "Recreating the member ZNode due to ownership mismatch",
        Dcs,
        "came back with a new session",
    ),
    state(
        "Request failed to ",
        Race,
        "another member's Patroni did not answer; its state is not known in the race",
    ),
    step(
        "Session has expired",
        Dcs,
        "ZooKeeper gave up this member's session: its lock and its member key are gone",
    ),
    step(
        "Synchronous standby status assigned to ",
        Sync,
        "these standbys have each commit and may take over",
    ),
    state("Transition to CONNECTING", Dcs, "looks for ZooKeeper again"),
    step(
        "Updating synchronous privilege temporarily from ",
        Sync,
        "fewer standbys may take over for now",
    ),
    state(
        "Wal position of ",
        Race,
        "another member has more data, so this one does not take over",
    ),
    step("Zookeeper connection established", Dcs, "ZooKeeper is reached"),
    step(
        "Zookeeper connection lost",
        Dcs,
        "the connection to ZooKeeper broke; the session lives on until its timeout",
    ),
    step(
        "Zookeeper session closed",
        Dcs,
        "the session ended, and with it the locks and members it held",
    ),
    step(
        "acquired session lock as a leader",
        Lock,
        "a running primary took the free leader lock",
    ),
    step(
        "acquired session lock as a standby leader",
        Lock,
        "a standby leader took the free lock",
    ),
    step(
        "cleared rewind state after becoming the leader",
        Promotion,
        "promotion is under way",
    ),
    state(
        "continue to run as a leader because failsafe mode is enabled and all members are accessible",
        Dcs,
        "leads without ZooKeeper: every member agreed (failsafe mode)",
    ),
    state(
        "continue to run as primary after failing to update leader lock in DCS",
        Dcs,
        "leads on while paused, without the lock renewed",
    ),
    step(
        "demoted self after trying and failing to obtain lock",
        Demotion,
        "another has the lock",
    ),
    step(
        "demoted self because DCS is not accessible and I was a leader",
        Demotion,
        "could not reach ZooKeeper and stopped leading: no primary until it is back",
    ),
    step(
        "demoted self because failed to update leader lock in DCS",
        Demotion,
        "could not renew the lock and stopped leading",
    ),
    step(
        "demoting self because DCS is not accessible and I was a leader",
        Demotion,
        "cannot reach ZooKeeper, so it stops leading to be safe",
    ),
    step(
        "demoting self because I do not have the lock and I was a leader",
        Demotion,
        "woke up without the lock: another may lead already",
    ),
    step(
        "failed to update leader lock",
        Dcs,
        "the lock could not be renewed: it runs out after the ttl",
    ),
    state(
        "following a different leader because I am not allowed to promote",
        Race,
        "its tags or the mode forbid that it becomes leader",
    ),
    state(
        "following a different leader because i am not the healthiest node",
        Race,
        "lets another member have the lock, since that one has more data",
    ),
    step(
        "following new leader after trying and failing to obtain lock",
        Race,
        "lost the race for the lock; follows the winner",
    ),
    step(
        "get_cluster",
        Dcs,
        "the cluster's state could not be read from ZooKeeper",
    ),
    step(
        "lost leader before promote",
        Lock,
        "the lock went to another before the promotion",
    ),
    step("lost leader lock during ", Lock, "the lock went to another meanwhile"),
    step(
        "manual failover: demoting myself",
        Demotion,
        "the handover that was asked for begins",
    ),
    state(
        "not healthy enough for leader race",
        Race,
        "does not try for the lock: the lines before say why",
    ),
    step(
        "promoted self to a standby leader because i had the session lock",
        Promotion,
        "the same standby leader as before: no failover",
    ),
    step(
        "promoted self to a standby leader by acquiring session lock",
        Promotion,
        "this member won the lock of a standby cluster",
    ),
    step(
        "promoted self to leader because I had the session lock",
        Promotion,
        "the same leader promoted again after a restart or an outage of ZooKeeper: no failover",
    ),
    step(
        "promoted self to leader by acquiring session lock",
        Promotion,
        "this member won the leader lock and promotes its PostgreSQL: the failover's turning point",
    ),
    step(
        "received failover request with ",
        Request,
        "an operator asked for a failover",
    ),
    step(
        "received switchover request with ",
        Request,
        "an operator asked for a switchover",
    ),
    step("released leader key voluntarily", Lock, "gives the lock away"),
    step(
        "removed leader key after trying and failing to start postgres",
        Lock,
        "gives the lock away, since its PostgreSQL does not start",
    ),
    step(
        "removed leader lock because postgres is not running",
        Lock,
        "gives the lock away, since its PostgreSQL does not run",
    ),
    step(
        "stopped PostgreSQL because of startup timeout",
        Demotion,
        "took too long to start (primary_start_timeout)",
    ),
    step(
        "stopped PostgreSQL to fail over after a crash",
        Demotion,
        "gives the lead away after a crash",
    ),
    step(
        "stopped PostgreSQL while starting up because leader key was lost",
        Demotion,
        "lost the lock while it was starting",
    ),
    step(
        "switchover: demoting myself",
        Demotion,
        "the switchover that was asked for begins",
    ),
    state(
        "updated leader lock during ",
        Lock,
        "the lock is kept alive while something long goes on",
    ),
];
