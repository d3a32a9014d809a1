use serde::{Deserialize, Serialize};

use crate::units::Bytes;

/// Memory at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryRecord {
    /// Device memory in use by anyone, over all GPUs that have their own.
    pub device_used_bytes: Option<Bytes>,
    /// Host memory that can be had (`MemAvailable`).
    pub host_available_bytes: Option<Bytes>,
}

impl MemoryRecord {
    /// What servers have added since `before`: to device memory, or to the
    /// host's on a machine whose GPUs have none of their own.
    pub fn added_since(&self, before: &Self) -> Option<Bytes> {
        let difference = |more: Bytes, less: Bytes| more.0.checked_sub(less.0).map(Bytes);
        match (self.device_used_bytes, before.device_used_bytes) {
            (Some(used), Some(before)) => difference(used, before),
            _ => difference(before.host_available_bytes?, self.host_available_bytes?),
        }
    }
}
