//! Whether published numbers agree with each other, with what a machine can do
//! and with what others have published. Pure: nothing is measured.
//!
//! Every check shows its arithmetic. A figure that follows from others is
//! computed from them ([`Basis::Figures`]), and again with the memory of the
//! data sheets where memory is among them ([`Basis::DataSheet`]). A throughput
//! is held against the memory traffic it takes ([`Basis::Roofline`]), every
//! figure against what its metric can be ([`Basis::Definition`]), and a gain
//! against the cells that it is a gain over ([`Basis::Cells`]). Claims alone
//! suffice; what cannot be checked without more is told, never judged.
//!
//! Printed digits are taken for what they leave open: `97%` is anything from
//! 96.5 to 97.5 %. Two figures are inconsistent only if no values that print so
//! agree. A claim has one verdict, the most severe of its checks, and shows all
//! of them.

mod across;
mod cells;
mod checked;
mod derive;
mod figure;
mod finding;
mod gain;
mod limits;
mod memory;
mod relation;
mod render;
mod roofline;
mod scaling;
mod shown;
mod topology;
mod trend;

#[cfg(test)]
mod tests;

use crate::names::ClaimId;
use crate::scenario::{Audit, Claim, Published, Relation};
pub use across::{Across, Contradiction, Side};
use checked::{Board, Checked};
pub use figure::Range;
use figure::{Figure, Figures, Tables};
pub use finding::{Audited, Audits, Basis, Check, ExpertsRead, Finding, Unchecked, VERSION, Verdict};
pub use render::render;

/// Checks every claim of every file, by name, in every way that the published
/// figures and the tables beside them allow, and the files against each other.
pub fn audit(files: &[(String, Published)]) -> Audits {
    let tables = |place: usize| {
        let others = files.iter().enumerate().filter(|(other, _)| *other != place);
        let (_, own) = files.get(place)?;
        Some(Tables::new(&own.audit, others.map(|(_, (_, published))| &published.audit).collect()))
    };
    let tables: Vec<Tables<'_>> = (0..files.len()).filter_map(tables).collect();
    let figures = files.iter().zip(&tables).map(|((_, published), tables)| Figures::new(&published.claims, tables));
    let figures: Vec<Figures<'_>> = figures.collect();
    let audited = files.iter().zip(&figures).map(|((name, _), figures)| audit_file(name, figures)).collect();
    Audits { version: VERSION, files: audited, across: across::compare(&figures) }
}

fn audit_file(name: &str, figures: &Figures<'_>) -> Audited {
    let claims = figures.claims();
    let relations: Vec<Relation> = claims.iter().filter_map(|claim| relation_of(claim, figures)).collect();
    let mut board = Board::default();
    for claim in claims {
        check(claim, figures, &relations, &mut board);
    }
    for made in scaling::judge(figures) {
        board.add(made);
    }
    board.into_audited(name, claims)
}

/// Everything about one claim by itself.
fn check(claim: &Claim, figures: &Figures<'_>, relations: &[Relation], board: &mut Board) {
    for outcome in gain::judge(claim, figures) {
        board.take(claim, outcome);
    }
    let Some(figure) = Figure::of(claim) else { return };
    let checked = Checked { claim, figure };
    for relation in relations.iter().filter(|relation| relation.claim == claim.id) {
        board.rest_on(relation.terms.values());
        for check in relation::judge(&checked, relation, figures) {
            board.take(claim, Ok(check.into()));
        }
    }
    let simple = [
        relation::against_data_sheet(&checked, figures),
        limits::judge(&checked),
        memory::above_sheet(&checked, figures),
    ];
    for check in simple.into_iter().flatten() {
        board.take(claim, Ok(check.into()));
    }
    if let Some(made) = memory::filled(&checked, figures) {
        board.take(claim, Ok(made));
    }
    let direct = roofline::judge(&checked, figures.tables).map(|outcome| outcome.map(Made::from));
    if let Some(outcome) = direct.or_else(|| roofline::implied(&checked, figures)) {
        board.take(claim, outcome);
    }
}

/// By what arithmetic the throughput that a claim states takes more memory
/// traffic than its machine has; `None` if it does not, or nobody can tell.
pub fn implausible(claim: &Claim, audit: &Audit) -> Option<String> {
    let checked = Checked { claim, figure: Figure::of(claim)? };
    let check = roofline::judge(&checked, &Tables::new(audit, Vec::new()))?.ok()?;
    (check.verdict == Verdict::Implausible).then_some(check.arithmetic)
}

/// How a claim follows from others: as it is written, else as its metric and
/// cell say.
fn relation_of(claim: &Claim, figures: &Figures<'_>) -> Option<Relation> {
    let written = figures.tables.relations().iter().find(|relation| relation.claim == claim.id).cloned();
    written.or_else(|| derive::relation(claim, figures.claims()))
}

/// A check of a claim, and the claims whose figures it rests on.
struct Made {
    claim: Option<ClaimId>,
    check: Check,
    rests_on: Vec<ClaimId>,
}

impl From<Check> for Made {
    fn from(check: Check) -> Self {
        Self { claim: None, check, rests_on: Vec::new() }
    }
}
