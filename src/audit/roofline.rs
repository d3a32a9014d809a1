//! A throughput against the memory traffic it takes.
//!
//! To decode a token a server reads its weights once; a server that batches
//! reads them once for a token of every request in the batch, and with drafting
//! for every token that comes out of a step. Separate processes share nothing:
//! each reads the weights for its own tokens. The traffic of key-value caches
//! and of a drafting model comes on top, and is left out: what is found
//! implausible is so without it.
//!
//! A token of a mixture of experts takes `k` of the `E` experts of each layer. A
//! step of `t` tokens reads at least `k` of them, if all tokens take the same,
//! and `E·(1 − (1 − k/E)^t)` on average if each token takes its own at random: an
//! expert is passed over by one token with probability `1 − k/E`, by all of them
//! with its `t`-th power. Real routing lies between, so only what exceeds the
//! first is implausible.

use super::cells::{may_be_one, same_machine};
use super::checked::Checked;
use super::figure::{Figure, Figures, Stated, Tables};
use super::shown::{ends, short};
use super::topology::{Drafting, Topology};
use super::{Basis, Check, ExpertsRead, Made, Range, Verdict};
use crate::scenario::{ByteRange, Claim, ClaimKind, DataSheet, Experts, ModelReads};

/// Judges a claim about throughput; in words what is missing for that. `None`
/// for any other claim.
pub(super) fn judge(checked: &Checked<'_>, tables: &Tables<'_>) -> Option<Result<Check, String>> {
    let claim = checked.claim;
    let (ClaimKind::Absolute { metric, cell, .. }
    | ClaimKind::AtLeast { metric, cell, .. }
    | ClaimKind::Range { metric, cell, .. }) = &claim.kind
    else {
        return None;
    };
    matches!(metric.as_str(), "output_throughput" | "individual_rate" | "decode_rate").then(|| {
        let sheet = tables
            .sheet(claim)
            .ok_or_else(|| format!("no `[[audit.system]]` gives the bandwidth of {}", system(claim)))?;
        let model = tables.model(cell)?;
        if model.experts.is_none() && is_mixture(&model.name) {
            let name = &model.name;
            return Err(format!("`{name}` is a mixture of experts, and its `[[audit.model]]` has no `experts`"));
        }
        Ok(Roofline { checked, sheet, model, topology: Topology::of(cell, metric.as_str())? }.check())
    })
}

/// Judges the throughput that a ratio gives with the published figure below its
/// line, if the one above is not published itself.
pub(super) fn implied(checked: &Checked<'_>, figures: &Figures<'_>) -> Option<Result<Made, String>> {
    let claim = checked.claim;
    let ClaimKind::Ratio { metric, numerator, denominator, tolerance, .. } = &claim.kind else { return None };
    let own = |stated: &Stated<'_>| same_machine(stated.claim, claim);
    let stated: Vec<_> = figures.stated(metric.as_str()).filter(own).collect();
    let below = stated.iter().find(|stated| may_be_one(stated.cell, denominator))?;
    if metric.as_str() != "output_throughput" || stated.iter().any(|stated| stated.cell == numerator) {
        return None;
    }
    let (ratio, single) = (&checked.figure, &below.figure);
    let figure = Figure {
        printed: format!("{} × {}", ratio.printed, single.printed),
        value: ratio.value * single.value,
        range: Range { least: ratio.range.least * single.range.least, most: ratio.range.most * single.range.most },
    };
    let kind = ClaimKind::Absolute {
        metric: metric.clone(),
        cell: numerator.clone(),
        value: figure.value,
        tolerance: *tolerance,
    };
    let implied = Claim { kind, ..claim.clone() };
    let outcome = judge(&Checked { claim: &implied, figure }, figures.tables)?;
    Some(outcome.map(|check| Made { claim: None, check, rests_on: vec![below.claim.id.clone()] }))
}

fn system(claim: &Claim) -> String {
    let gpu = claim.system.as_ref().and_then(|system| system.gpu.as_deref());
    gpu.map_or_else(|| "its system, which it does not name".to_owned(), |gpu| format!("`{gpu}`"))
}

/// Whether a model is a mixture of experts by its name: `Qwen3-30B-A3B`,
/// `Mixtral-8x7B`.
fn is_mixture(name: &str) -> bool {
    const KNOWN: [&str; 5] = ["moe", "mixtral", "gpt-oss", "deepseek-v3", "kimi-k2"];
    let name = name.to_lowercase();
    let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit()) && text.parse::<f64>().is_ok();
    let is_active = |part: &str| {
        let inner = part.strip_suffix('b').unwrap_or_default();
        inner.strip_prefix('a').is_some_and(is_number)
            || inner.split_once('x').is_some_and(|(count, size)| is_number(count) && is_number(size))
    };
    KNOWN.iter().any(|known| name.contains(known))
        || name.split(|c: char| !c.is_alphanumeric() && c != '.').any(is_active)
}

