//! `find`.

use super::super::diagnostic::Code;
use super::super::fields::Fields;
use super::super::find::{Find, Searched, WrittenFind, WrittenMax};
use super::super::phase::Slo;
use super::super::source::Finding;
use super::super::traffic::Load;
use super::traffic::{LEAST_PER_SECOND, MOST_CLIENTS, MOST_PER_SECOND, means_nothing, read_drawn};

const FINEST: f64 = 0.01;
const COARSEST: f64 = 0.5;

/// The search, if there is one; then nothing else says how much load there is.
pub(super) fn read_find(fields: &Fields<'_>) -> Option<Find> {
    fields.raw("find")?;
    for key in ["clients", "rate"] {
        means_nothing(fields, key, "`find`", "`find` tries loads between its `from` and its `to`");
    }
    means_nothing(fields, "fault", "`find`", "put the fault into a phase of its own");
    // Known here, whatever `find` raises.
    fields.raw("arrival");
    let written: WrittenFind = fields.optional("find")?;
    let max = match written.max {
        WrittenMax::Rate => Searched::Rate(read_drawn(fields).unwrap_or_default()),
        WrittenMax::Clients => {
            means_nothing(fields, "arrival", "`max = \"clients\"`", "clients send when their last reply has come");
            means_nothing(fields, "max_in_flight", "`max = \"clients\"`", "that many are in flight anyway");
            Searched::Clients
        }
    };
    let (least, most) = match max {
        Searched::Clients => (1.0, f64::from(MOST_CLIENTS)),
        Searched::Rate(_) => (LEAST_PER_SECOND, MOST_PER_SECOND),
    };
    let WrittenFind { from, to, resolution, attainment, .. } = written;
    let complain = |message: String| {
        let span = fields.raw("find").map_or_else(|| fields.span(), |node| node.span.clone());
        fields.scope.notes.push(Finding::new(Code::Bounds, span, message));
    };
    if !(least <= from && from < to && to <= most) {
        complain(format!("`find` goes from {from} to {to} but must rise, between {least} and {most}"));
        return None;
    }
    if max == Searched::Clients && (from.fract() > 0.0 || to.fract() > 0.0) {
        complain("`find` raises `clients`, and there are only whole ones".to_owned());
        return None;
    }
    for (key, share, least, most) in
        [("resolution", resolution, FINEST, COARSEST), ("attainment", attainment, COARSEST, 1.0)]
    {
        if !(least..=most).contains(&share.fraction()) {
            complain(format!("`{key}` is {} but must be from {least} to {most}", share.fraction()));
        }
    }
    Some(Find { max, from, to, resolution, attainment })
}

/// The load that is tried first.
pub(super) fn lowest(find: &Find) -> Vec<Load> {
    vec![find.load(find.from)]
}

/// Without an objective every load would do.
pub(super) fn check_objectives(fields: &Fields<'_>, find: Option<&Find>, slo: &Slo) {
    if let (Some(_), true, Some(entry)) = (find, *slo == Slo::default(), fields.entry("find")) {
        let message = "`find` without `slo` has nothing to meet";
        let finding = Finding::new(Code::MissingKey, entry.key.clone(), message);
        fields.scope.notes.push(finding.help("give the phase a `slo`, { ttft = \"300ms\" } say"));
    }
}
