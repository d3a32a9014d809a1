//! What the user declared: TOML in, [`Scenario`] out, with every problem found
//! at once and shown at its place. Reads files only.

mod claim;
mod design;
mod factor;
mod phase;
mod server;
mod step;

pub use claim::{Claim, ClaimKind, Source, SystemMatch};
pub use design::{Cooldown, Design, Order, Replicate};
pub use factor::{Factor, Level, Selector, Treatment};
pub use phase::{Arrival, Endpoint, Expect, Fault, Length, Load, PhaseSpec, RequestSpec, Slo};
pub use server::{Preload, Ready, ServerOrigin, ServerSpec, Stop};
pub use step::{
    CacheLevel, ComposeStep, DropCachesStep, HttpStep, MemoryAvailableStep, MemoryFloor, MpsAction, MpsStep, OnError,
    RunStep, ShellStep, StepKind, StepSpec, WaitStep,
};
