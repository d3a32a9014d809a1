//! Between the process that does the work and the one above it: signals come
//! down, the host's lock goes up. The end of either is the end of the channel.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream as Pair;
use std::process::Stdio;

use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage, SendFlags,
    recvmsg, send, sendmsg,
};
use tokio::io::{AsyncReadExt as _, Interest};
use tokio::net::UnixStream;

/// The signals that are passed on, by a byte each.
pub(super) const SIGNALS: [(&str, u8); 3] = [("SIGINT", b'I'), ("SIGTERM", b'T'), ("SIGHUP", b'H')];
/// Comes with the lock.
const TAKEN: u8 = b'L';
const GIVEN_BACK: u8 = b'-';

/// The upper end.
pub(super) struct Above {
    stream: UnixStream,
    /// Whether the lower end is open.
    is_open: bool,
    lock: Option<OwnedFd>,
}

impl Above {
    /// A channel, and its lower end as the standard input of the other process.
    pub(super) fn open() -> io::Result<(Self, Stdio)> {
        let (above, below) = Pair::pair()?;
        above.set_nonblocking(true)?;
        let stream = UnixStream::from_std(above)?;
        Ok((Self { stream, is_open: true, lock: None }, Stdio::from(OwnedFd::from(below))))
    }

    /// Passes a signal on. It fails only if the reader is dead.
    pub(super) fn pass(&self, byte: u8) {
        let _ = self.stream.try_write(&[byte]);
    }

    /// Waits for what the other process has to say about its lock; for ever, if
    /// that is dead.
    pub(super) async fn listen(&mut self) {
        if !self.is_open || self.stream.readable().await.is_err() {
            return std::future::pending().await;
        }
        self.hear();
    }

    /// The lock of the other process, if that had one until its death.
    pub(super) fn lock(mut self) -> Option<OwnedFd> {
        while self.is_open && self.hear() {}
        self.lock
    }

    /// Takes what has come; says whether anything had.
    fn hear(&mut self) -> bool {
        let stream = &self.stream;
        match stream.try_io(Interest::READABLE, || receive(stream.as_fd())) {
            Ok((0, _)) => self.is_open = false,
            Ok((_, Some(lock))) => self.lock = Some(lock),
            Ok((_, None)) => self.lock = None,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
            Err(_) => self.is_open = false,
        }
        true
    }
}

/// One message: how long it is, and the descriptor that came with it.
fn receive(socket: BorrowedFd<'_>) -> io::Result<(usize, Option<OwnedFd>)> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let mut byte = [0];
    let flags = RecvFlags::DONTWAIT | RecvFlags::CMSG_CLOEXEC;
    let received = recvmsg(socket, &mut [IoSliceMut::new(&mut byte)], &mut control, flags)?;
    let descriptors = control.drain().filter_map(|message| match message {
        RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
        _ => None,
    });
    let descriptor = descriptors.flatten().next();
    Ok((received.bytes, descriptor))
}

/// Gives the process above the host's lock to hold too, before anything is
/// changed: when this process dies, nobody else has it until all is undone.
///
/// # Errors
/// If the process above is dead, or is none of `runexp`.
pub fn hand_over(lock: BorrowedFd<'_>) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let descriptors = [lock];
    control.push(SendAncillaryMessage::ScmRights(&descriptors));
    sendmsg(io::stdin(), &[IoSlice::new(&[TAKEN])], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Lets the process above give the lock up too: the run is over.
pub fn give_back() {
    // Who is dead holds nothing.
    let _ = send(io::stdin(), &[GIVEN_BACK], SendFlags::NOSIGNAL);
}

/// The channel from the process above, as the process that does the work sees it.
#[derive(Debug)]
pub struct FromAbove(UnixStream);

/// What comes through it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Passed {
    /// A signal, by its name.
    Signal(&'static str),
    /// The process above is dead.
    End,
}

impl FromAbove {
    /// Takes it from standard input.
    ///
    /// # Errors
    /// If that is no socket.
    pub fn open() -> io::Result<Self> {
        let stream = Pair::from(io::stdin().as_fd().try_clone_to_owned()?);
        stream.set_nonblocking(true)?;
        Ok(Self(UnixStream::from_std(stream)?))
    }

    /// What comes next.
    pub async fn next(&mut self) -> Passed {
        while let Ok(byte) = self.0.read_u8().await {
            if let Some((name, _)) = SIGNALS.iter().find(|(_, known)| *known == byte) {
                return Passed::Signal(name);
            }
        }
        Passed::End
    }
}
