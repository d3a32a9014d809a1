//! `memory_available`: looks, and changes nothing.

use super::error::KindError;
use super::{Attempt, Effect, Performed, StepError};
use crate::host::{Memory, memory};
use crate::record::{Fact, GpuIdentity, GpuReading};
use crate::scenario::{MemoryAvailableStep, MemoryFloor, MemoryOwner};
use crate::units::Bytes;

/// There is too little memory, or none that can be looked at.
#[derive(Debug, thiserror::Error)]
enum MemoryError {
    /// Too little is free.
    #[error("{available} of {total} {whose} are available, less than the {at_least} asked for")]
    Short {
        /// Of what.
        whose: String,
        /// What can be had.
        available: Bytes,
        /// All there is.
        total: Bytes,
        /// The least that must be free.
        at_least: Bytes,
    },
    /// There is no GPU to look at.
    #[error("no GPU can be asked for its memory: {reason}")]
    NoGpu {
        /// Why.
        reason: String,
    },
    /// A GPU does not tell.
    #[error("`{gpu}` does not tell how much of its memory is used: {reason}")]
    Untold {
        /// Its name.
        gpu: String,
        /// Why.
        reason: String,
    },
}

impl KindError for MemoryError {
    fn help(&self) -> Option<&'static str> {
        match self {
            Self::Short { .. } => Some("end what uses the memory, or lower `at_least`"),
            Self::NoGpu { .. } => Some("leave out `of` to look at the host's memory"),
            Self::Untold { .. } => None,
        }
    }
}

impl Effect for MemoryAvailableStep {
    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let mut facts = Vec::new();
        match self.of {
            MemoryOwner::Host => facts.extend(demand(self.at_least, "memory", "", host()?)?),
            MemoryOwner::Gpu => {
                let gpus = (attempt.context.gpus)().map_err(|reason| MemoryError::NoGpu { reason })?;
                for (index, (gpu, reading)) in gpus.iter().enumerate() {
                    let (whose, prefix) = (format!("memory of `{}`", gpu.name), format!("gpu{index}_"));
                    facts.extend(demand(self.at_least, &whose, &prefix, of(gpu, reading)?)?);
                }
            }
        }
        Ok(Performed { facts, ..Performed::default() })
    }
}

/// What is free, and all there is.
type Amounts = (Bytes, Bytes);

fn host() -> Result<Amounts, StepError> {
    let Memory { total, available, .. } = memory().ok_or(StepError::MemoryUnknown)?;
    Ok((available, total))
}

/// A GPU without memory of its own shares the host's.
fn of(gpu: &GpuIdentity, reading: &GpuReading) -> Result<Amounts, StepError> {
    let Some(total) = gpu.memory_bytes else { return host() };
    let untold = |reason| MemoryError::Untold { gpu: gpu.name.clone(), reason };
    let used = reading.memory_used_bytes.clone().into_result().map_err(untold)?;
    Ok((Bytes(total.0.saturating_sub(used)), total))
}

fn demand(
    at_least: MemoryFloor,
    whose: &str,
    prefix: &str,
    (available, total): Amounts,
) -> Result<[Fact; 2], MemoryError> {
    let at_least = floor(at_least, total);
    if available < at_least {
        return Err(MemoryError::Short { whose: whose.to_owned(), available, total, at_least });
    }
    Ok([
        Fact::new(format!("{prefix}memory_available_bytes"), available.0.to_string()),
        Fact::new(format!("{prefix}memory_total_bytes"), total.0.to_string()),
    ])
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a float as large saturates")]
fn floor(floor: MemoryFloor, total: Bytes) -> Bytes {
    match floor {
        MemoryFloor::Bytes(bytes) => bytes,
        MemoryFloor::Share(share) => Bytes((share.fraction() * total.as_f64()).ceil() as u64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Share;

    #[test]
    fn a_share_is_a_share_of_all_memory() {
        let seventy = MemoryFloor::Share(Share::from_fraction(0.7).unwrap());
        assert_eq!(floor(seventy, Bytes(1000)), Bytes(700));
        assert_eq!(floor(MemoryFloor::Bytes(Bytes(5)), Bytes(1000)), Bytes(5));
    }
}
