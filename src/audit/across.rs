//! Claims of different sources about the same machine, model and load.

use indexmap::IndexMap;
use serde::Serialize;

use super::Range;
use super::cells::{SCALE, differing, whole};
use super::figure::{Figure, Figures};
use super::shown::{Shown, short};
use crate::names::ClaimId;
use crate::scenario::{Claim, ClaimKind, Selector};

/// Keys of a cell that name what is served, or a part of the publication, and
/// no way to serve.
const NAMES: [&str; 2] = ["model", "phase"];
/// Keys that change what one read of the weights gives: who says nothing of
/// them has none of it.
const MULTIPLIES: [&str; 3] = ["draft_tokens", "tokens_per_step", "machines"];

/// How the sources compare.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Across {
    /// Pairs of claims of different sources that speak of the same.
    pub pairs: usize,
    /// Those of them that agree, by their digits and tolerances.
    pub agreeing: usize,
    /// Where claims do not, in the order of the first of them.
    pub contradictions: Vec<Contradiction>,
}

/// Claims about the same that no value fits.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Contradiction {
    /// Machine, model, load and metric.
    pub about: String,
    /// Every claim that another one contradicts, from the least.
    pub sides: Vec<Side>,
    /// What they state differently.
    pub differs: Vec<String>,
    /// What would explain it and not all of their claims state.
    pub unstated: Vec<String>,
}

/// One claim of a contradiction.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Side {
    /// Which claim.
    pub claim: ClaimId,
    /// Where it stands.
    pub source: String,
    /// When that was published.
    pub date: Option<String>,
    /// Its figure, as printed, with the unit.
    pub printed: String,
    /// What its digits and its tolerance leave open.
    pub range: Range,
}

/// Holds the claims of several files against each other.
pub(super) fn compare(files: &[Figures<'_>]) -> Across {
    let statements: Vec<Statement<'_>> = files
        .iter()
        .flat_map(|figures| figures.claims().iter().filter_map(|claim| Statement::of(claim, figures)))
        .collect();
    let mut across = Across::default();
    let mut conflicts: IndexMap<String, Vec<usize>> = IndexMap::new();
    for (place, one) in statements.iter().enumerate() {
        for (other_place, other) in statements.iter().enumerate().skip(place + 1) {
            if !one.is_about_the_same(other) {
                continue;
            }
            across.pairs += 1;
            if one.range.overlaps(other.range) {
                across.agreeing += 1;
                continue;
            }
            let places = conflicts.entry(one.about()).or_default();
            places.extend([place, other_place]);
        }
    }
    let of = |places: Vec<usize>| {
        let named = statements.iter().enumerate().filter(|(place, _)| places.contains(place));
        let mut sides: Vec<&Statement<'_>> = named.map(|(_, statement)| statement).collect();
        sides.sort_by(|one, other| one.figure.value.total_cmp(&other.figure.value));
        sides
    };
    across.contradictions = conflicts.into_iter().map(|(about, places)| contradiction(about, &of(places))).collect();
    across
}

/// A figure with what it speaks of.
struct Statement<'a> {
    claim: &'a Claim,
    cell: &'a Selector,
    figure: Figure,
    range: Range,
    gpu: String,
    /// The model it names, and the one that this is like.
    model: String,
    shape: String,
    quantisation: Option<String>,
}

impl<'a> Statement<'a> {
    /// `None` where a claim states no figure, no machine, no model or no load.
    fn of(claim: &'a Claim, figures: &Figures<'a>) -> Option<Self> {
        let (ClaimKind::Absolute { cell, .. } | ClaimKind::Range { cell, .. }) = &claim.kind else { return None };
        let system = claim.system.as_ref()?;
        let model = figures.tables.model(cell).ok();
        let named = cell.0.get("model").map(ToString::to_string);
        let name = model.map(|model| model.name.clone()).or(named)?;
        let figure = Figure::of(claim)?;
        whole(cell, "clients")?;
        let open = claim.kind.tolerance().map_or(0.0, |tolerance| tolerance.fraction() * figure.value.abs());
        let range = Range {
            least: figure.range.least.min(figure.value - open),
            most: figure.range.most.max(figure.value + open),
        };
        Some(Self {
            claim,
            cell,
            range: if matches!(claim.kind, ClaimKind::Range { .. }) { figure.range } else { range },
            figure,
            gpu: system.gpu.clone()?,
            shape: model.and_then(|model| model.like.clone()).unwrap_or_else(|| name.clone()),
            quantisation: system.quantisation.clone().or_else(|| model?.quantisation.clone()),
            model: name,
        })
    }

