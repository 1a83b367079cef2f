//! Moving the selection and scrolling: what up, down, first and last mean where the focus is.

use crate::app::command::Command;
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
        let lens = &self.view.logs.lens();
        self.view.logs.end = match command {
            Command::Last => None,
            Command::First => self.logs.first_page(lens, self.view.page()),
            _ => {
                let end = self.logs.moved(lens, self.view.logs.end, back, steps);
                // Back at the newest line is following again, so that the end key is not needed for it.
                if back || end != self.logs.newest(lens) {
                    end
                } else {
                    None
                }
            }
        };
    }

    fn go_in_overlay(&mut self, back: bool, steps: usize) {
        match &mut self.view.overlay {
            Some(Overlay::Failover { .. }) => self.move_on_page(back, steps),
            Some(Overlay::Faults { .. }) => self.move_in_faults(back, steps),
            Some(
                Overlay::Help(scroll)
                | Overlay::Findings(scroll)
                | Overlay::Check(scroll)
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
                | Overlay::Note(_)
                | Overlay::Leaving
                | Overlay::Palette(_),
            )
            | None => {}
        }
    }

    /// A page up or down; in the znode browser, of the selected value.
    pub(super) fn page(&mut self, back: bool) {
        let steps = self.view.page();
        if let Some(Overlay::Znodes { scroll, .. }) = &mut self.view.overlay {
            *scroll = scrolled(*scroll, back, steps);
            return;
        }
        self.go(if back { Command::Up } else { Command::Down }, steps);
    }

    pub(super) fn open(&mut self) {
        let subject = match self.view.focus {
            Pane::Containers => self.selected_container().map(Subject::Container),
            Pane::Proxy => self.selected_proxy().map(Subject::Container),
            Pane::Members | Pane::Changes | Pane::Logs => self.selected_member().map(Subject::Member),
        };
        self.view.overlay = subject.map(|subject| Overlay::Details { subject, scroll: 0 });
    }

    pub(super) fn back(&mut self) {
        if self.view.overlay.is_none() && self.return_to_page() {
            return;
        }
        if self.view.overlay.take().is_none() {
            self.view.zoomed = false;
        }
    }

    pub(super) fn scope_logs(&mut self) {
        self.view.logs.own = false;
        (self.view.logs.end, self.view.logs.around) = (None, None);
        self.view.logs.only = match self.view.logs.only {
            Some(_) => None,
            None => self.acting_on(),
        };
    }

    pub(super) fn follow(&mut self) {
        self.view.logs.around = None;
        let lens = &self.view.logs.lens();
        self.view.logs.end = match self.view.logs.end {
            Some(_) => None,
            None => self.logs.newest(lens),
        };
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
