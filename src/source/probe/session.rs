//! One connection of the probe. It is driven by whoever asks on it, so that an attempt is one task, and what the server
//! says beside an answer is not missed. Every step has a deadline; one that is dropped half way is reset.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpStream, lookup_host};
use tokio::time::{Instant, timeout, timeout_at};
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{AsyncMessage, Client, Connection, Error, NoTls, SimpleQueryMessage};

use super::decode;
use crate::model::probe::{Class, Outcome};
use crate::model::text::clean_line;
use crate::model::topology::Address;
use crate::source::postgres::{Login, Wire, config};

/// Time for a regular end.
const FAREWELL: Duration = Duration::from_millis(500);
/// A row that somebody else's transaction holds is no reason to wait for ever. There is no limit for the statement: a
/// commit that waits for a standby must not be cancelled, since it has happened on the leader already.
const OPTIONS: &str = "-c lock_timeout=1500";

/// Where to connect to, and as whom.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its address.
    pub address: Address,
    /// The login there.
    pub login: Login,
}

/// A row of an answer, as text.
pub(super) type Row = Vec<Option<String>>;

/// See the module.
pub(super) struct Session {
    client: Client,
    /// `None` once it ended.
    connection: Option<Connection<Wire, NoTlsStream>>,
    /// SQLSTATE of the last notice.
    notice: Option<String>,
}

impl Session {
    /// Connects and logs in.
    pub(super) async fn open(target: &Target, deadline: Instant) -> Result<Self, Class> {
        let Target { address, login } = target;
        let config = config(login, OPTIONS)
            .await
            .map_err(|_| Class::Sql("28000".to_owned()))?;
        let found = timeout_at(deadline, lookup_host((address.host.as_str(), address.port))).await;
        let mut found = found.map_err(|_| Class::Dns)?.map_err(|_| Class::Dns)?;
        let place = found.next().ok_or(Class::Dns)?;
        let stream = timeout_at(deadline, TcpStream::connect(place))
            .await
            .map_err(|_| Class::ConnectTimeout)?
            .map_err(|error| decode::of_connect(&error))?;
        stream.set_nodelay(true).map_err(|error| decode::of_connect(&error))?;
        let (client, connection) = timeout_at(deadline, config.connect_raw(Wire::resetting(stream), NoTls))
            .await
            .map_err(|_| Class::LoginTimeout)?
            .map_err(|error| decode::class(&error))?;
        Ok(Self {
            client,
            connection: Some(connection),
            notice: None,
        })
    }

    /// Asks for rows; nothing of it is written.
    pub(super) async fn read(&mut self, sql: &str, deadline: Instant) -> Result<Vec<Row>, Class> {
        self.alive().await?;
        match timeout_at(deadline, self.ask(sql)).await {
            Err(_) => Err(Class::ReplyTimeout),
            Ok(Err(error)) => Err(self.last_word(decode::class(&error))),
            Ok(Ok(rows)) => Ok(rows),
        }
    }

    /// Writes, and asks for rows. `sent` is called when the statement goes out: from then on the outcome may be unknown.
    pub(super) async fn write(&mut self, sql: impl FnOnce() -> String, deadline: Instant) -> (Outcome, Option<Row>) {
        if let Err(class) = self.alive().await {
            return (Outcome::Failed(class), None);
        }
        self.notice = None;
        let sql = sql();
        match timeout_at(deadline, self.ask(&sql)).await {
            Err(_) => (Outcome::Unknown(Class::ReplyTimeout), None),
            Ok(Err(error)) => match decode::of_write(&error) {
                Outcome::Unknown(class) => (Outcome::Unknown(self.last_word(class)), None),
                outcome => (outcome, None),
            },
            Ok(Ok(_)) if self.notice.as_deref() == Some("01000") => (Outcome::Unknown(Class::LocalOnly), None),
            Ok(Ok(rows)) => match rows.into_iter().next() {
                Some(row) => (Outcome::Acknowledged, Some(row)),
                // Its place is taken by a later write.
                None => (Outcome::Failed(Class::Garbled), None),
            },
        }
    }

    /// Ends it in a regular way.
    pub(super) async fn close(self) {
        let Self { client, connection, .. } = self;
        drop(client);
        if let Some(connection) = connection {
            let _ = timeout(FAREWELL, connection).await;
        }
    }

    /// Takes what the server said since the last statement: it may have ended the session, and then nothing is sent.
    async fn alive(&mut self) -> Result<(), Class> {
        let said = poll_fn(|cx| {
            let Some(connection) = &mut self.connection else {
                return Poll::Ready(Err(Class::Closed));
            };
            loop {
                match connection.poll_message(cx) {
                    Poll::Pending => return Poll::Ready(Ok(())),
                    Poll::Ready(Some(Ok(AsyncMessage::Notice(notice)))) => {
                        self.notice = Some(clean_line(notice.code().code()));
                    }
                    Poll::Ready(Some(Ok(_))) => {}
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(decode::class(&error))),
                    Poll::Ready(None) => return Poll::Ready(Err(Class::Closed)),
                }
            }
        });
        match said.await {
            Ok(()) => Ok(()),
            Err(class) => {
                self.connection = None;
                Err(self.last_word(class))
            }
        }
    }

    /// A server that crashes warns, and closes without a word.
    fn last_word(&self, class: Class) -> Class {
        match (&class, &self.notice) {
            (Class::Closed, Some(code)) if code.starts_with("57P") => Class::Sql(code.clone()),
            _ => class,
        }
    }

    async fn ask(&mut self, sql: &str) -> Result<Vec<Row>, Error> {
        let Self {
            client,
            connection,
            notice,
        } = self;
        let mut query = pin!(client.simple_query(sql));
        let messages = loop {
            let Some(driven) = connection.as_mut() else {
                break query.await;
            };
            let ended = tokio::select! {
                biased;
                message = poll_fn(|cx| driven.poll_message(cx)) => match message {
                    Some(Ok(AsyncMessage::Notice(said))) => {
                        *notice = Some(clean_line(said.code().code()));
                        continue;
                    }
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => Some(error),
                    None => None,
                },
                answer = &mut query => break answer,
            };
            // Its end releases the answer, if one had arrived.
            *connection = None;
            let answer = query.await;
            break match (answer, ended) {
                (Err(error), Some(why)) if error.is_closed() => Err(why),
                (answer, _) => answer,
            };
        }?;
        let rows = messages.iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => {
                let value = |column| row.try_get(column).ok().flatten().map(clean_line);
                Some((0..row.len()).map(value).collect())
            }
            _ => None,
        });
        Ok(rows.collect())
    }
}
