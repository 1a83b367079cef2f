//! One connection: opened, prepared, asked. Every step has a deadline, and dropping the session ends its connection.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};
use tokio::try_join;
use tokio_postgres::{Client, Error, Statement};

use super::decode::{self, Rows};
use super::query::{self, AboutRow, SenderRow, SlotRow, StatusRow};
use super::{Login, cause, connection};
use crate::model::link::Cause;
use crate::model::postgres::SqlStatus;
use crate::model::time::Timestamp;
use crate::model::topology::Address;

/// For one round, preparing included on a new connection.
const ROUND: Duration = Duration::from_secs(1);
/// The server gives up a little before we do, so that nothing keeps running that nobody waits for.
const OPTIONS: &str = "-c statement_timeout=900";
/// How old settings may get.
const SETTINGS_EVERY: Duration = Duration::from_secs(30);

/// See the module. Not usable any more after an error.
pub(super) struct Session {
    client: Client,
    /// Only the connection's own task; a set aborts its tasks when dropped.
    connection: JoinSet<Result<(), Error>>,
    statements: Option<Statements>,
    about: Option<(AboutRow, Instant)>,
}

struct Statements {
    about: Statement,
    status: Statement,
    senders: Statement,
    slots: Statement,
}

impl Session {
    /// Connects and logs in.
    pub(super) async fn open(target: &Address, login: &Login) -> Result<Self, Cause> {
        let (client, connection) = connection::connect(target, login, OPTIONS).await?;
        Ok(Self {
            client,
            connection,
            statements: None,
            about: None,
        })
    }

    /// Asks everything once. `now` measures the round trip.
    pub(super) async fn round(&mut self, now: &(dyn Fn() -> Timestamp + Send + Sync)) -> Result<SqlStatus, Cause> {
        match timeout(ROUND, self.exchange(now)).await {
            Err(_) => Err(Cause::Timeout("query".into())),
            Ok(Ok((rows, round_trip))) => Ok(decode::status(rows, round_trip)),
            // The connection's own end says more than "closed".
            Ok(Err(error)) if error.is_closed() => Err(timeout(ROUND, self.ended()).await.unwrap_or(Cause::Closed)),
            Ok(Err(error)) => Err(cause::of(&error)),
        }
    }

    async fn exchange(&mut self, now: &(dyn Fn() -> Timestamp + Send + Sync)) -> Result<(Rows, Duration), Error> {
        let statements = match &mut self.statements {
            Some(prepared) => prepared,
            none @ None => none.insert(prepare(&self.client).await?),
        };
        let known = self.about.as_ref().filter(|(_, at)| at.elapsed() < SETTINGS_EVERY);
        let known = known.map(|(about, _)| about);
        let sent = now();
        let rows = match ask(&self.client, statements, known).await {
            Err(error) if cause::is_change_of_role(&error) => ask(&self.client, statements, known).await?,
            rows => rows?,
        };
        let round_trip = now().since(sent);
        if known.is_none() {
            self.about = Some((rows.about.clone(), Instant::now()));
        }
        Ok((rows, round_trip))
    }

    /// Waits until the server ends the connection, and says why.
    pub(super) async fn ended(&mut self) -> Cause {
        match self.connection.join_next().await {
            Some(Ok(Err(error))) => cause::of(&error),
            Some(Ok(Ok(())) | Err(_)) | None => Cause::Closed,
        }
    }
}

/// All four in one exchange.
async fn prepare(client: &Client) -> Result<Statements, Error> {
    let (about, status, senders, slots) = try_join!(
        client.prepare(query::ABOUT),
        client.prepare(query::STATUS),
        client.prepare(query::SENDERS),
        client.prepare(query::SLOTS),
    )?;
    Ok(Statements {
        about,
        status,
        senders,
        slots,
    })
}

/// All rows in one exchange; what is `known` is not asked again.
async fn ask(client: &Client, statements: &Statements, known: Option<&AboutRow>) -> Result<Rows, Error> {
    let about = async {
        match known {
            Some(about) => Ok(about.clone()),
            None => AboutRow::try_from(&client.query_one(&statements.about, &[&query::SETTINGS]).await?),
        }
    };
    let (about, status, senders, slots) = try_join!(
        about,
        client.query_one(&statements.status, &[]),
        client.query(&statements.senders, &[]),
        client.query(&statements.slots, &[]),
    )?;
    Ok(Rows {
        about,
        status: StatusRow::try_from(&status)?,
        senders: senders.iter().map(SenderRow::try_from).collect::<Result<_, _>>()?,
        slots: slots.iter().map(SlotRow::try_from).collect::<Result<_, _>>()?,
    })
}
