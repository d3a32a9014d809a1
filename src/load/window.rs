use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio_util::sync::CancellationToken;

use super::Workload;
use super::interrupt::{Interrupt, Interrupted};
use crate::clock::Clock;
use crate::scenario::Length;
use crate::units::Nanos;

/// When requests may still be sent, and when they are cut off.
#[derive(Clone, Debug)]
pub(super) struct Window {
    clock: Clock,
    load_start: Nanos,
    start: Nanos,
    drain: Nanos,
    length: Length,
    progress: Arc<Progress>,
    stop: CancellationToken,
    interrupt: Arc<Interrupt>,
}

#[derive(Debug, Default)]
struct Progress {
    /// Requests sent inside the window.
    issued: AtomicU64,
    /// When the last of them finished.
    last_finish: AtomicU64,
}

impl Window {
    pub(super) fn new(workload: &Workload, clock: Clock, load_start: Nanos, stop: CancellationToken) -> Self {
        Self {
            clock,
            load_start,
            start: workload.window_start(load_start),
            drain: workload.spec.drain.duration().into(),
            length: workload.spec.length,
            progress: Arc::default(),
            stop,
            interrupt: Arc::default(),
        }
    }

    pub(super) const fn load_start(&self) -> Nanos {
        self.load_start
    }

    pub(super) const fn start(&self) -> Nanos {
        self.start
    }

    /// The planned end, or when the last asked-for request finished.
    pub(super) fn end(&self) -> Nanos {
        match self.length {
            Length::Duration(length) => self.start.plus(length.duration().into()).min(self.clock.now()),
            Length::Requests(_) => Nanos(self.progress.last_finish.load(Ordering::Relaxed)).max(self.start),
        }
    }

    /// When it is to end; `None` if requests are counted.
    pub(super) fn planned_end(&self) -> Option<Nanos> {
        match self.length {
            Length::Duration(length) => Some(self.start.plus(length.duration().into())),
            Length::Requests(_) => None,
        }
    }

    /// Whether a request may be sent at `now`; each yes inside the window
    /// takes one of `requests`.
    pub(super) fn admits(&self, now: Nanos) -> bool {
        if self.stop.is_cancelled() {
            return false;
        }
        match self.length {
            Length::Duration(length) => now < self.start.plus(length.duration().into()),
            Length::Requests(_) if now < self.start => true,
            Length::Requests(count) => self.progress.issued.fetch_add(1, Ordering::Relaxed) < count,
        }
    }

    /// Notes that a request is over.
    pub(super) fn finished(&self, sent: Nanos, now: Nanos) {
        if sent >= self.start {
            self.progress.last_finish.fetch_max(now.0, Ordering::Relaxed);
        }
    }

    /// When requests in flight are to be cut off.
    pub(super) fn closing(&self) -> Option<Nanos> {
        match self.length {
            Length::Duration(length) => Some(self.start.plus(length.duration().into()).plus(self.drain)),
            Length::Requests(_) => None,
        }
    }

    /// Drives `load` to its end, and tells whoever waits for it of an interrupt.
    pub(super) async fn watched(&self, load: impl Future<Output = ()>) {
        let told = async {
            self.interrupt.watch(&self.stop).await;
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = load => {}
            () = told => {}
        }
    }

    /// Ends when the run is interrupted, while the load is [watched](Self::watched).
    pub(super) fn interrupted(&self) -> Interrupted<'_> {
        self.interrupt.wait()
    }

    /// What `wait` gives, or `None` if the run is interrupted before.
    pub(super) async fn or_stopped<T>(&self, wait: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            () = self.stop.cancelled() => None,
            given = wait => Some(given),
        }
    }
}
