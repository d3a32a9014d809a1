use serde::Serialize;

use crate::report::figure;
use crate::report::text::{NOT_MEASURED, line};
use crate::summary::{Estimate, Measured};
use crate::verdict::{Change, Effect, Verdicts};

/// What each factor contributes to output throughput.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectsView {
    /// Where it was measured: phase and load.
    pub place: String,
    /// One sentence for every factor.
    pub sentences: Vec<String>,
    /// Every factor and pair of factors, and each combination of the others.
    pub rows: Vec<EffectRow>,
}

/// One line of the table of effects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EffectRow {
    /// `mps=on over mps=off`; for a pair, both with `×` between them.
    pub effect: String,
    /// The other factors' levels, or over which combinations of them.
    pub at: String,
    /// The ratio with its interval, or why there is none.
    pub ratio: String,
    /// Complete blocks.
    pub blocks: u32,
}

impl EffectsView {
    pub(super) fn of(verdicts: &Verdicts) -> Self {
        let (effects, margin) = (&verdicts.effects, verdicts.decision.margin);
        let place = effects.first().map(|effect| line(&format!("phase \"{}\" at {}", effect.phase, effect.load)));
        let main = effects.iter().filter(|effect| effect.with.is_none());
        Self {
            place: place.unwrap_or_default(),
            sentences: main.map(|effect| line(&sentence(effect, margin))).collect(),
            rows: effects.iter().flat_map(|effect| rows(effect, margin)).collect(),
        }
    }
}

/// `MPS: ×1.650 (95 % 1.600 to 1.710), mps=on over mps=off at servers=3; …`.
fn sentence(effect: &Effect, margin: f64) -> String {
    let (title, change) = (title(&effect.change.factor), words(&effect.change));
    let ratio = match &effect.ratio {
        Measured::Gap(gap) => return format!("{title}, {change}: {}", reason(&gap.to_string())),
        Measured::Estimate(ratio) => ratio,
    };
    let blocks = format!("{}, {}", effect.load, counted(ratio.n, "block"));
    let estimates = || effect.at.iter().filter_map(|(at, ratio)| Some((at, ratio.estimate()?)));
    let least = estimates().min_by(|(_, one), (_, other)| one.value.total_cmp(&other.value));
    let most = estimates().max_by(|(_, one), (_, other)| one.value.total_cmp(&other.value));
    match (least, most) {
        (Some((least_at, least)), Some((most_at, most))) if is_mixed(effect, margin) => format!(
            "{title}, {change}: from {} at {least_at} to {} at {most_at}: no one effect; {blocks}",
            times(least),
            times(most),
        ),
        (Some((least_at, least)), Some((most_at, most))) if effect.at.len() > 1 => format!(
            "{title}, {change}: from {} at {least_at} to {} at {most_at}, {} on average over {} combinations of the other factors; {blocks}",
            times(least),
            times(most),
            times(ratio),
            effect.at.len(),
        ),
        (Some((at, _)), _) if !at.is_empty() => format!("{title}, {change}: {} at {at}; {blocks}", times(ratio)),
        _ => format!("{title}, {change}: {}; {blocks}", times(ratio)),
    }
}

fn times(ratio: &Estimate) -> String {
    let interval = ratio.interval.map_or_else(
        || "single run, no interval".to_owned(),
        |interval| format!("{} {:.3} to {:.3}", ratio.confidence, interval.lower, interval.upper),
    );
    format!("×{:.3} ({interval})", ratio.value)
}

/// The average, and what it is over where that is more than one.
fn rows(effect: &Effect, margin: f64) -> Vec<EffectRow> {
    let words = match &effect.with {
        None => words(&effect.change),
        Some(with) => format!("({}) × ({})", words(&effect.change), words(with)),
    };
    let over = match effect.at.as_slice() {
        [] => "–".to_owned(),
        [(at, _)] if at.is_empty() => "no other factor".to_owned(),
        [(at, _)] => at.clone(),
        several => {
            let places: Vec<&str> = several.iter().map(|(at, _)| at.as_str()).collect();
            format!("average over {}", places.join("; "))
        }
    };
    let each = if effect.at.len() > 1 { effect.at.as_slice() } else { &[] };
    let average = (!is_mixed(effect, margin)).then_some((&over, &effect.ratio));
    let all = average.into_iter().chain(each.iter().map(|(at, ratio)| (at, ratio)));
    all.map(|(at, ratio)| row(&words, at, ratio)).collect()
}

/// Whether it goes one way at some levels of the other factors, and the other
/// way at others, both by more than the margin: an average says nothing of
/// either.
fn is_mixed(effect: &Effect, margin: f64) -> bool {
    let values = || effect.at.iter().filter_map(|(_, ratio)| Some(ratio.estimate()?.value));
    values().any(|value| value < 1.0 / (1.0 + margin)) && values().any(|value| value > 1.0 + margin)
}

fn row(effect: &str, at: &str, ratio: &Measured) -> EffectRow {
    let (ratio, blocks) = match ratio {
        Measured::Estimate(ratio) => (format!("×{}", figure::ratio(ratio.value, ratio.interval)), ratio.n),
        Measured::Gap(gap) => (reason(&gap.to_string()), 0),
    };
    EffectRow { effect: line(effect), at: line(at), ratio: line(&ratio), blocks }
}

fn reason(gap: &str) -> String {
    if gap.starts_with(NOT_MEASURED) { gap.to_owned() } else { format!("{NOT_MEASURED}: {gap}") }
}

fn words(Change { factor, from, to }: &Change) -> String {
    format!("{factor}={to} over {factor}={from}")
}

/// What the guide calls a factor; another goes by its own name.
fn title(factor: &str) -> &str {
    match factor {
        "mps" => "MPS",
        "slots" => "Batching",
        "servers" => "Number of processes",
        other => other,
    }
}

fn counted(number: u32, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}
