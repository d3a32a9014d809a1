//! Prompts of a given number of tokens.

use std::fmt;

use serde::Deserializer;
use serde::de::{SeqAccess, Unexpected, Visitor};

/// How far a server's count of a prompt may be from what was asked for, in
/// tokens: 2 %, and 2 tokens where that is less.
pub fn length_tolerance(tokens: u32) -> f64 {
    (0.02 * f64::from(tokens)).max(2.0)
}

/// A number of tokens, or a list of them.
pub(in crate::scenario) fn one_or_more<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    deserializer.deserialize_any(Lengths)
}

struct Lengths;

impl<'de> Visitor<'de> for Lengths {
    type Value = Vec<u32>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of tokens, or a list of them")
    }

    fn visit_i64<E: serde::de::Error>(self, number: i64) -> Result<Vec<u32>, E> {
        let number = u32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Signed(number), &self))?;
        Ok(vec![number])
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<Vec<u32>, E> {
        let number = u32::try_from(number).map_err(|_| E::invalid_value(Unexpected::Unsigned(number), &self))?;
        Ok(vec![number])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<u32>, A::Error> {
        let mut lengths = Vec::new();
        while let Some(length) = list.next_element()? {
            lengths.push(length);
        }
        Ok(lengths)
    }
}
