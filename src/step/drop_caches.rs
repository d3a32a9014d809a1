//! `drop_caches`: by the kernel's own knob, see
//! `Documentation/admin-guide/sysctl/vm.rst`, or file by file, see
//! `posix_fadvise(2)`.
#![expect(clippy::disallowed_methods, reason = "opens the files whose cache is dropped")]

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use rustix::fs::{Advice, fadvise};

use super::error::KindError;
use super::{Attempt, Effect, Performed, StepContext, StepError};
use crate::host::memory;
use crate::process::{CommandError, Privileged, needs_sudo};
use crate::record::Fact;
use crate::scenario::{CacheLevel, DropCachesStep};
use crate::units::Bytes;

/// The cache was not dropped.
#[derive(Debug, thiserror::Error)]
enum CacheError {
    /// Only root may.
    #[error("dropping the page cache needs root")]
    NotRoot,
    /// The cache grew instead.
    #[error("the page cache did not shrink: {before} before, {after} after")]
    Grew {
        /// `Cached` before.
        before: Bytes,
        /// `Cached` after.
        after: Bytes,
    },
    /// A file cannot be reached.
    #[error("`{path}` could not be dropped from the page cache", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file stayed.
    #[error("{left} of `{path}` are still in the page cache", path = path.display())]
    Left {
        /// Which.
        path: PathBuf,
        /// How much of it.
        left: Bytes,
    },
}

impl KindError for CacheError {
    fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotRoot => Some("set `privileged = true` on the step, or run `runexp` as root"),
            Self::Left { .. } => {
                Some("end what has it open; only of a file that you own or may write the kernel says what is cached")
            }
            Self::Grew { .. } | Self::File { .. } => None,
        }
    }
}

fn argv(level: CacheLevel) -> Vec<String> {
    vec!["sh".to_owned(), "-c".to_owned(), level.script()]
}

impl Effect for DropCachesStep {
    fn commands(&self, context: &StepContext<'_>) -> Vec<Privileged> {
        let command = |level| Privileged { argv: argv(level), env: IndexMap::new(), dir: context.dir.to_owned() };
        self.level.map(command).into_iter().collect()
    }

    async fn perform(&self, attempt: &Attempt<'_>) -> Result<Performed, StepError> {
        let before = memory().ok_or(StepError::MemoryUnknown)?.cached;
        let check = match self.level {
            Some(_) if needs_sudo() && !attempt.step.privileged => return Err(CacheError::NotRoot.into()),
            Some(level) => {
                attempt.command(&argv(level), &IndexMap::new(), attempt.context.dir, None).await?;
                None
            }
            None => Some(drop_files(&self.files, attempt).await?),
        };
        let after = memory().ok_or(StepError::MemoryUnknown)?.cached;
        // Directory entries and inodes do not count as `Cached`, and few files
        // are little of it: there it only drifts.
        if after > before && matches!(self.level, Some(CacheLevel::Pagecache | CacheLevel::All)) {
            return Err(CacheError::Grew { before, after }.into());
        }
        let mut facts = vec![
            Fact::new("cached_before_bytes", before.0.to_string()),
            Fact::new("cached_after_bytes", after.0.to_string()),
        ];
        facts.extend(check.map(|check| Fact::new("cache_check", check)));
        Ok(Performed { facts, ..Performed::default() })
    }
}

/// Drops every file and says how that was checked.
async fn drop_files(files: &[PathBuf], attempt: &Attempt<'_>) -> Result<&'static str, StepError> {
    let mut check = "none, `fincore` was not found";
    for path in files.iter().map(|path| attempt.context.dir.join(path)) {
        let failed = |source| CacheError::File { path: path.clone(), source };
        let dropped = tokio::task::spawn_blocking({
            let path = path.clone();
            move || drop_file(&path)
        });
        attempt.bounded(async { Ok(dropped.await) }).await?.map_err(io::Error::other).flatten().map_err(failed)?;
        match left(&path, attempt).await? {
            Some(left) if left > Bytes(0) => return Err(CacheError::Left { path, left }.into()),
            Some(_) => check = "fincore",
            None => {}
        }
    }
    Ok(check)
}

/// Only clean pages can be dropped, hence `fsync`.
fn drop_file(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    file.sync_all()?;
    Ok(fadvise(&file, 0, None, Advice::DontNeed)?)
}

/// How much of a file is in memory, where util-linux can tell.
async fn left(path: &Path, attempt: &Attempt<'_>) -> Result<Option<Bytes>, CommandError> {
    let argv = ["fincore", "--bytes", "--noheadings", "--output", "RES"].map(str::to_owned);
    let argv: Vec<String> = argv.into_iter().chain([path.to_string_lossy().into_owned()]).collect();
    match attempt.command(&argv, &IndexMap::new(), attempt.context.dir, None).await {
        Ok(answer) => Ok(answer.trim().parse().ok().map(Bytes)),
        Err(CommandError::NotFound { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}
