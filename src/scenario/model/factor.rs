use std::fmt;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::names::FactorName;

/// One value a factor can take.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(with = "serde_json::Value", extend("type" = ["boolean", "number", "string"]))]
pub enum Level {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(String),
}

impl Level {
    /// Whether a value, written out, is this level; numbers are compared as
    /// numbers, so that `2` is a rate of 2.0.
    pub fn is(&self, value: &str) -> bool {
        let level = self.to_string();
        level == value
            || level
                .parse::<f64>()
                .is_ok_and(|level| value.parse::<f64>().is_ok_and(|value| (level - value).abs() < 1e-9))
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Float(value) => write!(f, "{value}"),
            Self::Text(value) => f.write_str(value),
        }
    }
}

/// What the experimenter varies, and the values it takes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Factor {
    /// Its name, also a variable in expressions.
    pub name: FactorName,
    /// At least one level, in the order written.
    pub levels: Vec<Level>,
}

/// One combination of factor levels (design of experiments: a *treatment*).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Treatment(pub IndexMap<FactorName, Level>);

impl Treatment {
    /// The level of one factor.
    pub fn level(&self, factor: &str) -> Option<&Level> {
        self.0.iter().find_map(|(name, level)| (name.as_str() == factor).then_some(level))
    }
}

/// `mps=on,servers=3`; `default` when no factor is declared.
impl fmt::Display for Treatment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&treatment_text(&self.0, ","))
    }
}

/// `mps=on,servers=3` with this comma; `default` when no factor is declared.
pub fn treatment_text<F: fmt::Display, L: fmt::Display>(levels: &IndexMap<F, L>, comma: &str) -> String {
    if levels.is_empty() {
        return "default".to_owned();
    }
    levels.iter().map(|(factor, level)| format!("{factor}={level}")).collect::<Vec<_>>().join(comma)
}

/// Picks cells by what they are: factor names, `phase`, `clients` and `rate`,
/// each with the value it must have. What it does not name may be anything.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Selector(pub IndexMap<String, Level>);

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (key, level)) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{key}={level}")?;
        }
        Ok(())
    }
}
