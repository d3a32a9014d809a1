//! How GPUs are watched in an epoch, and what follows when one is lost.

use std::convert::Infallible;

use super::cell::sleep_until;
use super::pace;
use super::runner::{RunStop, Runner};
use crate::clock::Clock;
use crate::plan::Epoch;
use crate::record::Event;
use crate::scenario::{Length, ServerOrigin, ServerSpec, Telemetry, WatchGpu};
use crate::telemetry::Remote;
use crate::units::{Nanos, Period};

/// So long before a window ends the last of its samples is asked for: it must
/// have begun, and energy been read, inside the window.
const BEFORE_THE_END: Nanos = Nanos(50_000_000);

impl Runner<'_> {
    /// Refuses to begin without a GPU, if an epoch requires one.
    pub(super) fn require_gpus(&self) -> Result<(), RunStop> {
        let is_required = |epoch: &Epoch| epoch.telemetry.gpu == WatchGpu::Required;
        if !self.context.plan.epochs.iter().any(is_required) {
            return Ok(());
        }
        self.context.world.gpus().map(drop).map_err(|reason| RunStop::NoGpu { reason })
    }

    /// From now on as this epoch wants it.
    pub(super) fn watch_as_wanted(&self, epoch: &Epoch) {
        let in_containers = |server: &ServerSpec| matches!(server.origin, ServerOrigin::Compose { .. });
        self.context.findings.expect_containers(epoch.servers.iter().any(in_containers));
        self.context.telemetry.pace(pace(&epoch.telemetry));
    }

    /// Measures what the servers draw while nobody asks them anything.
    pub(super) async fn measure_rest(&self, number: u32, epoch: &Epoch) -> Result<(), RunStop> {
        let length = self.rest(&epoch.telemetry);
        if length.is_zero() {
            return Ok(());
        }
        let start_ns = self.context.clock.now();
        self.context.telemetry.mark().await;
        tokio::select! {
            () = self.stop.cancelled() => return Err(RunStop::Interrupted),
            () = tokio::time::sleep(length.duration()) => {}
        }
        self.context.telemetry.mark().await;
        self.note(Event::IdleBaseline { epoch: number, start_ns, end_ns: self.context.clock.now() });
        Ok(())
    }

    /// Only where there is a GPU that is watched; a simulated one draws what its
    /// file says.
    fn rest(&self, telemetry: &Telemetry) -> Period {
        let none = Period::from_secs(0);
        if telemetry.gpu == WatchGpu::Off || self.context.world.gpus().is_err() {
            return none;
        }
        let unsaid = if self.context.world.is_simulated() { none } else { Telemetry::IDLE_BASELINE };
        telemetry.idle_baseline.unwrap_or(unsaid)
    }

    /// Says that a GPU is lost, once; where it is required, that is the end.
    pub(super) fn heed_lost_gpu(&self, epoch: &Epoch) -> Result<(), RunStop> {
        let Some(reason) = self.context.findings.lost() else { return Ok(()) };
        if epoch.telemetry.gpu == WatchGpu::Required {
            return Err(RunStop::NoGpu { reason });
        }
        if self.context.findings.is_news() {
            self.warn(format!("a GPU is lost, and can no longer be watched: {reason}"));
        }
        Ok(())
    }
}

/// Has everything read at both ends of a window, as far as it is known when
/// that is: what sums up over time is the difference of the two. Never ends.
pub(super) async fn mark_window(clock: Clock, telemetry: Remote, length: Length, start: Nanos) -> Infallible {
    sleep_until(clock, start).await;
    telemetry.mark().await;
    if let Length::Duration(length) = length {
        let end = start.plus(length.duration().into());
        sleep_until(clock, Nanos(end.0.saturating_sub(BEFORE_THE_END.0))).await;
        telemetry.mark().await;
    }
    std::future::pending().await
}
