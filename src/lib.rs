//! pgherd shows a highly available PostgreSQL cluster (Patroni, ZooKeeper, HAProxy, Docker) as it really is, stops or
//! kills a node with a key, and shows the other taking over. This page is the architecture document.
//!
//! # Layers
//! Each may name only those above it in this table; `tests/architecture.rs` holds that.
//!
//! | layer | what it is | may name |
//! |---|---|---|
//! | [`model`] | what is known about a cluster and what follows from it; pure | – |
//! | [`net`] | what reading and changing have in common: HTTP, ZooKeeper sessions, what Patroni writes | `model` |
//! | [`source`] | the outside world, read | `model`, `net` |
//! | [`action`] | the outside world, changed | `model`, `net` |
//! | [`journal`] | what was done and how to take it back, on disk before it is done | `model` |
//! | [`app`] | the state and its one transition | `model` |
//! | [`record`] | what went into that transition, written to a file and played from it | `model`, `app` |
//! | [`ui`] | a frame, drawn from the state | `model`, `app` |
//! | [`report`] | what was measured of one failover, as Markdown, JSON and SVG; pure | `model`, `app` |
//! | [`config`] | command line, environment and file, resolved | all above |
//! | [`lab`] | the example cluster | `model`, `config` |
//! | [`runtime`] | loop, terminal, effects, logging | all |
//!
//! # From a watch to a frame
//! ```text
//! ZooKeeper watch, Docker event, a second of PostgreSQL, Patroni, HAProxy
//!     -> source::…::watch     one supervised task each, a deadline on every call
//!     -> decode               pure, tested on recorded samples
//!     -> Signal               whole snapshots; only events and log lines are appended
//!     -> App::update          the one transition; `now` is an argument
//!          -> Vec<Effect>     carried out by runtime: what to read, what to do to a container
//!          -> Urgency         how soon to draw
//!     -> ui::draw             pure; ratatui writes the cells that differ, in one synchronized write
//! ```
//!
//! # Invariants
//! - An outage never empties the screen: a link is [connecting, up or down](model::link::LinkState), and a
//!   [known value](model::link::Known) keeps its age.
//! - Nothing in the loop waits for the outside world; keys come before everything else.
//! - Text from outside is made harmless in the decoders, by [`model::text`].
//! - What an operator confirmed is bound to the identity that was shown: a container id, not a row.

pub mod action;
pub mod app;
pub mod config;
pub mod journal;
pub mod lab;
pub mod model;
pub mod net;
pub mod record;
pub mod report;
pub mod runtime;
pub mod source;
pub mod ui;
