//! What the user declared: TOML in, [`Scenario`] out, with every problem found
//! at once and shown at its place. Reads files only.

mod check;
mod claim;
mod decode;
mod design;
mod diagnostic;
mod explanation;
mod factor;
mod fields;
mod files;
mod find;
mod load;
mod overlay;
mod phase;
mod read;
mod reference;
mod resolve;
mod rule;
mod server;
mod shape;
mod source;
mod spelling;
mod step;
mod syntax;
mod template;
mod trace;
mod traffic;
mod tree;
mod variables;
mod warnings;

pub use claim::{Claim, ClaimKind, Source, SystemMatch};
pub use design::{Adaptive, Cooldown, Design, Order, Replicate};
pub use diagnostic::{Code, Color, Problem, Problems, Severity};
pub use factor::{Factor, Level, Selector, Treatment};
pub use find::{Find, Searched};
pub use load::{LoadOptions, load, load_frozen};
pub use phase::{Endpoint, Expect, Fault, Length, PhaseSpec, RequestSpec, Slo};
pub use reference::{UnknownWord, contents, explain};
pub use resolve::{Bindings, Resolved, Scenario};
pub use rule::{Part, Quantity, Rule, RuleError, Term};
pub use server::{Preload, Ready, ServerOrigin, ServerSpec, Stop};
pub use shape::schema;
pub use step::*;
pub use traffic::{Arrival, Load};
