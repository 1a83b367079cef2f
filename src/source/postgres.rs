//! One member's `PostgreSQL`, asked directly over SQL at the pace that is asked for.
//!
//! One connection is kept; a round is one pipelined exchange. Never asks through a proxy and never by a list of hosts:
//! the answer has to be this member's. Works the same on a primary and on a standby, and while one becomes the other.

mod cause;
mod connection;
mod decode;
mod password;
mod query;
mod session;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::Arc;
use std::time::Duration;

use self::session::Session;
use super::rounds::Rounds;
use super::{Context, Reporter};
use crate::model::link::{Cause, SourceId};
use crate::model::name::MemberName;
use crate::model::signal::Report;
use crate::model::topology::Address;

pub use self::connection::Connection;
pub(super) use self::connection::config;
pub use self::password::{PasswordCommand, Secret};
pub(super) use self::wire::Wire;

/// After the end of a connection: soon, since the next answer (refused, starting up) says what happened.
const SOON: Duration = Duration::from_millis(100);

/// How to log in to a member. Its `Debug` form does not show a password.
#[derive(Clone, Debug)]
pub struct Login {
    /// Role; `pg_monitor` is what it needs.
    pub user: String,
    /// Where the password comes from.
    pub password: Password,
    /// Database; any will do, since only shared views are read.
    pub database: String,
    /// What is asked of encryption.
    pub sslmode: SslMode,
}

/// Where the password of a [`Login`] comes from.
#[derive(Clone, Debug)]
pub enum Password {
    /// There is none: `trust` or `peer`, or the server's rejection says that one is needed.
    None,
    /// This one.
    Given(Secret),
    /// What a command prints; shared by all members, so that it is asked once.
    Command(Arc<PasswordCommand>),
}

/// `sslmode` as libpq names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    /// Never encrypt.
    Disable,
    /// Encrypt if the server insists.
    Allow,
    /// Encrypt if the server can.
    Prefer,
    /// Encrypt or fail.
    Require,
    /// Encrypt and check the certificate's authority, or fail.
    VerifyCa,
    /// Encrypt and check authority and name, or fail.
    VerifyFull,
}

impl SslMode {
    /// Every mode with its name.
    pub const ALL: [(&'static str, Self); 6] = [
        ("disable", Self::Disable),
        ("allow", Self::Allow),
        ("prefer", Self::Prefer),
        ("require", Self::Require),
        ("verify-ca", Self::VerifyCa),
        ("verify-full", Self::VerifyFull),
    ];

    /// libpq's name of the mode.
    pub fn name(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, mode)| *mode == self)
            .map_or("", |(name, _)| name)
    }

    /// The modes that forbid an unencrypted connection, which is the only kind that this build can make.
    pub(super) fn refusal(self) -> Option<Cause> {
        match self {
            Self::Disable | Self::Allow | Self::Prefer => None,
            Self::Require | Self::VerifyCa | Self::VerifyFull => Some(Cause::Other(format!(
                "sslmode {} asks for TLS, which this build cannot do: set postgres.sslmode to prefer or disable",
                self.name()
            ))),
        }
    }
}

/// Asks one member until the context stops. Reports [`Report::Sql`] at its pace, or why there is none.
pub async fn watch(context: Context, member: MemberName, target: Address, login: Login) {
    let mut reporter = Reporter::start(context.clone(), SourceId::Postgres(member)).await;
    if let Some(cause) = login.sslmode.refusal() {
        reporter.failed(cause).await;
        return context.stop.cancelled().await;
    }
    let mut rounds = Rounds::of(&context);
    let mut session: Option<Session> = None;
    loop {
        tokio::select! {
            () = rounds.next() => {}
            cause = ended(&mut session) => {
                session = None;
                reporter.failed(cause).await;
                rounds.hurry(SOON);
                continue;
            }
        }
        match round(&mut session, &context, &target, &login).await {
            Ok(report) => reporter.report(report).await,
            Err(cause) => {
                session = None;
                reporter.failed(cause).await;
            }
        }
    }
}

/// One round, on the kept connection or a new one. After an error the connection must not be used again: the answer
/// to what timed out may still arrive on it.
async fn round(
    session: &mut Option<Session>,
    context: &Context,
    target: &Address,
    login: &Login,
) -> Result<Report, Cause> {
    let session = match session {
        Some(open) => open,
        closed @ None => closed.insert(Session::open(target, login).await?),
    };
    let status = session.round(&|| context.now()).await?;
    Ok(Report::Sql(Box::new(status)))
}

/// Waits until the server ends the connection while nothing is asked; forever without one.
async fn ended(session: &mut Option<Session>) -> Cause {
    match session {
        Some(open) => open.ended().await,
        None => std::future::pending().await,
    }
}