    fn is_about_the_same(&self, other: &Self) -> bool {
        let same = |one: &str, other: &str| one.eq_ignore_ascii_case(other);
        let is_other_quantisation =
            self.quantisation.as_ref().zip(other.quantisation.as_ref()).is_some_and(|(one, its)| !same(one, its));
        let clients = |statement: &Self| whole(statement.cell, "clients");
        self.claim.source.file != other.claim.source.file
            && self.claim.kind.metric() == other.claim.kind.metric()
            && same(&self.gpu, &other.gpu)
            && same(&self.shape, &other.shape)
            && !is_other_quantisation
            && clients(self) == clients(other)
            && differing(self.cell, other.cell).iter().all(|key| NAMES.contains(key))
            && MULTIPLIES.iter().all(|key| self.cell.0.contains_key(*key) == other.cell.0.contains_key(*key))
    }

    fn about(&self) -> String {
        let clients = whole(self.cell, "clients").unwrap_or(1);
        let plural = if clients == 1 { "" } else { "s" };
        format!("{}, {}, {clients} client{plural}, `{}`", self.gpu, self.shape, self.claim.kind.metric())
    }

    /// What may explain a difference; `None` for what it does not state.
    fn facts(&self) -> Vec<(&'a str, Option<String>)> {
        let system = self.claim.system.as_ref();
        let of_cell = |key: &str| self.cell.0.get(key).map(ToString::to_string);
        let mut facts = vec![
            ("model", Some(self.model.clone())),
            ("quantisation", self.quantisation.clone()),
            ("engine", system.and_then(|system| system.engine.clone())),
            ("driver", system.and_then(|system| Some(system.driver?.to_string()))),
            ("date", self.claim.source.date.clone()),
            ("context", of_cell("context")),
        ];
        let others = self.cell.0.keys().map(String::as_str);
        // For a single request it does not matter what would serve more.
        let is_single = whole(self.cell, "clients") == Some(1);
        let is_way = |key: &&str| {
            let is_told = NAMES.contains(key) || ["clients", "context"].contains(key);
            !is_told && (!is_single || !SCALE.contains(key))
        };
        facts.extend(others.filter(is_way).map(|key| (key, of_cell(key))));
        facts
    }

    fn side(&self) -> Side {
        let unit = Shown::of(&self.claim.kind).unit();
        let printed = self.figure.printed.trim_end_matches(unit);
        Side {
            claim: self.claim.id.clone(),
            source: self.claim.source.file.clone(),
            date: self.claim.source.date.clone(),
            printed: format!("{printed}{unit}"),
            range: self.range,
        }
    }
}

fn contradiction(about: String, sides: &[&Statement<'_>]) -> Contradiction {
    let facts: Vec<IndexMap<&str, Option<String>>> =
        sides.iter().map(|side| side.facts().into_iter().collect()).collect();
    let mut keys: Vec<&str> = facts.iter().flat_map(|facts| facts.keys().copied()).collect();
    let mut seen = Vec::new();
    keys.retain(|key| {
        !seen.contains(key) && {
            seen.push(*key);
            true
        }
    });
    let (mut differs, mut unstated) = (Vec::new(), Vec::new());
    for key in keys {
        let values: Vec<Option<&String>> = facts.iter().map(|facts| facts.get(key).and_then(Option::as_ref)).collect();
        let stated: Vec<&String> = values.iter().copied().flatten().collect();
        if stated.iter().any(|value| Some(value) != stated.first()) {
            let told: Vec<&str> = values.iter().map(|value| value.map_or("unstated", String::as_str)).collect();
            differs.push(format!("{key} {}", told.join(" / ")));
        } else if stated.is_empty() {
            unstated.push(key.to_owned());
        } else if stated.len() < values.len() {
            let lacking: Vec<&Statement<'_>> =
                sides.iter().zip(&values).filter(|(_, value)| value.is_none()).map(|(side, _)| *side).collect();
            unstated.push(match lacking.as_slice() {
                [only] => format!("{key} of `{}`", only.claim.id),
                several => format!("{key} of {} of them", several.len()),
            });
        }
    }
    Contradiction { about, sides: sides.iter().map(|side| side.side()).collect(), differs, unstated }
}

impl Contradiction {
    /// How far the extremes are apart: `1.24x`.
    pub(super) fn times(&self) -> Option<String> {
        let (first, last) = (self.sides.first()?, self.sides.last()?);
        let middle = |side: &Side| f64::midpoint(side.range.least, side.range.most);
        Some(format!("{}x", short(middle(last) / middle(first))))
    }
}
