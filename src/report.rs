//! The report of one episode: gathered once from the [`App`], written as Markdown, as JSON and as a waterfall in SVG.
//!
//! Pure: names `model` and `app`; files are the runtime's concern. Everything that is written comes from [`Report`], so
//! that the three forms cannot say different things.
//!
//! # The JSON document
//! [`Report`] and what it holds is the schema: `"schema": "pgherd.episode"`, `"version": 1`. The version grows when a
//! field goes or changes its meaning; fields may be added under the same version. Instants are RFC 3339 in UTC with
//! microseconds; `…_s` are seconds with fractions, `offset_s` counts from the fault and is negative before it. `null` is
//! "not known", or "not yet" where a field says so. Nothing in it is a secret: passwords in log lines and commands are
//! masked, and no other source of one is read.
//!
//! To add something: a field in [`schema`], filled in beside its like, a section in `markdown`.

pub mod schema;

mod clients;
mod configuration;
mod gather;
mod logs;
mod markdown;
mod scale;
mod states;
mod summary;
mod svg;

pub use gather::Matter;
pub use markdown::markdown;
pub use schema::Report;
pub use svg::svg;

use crate::app::App;
use crate::model::failover::Episode;

/// The report of an episode, as it is known now.
pub fn of(app: &App, episode: &Episode) -> Report {
    Matter::of(app, episode).report()
}

/// The report as a JSON document, with a line break at its end.
///
/// # Errors
/// None is known of: every map has text keys and every number is finite.
pub fn json(report: &Report) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(report).map(|text| text + "\n")
}

#[cfg(test)]
mod tests;
