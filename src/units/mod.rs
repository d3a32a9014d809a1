//! Physical quantities as newtypes: parsed once, shown with their unit.
//!
//! In JSON every quantity is a plain number whose unit stands in the field's
//! name (`_ns`, `_bytes`, `_w`); in a scenario it is text with a unit ("30s",
//! "4.9GB", "70%").

mod bytes;
mod nanos;
mod period;
mod share;

pub use bytes::{Bytes, ParseBytesError};
pub use nanos::Nanos;
pub use period::{ParsePeriodError, Period};
pub use share::{ParseShareError, Share};
