//! Whether the driver did what it was to do.

use super::{Examined, MARGIN, percent};
use crate::metric::Window;
use crate::record::{ClockSteps, CpuTime, RequestOutcome};
use crate::stats::Percentile::{P50, P90, P95, P99};
use crate::stats::Sample;
use crate::units::Nanos;

/// Below this it may be that the clocks were looked at one after the other.
const CLOCK_LIMIT: Nanos = Nanos(10_000_000);
const LAG_FLOOR: Nanos = Nanos(1_000_000);
const LAG_SHARE_OF_TTFT: f64 = 0.01;
const STALL_FLOOR: Nanos = Nanos(100_000_000);
const DELAY_FLOOR: Nanos = Nanos(1_000_000);
/// A third of [`MARGIN`]: one stall must not shift a throughput by more.
const STALL_SHARE: f64 = 0.01;
/// In seconds. In a shorter window a single stall of 100 ms, which is let pass,
/// makes a mean wait of more than 1 ms.
const SHORTEST_TO_AVERAGE: f64 = 5.0;
const SATURATED: f64 = 0.9;
const SHORTEST_TO_SATURATE: Nanos = Nanos(1_000_000_000);
/// With less idle time than this, threads have to share cores.
const CROWDED: f64 = 0.5;
const SHARE_OF_OTHERS: f64 = 0.1;
/// With less idle time than this, whoever takes a CPU takes it from somebody.
const EXHAUSTED: f64 = 0.05;
const CPU_OF_OTHERS: f64 = 0.25;

/// Only an open loop has a schedule to keep.
///
/// A mean time from the schedule is off by the mean lateness, and a percentile
/// by the lateness of the requests around it. So both are held to the limit, the
/// percentile being the highest that a report may print of as many requests:
/// the 99th of 34 would be the last of them, which on a machine that does
/// anything else as well is late once in a while and falsifies nothing.
pub(super) fn late_schedule(examined: &Examined<'_>) -> Option<String> {
    let asked = examined.window.sent().filter(|request| *request.outcome != RequestOutcome::Dropped);
    let late = Sample::new(asked.map(|one| one.started_ns.since(one.scheduled_ns).seconds()).collect()).ok()?;
    let highest = [P99, P95, P90, P50].into_iter().find(|percentile| late.values().len() >= percentile.floor());
    let at =
        highest.map(|percentile| (late.quantile(percentile.share()), format!("at p{}", percentile.share() * 100.0)));
    let limit = Nanos::from_seconds(LAG_SHARE_OF_TTFT * median_ttft(examined)).max(LAG_FLOOR);
    let mut found = at.into_iter().chain([(late.mean(), "on average".to_owned())]);
    let (lag, at) = found.find(|(lag, _)| Nanos::from_seconds(*lag) > limit)?;
    let lag = Nanos::from_seconds(lag);
    examined.spec.load.is_open().then(|| format!("the driver started requests {lag} late {at}, more than {limit}"))
}

/// What a stall of s seconds can falsify in a window of W seconds.
///
/// Every client may be waiting when it comes, and each loses at most s of its
/// W seconds, so throughput and mean duration are off by at most s / W. That
/// must stay within 1 %. A stall of 100 ms is let pass all the same: it is more
/// than that of a window under 10 s, which is for trying out.
///
/// A time to first token is off by what its own arrival waits. The mean wait of
/// an arrival is Σ s² / 2W over all stalls, which is what the driver's ticker
/// averages; many short stalls, as of a driver that shares its core, tell there
/// too. That must stay within the margin of the median time to first token, or
/// under 1 ms.
///
/// So one stall of 150 ms leaves a window of 60 s as it is (0.25 % of it; 0.2 ms
/// on average), while one of 400 ms spoils a window of 2 s (20 %; 40 ms). A high
/// percentile may still hold a stall that is let pass: `loop_stall_max` tells.
pub(super) fn driver_stalled(examined: &Examined<'_>) -> Option<String> {
    let Window { client, .. } = examined.window;
    let stall = client.loop_stall_max_ns?;
    let limit = Nanos::from_seconds(STALL_SHARE * examined.window.seconds()).max(STALL_FLOOR);
    if stall > limit {
        return Some(format!("the driver stalled for {stall}, more than {limit}"));
    }
    let delay = client.loop_delay_mean_ns?;
    let limit = Nanos::from_seconds(MARGIN * median_ttft(examined)).max(DELAY_FLOOR);
    (examined.window.seconds() >= SHORTEST_TO_AVERAGE && delay > limit)
        .then(|| format!("what arrived waited {delay} for the driver on average, more than {limit}"))
}

