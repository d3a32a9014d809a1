//! How GPUs are watched in an epoch, and what follows when one is lost.

use std::convert::Infallible;

use super::cell::sleep_until;
use super::conductor::{Conductor, Halt};
use super::pace;
use crate::clock::Clock;
use crate::plan::Epoch;
use crate::record::Event;
use crate::scenario::{Length, ServerOrigin, ServerSpec, Telemetry, WatchGpu};
use crate::telemetry::Remote;
use crate::units::{Nanos, Period};

/// So long before a window ends the last of its samples is asked for: it must
/// have begun, and energy been read, inside the window.
const BEFORE_THE_END: Nanos = Nanos(50_000_000);

impl Conductor<'_> {
    /// Refuses to begin without a GPU, if an epoch requires one.
    pub(super) fn require_gpus(&self) -> Result<(), Halt> {
        let is_required = |epoch: &Epoch| epoch.telemetry.gpu == WatchGpu::Required;
        if !self.stage.plan.epochs.iter().any(is_required) {
            return Ok(());
        }
        self.stage.world.gpus().map(drop).map_err(|reason| Halt::NoGpu { reason })
    }

    /// From now on as this epoch wants it.
    pub(super) fn watch_as_wanted(&self, epoch: &Epoch) {
        let in_containers = |server: &ServerSpec| matches!(server.origin, ServerOrigin::Compose { .. });
        self.stage.findings.expect_containers(epoch.servers.iter().any(in_containers));
        self.stage.telemetry.pace(pace(&epoch.telemetry));
    }

    /// Measures what the servers draw while nobody asks them anything.
    pub(super) async fn measure_rest(&self, number: u32, epoch: &Epoch) -> Result<(), Halt> {
        let length = self.rest(&epoch.telemetry);
        if length.is_zero() {
            return Ok(());
        }
        let start_ns = self.stage.clock.now();
        self.stage.telemetry.mark().await;
        tokio::select! {
            () = self.stop.cancelled() => return Err(Halt::Interrupted),
            () = tokio::time::sleep(length.duration()) => {}
        }
        self.stage.telemetry.mark().await;
        self.note(Event::IdleBaseline { epoch: number, start_ns, end_ns: self.stage.clock.now() });
        Ok(())
    }

    /// Only where there is a GPU that is watched; a simulated one draws what its
    /// file says.
    fn rest(&self, telemetry: &Telemetry) -> Period {
        let none = Period::from_secs(0);
        if telemetry.gpu == WatchGpu::Off || self.stage.world.gpus().is_err() {
            return none;
        }
        let unsaid = if self.stage.world.is_simulated() { none } else { Telemetry::IDLE_BASELINE };
        telemetry.idle_baseline.unwrap_or(unsaid)
    }

    /// Says that a GPU is lost, once; where it is required, that is the end.
    pub(super) fn heed_lost_gpu(&self, epoch: &Epoch) -> Result<(), Halt> {
        let Some(reason) = self.stage.findings.lost() else { return Ok(()) };
        if epoch.telemetry.gpu == WatchGpu::Required {
            return Err(Halt::NoGpu { reason });
        }
        if self.stage.findings.is_news() {
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
