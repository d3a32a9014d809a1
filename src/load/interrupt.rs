use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker, ready};

use tokio::sync::Notify;
use tokio::sync::futures::Notified;
use tokio_util::sync::CancellationToken;

/// Tells all requests under way that the run is interrupted.
///
/// Whoever waits for a [`CancellationToken`] locks it at each poll, which here
/// is at each read of each stream, and all threads would wait for the same
/// lock. Here a poll reads a flag.
#[derive(Debug, Default)]
pub(super) struct Interrupt {
    has_come: AtomicBool,
    told: Notify,
}

impl Interrupt {
    /// Passes on the interrupt; ends with it. Nobody hears of one otherwise.
    pub(super) async fn watch(&self, stop: &CancellationToken) {
        stop.cancelled().await;
        // First the flag: who is woken looks at it.
        self.has_come.store(true, Ordering::Release);
        self.told.notify_waiters();
    }

    /// Ends when the run is interrupted, even if that was before.
    pub(super) fn wait(&self) -> Interrupted<'_> {
        Interrupted { interrupt: self, told: Box::pin(self.told.notified()), waker: None }
    }
}

/// Waits for an interrupt; may be polled again, for the next request.
#[derive(Debug)]
pub(super) struct Interrupted<'a> {
    interrupt: &'a Interrupt,
    told: Pin<Box<Notified<'a>>>,
    /// Who is told already.
    waker: Option<Waker>,
}

impl Future for Interrupted<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.interrupt.has_come.load(Ordering::Acquire) {
            return Poll::Ready(());
        }
        if self.waker.as_ref().is_none_or(|waker| !waker.will_wake(context.waker())) {
            ready!(self.told.as_mut().poll(context));
            self.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use std::task::{Context, Waker};

    use tokio_util::sync::CancellationToken;

    use super::Interrupt;

    #[tokio::test]
    async fn whoever_waits_is_woken_and_whoever_comes_later_need_not_wait() {
        let (interrupt, stop) = (Interrupt::default(), CancellationToken::new());
        let (mut early, mut unasked) = (interrupt.wait(), interrupt.wait());
        let waits = |waiting: &mut super::Interrupted<'_>| {
            std::pin::Pin::new(waiting).poll(&mut Context::from_waker(Waker::noop())).is_pending()
        };
        assert!(waits(&mut early) && waits(&mut early), "nothing has come");
        let told = async {
            stop.cancel();
            interrupt.watch(&stop).await;
        };
        tokio::join!(&mut early, told);
        assert!(!waits(&mut early) && !waits(&mut unasked) && !waits(&mut interrupt.wait()));
    }
}
