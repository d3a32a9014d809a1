//! Undoes what a run has left behind: as the small process above a run, when
//! that dies, and as `runexp cleanup`. Effects.

mod channel;
mod cleanup;
mod look;
mod watch;

pub use channel::{FromAbove, Passed, give_back, hand_over};
pub use cleanup::{CleanedUp, Cleanup, WardenError, containment, trace};
pub use watch::{Ended, watch};
