//! Starts and ends the sources so that exactly what the app wants is read.
//!
//! They run on threads of their own: whatever a library does there, keys and frames never wait for it.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, OnceLock};

use bollard::Docker;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::config::credentials::login_for;
use crate::config::settings::Settings;
use crate::lab::credentials as lab;
use crate::model::link::SourceId;
use crate::model::log_start::LogStart;
use crate::model::name::{ContainerName, MemberName, ProxyName};
use crate::model::pace::Pace;
use crate::model::probe::Mode;
use crate::model::signal::Signal;
use crate::model::topology::{Address, ProxyTarget, StoreTarget, Targets};
use crate::net::http::BasicAuth;
use crate::source::docker::LogPlan;
use crate::source::postgres::{Login, Password, Secret};
use crate::source::probe::{Plan, Target};
use crate::source::{self, Context};

/// The running sources.
pub(crate) struct Conductor {
    /// `None` only while it is dropped.
    tasks: Option<Runtime>,
    context: Context,
    settings: Arc<Settings>,
    docker: Arc<OnceLock<Docker>>,
    followed: watch::Sender<BTreeSet<ContainerName>>,
    log_start: watch::Sender<LogStart>,
    /// Reads and writes of our own are wanted.
    probes: bool,
    pace: watch::Sender<Pace>,
    running: BTreeMap<SourceId, (Wanted, CancellationToken)>,
}

/// What a running source was started for: started anew when it differs.
#[derive(Clone, Debug, PartialEq)]
enum Wanted {
    Store(StoreTarget),
    Postgres {
        address: Address,
        lab: bool,
    },
    Patroni(String),
    Proxy(ProxyTarget),
    Probe {
        entry: Option<Address>,
        members: Vec<(MemberName, Address)>,
        mode: Mode,
        lab: bool,
    },
}

impl Conductor {
    /// Starts Docker's source, which finds the rest; lines of logs go into `lines`.
    ///
    /// # Errors
    /// If the system gives no thread.
    pub(crate) fn start(context: Context, settings: Arc<Settings>, lines: mpsc::Sender<Signal>) -> io::Result<Self> {
        let tasks = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("sources")
            .enable_all()
            .build()?;
        let (followed, following) = watch::channel(BTreeSet::new());
        let (pace, keeping) = watch::channel(Pace::Calm);
        let context = Context {
            pace: keeping,
            ..context
        };
        let (clock, stop) = (context.clone(), context.stop.clone());
        tasks.spawn(async move {
            stop.run_until_cancelled(super::clock::watch(clock, super::clock::wall))
                .await
        });
        let (log_start, start) = watch::channel(settings.log_start(context.now()));
        let logs = LogPlan {
            outlet: Arc::new(move |_| lines.clone()),
            start,
            follow: true,
        };
        let docker = Arc::new(OnceLock::new());
        let source = (context.clone(), Arc::clone(&settings), Arc::clone(&docker));
        tasks.spawn(source::supervise(context.clone(), SourceId::Docker, move || {
            let (context, settings, docker) = source.clone();
            watch_docker(context, settings, docker, following.clone(), logs.clone())
        }));
        Ok(Self {
            tasks: Some(tasks),
            context,
            settings,
            docker,
            followed,
            log_start,
            probes: false,
            pace,
            running: BTreeMap::new(),
        })
    }

    /// With reads and writes of our own, as far as the settings want them: only a monitor makes any.
    #[must_use]
    pub(crate) fn with_probe(mut self) -> Self {
        self.probes = true;
        self
    }

