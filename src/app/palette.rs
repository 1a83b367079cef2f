//! Everything that can be done, found by its name.

mod operations;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::app::command::{self, Command, Context, Keymap};
use crate::app::event::Effect;
use crate::app::question::Question;
use crate::app::typing::edit;
use crate::app::view::Overlay;
use crate::model::act::{Act, ContainerAct};
use crate::model::operation::Operation;

/// What was typed and what is selected.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Palette {
    /// So far.
    pub text: String,
    /// Among those that fit.
    pub selected: usize,
    /// Among what.
    pub kind: Kind,
}

/// What there is to choose from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Everything.
    #[default]
    All,
    /// Acts on the selected container.
    Acts,
    /// Operations of the cluster and of the selected member.
    Operations,
}

/// Something to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// What it is found by.
    pub title: String,
    /// Its key, if it has one here.
    pub key: String,
    /// A sentence.
    pub help: &'static str,
    /// What it does.
    pub choice: Choice,
    /// Why it cannot be done now.
    pub refused: Option<String>,
}

/// What an item does.
#[derive(Clone, Debug, PartialEq)]
pub enum Choice {
    /// As if its key were pressed.
    Command(Command),
    /// Ask to do it to the selected container.
    Act(Act),
    /// Ask for it.
    Operation(Operation),
    /// Edit the dynamic configuration.
    Configuration,
}

impl App {
    pub(super) fn open_palette(&mut self, kind: Kind) {
        self.view.overlay = Some(Overlay::Palette(Palette {
            kind,
            ..Palette::default()
        }));
    }

    /// What fits what was typed, best first.
    pub fn palette_items(&self, palette: &Palette) -> Vec<Item> {
        let items = match palette.kind {
            Kind::All => self
                .acts_to_choose()
                .chain(self.operations_to_choose())
                .chain(commands(&self.options.keymap))
                .collect(),
            Kind::Acts => self.acts_to_choose().collect(),
            Kind::Operations => self.operations_to_choose(),
        };
        fitting(&palette.text, items)
    }

    fn acts_to_choose(&self) -> impl Iterator<Item = Item> {
        let container = self.acting_on();
        Act::all().map(move |act| {
            let refused = match &container {
                None => Some("no container is known for what is selected".to_owned()),
                Some(container) => Question::ask(act, container, &self.cluster, self.now).err(),
            };
            Item {
                title: act.name().to_owned(),
                key: key_of(act, &self.options.keymap),
                help: help_of(act),
                choice: Choice::Act(act),
                refused,
            }
        })
    }

    /// A key while the palette is open: letters narrow it down.
    pub(super) fn type_in_palette(&mut self, key: &KeyEvent) -> Vec<Effect> {
        let Some(Overlay::Palette(palette)) = &self.view.overlay else {
            return Vec::new();
        };
        let mut palette = palette.clone();
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            KeyCode::Char('c') if control => return self.quit(),
            KeyCode::Esc => {
                self.view.overlay = None;
                return Vec::new();
            }
            KeyCode::Enter => return self.choose(&palette),
            KeyCode::Up => palette.selected = palette.selected.saturating_sub(1),
            KeyCode::Down => palette.selected = palette.selected.saturating_add(1),
            KeyCode::PageUp => palette.selected = palette.selected.saturating_sub(self.view.page()),
            KeyCode::PageDown => palette.selected = palette.selected.saturating_add(self.view.page()),
            _ if edit(&mut palette.text, key) => palette.selected = 0,
            _ => {}
        }
        let last = self.palette_items(&palette).len().saturating_sub(1);
        palette.selected = palette.selected.min(last);
        self.view.overlay = Some(Overlay::Palette(palette));
        Vec::new()
    }

    fn choose(&mut self, palette: &Palette) -> Vec<Effect> {
        let Some(item) = self.palette_items(palette).into_iter().nth(palette.selected) else {
            return Vec::new();
        };
        self.view.overlay = None;
        match item.choice {
            Choice::Command(command) => self.command(command),
            Choice::Act(act) => {
                self.ask(act);
                Vec::new()
            }
            Choice::Operation(operation) => {
                self.ask_operation(operation);
                Vec::new()
            }
            Choice::Configuration => self.ask_configuration(),
        }
    }
}

/// The commands of the main screen that are not acts.
fn commands(keymap: &Keymap) -> impl Iterator<Item = Item> {
    let main = command::entries()
        .filter(|entry| matches!(entry.context, Context::Main | Context::Anywhere))
        .filter(|entry| !matches!(entry.command, Command::Ask(_) | Command::Palette | Command::Back));
    main.map(|entry| Item {
        title: entry.help.to_owned(),
        key: keymap.keys(entry).first().map(ToString::to_string).unwrap_or_default(),
        help: entry.help,
        choice: Choice::Command(entry.command),
        refused: None,
    })
}

fn key_of(act: Act, keymap: &Keymap) -> String {
    let Act::Container(act) = act else {
        return String::new();
    };
    let key = keymap.key_of(Command::Ask(act), None);
    key.map(|key| key.to_string()).unwrap_or_default()
}

fn help_of(act: Act) -> &'static str {
    match act {
        Act::Drill(drill) => drill.card().does,
        Act::Container(act) => match act {
            ContainerAct::Stop => "SIGTERM, then SIGKILL after its grace period.",
            ContainerAct::Kill => "SIGKILL: no clean shutdown.",
            ContainerAct::Start => "Starts the container.",
            ContainerAct::Restart => "Stop, then start.",
            ContainerAct::Pause => "Freezes its processes; connections stay open and nothing answers.",
            ContainerAct::Unpause => "Lets its processes go on.",
        },
    }
}

fn fitting(text: &str, items: Vec<Item>) -> Vec<Item> {
    if text.is_empty() {
        return items;
    }
    let pattern = Pattern::parse(text, CaseMatching::Smart, Normalization::Smart);
    let mut matcher = Matcher::new(Config::DEFAULT);
    let mut letters = Vec::new();
    let scored = items.into_iter().filter_map(|item| {
        let title = pattern.score(Utf32Str::new(&item.title, &mut letters), &mut matcher);
        // Its name says more than its explanation.
        let help = pattern.score(Utf32Str::new(item.help, &mut letters), &mut matcher);
        let score = title.map(|score| score.saturating_mul(2)).max(help)?;
        Some((score, item))
    });
    let mut scored: Vec<_> = scored.collect();
    scored.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
    scored.into_iter().map(|(_, item)| item).collect()
}