/// Of a mixture of experts that is faster than random routing allows.
const SHARED: &str = "so fast only if requests take the same experts";

struct Roofline<'a> {
    checked: &'a Checked<'a>,
    sheet: &'a DataSheet,
    model: &'a ModelReads,
    topology: Topology,
}

impl Roofline<'_> {
    fn check(&self) -> Check {
        let Self { checked, sheet, topology, .. } = self;
        let (bytes, tokens) = (self.bytes_per_step(), topology.tokens_per_read());
        let bandwidth = sheet.bandwidth_gb_per_s * f64::from(topology.machines.unwrap_or(1));
        let ceiling = Range::of(bandwidth * 1e9 * tokens).over(bytes);
        let is_possible = checked.figure.range.least <= ceiling.most;
        let need = bytes.scaled(checked.figure.value / tokens / 1e9);
        let verdict = match is_possible {
            false => Verdict::Implausible,
            // By what its digits leave open, not by itself.
            true if need.least > bandwidth => Verdict::Rounded,
            true => Verdict::Plausible,
        };
        let arithmetic = format!(
            "{} tok/s × {} GB{} = {} GB/s {} {bandwidth} GB/s ({}, {} %)",
            checked.figure.printed.trim_end_matches(" tok/s"),
            ends(bytes.scaled(1e-9), 3),
            if tokens > 1.0 { format!(" / {} tokens a read", short(tokens)) } else { String::new() },
            ends(need, 3),
            if verdict == Verdict::Plausible { "of" } else { ">" },
            sheet.gpu,
            ends(need.scaled(100.0 / bandwidth), 2),
        );
        let mut check = checked.check(Basis::Roofline, verdict, arithmetic, ceiling);
        check.assumes = Some(topology.assumption());
        check.experts = self.model.experts.and_then(|experts| self.reads_of(experts));
        if need.least <= bandwidth && need.most > bandwidth {
            check.notes.extend(self.model.experts.map(|_| SHARED.to_owned()));
        }
        if !is_possible {
            check.notes.push(self.alternatives(ceiling));
        }
        check
    }

    /// What a step reads: for a mixture of experts from all tokens on the same
    /// experts to each on experts of its own.
    fn bytes_per_step(&self) -> Range {
        let ByteRange { least, most } = self.model.bytes_per_token;
        let per_token = Range { least: least.as_f64(), most: most.as_f64() };
        let Some(experts) = self.model.experts else { return per_token };
        let of_all = experts.bytes.most.as_f64() / f64::from(experts.count);
        let shared = (per_token.most - of_all * f64::from(experts.active)).max(0.0);
        let apart = shared + of_all * self.touched(experts);
        Range { least: per_token.least, most: apart.max(per_token.most) }
    }

    /// How many experts of a layer a step reads on average, if each token takes
    /// its own at random.
    fn touched(&self, Experts { count, active, .. }: Experts) -> f64 {
        let passed_over = 1.0 - f64::from(active) / f64::from(count);
        f64::from(count) * (1.0 - passed_over.powf(self.scored()))
    }

    /// How many tokens a step works on: all that are drafted, whether they come
    /// out or not.
    fn scored(&self) -> f64 {
        self.topology.tokens_per_read().ceil()
    }

    /// How many experts of a layer a step of several tokens reads.
    fn reads_of(&self, experts: Experts) -> Option<ExpertsRead> {
        let Experts { count, active, .. } = experts;
        (self.scored() >= 2.0).then(|| ExpertsRead { count, least: active, at_random: self.touched(experts) })
    }

    /// What it would take, of that which the cell does not settle.
    fn alternatives(&self, ceiling: Range) -> String {
        let Topology { clients, batch, drafting, machines, .. } = self.topology;
        let value = self.checked.figure.value;
        let factor = Range::of(value).over(ceiling);
        let times = ends(factor, 3);
        let clients = clients.filter(|clients| *clients > 1);
        let mut all = Vec::new();
        if let Some(clients) = clients {
            let each = short(value / f64::from(clients));
            let sum = "a sum of rates of replies that waited for each other";
            all.push(format!("{sum}: each one's own rate leaves out its waiting ({clients} × {each})"));
        }
        if batch == 1 && clients.is_some() {
            all.push(format!("batching in one server, {times} tokens for each read of the weights"));
        }
        if drafting == Drafting::Unsaid {
            all.push(format!("drafting, {times} accepted tokens a step"));
        }
        if machines.is_none() {
            all.push(format!("{} such machines", factor.least.ceil()));
        }
        if self.checked.claim.system.as_ref().is_none_or(|system| system.quantisation.is_none()) {
            let bytes = self.bytes_per_step().least / factor.least;
            all.push(format!("a smaller quantisation, at most {} GB a token", short(bytes / 1e9)));
        }
        if all.is_empty() {
            return format!("it is {times} times what the memory can move");
        }
        format!("not excluded by what is published: {}", all.join("; "))
    }
}
