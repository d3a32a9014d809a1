#![expect(clippy::disallowed_methods, reason = "reads /sys")]

use std::fs;

use super::{Finding, Topic};
use crate::clock::Clock;
use crate::units::Nanos;

const FILE: &str = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
/// Those that are read without a system call (vdso(7)).
const FAST: [&str; 4] = ["tsc", "kvm-clock", "arch_sys_counter", "hyperv_clocksource_tsc_page"];
const READS: u32 = 10_000;
/// The driver reads the time for every piece of a reply.
const SLOW_NS: f64 = 1_000.0;

pub(super) fn examine() -> Finding {
    judged(fs::read_to_string(FILE).ok().as_deref().map(str::trim), cost_ns())
}

/// What one look at the clock takes, in ns.
fn cost_ns() -> f64 {
    let clock = Clock::start();
    let last = (0..READS).map(|_| clock.now()).max().unwrap_or(Nanos::ZERO);
    last.seconds() * 1e9 / f64::from(READS)
}

fn judged(source: Option<&str>, cost_ns: f64) -> Finding {
    let name = source.map_or_else(|| "the kernel does not name it".to_owned(), |source| format!("`{source}`"));
    let found = format!("{name}, a read takes {cost_ns:.0} ns");
    if source.is_some_and(|source| !FAST.contains(&source)) {
        let advice =
            format!("`dmesg` says why the kernel gave a faster one up; where one is sound, write it to `{FILE}`");
        return Finding::attention(Topic::ClockSource, found, advice);
    }
    if cost_ns < SLOW_NS {
        return Finding::good(Topic::ClockSource, found);
    }
    let advice = "the driver reads it for every event of a reply: drive from a machine whose clock costs less";
    Finding::attention(Topic::ClockSource, found, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    #[test]
    fn a_clock_is_good_if_it_is_known_and_fast() {
        let found =
            [(Some("tsc"), 24.4), (Some("hpet"), 1_400.0), (Some("kvm-clock"), 2_000.0), (None, 30.0), (None, 1e4)]
                .map(|(source, cost)| judged(source, cost));
        insta::assert_snapshot!(table(&found), @r"
        clock source  good       `tsc`, a read takes 24 ns
        clock source  attention  `hpet`, a read takes 1400 ns
                                 help: `dmesg` says why the kernel gave a faster one up; where one is sound, write it to `/sys/devices/system/clocksource/clocksource0/current_clocksource`
        clock source  attention  `kvm-clock`, a read takes 2000 ns
                                 help: the driver reads it for every event of a reply: drive from a machine whose clock costs less
        clock source  good       the kernel does not name it, a read takes 30 ns
        clock source  attention  the kernel does not name it, a read takes 10000 ns
                                 help: the driver reads it for every event of a reply: drive from a machine whose clock costs less
        ");
    }
}
