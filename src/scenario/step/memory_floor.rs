use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, de};

use crate::units::{Bytes, Share};

/// An amount of memory: a share of all ("70%"), or bytes ("8GiB").
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MemoryFloor {
    /// A share of all memory.
    Share(Share),
    /// An amount.
    Bytes(Bytes),
}

impl MemoryFloor {
    /// As an expression for awk, in units of `unit` bytes.
    pub(super) fn times(self, total: &str, unit: u64) -> String {
        match self {
            Self::Share(share) => format!("{} * {total}", share.fraction()),
            Self::Bytes(bytes) => format!("{} / {unit}", bytes.0),
        }
    }
}

impl<'de> Deserialize<'de> for MemoryFloor {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// As a person writes it, or as a plan keeps it.
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Text(String),
            Planned(Planned),
        }
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Planned {
            Share(Share),
            Bytes(Bytes),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(bytes) => Ok(Self::Bytes(Bytes(bytes))),
            Written::Text(text) if text.contains('%') => text.parse().map(Self::Share).map_err(de::Error::custom),
            Written::Text(text) => text.parse().map(Self::Bytes).map_err(de::Error::custom),
            Written::Planned(Planned::Share(share)) => Ok(Self::Share(share)),
            Written::Planned(Planned::Bytes(bytes)) => Ok(Self::Bytes(bytes)),
        }
    }
}

impl JsonSchema for MemoryFloor {
    fn schema_name() -> Cow<'static, str> {
        "MemoryFloor".into()
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A share of all memory (\"70%\"), an amount (\"8GiB\"), or a number of bytes.",
            "type": ["string", "integer"],
            "minimum": 0,
            "examples": ["70%", "8GiB"],
        })
    }
}
