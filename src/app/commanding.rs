//! What each command of the table does.

use crate::app::command::Command;
use crate::app::event::{Effect, Leave};
use crate::app::page::Spot;
use crate::app::palette::Kind;
use crate::app::view::Overlay;
use crate::app::{App, Stage};

impl App {
    /// Does what the operator meant.
    pub fn command(&mut self, command: Command) -> Vec<Effect> {
        match command {
            Command::Quit => return self.quit(),
            Command::HealAndQuit => return self.heal_and_quit(),
            Command::Faults => return self.faults_or_heal_all(),
            Command::HealSelected => return self.heal_selected(),
            Command::Palette => self.open_palette(Kind::All),
            Command::Acts => self.open_palette(Kind::Acts),
            Command::Operations => self.open_palette(Kind::Operations),
            Command::ReadOnly => self.turn_read_only(),
            Command::StartLab => return vec![Effect::Leave(Leave::StartLab)],
            Command::Demo => return vec![Effect::Leave(Leave::Demo)],
            Command::Record => return vec![Effect::Record],
            // Only what plays a record can travel in time.
            Command::Travel(_) => {}
            Command::Suspend => return vec![Effect::Suspend],
            Command::Theme => return vec![Effect::NextTheme],
            Command::Confirm => return self.confirm(),
            Command::Check => return self.ask_check(),
            Command::Report => return self.ask_report(),
            Command::Open if matches!(self.stage(), Stage::Choosing(_)) => return self.take_choice(),
            Command::Ask(act) => self.ask(act.into()),
            Command::Failovers => {
                let at = Spot::Story(0);
                self.view.overlay = Some(Overlay::Failover { back: 0, at });
            }
            Command::NextPart => self.turn_part(),
            Command::Enter => self.enter_page(),
            Command::Note => self.begin_note(),
            Command::Audit => return self.ask_audit(),
            Command::Findings => self.view.overlay = Some(Overlay::Findings(0)),
            Command::Help => self.view.overlay = Some(Overlay::Help(0)),
            Command::Open => self.open(),
            Command::Back => self.back(),
            Command::Znodes => {
                self.view.overlay = Some(Overlay::Znodes {
                    selected: String::new(),
                    scroll: 0,
                });
            }
            Command::Logs(command) => return self.read(command),
            Command::Mouse => {
                self.view.mouse = !self.view.mouse;
                return vec![Effect::Mouse(self.view.mouse)];
            }
            Command::OwnLog => self.view.logs.own = !self.view.logs.own,
            Command::Zoom => self.view.zoomed = !self.view.zoomed,
            Command::NextPane | Command::PreviousPane => {
                self.view.focus = self.view.focus.moved(command == Command::NextPane);
            }
            Command::LogScope => self.scope_logs(),
            Command::Follow => self.follow(),
            Command::Up | Command::Down | Command::Left | Command::Right
                if matches!(self.view.overlay, Some(Overlay::Question(_))) =>
            {
                self.step_question(command);
            }
            Command::Up | Command::Down if matches!(self.view.overlay, Some(Overlay::AskOperation(_))) => {
                self.step_operation(command);
            }
            Command::Up | Command::Down => self.go(command, 1),
            Command::PageUp => self.page(true),
            Command::PageDown => self.page(false),
            Command::First | Command::Last => self.go(command, usize::MAX),
            Command::Left | Command::Right if matches!(self.view.overlay, Some(Overlay::Failover { .. })) => {
                self.turn_episode(command == Command::Left);
            }
            Command::Left => self.view.logs.pan = self.view.logs.pan.saturating_sub(8),
            Command::Right => self.view.logs.pan = self.view.logs.pan.saturating_add(8).min(4_096),
        }
        Vec::new()
    }
}
