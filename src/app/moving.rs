//! Moving the selection and scrolling: what up, down, first and last mean where the focus is.

use crate::app::command::Command;
use crate::app::reading::Asked;
use crate::app::view::{Overlay, Pane, Subject};
use crate::app::{App, Stage};
use crate::model::container::{Container, ContainerKind};
use crate::model::name::{ContainerName, MemberName};

/// Nothing that is scrolled by lines is longer.
const LONGEST_SCROLL: u16 = 2_000;

impl App {
    /// The selected member; the first one until another was chosen or if it is gone.
    pub fn selected_member(&self) -> Option<MemberName> {
        let members = self.members();
        let chosen = self.view.member.as_ref();
        members
            .iter()
            .find(|member| Some(&member.name) == chosen)
            .or(members.first())
            .map(|member| member.name.clone())
    }

    /// The selected container of the cluster; the first one until another was chosen or if it is gone.
    pub fn selected_container(&self) -> Option<ContainerName> {
        let chosen = self.view.container.as_ref();
        self.own_containers()
            .map(|(name, _)| name)
            .find(|name| Some(name) == chosen)
            .or_else(|| self.own_containers().next().map(|(name, _)| name))
    }

    /// The container of the selected HAProxy; the first one until another was chosen or if it is gone.
    pub fn selected_proxy(&self) -> Option<ContainerName> {
        let proxies = self.proxy_containers();
        let chosen = self.view.proxy.as_ref();
        proxies
            .iter()
            .find(|name| Some(*name) == chosen)
            .or(proxies.first())
            .cloned()
    }

    fn proxy_containers(&self) -> Vec<ContainerName> {
        self.own_containers()
            .filter(|(_, kind)| matches!(kind, ContainerKind::Proxy { .. }))
            .map(|(name, _)| name)
            .collect()
    }

