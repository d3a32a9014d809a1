//! Treatments by letter, as people read a plan.

use super::{Epoch, Plan};

/// The first epoch of every treatment, in the order of the cells.
pub fn treatments(plan: &Plan) -> Vec<&Epoch> {
    let mut seen: Vec<&Epoch> = Vec::new();
    for cell in plan.cells.values() {
        if seen.iter().all(|epoch| epoch.treatment != cell.treatment) {
            seen.extend(plan.epochs.iter().find(|epoch| epoch.treatment == cell.treatment));
        }
    }
    seen
}

/// What the treatment of an epoch is called.
pub(super) fn letter_of(epoch: &Epoch, treatments: &[&Epoch]) -> String {
    letter(treatments.iter().position(|known| known.treatment == epoch.treatment).unwrap_or_default())
}

/// What a treatment is called: A to Z, then A1 to Z1, and so on.
pub(super) fn letter(index: usize) -> String {
    let letter = ('A'..='Z').nth(index % 26).unwrap_or('?');
    match index / 26 {
        0 => letter.to_string(),
        round => format!("{letter}{round}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn treatments_beyond_z_keep_names_that_can_be_read() {
        assert_eq!([0, 25, 26, 52].map(letter), ["A", "Z", "A1", "A2"]);
    }
}
