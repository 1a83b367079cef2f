//! `pgherd fault` and `pgherd heal`: faults without the screen, and their way back.

mod target;

use std::io::{self, IsTerminal};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::app::event::Event;
use crate::app::options::Mark;
use crate::app::question::Question;
use crate::app::{self, App};
use crate::config::cli::{FaultArgs, HealArgs};
use crate::config::settings::Settings;
use crate::config::values;
use crate::model::act::drill::Drill;
use crate::model::act::fault::Fault;
use crate::model::act::{Act, ContainerAct, Order, Surroundings};
use crate::model::member::Condition;
use crate::model::name::ContainerName;
use crate::source;

use super::audit::{account, when};
use super::exit::{Failure, NOTHING_FOUND};
use super::hands::{self, Hands};
use super::monitor::ending_signals;
use super::{ask, discover, say};

/// A member that was healed must be well again within this, or it is said.
const WELL: Duration = Duration::from_secs(120);
/// Between two looks at it.
const LOOK: Duration = Duration::from_secs(2);

/// Causes a fault; with a span, heals it after that.
///
/// # Errors
/// It is refused, cannot be done here, or was not confirmed.
pub(crate) async fn fault(
    args: &FaultArgs,
    options: app::Options,
    settings: Arc<Settings>,
) -> Result<ExitCode, Failure> {
    let Some(name) = &args.fault else {
        return list();
    };
    if options.read_only {
        return Err(Failure::Usage("read-only: a fault is refused".to_owned()));
    }
    let wanted = wanted(name, args, options.mark)?;
    let lasts = args.lasts.as_deref().map(values::span).transpose();
    let lasts = lasts.map_err(|why| Failure::Usage(format!("--for: {why}")))?;
    let mut app = discover::look_at_one(options, Arc::clone(&settings)).await?;
    remember(&mut app, &settings);
    if app.containers().next().is_none() {
        say(discover::describe(&app).trim_end())?;
        return Ok(ExitCode::from(NOTHING_FOUND));
    }
    let orders = orders(&app, &wanted, lasts)?;
    let hands = hands(&settings).await?;
    // What one of them lacks is said before anything is asked or done.
    for order in &orders {
        hands.prepare(order).await.map_err(Failure::Failed)?;
    }
    if !args.yes && !confirmed(&app, &orders)? {
        return Err(Failure::Failed("not confirmed: nothing was done".to_owned()));
    }
    let faults = cause(&hands, orders).await?;
    let Some(lasts) = lasts.filter(|_| !faults.is_empty()) else {
        return Ok(ExitCode::SUCCESS);
    };
    let mut ending = ending_signals()?;
    tokio::select! {
        () = sleep(lasts) => {}
        // Asked to end before: healed all the same.
        _ = ending.recv() => {}
    }
    let mut failed = Vec::new();
    for fault in faults.iter().rev() {
        match hands.heal(fault, "healed after its time").await {
            Ok(()) => say(&format!("{}: healed", fault.title()))?,
            Err(why) => failed.push(format!("{}: {why}", fault.title())),
        }
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    Err(Failure::Failed(failed.join("; ")))
}

/// What is to be done, each with the name of what it is done to.
fn wanted<'a>(name: &'a str, args: &'a FaultArgs, mark: Mark) -> Result<Vec<(Act, &'a str)>, Failure> {
    let mut wanted = vec![(name, args.on.as_str())];
    for with in &args.with {
        let pair = with.split_once(':');
        wanted.push(
            pair.ok_or_else(|| Failure::Usage(format!("--with {with}: a fault and a name, such as pause:store")))?,
        );
    }
    let parsed = wanted.into_iter().map(|(name, on)| {
        let act: Act = name.parse().map_err(Failure::Usage)?;
        if mark == Mark::Protected && act.is_fault() {
            return Err(Failure::Usage(format!("protected: {name} is refused on this cluster")));
        }
        Ok((act, on))
    });
    parsed.collect()
}

/// What is to be done to which containers.
fn orders(app: &App, wanted: &[(Act, &str)], lasts: Option<Duration>) -> Result<Vec<Order>, Failure> {
    let mut orders: Vec<Order> = Vec::new();
    for (act, on) in wanted {
        for target in target::targets(app, on).map_err(Failure::Usage)? {
            Question::ask(*act, &target.name, &app.cluster, app.now).map_err(Failure::Failed)?;
            orders.push(Order {
                act: *act,
                around: Surroundings::of(&app.cluster, &target.name),
                target,
                lasts,
            });
        }
    }
    Ok(orders)
}

/// Does all of it at the same moment; gives those that last. If one fails, the others are taken back.
async fn cause(hands: &Hands, orders: Vec<Order>) -> Result<Vec<Fault>, Failure> {
    let began = Instant::now();
    let all = orders.into_iter().map(|order| {
        let what = format!("{} on {}", order.act.name(), order.target.name);
        async move { (what, hands.cause(order).await, began.elapsed()) }
    });
    let (mut faults, mut failed) = (Vec::new(), Vec::new());
    for (what, result, took) in futures_util::future::join_all(all).await {
        match result {
            Ok(fault) => {
                faults.extend(fault);
                say(&format!("{what}: done after {:.1} s", took.as_secs_f64()))?;
            }
            Err(why) => failed.push(format!("{what}: {why}")),
        }
    }
    if failed.is_empty() {
        return Ok(faults);
    }
    for fault in &faults {
        if let Err(why) = hands.heal(fault, "taken back: another one with it failed").await {
            failed.push(format!("{} goes on: {why}", fault.title()));
        }
    }
    Err(Failure::Failed(failed.join("; ")))
}

