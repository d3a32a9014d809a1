//! What `run` ends with and `report` does: everything that can be made again
//! from the run directory.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::exit::Failure;
use super::{secrets, template_limits};
use crate::metric;
use crate::record::Manifest;
use crate::report::{self, Context};
use crate::scenario::{self, LoadOptions};
use crate::store::{self, RunDirectory, Stored};
use crate::summary::{self, Summary, Validity};
use crate::trust::{self, Opened};
use crate::verdict::{self, Verdicts};

/// What was made from a run directory.
pub(super) struct Derived {
    /// Estimates with intervals.
    pub(super) summary: Summary,
    /// What became of the claims.
    pub(super) verdicts: Verdicts,
    /// What a calibration has found, as text.
    pub(super) noise: Option<String>,
    /// The names of the files written.
    pub(super) files: Vec<String>,
}

impl Derived {
    /// Whether any repetition of any cell counts.
    pub(super) fn anything_valid(&self) -> bool {
        let mut repetitions = self.summary.cells.values().flat_map(|cell| &cell.repetitions);
        repetitions.any(|repetition| repetition.validity == Validity::Valid)
    }
}

/// Reads a run directory, and holds it against what the run has sealed and
/// declared.
pub(super) fn examined(directory: &Path) -> Result<Stored, Failure> {
    let mut stored = store::read(directory)?;
    stored.record.integrity = store::examine(directory, &stored)?;
    let manifest = &stored.record.manifest;
    if let Some(declared) = manifest.first_declared() {
        // A run that goes on may be given more blocks.
        let free = if manifest.sessions_before.is_empty() { None } else { Some("design.repetitions") };
        let now = scenario::parts(&stored.scenario);
        stored.record.integrity.post_hoc = scenario::changed_since(&declared.parts, &now, free);
    }
    Ok(stored)
}

/// Reads a run directory, computes everything from it and writes the derived
/// files into it.
pub(super) fn derive(directory: &Path, templates: &[PathBuf]) -> Result<Derived, Failure> {
    let stored = examined(directory)?;
    let options = LoadOptions { set: &[], profile: None, metrics: &metric::ids(), times: &metric::times() };
    let scenario = scenario::load_frozen(&stored.scenario, &options)?;
    let Manifest { environment, simulated, .. } = &stored.record.manifest;
    let baseline = stored.plan.baseline.as_ref();
    let is_calibration = stored.plan.calibration.is_some();
    // Claims and rules speak of treatments, of which a calibration has one.
    let (claims, rules) = if is_calibration { (&[][..], &[][..]) } else { (&*scenario.claims, &*scenario.rules) };
    let summary = summary::summarize(&stored.record, &stored.plan, claims, stored.requests.measurements())?;
    let mut verdicts =
        verdict::judge(&summary, claims, (&scenario.question, rules), baseline, environment, simulated.as_ref());
    verdict::hold_against_bandwidth(&mut verdicts, &scenario.audit, environment);
    let redaction = secrets::of_kept(&stored.plan, &stored.scenario);
    let directory = RunDirectory::open(directory).hiding(redaction);
    directory.write_derived("summary.json", &(serde_json::to_string_pretty(&summary)? + "\n"))?;
    let context = Context::new(&stored.record.manifest, &stored.plan, &summary, &verdicts, metric::all());
    if !templates.is_empty() {
        template_limits::limit()?;
    }
    let files = report::files(&context, &all_templates(templates, is_calibration)?)?;
    let mut noise = None;
    let mut written = vec!["summary.json".to_owned()];
    for (name, text) in files {
        template_limits::is_short(&text)?;
        directory.write_derived(&name, &text)?;
        noise = noise.or_else(|| (is_calibration && name.ends_with("noise.md")).then_some(text));
        written.push(name);
    }
    Ok(Derived { summary, verdicts, noise, files: written })
}

/// The built-in templates, then those of the user.
fn all_templates(own: &[PathBuf], is_calibration: bool) -> Result<Vec<(String, String)>, Failure> {
    let calibration = is_calibration.then(report::calibration);
    let builtin = report::builtin()
        .iter()
        .chain(&calibration)
        .map(|(name, source)| Ok(((*name).to_owned(), (*source).to_owned())));
    let own = own.iter().map(|path| {
        let source = read(path)?;
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Ok((name, source))
    });
    builtin.chain(own).collect()
}

/// What root renders must be its own too: a document is a file that it writes.
fn read(path: &Path) -> Result<String, Failure> {
    let failed = |source| Failure::Template { path: path.to_owned(), source };
    let Opened { mut file, doubt, .. } = trust::open(path).map_err(failed)?;
    trust::rely_on(doubt)?;
    let mut source = String::new();
    file.read_to_string(&mut source).map_err(failed)?;
    Ok(source)
}
