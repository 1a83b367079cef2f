//! pgherd shows a highly available PostgreSQL cluster (Patroni, ZooKeeper, HAProxy, Docker) as it really is,
//! stops or kills a node with a key, and shows the other taking over.

pub mod action;
pub mod app;
pub mod config;
pub mod lab;
pub mod model;
pub mod runtime;
pub mod source;
pub mod ui;
