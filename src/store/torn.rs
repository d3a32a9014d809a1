//! Last lines that were not written to their end.

use std::fs::File;
use std::path::Path;

use serde::de::IgnoredAny;

use super::append::last_line;
use super::examine::flaw;
use super::{EVENTS, REQUESTS, STEPS, StoreError, TELEMETRY};
use crate::record::{Flaw, Manifest, Outcome, Touches};

/// A run whose process was killed may leave a torn line; one that has told its
/// end has written all of the last.
///
/// Where the file is sealed to its end, the seals tell what the line belonged to:
/// the torn line itself touches nothing more. Where it is not, the line may belong
/// to the last epoch that was `begun`, whose number is given, and to none before.
pub(super) fn torn(directory: &Path, manifest: &Manifest, begun: u32) -> Result<Vec<Flaw>, StoreError> {
    let has_told =
        manifest.sealed.is_some() || matches!(manifest.outcome, Outcome::Completed | Outcome::Interrupted { .. });
    let mut flaws = Vec::new();
    for name in [STEPS, REQUESTS, TELEMETRY, EVENTS].into_iter().filter(|_| has_told) {
        let (what, touches) = match torn_end(&directory.join(name))? {
            None => continue,
            Some(Torn::OnlyItsEnd) => ("the last line lacks its end, and nothing else", Touches::Nothing),
            Some(Torn::Text) if manifest.sealed.is_some() => ("the last line is cut off", Touches::Nothing),
            Some(Torn::Text) => ("the last line is cut off", Touches::From(begun)),
        };
        flaws.push(flaw(name, what, touches));
    }
    Ok(flaws)
}

/// What is missing of a last line.
enum Torn {
    /// The character that ends it.
    OnlyItsEnd,
    /// A part of its text.
    Text,
}

fn torn_end(path: &Path) -> Result<Option<Torn>, StoreError> {
    let read = || {
        let mut file = File::open(path)?;
        let length = file.metadata()?.len();
        last_line(&mut file, length)
    };
    let last = read().map_err(StoreError::io("read", path))?;
    let is_whole = serde_json::from_slice::<IgnoredAny>(&last).is_ok();
    Ok((!last.is_empty()).then_some(if is_whole { Torn::OnlyItsEnd } else { Torn::Text }))
}
