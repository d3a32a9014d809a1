//! What reaches a terminal, or whoever reads in its place.

use std::fmt;
use std::io::{self, Write as _};
use std::sync::{Arc, OnceLock};

use crate::text::{Redaction, mask_user_info, on_screen};

/// What must not be shown, once it is known. It holds for all that this
/// process says, whoever says it.
static SECRETS: OnceLock<Arc<Redaction>> = OnceLock::new();

/// From now on these are not shown.
pub(super) fn hide(secrets: &Arc<Redaction>) {
    // Those of one run are known once.
    let _ = SECRETS.set(Arc::clone(secrets));
}

/// Talks on stderr.
pub(super) fn say(text: impl fmt::Display) {
    // A closed stderr is no reason to stop an experiment.
    let _ = writeln!(io::stderr(), "{}", mask_user_info(&shown(&text.to_string())));
}

/// Prints data on stdout.
pub(super) fn print(text: impl fmt::Display) {
    let mut stdout = io::stdout().lock();
    // A reader that has gone away, `head` say, has what it wanted.
    let _ = writeln!(stdout, "{}", shown(&text.to_string())).and_then(|()| stdout.flush());
}

fn shown(text: &str) -> String {
    let hidden = SECRETS.get().map_or_else(|| text.into(), |secrets| secrets.hide(text));
    on_screen(&hidden).into_owned()
}
