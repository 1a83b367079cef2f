//! Whether there is something to watch, and which of several clusters it is.

use crate::app::App;
use crate::app::command::Context;
use crate::app::event::Effect;
use crate::app::reading::Asked;
use crate::app::view::{Overlay, Pane};
use crate::model::discovery::{self, Choice, Found};
use crate::model::link::{LinkState, SourceId};

/// How far the program is with finding something to watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// No answer from Docker yet.
    Looking,
    /// Nothing on this machine looks like a cluster.
    Nothing,
    /// Several clusters: the operator chooses. The names, in the order of [`View::choice`](super::view::View::choice).
    Choosing(Vec<String>),
    /// A cluster is watched.
    Watching,
}

impl App {
    /// Whether there is something to watch.
    pub fn stage(&self) -> Stage {
        if self.cluster.targets.store.is_some() || !self.cluster.targets.nodes.is_empty() {
            if self.cluster.scope.is_none() && self.cluster.scopes.len() > 1 {
                return Stage::Choosing(self.cluster.scopes.clone());
            }
            return Stage::Watching;
        }
        match discovery::choose(&self.found, self.options.selector.as_deref()) {
            Choice::Several(found) => Stage::Choosing(found.iter().map(|found| found.id.clone()).collect()),
            _ if self.cluster.containers.is_some() || self.docker_is_away() => Stage::Nothing,
            _ => Stage::Looking,
        }
    }

    /// Where keys count now, first first.
    pub fn contexts(&self) -> &'static [Context] {
        match (&self.view.overlay, self.stage()) {
            // All keys are letters of the name.
            (Some(Overlay::Question(question)), _) if question.typed.is_some() => &[],
            (Some(Overlay::AskOperation(asked)), _) if asked.typed.is_some() => &[],
            (Some(Overlay::Question(_) | Overlay::AskCheck { .. } | Overlay::AskOperation(_)), _) => {
                &[Context::Question]
            }
            (Some(Overlay::Leaving), _) => &[Context::Leaving],
            (Some(Overlay::Faults { .. }), _) => &[Context::Faults, Context::Anywhere],
            (Some(Overlay::Failover { .. }), _) => &[Context::Failover, Context::Anywhere],
            (Some(Overlay::Log(Asked::Line { .. })), _) => &[Context::Anywhere],
            (Some(Overlay::Note(_) | Overlay::Palette(_) | Overlay::Log(_)), _) => &[],
            (Some(_), _) => &[Context::Anywhere],
            (None, Stage::Nothing | Stage::Looking) => &[Context::Nothing, Context::Anywhere],
            (None, Stage::Watching) if self.view.focus == Pane::Logs && !self.view.logs.own => {
                &[Context::Logs, Context::Main, Context::Anywhere]
            }
            (None, Stage::Choosing(_) | Stage::Watching) => &[Context::Main, Context::Anywhere],
        }
    }

    /// The scope that was asked for, or the only one there is.
    pub(super) fn only_scope(&self) -> Option<String> {
        let chosen = match discovery::choose(&self.found, self.options.selector.as_deref()) {
            Choice::One { scope, .. } => scope,
            _ => None,
        };
        let only = match self.cluster.scopes.as_slice() {
            [only] => Some(only.clone()),
            _ => None,
        };
        self.options.overrides.scope.clone().or(chosen).or(only)
    }

    /// What to say if there are clusters and none bears the name that was asked for.
    pub fn no_such_cluster(&self) -> Option<String> {
        let selector = self.options.selector.as_deref()?;
        let ids: Vec<&str> = self.found.iter().map(|found| found.id.as_str()).collect();
        let unknown = discovery::choose(&self.found, Some(selector)) == Choice::NoSuch;
        unknown.then(|| format!("No cluster is called {selector}; there is: {}", ids.join(", ")))
    }

    fn docker_is_away(&self) -> bool {
        matches!(self.cluster.links.get(&SourceId::Docker), Some(LinkState::Down { .. }))
    }

    /// The cluster that was chosen among those found.
    pub fn chosen(&self) -> Option<&Found> {
        match discovery::choose(&self.found, self.options.selector.as_deref()) {
            Choice::One { found, .. } => Some(found),
            _ => None,
        }
    }

    /// Watches the selected one of several clusters.
    pub(super) fn take_choice(&mut self) -> Vec<Effect> {
        let Stage::Choosing(names) = self.stage() else {
            return Vec::new();
        };
        let Some(name) = names.get(self.view.choice).cloned() else {
            return Vec::new();
        };
        if self.cluster.targets.store.is_some() {
            self.options.overrides.scope = Some(name);
        } else {
            self.options.selector = Some(name);
        }
        self.view.choice = 0;
        self.retarget()
    }
}
