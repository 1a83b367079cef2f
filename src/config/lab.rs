//! The options of the example cluster.

use clap::Args;

/// `pgherd lab …`
#[derive(Debug, Args)]
pub struct LabArgs {}