/// Whether somebody always had work and no CPU for it.
///
/// A thread that is neither running nor waiting for a CPU has nothing to do:
/// what comes next is done at once. The more of the time it does either, the
/// longer what arrives queues behind what is there, by ρ / (1 − ρ) of the time
/// that a piece of work takes; at 0.9 that is nine of them, and a closed loop
/// is soon driven at the driver's own pace. Whether it lacked CPU, since others
/// were on it (`run_delay`), or speed, the servers were not what was measured.
///
/// Waiting alone is no reason: a driver that is seldom ready, and then waits for
/// its server to let go of the CPU they share, stamps late by what its ticker
/// tells ([`driver_stalled`]). Nor does a short window tell: a stall of 100 ms,
/// which is let pass, is a tenth of a second.
pub(super) fn cpu_short(examined: &Examined<'_>) -> Option<String> {
    let Window { client, .. } = examined.window;
    let short = |who: &str, cpu: Option<CpuTime>| {
        let cpu = cpu.filter(|cpu| cpu.over_ns >= SHORTEST_TO_SATURATE)?;
        let (ran, waited, cpus) = (cpu.ran(), cpu.waited(), cpu.cpus);
        (ran + waited > SATURATED * f64::from(cpus))
            .then(|| format!("{who} had no CPU to spare: ran on {ran:.2} and waited for {waited:.2} of {cpus}"))
    };
    short("the driver", client.cpu).or_else(|| short("the simulated servers", client.serving_cpu))
}

/// Whether others took CPUs that the run would have had.
///
/// On a machine with more CPUs than the run can use, others do not matter as
/// long as everybody finds a core of its own: with two threads to a core that is
/// while half of the CPUs are idle. Where hardly any is idle, because a server
/// computes on all of them, what others take is missing, and those of its threads
/// that wait for each other lose more.
pub(super) fn cpu_contended(examined: &Examined<'_>) -> Option<String> {
    let machine = examined.window.client.machine.as_ref().filter(|cpu| cpu.over_ns >= SHORTEST_TO_SATURATE)?;
    let (others, idle, cpus) = (machine.others(), machine.idle(), machine.cpus);
    let has_no_core_to_itself = idle < CROWDED && others > SHARE_OF_OTHERS * f64::from(cpus);
    let is_missing = idle < EXHAUSTED && others > CPU_OF_OTHERS;
    let most: Vec<String> = machine
        .most
        .iter()
        .map(|taker| format!("`{}` (pid {}) {:.2}", taker.program, taker.pid, machine.taken_by(taker)))
        .collect();
    let named = if most.is_empty() { String::new() } else { format!(", of these {}", most.join(", ")) };
    (has_no_core_to_itself || is_missing).then(|| {
        let idle = percent(idle);
        format!("others took {others:.2} of this machine's {cpus} CPUs{named}, and {idle} of their time was idle")
    })
}

pub(super) fn clock_stepped(examined: &Examined<'_>) -> Option<String> {
    let ClockSteps { slept_ns, set_ns } = examined.window.client.clocks?;
    if slept_ns > CLOCK_LIMIT {
        return Some(format!("the machine slept for {slept_ns} meanwhile, more than {CLOCK_LIMIT}"));
    }
    (set_ns > CLOCK_LIMIT).then(|| format!("the wall clock was set by {set_ns} meanwhile, more than {CLOCK_LIMIT}"))
}

/// In seconds; 0 if nothing succeeded.
fn median_ttft(examined: &Examined<'_>) -> f64 {
    let waits = examined.window.good().filter_map(|request| Some(request.first_token_ns?.since(request.sent_ns)));
    Sample::new(waits.map(Nanos::seconds).collect()).map_or(0.0, |waits| waits.into_quantile(0.5))
}
