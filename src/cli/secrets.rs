//! The secrets of a run: kept off the screen, and out of its directory.

use std::sync::Arc;

use super::exit::Failure;
use super::screen;
use crate::journal::{Left, StateFolder};
use crate::names::RunId;
use crate::plan::Plan;
use crate::run::Secrets;
use crate::scenario::Scenario;
use crate::store;
use crate::text::Redaction;

/// Those of a run that is about to begin. From now on they are not shown.
pub(super) fn hide(secrets: &Secrets, scenario: &Scenario, plan: &Plan) -> Result<Arc<Redaction>, Failure> {
    let redaction = Arc::new(secrets.redaction(&scenario.frozen(), plan)?);
    screen::hide(&redaction);
    Ok(redaction)
}

/// Those of a run that did not come to its own end, as far as this process has
/// them in its environment. From now on they are not shown.
pub(super) fn hide_again(run: &RunId) -> Arc<Redaction> {
    let left = StateFolder::open().and_then(|state| Left::read(&state, run)).ok().flatten();
    let plan = left.and_then(|left| store::plan(&left.header?.run_dir).ok());
    let redaction = plan.map_or_else(|| Arc::new(Secrets::inherited()), |plan| of_kept(&plan, ""));
    screen::hide(&redaction);
    redaction
}

/// Those of a run that is over, as far as this process has them in its
/// environment. One that is kept with the run is none any more.
pub(super) fn of_kept(plan: &Plan, scenario: &str) -> Arc<Redaction> {
    Secrets::read_again(plan).redaction(scenario, plan).map_or_else(|_| Arc::default(), Arc::new)
}
