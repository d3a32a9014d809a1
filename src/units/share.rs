use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

/// A part of a whole. Scenarios write "70%" or a fraction like 0.7.
#[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct Share(f64);

/// The text is not a share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a share; write it like \"70%\" or 0.7")]
pub struct ParseShareError {
    /// What was written.
    pub text: String,
}

impl Share {
    /// From a fraction; `None` if it is negative or not finite.
    pub fn from_fraction(fraction: f64) -> Option<Self> {
        (fraction.is_finite() && fraction >= 0.0).then_some(Self(fraction))
    }

    /// 0.7 for 70 %.
    pub const fn fraction(self) -> f64 {
        self.0
    }
}

impl FromStr for Share {
    type Err = ParseShareError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || ParseShareError { text: text.to_owned() };
        let number = text.trim().strip_suffix('%').ok_or_else(error)?;
        let percent: f64 = number.trim().parse().map_err(|_| error())?;
        Self::from_fraction(percent / 100.0).ok_or_else(error)
    }
}

impl<'de> Deserialize<'de> for Share {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Fraction(f64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Fraction(fraction) => Self::from_fraction(fraction)
                .ok_or_else(|| de::Error::custom(ParseShareError { text: fraction.to_string() })),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}

impl JsonSchema for Share {
    fn schema_name() -> Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A part of a whole: a percentage, or a fraction.",
            "type": ["string", "number"],
            "minimum": 0,
            "pattern": r"^\s*[0-9.]+\s*%\s*$",
            "examples": ["70%", 0.7],
        })
    }
}

impl fmt::Display for Share {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} %", self.0 * 100.0)
    }
}
