//! Examines this machine: what of it runs can use, what will disturb them, and
//! what to do about it. Effects, none of which outlives the examination.
//!
//! Every topic is a file: it asks the machine, and a pure function makes a
//! [`Finding`] of what it said.

mod ask;
mod clock_source;
mod containment;
mod descriptors;
mod docker;
mod error;
mod finding;
mod governor;
mod gpu;
mod memory;
mod mps;
mod noise;
mod rights;
mod scratch;

pub use error::DoctorError;
pub use finding::{Finding, State, Topic, table};
pub use noise::{Noise, Pair, noise};

use tokio_util::sync::CancellationToken;

use ask::Asker;
use scratch::Scratch;

/// All but [`noise`], in the order of [`Topic`]; takes about a second, and at
/// most some ten for every command that hangs.
///
/// Cancelled, it ends soon: what was not answered by then is found missing.
///
/// # Errors
/// If there is no place for a private folder.
pub async fn examine(cancel: &CancellationToken) -> Result<Vec<Finding>, DoctorError> {
    let scratch = Scratch::make()?;
    let asker = Asker { folder: scratch.path(), cancel };
    let (gpu, has_gpu) = gpu::examine();
    Ok(vec![
        gpu,
        mps::examine(has_gpu, &asker).await,
        docker::examine(has_gpu, &asker).await,
        rights::examine(&asker).await,
        governor::examine(),
        clock_source::examine(),
        memory::examine(),
        descriptors::examine(),
        containment::examine(),
    ])
}
