//! `drop_caches`: `sync`, then the kernel's own knob; see
//! `Documentation/admin-guide/sysctl/vm.rst`.

use indexmap::IndexMap;

use super::{Attempt, Effect, Performed, StepError};
use crate::host::memory;
use crate::process::needs_sudo;
use crate::record::Fact;
use crate::scenario::{CacheLevel, DropCachesStep};

impl Effect for DropCachesStep {
    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        if needs_sudo() && !attempt.step.privileged {
            return Err(StepError::NotRoot);
        }
        let before = memory().ok_or(StepError::MemoryUnknown)?.cached;
        let argv = ["sh".to_owned(), "-c".to_owned(), self.level.script()];
        attempt.command(&argv, &IndexMap::new(), attempt.context.dir, None).await?;
        let after = memory().ok_or(StepError::MemoryUnknown)?.cached;
        // Directory entries and inodes do not count as `Cached`: there it only
        // drifts.
        if after > before && self.level != CacheLevel::Slab {
            return Err(StepError::CacheGrew { before, after });
        }
        let facts = vec![
            Fact::new("cached_before_bytes", before.0.to_string()),
            Fact::new("cached_after_bytes", after.0.to_string()),
        ];
        Ok(Performed { facts, ..Performed::default() })
    }
}
