//! JSON in which no key of an object stands twice: of two values one would be
//! lost in silence.

use std::fmt;

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// Reads one value that is the whole text.
///
/// # Errors
/// When it is not JSON, is nested more than 127 deep, or has a key twice.
pub(in crate::scenario) fn from_str(text: &str) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// The reason without its place, which is told otherwise.
pub(in crate::scenario) fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ").next().unwrap_or_default().to_owned()
}

struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element_seed(Self)? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if fields.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the key `{key}` stands twice")));
            }
            let value = map.next_value_seed(Self)?;
            fields.insert(key, value);
        }
        Ok(Value::Object(fields))
    }
}

#[cfg(test)]
mod tests {
    use super::{from_str, reason};

    #[test]
    fn what_serde_reads_is_read_alike() {
        for text in [r#"{"a": [1, -2, 2.5, null, true, "é\n"], "b": {"a": {}}}"#, "[]", "\"x\"", "18446744073709551615"]
        {
            assert_eq!(from_str(text).unwrap(), serde_json::from_str::<serde_json::Value>(text).unwrap());
        }
    }

    #[test]
    fn what_is_no_json_or_says_a_thing_twice_is_refused() {
        let deep = "[".repeat(1000);
        let texts = [r#"{"a": {"b": 1, "b": 2}}"#, "[1,]", "{} {}", "NaN", "1e999", &deep, "", "{\"a\""];
        let told = texts.map(|text| reason(&from_str(text).unwrap_err()));
        insta::assert_snapshot!(told.join("\n"), @r"
        the key `b` stands twice
        trailing comma
        trailing characters
        expected value
        number out of range
        recursion limit exceeded
        EOF while parsing a value
        EOF while parsing an object
        ");
    }
}
