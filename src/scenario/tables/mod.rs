//! The tables that are read key by key, each of their keys declared once. The
//! others are decoded as a whole, and declare themselves (`RequestSpec`, …).

mod claim;
mod file;
mod phase;
mod server;
mod step;

pub(super) use claim::{Claim, ClaimKeys, Kind};
pub(crate) use file::ScenarioFile;
pub(super) use file::{AuditKeys, DecisionKeys, EpochKeys, LoadChoice, RuleKeys, ScenarioKeys};
pub(super) use phase::{ArrivalsKeys, DESCRIBED, FaultKeys, LENGTHS, PhaseKeys};
pub(super) use server::{ComposeOrigin, ORIGINS, ServerKeys};
pub(super) use step::{CommonKeys, StepKeys};
