use serde::{Deserialize, Serialize};

use super::Gap;
use super::reply::count;

/// So many of so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counted {
    /// Those that are meant.
    pub hits: u64,
    /// All of them; never none.
    pub of: u64,
}

impl Counted {
    /// `hits` of `of`, or the reason why there are none.
    ///
    /// # Errors
    /// When `of` is 0.
    pub(super) fn new(hits: u64, of: u64, absent: &str) -> Result<Self, Gap> {
        if of == 0 { Err(Gap::not_measured(absent)) } else { Ok(Self { hits, of }) }
    }

    /// 0.5 for 1 of 2.
    pub fn share(self) -> f64 {
        count(self.hits) / count(self.of)
    }
}