    /// Runs something beside the sources.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = &self.tasks {
            tasks.spawn(task);
        }
    }

    /// How often sources ask from now on.
    pub(crate) fn keep_pace(&self, pace: Pace) {
        self.pace.send_replace(pace);
    }

    /// Reads older lines of the logs as well.
    pub(crate) fn read_logs_from(&self, start: LogStart) {
        self.log_start.send_replace(start);
    }

    /// The daemon, once there is a way to it.
    pub(crate) fn docker(&self) -> Option<Docker> {
        self.docker.get().cloned()
    }

    /// Ends what is not wanted any more, starts what is new, leaves the rest alone.
    pub(crate) fn retarget(&mut self, targets: Targets) {
        let mut wanted: BTreeMap<SourceId, Wanted> = BTreeMap::new();
        wanted.extend(self.probe(&targets).map(|probe| (SourceId::Probe, probe)));
        for node in targets.nodes {
            if let Some(address) = node.postgres {
                wanted.insert(
                    SourceId::Postgres(node.member.clone()),
                    Wanted::Postgres {
                        address,
                        lab: targets.lab,
                    },
                );
            }
            if let Some(url) = node.rest {
                wanted.insert(SourceId::Patroni(node.member), Wanted::Patroni(url));
            }
        }
        wanted.extend(
            targets
                .proxies
                .into_iter()
                .map(|proxy| (SourceId::Proxy(proxy.name.clone()), Wanted::Proxy(proxy))),
        );
        wanted.extend(targets.store.map(|store| (SourceId::ZooKeeper, Wanted::Store(store))));

        self.running.retain(|source, (running, stop)| {
            let stays = wanted.get(source) == Some(running);
            if !stays {
                stop.cancel();
            }
            stays
        });
        for (source, wanted) in wanted {
            if !self.running.contains_key(&source) {
                let stop = self.run(source.clone(), wanted.clone());
                self.running.insert(source, (wanted, stop));
            }
        }
        self.followed.send_if_modified(|followed| {
            let differs = *followed != targets.containers;
            *followed = targets.containers;
            differs
        });
    }

    fn run(&self, source: SourceId, wanted: Wanted) -> CancellationToken {
        let stop = self.context.stop.child_token();
        let context = Context {
            stop: stop.clone(),
            ..self.context.clone()
        };
        let supervised = context.clone();
        match (source, wanted) {
            (source, Wanted::Store(target)) => {
                self.spawn(source::supervise(supervised, source, move || {
                    source::zookeeper::watch(context.clone(), target.clone())
                }));
            }
            (source, Wanted::Proxy(target)) => {
                let auth = self.proxy_login(&target.name);
                self.spawn(source::supervise(supervised, source, move || {
                    source::haproxy::watch(context.clone(), target.clone(), auth.clone())
                }));
            }
            (SourceId::Patroni(member), Wanted::Patroni(url)) => {
                self.spawn(source::supervise(
                    supervised,
                    SourceId::Patroni(member.clone()),
                    move || source::patroni::watch(context.clone(), member.clone(), url.clone()),
                ));
            }
            (SourceId::Postgres(member), Wanted::Postgres { address, lab }) => {
                let settings = Arc::clone(&self.settings);
                self.spawn(source::supervise(
                    supervised,
                    SourceId::Postgres(member.clone()),
                    move || {
                        watch_postgres(
                            context.clone(),
                            member.clone(),
                            address.clone(),
                            lab,
                            Arc::clone(&settings),
                        )
                    },
                ));
            }
            (SourceId::Probe, wanted @ Wanted::Probe { .. }) => {
                let settings = Arc::clone(&self.settings);
                self.spawn(source::supervise(supervised, SourceId::Probe, move || {
                    watch_clients(context.clone(), wanted.clone(), Arc::clone(&settings))
                }));
            }
            (source, wanted) => log::error!("{source} cannot be read as {wanted:?}"),
        }
        stop
    }

    /// What clients are to try there, if anything.
    fn probe(&self, targets: &Targets) -> Option<Wanted> {
        let setting = self.settings.probe.value;
        let mode = setting
            .mode(targets.lab, self.settings.read_only.value)
            .filter(|_| self.probes)?;
        let members = targets.nodes.iter();
        let members: Vec<_> = members
            .filter_map(|node| Some((node.member.clone(), node.postgres.clone()?)))
            .collect();
        let known = targets.entry.is_some() || !members.is_empty();
        known.then(|| Wanted::Probe {
            entry: targets.entry.clone(),
            members,
            mode,
            lab: targets.lab,
        })
    }

    fn proxy_login(&self, name: &ProxyName) -> Option<BasicAuth> {
        let proxy = self
            .settings
            .proxies
            .iter()
            .find(|proxy| proxy.value.target.name == *name)?;
        let (user, password) = proxy.value.login.clone()?;
        Some(BasicAuth {
            user,
            password: password.expose().to_owned(),
        })
    }
}

impl Drop for Conductor {
    fn drop(&mut self) {
        self.context.stop.cancel();
        // A source that hangs in the kernel must not hold the end.
        if let Some(tasks) = self.tasks.take() {
            tasks.shutdown_background();
        }
    }
}

async fn watch_docker(
    context: Context,
    settings: Arc<Settings>,
    docker: Arc<OnceLock<Docker>>,
    followed: watch::Receiver<BTreeSet<ContainerName>>,
    logs: LogPlan,
) {
    let reached = source::docker::reach(&context, settings.docker_host.value.as_deref()).await;
    let docker = docker.get_or_init(|| reached).clone();
    source::docker::watch(context, docker, followed, logs).await;
}

async fn watch_postgres(context: Context, member: MemberName, address: Address, in_lab: bool, settings: Arc<Settings>) {
    let login = login(&settings, &address, in_lab.then_some(lab::MONITOR)).await;
    source::postgres::watch(context, member, address, login).await;
}

async fn watch_clients(context: Context, wanted: Wanted, settings: Arc<Settings>) {
    let Wanted::Probe {
        entry,
        members,
        mode,
        lab: in_lab,
    } = wanted
    else {
        return;
    };
    let target = async |address: Address, role: Option<lab::Role>| {
        let login = login(&settings, &address, role).await;
        Target { address, login }
    };
    let role = in_lab.then_some(match mode {
        Mode::Write => lab::PROBE,
        Mode::Read => lab::MONITOR,
    });
    let mut plan = Plan {
        entry: None,
        members: Vec::new(),
        mode,
        installer: None,
    };
    for (member, address) in members {
        plan.members.push((member, target(address, role).await));
    }
    if let Some(address) = entry {
        if in_lab {
            plan.installer = Some(target(address.clone(), Some(lab::SUPERUSER)).await);
        }
        plan.entry = Some(target(address, role).await);
    }
    source::probe::watch(context, plan).await;
}

/// How to log in to the server at `address`: as configured, else as that role of a lab, else as `postgres`.
pub(super) async fn login(settings: &Settings, address: &Address, lab: Option<lab::Role>) -> Login {
    let (user, password) = match lab {
        Some(role) => (role.name, Password::Given(Secret::new(role.password))),
        None => ("postgres", Password::None),
    };
    let unconfigured = Login {
        user: user.to_owned(),
        password,
        database: settings.postgres.database.value.clone(),
        sslmode: settings.postgres.sslmode.value,
    };
    login_for(settings, address, &unconfigured).await
}
