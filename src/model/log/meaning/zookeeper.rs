//! ZooKeeper's words.

use super::Kind::{Dcs, Lock, Trouble};
use super::{Phrase, state, step};

/// In the order of their bytes; none begins with another.
pub(super) const PHRASES: &[Phrase] = &[
    state(
        "Exception causing close of session ",
        Dcs,
        "a client's connection broke",
    ),
    step(
        "Expiring session ",
        Lock,
        "a client was silent for its whole timeout: its lock and member key are deleted now",
    ),
    step("FOLLOWING", Dcs, "this server follows the ensemble's leader"),
    step(
        "Invalid session ",
        Dcs,
        "a client came back after its session had expired",
    ),
    step("LEADING", Dcs, "this server leads the ensemble"),
    step("LOOKING", Dcs, "the ensemble has no leader: nothing can be written"),
    step("Severe unrecoverable error", Dcs, "ZooKeeper ends"),
    step(
        "Shutting down",
        Dcs,
        "ZooKeeper stops; sessions live on at the other servers, if there are any",
    ),
    state(
        "Too many connections from ",
        Dcs,
        "more connections from one address than maxClientCnxns allows",
    ),
    step("Unable to load database on disk", Dcs, "ZooKeeper cannot read its data"),
    state(
        "Unable to read additional data from client",
        Dcs,
        "a client's connection ended without a goodbye",
    ),
    step("binding to port ", Dcs, "ZooKeeper takes connections"),
    state(
        "fsync-ing the write ahead ",
        Trouble,
        "the disk is slow: every change in ZooKeeper waits for it",
    ),
    step("shutting down", Dcs, "ZooKeeper stops"),
];
