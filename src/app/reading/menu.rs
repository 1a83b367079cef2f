//! The menu of containers: whose lines are shown.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::Asked;
use crate::app::App;
use crate::app::event::{Effect, Leave};
use crate::app::view::Overlay;
use crate::model::name::ContainerName;

/// The letter of the container at that place of the list; none after the last of the alphabet.
pub fn letter(place: usize) -> Option<char> {
    ('a'..='z').nth(place)
}

impl App {
    /// The containers of the menu: those of the cluster in Docker's order, then others that were chosen.
    pub fn log_containers(&self) -> Vec<ContainerName> {
        let mut names: Vec<ContainerName> = self.containers().map(|container| container.name.clone()).collect();
        let chosen = self.view.logs.lens.containers.iter().flatten();
        let gone: Vec<ContainerName> = chosen.filter(|name| !names.contains(name)).cloned().collect();
        names.extend(gone);
        names
    }

    pub(super) fn choose_containers(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Log(Asked::Containers(selected))) = &mut self.view.overlay else {
            return Vec::new();
        };
        let at = *selected;
        match key.code {
            KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => {
                return vec![Effect::Leave(Leave::Quit)];
            }
            KeyCode::Esc | KeyCode::Enter => self.view.overlay = None,
            KeyCode::Up => *selected = at.saturating_sub(1),
            KeyCode::Down => {
                let last = self.log_containers().len().saturating_sub(1);
                self.view.overlay = Some(Overlay::Log(Asked::Containers((at + 1).min(last))));
            }
            KeyCode::Char('0') => self.view.logs.lens.containers = None,
            KeyCode::Char(' ') => self.toggle(at),
            KeyCode::Char(pressed) => {
                let place = |wanted| (0..26).find(|place| letter(*place) == Some(wanted));
                match (place(pressed), place(pressed.to_ascii_lowercase())) {
                    (Some(place), _) => self.toggle(place),
                    (None, Some(place)) => self.show_only(place),
                    (None, None) => {}
                }
            }
            _ => {}
        }
        self.aim();
        Vec::new()
    }

    fn toggle(&mut self, place: usize) {
        let all = self.log_containers();
        let Some(name) = all.get(place) else { return };
        let lens = &mut self.view.logs.lens;
        let mut shown = lens.containers.take().unwrap_or_else(|| all.iter().cloned().collect());
        if !shown.remove(name) {
            shown.insert(name.clone());
        }
        // All of them is no choice: a container that comes later is one of them. None of them shows nothing.
        lens.containers = Some(shown).filter(|shown| shown.len() < all.len() && !shown.is_empty());
    }

    fn show_only(&mut self, place: usize) {
        if let Some(name) = self.log_containers().get(place) {
            self.view.logs.lens.containers = Some([name.clone()].into());
        }
    }
}
