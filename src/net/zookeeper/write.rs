//! Writing a znode, only if it still is as it was read.

use std::time::Duration;

use tokio::time::timeout;
use zookeeper_client::{Acls, Client, CreateMode, Error};

use super::session::cause;
use crate::model::link::Cause;

/// Deadline of a write.
const WRITE: Duration = Duration::from_secs(3);

/// Why a znode is not known to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unwritten {
    /// Somebody else wrote it since it was read.
    Changed,
    /// Its access list does not let us.
    Forbidden,
    /// Nothing was written, for this reason.
    Failed(Cause),
    /// No answer: it may be written.
    Lost(Cause),
}

/// Writes `data` if the znode still has that version; `None` is: if there is none, with the access list of `like`.
/// Gives the new version.
pub(crate) async fn put(
    client: &Client,
    path: &str,
    data: &[u8],
    version: Option<i32>,
    like: &str,
) -> Result<i32, Unwritten> {
    let writing = async {
        if let Some(version) = version {
            return client
                .set_data(path, data, Some(version))
                .await
                .map(|stat| stat.version);
        }
        let (acl, _) = client.get_acl(like).await?;
        let options = CreateMode::Persistent.with_acls(Acls::new(&acl));
        client.create(path, data, &options).await.map(|(stat, _)| stat.version)
    };
    match timeout(WRITE, writing).await {
        Ok(Ok(version)) => Ok(version),
        Ok(Err(Error::BadVersion | Error::NodeExists | Error::NoNode)) => Err(Unwritten::Changed),
        Ok(Err(Error::NoAuth)) => Err(Unwritten::Forbidden),
        Ok(Err(error @ (Error::ConnectionLoss | Error::SessionExpired | Error::Timeout))) => {
            Err(Unwritten::Lost(cause(&error)))
        }
        Ok(Err(error)) => Err(Unwritten::Failed(cause(&error))),
        Err(_) => Err(Unwritten::Lost(Cause::Timeout("write".into()))),
    }
}
