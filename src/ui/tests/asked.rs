//! The questions before an act, and faults of ours, for the snapshots.

use std::time::Duration;

use super::stage::Stage;
use crate::app::event::Event;
use crate::app::faults::{Active, Planned};
use crate::app::question::Question;
use crate::app::view::Overlay;
use crate::model::act::drill::Drill;
use crate::model::act::fault::{Fault, FaultId, Undo};
use crate::model::act::{Act, ActTarget, ContainerAct};
use crate::model::fixture::LEADER;

impl Stage {
    pub(super) fn ask(mut self, act: ContainerAct) -> Self {
        let question = Question::ask(act, &"pg-master".into(), &self.app.cluster, self.app.now).unwrap();
        self.app.view.overlay = Some(Overlay::Question(Box::new(question)));
        self
    }

    /// A question on a cluster that is not marked, with half of the name typed.
    pub(super) fn typing(self) -> Self {
        let mut stage = self.ask(ContainerAct::Kill);
        stage.app.update(Event::Tick, stage.app.now);
        if let Some(Overlay::Question(question)) = &mut stage.app.view.overlay
            && let Some(typed) = &mut question.typed
        {
            typed.text = "postg".to_owned();
        }
        stage
    }

    /// Two faults of ours, one of them for a time, and an act that waits.
    pub(super) fn faulty(mut self) -> Self {
        let now = self.app.now;
        let fault = |number, act: Act, container: &str, ago: u64, until| Fault {
            id: FaultId {
                run: "1-2".to_owned(),
                number,
            },
            at: now.minus(Duration::from_secs(ago)),
            act,
            target: ActTarget {
                id: self
                    .world
                    .containers
                    .iter()
                    .find(|found| found.name.as_str() == container)
                    .unwrap()
                    .id
                    .clone(),
                name: container.into(),
            },
            undo: vec![Undo::ClearDisk {
                folder: "/data".to_owned(),
            }],
            until,
        };
        let active = [
            fault(1, Drill::FreezePatroni.into(), "pg-slave", 75, None),
            fault(
                2,
                ContainerAct::Pause.into(),
                "zoo",
                12,
                Some(now.plus(Duration::from_secs(18))),
            ),
        ];
        self.app.faults.active = active
            .into_iter()
            .map(|fault| Active {
                since: fault.at,
                fault,
                healing: false,
                failed: None,
                left: false,
            })
            .collect();
        let question = Question::ask(ContainerAct::Kill, &"pg-master".into(), &self.app.cluster, now).unwrap();
        self.app.faults.planned.push(Planned {
            question,
            at: Some(now.plus(Duration::from_secs(5))),
        });
        self
    }

    /// The leader died while the operator read the question.
    pub(super) fn changed() -> Self {
        let mut stage = Self::healthy().ask(ContainerAct::Stop);
        let facts = stage.world.kill(LEADER);
        stage.take(facts);
        if let Some(Overlay::Question(question)) = &mut stage.app.view.overlay {
            question.refresh(&stage.app.cluster, stage.app.now);
        }
        stage
    }
}
