//! The outside world, changed. May name `model` and `net` only.
//!
//! An act is carried out on exactly what was confirmed, or not at all; it has a deadline and tells how it ended.

pub mod check;
pub mod container;
pub mod drill;
mod haproxy;
mod inside;
pub mod operation;
pub mod patroni;
