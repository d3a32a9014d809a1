use super::gpu::{memory_available_min, memory_used_max};
use super::{Better, Family, Gap, Measure, MemoryBefore, MetricDefinition, Unit, UnitValue, Window};
use crate::units::Bytes;

pub(super) const DEFINITIONS: &[MetricDefinition] = &[
    memory(
        "memory_per_instance",
        "memory added by one instance",
        Unit::Bytes,
        Better::Lower,
        Measure::Window(memory_per_instance),
    ),
    memory(
        "memory_of_servers",
        "memory added by all servers",
        Unit::Bytes,
        Better::Lower,
        Measure::Window(memory_of_servers),
    ),
    memory(
        "memory_efficiency",
        "model bytes ÷ memory added by the servers",
        Unit::Share,
        Better::Higher,
        Measure::Window(memory_efficiency),
    ),
    memory("memory_total", "memory that instances share", Unit::Bytes, Better::Higher, Measure::Window(memory_total)),
    memory(
        "instances_max_theoretical",
        "memory ÷ memory of one instance",
        Unit::Count,
        Better::Higher,
        Measure::Window(instances_max_theoretical),
    ),
    memory(
        "instances_max_practical",
        "most instances that run together",
        Unit::Count,
        Better::Higher,
        Measure::Nothing("only a phase with `find = { max = \"servers\", … }` starts instances until one fails"),
    ),
];

const fn memory(
    id: &'static str,
    title: &'static str,
    unit: Unit,
    better: Better,
    measure: Measure,
) -> MetricDefinition {
    MetricDefinition { id, title, unit, better, family: Family::Operation, measure }
}

/// (Most memory in use inside the window − in use before the epoch's first
/// server) ÷ servers that were up. Device memory, by anyone; on a machine whose
/// GPUs have none of their own, what was available of the host's before − the
/// least inside the window. Servers that were there before had taken theirs
/// already: of these there is no figure. What a server keeps in the page cache counts as
/// available, so a model that is mapped from a file is not seen there.
fn memory_per_instance(window: &Window<'_>) -> UnitValue {
    let unread = || Gap::not_measured("memory was not read before the epoch's first server");
    let before = match window.memory.before {
        MemoryBefore::Read(before) => before,
        MemoryBefore::Unread => return Err(unread()),
        MemoryBefore::WithServers => {
            return Err(Gap::not_measured("servers were there before the run, with what memory they take"));
        }
    };
    let added = match (before.device_used_bytes, before.host_available_bytes) {
        (Some(used), _) => memory_used_max(window)? - used.as_f64(),
        (None, Some(available)) => available.as_f64() - memory_available_min(window)?,
        (None, None) => return Err(unread()),
    };
    if added > 0.0 && window.memory.instances > 0 {
        Ok(added / f64::from(window.memory.instances))
    } else {
        Err(Gap::not_measured("the servers added no memory that could be seen"))
    }
}

/// `memory_per_instance` × servers that were up.
fn memory_of_servers(window: &Window<'_>) -> UnitValue {
    Ok(memory_per_instance(window)? * f64::from(window.memory.instances))
}

/// What the models of all servers take, by the servers' own account ÷
/// (`memory_per_instance` × servers): the size of their weights. Of a server
/// that tells only what the loaded model takes, caches are included, so that
/// its share is higher by these.
fn memory_efficiency(window: &Window<'_>) -> UnitValue {
    let unknown = || Gap::not_measured("the servers do not tell how large their model is");
    let models = window.memory.models.ok_or_else(unknown)?;
    Ok(models.as_f64() / (memory_per_instance(window)? * f64::from(window.memory.instances)))
}

/// Memory of all GPUs together, or of the host on a machine whose GPUs have
/// none of their own.
fn memory_total(window: &Window<'_>) -> UnitValue {
    window.memory.total.map(Bytes::as_f64).ok_or_else(|| Gap::not_measured("the machine's memory is not known"))
}

/// ⌊`memory_total` ÷ `memory_per_instance`⌋: as if nobody else needed any, and
/// none were lost.
fn instances_max_theoretical(window: &Window<'_>) -> UnitValue {
    Ok((memory_total(window)? / memory_per_instance(window)?).floor())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::MemoryBaseline;
    use crate::metric::examples::{ms, window};
    use crate::record::{ClientHonesty, GpuReading, MemoryRecord, Reading, TelemetryRecord};

    fn sample(available: u64, used: Reading<u64>) -> TelemetryRecord {
        TelemetryRecord {
            at_ns: ms(1),
            took_ns: ms(0),
            memory_available_bytes: Some(Bytes(available)),
            load_1m: None,
            gpus: vec![GpuReading { memory_used_bytes: used, ..GpuReading::default() }],
        }
    }

    /// Of three servers on this baseline, with these samples inside the window.
    fn values(before: MemoryRecord, samples: &[TelemetryRecord]) -> [UnitValue; 3] {
        let honest = ClientHonesty::default();
        let memory = MemoryBaseline {
            before: MemoryBefore::Read(before),
            total: Some(Bytes(10_500)),
            instances: 3,
            models: Some(Bytes(2_400)),
        };
        let window = Window { telemetry: samples.iter().collect(), memory, ..window((0, 1_000), 1, &honest, &[]) };
        [memory_per_instance(&window), instances_max_theoretical(&window), memory_efficiency(&window)]
    }

    #[test]
    fn an_instance_takes_its_part_of_the_most_that_was_in_use() {
        let before = MemoryRecord { device_used_bytes: Some(Bytes(100)), host_available_bytes: Some(Bytes(9_000)) };
        let samples = [3_100, 2_500].map(|used| sample(1, Reading::Value(used)));
        assert_eq!(values(before, &samples), [Ok(1_000.0), Ok(10.0), Ok(0.8)]);
    }

    #[test]
    fn without_device_memory_it_is_the_hosts() {
        let before = MemoryRecord { device_used_bytes: None, host_available_bytes: Some(Bytes(9_000)) };
        let samples = [7_000, 6_000].map(|available| sample(available, Reading::Absent("unified".to_owned())));
        assert_eq!(values(before, &samples), [Ok(1_000.0), Ok(10.0), Ok(0.8)]);
    }

    #[test]
    fn memory_that_nobody_read_or_nobody_took_is_no_zero() {
        let gap = |reason: &str| Err(Gap::not_measured(reason));
        let used = MemoryRecord { device_used_bytes: Some(Bytes(100)), host_available_bytes: None };
        let unseen = gap("the servers added no memory that could be seen");
        assert_eq!(values(used, &[sample(1, Reading::Value(100))]), [unseen.clone(), unseen.clone(), unseen]);
        let unread = gap("memory was not read before the epoch's first server");
        assert_eq!(values(MemoryRecord::default(), &[]), [unread.clone(), unread.clone(), unread]);
    }
}
