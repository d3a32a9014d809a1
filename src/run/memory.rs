//! Memory that servers take, one after the other.

use std::sync::Arc;

use super::world::World;
use crate::host;
use crate::record::MemoryRecord;
use crate::sim::SimHost;
use crate::units::Bytes;

/// A further instance of the same model takes as much as the first, or part of
/// it lies elsewhere.
const WHOLE: f64 = 0.9;

/// Memory in use with no server, one, two and so on.
#[derive(Debug, Default)]
pub(super) struct Gauge(Vec<MemoryRecord>);

impl Gauge {
    /// Takes a reading with so many servers up.
    pub(super) fn read(&mut self, servers: usize, memory: MemoryRecord) {
        self.0.truncate(servers);
        self.0.push(memory);
    }

    /// Those with more servers are no more.
    pub(super) fn forget_beyond(&mut self, servers: usize) {
        self.0.truncate(servers + 1);
    }

    /// What each further server added, as far as that can be told.
    fn added(&self) -> impl DoubleEndedIterator<Item = Option<Bytes>> {
        self.0.iter().zip(self.0.iter().skip(1)).map(|(before, after)| after.added_since(before))
    }

    /// Why another server is not even tried: without device memory, one too
    /// many takes the host's, and the kernel ends whatever it likes.
    pub(super) fn lacks_room(&self) -> Option<String> {
        let last = self.0.last().filter(|last| last.device_used_bytes.is_none())?;
        let (available, needed) = (last.host_available_bytes?, self.added().flatten().max()?);
        (available < needed).then(|| {
            format!("was not started: {available} of memory are available, and one before it has taken {needed}")
        })
    }

    /// Why the last server is not all on the device.
    pub(super) fn has_spilled(&self) -> Option<String> {
        self.0.last()?.device_used_bytes?;
        let (first, last) = (self.added().next()??, self.added().next_back()??);
        (last.as_f64() < WHOLE * first.as_f64()).then(|| {
            format!("took {last} of device memory, and the first of its kind {first}: the rest lies elsewhere")
        })
    }
}

impl World {
    /// The simulated machine, if this is one.
    pub(super) fn simulated_host(&self) -> Option<Arc<SimHost>> {
        match self {
            Self::Host => None,
            Self::Simulated(machine) => Some(Arc::clone(machine)),
        }
    }

    /// How much memory is in use now.
    pub(super) fn memory(&self) -> MemoryRecord {
        let used = self.gpus().unwrap_or_default().into_iter().filter_map(|(gpu, reading)| {
            let used = reading.memory_used_bytes.value().copied();
            used.filter(|_| gpu.memory_bytes.is_some())
        });
        MemoryRecord {
            device_used_bytes: used.reduce(u64::saturating_add).map(Bytes),
            host_available_bytes: match self {
                Self::Host => host::memory().map(|memory| memory.available),
                Self::Simulated(machine) => machine.memory_available(),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gauge(readings: &[(Option<u64>, u64)]) -> Gauge {
        let mut gauge = Gauge::default();
        for (servers, (device, host)) in readings.iter().enumerate() {
            let (device_used_bytes, host_available_bytes) = (device.map(Bytes), Some(Bytes(*host)));
            gauge.read(servers, MemoryRecord { device_used_bytes, host_available_bytes });
        }
        gauge
    }

    #[test]
    fn where_the_device_has_memory_the_one_that_took_less_of_it_has_spilled() {
        let spilled = |last| gauge(&[(Some(100), 9000), (Some(1100), 9000), (Some(last), 100)]).has_spilled();
        assert_eq!(spilled(2050), None);
        let told = "took 800 B of device memory, and the first of its kind 1000 B: the rest lies elsewhere";
        assert_eq!(spilled(1900).as_deref(), Some(told));
        assert_eq!(gauge(&[(Some(100), 9000), (Some(1100), 10)]).lacks_room(), None);
    }

    #[test]
    fn where_it_has_none_the_host_must_have_room_for_another_as_large() {
        let lacking = |available| gauge(&[(None, 9000), (None, 8000), (None, available)]).lacks_room();
        assert_eq!(lacking(7000), None);
        let told = "was not started: 900 B of memory are available, and one before it has taken 6.9 KiB";
        assert_eq!(lacking(900).as_deref(), Some(told));
        assert_eq!(gauge(&[(None, 9000), (None, 8000), (None, 7990)]).has_spilled(), None);
        assert_eq!(gauge(&[(None, 9000)]).lacks_room(), None);
    }

    #[test]
    fn a_reading_with_fewer_servers_forgets_those_with_more() {
        let mut gauge = gauge(&[(Some(0), 0), (Some(10), 0), (Some(20), 0), (Some(30), 0)]);
        gauge.read(2, MemoryRecord { device_used_bytes: Some(Bytes(21)), host_available_bytes: None });
        assert_eq!(gauge.added().collect::<Vec<_>>(), [Some(Bytes(10)), Some(Bytes(11))]);
    }
}
