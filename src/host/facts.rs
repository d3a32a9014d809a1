#![expect(clippy::disallowed_methods, reason = "reads /proc")]

use crate::record::Environment;
use crate::units::Bytes;

/// The host's memory, from `/proc/meminfo`; see `proc_meminfo(5)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// `MemTotal`.
    pub total: Bytes,
    /// `MemAvailable`: what programs can get without swapping.
    pub available: Bytes,
    /// `Cached`: the page cache.
    pub cached: Bytes,
}

/// Where the kernel puts memory that is not used, from the same file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Swap {
    /// `SwapTotal`; zero if there is none.
    pub total: Bytes,
    /// `SwapFree`.
    pub free: Bytes,
}

/// This machine, without its GPUs: kernel, CPU, memory, boot.
pub fn environment() -> Environment {
    Environment {
        kernel: kernel(),
        cpu: cpu_model(),
        cpus: std::thread::available_parallelism().ok().and_then(|cpus| u32::try_from(cpus.get()).ok()),
        memory_bytes: memory().map(|memory| memory.total),
        boot_id: one_line("/proc/sys/kernel/random/boot_id"),
        ..Environment::default()
    }
}

/// The host's memory now; `None` where `/proc/meminfo` does not tell.
pub fn memory() -> Option<Memory> {
    parse_memory(&std::fs::read_to_string("/proc/meminfo").ok()?)
}

/// The host's swap now; `None` where `/proc/meminfo` does not tell.
pub fn swap() -> Option<Swap> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    Some(Swap { total: amount(&text, "SwapTotal")?, free: amount(&text, "SwapFree")? })
}

/// The one-minute load average.
pub fn load_1m() -> Option<f64> {
    one_line("/proc/loadavg")?.split_ascii_whitespace().next()?.parse().ok()
}

fn parse_memory(text: &str) -> Option<Memory> {
    let amount = |name| amount(text, name);
    Some(Memory { total: amount("MemTotal")?, available: amount("MemAvailable")?, cached: amount("Cached")? })
}

fn amount(text: &str, name: &str) -> Option<Bytes> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    // "kB" there means KiB.
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes(kibibytes.checked_mul(1024)?))
}

fn kernel() -> Option<String> {
    let system = one_line("/proc/sys/kernel/ostype")?;
    Some(format!("{system} {}", one_line("/proc/sys/kernel/osrelease")?))
}

/// x86 has `model name`; on ARM only the device tree knows.
fn cpu_model() -> Option<String> {
    let text = std::fs::read_to_string("/proc/cpuinfo").ok()?;
    let value = |name: &str| {
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    value("model name").or_else(|| value("Model")).or_else(|| one_line("/proc/device-tree/model"))
}

fn one_line(path: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().next()?.trim_end_matches('\0').trim();
    (!line.is_empty()).then(|| line.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn swap_cached_is_not_cached() {
        let text = "MemTotal:  100 kB\nMemAvailable: 50 kB\nSwapCached: 7 kB\nCached: 20 kB\n";
        let expected = Memory { total: Bytes(102_400), available: Bytes(51_200), cached: Bytes(20_480) };
        assert_eq!(parse_memory(text), Some(expected));
    }

    #[test]
    fn broken_memory_files_give_nothing() {
        let huge = format!("MemTotal: {} kB\nMemAvailable: 1 kB\nCached: 1 kB\n", u64::MAX);
        for text in ["", "MemTotal: 1 kB\n", "MemTotal: x kB\nMemAvailable: 1 kB\nCached: 1 kB\n", &huge] {
            assert_eq!(parse_memory(text), None, "{text}");
        }
    }

    #[test]
    fn this_machine_has_a_kernel_cpus_memory_and_a_boot() {
        let here = environment();
        assert!(here.kernel.is_some_and(|kernel| kernel.starts_with("Linux ")));
        assert!(here.cpus.is_some_and(|cpus| cpus > 0));
        assert!(here.boot_id.is_some_and(|boot| boot.len() == 36));
        let memory = memory().unwrap();
        assert!(memory.available <= memory.total && here.memory_bytes == Some(memory.total));
        assert!(swap().is_some_and(|swap| swap.free <= swap.total));
        assert!(load_1m().is_some_and(|load| load >= 0.0));
    }
}
