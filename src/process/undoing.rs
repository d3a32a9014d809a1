use crate::record::Undo;

/// Where an effect is announced before it happens, so that it can be taken
/// back whatever happens next.
pub trait Undoing {
    /// Announces an effect; call it *before* the effect. Returns its number.
    fn register(&mut self, undo: Undo) -> u32;

    /// Says that the effect has happened, with what is now known of it.
    fn done(&mut self, sequence: u32, undo: Undo);
}
