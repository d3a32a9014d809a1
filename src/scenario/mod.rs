//! What the user declared: TOML in, [`Scenario`] out, with every problem found
//! at once and shown at its place. Reads files only.

mod check;
mod diff;
mod files;
mod load;
mod loaded;
mod model;
mod parts;
mod published;
mod read;
mod resolve;
mod step;
mod tables;
mod warnings;

pub use diff::differences;
pub use files::file_facts::{FileFacts, FileFormat, Skip, Skipped};
pub use load::{LoadOptions, load, load_frozen};
pub use model::audit::{Audit, ByteRange, DataSheet, Experts, ModelReads, Relation, RelationError};
pub use model::claim::{Claim, ClaimKind, Direction, RequestTime, Source, SystemMatch};
pub use model::design::{Adaptive, Cooldown, Design, Order, Replicate};
pub use model::factor::{Factor, Level, Selector, Treatment, treatment_text};
pub use model::fault::{Fault, Processes};
pub use model::find::{Find, Searched};
pub use model::header::{Header, HeaderSpec, HeaderValue, secrets_of};
pub use model::phase::{Endpoint, Expect, Length, PhaseSpec, PromptCache, RequestSpec, Slo};
pub use model::printed::{AmbiguousNumber, Printed, printed};
pub use model::prompt::{Prompt, PromptLine, PromptTemplate, Said, prompts};
pub use model::prompt_error::PromptError;
pub use model::prompt_format::PromptFormat;
pub use model::prompt_tokens::length_tolerance;
pub use model::question::{Goal, Question, Requirement, Side};
pub use model::rule::{Part, Quantity, Rule, RuleError, Term};
pub use model::server::{Preload, Ready, ServerOrigin, ServerSpec, Stop, url_of};
pub use model::telemetry::{Telemetry, WatchGpu};
pub use model::traffic::{Arrival, Load};
pub use parts::{changed_since, parts};
pub use published::{Published, load_published};
pub use resolve::{Bindings, Resolved, Scenario};
pub use step::*;
pub(crate) use tables::ScenarioFile;
