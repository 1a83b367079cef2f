//! Does to containers what was confirmed, written down before it is done, and takes it back.

use std::sync::{Arc, Mutex, PoisonError};

use bollard::Docker;
use tokio::task::spawn_blocking;

use crate::action::container;
use crate::action::drill;
use crate::config::environment::Environment;
use crate::config::settings::Settings;
use crate::journal::{Journal, Who};
use crate::model::act::fault::{Fault, FaultId, Undo};
use crate::model::act::{Act, ContainerAct, Order};
use crate::model::text::clean_line;
use crate::model::time::Timestamp;

/// The one way to change containers.
#[derive(Clone)]
pub(super) struct Hands {
    docker: Docker,
    clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
    journal: Arc<Mutex<Journal>>,
}

/// The journal of this run.
///
/// # Errors
/// There is no place for one.
pub(super) fn journal(settings: &Settings, now: Timestamp) -> Result<Arc<Mutex<Journal>>, String> {
    let folder = settings.journal.clone();
    let folder = folder.ok_or("neither XDG_STATE_HOME nor HOME says where the journal of faults belongs")?;
    Ok(Arc::new(Mutex::new(Journal::new(
        folder,
        who(&Environment::of_process()),
        now,
    ))))
}

/// Who runs this process.
fn who(environment: &Environment) -> Who {
    let user = environment.get("USER").or_else(|| environment.get("LOGNAME"));
    let terminal = rustix::termios::ttyname(std::io::stdin(), Vec::new()).ok();
    let terminal = terminal
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let from = environment
        .get("SSH_CONNECTION")
        .and_then(|words| words.split(' ').next());
    Who {
        user: clean_line(&user.map_or_else(|| rustix::process::getuid().as_raw().to_string(), str::to_owned)),
        host: clean_line(&rustix::system::uname().nodename().to_string_lossy()),
        terminal: clean_line(&from.map_or_else(|| terminal.clone(), |from| format!("{terminal} from {from}"))),
        process: std::process::id(),
    }
}

impl Hands {
    pub(super) fn new(
        docker: Docker,
        clock: Arc<dyn Fn() -> Timestamp + Send + Sync>,
        journal: Arc<Mutex<Journal>>,
    ) -> Self {
        Self { docker, clock, journal }
    }

    /// Finds out whether it can be done, and how it would be taken back. Changes nothing.
    ///
    /// # Errors
    /// Why it cannot be done here, for people.
    pub(super) async fn prepare(&self, order: &Order) -> Result<Vec<Undo>, String> {
        match order.act {
            Act::Container(verb) => Ok(undo_of(verb)),
            Act::Drill(drill) => drill::prepare(&self.docker, drill, &order.target, &order.around).await,
        }
    }

    /// Causes a fault; gives it back if it lasts.
    ///
    /// # Errors
    /// Why it was not done, for people. Nothing is done that could not be written down.
    pub(super) async fn cause(&self, order: Order) -> Result<Option<Fault>, String> {
        let undo = self.prepare(&order).await?;
        let Order { act, target, lasts, .. } = order;
        let at = (self.clock)();
        let until = lasts.map(|lasts| at.plus(lasts));
        let fault = self
            .write(move |journal| {
                let fault = Fault {
                    id: journal.next_id(),
                    at,
                    act,
                    target,
                    undo,
                    until,
                };
                journal.plan(&fault).map(|()| fault)
            })
            .await?;
        let done = match act {
            Act::Container(verb) => container::perform(&self.docker, verb, &fault.target).await,
            Act::Drill(drill) => drill::perform(&self.docker, drill, &fault.target, &fault.undo).await,
        };
        let (id, at, result) = (fault.id.clone(), (self.clock)(), done.clone());
        self.write(move |journal| journal.caused(&id, result, at)).await?;
        match done {
            Ok(()) => Ok((!fault.undo.is_empty()).then_some(fault)),
            Err(why) => {
                self.leave_nothing(&fault).await;
                Err(why)
            }
        }
    }

    /// What failed may be done in part. Docker's own verbs are not taken back: they may still be carried out.
    async fn leave_nothing(&self, fault: &Fault) {
        let whole = match fault.act {
            Act::Drill(_) => self.take_back(fault).await.is_ok(),
            Act::Container(_) => drill::is_undone(&self.docker, &fault.target, &fault.undo).await,
        };
        if whole && !fault.undo.is_empty() {
            // If this cannot be written either, it will be healed once more, which does no harm.
            let _ = self.over(&fault.id, "it failed, and nothing of it is left").await;
        }
    }

    /// Takes a fault back and makes sure of it; written down as `how`.
    ///
    /// # Errors
    /// Why it goes on, for people.
    pub(super) async fn heal(&self, fault: &Fault, how: &str) -> Result<(), String> {
        self.take_back(fault).await?;
        self.over(&fault.id, how).await
    }

    async fn take_back(&self, fault: &Fault) -> Result<(), String> {
        for step in &fault.undo {
            drill::undo(&self.docker, &fault.target, step).await?;
        }
        Ok(())
    }

    /// Writes down that a fault is over.
    ///
    /// # Errors
    /// Why that could not be written.
    pub(super) async fn over(&self, id: &FaultId, how: &str) -> Result<(), String> {
        let (id, how, at) = (id.clone(), how.to_owned(), (self.clock)());
        self.write(move |journal| journal.over(&id, &how, at)).await
    }

    async fn write<T: Send + 'static>(
        &self,
        what: impl FnOnce(&mut Journal) -> Result<T, String> + Send + 'static,
    ) -> Result<T, String> {
        let journal = Arc::clone(&self.journal);
        let written = spawn_blocking(move || what(&mut journal.lock().unwrap_or_else(PoisonError::into_inner)));
        written
            .await
            .unwrap_or_else(|error| Err(clean_line(&format!("error in pgherd: {error}"))))
    }
}

/// What takes one of Docker's verbs back; nothing for those that are no faults.
fn undo_of(act: ContainerAct) -> Vec<Undo> {
    match act {
        ContainerAct::Stop | ContainerAct::Kill => vec![Undo::Start],
        ContainerAct::Pause => vec![Undo::Unpause],
        ContainerAct::Start | ContainerAct::Restart | ContainerAct::Unpause => Vec::new(),
    }
}
