//! What reading and changing the outside world have in common: HTTP, ZooKeeper sessions, and the forms in which Patroni
//! writes. May name `model` only.
//!
//! Nothing here decides what is read or changed; every call has a deadline, and every error is a [`Cause`].
//!
//! [`Cause`]: crate::model::link::Cause

pub mod http;
pub mod patroni;
#[cfg(test)]
pub(crate) mod port;
pub mod zookeeper;
