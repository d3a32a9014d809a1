//! How a cell says that its servers decode: how many tokens one read of the
//! weights can give, and on which assumptions.

use super::cells::{number, whole};
use crate::scenario::Selector;

/// Servers, what each works on at once, and what is guessed in advance.
pub(super) struct Topology {
    processes: Option<u32>,
    pub(super) clients: Option<u32>,
    /// Requests that a server works on at once.
    pub(super) batch: u32,
    pub(super) drafting: Drafting,
    /// Machines that read their memories at the same time, if the cell says so.
    pub(super) machines: Option<u32>,
}

/// Tokens that are guessed in advance and read in one step (speculative
/// decoding).
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Drafting {
    /// None, or nothing is said of it.
    Unsaid,
    /// At most so many are guessed in a step: one more can come out.
    Drafted(u32),
    /// So many come out of a step on average, as published.
    PerStep(f64),
}

impl Topology {
    /// As a cell says it: `servers`, `slots`, `clients`, `draft_tokens` or
    /// `tokens_per_step`, `machines`. The rate of a single request is one of a
    /// batch of one.
    pub(super) fn of(cell: &Selector, metric: &str) -> Result<Self, String> {
        let (slots, clients) = (whole(cell, "slots"), whole(cell, "clients"));
        let is_of_one = matches!(metric, "individual_rate" | "decode_rate");
        let batch = match (slots, clients) {
            _ if is_of_one => 1,
            (_, Some(1)) => 1,
            (Some(slots), Some(clients)) => slots.min(clients),
            (Some(slots), None) => slots,
            (None, _) => return Err("its cell does not say how many `slots` a server batches".to_owned()),
        };
        let drafting = match (number(cell, "tokens_per_step"), whole(cell, "draft_tokens")) {
            (Some(tokens), _) => Drafting::PerStep(tokens.max(1.0)),
            (None, Some(tokens)) => Drafting::Drafted(tokens),
            (None, None) => Drafting::Unsaid,
        };
        let processes = whole(cell, "servers").filter(|_| !is_of_one);
        Ok(Self { processes, clients, batch, drafting, machines: whole(cell, "machines") })
    }

    /// The most tokens that one read of the weights can give.
    pub(super) fn tokens_per_read(&self) -> f64 {
        let per_request = match self.drafting {
            Drafting::Unsaid => 1.0,
            Drafting::Drafted(tokens) => f64::from(tokens) + 1.0,
            Drafting::PerStep(tokens) => tokens,
        };
        f64::from(self.batch) * per_request
    }

    /// What is assumed, in words.
    pub(super) fn assumption(&self) -> String {
        let machines = match self.machines {
            Some(machines) if machines > 1 => format!("{machines} machines"),
            Some(_) | None => "one machine".to_owned(),
        };
        let processes = match self.processes {
            Some(1) | None => "one process".to_owned(),
            Some(processes) => format!("{processes} processes that share no weights"),
        };
        let batch = match self.batch {
            1 => "one reply at a time in each".to_owned(),
            batch => format!("up to {batch} replies a step in each"),
        };
        let drafting = match self.drafting {
            Drafting::Unsaid => "no drafting".to_owned(),
            Drafting::Drafted(tokens) => format!("up to {tokens} tokens drafted a step"),
            Drafting::PerStep(tokens) => format!("{tokens} tokens a step by drafting"),
        };
        format!("{machines}, {processes}, {batch}, {drafting}")
    }
}
