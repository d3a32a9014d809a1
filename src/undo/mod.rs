//! Takes effects back: the last first, each with its own time limit, one
//! failure not stopping the rest. Effects.

mod apply;
mod by_hand;
mod compose;
mod log;
mod mps;
mod request;
mod stack;

pub use apply::{UndoError, apply};
pub use by_hand::by_hand;
pub use log::UndoLog;
pub use request::RequestError;
pub use stack::{UndoFailure, UndoStack};
