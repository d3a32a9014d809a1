//! `drop_caches`: `sync`, then the kernel's own knob; see
//! `Documentation/admin-guide/sysctl/vm.rst`.

use indexmap::IndexMap;

use super::{Attempt, Performed, StepError};
use crate::host::memory;
use crate::process::needs_sudo;
use crate::record::Fact;
use crate::scenario::{CacheLevel, DropCachesStep};

pub(super) async fn perform(step: DropCachesStep, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
    if needs_sudo() && !attempt.privileged {
        return Err(StepError::NotRoot);
    }
    let level = match step.level {
        CacheLevel::Pagecache => 1,
        CacheLevel::Slab => 2,
        CacheLevel::All => 3,
    };
    let before = memory().ok_or(StepError::MemoryUnknown)?.cached;
    // Only clean pages can be dropped, hence `sync`.
    let script = format!("sync && echo {level} > /proc/sys/vm/drop_caches");
    let argv = ["sh", "-c", &script].map(str::to_owned);
    attempt.command(&argv, &IndexMap::new(), attempt.context.dir, None).await?;
    let after = memory().ok_or(StepError::MemoryUnknown)?.cached;
    // Directory entries and inodes do not count as `Cached`: there it only drifts.
    if after > before && step.level != CacheLevel::Slab {
        return Err(StepError::CacheGrew { before, after });
    }
    let facts = vec![
        Fact::new("cached_before_bytes", before.0.to_string()),
        Fact::new("cached_after_bytes", after.0.to_string()),
    ];
    Ok(Performed { facts, ..Performed::default() })
}
