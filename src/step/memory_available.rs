//! `memory_available`: looks, and changes nothing.

use super::{Attempt, Effect, Performed, StepError};
use crate::host::{Memory, memory};
use crate::record::Fact;
use crate::scenario::{MemoryAvailableStep, MemoryFloor};
use crate::units::Bytes;

impl Effect for MemoryAvailableStep {
    async fn perform(&self, _attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let Memory { total, available, .. } = memory().ok_or(StepError::MemoryUnknown)?;
        let at_least = floor(self.at_least, total);
        if available < at_least {
            return Err(StepError::MemoryShort { available, total, at_least });
        }
        let facts = vec![
            Fact::new("memory_available_bytes", available.0.to_string()),
            Fact::new("memory_total_bytes", total.0.to_string()),
        ];
        Ok(Performed { facts, ..Performed::default() })
    }
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
