//! The command line, the configuration file and the environment, resolved to one small options struct a layer.
//!
//! May name `model`, `source`, `action`, `app` and `ui`; knows nothing of `lab` and `runtime`.

pub mod cli;
pub mod lab;
