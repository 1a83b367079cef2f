//! What speaks against an act now, from live data; and when a key is not enough for it.

use super::{Part, Question, Typed};
use crate::app::App;
use crate::app::options::Mark;
use crate::model::caution::{self, Caution};
use crate::model::member::Member;
use crate::model::name::MemberName;
use crate::model::operation::Operation;
use crate::model::quorum::Quorum;

impl App {
    /// Completes a question with what only the whole state knows.
    pub fn look_before(&self, mut question: Question) -> Question {
        question.warnings = self.warnings();
        let member = match &question.situation.part {
            Part::Member(member, _) => Some(member),
            Part::Store | Part::Proxy | Part::Other => None,
        };
        let no_quorum = || {
            let lost = question.situation.loses_quorum();
            lost.then(|| "ZooKeeper has no quorum without it".to_owned())
        };
        let because = self.needs_name(member).or_else(no_quorum);
        let because = because.filter(|_| question.act.is_fault());
        let text = question.typed.take().map(|typed| typed.text);
        question.typed = because.map(|because| Typed {
            wanted: name(&question),
            because,
            text: text.unwrap_or_default(),
        });
        question
    }

    /// What speaks against any act now.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let dcs = self.cluster.snapshot();
        match dcs.and_then(|dcs| dcs.config.as_ref()) {
            Some(config) if config.pause => {
                warnings.push("The cluster is paused: nobody takes over by itself.".to_owned());
            }
            Some(config) if config.synchronous_mode && config.synchronous_mode_strict => {
                warnings.push("Synchronous mode is strict: without a standby no write is acknowledged.".to_owned());
            }
            Some(_) => {}
            None => warnings.push("Patroni's configuration is not known: what follows is a guess.".to_owned()),
        }
        let quorum = Quorum::of(&self.cluster).filter(|quorum| quorum.answering < quorum.servers);
        warnings.extend(quorum.map(|quorum| format!("ZooKeeper: {quorum}.")));
        if dcs.is_some_and(|dcs| dcs.failover.is_some()) {
            warnings.push("A switchover or failover is requested already.".to_owned());
        }
        let operation = self.under_way().map(|operating| operating.operation.to_string());
        for acting in self.acting.iter().chain(&operation) {
            warnings.push(format!("Under way: {acting}"));
        }
        let active: Vec<_> = self.active_faults().map(|active| active.fault.title()).collect();
        if !active.is_empty() {
            warnings.push(format!("Still active: {}.", active.join(", ")));
        }
        let open = self.chronicle.last().filter(|episode| episode.closed.is_none());
        if let Some(episode) = open {
            warnings.push(format!("#{} is not over yet.", episode.number));
        }
        warnings
    }

    /// Why the name has to be typed before a fault in this member, or in what is none, if it has to be.
    fn needs_name(&self, target: Option<&MemberName>) -> Option<String> {
        let members = self.members();
        self.caution(&members).of_fault(target.map(MemberName::as_str))
    }

    /// The name that has to be typed before this operation, and why, if it has to be.
    pub fn name_for(&self, operation: &Operation) -> Option<(String, String)> {
        let members = self.members();
        let because = self.caution(&members).of_operation(operation)?;
        Some((caution::name_of(operation, &self.cluster), because))
    }

    fn caution<'a>(&self, members: &'a [Member]) -> Caution<'a> {
        Caution {
            for_tests: self.is_for_tests(),
            members,
            fault_active: self.active_faults().next().is_some(),
            fault_with_it: self.faults.planned.iter().any(|planned| planned.at.is_none()),
        }
    }

    /// Faults are what it is for: a lab of ours, or marked so.
    pub fn is_for_tests(&self) -> bool {
        match self.options.mark {
            Mark::Test => true,
            Mark::Protected => false,
            Mark::None => self.cluster.targets.lab,
        }
    }
}

/// What has to be typed: the member's name, or the container's.
fn name(question: &Question) -> String {
    match &question.situation.part {
        Part::Member(member, _) => member.to_string(),
        Part::Store | Part::Proxy | Part::Other => question.target.name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::act::ContainerAct;
    use crate::model::container::ContainerState;
    use crate::model::fixture::{REPLICA, World};

    #[test]
    fn of_an_ensemble_the_question_says_whether_a_quorum_remains() {
        let ask = |modes: &[Option<&str>]| {
            let mut world = World::healthy();
            world.ensemble(modes);
            world.pass(1_000);
            let mut app = App {
                cluster: world.cluster.clone(),
                now: world.now,
                ..App::default()
            };
            app.options.mark = Mark::Test;
            let question = Question::ask(ContainerAct::Kill, &"zoo".into(), &app.cluster, app.now).unwrap();
            app.look_before(question)
        };
        let whole = ask(&[Some("leader"), Some("follower"), Some("follower")]);
        let told = whole.consequences().join(" ");
        assert!(
            told.contains("ZooKeeper goes on without it") && told.contains("Without it 2 of 3 answer"),
            "{told}"
        );
        assert_eq!((whole.typed, whole.prediction), (None, None));
        let last = ask(&[Some("leader"), Some("follower"), None]);
        let told = last.consequences().join(" ");
        assert!(
            told.contains("1 of 3 answer, no quorum") && told.contains("demotes the leader"),
            "{told}"
        );
        assert!(
            last.warnings.iter().any(|line| line.contains("2 of 3 answer")),
            "{:?}",
            last.warnings
        );
        assert_eq!(last.typed.unwrap().because, "ZooKeeper has no quorum without it");
        let only = ask(&[Some("standalone")]);
        assert!(only.typed.is_none() && only.prediction.is_some());
    }

    /// The same container, whatever happens to it while the question is open.
    fn confirmed_after(change: impl Fn(&mut World)) -> Question {
        let mut world = World::healthy();
        let container = "pg-slave".into();
        let mut question = Question::ask(ContainerAct::Kill, &container, &world.cluster, world.now).unwrap();
        change(&mut world);
        world.pass(1_000);
        question.refresh(&world.cluster, world.now);
        question
    }

    #[test]
    fn a_container_made_anew_under_a_question_is_asked_for_again() {
        assert_eq!(confirmed_after(|_| {}).changed, None);
        let anew = confirmed_after(|world| world.container("pg-slave").id = "made anew".to_owned());
        assert_eq!(anew.changed.unwrap(), "pg-slave was made anew");
        assert_eq!(anew.target.id, "made anew", "what the next yes is about");
    }

    #[test]
    fn a_container_that_went_or_stopped_under_a_question_is_told() {
        let gone = confirmed_after(|world| world.containers.retain(|one| one.name.as_str() != "pg-slave"));
        assert_eq!(gone.changed.unwrap(), "container pg-slave is gone");
        let stopped = confirmed_after(|world| world.container("pg-slave").state = ContainerState::Exited { code: 0 });
        assert!(stopped.changed.is_some());
    }

    #[test]
    fn a_member_that_bears_another_name_under_a_question_is_told() {
        let renamed = confirmed_after(|world| {
            world.entry(REPLICA).name = "postgresql7".into();
            world.container("pg-slave").kind = crate::model::container::ContainerKind::Patroni {
                because: "renamed".to_owned(),
                scope: None,
                member: Some("postgresql7".into()),
            };
        });
        assert!(renamed.changed.is_some(), "{renamed:?}");
    }
}
