//! What the program says of its own words: the JSON Schema of the scenario
//! format, and a page for each key, code, step kind, rule, outcome and estimator.

mod as_written;
mod codes;
mod keys;
mod pages;
mod schema;

pub use pages::{UnknownWord, contents, explain};
pub use schema::schema;
