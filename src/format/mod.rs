//! Files of TOML in which every value knows its place: templates, includes,
//! overrides, and every problem found at once. What the tables mean is for
//! others to say.

mod code;
mod decode;
mod diagnostic;
mod encoding;
mod fields;
mod include;
mod overlay;
mod schema;
mod source;
pub(crate) mod spelling;
mod syntax;
mod table;
pub(crate) mod template;
pub(crate) mod tree;
mod variables;

pub use code::{Code, Severity};
pub(crate) use decode::{decode, unknown_key};
pub use diagnostic::{Color, Problem, Problems};
pub(crate) use fields::Fields;
pub(crate) use include::{Includer, ReadError, read_root, read_text};
pub(crate) use overlay::{merge, override_with, parse_set};
pub(crate) use schema::{Condition, OneOrMore, exactly_one, one_at_most};
pub(crate) use source::{Finding, Notes, SourceMap, Span};
pub(crate) use table::{Key, Keys, name_of, table};
pub(crate) use template::Scope;
pub(crate) use tree::{Entry, Node, Table, Value};
