use std::fmt::Write;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{CellSpec, Plan, PlannedCell};
use crate::names::CellId;
use crate::scenario::Treatment;

/// SHA-256, in hex, of what a plan decides: cells, order and seeds. Ports,
/// folders and the run's id may differ between two runs of the same plan.
pub fn digest(plan: &Plan) -> String {
    #[derive(Serialize)]
    struct Decisions<'a> {
        seed: u64,
        cells: Vec<(&'a CellId, &'a CellSpec)>,
        epochs: Vec<(&'a Treatment, &'a [PlannedCell])>,
    }
    let decisions = Decisions {
        seed: plan.seed,
        cells: plan.cells.iter().collect(),
        epochs: plan.epochs.iter().map(|epoch| (&epoch.treatment, epoch.cells.as_slice())).collect(),
    };
    // Plain data with text keys always has a JSON form; were it not so, the
    // empty text would only make two such plans look alike.
    let text = serde_json::to_string(&decisions).unwrap_or_default();
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
