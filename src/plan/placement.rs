use std::path::Path;

use crate::scenario::Bindings;

/// Where a plan would be carried out.
#[derive(Clone, Copy, Debug)]
pub struct Placement<'a> {
    /// The scenario's folder, absolute.
    pub scenario_dir: &'a Path,
    /// What the plan was made with.
    pub bindings: &'a Bindings,
}
