//! PostgreSQL's words, and those of its tools.

use super::Kind::{Demotion, Promotion, Replication, Rewind, Start, Stop, Sync, Trouble};
use super::{Phrase, state, step};

/// In the order of their bytes; none begins with another.
pub(super) const PHRASES: &[Phrase] = &[
    step("Done!", Rewind, "pg_rewind is finished"),
    step("archive recovery complete", Promotion, "the promotion is about to end"),
    step(
        "canceling wait for synchronous replication due to ",
        Sync,
        "a commit gave up waiting for its standby: it is kept here and may be lost in a failover",
    ),
    state("cannot execute ", Replication, "a client tried to write to a standby"),
    step(
        "consistent recovery state reached at ",
        Start,
        "its data is consistent; it can be read from now on",
    ),
    step(
        "could not connect to the primary server: ",
        Replication,
        "the primary cannot be reached",
    ),
    step("could not extend file ", Trouble, "the disk may be full"),
    step(
        "could not receive data from WAL stream: ",
        Replication,
        "the primary went away in the middle of the stream",
    ),
    step(
        "could not send end-of-streaming message to primary: ",
        Replication,
        "the primary went away in the middle of the stream",
    ),
    step("could not write to file ", Trouble, "the disk may be full"),
    step(
        "database system is ready to accept connections",
        Start,
        "takes reads and writes: started as primary, or promotion finished",
    ),
    step(
        "database system is ready to accept read only connections",
        Start,
        "a standby that can be read",
    ),
    step(
        "database system is ready to accept read-only connections",
        Start,
        "a standby that can be read",
    ),
    step(
        "database system is shut down",
        Stop,
        "stopped in order, nothing to recover",
    ),
    step(
        "database system was interrupted",
        Stop,
        "was killed or lost power; recovery follows",
    ),
    step(
        "database system was not properly shut down",
        Start,
        "recovers from its WAL after a kill",
    ),
    step("entering standby mode", Start, "starts as a standby"),
    step(
        "highest timeline ",
        Rewind,
        "this standby is on a newer timeline than the primary it asks",
    ),
    step(
        "new target timeline is ",
        Replication,
        "follows the new primary's timeline",
    ),
    step(
        "new timeline ",
        Rewind,
        "its data goes beyond where the new timeline began: pg_rewind is needed",
    ),
    step(
        "no rewind required",
        Rewind,
        "its data is a part of the leader's: it can follow as it is",
    ),
    step(
        "parameter \"synchronous_standby_names\" changed to ",
        Sync,
        "which standbys a commit waits for has changed",
    ),
    step(
        "received fast shutdown request",
        Stop,
        "a stop that ends all connections begins",
    ),
    step(
        "received immediate shutdown request",
        Stop,
        "a stop without a checkpoint: recovery follows at the next start",
    ),
    step("received promote request", Promotion, "the promotion begins"),
    step(
        "received smart shutdown request",
        Stop,
        "a stop that waits for its clients begins",
    ),
    step("redo done at ", Start, "has replayed all the WAL there is"),
    step("redo starts at ", Start, "replays its WAL"),
    step(
        "replication terminated by primary server",
        Replication,
        "the primary stopped in order, or its timeline ended",
    ),
    step(
        "requested WAL segment ",
        Replication,
        "the primary no longer has the WAL that this standby needs: it must be copied anew",
    ),
    step(
        "requested starting point ",
        Rewind,
        "its history is not the primary's: it cannot follow",
    ),
    step(
        "requested timeline ",
        Rewind,
        "its history is not the primary's: it cannot follow",
    ),
    step(
        "restarted WAL streaming at ",
        Replication,
        "receives the primary's changes again",
    ),
    step(
        "rewinding from last common checkpoint at ",
        Rewind,
        "takes back what this member wrote beyond the new leader's history",
    ),
    step(
        "selected new timeline ID: ",
        Promotion,
        "from here the history goes its own way",
    ),
    step("server promoting", Promotion, "pg_ctl has asked the server to promote"),
    step(
        "servers diverged at WAL location ",
        Rewind,
        "from here on this member's data is not the leader's",
    ),
    step(
        "specified neither primary_conninfo nor restore_command",
        Demotion,
        "a standby that knows no leader: demoted, as after the loss of ZooKeeper",
    ),
    step(
        "started streaming WAL from primary at ",
        Replication,
        "receives the primary's changes",
    ),
    step("starting PostgreSQL ", Start, "the server process begins"),
    step(
        "terminating any other active server processes",
        Stop,
        "a backend crashed: the server restarts",
    ),
    step(
        "terminating connection because of crash of another server process",
        Stop,
        "a backend crashed: the server restarts, clients were cut off",
    ),
    step(
        "terminating connection due to administrator command",
        Stop,
        "a client was cut off by a stop or a demotion",
    ),
    step(
        "terminating connection due to unexpected postmaster exit",
        Stop,
        "the server process died: clients were cut off",
    ),
    step(
        "terminating walreceiver process due to administrator command",
        Replication,
        "replication stops for a promotion or a restart: no error",
    ),
    step(
        "terminating walsender process due to replication timeout",
        Replication,
        "a standby stopped answering",
    ),
    state(
        "the database system is in recovery mode",
        Start,
        "a client came while the server recovers from a crash",
    ),
    state(
        "the database system is shutting down",
        Stop,
        "a client came while the server stops",
    ),
    state(
        "the database system is starting up",
        Start,
        "a client came before the server was ready",
    ),
    step(
        "unexpected EOF on standby connection",
        Replication,
        "a standby died or was cut off",
    ),
    state(
        "waiting for WAL to become available at ",
        Replication,
        "has replayed all it got; no primary sends more",
    ),
];
