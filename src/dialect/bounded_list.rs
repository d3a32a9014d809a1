use std::iter::Chain;
use std::marker::PhantomData;
use std::{fmt, option, vec};

use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};

/// The most values of a list.
const LIMIT: usize = 256;

/// A JSON list of at most 256 values, which is more than any server sends in
/// one object.
///
/// A value may take 3 bytes where it is written, `{},`, and hundreds in
/// memory: without a limit, a reply within the limits of a stream or a body
/// could still fill the memory.
///
/// Most lists hold one value, which takes no memory of its own.
pub(super) struct BoundedList<T> {
    first: Option<T>,
    more: Vec<T>,
}

impl<T> BoundedList<T> {
    pub(super) const fn is_empty(&self) -> bool {
        self.first.is_none()
    }
}

impl<T> From<Option<T>> for BoundedList<T> {
    fn from(first: Option<T>) -> Self {
        Self { first, more: Vec::new() }
    }
}

impl<T> Default for BoundedList<T> {
    fn default() -> Self {
        None.into()
    }
}

impl<T> IntoIterator for BoundedList<T> {
    type Item = T;
    type IntoIter = Chain<option::IntoIter<T>, vec::IntoIter<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.first.into_iter().chain(self.more)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for BoundedList<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = BoundedList<T>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "a list of at most {LIMIT} values")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<BoundedList<T>, A::Error> {
        let mut few = BoundedList::from(list.next_element()?);
        while let Some(value) = list.next_element()? {
            if few.more.len() + 1 == LIMIT {
                return Err(A::Error::invalid_length(LIMIT + 1, &self));
            }
            few.more.push(value);
        }
        Ok(few)
    }
}

#[cfg(test)]
mod tests {
    use super::{BoundedList, LIMIT};

    fn read(count: usize) -> Result<usize, String> {
        let list = format!("[{}]", vec!["0"; count].join(","));
        serde_json::from_str::<BoundedList<u8>>(&list)
            .map(|values| values.into_iter().count())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn a_list_holds_as_many_values_as_the_limit_and_no_more() {
        assert_eq!(read(0), Ok(0));
        assert_eq!(read(LIMIT), Ok(LIMIT));
        let refusal = read(LIMIT + 1).unwrap_err();
        assert!(refusal.starts_with("invalid length 257, expected a list of at most 256 values"), "{refusal}");
    }
}
