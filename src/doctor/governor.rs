#![expect(clippy::disallowed_methods, reason = "reads /sys and /proc")]

use std::collections::BTreeMap;
use std::fs;

use super::{Finding, Topic};

const CPUS: &str = "/sys/devices/system/cpu";
const WANTED: &str = "performance";

/// Who else could set the frequency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The host of a virtual machine.
    Virtual,
    /// Firmware, as far as this kernel knows.
    Physical,
}

pub(super) fn examine() -> Finding {
    let cpus = fs::read_dir(CPUS).into_iter().flatten().flatten();
    let governors: Vec<String> =
        cpus.filter_map(|cpu| fs::read_to_string(cpu.path().join("cpufreq/scaling_governor")).ok()).collect();
    judged(&governors, kind(&fs::read_to_string("/proc/cpuinfo").unwrap_or_default()))
}

/// x86 tells under a hypervisor; other processors do not.
fn kind(cpuinfo: &str) -> Kind {
    let flags = cpuinfo.lines().find(|line| line.starts_with("flags")).unwrap_or_default();
    if flags.split_ascii_whitespace().any(|flag| flag == "hypervisor") { Kind::Virtual } else { Kind::Physical }
}

fn judged(governors: &[String], kind: Kind) -> Finding {
    let topic = Topic::Governor;
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for governor in governors {
        *counts.entry(governor.trim()).or_default() += 1;
    }
    let words: Vec<String> = counts.iter().map(|(governor, count)| format!("`{governor}` on {count}")).collect();
    let found = format!("{} CPUs", words.join(", "));
    match (counts.is_empty(), kind) {
        (true, Kind::Virtual) => Finding::missing(
            topic,
            "none: this is a virtual machine, whose host sets the frequency",
            "set it on the host if that is yours; else compare only what was measured in one run",
        ),
        (true, Kind::Physical) => Finding::missing(
            topic,
            "none: the firmware sets the frequency",
            "look for a power profile in the firmware's setup",
        ),
        (false, _) if counts.keys().all(|governor| *governor == WANTED) => Finding::good(topic, found),
        (false, _) => Finding::attention(
            topic,
            found,
            "the frequency follows the load; `cpupower frequency-set -g performance`, as root, holds it up",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    #[test]
    fn only_performance_on_every_cpu_is_good() {
        let governors = |names: &[&str]| names.iter().map(|name| format!("{name}\n")).collect::<Vec<_>>();
        let found = [
            judged(&governors(&["performance"; 4]), Kind::Physical),
            judged(&governors(&["performance", "schedutil", "schedutil"]), Kind::Virtual),
            judged(&[], kind("processor : 0\nflags : fpu hypervisor lahf_lm\n")),
            judged(&[], kind("processor : 0\nflags : fpu lahf_lm\n")),
        ];
        insta::assert_snapshot!(table(&found), @r"
        CPU governor  good       `performance` on 4 CPUs
        CPU governor  attention  `performance` on 1, `schedutil` on 2 CPUs
                                 help: the frequency follows the load; `cpupower frequency-set -g performance`, as root, holds it up
        CPU governor  missing    none: this is a virtual machine, whose host sets the frequency
                                 help: set it on the host if that is yours; else compare only what was measured in one run
        CPU governor  missing    none: the firmware sets the frequency
                                 help: look for a power profile in the firmware's setup
        ");
    }
}
