//! What reaches a terminal, or whoever reads in its place.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, OnceLock};

use super::exit::{DONE, SETUP};
use super::talk;
use crate::text::{Redaction, mask_user_info, on_screen};

/// What must not be shown, once it is known. It holds for all that this
/// process says, whoever says it.
static SECRETS: OnceLock<Arc<Redaction>> = OnceLock::new();
/// Why stdout could not be written.
static LOST: OnceLock<io::Error> = OnceLock::new();

/// From now on these are not shown.
pub(super) fn hide(secrets: &Arc<Redaction>) {
    // Those of one run are known once.
    let _ = SECRETS.set(Arc::clone(secrets));
}

/// Talks on stderr.
pub(super) fn say(text: impl fmt::Display) {
    talk::line(mask_user_info(&shown(&text.to_string())));
}

/// The same with colours, which are escapes of a terminal; the text must hold no
/// others.
pub(super) fn say_coloured(text: &str) {
    talk::line(hidden(text).into_owned());
}

/// Prints data on stdout.
pub(super) fn print(text: impl fmt::Display) {
    print_line(&shown(&text.to_string()));
}

/// The same for what another program reads, byte by byte; a terminal is no such
/// program.
pub(super) fn print_exactly(text: &str) {
    if io::stdout().is_terminal() { print(text) } else { print_line(&hidden(text)) }
}

fn print_line(text: &str) {
    // On a terminal both streams are one.
    talk::settle();
    let mut stdout = io::stdout().lock();
    printed(writeln!(stdout, "{text}").and_then(|()| stdout.flush()));
}

/// Remembers that something could not be printed. A reader that has gone away,
/// `head` say, has what it wanted.
pub(super) fn printed(result: io::Result<()>) {
    if let Err(error) = result
        && error.kind() != io::ErrorKind::BrokenPipe
    {
        // The first one tells enough.
        let _ = LOST.set(error);
    }
}

/// The exit code of a command that would have ended with this one: not 0 if what
/// it had to print is lost.
pub(super) fn code(code: u8) -> u8 {
    let lost = LOST.get();
    if let Some(error) = lost {
        say(format_args!("error: failed to write to stdout: {error}"));
    }
    talk::settle();
    if code == DONE && lost.is_some() { SETUP } else { code }
}

fn shown(text: &str) -> String {
    on_screen(&hidden(text)).into_owned()
}

fn hidden(text: &str) -> Cow<'_, str> {
    SECRETS.get().map_or(Cow::Borrowed(text), |secrets| secrets.hide(text))
}
