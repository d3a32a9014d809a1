use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::hashing::file_digest;
use super::{LOGS, MANIFEST, PLAN, RECORDS, SCENARIO, StoreError};
use crate::names::{RunId, ScenarioName};
use crate::plan::Plan;
use crate::record::{Declared, Manifest};
use crate::text::Redaction;
use crate::trust::Folder;

/// A run directory that is being written.
#[derive(Clone, Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// The folder itself, whatever its name means by now; none if it was not
    /// there.
    folder: Option<Folder>,
    /// What no file of it may hold.
    redaction: Arc<Redaction>,
    /// Held so that nobody else writes there.
    #[expect(dead_code, reason = "a lock is held, not read")]
    claim: Option<Arc<File>>,
}

impl RunDirectory {
    /// Creates `<results>/<scenario>/<run id>/`, which must not exist yet.
    ///
    /// # Errors
    /// When it exists or cannot be created.
    pub fn create(results: &Path, scenario: &ScenarioName, run: &RunId) -> Result<Self, StoreError> {
        let results = Folder::make(results).map_err(StoreError::io("create", results))?;
        let within = |folder: &Folder, name: &str| StoreError::io("create", folder.path().join(name));
        let parent = results.folder(scenario.as_str()).map_err(within(&results, scenario.as_str()))?;
        let folder = parent.make_new(run.as_str()).map_err(within(&parent, run.as_str()))?;
        folder.make_new(LOGS).map_err(within(&folder, LOGS))?;
        Self::claimed(folder)
    }

    /// An existing run directory, to go on in it: nobody else does meanwhile.
    ///
    /// # Errors
    /// [`StoreError::Busy`] if somebody does, or if the file system says no.
    pub fn claim(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let path = path.into();
        Self::claimed(Folder::open(&path).map_err(StoreError::io("open", path))?)
    }

    fn claimed(folder: Folder) -> Result<Self, StoreError> {
        let path = folder.path().to_owned();
        let claim = claim(&folder)?;
        Ok(Self { path, folder: Some(folder), redaction: Arc::default(), claim: Some(Arc::new(claim)) })
    }

    /// An existing run directory, whose derived files may be made again.
    pub fn open(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let folder = Folder::open(&path).ok();
        Self { path, folder, redaction: Arc::default(), claim: None }
    }

    /// The same, and nothing that is written from now on holds these secrets.
    pub fn hiding(self, redaction: Arc<Redaction>) -> Self {
        Self { redaction, ..self }
    }

    /// What no file of it may hold.
    pub const fn redaction(&self) -> &Arc<Redaction> {
        &self.redaction
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `logs/<number>-<name>.log`, with the name made fit for a file.
    pub fn log(&self, number: u32, name: &str) -> PathBuf {
        let fit = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' };
        let name: String = name.chars().take(60).map(fit).collect();
        self.path.join(LOGS).join(format!("{number:03}-{name}.log"))
    }

    /// Writes the frozen scenario and the plan.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn write_decisions(&self, scenario: &str, plan: &Plan) -> Result<(), StoreError> {
        self.write(SCENARIO, scenario)?;
        self.write(PLAN, &pretty(plan)?)
    }

    /// The hashes of what [`Self::write_decisions`] wrote, and of the scenario's
    /// parts.
    ///
    /// # Errors
    /// When it cannot be read back.
    pub fn declared(&self, parts: impl FnOnce(&str) -> BTreeMap<String, String>) -> Result<Declared, StoreError> {
        let read = |name: &str| super::read::text(&self.path.join(name));
        let (scenario, plan) = (read(SCENARIO)?, read(PLAN)?);
        Ok(Declared {
            scenario_sha256: file_digest(scenario.as_bytes()),
            plan_sha256: file_digest(plan.as_bytes()),
            parts: parts(&scenario),
        })
    }

    /// Writes or replaces the manifest, whole or not at all.
    ///
    /// # Errors
    /// When the file system says no.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), StoreError> {
        self.write(MANIFEST, &pretty(manifest)?)
    }

    /// Writes or replaces a file that is made from the records, whole or not at
    /// all.
    ///
    /// # Errors
    /// When `name` is that of a record, or the file system says no.
    pub fn write_derived(&self, name: &str, text: &str) -> Result<(), StoreError> {
        if RECORDS.contains(&name) {
            return Err(StoreError::IsRecord { name: name.to_owned() });
        }
        self.write(name, text)
    }

    fn write(&self, name: &str, text: &str) -> Result<(), StoreError> {
        let text = self.hidden(name, text)?;
        self.folder()?.replace(OsStr::new(name), &text).map_err(StoreError::io("write", self.path.join(name)))
    }

    /// Where its files are opened, and nowhere else.
    pub(super) fn folder(&self) -> Result<Folder, StoreError> {
        // One that could not be opened says why.
        self.folder.clone().map_or_else(|| Folder::open(&self.path), Ok).map_err(StoreError::io("open", &self.path))
    }

    /// In JSON only texts are secrets, never a number.
    fn hidden<'t>(&self, name: &str, text: &'t str) -> Result<Cow<'t, str>, StoreError> {
        let is_json = Path::new(name).extension().is_some_and(|extension| extension == "json");
        if !is_json || self.redaction.find(text.as_bytes()).is_empty() {
            return Ok(self.redaction.hide(text));
        }
        let mut value = serde_json::from_str(text).map_err(StoreError::Unwritable)?;
        self.redaction.hide_in(&mut value);
        pretty(&value).map(Cow::Owned)
    }
}

/// A lock of the kernel on the folder, free as soon as this process is dead.
fn claim(folder: &Folder) -> Result<File, StoreError> {
    let path = folder.path();
    let file = folder.file().map_err(StoreError::io("open", path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Busy { path: path.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::io("lock", path)(source)),
    }
}

fn pretty(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string_pretty(value).map(|text| text + "\n").map_err(StoreError::Unwritable)
}
