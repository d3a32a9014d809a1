//! MPS as declared.

use super::Examined;

/// Contradictions of what was witnessed at the end of the cell.
pub(super) fn mps_state(examined: &Examined<'_>) -> Option<String> {
    let contradictions = examined.window.mps?.contradictions();
    (!contradictions.is_empty()).then(|| contradictions.join("; "))
}
