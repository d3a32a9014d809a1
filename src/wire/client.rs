use std::fmt;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::connection::{Arrived, Connection};
use super::framing::Framing;
use super::request::LengthLine;
use super::{Connector, Request, Told, WireError};
use crate::clock::Clock;
use crate::units::Nanos;

/// Requests to one route of one server, over connections that are kept.
///
/// The connection that was used last is used first, so that as few are open
/// as are needed at once. One whose request is cut short (the future or the
/// [`Reply`] is dropped) is closed: nobody knows what would come over it next.
pub struct Client {
    connector: Arc<Connector>,
    request: Arc<Request>,
    stall: Duration,
    idle: Mutex<Vec<Connection>>,
}

impl Client {
    /// Requests of this form. A silence longer than `stall`, while sending or
    /// while waiting, is an error.
    pub fn new(connector: Connector, request: Request, stall: Duration) -> Self {
        Self { connector: Arc::new(connector), request: Arc::new(request), stall, idle: Mutex::default() }
    }

    /// The same requests over connections of their own. A connection belongs to
    /// the runtime that made it, and is read cheapest by the thread that did.
    pub fn apart(&self) -> Self {
        let (connector, request) = (Arc::clone(&self.connector), Arc::clone(&self.request));
        Self { connector, request, stall: self.stall, idle: Mutex::default() }
    }

    /// Sends a request and waits for the head of the reply: on a kept
    /// connection, or on a new one if there is none.
    ///
    /// # Errors
    /// When none came, or none before `deadline`.
    pub async fn send(&self, body: &[u8], clock: Clock, deadline: Option<Nanos>) -> Result<Reply<'_>, WireError> {
        match self.kept() {
            Some(connection) => self.ask(connection, body, deadline).await?.unless_stale(),
            None => self.send_fresh(body, clock, deadline).await,
        }
    }

    /// The same on a connection of its own: for a request that was lost with a
    /// kept one.
    ///
    /// # Errors
    /// When no reply came, or none before `deadline`.
    pub async fn send_fresh(&self, body: &[u8], clock: Clock, deadline: Option<Nanos>) -> Result<Reply<'_>, WireError> {
        let connect = self.connector.connect();
        let link = match deadline {
            None => connect.await?,
            Some(deadline) => {
                let at = tokio::time::Instant::from_std(clock.instant(deadline));
                tokio::time::timeout_at(at, connect).await.unwrap_or(Err(WireError::Deadline))?
            }
        };
        self.ask(Connection::new(link, clock, self.stall), body, deadline).await
    }

    async fn ask(
        &self,
        mut connection: Connection,
        body: &[u8],
        deadline: Option<Nanos>,
    ) -> Result<Reply<'_>, WireError> {
        let length = LengthLine::of(body);
        let head = connection.ask([self.request.head(), length.bytes(), body], deadline).await?;
        Ok(Reply {
            status: head.status,
            head_at: connection.read_at(),
            client: self,
            framing: head.framing,
            keeps_alive: head.keeps_alive,
            told: head.told.map(|told| *told).unwrap_or_default(),
            connection: Some(connection),
        })
    }

    /// The last connection that is still open; the others are closed here too.
    fn kept(&self) -> Option<Connection> {
        let mut idle = self.idle();
        while let Some(mut connection) = idle.pop() {
            if connection.is_idle() {
                return Some(connection);
            }
        }
        None
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("address", self.connector.address()).finish_non_exhaustive()
    }
}

/// A reply whose head has come.
#[derive(Debug)]
pub struct Reply<'c> {
    /// The HTTP status.
    pub status: u16,
    /// When the read returned that completed the head.
    pub head_at: Nanos,
    /// What the head says of why there may be no reply.
    pub told: Told,
    client: &'c Client,
    framing: Framing,
    keeps_alive: bool,
    connection: Option<Connection>,
}

/// A server that gives up an idle connection may say so with this status; where
/// a request crosses that, it was not read (RFC 9110, section 15.5.9).
const REQUEST_TIMEOUT: u16 = 408;

impl Reply<'_> {
    /// The same, but for one that a kept connection ended with before the
    /// request was read.
    fn unless_stale(self) -> Result<Self, WireError> {
        if self.status == REQUEST_TIMEOUT && !self.keeps_alive {
            return Err(WireError::Unanswered { source: io::ErrorKind::TimedOut.into() });
        }
        Ok(self)
    }

    /// What comes next of the body; `None` once it is whole.
    ///
    /// # Errors
    /// When it breaks off, or nothing comes for too long.
    pub async fn read(&mut self) -> Result<Option<Arrived<'_>>, WireError> {
        let Some(mut connection) = self.connection.take() else { return Ok(None) };
        if self.framing.is_whole() {
            if self.keeps_alive && connection.is_drained() {
                self.client.idle().push(connection);
            }
            return Ok(None);
        }
        if connection.is_drained() && connection.read_body().await? == 0 {
            return match self.framing {
                Framing::UntilClose => Ok(None),
                Framing::Length(_) | Framing::Chunked(_) => {
                    Err(WireError::EarlyClose { source: io::ErrorKind::UnexpectedEof.into() })
                }
            };
        }
        let connection = self.connection.insert(connection);
        Ok(Some(connection.arrived(&mut self.framing)))
    }
}
