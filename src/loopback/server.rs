//! A server that costs next to nothing and knows exactly when it sent what.

use std::collections::HashMap;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

use super::LoopbackError;
use super::reply::{self, Parts};
use crate::clock::Clock;
use crate::units::Nanos;

/// The name of the server's threads, by which their CPU time is told from the
/// driver's.
pub(super) const THREAD: &str = "serve-loopback";

/// When the tokens of a reply are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// All in one write, as soon as the request is there.
    AtOnce,
    /// One by one.
    Paced {
        /// From the request to the first.
        first: Duration,
        /// From each to the next.
        gap: Duration,
    },
}

/// When a reply was sent, by the server's own clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sent {
    /// When the request had been read.
    pub(super) received: Nanos,
    /// When each token was handed to the kernel.
    pub(super) tokens: Vec<Nanos>,
}

/// A server on loopback, with threads of its own. Dropped, it ends.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    site: Arc<Site>,
    runtime: Option<Runtime>,
}

#[derive(Debug)]
struct Site {
    clock: Clock,
    pace: Pace,
    parts: Parts,
    connections: AtomicU64,
    requests: AtomicU64,
    sent: Mutex<HashMap<u64, Sent>>,
}

impl Server {
    /// Starts a server whose replies have `tokens` tokens. Its times are those
    /// of `clock`.
    ///
    /// # Errors
    /// When it can have no threads or no port.
    pub fn start(clock: Clock, pace: Pace, tokens: u32) -> Result<Self, LoopbackError> {
        let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(threads)
            .thread_name(THREAD)
            .enable_all()
            .build()
            .map_err(LoopbackError::start("start the server's threads"))?;
        let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let listening = runtime.block_on(TcpListener::bind(any_port));
        let listener = listening.map_err(LoopbackError::start("listen on loopback"))?;
        let address = listener.local_addr().map_err(LoopbackError::start("listen on loopback"))?;
        let site = Arc::new(Site {
            clock,
            pace,
            parts: Parts::of(tokens),
            connections: AtomicU64::new(0),
            requests: AtomicU64::new(0),
            sent: Mutex::default(),
        });
        runtime.spawn(accept(listener, Arc::clone(&site)));
        Ok(Self { address, site, runtime: Some(runtime) })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// When the paced reply with this number was sent; forgotten afterwards.
    pub(super) fn take_sent(&self, number: u64) -> Option<Sent> {
        self.site.sent.lock().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(listener: TcpListener, site: Arc<Site>) {
    // A client that has gone again, or a lack of file descriptors, shows as
    // failed requests of the trial.
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&site)));
    }
}

/// Answers until the client closes the connection.
async fn serve(mut stream: TcpStream, site: Arc<Site>) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    let mut lead = site.window_offset();
    while read_request(&mut stream, &mut request).await? {
        let received = site.clock.now();
        match site.pace {
            Pace::AtOnce => stream.write_all(site.parts.whole()).await?,
            Pace::Paced { first, gap } => {
                let number = site.requests.fetch_add(1, Ordering::Relaxed);
                let first = received.plus((first + lead).into());
                let tokens = send_paced(&mut stream, &site, first, gap).await?;
                site.sent.lock().unwrap_or_else(PoisonError::into_inner).insert(number, Sent { received, tokens });
                stream.write_all(&reply::end(number, site.parts.tokens())).await?;
                lead = Duration::ZERO;
            }
        }
    }
    Ok(())
}

impl Site {
    /// How long the first reply of a new connection is held back. Clients that
    /// begin together would otherwise stay together, and all tokens of all
    /// streams would be due in the same millisecond for ever. Multiples of the
    /// golden ratio spread any number of streams evenly.
    fn window_offset(&self) -> Duration {
        let Pace::Paced { first, gap } = self.pace else { return Duration::ZERO };
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        #[expect(clippy::cast_precision_loss, reason = "there are not 2^52 connections")]
        let share = (number as f64 * 0.618_033_988_749_895).fract();
        (first + gap * self.parts.tokens()).mul_f64(share)
    }
}

/// Every token at its moment, and when each was handed to the kernel.
async fn send_paced(stream: &mut TcpStream, site: &Site, first: Nanos, gap: Duration) -> io::Result<Vec<Nanos>> {
    let mut sent = Vec::with_capacity(site.parts.tokens() as usize);
    for token in 0..site.parts.tokens() {
        let due = site.clock.instant(first.plus((gap * token).into()));
        tokio::time::sleep_until(due.into()).await;
        sent.push(site.clock.now());
        stream.write_all(site.parts.token(token)).await?;
    }
    Ok(sent)
}

/// Reads one request; `false` if the client has closed the connection.
async fn read_request(stream: &mut TcpStream, request: &mut Vec<u8>) -> io::Result<bool> {
    request.clear();
    while !is_whole(request) {
        if stream.read_buf(request).await? == 0 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether the head and as much body as it announces are there.
fn is_whole(request: &[u8]) -> bool {
    let Some(end) = memchr::memmem::find(request, b"\r\n\r\n") else { return false };
    let announced = String::from_utf8_lossy(&request[..end]).lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    request.len() >= end + 4 + announced.unwrap_or(0)
}
