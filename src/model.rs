//! What is known about a cluster and what follows from it.
//!
//! Pure: no tokio, ratatui or clock; `now` is always an argument. Its types are what a record holds, so they say how serde
//! writes them: in snake case, and what may be missing has a default. Invariants:
//! - a snapshot is whole: the last one of a source wins, so dropping all but the last loses nothing;
//! - a value that is not known is `None` or a variant that says why, never a default;
//! - every string from outside went through [`text::clean`] before it got here.

pub mod act;
pub mod audit;
pub mod authority;
pub mod caution;
pub mod check;
pub mod clock;
pub mod cluster;
pub mod container;
pub mod dcs;
pub mod discovery;
pub mod explanation;
pub mod fact;
pub mod failover;
pub mod finding;
#[cfg(test)]
pub(crate) mod fixture;
pub mod ledger;
pub mod link;
pub mod lock;
pub mod log;
pub mod log_start;
pub mod member;
pub mod name;
pub mod operation;
pub mod pace;
mod pairs;
pub mod patroni;
pub mod postgres;
pub mod prediction;
pub mod probe;
pub mod proxy;
pub mod quorum;
pub mod secret;
pub mod signal;
pub mod store;
pub mod takeover;
pub mod text;
pub mod time;
pub mod topology;
pub mod wal;
