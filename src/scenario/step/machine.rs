//! Steps that set the host.

use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Kind, Reading, Rights, ScriptLines, shell};
use crate::text::{one_line, typed};

family! {
    /// The host's own settings.
    MachineStep in StepKind::Machine {
        /// Drops the kernel's page cache.
        "drop_caches" => DropCaches(DropCachesStep),
    }
}

/// Empties the page cache, so that models are read from disk again. Give exactly
/// one key: `level` drops the whole machine's cache (`sync`, then a write to
/// `/proc/sys/vm/drop_caches`); `files` drops only the named files, without
/// root (`fsync`, then `posix_fadvise` with `POSIX_FADV_DONTNEED`).
///
/// # Checks
/// `Cached` in `/proc/meminfo` before and after is recorded. With `level` it
/// must not have grown. With `files`, `fincore` (util-linux) must find nothing
/// of them in memory: what another process has mapped stays there. The kernel
/// tells this only of files that you own or may write, and calls all others
/// cached. Without `fincore` nothing is proven, and the fact `cache_check` says
/// so.
///
/// # Undo
/// None: a cache fills again by itself.
///
/// # Rights
/// `level`: root, or `privileged = true`. `files`: your own, for files that you
/// may read.
///
/// # Example
/// ```toml
/// [[setup]]
/// privileged = true
/// drop_caches = { level = "pagecache" }
///
/// [[epoch.setup]]
/// drop_caches = { files = ["models/model.gguf"] }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DropCachesStep {
    /// What to drop of the whole machine.
    #[serde(default)]
    pub level: Option<CacheLevel>,
    /// The files to drop.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(min = 1))]
    pub files: Vec<PathBuf>,
}

/// What `drop_caches` drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CacheLevel {
    /// File contents (1).
    Pagecache,
    /// Directory entries and inodes (2).
    Slab,
    /// Both (3).
    All,
}

impl CacheLevel {
    /// The line for a shell with root's rights; see
    /// `Documentation/admin-guide/sysctl/vm.rst` of the kernel.
    pub fn script(self) -> String {
        let number = match self {
            Self::Pagecache => 1,
            Self::Slab => 2,
            Self::All => 3,
        };
        // Only clean pages can be dropped, hence `sync`.
        format!("sync && echo {number} > /proc/sys/vm/drop_caches")
    }
}

impl Kind for DropCachesStep {
    fn settle(&mut self, reading: &Reading<'_>) {
        if reading.has_exactly_one(&["level", "files"]) && self.level.is_none() && self.files.is_empty() {
            reading.refuse("`files` is empty", "name at least one file");
        }
        self.files.iter_mut().for_each(|file| reading.settle_path(file));
    }

    fn rights(&self) -> Rights {
        if self.level.is_some() { Rights::Root } else { Rights::Own }
    }

    fn words(&self) -> String {
        let files: Vec<_> = self.files.iter().map(|file| file.to_string_lossy()).collect();
        match self.level {
            Some(level) => format!("sync, then drop the page cache ({level:?})").to_lowercase(),
            None => one_line(&format!("drop from the page cache: {}", typed(&files))),
        }
    }

    fn script(&self, rights: Rights) -> ScriptLines {
        let none = IndexMap::new();
        let level = self.level.map(|level| shell::line(rights, &none, &["sh", "-c", &level.script()]));
        let files: Vec<String> = self.files.iter().map(|file| shell::path(file)).collect();
        // `&&` would hide the failure of `sync` from `set -e`.
        let syncs = files.iter().map(|file| format!("sync {file}"));
        let drops = files.iter().map(|file| format!("dd if={file} iflag=nocache count=0 status=none"));
        let check = |file| format!("test \"$(fincore --bytes --noheadings --output RES {file})\" -eq 0");
        ScriptLines {
            perform: level.into_iter().chain(syncs).chain(drops).collect(),
            check: files.iter().map(check).collect(),
            ..ScriptLines::default()
        }
    }
}
