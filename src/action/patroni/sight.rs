//! What an operation sees of the cluster while it is carried out: the znodes, and what the members' Patroni say.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;

use crate::model::dcs::DcsSnapshot;
use crate::model::link::Cause;
use crate::model::name::MemberName;
use crate::model::patroni::RestStatus;
use crate::model::topology::{Address, StoreTarget};
use crate::net::http::Client;
use crate::net::patroni;
use crate::net::zookeeper::session::{self, Session, within};
use crate::net::zookeeper::{decode, root, tree};

/// Patroni is slow while PostgreSQL dies; what it does not say in time is asked again.
const STATUS: Duration = Duration::from_millis(1_500);

/// One look.
pub(super) struct Sight {
    /// Patroni's znodes.
    pub(super) dcs: DcsSnapshot,
    /// The members that were asked and answered.
    pub(super) rest: BTreeMap<MemberName, RestStatus>,
}

/// Looks at one cluster, over one session as long as that is good.
pub(super) struct Eyes {
    servers: Vec<Address>,
    root: String,
    rest: BTreeMap<MemberName, String>,
    session: Option<Session>,
}

impl Eyes {
    /// On the scope of `store`, if it names one, and on these REST APIs.
    pub(super) fn of(store: &StoreTarget, rest: &[(MemberName, String)]) -> Option<Self> {
        Some(Self {
            servers: store.servers.clone(),
            root: root(store)?,
            rest: rest.iter().cloned().collect(),
            session: None,
        })
    }

    /// Path of a znode of the scope.
    pub(super) fn path(&self, name: &str) -> String {
        tree::join(&self.root, name)
    }

    /// The session; a new one where there is none.
    pub(super) async fn session(&mut self) -> Result<&Session, Cause> {
        let session = match self.session.take() {
            Some(session) => session,
            None => session::open(&self.servers).await?,
        };
        Ok(self.session.insert(session))
    }

    /// Reads the znodes, and asks the Patroni of `members` where an address is known.
    pub(super) async fn look(&mut self, members: &[MemberName]) -> Result<Sight, Cause> {
        let asked = members.iter().filter_map(|member| {
            let url = self.rest.get(member)?.clone();
            Some(async move { Some((member.clone(), status(&url).await.ok()?)) })
        });
        let asked = join_all(asked);
        let (dcs, answers) = tokio::join!(read(&self.servers, &self.root, self.session.take()), asked);
        let (session, dcs) = dcs?;
        self.session = Some(session);
        let rest = answers.into_iter().flatten().collect();
        Ok(Sight { dcs, rest })
    }

    /// The value and version of a znode as they are; `None` if there is none.
    pub(super) async fn raw(&mut self, name: &str) -> Result<Option<(Vec<u8>, i32)>, Cause> {
        let path = self.path(name);
        let client = &self.session().await?.client;
        let read = async {
            match client.get_data(&path).await {
                Ok((data, stat)) => Ok(Some((data, stat.version))),
                Err(zookeeper_client::Error::NoNode) => Ok(None),
                Err(error) => Err(error),
            }
        };
        let read = within("read", read).await;
        if read.is_err() {
            self.session = None;
        }
        read
    }
}

/// The tree, over that session or a new one, which is given back only if it was good.
async fn read(servers: &[Address], root: &str, session: Option<Session>) -> Result<(Session, DcsSnapshot), Cause> {
    if let Some(session) = session
        && let Ok(tree) = within("read", tree::read(&session.client, root, &[])).await
    {
        return Ok((session, decode::decode(root, &tree.nodes, &tree.problems)));
    }
    let session = session::open(servers).await?;
    let tree = within("read", tree::read(&session.client, root, &[])).await?;
    Ok((session, decode::decode(root, &tree.nodes, &tree.problems)))
}

/// What the Patroni at this address says of itself.
pub(super) async fn status(url: &str) -> Result<RestStatus, Cause> {
    let mut client = Client::new(url, None, STATUS)?;
    let answer = client.get("/primary").await?;
    match answer.status {
        200 | 503 => patroni::status(answer.status == 200, &answer.body),
        status => Err(Cause::Other(format!("HTTP {status}"))),
    }
}
