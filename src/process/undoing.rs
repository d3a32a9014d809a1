use std::io;
use std::path::PathBuf;

use crate::record::Undo;

/// Where an effect is announced before it happens, so that it can be taken
/// back whatever happens next.
pub trait Undoing {
    /// Announces an effect; call it *before* the effect. Returns its number.
    ///
    /// # Errors
    /// If the announcement is not on disk. Then the effect must not happen.
    fn register(&mut self, undo: Undo) -> Result<u32, Unannounced>;

    /// Says that the effect cannot have begun: nothing is owed for it.
    fn withdraw(&mut self, sequence: u32);

    /// Says that the effect has happened, with what is now known of it.
    fn done(&mut self, sequence: u32, undo: Undo);
}

/// An effect could not be announced, so it must not happen.
#[derive(Debug, thiserror::Error)]
#[error("nothing is changed that could not be undone: the journal `{path}` cannot be written", path = path.display())]
pub struct Unannounced {
    /// The journal.
    pub path: PathBuf,
    /// Why.
    pub source: io::Error,
}
