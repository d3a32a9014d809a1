use super::{Finding, Topic};
use crate::host::{Memory, Swap, memory, swap};
use crate::units::Bytes;

/// The shipped scenarios wait for as much, by `memory_available`.
const WANTED: f64 = 0.5;

pub(super) fn examine() -> Finding {
    judged(memory(), swap())
}

fn judged(memory: Option<Memory>, swap: Option<Swap>) -> Finding {
    let topic = Topic::Memory;
    let Some(Memory { total, available, .. }) = memory else {
        return Finding::missing(
            topic,
            "`/proc/meminfo` does not tell",
            "mount /proc: runs need it, not only for this",
        );
    };
    let share = available.as_f64() / total.as_f64().max(1.0);
    let swapped = match swap {
        None => "swap unknown".to_owned(),
        Some(Swap { total: Bytes(0), .. }) => "no swap".to_owned(),
        Some(Swap { total, free }) => format!("{} of {total} swap in use", Bytes(total.0.saturating_sub(free.0))),
    };
    let found = format!("{available} of {total} available ({:.0} %), {swapped}", share * 100.0);
    if share >= WANTED {
        return Finding::good(topic, found);
    }
    let advice = "stop what holds it (`ps aux --sort -rss | head`): the shipped scenarios ask for 50 %";
    Finding::attention(topic, found, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::table;

    #[test]
    fn less_than_half_of_the_memory_asks_for_attention() {
        let of =
            |available: u64| Memory { total: Bytes(128 << 30), available: Bytes(available << 30), cached: Bytes(0) };
        let swap = |free: u64| Swap { total: Bytes(8 << 30), free: Bytes(free << 30) };
        let found = [
            judged(Some(of(64)), Some(Swap { total: Bytes(0), free: Bytes(0) })),
            judged(Some(of(63)), Some(swap(5))),
            judged(Some(of(100)), None),
            judged(None, None),
        ];
        insta::assert_snapshot!(table(&found), @r"
        memory        good       64.0 GiB of 128.0 GiB available (50 %), no swap
        memory        attention  63.0 GiB of 128.0 GiB available (49 %), 3.0 GiB of 8.0 GiB swap in use
                                 help: stop what holds it (`ps aux --sort -rss | head`): the shipped scenarios ask for 50 %
        memory        good       100.0 GiB of 128.0 GiB available (78 %), swap unknown
        memory        missing    `/proc/meminfo` does not tell
                                 help: mount /proc: runs need it, not only for this
        ");
    }
}
