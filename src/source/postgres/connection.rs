//! How a server is connected to, and a connection for single statements of whoever needs one. Every step has a
//! deadline, and dropping a connection ends it.

use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, Error, NoTls, SimpleQueryMessage, SimpleQueryRow};

use super::wire::Wire;
use super::{Login, cause};
use crate::model::link::Cause;
use crate::model::postgres::Refusal;
use crate::model::text::clean_line;
use crate::model::topology::Address;

/// For the TCP connection and the handshake together.
const CONNECT: Duration = Duration::from_secs(1);
/// For one statement.
const STATEMENT: Duration = Duration::from_secs(5);
/// The server gives up a little before we do, so that nothing keeps running that nobody waits for.
const OPTIONS: &str = "-c statement_timeout=4500 -c lock_timeout=3000";

/// Connects and logs in; the second part is the connection's own task, which ends with the set.
pub(super) async fn connect(
    target: &Address,
    login: &Login,
    options: &str,
) -> Result<(Client, JoinSet<Result<(), Error>>), Cause> {
    let config = config(login, options).await?;
    let deadline = Instant::now() + CONNECT;
    let stream = timeout_at(deadline, TcpStream::connect((target.host.as_str(), target.port)))
        .await
        .map_err(|_| Cause::Timeout("connect".into()))?
        .map_err(|error| cause::of_connect(&error))?;
    stream.set_nodelay(true).map_err(|error| cause::of_connect(&error))?;
    let opened = timeout_at(deadline, config.connect_raw(Wire::new(stream), NoTls))
        .await
        .map_err(|_| Cause::Timeout("handshake".into()))?
        .map_err(|error| cause::of(&error));
    if let Err(Cause::Rejected(_)) = &opened {
        login.password.rejected().await;
    }
    let (client, task) = opened?;
    let mut connection = JoinSet::new();
    connection.spawn(task);
    Ok((client, connection))
}

/// What the server is told of us.
pub(in crate::source) async fn config(login: &Login, options: &str) -> Result<Config, Cause> {
    let password = login.password.ask().await?;
    let mut config = Config::new();
    config
        .user(login.user.as_str())
        .dbname(login.database.as_str())
        .application_name("pgherd")
        .options(options)
        .ssl_mode(SslMode::Disable);
    if let Some(password) = password {
        config.password(password.expose());
    }
    Ok(config)
}

/// A connection on which statements are asked as text. After one without an answer in time it must not be used again.
pub struct Connection {
    client: Client,
    /// Ends with the connection.
    _task: JoinSet<Result<(), Error>>,
}

impl Connection {
    /// Connects and logs in, within a second and whatever a password command takes.
    ///
    /// # Errors
    /// Why there is no connection.
    pub async fn open(target: &Address, login: &Login) -> Result<Self, Cause> {
        if let Some(cause) = login.sslmode.refusal() {
            return Err(cause);
        }
        let (client, task) = connect(target, login, OPTIONS).await?;
        Ok(Self { client, _task: task })
    }

    /// Asks `sql`, which may be several statements; the rows of all of them, each value as text and cleaned.
    ///
    /// # Errors
    /// The server's own code and words, or no answer within 5 s.
    pub async fn ask(&self, sql: &str) -> Result<Vec<Vec<Option<String>>>, Refusal> {
        let answer = timeout(STATEMENT, self.client.simple_query(sql)).await;
        let messages = answer
            .map_err(|_| Refusal {
                code: None,
                text: format!("no answer within {} s", STATEMENT.as_secs()),
            })?
            .map_err(|error| refusal(&error))?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(values(row)),
            _ => None,
        });
        Ok(rows.collect())
    }
}

fn values(row: &SimpleQueryRow) -> Vec<Option<String>> {
    (0..row.len())
        .map(|column| row.try_get(column).ok().flatten().map(clean_line))
        .collect()
}

fn refusal(error: &Error) -> Refusal {
    match error.as_db_error() {
        Some(server) => Refusal {
            code: Some(clean_line(server.code().code())),
            text: clean_line(server.message()),
        },
        None => Refusal {
            code: None,
            text: cause::of(error).to_string(),
        },
    }
}
