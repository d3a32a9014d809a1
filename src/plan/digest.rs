use std::fmt::Write;
use std::io;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{CellSpec, Plan, PlannedCell};
use crate::names::CellId;
use crate::scenario::{Load, PromptLine, Treatment};
use crate::units::Nanos;

/// SHA-256, in hex, of what a plan decides: cells, order and seeds, and what
/// its files hold. Ports, folders and the run's id may differ between two runs
/// of the same plan.
pub fn digest(plan: &Plan) -> String {
    digest_of_first(plan, plan.epochs.len())
}

/// The same as if the plan ended after so many epochs, or where it does.
pub fn digest_of_first(plan: &Plan, epochs: usize) -> String {
    #[derive(Serialize)]
    struct Decisions<'a> {
        seed: u64,
        cells: Vec<(&'a CellId, CellSpec)>,
        epochs: Vec<(&'a Treatment, &'a [PlannedCell])>,
        prompts: Vec<&'a Vec<PromptLine>>,
        traces: Vec<&'a Vec<Nanos>>,
    }
    let decisions = Decisions {
        seed: plan.seed,
        cells: plan.cells.iter().map(|(id, cell)| (id, without_folders(plan, cell))).collect(),
        epochs: plan.epochs.iter().take(epochs).map(|epoch| (&epoch.treatment, epoch.cells.as_slice())).collect(),
        prompts: plan.prompts.values().collect(),
        traces: plan.traces.values().collect(),
    };
    let mut hash = Hashing(Sha256::new());
    // Plain data with text keys always has a JSON form; were it not so, the
    // shorter text would only make two such plans look alike.
    let _ = serde_json::to_writer(&mut hash, &decisions);
    hash.0.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// With the place of a file in the plan instead of its path.
fn without_folders(plan: &Plan, cell: &CellSpec) -> CellSpec {
    let mut cell = cell.clone();
    if let Some(file) = &mut cell.request.prompts {
        *file = plan.prompts.get_index_of(file.as_path()).unwrap_or_default().to_string().into();
    }
    if let Load::Trace { file, .. } = &mut cell.load {
        *file = plan.traces.get_index_of(file.as_path()).unwrap_or_default().to_string().into();
    }
    cell
}

/// Takes in a text piece by piece: prompts may be many.
struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