    /// The containers of this cluster, in Docker's order.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.cluster.ours()
    }

    pub(super) fn own_containers(&self) -> impl Iterator<Item = (ContainerName, &ContainerKind)> {
        self.containers()
            .map(|container| (container.name.clone(), &container.kind))
    }

    /// Moves by `steps` in the direction of `command` (up, down, first, last).
    pub(super) fn go(&mut self, command: Command, steps: usize) {
        let back = matches!(command, Command::Up | Command::First);
        if self.view.overlay.is_some() {
            return self.go_in_overlay(back, steps);
        }
        if let Stage::Choosing(names) = self.stage() {
            self.view.choice = stepped(self.view.choice, names.len(), back, steps);
            return;
        }
        match self.view.focus {
            Pane::Members => {
                let names: Vec<_> = self.members().into_iter().map(|member| member.name).collect();
                self.view.member = neighbour(&names, self.selected_member().as_ref(), back, steps);
            }
            Pane::Containers => {
                let names: Vec<_> = self.own_containers().map(|(name, _)| name).collect();
                self.view.container = neighbour(&names, self.selected_container().as_ref(), back, steps);
            }
            Pane::Proxy => {
                let names = self.proxy_containers();
                self.view.proxy = neighbour(&names, self.selected_proxy().as_ref(), back, steps);
            }
            Pane::Changes => {
                let (count, _) = self.feed.counts();
                self.view.changes_back = stepped(self.view.changes_back, count, !back, steps);
            }
            Pane::Logs => self.go_in_logs(command, back, steps),
        }
    }

    fn go_in_logs(&mut self, command: Command, back: bool, steps: usize) {
        if self.view.logs.anchor.is_some() {
            return self.stretch(back, steps);
        }
        let lens = &self.view.logs.lens;
        let end = match command {
            Command::Last => None,
            Command::First => self.first_end(),
            _ => {
                let mut from = self.view.logs.end;
                if let Some((_, last)) = self
                    .view
                    .logs
                    .page
                    .filter(|_| self.view.logs.wrap && !back && from.is_some())
                {
                    // The first page shows more than what ends there.
                    from = from.max(Some(last));
                }
                let mut end = self.logs.moved(lens, from, back, steps);
                if back {
                    // No further than the first page: from there each step down is seen.
                    end = end.max(self.first_end());
                }
                // Back at the newest line is following again, so that the end key is not needed for it.
                if back || end != self.logs.newest(lens) {
                    end
                } else {
                    None
                }
            }
        };
        self.view.logs.end = end;
    }

    fn go_in_overlay(&mut self, back: bool, steps: usize) {
        match &mut self.view.overlay {
            Some(Overlay::Failover { .. }) => self.move_on_page(back, steps),
            Some(Overlay::Faults { .. }) => self.move_in_faults(back, steps),
            Some(
                Overlay::Help(scroll)
                | Overlay::Findings(scroll)
                | Overlay::Check(scroll)
                | Overlay::Operation(scroll)
                | Overlay::Log(Asked::Line { scroll, .. })
                | Overlay::Audit { scroll, .. }
                | Overlay::Details { scroll, .. },
            ) => {
                *scroll = scrolled(*scroll, back, steps);
            }
            Some(Overlay::Znodes { selected, scroll }) => {
                let nodes = self
                    .cluster
                    .dcs
                    .as_ref()
                    .map_or(&[][..], |dcs| dcs.value.nodes.as_slice());
                let at = nodes.iter().position(|node| node.path == *selected).unwrap_or(0);
                if let Some(node) = nodes.get(stepped(at, nodes.len(), back, steps)) {
                    if *selected != node.path {
                        *scroll = 0;
                    }
                    selected.clone_from(&node.path);
                }
            }
            Some(
                Overlay::Question(_)
                | Overlay::AskCheck { .. }
                | Overlay::AskOperation(_)
                | Overlay::Note(_)
                | Overlay::Log(_)
                | Overlay::Leaving
                | Overlay::Palette(_),
            )
            | None => {}
        }
    }

    /// A page up or down; in the znode browser, of the selected value.
    pub(super) fn page(&mut self, back: bool) {
        let steps = match (&self.view.overlay, self.view.focus) {
            // A row stays, to read on from.
            (None, Pane::Logs) => self.view.log_rows().saturating_sub(1).max(1),
            _ => self.view.page(),
        };
        if let Some(Overlay::Znodes { scroll, .. }) = &mut self.view.overlay {
            *scroll = scrolled(*scroll, back, steps);
            return;
        }
        if self.view.overlay.is_none() && self.view.focus == Pane::Logs && self.turn(back) {
            return;
        }
        self.go(if back { Command::Up } else { Command::Down }, steps);
    }

    pub(super) fn open(&mut self) {
        if self.view.focus == Pane::Changes {
            return self.enter_changes();
        }
        let subject = match self.view.focus {
            Pane::Containers => self.selected_container().map(Subject::Container),
            Pane::Proxy => self.selected_proxy().map(Subject::Container),
            Pane::Members | Pane::Changes | Pane::Logs => self.selected_member().map(Subject::Member),
        };
        self.view.overlay = subject.map(|subject| Overlay::Details { subject, scroll: 0 });
    }

    pub(super) fn back(&mut self) {
        if self.view.overlay.is_none() && (self.end_reading() || self.return_to_page()) {
            return;
        }
        if self.view.overlay.take().is_none() {
            self.view.zoomed = false;
        }
    }

    /// Ends what was begun in the log pane: a selection, then a search. False if nothing was.
    fn end_reading(&mut self) -> bool {
        let logs = &mut self.view.logs;
        let reads = self.view.focus == Pane::Logs;
        reads && (logs.anchor.take().is_some() || logs.search.take().is_some())
    }

    pub(super) fn scope_logs(&mut self) {
        let only = self.acting_on();
        let logs = &mut self.view.logs;
        logs.own = false;
        (logs.end, logs.around, logs.anchor) = (None, None, None);
        logs.lens.containers = match logs.lens.containers {
            Some(_) => None,
            None => only.map(|only| [only].into()),
        };
    }

    pub(super) fn follow(&mut self) {
        let logs = &mut self.view.logs;
        (logs.around, logs.anchor, logs.seeking) = (None, None, None);
        let end = match logs.end {
            Some(_) => None,
            None => self.logs.newest(&logs.lens),
        };
        self.view.logs.end = end;
    }
}

fn stepped(at: usize, count: usize, back: bool, steps: usize) -> usize {
    if back {
        at.saturating_sub(steps)
    } else {
        at.saturating_add(steps).min(count.saturating_sub(1))
    }
}

/// Scrolled by so many lines.
pub(super) fn scrolled(from: u16, back: bool, steps: usize) -> u16 {
    let by = u16::try_from(steps).unwrap_or(LONGEST_SCROLL);
    if back {
        from.saturating_sub(by)
    } else {
        from.saturating_add(by).min(LONGEST_SCROLL)
    }
}

/// The one so many places away from `from`, or from the first.
pub(super) fn neighbour<T: Clone + PartialEq>(names: &[T], from: Option<&T>, back: bool, steps: usize) -> Option<T> {
    let at = names.iter().position(|name| Some(name) == from).unwrap_or(0);
    names.get(stepped(at, names.len(), back, steps)).cloned()
}
