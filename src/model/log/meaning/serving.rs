//! Patroni's words about its PostgreSQL, as of 3.0 and 4.1.

use super::Kind::{Bootstrap, Rewind, Start, Stop, Trouble};
use super::{Phrase, state, step};

/// In the order of their bytes; none begins with another.
pub(super) const PHRASES: &[Phrase] = &[
    state(
        "Can not use ",
        Rewind,
        "waits with the rewind until the new leader is ready for it",
    ),
    step(
        "Can't start; there is already a node named ",
        Bootstrap,
        "another member bears this name: Patroni ends",
    ),
    step(
        "Failed to rewind ",
        Rewind,
        "its data could not be brought in line with the leader's",
    ),
    step("Local timeline=", Rewind, "compares its history with the leader's"),
    state(
        "Loop time exceeded, rescheduling immediately.",
        Trouble,
        "a round took longer than loop_wait: overloaded, or frozen for a while",
    ),
    step(
        "Postgresql is not running.",
        Stop,
        "PostgreSQL ended although Patroni did not stop it",
    ),
    step("Removing data directory: ", Rewind, "the data folder is deleted"),
    step(
        "Sending SIGKILL to Postmaster and its children",
        Stop,
        "PostgreSQL is killed",
    ),
    step(
        "Timeout during postmaster stop, aborting Postgres.",
        Stop,
        "PostgreSQL did not stop in time and is killed",
    ),
    state(
        "Waiting for checkpoint on ",
        Rewind,
        "the new leader must have written a checkpoint before others can rewind",
    ),
    step("bootstrapped ", Bootstrap, "the data folder is ready"),
    state(
        "doing crash recovery in a single user mode",
        Start,
        "PostgreSQL did not end in order; its data is put right first",
    ),
    step("failed to bootstrap ", Bootstrap, "the data folder could not be made"),
    step("initialized a new cluster", Bootstrap, "the first member is ready"),
    step(
        "pg_rewind exit code=",
        Rewind,
        "0: rewound, can follow again; else the data folder may have to be made anew",
    ),
    step(
        "postmaster is not running",
        Stop,
        "PostgreSQL ended although Patroni did not stop it",
    ),
    step("postmaster pid=", Start, "the server process has begun"),
    step("primary: history=", Rewind, "where the leader's timelines began"),
    step("primary_timeline=", Rewind, "compares its history with the leader's"),
    step(
        "reinitializing due to diverged timelines",
        Rewind,
        "the data folder is deleted and copied anew",
    ),
    step(
        "renaming data directory to ",
        Rewind,
        "the data folder is set aside, to be made anew",
    ),
    step(
        "replica has been created using ",
        Bootstrap,
        "the copy of the leader's data is complete",
    ),
    step(
        "running pg_rewind from ",
        Rewind,
        "its data went another way than the leader's: what differs is taken back",
    ),
    step("started as a secondary", Start, "PostgreSQL runs as a standby"),
    step("starting as a secondary", Start, "PostgreSQL is started as a standby"),
    step(
        "starting as a standby leader because i had the session lock",
        Start,
        "the standby leader's PostgreSQL is started again",
    ),
    step(
        "starting as readonly because i had the session lock",
        Start,
        "the leader's PostgreSQL is started again, then promoted",
    ),
    step(
        "starting primary after failure",
        Start,
        "the leader starts its crashed PostgreSQL again: no failover yet",
    ),
    step("stderr=", Rewind, "what pg_rewind said"),
    step("stdout=", Rewind, "what pg_rewind said"),
    step(
        "system ID mismatch, node ",
        Bootstrap,
        "the data folder belongs to another cluster: Patroni ends",
    ),
    step(
        "trying to bootstrap ",
        Bootstrap,
        "the data folder is made: a new one, or a copy of another member's",
    ),
    state(
        "waiting for leader to bootstrap",
        Bootstrap,
        "no leader yet, and nothing to copy from",
    ),
    state(
        "waiting for standby_leader to bootstrap",
        Bootstrap,
        "no standby leader yet",
    ),
];
