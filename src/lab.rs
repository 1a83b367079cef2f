//! The example cluster.
