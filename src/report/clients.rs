//! What clients saw: the place for what a client probe measured, and for the ledger of its writes.

use super::schema::Clients;
use crate::app::App;
use crate::model::failover::Episode;

/// What is known of the clients of that time.
pub(super) fn clients(_app: &App, _episode: &Episode) -> Clients {
    Clients {
        probed: false,
        text: vec![
            "No client probe was on: what clients saw, and whether an acknowledged write was lost, is not known."
                .to_owned(),
        ],
    }
}