fn list() -> Result<ExitCode, Failure> {
    let verbs = [
        ContainerAct::Stop,
        ContainerAct::Kill,
        ContainerAct::Pause,
        ContainerAct::Restart,
    ];
    say("pgherd fault NAME --on CONTAINER [--for 30s]")?;
    for act in verbs {
        say(&format!("\n{:<16} docker {}", act.word(), act.word()))?;
    }
    for drill in Drill::ALL {
        let card = drill.card();
        say(&format!("\n{:<16} {}", drill.name(), card.does))?;
        say(&format!(
            "{:<16} Expect: {}\n{:<16} Watch: {}",
            "", card.expect, "", card.watch
        ))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Says what would happen and asks on the terminal.
fn confirmed(app: &App, orders: &[Order]) -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Usage("there is no terminal to ask on: say --yes".to_owned()));
    }
    let mut typed = None;
    for order in orders {
        let question = Question::ask(order.act, &order.target.name, &app.cluster, app.now).map_err(Failure::Failed)?;
        let question = app.look_before(question);
        say(&question.title())?;
        for sentence in question.warnings.iter().cloned().chain(question.consequences()) {
            say(&format!("  {sentence}"))?;
        }
        // Two at the same moment: the second one is not looked at as if the first were none.
        let second = || {
            (
                order.target.name.to_string(),
                "more than one fault is done at once".to_owned(),
            )
        };
        typed = match question.typed {
            Some(wanted) => Some((wanted.wanted, wanted.because)),
            None if orders.len() > 1 && order.act.is_fault() => Some(second()),
            None => typed,
        };
    }
    ask::answered(typed.as_ref())
}

/// Tells it of the faults that the journal holds as active, those of other runs too.
pub(super) fn remember(app: &mut App, settings: &Settings) {
    if let Ok(account) = account(settings) {
        let open = account.open().map(|(_, fault)| fault.clone()).collect();
        app.update(Event::FaultsLeft(open), app.now);
    }
}

async fn hands(settings: &Settings) -> Result<Hands, Failure> {
    let clock = super::clock::start();
    let journal = hands::journal(settings, clock()).map_err(Failure::Failed)?;
    let host = settings.docker_host.value.as_deref();
    let docker = source::docker::connect(host).await;
    let docker = docker.map_err(|error| Failure::Failed(format!("Docker: {error}")))?;
    Ok(Hands::new(docker, clock, journal))
}

/// Takes back what runs that have ended left, and waits until the members are well.
///
/// # Errors
/// Something could not be healed.
pub(crate) async fn heal(args: &HealArgs, options: app::Options, settings: Arc<Settings>) -> Result<ExitCode, Failure> {
    let account = account(&settings)?;
    let faults: Vec<Fault> = if args.all {
        account.open().map(|(_, fault)| fault.clone()).collect()
    } else {
        account.left().cloned().collect()
    };
    for why in &account.unreadable {
        say(&format!("not read: {why}"))?;
    }
    if faults.is_empty() {
        let others = account.open().count();
        say(&match others {
            0 => "nothing to heal".to_owned(),
            _ => format!("nothing to heal; {others} of runs that go on: --all heals those too"),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    if args.list {
        for fault in &faults {
            say(&format!("{}  {}", when(fault.at), fault.title()))?;
        }
        return Ok(ExitCode::SUCCESS);
    }
    if options.read_only {
        return Err(Failure::Usage("read-only: healing is refused".to_owned()));
    }
    let hands = hands(&settings).await?;
    let mut failed = false;
    for fault in faults.iter().rev() {
        match hands.heal(fault, "healed by command").await {
            Ok(()) => say(&format!("{}: healed", fault.title()))?,
            Err(why) => {
                failed = true;
                say(&format!("{}: {why}", fault.title()))?;
            }
        }
    }
    let unwell = unwell(&faults, options, &settings).await?;
    for name in &unwell {
        say(&format!("{name}: not well again within {} s", WELL.as_secs()))?;
    }
    Ok(if failed || !unwell.is_empty() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

/// The healed containers that run a member which neither leads nor streams after a while.
async fn unwell(
    faults: &[Fault],
    options: app::Options,
    settings: &Arc<Settings>,
) -> Result<Vec<ContainerName>, Failure> {
    let deadline = Instant::now() + WELL;
    loop {
        let app = discover::look(options.clone(), Arc::clone(settings))
            .await
            .map_err(|error| Failure::Failed(error.to_string()))?;
        let members = app.members();
        let ill = |name: &&ContainerName| {
            let member = members.iter().find(|member| member.container.as_ref() == Some(*name));
            member.is_some_and(|member| !matches!(member.condition, Condition::Well))
        };
        let healed: std::collections::BTreeSet<_> = faults.iter().map(|fault| &fault.target.name).collect();
        let unwell: Vec<_> = healed.into_iter().filter(ill).cloned().collect();
        if unwell.is_empty() || Instant::now() > deadline {
            return Ok(unwell);
        }
        sleep(LOOK).await;
    }
}
