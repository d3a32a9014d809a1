//! What an audit of published numbers needs beside them.

use indexmap::IndexMap;
use minijinja::value::{Value as Computed, ValueKind};
use schemars::JsonSchema;
use serde::Deserialize;

use super::claim::Source;
use super::rule::environment;
use crate::format::{table, template};
use crate::names::ClaimId;
use crate::units::Bytes;

/// `[audit]`: the tables that only `runexp audit` reads.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    /// The machines that claims speak of.
    pub systems: Vec<DataSheet>,
    /// The models that were measured.
    pub models: Vec<ModelReads>,
    /// Claims that follow from others.
    pub relations: Vec<Relation>,
}

table! {
    /// `[[audit.system]]`: what a machine can do at most, by its data sheet.
    #[derive(Clone, Debug, PartialEq, JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub struct DataSheet as pub(in crate::scenario) SheetKeys {
        /// What claims name it by: the `gpu` of their `system`.
        pub gpu: String,
        /// Bytes that its memory moves in a second, in units of 10⁹.
        #[schemars(range(min = 1, max = 1_000_000))]
        pub bandwidth_gb_per_s: f64,
        /// Memory that it is sold with. GB here leaves open whether 10⁹ or 2³⁰
        /// bytes are meant, as data sheets do; GiB does not.
        #[schemars(with = "Option<Bytes>")]
        pub memory: Option<Bytes>,
        /// Where that stands.
        pub source: Source,
    }
}

table! {
    /// `[[audit.model]]`: what decoding reads from memory.
    #[derive(Clone, Debug, PartialEq, JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub struct ModelReads as pub(in crate::scenario) ReadsKeys {
        /// Its name. Where there are several, a claim names one by `model` in its
        /// cell.
        pub name: String,
        /// Another model that reads about as much for a token: claims about both are
        /// held against each other, and the difference is told.
        pub like: Option<String>,
        /// How its weights are quantised, where claims do not say: `Q4_K_M`.
        pub quantisation: Option<String>,
        /// Bytes of weights that a decoding step reads: for one token, or for one
        /// token of every request that a server batches. Of a mixture of experts
        /// for one token.
        pub bytes_per_token: ByteRange,
        /// Its experts, if it is a mixture of them: how much a step reads depends
        /// on how many tokens it decodes.
        #[schemars(with = "Option<Experts>")]
        pub experts: Option<Experts>,
        /// Where that stands.
        pub source: Source,
    }
}

/// The experts of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Experts {
    /// How many each layer has.
    #[schemars(range(min = 1, max = 100_000))]
    pub count: u32,
    /// How many of them a token takes.
    #[schemars(range(min = 1, max = 100_000))]
    pub active: u32,
    /// The weights of all experts of all layers.
    pub bytes: ByteRange,
}

/// An amount of data that is not known exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ByteRange {
    /// At least this.
    pub least: Bytes,
    /// At most this.
    pub most: Bytes,
}

table! {
    /// `[[audit.relation]]`: a claim that follows from others.
    #[derive(Clone, Debug, PartialEq, JsonSchema)]
    #[schemars(deny_unknown_fields)]
    pub struct Relation as pub(in crate::scenario) RelationKeys {
        /// Which claim.
        pub claim: ClaimId,
        /// What its figure must be: an expression over the names of `terms`,
        /// `spark / rtx5090` say.
        pub equals: String,
        /// The claims whose figures the expression reads, by the names it has for
        /// them.
        pub terms: IndexMap<String, ClaimId>,
    }
}

/// A relation has no value.
#[derive(Debug, thiserror::Error)]
pub enum RelationError {
    /// It cannot be parsed or computed.
    #[error("{0}")]
    Expression(String),
    /// It gives something else, or what is no finite number.
    #[error("`equals` gives a {found} that is no finite number")]
    NoNumber {
        /// What it gives.
        found: ValueKind,
    },
}

impl From<minijinja::Error> for RelationError {
    fn from(error: minijinja::Error) -> Self {
        Self::Expression(template::reason(&error))
    }
}

impl Relation {
    /// What the claim must be if the claims it follows from are these.
    ///
    /// # Errors
    /// When it cannot be computed with these figures: a division by zero, say.
    pub fn value(&self, figure: impl Fn(&ClaimId) -> f64) -> Result<f64, RelationError> {
        let terms = self.terms.iter().map(|(name, id)| (name.as_str(), figure(id)));
        let computed = environment().compile_expression(&self.equals)?.eval(Computed::from_pairs(terms))?;
        let found = computed.kind();
        f64::try_from(computed).ok().filter(|value| value.is_finite()).ok_or(RelationError::NoNumber { found })
    }
}
