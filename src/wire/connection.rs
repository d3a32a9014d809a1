use std::future::poll_fn;
use std::io::{self, IoSlice};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::WireError;
use super::alarm::Alarm;
use super::framing::Framing;
use super::head::Head;
use super::link::Link;
use crate::clock::Clock;
use crate::units::Nanos;

/// The longest head of a reply, those of status 1xx before it included.
pub(super) const HEAD_LIMIT: usize = 64 << 10;
/// A connection begins with room for so much of a reply.
const ROOM: usize = 16 << 10;
/// Larger reads cost the same a byte.
const ROOM_LIMIT: usize = 64 << 10;

/// A connection with the bytes that have come over it.
#[derive(Debug)]
pub(super) struct Connection {
    link: Link,
    limits: Limits,
    buffer: Vec<u8>,
    /// So much of the buffer has been read into.
    filled: usize,
    /// So many of the last of these bytes have not been taken yet.
    unread: usize,
    /// When they came.
    read_at: Nanos,
}

/// How long a connection may be silent, and a request may take.
#[derive(Debug)]
struct Limits {
    clock: Clock,
    alarm: Alarm,
    stall: Nanos,
    /// When the last bytes went or came.
    active: Nanos,
    deadline: Option<Nanos>,
}

impl Connection {
    pub(super) fn new(link: Link, clock: Clock, stall: Duration) -> Self {
        let (active, stall) = (clock.now(), Nanos::from(stall));
        let alarm = Alarm::new(clock, active.plus(stall));
        let limits = Limits { clock, alarm, stall, active, deadline: None };
        Self { link, limits, buffer: vec![0; ROOM], filled: 0, unread: 0, read_at: active }
    }

    /// Whether it can carry another request.
    pub(super) fn is_idle(&mut self) -> bool {
        self.unread == 0 && self.link.is_quiet()
    }

    /// Whether all bytes that have come have been taken.
    pub(super) const fn is_drained(&self) -> bool {
        self.unread == 0
    }

    /// When the last bytes came.
    pub(super) const fn read_at(&self) -> Nanos {
        self.read_at
    }

    /// Sends a request and reads the head of the reply.
    pub(super) async fn ask(&mut self, parts: [&[u8]; 3], deadline: Option<Nanos>) -> Result<Head, WireError> {
        self.limits.active = self.limits.clock.now();
        self.limits.deadline = deadline;
        self.write(parts).await?;
        (self.filled, self.unread) = (0, 0);
        loop {
            let lost = if self.filled == 0 { unanswered } else { reset };
            if self.read(lost).await? == 0 {
                return Err(lost(io::ErrorKind::UnexpectedEof.into()));
            }
            if let Some((head, length)) = Head::read(&self.buffer[..self.filled])? {
                self.unread = self.filled - length;
                return Ok(head);
            }
            if self.filled >= HEAD_LIMIT {
                return Err(WireError::HeadTooLong { limit: HEAD_LIMIT });
            }
        }
    }

    /// Reads what comes next of a body; 0 bytes when the other side has closed.
    pub(super) async fn read_body(&mut self) -> Result<usize, WireError> {
        if self.filled == self.buffer.len() {
            // There may have been more of it.
            self.grow();
        }
        self.filled = 0;
        self.unread = self.read(|source| WireError::EarlyClose { source }).await?;
        Ok(self.unread)
    }

    /// The bytes that have come and not been taken yet.
    pub(super) fn arrived<'a>(&'a mut self, framing: &'a mut Framing) -> Arrived<'a> {
        let bytes = &self.buffer[self.filled - self.unread..self.filled];
        Arrived { at: self.read_at, bytes, unread: &mut self.unread, framing }
    }

    async fn write(&mut self, parts: [&[u8]; 3]) -> Result<(), WireError> {
        let Self { link, limits, .. } = self;
        let mut parts = parts.map(IoSlice::new);
        let mut left = &mut parts[..];
        while !left.is_empty() {
            let written = limits.within(unanswered, |context| link.poll_write(context, left)).await?;
            if written == 0 {
                return Err(unanswered(io::ErrorKind::WriteZero.into()));
            }
            IoSlice::advance_slices(&mut left, written);
        }
        if !link.holds_back() {
            return Ok(());
        }
        limits.within(unanswered, |context| link.poll_flush(context)).await
    }

    /// Appends to the buffer, which grows when a read has used all of it.
    async fn read(&mut self, lost: fn(io::Error) -> WireError) -> Result<usize, WireError> {
        if self.filled == self.buffer.len() {
            self.grow();
        }
        let Self { link, limits, buffer, filled, .. } = self;
        let read = limits.within(lost, |context| link.poll_read(context, &mut buffer[*filled..])).await?;
        self.read_at = limits.active;
        self.filled += read;
        Ok(read)
    }

    fn grow(&mut self) {
        self.buffer.resize((2 * self.buffer.len()).min(ROOM_LIMIT), 0);
    }
}

impl Limits {
    /// What `poll` gives, unless it takes too long.
    async fn within<T>(
        &mut self,
        lost: fn(io::Error) -> WireError,
        mut poll: impl FnMut(&mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Result<T, WireError> {
        poll_fn(|context| match poll(context) {
            Poll::Ready(done) => {
                self.active = self.clock.now();
                Poll::Ready(done.map_err(lost))
            }
            Poll::Pending => Poll::Ready(Err(ready!(self.poll_over(context)))),
        })
        .await
    }

    fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<WireError> {
        let stalled = self.active.plus(self.stall);
        let over = self.deadline.filter(|deadline| *deadline <= stalled);
        ready!(self.alarm.poll(context, over.unwrap_or(stalled)));
        Poll::Ready(over.map_or(WireError::Stall { limit: self.stall }, |_| WireError::Deadline))
    }
}

fn unanswered(source: io::Error) -> WireError {
    WireError::Unanswered { source }
}

fn reset(source: io::Error) -> WireError {
    WireError::Reset { source }
}

/// What one read brought of a body: one slice for each chunk, or for its part.
///
/// To be taken to its end before the next read.
#[derive(Debug)]
pub struct Arrived<'a> {
    /// When the read returned.
    pub at: Nanos,
    bytes: &'a [u8],
    unread: &'a mut usize,
    framing: &'a mut Framing,
}

impl<'a> Iterator for Arrived<'a> {
    type Item = Result<&'a [u8], WireError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let slice = self.framing.next(&mut self.bytes).transpose();
        *self.unread = self.bytes.len();
        slice
    }
}
